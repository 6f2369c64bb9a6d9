/* test_csv.c - pg2kinesis's CSV, byte for byte, and what text.c gives all formats. */
#include <stdlib.h>

#include "format/formats.h"
#include "format/text.h"
#include "unit/helpers.h"
#include "unit/suites.h"

static const struct {
    const char *row, *keys, *record;
} cases[] = {
    {"table public.t: INSERT: id[integer]:7 b[text]:'x'", "id", "0,CDC,31337,public.t,INSERT,7"},
    {"table public.t: UPDATE: id[integer]:7 b[text]:'x'", "id", "0,CDC,31337,public.t,UPDATE,7"},
    {"table public.t: DELETE: id[integer]:7", "id", "0,CDC,31337,public.t,DELETE,7"},
    {"table public.t: TRUNCATE: (no-flags)", "", "0,CDC,31337,public.t,TRUNCATE,"},
    {"table public.t: DELETE: (no-tuple-data)", "", "0,CDC,31337,public.t,DELETE,"},
    {"table public.t: INSERT: a[integer]:1 b[text]:'k' c[uuid]:'u'", "b a",
     "0,CDC,31337,public.t,INSERT,k,1"},
    /* RFC 4180: comma, quote, CR and LF, each alone. */
    {"table public.t: INSERT: a[text]:'x,y'", "a", "0,CDC,31337,public.t,INSERT,\"x,y\""},
    {"table public.t: INSERT: a[text]:'x\"y'", "a", "0,CDC,31337,public.t,INSERT,\"x\"\"y\""},
    {"table public.t: INSERT: a[text]:'x\ny'", "a", "0,CDC,31337,public.t,INSERT,\"x\ny\""},
    {"table public.t: INSERT: a[text]:'x\ry'", "a", "0,CDC,31337,public.t,INSERT,\"x\ry\""},
    {"table public.t: INSERT: a[text]:'\"' b[text]:','", "a b",
     "0,CDC,31337,public.t,INSERT,\"\"\"\",\",\""},
    {"table public.t: INSERT: a[text]:' x ;\t|''é'", "a", "0,CDC,31337,public.t,INSERT, x ;\t|'é"},
    {"table public.t: INSERT: a[text]:'it''s, ''ok'''", "a",
     "0,CDC,31337,public.t,INSERT,\"it's, 'ok'\""},
    {"table public.t: INSERT: a[text]:''", "a", "0,CDC,31337,public.t,INSERT,"},
    {"table public.t: INSERT: a[text]:'' b[text]:''", "a b", "0,CDC,31337,public.t,INSERT,,"},
    {"table public.t: INSERT: a[bit]:B'101' b[numeric]:1e-300 c[numeric]:NaN d[boolean]:true",
     "a b c d", "0,CDC,31337,public.t,INSERT,101,1e-300,NaN,true"},
    /* The table's name stands as printed. */
    {"table \"My.Schema\".\"a,b\": INSERT: id[integer]:1", "id",
     "0,CDC,31337,\"\"\"My.Schema\"\".\"\"a,b\"\"\",INSERT,1"},
};

START_TEST(records)
{
    struct sample s;
    struct err e;
    struct buf out;

    sample_init(&s, cases[_i].row, cases[_i].keys);
    buf_init(&out, 1000);
    ck_assert_int_eq(format_csv.emit(&out, &s.ev, &e), 1);
    check_slice(__FILE__, __LINE__, buf_slice(&out), slice_str(cases[_i].record));
    /* It appends. */
    ck_assert_int_eq(format_csv.emit(&out, &s.ev, &e), 1);
    ck_assert_uint_eq(out.n, 2 * strlen(cases[_i].record));
    buf_free(&out);
    sample_free(&s);
}
END_TEST

START_TEST(largest_xid)
{
    struct sample s;
    struct err e;
    struct buf out;

    sample_init(&s, "table public.t: INSERT: id[integer]:7", "id");
    s.ev.xid = UINT32_MAX;
    buf_init(&out, 1000);
    ck_assert_int_eq(format_csv.emit(&out, &s.ev, &e), 1);
    ck_slice_eq(buf_slice(&out), "0,CDC,4294967295,public.t,INSERT,7");
    buf_free(&out);
    sample_free(&s);
}
END_TEST

