/* test_fixtures.c - every row recorded from a real server parses, and is printed back the same. */
#include <dirent.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/helpers.h"
#include "unit/printer.h"
#include "unit/suites.h"

#define FIXTURES "fixtures" /* the tests run in the top directory */
#define SQL FIXTURES "/sql"

enum {
    FIRST_MAJOR = 11,
    END_MAJOR = 19,
    TWO_PHASE_SINCE = 14,
    LEAST_ROWS = 1000, /* of a major */
    HUGE = 200 << 20,  /* one value at least this long is among the folded rows */
    MAX = 1 << 30,
};

/* What the rows of one major have shown. */
struct seen {
    unsigned rows;
    unsigned kinds[TD_ROLLBACK_PREPARED + 1];
    unsigned values[TD_TEXT + 1];
    unsigned doubled;
    unsigned no_tuple;
    size_t longest; /* value */
    uint32_t columns;
    uint32_t relations;
};

struct bench {
    struct td_parser parser;
    struct buf printed;
    struct buf row; /* a line's text without escapes */
    struct seen seen;
    const char *where; /* for messages */
};

/* A file with a NUL behind it, or NULL if there is none. Free it. */
static char *file_read(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");

    *n = 0;
    if (!f)
        return NULL;
    MUST_SAY(fseek(f, 0, SEEK_END) == 0, "%s", path);
    long size = ftell(f);
    rewind(f);
    MUST_SAY(size >= 0, "%s", path);
    char *text = malloc((size_t)size + 1);
    MUST(text != NULL);
    *n = fread(text, 1, (size_t)size, f);
    MUST_SAY(*n == (size_t)size && fclose(f) == 0, "%s", path);
    text[*n] = 0;
    return text;
}

static unsigned hex_digit(char c)
{
    MUST_SAY((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'), "\"%c\" in an escape", c);
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Undoes the escapes of fixtures/README.md. */
static void unescape(struct buf *b, struct slice s)
{
    const char *p = (const char *)s.p;
    const char *end = p + s.n;

    while (p < end) {
        const char *stop = memchr(p, '\\', (size_t)(end - p));
        buf_put(b, p, (size_t)((stop ? stop : end) - p));
        if (!stop)
            break;
        MUST(end - stop >= 2);
        p = stop + 2;
        switch (stop[1]) {
        case '\\':
            buf_putc(b, '\\');
            break;
        case 'n':
            buf_putc(b, '\n');
            break;
        case 'r':
            buf_putc(b, '\r');
            break;
        case '0':
            buf_putc(b, 0);
            break;
        case 'x':
            MUST(end - stop >= 4);
            buf_putc(b, (char)(hex_digit(stop[2]) << 4 | hex_digit(stop[3])));
            p += 2;
            break;
        default:
            ck_abort_msg("escape \\%c", stop[1]);
        }
    }
}

/* The next line of *rest, without its end; p is NULL when there is no more. */
static struct slice next_line(struct slice *rest)
{
    const unsigned char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;

    if (!end) {
        MUST_SAY(rest->n == 0, "a last line without its end");
        return slice_of(NULL, 0);
    }
    struct slice line = slice_of(rest->p, (size_t)(end - rest->p));
    *rest = slice_of(end + 1, rest->n - line.n - 1);
    return line;
}

/* What stands in line before the next tab, which is cut off with it. */
static struct slice next_field(struct slice *line)
{
    const unsigned char *tab = line->n ? memchr(line->p, '\t', line->n) : NULL;

    MUST_SAY(tab != NULL, "no tab in: %.*s", (int)line->n, (const char *)line->p);
    struct slice field = slice_of(line->p, (size_t)(tab - line->p));
    *line = slice_of(tab + 1, line->n - field.n - 1);
    return field;
}

static bool plain_name(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || c == '_' || (i > 0 && c >= '0' && c <= '9')))
            return false;
    }
    return s.n > 0;
}

/* A name without its quotes, put into quotes again, is the name as printed. */
static void check_name(struct bench *b, struct slice name)
{
    unsigned char *plain = malloc(name.n);
    struct slice out;

    MUST(plain != NULL);
    out = slice_of(plain, td_unquote_name(plain, name));
    if (name.p[0] == '"') {
        buf_clear(&b->printed);
        print_quoted(&b->printed, out, '"');
        out = buf_slice(&b->printed);
    } else {
        MUST_SAY(plain_name(out), "%s: a name that needs quotes: %.*s", b->where, (int)out.n,
                 (const char *)out.p);
    }
    MUST_SAY(slice_eq(out, name), "%s: unquoted wrongly: %.*s", b->where, (int)name.n,
             (const char *)name.p);
    free(plain);
}

