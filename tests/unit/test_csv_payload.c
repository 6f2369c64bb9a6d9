/* test_csv_payload.c - pg2kinesis's CSVPayload, byte for byte, and as JSON. */
#include <jansson.h>
#include <stdlib.h>

#include "format/formats.h"
#include "unit/helpers.h"
#include "unit/suites.h"

#define HEAD "0,CDC,{\"xid\": \"31337\", \"table\": "
#define INSERT_T HEAD "\"public.t\", \"operation\": \"INSERT\", \"pkey\": "

static const struct {
    const char *row, *keys, *record;
} cases[] = {
    {"table public.t: INSERT: id[integer]:7", "id", INSERT_T "\"7\"}"},
    {"table public.t: UPDATE: id[integer]:7", "id",
     HEAD "\"public.t\", \"operation\": \"UPDATE\", \"pkey\": \"7\"}"},
    {"table public.t: DELETE: id[integer]:7", "id",
     HEAD "\"public.t\", \"operation\": \"DELETE\", \"pkey\": \"7\"}"},
    {"table public.t: TRUNCATE: cascade", "",
     HEAD "\"public.t\", \"operation\": \"TRUNCATE\", \"pkey\": \"\"}"},
    {"table public.t: DELETE: (no-tuple-data)", "",
     HEAD "\"public.t\", \"operation\": \"DELETE\", \"pkey\": \"\"}"},
    {"table public.t: INSERT: a[integer]:1 b[text]:'k'", "b a", INSERT_T "[\"k\", \"1\"]}"},
    {"table public.t: INSERT: a[integer]:1 b[text]:'' c[bit]:B''", "a b c",
     INSERT_T "[\"1\", \"\", \"\"]}"},
    {"table public.t: INSERT: a[text]:'é€😀'", "a", INSERT_T "\"\\u00e9\\u20ac\\ud83d\\ude00\"}"},
    {"table public.t: INSERT: a[text]:'\\ \" / \n\r\t\b\f\x01'", "a",
     INSERT_T "\"\\\\ \\\" / \\n\\r\\t\\b\\f\\u0001\"}"},
    {"table public.t: INSERT: a[text]:'it''s'", "a", INSERT_T "\"it's\"}"},
    {"table public.t: INSERT: a[numeric]:NaN b[boolean]:false c[numeric]:-0.50 d[bit]:B'01'",
     "a b c d", INSERT_T "[\"NaN\", \"false\", \"-0.50\", \"01\"]}"},
    {"table \"Ü\".\"q\"\"t\": INSERT: id[integer]:1", "id",
     HEAD "\"\\\"\\u00dc\\\".\\\"q\\\"\\\"t\\\"\", \"operation\": \"INSERT\", \"pkey\": \"1\"}"},
};

static void emit(struct buf *out, const struct sample *s)
{
    struct err e;

    buf_init(out, 1000);
    ck_assert_int_eq(format_csv_payload.emit(out, &s->ev, &e), 1);
}

START_TEST(records)
{
    struct sample s;
    struct buf out;

    sample_init(&s, cases[_i].row, cases[_i].keys);
    emit(&out, &s);
    check_slice(__FILE__, __LINE__, buf_slice(&out), slice_str(cases[_i].record));
    buf_free(&out);
    sample_free(&s);
}
END_TEST

/* "0,CDC," and then JSON whose values are all strings, or an array of them for the key. */
START_TEST(payload_is_json)
{
    struct sample s;
    struct buf out;

    sample_init(&s, cases[_i].row, cases[_i].keys);
    emit(&out, &s);
    json_t *v = json_loadb((const char *)out.p + 6, out.n - 6, 0, NULL);
    ck_assert_ptr_nonnull(v);
    ck_assert_uint_eq(json_object_size(v), 4);
    ck_assert_str_eq(json_string_value(json_object_get(v, "xid")), "31337");
    ck_assert(json_is_string(json_object_get(v, "table")));
    ck_assert(json_is_string(json_object_get(v, "operation")));
    json_t *key = json_object_get(v, "pkey");
    ck_assert_uint_eq(json_array_size(key), s.ev.n_key > 1 ? s.ev.n_key : 0);
    ck_assert(s.ev.n_key > 1 || json_is_string(key));
    json_decref(v);
    buf_free(&out);
    sample_free(&s);
}
END_TEST

/* As Python: json.dumps("\x7f") is "\u007f". */
START_TEST(del_as_python)
{
    struct sample s;
    struct buf out;

    sample_init(&s, "table public.t: INSERT: a[text]:'x\x7fy'", "a");
    emit(&out, &s);
    ck_slice_eq(buf_slice(&out), INSERT_T "\"x\\u007fy\"}");
    buf_free(&out);
    sample_free(&s);
}
END_TEST

START_TEST(not_utf8)
{
    static const char *const rows[][2] = {
        {"table public.t: INSERT: a[text]:'x\xff'", "a"},
        {"table public.\"t\xe9\": INSERT: a[text]:'x'", "a"},
        {"table public.t: INSERT: a[text]:'it''s' b[text]:'it''s \xe2\x82'", "a b"},
    };
    struct sample s;
    struct buf out;
    struct err e;

    sample_init(&s, rows[_i][0], rows[_i][1]);
    buf_init(&out, 1000);
    ck_assert_int_eq(format_csv_payload.emit(&out, &s.ev, &e), -1);
    ck_assert_int_eq(e.code, ERR_RECORD);
    ck_has(e.text, "16/B374D848:3");
    buf_free(&out);
    sample_free(&s);
}
END_TEST

Suite *suite_csv_payload(void)
{
    Suite *s = suite_create("csv_payload");
    TCase *t = tcase_create("csv_payload");

    tcase_add_loop_test(t, records, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(t, payload_is_json, 0, sizeof cases / sizeof *cases);
    tcase_add_test(t, del_as_python);
    tcase_add_loop_test(t, not_utf8, 0, 3);
    suite_add_tcase(s, t);
    return s;
}
