/* formats.h - every format there is; a new one is a file and a line here and in cli/registry.c. */
#ifndef WALFERRY_FORMAT_FORMATS_H
#define WALFERRY_FORMAT_FORMATS_H

#include "format/format.h"

extern const struct format_ops format_csv;
extern const struct format_ops format_csv_payload;
extern const struct format_ops format_json;

#endif
