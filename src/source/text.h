/* text.h - the source that reads rows of test_decoding as text from standard input. */
#ifndef WALFERRY_SOURCE_TEXT_H
#define WALFERRY_SOURCE_TEXT_H

#include "source/source.h"

extern const struct source_ops source_text;

#endif
