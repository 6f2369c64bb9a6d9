/* log.c - the log: one line an event on stderr, as key=value text or as JSON. */
#include "base/log.h"

#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

enum { LINE_MAX_BYTES = 16384 };

static enum log_level log_threshold = LOG_INFO;
static bool log_as_json = false;

void log_setup(enum log_level level, bool json)
{
    log_threshold = level;
    log_as_json = json;
}

bool log_enabled(enum log_level level)
{
    return level <= log_threshold;
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_ERROR:
        return "error";
    case LOG_WARN:
        return "warn";
    case LOG_INFO:
        return "info";
    case LOG_DEBUG:
        return "debug";
    }
    return "?";
}

static bool is_plain(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] == '"' || s.p[i] == '=' || s.p[i] == '\\' || s.p[i] == 0x7f)
            return false;
    return s.n > 0;
}

static void put_key(struct buf *b, const char *key)
{
    if (log_as_json) {
        buf_putc(b, b->n == 0 ? '{' : ',');
        json_put_string(b, slice_str(key));
        buf_putc(b, ':');
    } else {
        if (b->n)
            buf_putc(b, ' ');
        buf_puts(b, key);
        buf_putc(b, '=');
    }
}

static void put_str(struct buf *b, const char *key, struct slice s)
{
    put_key(b, key);
    if (!log_as_json && is_plain(s))
        buf_put_slice(b, s);
    else
        json_put_string_lossy(b, s);
}

static void put_field(struct buf *b, const struct log_field *f)
{
    char text[LSN_TEXT];

    switch (f->type) {
    case LOG_END:
        break;
    case LOG_STR:
        put_str(b, f->key, f->str);
        break;
    case LOG_UINT:
        put_key(b, f->key);
        buf_put_u64(b, f->num);
        break;
    case LOG_INT:
        put_key(b, f->key);
        buf_printf(b, "%lld", (long long)(int64_t)f->num);
        break;
    case LOG_LSN:
        put_str(b, f->key, slice_str(lsn_text(text, f->num)));
        break;
    }
}

static void put_time(struct buf *b)
{
    struct timespec now = clock_wall();
    struct tm tm;
    char text[40];

    gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    struct buf t;
    buf_init(&t, sizeof text);
    buf_put(&t, text, n);
    buf_printf(&t, ".%03ldZ", now.tv_nsec / 1000000);
    put_str(b, "ts", buf_slice(&t));
    buf_free(&t);
}

void log_write(enum log_level level, const char *msg, ...)
{
    struct buf b;
    va_list ap;

    if (!log_enabled(level))
        return;
    buf_init(&b, LINE_MAX_BYTES);
    put_time(&b);
    put_str(&b, "level", slice_str(level_name(level)));
    put_str(&b, "msg", slice_str(msg));
    va_start(ap, msg);
    for (;;) {
        struct log_field f = va_arg(ap, struct log_field);
        if (f.type == LOG_END)
            break;
        put_field(&b, &f);
    }
    va_end(ap);
    buf_puts(&b, log_as_json ? "}\n" : "\n");
    /* One write a line keeps lines whole; a log that can't be written has nowhere to say so. */
    ssize_t ignored = write(STDERR_FILENO, b.p, b.n);
    (void)ignored;
    buf_free(&b);
}
