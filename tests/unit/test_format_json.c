/* test_format_json.c - the JSON format: each record read back and looked at field by field. */
#include <jansson.h>
#include <stdlib.h>

#include "format/formats.h"
#include "unit/helpers.h"
#include "unit/suites.h"

/* The record of a sample, and the same read back. */
struct read {
    struct sample s;
    struct buf out;
    json_t *v;
};

static void read_event(struct read *r)
{
    struct err e;

    buf_init(&r->out, 10000);
    ck_assert_int_eq(format_json.emit(&r->out, &r->s.ev, &e), 1);
    ck_assert_ptr_null(memchr(r->out.p, '\n', r->out.n));
    json_error_t why;
    r->v =
        json_loadb((const char *)r->out.p, r->out.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    ck_assert_msg(r->v != NULL, "%s: %s", why.text, buf_cstr(&r->out));
    ck_assert(json_is_object(r->v));
}

static void read_row(struct read *r, const char *row, const char *keys)
{
    sample_init(&r->s, row, keys);
    read_event(r);
}

static void done(struct read *r)
{
    json_decref(r->v);
    buf_free(&r->out);
    sample_free(&r->s);
}

static const char *str(const struct read *r, const char *field)
{
    const char *s = json_string_value(json_object_get(r->v, field));

    ck_assert_msg(s != NULL, "no string %s", field);
    return s;
}

static json_t *get(const struct read *r, const char *field, const char *name)
{
    return json_object_get(json_object_get(r->v, field), name);
}

START_TEST(insert)
{
    struct read r;

    read_row(&r, "table public.t: INSERT: id[integer]:7 b[text]:'x' c[text]:null", "id");
    ck_slice_eq(buf_slice(&r.out),
                "{\"pos\":\"16/B374D848:3\",\"lsn\":\"16/B374D848\",\"xid\":31337,"
                "\"ts\":\"2026-11-21T02:13:46.5Z\",\"op\":\"insert\",\"schema\":\"public\","
                "\"table\":\"t\",\"key\":{\"id\":7},\"new\":{\"id\":7,\"b\":\"x\",\"c\":null}}");
    ck_assert_uint_eq(json_object_size(r.v), 9);
    done(&r);
}
END_TEST

START_TEST(update)
{
    struct read r;

    read_row(&r, "table public.t: UPDATE: id[integer]:7 b[text]:'x'", "id");
    ck_assert_str_eq(str(&r, "op"), "update");
    ck_assert_int_eq(json_integer_value(get(&r, "new", "id")), 7);
    ck_assert_ptr_null(json_object_get(r.v, "old"));
    ck_assert_ptr_null(json_object_get(r.v, "unchanged"));
    done(&r);
    /* FULL: the old row, sparse where it was null. */
    read_row(&r,
             "table public.t: UPDATE: old-key: id[integer]:7 b[text]:'was' new-tuple: "
             "id[integer]:7 b[text]:'is' c[text]:null",
             "id");
    ck_assert_str_eq(json_string_value(get(&r, "old", "b")), "was");
    ck_assert_str_eq(json_string_value(get(&r, "new", "b")), "is");
    ck_assert_uint_eq(json_object_size(json_object_get(r.v, "old")), 2);
    ck_assert(json_is_null(get(&r, "new", "c")));
    done(&r);
}
END_TEST

START_TEST(delete_)
{
    struct read r;

    read_row(&r, "table public.t: DELETE: id[integer]:7", "id");
    ck_assert_str_eq(str(&r, "op"), "delete");
    ck_assert_int_eq(json_integer_value(get(&r, "key", "id")), 7);
    ck_assert_int_eq(json_integer_value(get(&r, "old", "id")), 7);
    ck_assert_ptr_null(json_object_get(r.v, "new"));
    done(&r);
    read_row(&r, "table public.t: DELETE: (no-tuple-data)", "");
    ck_assert_uint_eq(json_object_size(json_object_get(r.v, "key")), 0);
    ck_assert_ptr_null(json_object_get(r.v, "old"));
    ck_assert_ptr_null(json_object_get(r.v, "new"));
    done(&r);
}
END_TEST

START_TEST(truncate_)
{
    struct read r;

    read_row(&r, "table public.t: TRUNCATE: restart_seqs", "");
    ck_assert_str_eq(str(&r, "op"), "truncate");
    ck_assert_str_eq(str(&r, "schema"), "public");
    ck_assert_str_eq(str(&r, "table"), "t");
    ck_assert(json_is_object(json_object_get(r.v, "key")));
    ck_assert_uint_eq(json_object_size(json_object_get(r.v, "key")), 0);
    ck_assert_ptr_null(json_object_get(r.v, "old"));
    ck_assert_ptr_null(json_object_get(r.v, "new"));
    done(&r);
}
END_TEST

START_TEST(names_lose_their_quotes)
{
    struct read r;

    read_row(&r,
             "table \"My.Schema\".\"t: \"\"q\"\" [x]\": INSERT: \"a.b\"[integer]:1 "
             "\"c\"\"\"[integer]:2 \"é\n\"[integer]:3",
             "\"a.b\" \"c\"\"\"");
    ck_assert_str_eq(str(&r, "schema"), "My.Schema");
    ck_assert_str_eq(str(&r, "table"), "t: \"q\" [x]");
    ck_assert_int_eq(json_integer_value(get(&r, "new", "a.b")), 1);
    ck_assert_int_eq(json_integer_value(get(&r, "new", "c\"")), 2);
    ck_assert_int_eq(json_integer_value(get(&r, "new", "é\n")), 3);
    ck_assert_int_eq(json_integer_value(get(&r, "key", "c\"")), 2);
    ck_assert_uint_eq(json_object_size(json_object_get(r.v, "key")), 2);
    done(&r);
}
END_TEST

START_TEST(values)
{
    struct read r;

    read_row(&r,
             "table public.t: INSERT: a[bigint]:-9223372036854775808 b[numeric]:1.50 "
             "c[double precision]:1e-300 d[numeric]:NaN e[real]:-Infinity f[numeric]:Infinity "
             "g[boolean]:true h[boolean]:false i[bit]:B'0101' j[bit varying]:B'' k[text]:'' "
             "l[text]:'null' m[text]:'it''s' n[posint]:'3' o[text]:'\\ \" \x7f\xc3\xa9\n' "
             "p[text]:null q[numeric]:123456789012345678901234567890.12345",
             "a");
    const char *text = buf_cstr(&r.out);
    ck_has(text, "\"a\":-9223372036854775808,");
    ck_has(text, "\"b\":1.50,");
    ck_has(text, "\"c\":1e-300,");
    ck_has(text, "\"q\":123456789012345678901234567890.12345}");
    ck_assert_str_eq(json_string_value(get(&r, "new", "d")), "NaN");
    ck_assert_str_eq(json_string_value(get(&r, "new", "e")), "-Infinity");
    ck_assert_str_eq(json_string_value(get(&r, "new", "f")), "Infinity");
    ck_assert(json_is_true(get(&r, "new", "g")));
    ck_assert(json_is_false(get(&r, "new", "h")));
    ck_assert_str_eq(json_string_value(get(&r, "new", "i")), "0101");
    ck_assert_str_eq(json_string_value(get(&r, "new", "j")), "");
    ck_assert_str_eq(json_string_value(get(&r, "new", "k")), "");
    ck_assert_str_eq(json_string_value(get(&r, "new", "l")), "null");
    ck_assert_str_eq(json_string_value(get(&r, "new", "m")), "it's");
    ck_assert_str_eq(json_string_value(get(&r, "new", "n")), "3");
    ck_assert_str_eq(json_string_value(get(&r, "new", "o")), "\\ \" \x7f\xc3\xa9\n");
    ck_assert(json_is_null(get(&r, "new", "p")));
    done(&r);
}
END_TEST

START_TEST(unchanged)
{
    struct read r;

    read_row(&r,
             "table public.t: UPDATE: id[integer]:1 big[text]:unchanged-toast-datum n[integer]:2 "
             "\"B 2\"[text]:unchanged-toast-datum",
             "id");
    json_t *names = json_object_get(r.v, "unchanged");
    ck_assert_uint_eq(json_array_size(names), 2);
    ck_assert_str_eq(json_string_value(json_array_get(names, 0)), "big");
    ck_assert_str_eq(json_string_value(json_array_get(names, 1)), "B 2");
    ck_assert_uint_eq(json_object_size(json_object_get(r.v, "new")), 2);
    ck_assert_ptr_null(get(&r, "new", "big"));
    done(&r);
    /* All of the row. */
    read_row(&r, "table public.t: UPDATE: a[text]:unchanged-toast-datum", "");
    ck_assert_uint_eq(json_object_size(json_object_get(r.v, "new")), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(r.v, "unchanged")), 1);
    done(&r);
    /* Recovered from a FULL old row: then nothing is unchanged. */
    read_row(&r,
             "table public.t: UPDATE: old-key: id[integer]:1 big[text]:'b''ig' new-tuple: "
             "id[integer]:1 big[text]:unchanged-toast-datum",
             "id");
    ck_assert_ptr_null(json_object_get(r.v, "unchanged"));
    ck_assert_str_eq(json_string_value(get(&r, "new", "big")), "b'ig");
    done(&r);
}
END_TEST

