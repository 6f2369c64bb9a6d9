/* lexer.c - the pull lexer of test_decoding's text, made by re2c from grammar/test_decoding.re. */
/*
 * The text is what contrib/test_decoding/test_decoding.c prints; fixtures/ holds recorded rows.
 * Every row is followed by a NUL, which no rule matches: it is the only bounds check there is.
 * A NUL inside a row (only a message's content has any) stops a rule the same way.
 */
#include "decode/lexer.h"

/*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:define:YYCURSOR = p;
    re2c:define:YYMARKER = marker;
    re2c:yyfill:enable = 0;
    re2c:indent:string = "    ";

    digits = [0-9]+;
    quoted_name = ["] ([^"\x00] | ["]["])+ ["];
    name = [a-z_][a-z0-9_]* | quoted_name;
    plain_type = [^"[\]\x00];
    number = "-"? digits ("." digits)? ("e" [+-]? digits)?;
*/

#define FAIL(where, what, result) return l->p = (where), l->want = (what), (result)

enum lex_row td_lex_row(struct lex *l)
{
    const unsigned char *p = l->p;
    const unsigned char *marker;

    /*!re2c
        "BEGIN"                { l->p = p; return LEX_ROW_BEGIN; }
        "COMMIT"               { l->p = p; return LEX_ROW_COMMIT; }
        "table "               { l->p = p; return LEX_ROW_TABLE; }
        "message:"             { l->p = p; return LEX_ROW_MESSAGE; }
        "PREPARE TRANSACTION " { l->p = p; return LEX_ROW_PREPARE; }
        "COMMIT PREPARED "     { l->p = p; return LEX_ROW_COMMIT_PREPARED; }
        "ROLLBACK PREPARED "   { l->p = p; return LEX_ROW_ROLLBACK_PREPARED; }
        *                      { FAIL(l->p, "a row of test_decoding", LEX_ROW_BAD); }
    */
}

bool td_lex_name(struct lex *l, struct slice *out)
{
    const unsigned char *p = l->p;
    const unsigned char *marker;

    /*!re2c
        name { *out = slice_of(l->p, (size_t)(p - l->p)); l->p = p; return true; }
        *    { FAIL(l->p, "a name", false); }
    */
}

bool td_lex_relation(struct lex *l, struct td_relation *r)
{
    const unsigned char *start = l->p;

    if (!td_lex_name(l, &r->schema))
        FAIL(l->p, "a schema's name", false);
    if (*l->p != '.')
        FAIL(l->p, "\".\" and a table's name", false);
    l->p++;
    if (!td_lex_name(l, &r->table))
        FAIL(l->p, "a table's name", false);
    r->name = slice_of(start, (size_t)(l->p - start));
    return true;
}

enum lex_action td_lex_action(struct lex *l)
{
    const unsigned char *p = l->p;
    const unsigned char *marker;

    /*!re2c
        ": INSERT:"   { l->p = p; return LEX_INSERT; }
        ": UPDATE:"   { l->p = p; return LEX_UPDATE; }
        ": DELETE:"   { l->p = p; return LEX_DELETE; }
        ": TRUNCATE:" { l->p = p; return LEX_TRUNCATE; }
        ", "          { l->p = p; return LEX_ANOTHER; }
        *             { FAIL(l->p, "\": INSERT:\", UPDATE, DELETE or TRUNCATE", LEX_ACTION_BAD); }
    */
}

/* A type up to the bracket that closes it: names in quotes and "[]" are part of it. */
static bool lex_type(struct lex *l, struct slice *out)
{
    const unsigned char *p = l->p;
    const unsigned char *marker;

    /*!re2c
        (plain_type | quoted_name | "[]")+ "]:" {
            *out = slice_of(l->p, (size_t)(p - l->p) - 2);
            l->p = p;
            return true;
        }
        * { FAIL(l->p, "a type and \"]:\"", false); }
    */
}

/* Past bytes that are neither a quote nor a NUL, eight at a time; the automaton reads the rest. */
static const unsigned char *skip_plain(const unsigned char *p, const unsigned char *end)
{
    const uint64_t ones = 0x0101010101010101;
    const uint64_t tops = 0x8080808080808080;

    for (; end - p >= 8; p += 8) {
        uint64_t word, quotes;
        memcpy(&word, p, sizeof word);
        quotes = word ^ (ones * '\'');
        /* A byte of either is 0 only where this leaves a top bit. */
        if ((((word - ones) & ~word) | ((quotes - ones) & ~quotes)) & tops)
            break;
    }
    return p;
}

/* What follows an opening quote, up to the closing one. */
static bool lex_quoted(struct lex *l, struct td_column *c)
{
    const unsigned char *open = l->p;
    const unsigned char *p = open;

    c->kind = TD_TEXT;
    c->doubled = false;
    for (;;) {
        p = skip_plain(p, l->end);
        /*!re2c
            [^'\x00]+ { continue; }
            ['][']    { c->doubled = true; continue; }
            [']       { break; }
            *         { FAIL(open - 1, "a value whose quote is closed", false); }
        */
    }
    c->value = slice_of(open, (size_t)(p - open) - 1);
    l->p = p;
    return true;
}

