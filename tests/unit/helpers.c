/* helpers.c - what several suites need. */
#include "unit/helpers.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char scratch[64];

void check_slice(const char *file, int line, struct slice got, struct slice want)
{
    if (!slice_eq(got, want))
        ck_abort_msg("%s:%d: got \"%.*s\" (%zu bytes), want \"%.*s\" (%zu bytes)", file, line,
                     (int)got.n, (const char *)got.p, got.n, (int)want.n, (const char *)want.p,
                     want.n);
}

unsigned char *exact_copy(const void *p, size_t n)
{
    unsigned char *copy = malloc(n + 1);

    MUST(copy != NULL);
    if (n > 0)
        memcpy(copy, p, n);
    copy[n] = 0;
    return copy;
}

void rng_init(struct rng *r, const char *what)
{
    const char *given = getenv("WALFERRY_TEST_SEED");

    r->seed = r->state = given ? strtoull(given, NULL, 10) : 20261121;
    printf("%s: WALFERRY_TEST_SEED=%" PRIu64 "\n", what, r->seed);
}

/* SplitMix64. */
uint64_t rng_next(struct rng *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t rng_below(struct rng *r, uint32_t n)
{
    return (uint32_t)((rng_next(r) >> 32) * n >> 32);
}

/* The next of the words in *list, which then points past it; empty at the end. */
static struct slice next_word(const char **list)
{
    const char *p = *list + strspn(*list, " ");
    size_t n = strcspn(p, " ");

    *list = p + n;
    return slice_of(p, n);
}

static enum event_op op_of(enum td_kind kind)
{
    switch (kind) {
    case TD_INSERT:
        return OP_INSERT;
    case TD_UPDATE:
        return OP_UPDATE;
    case TD_DELETE:
        return OP_DELETE;
    case TD_TRUNCATE:
        return OP_TRUNCATE;
    default:
        return OP_MESSAGE;
    }
}

void sample_init(struct sample *s, const char *row, const char *keys)
{
    size_t n = strlen(row);
    struct td_error why;

    memset(s, 0, sizeof *s);
    td_parser_init(&s->parser);
    s->row = exact_copy(row, n);
    MUST_SAY(td_parse(&s->parser, &s->change, s->row, n, &why) == 0, "doesn't parse: %s", row);
    td_recover_unchanged(&s->parser, &s->change);
    s->ev = (struct event){.op = op_of(s->change.kind),
                           .lsn = 0x16B374D848,
                           .index = 3,
                           .xid = 31337,
                           .time = SLICE_LIT("2026-11-21 02:13:46.5+00"),
                           .relation = s->change.relations,
                           .key = s->key,
                           .new = s->change.new.present ? &s->change.new : NULL,
                           .old = s->change.old.present ? &s->change.old : NULL};
    if (s->change.kind == TD_MESSAGE)
        s->ev.message = &s->change.message;
    for (struct slice w = next_word(&keys); w.n > 0; w = next_word(&keys)) {
        const struct td_tuple *from = s->ev.new ? s->ev.new : &s->change.old;
        s->key[s->ev.n_key] = td_find_column(from, w, 0);
        MUST_SAY(s->key[s->ev.n_key] != NULL, "no key column in: %s", row);
        s->ev.n_key++;
    }
}

void sample_free(struct sample *s)
{
    td_parser_free(&s->parser);
    free(s->row);
}

struct table *table_make(const char *name, char identity, const char *keys)
{
    struct table *t = calloc(1, sizeof *t + 64 * sizeof t->key[0]);

    MUST(t != NULL);
    t->name = slice_str(name);
    t->replica_identity = identity;
    for (struct slice w = next_word(&keys); w.n > 0; w = next_word(&keys))
        t->key[t->n_key++].name = w;
    return t;
}

void scratch_setup(void)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(scratch, sizeof scratch, "%s/walferry-unit-XXXXXX",
             tmp && strlen(tmp) < 32 ? tmp : "/tmp");
    if (!mkdtemp(scratch)) {
        perror(scratch);
        exit(1);
    }
}

const char *scratch_dir(void)
{
    return scratch;
}

const char *scratch_path(const char *name)
{
    static char path[sizeof scratch + 256];

    snprintf(path, sizeof path, "%s/%s", scratch, name);
    return path;
}

static int each_file(void (*what)(const char *name))
{
    DIR *d = opendir(scratch);
    int n = 0;

    if (!d)
        return -1;
    for (struct dirent *f = readdir(d); f; f = readdir(d)) {
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
            continue;
        n++;
        if (what)
            what(f->d_name);
    }
    closedir(d);
    return n;
}

int scratch_count(void)
{
    return each_file(NULL);
}

static void remove_file(const char *name)
{
    unlink(scratch_path(name));
}

void scratch_teardown(void)
{
    each_file(remove_file);
    rmdir(scratch);
}
