/* lexer.h - the pull lexer under the parser; made by re2c from grammar/test_decoding.re. */
#ifndef WALFERRY_DECODE_LEXER_H
#define WALFERRY_DECODE_LEXER_H

#include <stdbool.h>

#include "decode/change.h"

/* *end is a NUL that belongs to nobody: the lexer stops there without counting bytes. */
struct lex {
    const unsigned char *p;   /* next byte; where it went wrong after a failure */
    const unsigned char *end; /* one past the row's last byte */
    const char *want;         /* after a failure: what should have stood at p */
};

enum lex_row {
    LEX_ROW_BEGIN,
    LEX_ROW_COMMIT,
    LEX_ROW_TABLE,
    LEX_ROW_MESSAGE,
    LEX_ROW_PREPARE,
    LEX_ROW_COMMIT_PREPARED,
    LEX_ROW_ROLLBACK_PREPARED,
    LEX_ROW_BAD,
};

enum lex_action {
    LEX_INSERT,
    LEX_UPDATE,
    LEX_DELETE,
    LEX_TRUNCATE,
    LEX_ANOTHER, /* ", ": another relation follows */
    LEX_ACTION_BAD,
};

enum lex_item {
    LEX_COLUMN,    /* *c is filled */
    LEX_OLD_KEY,   /* " old-key:" */
    LEX_NEW_TUPLE, /* " new-tuple:" */
    LEX_NO_TUPLE,  /* " (no-tuple-data)" */
    LEX_END,
    LEX_ITEM_BAD,
};

enum lex_flag { LEX_NO_FLAGS, LEX_RESTART_SEQS, LEX_CASCADE, LEX_FLAG_END, LEX_FLAG_BAD };

/* Each moves l->p past what it read, or sets l->want and leaves l->p at the fault. */
enum lex_row td_lex_row(struct lex *l);
bool td_lex_name(struct lex *l, struct slice *name);
bool td_lex_relation(struct lex *l, struct td_relation *r);
enum lex_action td_lex_action(struct lex *l);
enum lex_item td_lex_item(struct lex *l, struct td_column *c);
enum lex_flag td_lex_truncate_flag(struct lex *l);
/* " 123", ", txid 123" and " (at TIME)"; *found is false when the row has none. */
bool td_lex_xid(struct lex *l, uint32_t *xid, bool *found);
bool td_lex_time(struct lex *l, struct slice *time);
bool td_lex_gid(struct lex *l, struct slice *gid);
/* " transactional: 1 prefix: " after "message:". */
bool td_lex_message_head(struct lex *l, bool *transactional);
/* One ", sz: 12 content:" at l->p. */
bool td_lex_message_size(struct lex *l, uint64_t *size);

#endif
