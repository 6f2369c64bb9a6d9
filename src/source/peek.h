/* peek.h - the source that peeks a logical slot over SQL. */
#ifndef WALFERRY_SOURCE_PEEK_H
#define WALFERRY_SOURCE_PEEK_H

#include "source/source.h"

extern const struct source_ops source_peek;

#endif
