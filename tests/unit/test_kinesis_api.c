/* test_kinesis_api.c - Kinesis' messages: what is sent, what answers mean, what errors ask. */
#include <check.h>

#include "sink/kinesis_api.h"

Suite *suite_kinesis_api(void);

#define NS "com.amazonaws.kinesis.v20131202#"

START_TEST(errors)
{
    static const struct {
        int status;
        const char *body;
        enum kinesis_verdict verdict;
        const char *code;
    } cases[] = {
        {200, "{}", KINESIS_OK, NULL},
        {400, "{\"__type\":\"" NS "ProvisionedThroughputExceededException\"}", KINESIS_RETRY,
         "ProvisionedThroughputExceededException"},
        {400, "{\"__type\":\"ThrottlingException\"}", KINESIS_RETRY, "ThrottlingException"},
        {400, "{\"__type\":\"KMSThrottlingException\"}", KINESIS_RETRY, "KMSThrottlingException"},
        {400, "{\"__type\":\"LimitExceededException\"}", KINESIS_RETRY, "LimitExceededException"},
        {408, "{\"__type\":\"RequestTimeoutException\"}", KINESIS_RETRY, "RequestTimeoutException"},
        {400, "{\"__type\":\"Martian\"}", KINESIS_RETRY, "Martian"},
        {500, "", KINESIS_RETRY, "HTTP status 500"},
        {502, "<html>", KINESIS_RETRY, "HTTP status 502"},
        {503, "{\"__type\":\"AccessDeniedException\"}", KINESIS_RETRY, "AccessDeniedException"},
        {504, "[1]", KINESIS_RETRY, "HTTP status 504"},
        {403, "<html>", KINESIS_RETRY, "HTTP status 403"},
        {400, "{\"__type\":\"ExpiredTokenException\"}", KINESIS_CREDENTIALS,
         "ExpiredTokenException"},
        {400, "{\"__type\":\"UnrecognizedClientException\"}", KINESIS_CREDENTIALS,
         "UnrecognizedClientException"},
        {403, "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired: x\"}",
         KINESIS_CLOCK, "InvalidSignatureException"},
        {403,
         "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature not yet current\"}",
         KINESIS_CLOCK, "InvalidSignatureException"},
        {403, "{\"__type\":\"InvalidSignatureException\",\"message\":\"doesn't match\"}",
         KINESIS_FATAL, "InvalidSignatureException"},
        {400, "{\"__type\":\"AccessDeniedException\",\"Message\":\"no\"}", KINESIS_FATAL,
         "AccessDeniedException"},
        {400, "{\"__type\":\"ResourceNotFoundException:\"}", KINESIS_FATAL,
         "ResourceNotFoundException"},
        {400, "{\"__type\":\"InvalidArgumentException\"}", KINESIS_FATAL,
         "InvalidArgumentException"},
        {400, "{\"__type\":\"ValidationException\"}", KINESIS_FATAL, "ValidationException"},
    };
    struct kinesis_error error = {.code = "", .message = ""};

    ck_assert_int_eq(kinesis_judge(&error, cases[_i].status, slice_str(cases[_i].body)),
                     cases[_i].verdict);
    if (cases[_i].code)
        ck_assert_str_eq(error.code, cases[_i].code);
}
END_TEST

START_TEST(requests)
{
    struct buf b;

    buf_init(&b, 1000);
    kinesis_put_describe(&b, SLICE_LIT("s"));
    ck_assert_str_eq(buf_cstr(&b), "{\"StreamName\":\"s\"}");
    buf_clear(&b);
    kinesis_put_list(&b, SLICE_LIT("s"), SLICE_LIT(""), true);
    ck_assert_str_eq(buf_cstr(&b),
                     "{\"StreamName\":\"s\",\"ShardFilter\":{\"Type\":\"AT_LATEST\"}}");
    buf_clear(&b);
    kinesis_put_list(&b, SLICE_LIT("s"), SLICE_LIT(""), false);
    ck_assert_str_eq(buf_cstr(&b), "{\"StreamName\":\"s\"}");
    buf_clear(&b);
    kinesis_put_list(&b, SLICE_LIT("s"), SLICE_LIT("t\"+/="), true);
    ck_assert_str_eq(buf_cstr(&b), "{\"NextToken\":\"t\\\"+/=\"}");
    buf_clear(&b);
    kinesis_put_begin(&b, SLICE_LIT("s"));
    kinesis_put_record(&b, SLICE_LIT("x"), SLICE_LIT("k"), SLICE_LIT("12"), true);
    kinesis_put_record(&b, SLICE_LIT(""), SLICE_LIT("\xC3\xA9"), SLICE_LIT(""), false);
    kinesis_put_end(&b);
    ck_assert_str_eq(buf_cstr(&b),
                     "{\"StreamName\":\"s\",\"Records\":[{\"Data\":\"eA==\",\"PartitionKey\":"
                     "\"k\",\"ExplicitHashKey\":\"12\"},{\"Data\":\"\",\"PartitionKey\":"
                     "\"\xC3\xA9\"}]}");
    buf_free(&b);
}
END_TEST

