/* test_json.c - UTF-8, JSON strings in three manners, base64. */
#include <jansson.h>
#include <stdlib.h>

#include "base/json.h"
#include "unit/helpers.h"
#include "unit/suites.h"

typedef void put_fn(struct buf *b, struct slice s);

/* The UTF-8 of a code point, by the definition's table. */
static size_t encode(unsigned char out[4], uint32_t cp)
{
    if (cp < 0x80) {
        out[0] = (unsigned char)cp;
        return 1;
    }
    size_t more = cp < 0x800 ? 1 : cp < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    out[0] = (unsigned char)(lead[more] | cp >> (6 * more));
    for (size_t i = 1; i <= more; i++)
        out[i] = (unsigned char)(0x80 | (cp >> (6 * (more - i)) & 0x3F));
    return more + 1;
}

static bool is_character(uint32_t cp)
{
    return cp <= 0x10FFFF && (cp < 0xD800 || cp > 0xDFFF);
}

START_TEST(utf8_every_character)
{
    unsigned char text[4];

    for (uint32_t cp = 0; cp < 0x1FFFFF; cp++) {
        size_t n = encode(text, cp);
        MUST_SAY(utf8_valid(slice_of(text, n)) == is_character(cp), "U+%04X", cp);
        if (n > 1)
            MUST_SAY(!utf8_valid(slice_of(text, n - 1)), "cut U+%04X", cp);
    }
}
END_TEST

/* All of three bytes that begin beyond ASCII, counted against what the definition allows. */
START_TEST(utf8_every_three_bytes)
{
    enum { TWO_BYTE_CHARACTERS = 0x800 - 0x80, THREE_BYTE_CHARACTERS = 0x10000 - 0x800 - 0x800 };
    unsigned valid = 0;

    for (unsigned a = 0x80; a < 0x100; a++)
        for (unsigned b = 0; b < 0x100; b++)
            for (unsigned c = 0; c < 0x100; c++) {
                unsigned char text[] = {(unsigned char)a, (unsigned char)b, (unsigned char)c};
                valid += utf8_valid(slice_of(text, 3));
            }
    ck_assert_uint_eq(valid, TWO_BYTE_CHARACTERS * 128 + THREE_BYTE_CHARACTERS);
}
END_TEST

START_TEST(utf8_bad)
{
    static const char *const bad[] = {
        "\x80",                     /* continuation alone */
        "\xbf",                     /* … */
        "a\x80",                    /* … after a character */
        "\xc0\x80",                 /* overlong NUL */
        "\xc1\xbf",                 /* overlong DEL */
        "\xe0\x80\x80",             /* overlong, three bytes */
        "\xe0\x9f\xbf",             /* … the last one */
        "\xf0\x80\x80\x80",         /* overlong, four bytes */
        "\xf0\x8f\xbf\xbf",         /* … the last one */
        "\xed\xa0\x80",             /* first surrogate */
        "\xed\xbf\xbf",             /* last surrogate */
        "\xed\xa0\xbd\xed\xb8\x80", /* CESU-8 */
        "\xf4\x90\x80\x80",         /* U+110000 */
        "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xfe",
        "\xff",
        "\xc3",          /* cut */
        "\xe2\x82",      /* … */
        "\xf0\x9f\x98",  /* … */
        "\xc3(",         /* continuation missing */
        "\xe2\x82(",     /* … */
        "\xf0\x9f\x98(", /* … */
        "abc\xffxyz",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t n = strlen(bad[i]);
        unsigned char *copy = exact_copy(bad[i], n);
        struct buf b;
        copy = realloc(copy, n); /* not even a NUL behind it */
        ck_assert_msg(!utf8_valid(slice_of(copy, n)), "case %zu", i);
        buf_init(&b, 100);
        json_put_string(&b, slice_of(copy, n));
        ck_assert_msg(b.failed, "case %zu", i);
        buf_clear(&b);
        json_put_string_ascii(&b, slice_of(copy, n));
        ck_assert_msg(b.failed, "case %zu", i);
        buf_free(&b);
        free(copy);
    }
    ck_assert(utf8_valid(slice_of(NULL, 0)));
    ck_assert(utf8_valid(slice_of("a\0b", 3)));
}
END_TEST

