/* err.h - what went wrong, in a caller's struct: filled where it happens, logged once at the top.
 */
#ifndef WALFERRY_BASE_ERR_H
#define WALFERRY_BASE_ERR_H

/* The kind of failure; each is an exit code of the program (docs/operating.md lists them). */
enum err_code {
    ERR_NONE = 0,
    ERR_SYSTEM = 1, /* memory, files, the operating system */
    ERR_USAGE = 2,  /* flags, environment, configuration */
    ERR_SOURCE = 3, /* the database refuses: slot missing, invalidated, no permission, too old */
    ERR_SYNTAX = 4, /* a row that doesn't parse, or whose key can't be determined */
    ERR_SINK = 5,   /* the sink refuses for good */
    ERR_RECORD = 6, /* one record is larger than the sink can take */
};

struct err {
    enum err_code code;
    char text[1600];
};

/* Fills *e and returns -1, so that a failing function can end with it. Too long a text is cut. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with ": " and strerror(errno) at the end, as ERR_SYSTEM. */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
