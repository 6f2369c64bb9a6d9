/* ini.h - reads the AWS tools' ini files: sections, keys, comments, indented sub-keys skipped. */
#ifndef WALFERRY_AWS_INI_H
#define WALFERRY_AWS_INI_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum { INI_MAX = 1 << 20 }; /* a sane ceiling for a file read by hand-written tools */

/* The whole file into *out. 1, 0 when there is no such file, -1 when it can't be read. */
int ini_read(struct buf *out, const char *path, struct err *e);

/*
 * The value of `key` in `[section]` into *value, which lies in text; false when there is none.
 * Of repeated sections and keys the last counts. A comment is a line that starts with '#' or ';',
 * or what follows a blank and one of them. Lines indented deeper than their key belong to it.
 */
bool ini_get(struct slice *value, struct slice text, struct slice section, struct slice key);

/* true when there is a `[section]`. */
bool ini_has(struct slice text, struct slice section);

#endif
