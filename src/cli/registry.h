/* registry.h - the lists of formats and sinks: adding one is a line here. */
#ifndef WALFERRY_CLI_REGISTRY_H
#define WALFERRY_CLI_REGISTRY_H

#include "format/format.h"
#include "sink/sink.h"

/* Both end with NULL; the first format is the default. */
extern const struct format_ops *const registry_formats[];
extern const struct sink_ops *const registry_sinks[];

#endif
