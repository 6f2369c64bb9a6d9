/* keys.c - primary keys as a file: what walferry keys prints and walferry decode reads. */
#include "source/keys.h"

#include <string.h>

#include "base/buf.h"
#include "decode/lexer.h"

enum { FILE_MOST = 256 << 20, KEYS_MOST = 1600 };

void keys_print(FILE *out, const PGresult *res)
{
    const char *name = NULL;

    for (int i = 0; i < PQntuples(res) - 1; i++) {
        const char *next = PQgetvalue(res, i, 0);
        if (!name || strcmp(name, next) != 0)
            fprintf(out, "%s%s %s %s", name ? "\n" : "", next, PQgetvalue(res, i, 1),
                    PQgetvalue(res, i, 2));
        else
            fprintf(out, ",%s", PQgetvalue(res, i, 2));
        name = next;
    }
    if (name)
        fputc('\n', out);
}

static int read_file(struct buf *b, const char *path, struct err *e)
{
    FILE *f = fopen(path, "r");
    size_t got = 1;

    if (!f) {
        err_sys(e, "keys file %s", path);
        e->code = ERR_USAGE;
        return -1;
    }
    while (got > 0 && buf_reserve(b, 65536) == 0) {
        got = fread(b->p + b->n, 1, 65536, f);
        b->n += got;
    }
    bool bad = ferror(f);
    fclose(f);
    if (bad)
        return err_sys(e, "keys file %s: cannot read", path);
    buf_cstr(b);
    if (b->failed)
        return err_set(e, ERR_USAGE, "keys file %s is over %d MB", path, FILE_MOST >> 20);
    return 0;
}

static int bad_line(const struct lex *l, const struct buf *b, const char *path, struct err *e)
{
    unsigned long line = 1;

    for (const unsigned char *p = b->p; p < l->p; p++)
        line += *p == '\n';
    return err_set(e, ERR_USAGE, "keys file %s, line %lu: expected %s", path, line, l->want);
}

/* One table at l. 0 or -1 with l->want. */
static int read_table(struct catalog *c, struct lex *l)
{
    struct slice keys[KEYS_MOST];
    struct td_relation r;
    uint32_t n = 0;

    if (!td_lex_relation(l, &r))
        return -1;
    l->want = "a space, a replica identity (d, n, f or i) and a space";
    if (l->end - l->p < 3 || l->p[0] != ' ' || !strchr("dnfi", l->p[1]) || l->p[2] != ' ')
        return -1;
    char identity = (char)l->p[1];
    for (l->p += 2; l->p < l->end && *l->p != '\n'; n++) {
        l->p++; /* the space before the first, the comma before the others */
        if (n == 0 && (l->p == l->end || *l->p == '\n'))
            break;
        l->want = "fewer columns";
        if (n == KEYS_MOST || !td_lex_name(l, &keys[n]))
            return -1;
        l->want = "a comma or the end of the line";
        if (l->p < l->end && *l->p != '\n' && *l->p != ',')
            return -1;
    }
    l->want = "a table that wasn't named before, and memory";
    return catalog_find(c, r.name) || !catalog_add(c, r.name, identity, keys, n) ? -1 : 0;
}

int keys_load(struct catalog *c, const char *path, struct err *e)
{
    struct buf b;
    int rc = -1;

    buf_init(&b, FILE_MOST);
    if (read_file(&b, path, e) < 0)
        goto out;
    struct lex l = {.p = b.p, .end = b.p + b.n};
    while (l.p < l.end) {
        if (*l.p == '\n') {
            l.p++;
            continue;
        }
        if (read_table(c, &l) < 0) {
            bad_line(&l, &b, path, e);
            goto out;
        }
    }
    c->loaded = true;
    rc = 0;
out:
    buf_free(&b);
    return rc;
}
