/* log.h - the log: one line an event on stderr, as key=value text or as JSON. */
#ifndef WALFERRY_BASE_LOG_H
#define WALFERRY_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lsn.h"
#include "base/slice.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_field {
    const char *key;
    enum { LOG_END, LOG_STR, LOG_UINT, LOG_INT, LOG_LSN } type;
    struct slice str;
    uint64_t num;
};

/* The fields of a line. Never a secret; never a row's values above debug. */
#define LSTR(k, s) ((struct log_field){(k), LOG_STR, slice_str(s), 0})
#define LSLICE(k, s) ((struct log_field){(k), LOG_STR, (s), 0})
#define LUINT(k, v) ((struct log_field){(k), LOG_UINT, {0}, (uint64_t)(v)})
#define LINT(k, v) ((struct log_field){(k), LOG_INT, {0}, (uint64_t)(int64_t)(v)})
#define LLSN(k, v) ((struct log_field){(k), LOG_LSN, {0}, (v)})

/* The default is info as text. */
void log_setup(enum log_level level, bool json);
bool log_enabled(enum log_level level);
/* msg, then struct log_field values, the last of type LOG_END. */
void log_write(enum log_level level, const char *msg, ...);

#define LOG_FIELDS_END ((struct log_field){0})
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__, LOG_FIELDS_END)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__, LOG_FIELDS_END)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__, LOG_FIELDS_END)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__, LOG_FIELDS_END)

#endif