static void puts_as(put_fn *put, struct slice in, struct slice want)
{
    struct buf b;

    buf_init(&b, 1000);
    put(&b, in);
    ck_assert(!b.failed);
    check_slice(__FILE__, __LINE__, buf_slice(&b), want);
    buf_free(&b);
}

#define PUTS_AS(put, in, want) puts_as(put, SLICE_LIT(in), SLICE_LIT(want))

START_TEST(escapes)
{
    static put_fn *const all[] = {json_put_string, json_put_string_ascii, json_put_string_lossy};
    put_fn *put = all[_i];

    PUTS_AS(put, "", "\"\"");
    PUTS_AS(put, "abc /'<>&", "\"abc /'<>&\"");
    PUTS_AS(put, "\"", "\"\\\"\"");
    PUTS_AS(put, "\\", "\"\\\\\"");
    PUTS_AS(put, "a\"b\\c", "\"a\\\"b\\\\c\"");
    PUTS_AS(put, "\n\r\t\b\f", "\"\\n\\r\\t\\b\\f\"");
    PUTS_AS(put, "\v\x1f\x01", "\"\\u000b\\u001f\\u0001\"");
    PUTS_AS(put, "a\0b", "\"a\\u0000b\"");
    PUTS_AS(put, "~ ", "\"~ \"");
    PUTS_AS(put, "x\ny", "\"x\\ny\"");
    puts_as(put, slice_of(NULL, 0), SLICE_LIT("\"\""));
}
END_TEST

START_TEST(utf8_passes)
{
    PUTS_AS(json_put_string, "é€😀", "\"é€😀\"");
    PUTS_AS(json_put_string, "a\u00a0\u2028z", "\"a\u00a0\u2028z\"");
    PUTS_AS(json_put_string, "\x7f", "\"\x7f\"");
    PUTS_AS(json_put_string_lossy, "é€😀", "\"é€😀\"");
}
END_TEST

START_TEST(ascii)
{
    PUTS_AS(json_put_string_ascii, "é", "\"\\u00e9\"");
    PUTS_AS(json_put_string_ascii, "aéb", "\"a\\u00e9b\"");
    PUTS_AS(json_put_string_ascii, "\xc2\x80", "\"\\u0080\"");
    PUTS_AS(json_put_string_ascii, "\xdf\xbf\xe0\xa0\x80", "\"\\u07ff\\u0800\"");
    PUTS_AS(json_put_string_ascii, "€\u2028", "\"\\u20ac\\u2028\"");
    PUTS_AS(json_put_string_ascii, "\xef\xbf\xbf", "\"\\uffff\"");
    PUTS_AS(json_put_string_ascii, "\xf0\x90\x80\x80", "\"\\ud800\\udc00\"");
    PUTS_AS(json_put_string_ascii, "😀", "\"\\ud83d\\ude00\"");
    PUTS_AS(json_put_string_ascii, "\xf4\x8f\xbf\xbf", "\"\\udbff\\udfff\"");
}
END_TEST

/* python3 -c 'import json; print(json.dumps("\x7f"))' prints "\u007f". */
START_TEST(ascii_del_as_python)
{
    PUTS_AS(json_put_string_ascii,
            "a\x7f"
            "b",
            "\"a\\u007fb\"");
}
END_TEST

static struct slice decoded(json_t *v)
{
    return slice_of(json_string_value(v), json_string_length(v));
}