/* The same of a value; what isn't quoted is the value as it is. */
static void check_value(struct bench *b, const struct td_column *c)
{
    unsigned char *plain = malloc(c->value.n + !c->value.n);
    struct slice out;

    MUST(plain != NULL);
    out = slice_of(plain, td_unquote_value(plain, c));
    b->seen.values[c->kind]++;
    if (c->kind == TD_TEXT) {
        bool quotes = out.n > 0 && memchr(out.p, '\'', out.n) != NULL;
        MUST_SAY(c->doubled == quotes, "%s: \"doubled\" is wrong", b->where);
        b->seen.doubled += quotes;
        buf_clear(&b->printed);
        print_quoted(&b->printed, out, '\'');
        out = slice_of(b->printed.p + 1, b->printed.n - 2);
    }
    MUST_SAY(slice_eq(out, c->value), "%s: unquoted wrongly: %.*s", b->where, (int)c->name.n,
             (const char *)c->name.p);
    if (c->value.n > b->seen.longest)
        b->seen.longest = c->value.n;
    free(plain);
}

static void check_tuple(struct bench *b, const struct td_tuple *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        check_name(b, t->columns[i].name);
        check_value(b, &t->columns[i]);
    }
    if (t->n > b->seen.columns)
        b->seen.columns = t->n;
}

static void check_row(struct bench *b, struct slice text, struct slice xid)
{
    unsigned char *row = exact_copy(text.p, text.n);
    struct td_change c;
    struct td_error e;
    char xid_text[16];

    if (td_parse(&b->parser, &c, row, text.n, &e) < 0)
        ck_abort_msg("%s: at %zu: expected %s: %.2000s", b->where, e.offset, e.want, row);
    buf_clear(&b->printed);
    print_change(&b->printed, &c);
    MUST_SAY(slice_eq(buf_slice(&b->printed), text),
             "%s: printed back differently: %.2000s\n%.2000s", b->where, row,
             buf_cstr(&b->printed));
    snprintf(xid_text, sizeof xid_text, "%" PRIu32, c.xid);
    MUST_SAY(!c.has_xid || slice_eq(slice_str(xid_text), xid), "%s: xid %s", b->where, xid_text);
    for (uint32_t i = 0; i < c.n_relations; i++) {
        check_name(b, c.relations[i].schema);
        check_name(b, c.relations[i].table);
    }
    check_tuple(b, &c.old);
    check_tuple(b, &c.new);
    b->seen.rows++;
    b->seen.kinds[c.kind]++;
    b->seen.no_tuple += c.kind == TD_DELETE && !c.old.present;
    if (c.n_relations > b->seen.relations)
        b->seen.relations = c.n_relations;
    free(row);
}

/* NAME.rows; how many rows it has. */
static unsigned check_rows(struct bench *b, const char *path)
{
    size_t n;
    char *text = file_read(path, &n);
    struct slice rest = slice_of(text, n);
    unsigned before = b->seen.rows;

    MUST_SAY(text != NULL, "%s isn't there: run make fixtures", path);
    b->where = path;
    for (struct slice line = next_line(&rest); line.p; line = next_line(&rest)) {
        struct slice lsn = next_field(&line);
        struct slice xid = next_field(&line);
        MUST_SAY(lsn.n >= 3 && xid.n >= 1, "%s: row %u", path, b->seen.rows - before + 1);
        buf_clear(&b->row);
        unescape(&b->row, line);
        MUST(!b->row.failed);
        check_row(b, buf_slice(&b->row), xid);
    }
    free(text);
    return b->seen.rows - before;
}

static struct slice folded_field(struct slice *rest, const char *name)
{
    struct slice line = next_line(rest);

    MUST_SAY(slice_eq(next_field(&line), slice_str(name)), "no field %s", name);
    return line;
}

static void check_sha256(const struct bench *b, struct slice text, struct slice want)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
    unsigned n;

    MUST(EVP_Digest(text.p, text.n, digest, &n, EVP_sha256(), NULL) == 1);
    for (unsigned i = 0; i < n; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
    MUST_SAY(slice_eq(slice_str(hex), want), "%s: SHA-256 of the row is %s", b->where, hex);
}

/* NAME.folded: rows that are too long to keep, rebuilt and proved to be what was recorded. */
static void check_folded(struct bench *b, const char *path)
{
    size_t n;
    char *text = file_read(path, &n);
    struct slice rest = slice_of(text, n);

    b->where = path;
    while (rest.n > 0) {
        folded_field(&rest, "lsn");
        struct slice xid = folded_field(&rest, "xid");
        size_t bytes = strtoull((const char *)folded_field(&rest, "bytes").p, NULL, 10);
        struct slice sha256 = folded_field(&rest, "sha256");
        struct slice head = folded_field(&rest, "head");
        struct slice unit = folded_field(&rest, "unit");
        size_t count = strtoull((const char *)folded_field(&rest, "count").p, NULL, 10);
        struct buf one;
        buf_init(&one, 1 << 16);
        unescape(&one, unit);
        buf_clear(&b->row);
        MUST(bytes < MAX && buf_reserve(&b->row, bytes) == 0 &&
             buf_reserve(&b->printed, bytes) == 0);
        unescape(&b->row, head);
        for (size_t i = 0; i < count && !b->row.failed; i++)
            buf_put_slice(&b->row, buf_slice(&one));
        unescape(&b->row, folded_field(&rest, "tail"));
        MUST(!b->row.failed && b->row.n == bytes);
        check_sha256(b, buf_slice(&b->row), sha256);
        check_row(b, buf_slice(&b->row), xid);
        MUST(rest.n == 0 || next_line(&rest).n == 0);
        buf_free(&one);
    }
    free(text);
}