START_TEST(messages_are_not_for_csv)
{
    static const struct format_ops *const formats[] = {&format_csv, &format_csv_payload};
    struct sample s;
    struct err e;
    struct buf out;

    sample_init(&s, "message: transactional: 1 prefix: p, sz: 1 content:x", "");
    buf_init(&out, 1000);
    ck_assert_int_eq(formats[_i]->emit(&out, &s.ev, &e), 0);
    ck_assert_uint_eq(out.n, 0);
    buf_free(&out);
    sample_free(&s);
}
END_TEST

/* Whatever the ceiling: the whole record or an error that names the position. */
START_TEST(ceiling)
{
    static const struct format_ops *const formats[] = {&format_csv, &format_csv_payload,
                                                       &format_json};
    struct sample s;
    struct err e;
    struct buf out;
    size_t n;

    sample_init(&s, "table public.t: INSERT: id[text]:'it''s \"x\", isn''t it'", "id");
    buf_init(&out, 1000);
    ck_assert_int_eq(formats[_i]->emit(&out, &s.ev, &e), 1);
    n = out.n;
    buf_free(&out);
    for (size_t max = 1; max < n + 5; max++) {
        buf_init(&out, max);
        int got = formats[_i]->emit(&out, &s.ev, &e);
        MUST(got == (max < n ? -1 : 1));
        if (got < 0) {
            ck_assert_int_eq(e.code, ERR_RECORD);
            ck_has(e.text, "16/B374D848:3");
        }
        buf_free(&out);
    }
    sample_free(&s);
}
END_TEST

START_TEST(text)
{
    struct sample s;
    struct buf b;

    sample_init(&s, "table public.t: INSERT: a[text]:'x''y' b[text]:'plain'", "");
    const struct td_column *c = s.change.new.columns;
    buf_init(&b, 100);
    buf_puts(&b, ">");
    text_put_value(&b, &c[0]);
    text_put_value(&b, &c[1]);
    ck_slice_eq(buf_slice(&b), ">x'yplain");
    ck_slice_eq(text_value(&b, &c[0]), "x'y");
    ck_assert_ptr_eq(text_value(&b, &c[1]).p, c[1].value.p);
    ck_slice_eq(text_name(&b, SLICE_LIT("plain")), "plain");
    ck_slice_eq(text_name(&b, SLICE_LIT("\"a\"\"b\"")), "a\"b");
    ck_assert_uint_eq(text_name(&b, slice_of(NULL, 0)).n, 0);
    ck_assert_str_eq(text_operation(OP_INSERT), "INSERT");
    ck_assert_str_eq(text_operation(OP_UPDATE), "UPDATE");
    ck_assert_str_eq(text_operation(OP_DELETE), "DELETE");
    ck_assert_str_eq(text_operation(OP_TRUNCATE), "TRUNCATE");
    ck_assert_str_eq(text_operation(OP_MESSAGE), "MESSAGE");
    buf_free(&b);
    sample_free(&s);
}
END_TEST

START_TEST(said_of_the_formats)
{
    ck_assert_str_eq(format_csv.name, "csv");
    ck_assert_str_eq(format_csv_payload.name, "csv-payload");
    ck_assert_str_eq(format_json.name, "json");
    /* Only CSV has raw line breaks: the others escape them. */
    ck_assert(format_csv.quoted_lines);
    ck_assert(!format_csv_payload.quoted_lines);
    ck_assert(!format_json.quoted_lines);
}
END_TEST

Suite *suite_csv(void)
{
    Suite *s = suite_create("csv");
    TCase *t = tcase_create("csv");

    tcase_add_loop_test(t, records, 0, sizeof cases / sizeof *cases);
    tcase_add_test(t, largest_xid);
    tcase_add_loop_test(t, messages_are_not_for_csv, 0, 2);
    tcase_add_loop_test(t, ceiling, 0, 3);
    tcase_add_test(t, text);
    tcase_add_test(t, said_of_the_formats);
    suite_add_tcase(s, t);
    return s;
}