START_TEST(lossy)
{
    struct buf b;

    PUTS_AS(json_put_string_lossy,
            "a\xff"
            "b",
            "\"a\\ufffdb\"");
    PUTS_AS(json_put_string_lossy, "\xe2\x82", "\"\\ufffd\\ufffd\"");
    PUTS_AS(json_put_string_lossy, "\xc3\xa9\xc3", "\"é\\ufffd\"");
    PUTS_AS(json_put_string_lossy, "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");
    /* Whatever the bytes, a line that JSON can be read from. */
    buf_init(&b, 10000);
    for (unsigned x = 0; x < 256; x++) {
        unsigned char text[] = {'a', (unsigned char)x, 'b'};
        buf_clear(&b);
        json_put_string_lossy(&b, slice_of(text, 3));
        MUST(!b.failed);
        json_t *v = json_loadb((const char *)b.p, b.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        MUST_SAY(v != NULL, "byte %u", x);
        json_decref(v);
    }
    buf_free(&b);
}
END_TEST

START_TEST(read_back_equal)
{
    struct rng r;
    struct buf text, out;

    rng_init(&r, "json");
    buf_init(&text, 10000);
    buf_init(&out, 100000);
    for (unsigned i = 0; i < 5000; i++) {
        buf_clear(&text);
        for (uint32_t n = rng_below(&r, 40); n > 0; n--) {
            static const uint32_t most[] = {0x80, 0x20, 0x800, 0x10000, 0x110000};
            uint32_t cp = rng_below(&r, most[rng_below(&r, 5)]);
            unsigned char c[4];
            if (is_character(cp))
                buf_put(&text, c, encode(c, cp));
        }
        for (unsigned manner = 0; manner < 2; manner++) {
            buf_clear(&out);
            (manner ? json_put_string_ascii : json_put_string)(&out, buf_slice(&text));
            json_t *v =
                json_loadb((const char *)out.p, out.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
            MUST(!out.failed && v != NULL);
            MUST(slice_eq(decoded(v), buf_slice(&text)));
            json_decref(v);
        }
    }
    buf_free(&text);
    buf_free(&out);
}
END_TEST

START_TEST(strings_keep_to_the_ceiling)
{
    struct buf b;

    for (size_t max = 1; max < 20; max++) {
        buf_init(&b, max);
        json_put_string_ascii(&b, SLICE_LIT("a\n😀b"));
        ck_assert(b.failed == (max < 18));
        ck_assert_uint_le(b.n, max);
        buf_free(&b);
    }
}
END_TEST

START_TEST(base64)
{
    PUTS_AS(base64_put, "", "");
    PUTS_AS(base64_put, "f", "Zg==");
    PUTS_AS(base64_put, "fo", "Zm8=");
    PUTS_AS(base64_put, "foo", "Zm9v");
    PUTS_AS(base64_put, "foob", "Zm9vYg==");
    PUTS_AS(base64_put, "fooba", "Zm9vYmE=");
    PUTS_AS(base64_put, "foobar", "Zm9vYmFy");
    PUTS_AS(base64_put, "\0", "AA==");
    PUTS_AS(base64_put, "\xff\xff\xff\xff", "/////w==");
    PUTS_AS(base64_put, "\xfb\xef\xbe", "++++");
    puts_as(base64_put, slice_of(NULL, 0), SLICE_LIT(""));
}
END_TEST

START_TEST(base64_appends_and_ends)
{
    struct buf b;

    buf_init(&b, 9);
    buf_putc(&b, '>');
    base64_put(&b, SLICE_LIT("foobar"));
    ck_slice_eq(buf_slice(&b), ">Zm9vYmFy");
    ck_assert(!b.failed);
    base64_put(&b, SLICE_LIT(""));
    ck_assert(!b.failed);
    base64_put(&b, SLICE_LIT("f"));
    ck_assert(b.failed);
    buf_free(&b);
}
END_TEST

Suite *suite_json(void)
{
    Suite *s = suite_create("json");
    TCase *t = tcase_create("json");

    tcase_set_timeout(t, 20);
    tcase_add_test(t, utf8_every_character);
    tcase_add_test(t, utf8_every_three_bytes);
    tcase_add_test(t, utf8_bad);
    tcase_add_loop_test(t, escapes, 0, 3);
    tcase_add_test(t, utf8_passes);
    tcase_add_test(t, ascii);
    tcase_add_test(t, ascii_del_as_python);
    tcase_add_test(t, lossy);
    tcase_add_test(t, read_back_equal);
    tcase_add_test(t, strings_keep_to_the_ceiling);
    tcase_add_test(t, base64);
    tcase_add_test(t, base64_appends_and_ends);
    suite_add_tcase(s, t);
    return s;
}