static void bench_init(struct bench *b)
{
    memset(b, 0, sizeof *b);
    td_parser_init(&b->parser);
    buf_init(&b->printed, MAX);
    buf_init(&b->row, MAX);
}

static void bench_free(struct bench *b)
{
    td_parser_free(&b->parser);
    buf_free(&b->printed);
    buf_free(&b->row);
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name);
    size_t m = strlen(end);

    return n > m && strcmp(name + n - m, end) == 0;
}

/* Calls what(b, DIR/STEM + ending) for each file of dir that ends so; how many there were. */
static unsigned each_file(struct bench *b, const char *dir, const char *ending,
                          void (*what)(struct bench *b, const char *path))
{
    char path[512];
    unsigned n = 0;
    DIR *d = opendir(dir);

    MUST_SAY(d != NULL, "%s isn't there: run make fixtures, and tests in the top directory", dir);
    for (struct dirent *f = readdir(d); f; f = readdir(d)) {
        if (!ends_with(f->d_name, ending))
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, f->d_name);
        what(b, path);
        n++;
    }
    closedir(d);
    return n;
}

static void rows_file(struct bench *b, const char *path)
{
    MUST_SAY(check_rows(b, path) > 0, "%s is empty", path);
}

/* There is no other: huge_rows, below, reads it. */
static void huge_file(struct bench *b, const char *path)
{
    (void)b;
    MUST_SAY(ends_with(path, "/huge.folded"), "%s: no test reads it", path);
}

/* A recording of a file that was added or renamed since is missing. */
static void check_recorded(const char *dir)
{
    DIR *d = opendir(SQL);
    char path[512];

    MUST_SAY(d != NULL, SQL " isn't there");
    for (struct dirent *f = readdir(d); f; f = readdir(d)) {
        if (!ends_with(f->d_name, ".sql"))
            continue;
        snprintf(path, sizeof path, "%s/%.*s.rows", dir, (int)strlen(f->d_name) - 4, f->d_name);
        FILE *rows = fopen(path, "rb");
        MUST_SAY(rows != NULL, "%s isn't there: run make fixtures", path);
        fclose(rows);
    }
    closedir(d);
}

/* Rows of every kind are among them, or a recording has gone wrong. */
static void check_seen(const struct seen *s, int major)
{
    for (int kind = 0; kind <= TD_ROLLBACK_PREPARED; kind++)
        if (kind < TD_PREPARE || major >= TWO_PHASE_SINCE)
            MUST_SAY(s->kinds[kind] > 0, "%d: no row of kind %d", major, kind);
    for (int value = 0; value <= TD_TEXT; value++)
        MUST_SAY(s->values[value] > 0, "%d: no value of kind %d", major, value);
    ck_assert_uint_ge(s->rows, LEAST_ROWS);
    ck_assert_uint_gt(s->doubled, 0);
    ck_assert_uint_gt(s->no_tuple, 0);
    ck_assert_uint_eq(s->columns, 1600);
    ck_assert_uint_ge(s->relations, 200);
}

START_TEST(rows_of_a_major)
{
    struct bench b;
    char dir[64];

    snprintf(dir, sizeof dir, FIXTURES "/%d", _i);
    bench_init(&b);
    check_recorded(dir);
    ck_assert_uint_gt(each_file(&b, dir, ".rows", rows_file), 0);
    ck_assert_uint_eq(each_file(&b, dir, ".folded", huge_file), 1);
    check_seen(&b.seen, _i);
    bench_free(&b);
}
END_TEST

/* All majors print the same huge row: once it is rebuilt it is enough to compare. */
START_TEST(huge_rows)
{
    struct bench b;
    char path[64];
    char *first = NULL;

    bench_init(&b);
    for (int major = FIRST_MAJOR; major < END_MAJOR; major++) {
        size_t n;
        snprintf(path, sizeof path, FIXTURES "/%d/huge.folded", major);
        char *text = file_read(path, &n);
        ck_assert_msg(text != NULL, "%s isn't there: run make fixtures", path);
        char *same = strstr(text, "bytes\t"); /* lsn and xid, which stand before it, differ */
        ck_assert_msg(same != NULL, "%s", path);
        if (!first || strcmp(strstr(first, "bytes\t"), same) != 0)
            check_folded(&b, path);
        if (!first)
            first = text;
        else
            free(text);
    }
    ck_assert_uint_gt(b.seen.longest, HUGE);
    free(first);
    bench_free(&b);
}
END_TEST

Suite *suite_fixtures(void)
{
    Suite *s = suite_create("fixtures");
    TCase *t = tcase_create("recorded");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, rows_of_a_major, FIRST_MAJOR, END_MAJOR);
    tcase_add_test(t, huge_rows);
    suite_add_tcase(s, t);
    return s;
}
