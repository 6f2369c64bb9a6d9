/* test_shard_map.c - 128-bit decimals, MD5 placement, ranges and their gaps. */
#include <check.h>

#include "sink/shard_map.h"

Suite *suite_shard_map(void);

#define LAST "340282366920938463463374607431768211455"

START_TEST(decimals)
{
    static const char *const good[] = {"0", "1", "18446744073709551616", LAST};
    static const char *const bad[] = {"",
                                      "-1",
                                      "1x",
                                      " 1",
                                      "340282366920938463463374607431768211456",
                                      "1000000000000000000000000000000000000000"};
    char text[HASH_TEXT];
    hash_key_t v;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert(hash_key_parse(&v, slice_str(good[i])));
        ck_assert_str_eq(hash_key_text(text, v), good[i]);
    }
    ck_assert(hash_key_parse(&v, SLICE_LIT("007")));
    ck_assert_str_eq(hash_key_text(text, v), "7");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!hash_key_parse(&v, slice_str(bad[i])), "%s", bad[i]);
}
END_TEST

static void add(struct shard_map *m, const char *id, const char *first, const char *last)
{
    struct err e;

    ck_assert_int_eq(shard_map_add(m, slice_str(id), slice_str(first), slice_str(last), &e), 0);
}

START_TEST(placement)
{
    struct shard_map m;
    char text[HASH_TEXT];
    struct err e;

    ck_assert_int_eq(shard_map_init(&m, &e), 0);
    ck_assert_int_eq(shard_map_seal(&m, &e), -1);
    add(&m, "c", "170141183460469231731687303715884105729", LAST);
    add(&m, "a", "0", "99");
    add(&m, "b", "100", "170141183460469231731687303715884105728");
    ck_assert_int_eq(shard_map_seal(&m, &e), 0);
    ck_assert_str_eq(m.shard[0].id, "a");
    ck_assert_str_eq(m.shard[1].first_text, "100");
    ck_assert_uint_eq(shard_map_find(&m, 0), 0);
    ck_assert_uint_eq(shard_map_find(&m, 99), 0);
    ck_assert_uint_eq(shard_map_find(&m, 100), 1);
    ck_assert_uint_eq(shard_map_find(&m, m.shard[1].last), 1);
    ck_assert_uint_eq(shard_map_find(&m, m.shard[1].last + 1), 2);
    ck_assert_uint_eq(shard_map_find(&m, m.shard[2].last), 2);
    /* MD5("a") = 0cc175b9c0f1b6a831c399e269772661, MD5("b") = 92eb5ffee6ae2fec3ad71c777531578f */
    ck_assert_str_eq(hash_key_text(text, shard_map_hash(&m, SLICE_LIT("a"))),
                     "16955237001963240173058271559858726497");
    ck_assert_uint_eq(shard_map_of_key(&m, SLICE_LIT("a")), 1);
    ck_assert_uint_eq(shard_map_of_key(&m, SLICE_LIT("b")), 2);
    ck_assert_uint_eq(shard_map_of_key(&m, SLICE_LIT("a")), 1);
    shard_map_free(&m);
}
END_TEST

START_TEST(bad_lists)
{
    static const char *const ranges[][4] = {
        {"1", "99", "100", LAST},  /* starts late */
        {"0", "99", "101", LAST},  /* gap */
        {"0", "100", "100", LAST}, /* overlap */
        {"0", LAST, "100", LAST},  /* parent beside its child */
        {"0", "99", "100", "200"}, /* ends early */
    };
    struct shard_map m;
    struct err e;

    ck_assert_int_eq(shard_map_init(&m, &e), 0);
    add(&m, "x", ranges[_i][0], ranges[_i][1]);
    add(&m, "y", ranges[_i][2], ranges[_i][3]);
    ck_assert_int_eq(shard_map_seal(&m, &e), -1);
    ck_assert_int_eq(e.code, ERR_SINK);
    shard_map_free(&m);
}
END_TEST

START_TEST(bad_shards)
{
    struct shard_map m;
    struct err e;
    char id[200] = {0};

    ck_assert_int_eq(shard_map_init(&m, &e), 0);
    for (size_t i = 0; i < sizeof id; i++)
        id[i] = 'x';
    ck_assert_int_eq(shard_map_add(&m, SLICE_LIT(""), SLICE_LIT("0"), SLICE_LIT("1"), &e), -1);
    ck_assert_int_eq(shard_map_add(&m, slice_of(id, sizeof id), SLICE_LIT("0"), SLICE_LIT("1"), &e),
                     -1);
    ck_assert_int_eq(shard_map_add(&m, SLICE_LIT("x"), SLICE_LIT("2"), SLICE_LIT("1"), &e), -1);
    ck_assert_int_eq(shard_map_add(&m, SLICE_LIT("x"), SLICE_LIT(""), SLICE_LIT("1"), &e), -1);
    ck_assert_uint_eq(m.n, 0);
    shard_map_free(&m);
}
END_TEST

Suite *suite_shard_map(void)
{
    Suite *s = suite_create("shard_map");
    TCase *t = tcase_create("shard_map");

    tcase_add_test(t, decimals);
    tcase_add_test(t, placement);
    tcase_add_loop_test(t, bad_lists, 0, 5);
    tcase_add_test(t, bad_shards);
    suite_add_tcase(s, t);
    return s;
}
