/* parser.c - takes one row of test_decoding's output apart. */
#include "decode/parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/lexer.h"

static const char out_of_memory[] = "enough memory for the row";

void td_parser_init(struct td_parser *t)
{
    *t = (struct td_parser){0};
}

void td_parser_free(struct td_parser *t)
{
    free(t->columns);
    free(t->relations);
    *t = (struct td_parser){0};
}

/* Room for one more element than n in *array; false when `most` is reached or memory is out. */
static bool grow(void **array, uint32_t *cap, uint32_t n, uint32_t most, size_t size)
{
    if (n >= most)
        return false;
    if (n < *cap)
        return true;
    uint32_t want = *cap ? *cap * 2 : 64;
    void *p = realloc(*array, want * size);
    if (!p)
        return false;
    *array = p;
    *cap = want;
    return true;
}

static struct td_column *column_room(struct td_parser *t, uint32_t n)
{
    void *array = t->columns;

    /* One more than a row may have: the lexer is given room before it says that none follows. */
    if (!grow(&array, &t->columns_cap, n, TD_MAX_COLUMNS + 1, sizeof *t->columns))
        return NULL;
    t->columns = array;
    return &t->columns[n];
}

/*
 * The rest of an INSERT, UPDATE or DELETE. Both images go to one array; where the new one begins is
 * known at " new-tuple:". Pointers are set last, since the array moves as it grows.
 */
static bool parse_tuples(struct td_parser *t, struct td_change *c, struct lex *l)
{
    struct td_tuple *image = c->kind == TD_DELETE ? &c->old : &c->new;
    uint32_t n = 0;
    uint32_t first_new = 0;

    image->present = true;
    for (;;) {
        struct td_column *col = column_room(t, n);
        if (!col)
            return l->want = out_of_memory, false;
        const unsigned char *at = l->p;
        switch (td_lex_item(l, col)) {
        case LEX_COLUMN:
            n++;
            continue;
        case LEX_OLD_KEY:
            if (c->kind != TD_UPDATE || n > 0 || c->old.present)
                return l->p = at, l->want = "old-key: only at the start of an UPDATE", false;
            c->old.present = true;
            image = &c->old;
            continue;
        case LEX_NEW_TUPLE:
            if (image != &c->old || c->kind != TD_UPDATE)
                return l->p = at, l->want = "new-tuple: only after old-key:", false;
            image = &c->new;
            first_new = n;
            continue;
        case LEX_NO_TUPLE:
            if (n > first_new || l->p != l->end)
                return l->p = at, l->want = "(no-tuple-data) alone", false;
            image->present = false;
            continue;
        case LEX_ITEM_BAD:
            return false;
        case LEX_END:
            break;
        }
        break;
    }
    if (image == &c->old && c->kind == TD_UPDATE)
        return l->want = "\" new-tuple:\"", false;
    if (c->kind == TD_DELETE)
        first_new = n;
    c->old.columns = t->columns;
    c->old.n = first_new;
    c->new.columns = t->columns + first_new;
    c->new.n = n - first_new;
    return true;
}

static bool parse_truncate(struct td_change *c, struct lex *l)
{
    for (int flags = 0;; flags++) {
        switch (td_lex_truncate_flag(l)) {
        case LEX_NO_FLAGS:
            break;
        case LEX_RESTART_SEQS:
            c->restart_seqs = true;
            break;
        case LEX_CASCADE:
            c->cascade = true;
            break;
        case LEX_FLAG_END:
            return flags > 0 ? true : (l->want = "TRUNCATE's flags", false);
        case LEX_FLAG_BAD:
            return false;
        }
    }
}

static bool parse_table(struct td_parser *t, struct td_change *c, struct lex *l)
{
    for (;;) {
        void *array = t->relations;
        if (!grow(&array, &t->relations_cap, c->n_relations, TD_MAX_RELATIONS,
                  sizeof *t->relations))
            return l->want = out_of_memory, false;
        t->relations = array;
        c->relations = t->relations;
        if (!td_lex_relation(l, &t->relations[c->n_relations]))
            return false;
        c->n_relations++;

        const unsigned char *at = l->p;
        enum lex_action action = td_lex_action(l);
        if (action == LEX_ANOTHER)
            continue;
        if (action != LEX_TRUNCATE && c->n_relations > 1 && action != LEX_ACTION_BAD)
            return l->p = at, l->want = "\": TRUNCATE:\"", false;
        switch (action) {
        case LEX_INSERT:
            c->kind = TD_INSERT;
            return parse_tuples(t, c, l);
        case LEX_UPDATE:
            c->kind = TD_UPDATE;
            return parse_tuples(t, c, l);
        case LEX_DELETE:
            c->kind = TD_DELETE;
            return parse_tuples(t, c, l);
        case LEX_TRUNCATE:
            c->kind = TD_TRUNCATE;
            return parse_truncate(c, l);
        case LEX_ANOTHER:
        case LEX_ACTION_BAD:
            return false;
        }
    }
}

/*
 * The prefix is raw text in which ", sz: 1 content:" may occur as well: the size tells which one
 * ends it. Where the server converts to another encoding the size no longer fits; then the
 * separator must occur just once.
 */