START_TEST(times)
{
    static const char *const pairs[][2] = {
        {"2026-11-21 02:13:46.5+00", "2026-11-21T02:13:46.5Z"},
        {"2026-11-21 02:13:46.123456+00", "2026-11-21T02:13:46.123456Z"},
        {"2026-11-21 02:13:46+00", "2026-11-21T02:13:46Z"},
        {"2000-01-01 00:00:00+00", "2000-01-01T00:00:00Z"},
    };
    struct read r;

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        sample_init(&r.s, "table public.t: INSERT: id[integer]:7", "id");
        r.s.ev.time = slice_str(pairs[i][0]);
        read_event(&r);
        ck_assert_str_eq(str(&r, "ts"), pairs[i][1]);
        done(&r);
    }
    sample_init(&r.s, "table public.t: INSERT: id[integer]:7", "id");
    r.s.ev.time = slice_of(NULL, 0);
    read_event(&r);
    ck_assert(json_is_null(json_object_get(r.v, "ts")));
    done(&r);
    /* Something else is passed on rather than bent. */
    sample_init(&r.s, "table public.t: INSERT: id[integer]:7", "id");
    r.s.ev.time = SLICE_LIT("21/11/2026 \"x\"");
    read_event(&r);
    ck_assert_str_eq(str(&r, "ts"), "21/11/2026 \"x\"");
    done(&r);
}
END_TEST