static bool lex_value(struct lex *l, struct td_column *c)
{
    const unsigned char *start = l->p;
    const unsigned char *p = start;
    const unsigned char *marker;
    size_t head = 0; /* bytes of the token that aren't the value: before it, and after it */
    size_t tail = 0;

    /*!re2c
        [']                            { l->p = p; return lex_quoted(l, c); }
        number                         { c->kind = TD_NUMBER; goto bare; }
        "true" | "false"               { c->kind = TD_BOOL; goto bare; }
        "null"                         { c->kind = TD_NULL; goto bare; }
        "NaN" | "-"? "Infinity"        { c->kind = TD_SPECIAL; goto bare; }
        "B" ['] [01]* [']              { c->kind = TD_BITS; head = 2; tail = 1; goto bare; }
        "unchanged-toast-datum"        { c->kind = TD_UNCHANGED; goto bare; }
        *                              { FAIL(start, "a value", false); }
    */
bare:
    c->value = slice_of(start + head, (size_t)(p - start) - head - tail);
    c->doubled = false;
    l->p = p;
    return true;
}

static enum lex_item lex_column(struct lex *l, struct td_column *c)
{
    if (!lex_type(l, &c->type) || !lex_value(l, c))
        return LEX_ITEM_BAD;
    if (*l->p != ' ' && l->p != l->end)
        FAIL(l->p, "a space or the end of the row", LEX_ITEM_BAD);
    return LEX_COLUMN;
}

enum lex_item td_lex_item(struct lex *l, struct td_column *c)
{
    const unsigned char *p = l->p;
    const unsigned char *marker;

    if (p == l->end)
        return LEX_END;
    /*!re2c
        " " name "[" {
            c->name = slice_of(l->p + 1, (size_t)(p - l->p) - 2);
            l->p = p;
            return lex_column(l, c);
        }
        " old-key:"         { l->p = p; return LEX_OLD_KEY; }
        " new-tuple:"       { l->p = p; return LEX_NEW_TUPLE; }
        " (no-tuple-data)"  { l->p = p; return LEX_NO_TUPLE; }
        *                   { FAIL(l->p, "\" column[type]:value\"", LEX_ITEM_BAD); }
    */
}

enum lex_flag td_lex_truncate_flag(struct lex *l)
{
    const unsigned char *p = l->p;
    const unsigned char *marker;

    if (p == l->end)
        return LEX_FLAG_END;
    /*!re2c
        " (no-flags)"   { l->p = p; return LEX_NO_FLAGS; }
        " restart_seqs" { l->p = p; return LEX_RESTART_SEQS; }
        " cascade"      { l->p = p; return LEX_CASCADE; }
        *               { FAIL(l->p, "\" restart_seqs\", \" cascade\" or \" (no-flags)\"",
                               LEX_FLAG_BAD); }
    */
}

static bool lex_number(const unsigned char *from, const unsigned char *to, uint64_t most,
                       uint64_t *out)
{
    uint64_t v = 0;

    for (; from < to; from++) {
        uint64_t d = (uint64_t)(*from - '0');
        if (v > (most - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *out = v;
    return true;
}

bool td_lex_xid(struct lex *l, uint32_t *xid, bool *found)
{
    const unsigned char *p = l->p;
    const unsigned char *marker;
    const unsigned char *digits;
    uint64_t v;

    *found = false;
    /*!re2c
        " " digits      { digits = l->p + 1; goto number; }
        ", txid " digits { digits = l->p + 7; goto number; }
        *               { return true; }
    */
number:
    if (!lex_number(digits, p, UINT32_MAX, &v))
        FAIL(digits, "a transaction id of 32 bits", false);
    *xid = (uint32_t)v;
    *found = true;
    l->p = p;
    return true;
}

bool td_lex_time(struct lex *l, struct slice *time)
{
    const unsigned char *p = l->p;
    const unsigned char *marker;

    *time = slice_of(NULL, 0);
    if (p == l->end)
        return true;
    /*!re2c
        " (at " [^)\x00]+ ")" {
            *time = slice_of(l->p + 5, (size_t)(p - l->p) - 6);
            l->p = p;
            return true;
        }
        * { FAIL(l->p, "\" (at TIME)\" or the end of the row", false); }
    */
}

bool td_lex_gid(struct lex *l, struct slice *gid)
{
    const unsigned char *p = l->p;
    const unsigned char *marker;

    /*!re2c
        "E"? ['] ([^'\x00] | [']['])* ['] {
            *gid = slice_of(l->p, (size_t)(p - l->p));
            l->p = p;
            return true;
        }
        * { FAIL(l->p, "a transaction's name in quotes", false); }
    */
}

bool td_lex_message_head(struct lex *l, bool *transactional)
{
    const unsigned char *p = l->p;
    const unsigned char *marker;

    /*!re2c
        " transactional: " [01] " prefix: " {
            *transactional = l->p[sizeof " transactional: " - 1] == '1';
            l->p = p;
            return true;
        }
        * { FAIL(l->p, "\" transactional: 0 prefix: \"", false); }
    */
}

bool td_lex_message_size(struct lex *l, uint64_t *size)
{
    const unsigned char *p = l->p;
    const unsigned char *marker;

    /*!re2c
        ", sz: " digits " content:" {
            const unsigned char *from = l->p + sizeof ", sz: " - 1;
            if (!lex_number(from, p - (sizeof " content:" - 1), UINT64_MAX, size))
                FAIL(from, "a size", false);
            l->p = p;
            return true;
        }
        * { FAIL(l->p, "\", sz: N content:\"", false); }
    */
}
