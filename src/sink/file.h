/* file.h - the sinks that write a record a line: to a file, or to standard output. */
#ifndef WALFERRY_SINK_FILE_H
#define WALFERRY_SINK_FILE_H

#include "sink/sink.h"

extern const struct sink_ops sink_file;
extern const struct sink_ops sink_stdout;

#endif