START_TEST(positions)
{
    struct read r;

    sample_init(&r.s, "table public.t: INSERT: id[integer]:7", "id");
    r.s.ev.lsn = UINT64_MAX;
    r.s.ev.index = UINT64_MAX;
    r.s.ev.xid = UINT32_MAX;
    read_event(&r);
    ck_assert_str_eq(str(&r, "pos"), "FFFFFFFF/FFFFFFFF:18446744073709551615");
    ck_assert_str_eq(str(&r, "lsn"), "FFFFFFFF/FFFFFFFF");
    ck_assert_int_eq(json_integer_value(json_object_get(r.v, "xid")), UINT32_MAX);
    done(&r);
}
END_TEST

START_TEST(message)
{
    struct read r;

    read_row(&r, "message: transactional: 1 prefix: pre\"é, sz: 8 content:hi\nthere", "");
    ck_assert_str_eq(str(&r, "op"), "message");
    ck_assert_str_eq(str(&r, "pos"), "16/B374D848:3");
    ck_assert(json_is_true(json_object_get(r.v, "transactional")));
    ck_assert_str_eq(str(&r, "prefix"), "pre\"é");
    ck_assert_str_eq(str(&r, "content"), "hi\nthere");
    ck_assert_ptr_null(json_object_get(r.v, "content_base64"));
    ck_assert_ptr_null(json_object_get(r.v, "table"));
    ck_assert_ptr_null(json_object_get(r.v, "key"));
    done(&r);
}
END_TEST

START_TEST(binary_message)
{
    struct read r;

    sample_init(&r.s, "message: transactional: 0 prefix: , sz: 0 content:", "");
    r.s.ev.xid = 0;
    r.s.change.message.content = SLICE_LIT("\xff\0\xfe");
    read_event(&r);
    ck_assert(json_is_false(json_object_get(r.v, "transactional")));
    ck_assert_str_eq(str(&r, "prefix"), "");
    ck_assert_str_eq(str(&r, "content_base64"), "/wD+");
    ck_assert_ptr_null(json_object_get(r.v, "content"));
    done(&r);
    /* A NUL is UTF-8 as well. */
    sample_init(&r.s, "message: transactional: 0 prefix: , sz: 0 content:", "");
    r.s.change.message.content = SLICE_LIT("a\0b");
    read_event(&r);
    json_t *content = json_object_get(r.v, "content");
    ck_assert_uint_eq(json_string_length(content), 3);
    ck_assert_mem_eq(json_string_value(content), "a\0b", 3);
    done(&r);
}
END_TEST

START_TEST(not_utf8)
{
    static const char *const rows[] = {
        "table public.t: INSERT: a[text]:'x\xff'",
        "table public.t: INSERT: \"a\xff\"[integer]:1",
        "table \"s\xff\".t: INSERT: a[integer]:1",
        "table public.t: UPDATE: \"a\xff\"[text]:unchanged-toast-datum",
        "message: transactional: 0 prefix: \xff, sz: 0 content:",
    };
    struct sample s;
    struct buf out;
    struct err e;

    sample_init(&s, rows[_i], "");
    buf_init(&out, 1000);
    ck_assert_int_eq(format_json.emit(&out, &s.ev, &e), -1);
    ck_assert_int_eq(e.code, ERR_RECORD);
    ck_has(e.text, "16/B374D848:3");
    buf_free(&out);
    sample_free(&s);
}
END_TEST

Suite *suite_format_json(void)
{
    Suite *s = suite_create("format_json");
    TCase *t = tcase_create("format_json");

    tcase_add_test(t, insert);
    tcase_add_test(t, update);
    tcase_add_test(t, delete_);
    tcase_add_test(t, truncate_);
    tcase_add_test(t, names_lose_their_quotes);
    tcase_add_test(t, values);
    tcase_add_test(t, unchanged);
    tcase_add_test(t, times);
    tcase_add_test(t, positions);
    tcase_add_test(t, message);
    tcase_add_test(t, binary_message);
    tcase_add_loop_test(t, not_utf8, 0, 5);
    suite_add_tcase(s, t);
    return s;
}