static bool parse_message(const struct td_parser *t, struct td_change *c, struct lex *l)
{
    const unsigned char *prefix;
    const unsigned char *only = NULL;
    struct slice only_content = {0};
    unsigned found = 0;
    bool fits = false;

    c->kind = TD_MESSAGE;
    if (!td_lex_message_head(l, &c->message.transactional))
        return false;
    prefix = l->p;
    for (const unsigned char *at = prefix;; at++) {
        uint64_t size;
        at = memmem(at, (size_t)(l->end - at), ", sz: ", 6);
        if (!at)
            break;
        struct lex try = {.p = at, .end = l->end};
        if (!td_lex_message_size(&try, &size))
            continue;
        found++;
        only = at;
        only_content = slice_of(try.p, (size_t)(l->end - try.p));
        if (size == only_content.n) {
            found = 1;
            fits = true;
            break;
        }
    }
    if (found != 1 || (!fits && !t->converted))
        return l->want = "one \", sz: N content:\" with N bytes after it", false;
    c->message.prefix = slice_of(prefix, (size_t)(only - prefix));
    c->message.content = only_content;
    l->p = l->end;
    return true;
}

static bool parse_mark(struct td_change *c, struct lex *l, enum td_kind kind, bool named)
{
    c->kind = kind;
    if (named && !td_lex_gid(l, &c->gid))
        return false;
    if (!td_lex_xid(l, &c->xid, &c->has_xid))
        return false;
    return kind == TD_BEGIN || td_lex_time(l, &c->time);
}

static bool parse_row(struct td_parser *t, struct td_change *c, struct lex *l)
{
    switch (td_lex_row(l)) {
    case LEX_ROW_TABLE:
        return parse_table(t, c, l);
    case LEX_ROW_BEGIN:
        return parse_mark(c, l, TD_BEGIN, false);
    case LEX_ROW_COMMIT:
        return parse_mark(c, l, TD_COMMIT, false);
    case LEX_ROW_MESSAGE:
        return parse_message(t, c, l);
    case LEX_ROW_PREPARE:
        return parse_mark(c, l, TD_PREPARE, true);
    case LEX_ROW_COMMIT_PREPARED:
        return parse_mark(c, l, TD_COMMIT_PREPARED, true);
    case LEX_ROW_ROLLBACK_PREPARED:
        return parse_mark(c, l, TD_ROLLBACK_PREPARED, true);
    case LEX_ROW_BAD:
        return false;
    }
    return false;
}

int td_parse(struct td_parser *t, struct td_change *c, const unsigned char *row, size_t n,
             struct td_error *e)
{
    struct lex l = {.p = row, .end = row + n};

    memset(c, 0, sizeof *c);
    if (parse_row(t, c, &l)) {
        if (l.p == l.end)
            return 0;
        l.want = "the end of the row";
    }
    e->offset = (size_t)(l.p - row);
    e->want = l.want;
    return -1;
}

void td_error_excerpt(char *out, size_t size, const unsigned char *row, size_t n,
                      const struct td_error *e)
{
    enum { AROUND = 40 };
    size_t at = e->offset < n ? e->offset : n;
    size_t from = at > AROUND ? at - AROUND : 0;
    size_t to = n - at > AROUND ? at + AROUND : n;
    char line[2 * AROUND + 1];
    size_t len = 0;

    for (size_t i = from; i < to; i++)
        line[len++] = row[i] >= 0x20 && row[i] < 0x7f ? (char)row[i] : '.';
    line[len] = 0;
    snprintf(out, size, "%s%s%s\n%*s^", from > 0 ? "..." : "", line, to < n ? "..." : "",
             (int)(at - from + (from > 0 ? 3 : 0)), "");
}

const struct td_column *td_find_column(const struct td_tuple *t, struct slice name, uint32_t hint)
{
    if (hint < t->n && slice_eq(t->columns[hint].name, name))
        return &t->columns[hint];
    for (uint32_t i = 0; i < t->n; i++)
        if (slice_eq(t->columns[i].name, name))
            return &t->columns[i];
    return NULL;
}

void td_recover_unchanged(struct td_parser *t, struct td_change *c)
{
    if (c->kind != TD_UPDATE || !c->old.present)
        return;
    for (uint32_t i = 0; i < c->new.n; i++) {
        struct td_column *col = &t->columns[c->old.n + i];
        if (col->kind != TD_UNCHANGED)
            continue;
        const struct td_column *was = td_find_column(&c->old, col->name, i);
        if (was && was->kind != TD_UNCHANGED) {
            col->value = was->value;
            col->kind = was->kind;
            col->doubled = was->doubled;
        }
    }
}

static size_t undouble(unsigned char *dst, struct slice s, unsigned char quote)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        dst[n++] = s.p[i];
        if (s.p[i] == quote)
            i++;
    }
    return n;
}

size_t td_unquote_name(unsigned char *dst, struct slice s)
{
    if (s.n >= 2 && s.p[0] == '"')
        return undouble(dst, slice_of(s.p + 1, s.n - 2), '"');
    if (s.n)
        memcpy(dst, s.p, s.n);
    return s.n;
}

size_t td_unquote_value(unsigned char *dst, const struct td_column *c)
{
    if (c->doubled)
        return undouble(dst, c->value, '\'');
    if (c->value.n)
        memcpy(dst, c->value.p, c->value.n);
    return c->value.n;
}