START_TEST(description)
{
    struct kinesis_stream s;

    ck_assert_int_eq(kinesis_read_describe(&s, SLICE_LIT("{}")), -1);
    ck_assert_int_eq(kinesis_read_describe(&s, SLICE_LIT("")), -1);
    ck_assert_int_eq(kinesis_read_describe(&s, SLICE_LIT("{\"StreamDescriptionSummary\":{"
                                                         "\"StreamStatus\":\"UPDATING\"}}")),
                     0);
    ck_assert_int_eq(s.status, STREAM_READY);
    ck_assert_uint_eq(s.record_max, 1 << 20);
    ck_assert_int_eq(
        kinesis_read_describe(&s, SLICE_LIT("{\"StreamDescriptionSummary\":{\"StreamStatus\":"
                                            "\"ACTIVE\",\"MaxRecordSizeInKiB\":10240}}")),
        0);
    ck_assert_uint_eq(s.record_max, 10 << 20);
    ck_assert_int_eq(kinesis_read_describe(&s, SLICE_LIT("{\"StreamDescriptionSummary\":{"
                                                         "\"StreamStatus\":\"CREATING\"}}")),
                     0);
    ck_assert_int_eq(s.status, STREAM_NOT_YET);
    ck_assert_int_eq(kinesis_read_describe(&s, SLICE_LIT("{\"StreamDescriptionSummary\":{"
                                                         "\"StreamStatus\":\"DELETING\"}}")),
                     0);
    ck_assert_int_eq(s.status, STREAM_GOING);
}
END_TEST

START_TEST(shard_list)
{
    static const char page[] =
        "{\"NextToken\":\"more\",\"Shards\":[{\"ShardId\":\"shardId-0\",\"HashKeyRange\":{"
        "\"StartingHashKey\":\"0\",\"EndingHashKey\":\"9\"},\"SequenceNumberRange\":{"
        "\"StartingSequenceNumber\":\"1\",\"EndingSequenceNumber\":\"2\"}},{\"ShardId\":"
        "\"shardId-1\",\"HashKeyRange\":{\"StartingHashKey\":\"0\",\"EndingHashKey\":"
        "\"340282366920938463463374607431768211455\"},\"SequenceNumberRange\":{"
        "\"StartingSequenceNumber\":\"1\"}}]}";
    struct shard_map m;
    struct buf token;
    struct err e;

    ck_assert_int_eq(shard_map_init(&m, &e), 0);
    buf_init(&token, 100);
    ck_assert_int_eq(kinesis_read_list(&m, &token, SLICE_LIT(page), &e), 0);
    ck_assert_str_eq(buf_cstr(&token), "more");
    ck_assert_int_eq(kinesis_read_list(&m, &token, SLICE_LIT("{\"Shards\":[]}"), &e), 0);
    ck_assert_uint_eq(token.n, 0);
    ck_assert_int_eq(shard_map_seal(&m, &e), 0);
    ck_assert_uint_eq(m.n, 1);
    ck_assert_str_eq(m.shard[0].id, "shardId-1");
    ck_assert_int_eq(kinesis_read_list(&m, &token, SLICE_LIT("{\"Shards\":[{}]}"), &e), -1);
    ck_assert_int_eq(kinesis_read_list(&m, &token, SLICE_LIT("{}"), &e), -1);
    shard_map_free(&m);
    buf_free(&token);
}
END_TEST

START_TEST(outcomes)
{
    static const char body[] =
        "{\"FailedRecordCount\":2,\"Records\":["
        "{\"SequenceNumber\":\"1\",\"ShardId\":\"s0\"},"
        "{\"SequenceNumber\":\"1\",\"ShardId\":\"s1\",\"ErrorCode\":null,\"ErrorMessage\":null},"
        "{\"ErrorCode\":\"ProvisionedThroughputExceededException\",\"ErrorMessage\":\"slow\"},"
        "{\"ErrorCode\":\"Martian\",\"ErrorMessage\":null,\"SequenceNumber\":\"1\","
        "\"ShardId\":\"s0\"},"
        "{},7,"
        "{\"SequenceNumber\":null,\"ShardId\":\"s0\"},"
        "{\"ErrorCode\":5,\"SequenceNumber\":\"1\",\"ShardId\":\"s0\"}]}";
    static const bool stored[] = {true, true, false, false, false, false, false, false};
    struct kinesis_put_answer a;

    ck_assert_int_eq(kinesis_read_put(&a, SLICE_LIT(body), 7), -1);
    ck_assert_int_eq(kinesis_read_put(&a, slice_of(body, sizeof body - 10), 8), -1);
    ck_assert_int_eq(kinesis_read_put(&a, SLICE_LIT("{}"), 0), -1);
    ck_assert_int_eq(kinesis_read_put(&a, SLICE_LIT(body), 8), 0);
    for (size_t i = 0; i < 8; i++)
        ck_assert_int_eq(kinesis_put_outcome(&a, i).stored, stored[i]);
    ck_assert(slice_eq(kinesis_put_outcome(&a, 1).shard, SLICE_LIT("s1")));
    ck_assert(slice_eq(kinesis_put_outcome(&a, 2).message, SLICE_LIT("slow")));
    ck_assert(slice_eq(kinesis_put_outcome(&a, 3).code, SLICE_LIT("Martian")));
    kinesis_put_answer_free(&a);
}
END_TEST

Suite *suite_kinesis_api(void)
{
    Suite *s = suite_create("kinesis_api");
    TCase *t = tcase_create("kinesis_api");

    tcase_add_loop_test(t, errors, 0, 21);
    tcase_add_test(t, requests);
    tcase_add_test(t, description);
    tcase_add_test(t, shard_list);
    tcase_add_test(t, outcomes);
    suite_add_tcase(s, t);
    return s;
}
