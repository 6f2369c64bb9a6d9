/* registry.c - the lists of formats and sinks. */
#include "cli/registry.h"

#include <stddef.h>

#include "format/formats.h"
#include "sink/file.h"
#include "sink/kinesis.h"

const struct format_ops *const registry_formats[] = {
    &format_csv_payload,
    &format_csv,
    &format_json,
    NULL,
};

const struct sink_ops *const registry_sinks[] = {
    &sink_stdout,
    &sink_file,
    &sink_kinesis,
    NULL,
};
