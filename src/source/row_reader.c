/* row_reader.c - cuts a stream of text into rows of test_decoding. */
#include "source/row_reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "decode/lexer.h"

/* A row's text is at most 1 GB in PostgreSQL. */
enum { CHUNK = 256 << 10, ROW_MOST = (1 << 30) + (1 << 20) };

void row_reader_init(struct row_reader *r, int fd)
{
    *r = (struct row_reader){.fd = fd, .line = 1};
    buf_init(&r->in, ROW_MOST);
}

void row_reader_free(struct row_reader *r)
{
    buf_free(&r->in);
}

int row_reader_fill(struct row_reader *r, struct err *e)
{
    if (r->start > 0) {
        memmove(r->in.p, r->in.p + r->start, r->in.n - r->start);
        r->in.n -= r->start;
        r->text -= r->begun ? r->start : 0;
        r->scanned -= r->start;
        r->start = 0;
    }
    if (buf_reserve(&r->in, CHUNK + 1) < 0)
        return err_set(e, ERR_SYNTAX, "line %llu: a row of over 1 GB", (unsigned long long)r->line);
    ssize_t got = read(r->fd, r->in.p + r->in.n, CHUNK);
    if (got < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : err_sys(e, "cannot read the input");
    r->in.n += (size_t)got;
    r->ended = got == 0;
    return 0;
}

/* How many bytes at p are among `set`. */
static size_t span(const unsigned char *p, const unsigned char *end, const char *set)
{
    const unsigned char *from = p;

    while (p < end && *p && strchr(set, *p))
        p++;
    return (size_t)(p - from);
}

/*
 * The length of psql's "lsn|xid|" at p, and the LSN; 0 when there is none. *more: it may be one,
 * but the bytes end too early to tell.
 */
static size_t psql_columns(const unsigned char *p, const unsigned char *end, lsn_t *lsn, bool *more)
{
    size_t n = span(p, end, "0123456789ABCDEFabcdef/");

    *more = p + n == end;
    if (*more || p[n] != '|' || !lsn_parse(lsn, slice_of(p, n)))
        return 0;
    size_t digits = span(p + n + 1, end, "0123456789");
    *more = p + n + 1 + digits == end;
    if (*more || digits == 0 || p[n + 1 + digits] != '|')
        return 0;
    return n + digits + 2;
}

/* Finds out what kind of row begins. false: more has to be read for that. */
static bool begin(struct row_reader *r)
{
    static const char message[] = "message:";
    const unsigned char *p = r->in.p + r->start;
    const unsigned char *end = r->in.p + r->in.n;
    bool more;

    r->lsn = 0;
    size_t columns = psql_columns(p, end, &r->lsn, &more);
    if (columns == 0 && more && !r->ended)
        return false;
    p += columns;
    size_t n = (size_t)(end - p) < sizeof message - 1 ? (size_t)(end - p) : sizeof message - 1;
    r->message = memcmp(p, message, n) == 0;
    if (n < sizeof message - 1) {
        if (r->message && !r->ended)
            return false;
        r->message = false;
    }
    r->text = r->scanned = r->start + columns;
    r->quote = 0;
    r->begun = true;
    return true;
}

/* The place of the line end that ends a row with quotes; false: not in what was read. */
static bool find_line_end(struct row_reader *r, size_t *at)
{
    const unsigned char *p = r->in.p;
    size_t i = r->scanned;

    while (i < r->in.n) {
        if (r->quote) {
            const unsigned char *close = memchr(p + i, r->quote, r->in.n - i);
            if (!close)
                break;
            i = (size_t)(close - p) + 1;
            r->quote = 0;
            continue;
        }
        while (i < r->in.n && p[i] != '\n' && p[i] != '\'' && p[i] != '"')
            i++;
        if (i == r->in.n)
            break;
        if (p[i] == '\n') {
            *at = r->scanned = i;
            return true;
        }
        r->quote = p[i++];
    }
    r->scanned = r->in.n;
    return false;
}

/*
 * The place of the line end after a message's content. Its prefix may hold what looks like a size,
 * so the first size that a line end (or the end of all) confirms is taken. `scanned` is how many
 * bytes there must be before it makes sense to look again.
 */
static bool find_message_end(struct row_reader *r, size_t *at)
{
    const unsigned char *end = r->in.p + r->in.n;
    const unsigned char *p = r->in.p + r->text;
    uint64_t size;

    if (r->in.n < r->scanned && !r->ended)
        return false;
    while ((p = memmem(p, (size_t)(end - p), ", sz: ", 6)) != NULL) {
        struct lex l = {.p = p++, .end = end};
        if (!td_lex_message_size(&l, &size))
            continue;
        if (size > (uint64_t)(end - l.p) || (size == (uint64_t)(end - l.p) && !r->ended)) {
            if (r->ended)
                continue;
            r->scanned = (size_t)(l.p - r->in.p) + (size < ROW_MOST ? (size_t)size + 1 : ROW_MOST);
            return false;
        }
        *at = (size_t)(l.p - r->in.p) + size;
        if (*at == r->in.n || r->in.p[*at] == '\n')
            return true;
    }
    r->scanned = r->in.n + 1;
    return false;
}

static uint64_t count_lines(const unsigned char *p, size_t n)
{
    const unsigned char *end = p + n;
    uint64_t lines = 0;

    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        lines++;
        p++;
    }
    return lines;
}

/* The row that ends before `at`, which is its line end, or the end of all. */
static void cut(struct row_reader *r, size_t at, struct text_row *row)
{
    unsigned char *p = r->in.p;

    *row = (struct text_row){.text = slice_of(p + r->text, at - r->text),
                             .lsn = r->lsn,
                             .line = r->line,
                             .column = (uint32_t)(r->text - r->start)};
    r->line += count_lines(p + r->start, at - r->start) + 1;
    p[at] = 0;
    r->start = r->scanned = at < r->in.n ? at + 1 : at;
    r->begun = false;
}

int row_reader_next(struct row_reader *r, struct text_row *row, struct err *e)
{
    size_t at;

    for (;;) {
        if (r->in.n > 0)
            r->in.p[r->in.n] = 0; /* fill keeps room for it: the lexer stops there */
        if (r->start == r->in.n)
            return r->ended ? 2 : 0;
        if (!r->begun && !begin(r))
            return 0;
        bool found = r->message ? find_message_end(r, &at) : find_line_end(r, &at);
        if (!found && !r->ended)
            return 0;
        if (!found && (r->message || r->quote))
            return err_set(e, ERR_SYNTAX, "line %llu: the input ends inside a row that begins here",
                           (unsigned long long)r->line);
        cut(r, found ? at : r->in.n, row);
        if (row->text.n > 0 || row->column > 0)
            return 1;
    }
}
