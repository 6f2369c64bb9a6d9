/* test_sigv4.c - the signer against the published suite and against botocore's signatures. */
#include <check.h>
#include <string.h>

#include "aws/sigv4.h"

Suite *suite_sigv4(void);

enum { HEADERS = 6, TIME = 1440938160 }; /* 20150830T123600Z */

static const struct sigv4_scope scope = {
    .time = TIME,
    .region = {(const unsigned char *)"us-east-1", 9},
    .service = {(const unsigned char *)"service", 7},
};

struct vector {
    const char *name;
    const char *method; /* NULL: GET */
    const char *path;   /* NULL: "/" */
    const char *query;
    bool keep_path;
    const char *header[HEADERS][2]; /* besides host */
    const char *body;
    enum sigv4_payload payload;
    const char *token;
    const char *signature;
};

#define FORM "application/x-www-form-urlencoded"

/* The aws-sig-v4 suite (AKIDEXAMPLE, service "service"), header form. */
static const struct vector vectors[] = {
    {.name = "get-vanilla",
     .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {.name = "get-vanilla-with-session-token",
     .token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
     .signature = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
    {.name = "get-vanilla-query-order-key-case",
     .query = "Param2=value2&Param1=value1",
     .signature = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {.name = "get-vanilla-query-order-encoded",
     .query = "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
     .signature = "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
    {.name = "get-vanilla-utf8-query",
     .query = "\xE1\x88\xB4=bar",
     .signature = "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {.name = "get-vanilla-empty-query-key",
     .query = "Param1=value1",
     .signature = "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {.name = "get-utf8",
     .path = "/\xE1\x88\xB4",
     .signature = "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {.name = "get-space-normalized",
     .path = "/example space/",
     .signature = "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {.name = "get-unreserved",
     .path = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
     .signature = "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {.name = "get-slashes-normalized",
     .path = "//example//",
     .signature = "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
    {.name = "get-slashes-unnormalized",
     .path = "//example//",
     .keep_path = true,
     .signature = "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"},
    {.name = "get-slash-dot-slash-normalized",
     .path = "/./",
     .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {.name = "get-slash-pointless-dot-normalized",
     .path = "/./example",
     .signature = "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
    {.name = "get-slash-pointless-dot-unnormalized",
     .path = "/./example",
     .keep_path = true,
     .signature = "beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff"},
    {.name = "get-relative-normalized",
     .path = "/example/..",
     .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {.name = "get-relative-relative-normalized",
     .path = "/example1/example2/../..",
     .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {.name = "get-relative-relative-unnormalized",
     .path = "/example1/example2/../..",
     .keep_path = true,
     .signature = "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b"},
    {.name = "get-header-key-duplicate",
     .header = {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
     .signature = "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {.name = "get-header-value-order",
     .header = {{"My-Header1", "value4"},
                {"My-Header1", "value1"},
                {"My-Header1", "value3"},
                {"My-Header1", "value2"}},
     .signature = "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {.name = "get-header-value-multiline",
     .header = {{"My-Header1", "value1\n  value2\n     value3"}},
     .signature = "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd"},
    {.name = "get-header-value-trim",
     .header = {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
     .signature = "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {.name = "post-vanilla",
     .method = "POST",
     .signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {.name = "post-x-www-form-urlencoded",
     .method = "POST",
     .header = {{"Content-Type", FORM}, {"Content-Length", "13"}},
     .body = "Param1=value1",
     .payload = SIGV4_BODY_HEADER,
     .signature = "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
    {.name = "post-x-www-form-urlencoded-parameters",
     .method = "POST",
     .header = {{"Content-Type", FORM "; charset=utf-8"}, {"Content-Length", "13"}},
     .body = "Param1=value1",
     .payload = SIGV4_BODY_HEADER,
     .signature = "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"},
    /* Not of the suite; what botocore makes of it. */
    {.name = "path and query together",
     .path = "/a/../b%20c//d/",
     .query = "x=1&a=b%2Fc&a=B-d&empty=&bare",
     .signature = "28bc728d79cd3410f6b01e029763b065b25c42d5d8bfbd24987024a4b2663208"},
};

static struct sigv4_keys keys_with(const char *token)
{
    return (struct sigv4_keys){
        .id = SLICE_LIT("AKIDEXAMPLE"),
        .secret = SLICE_LIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        .token = slice_str(token ? token : ""),
    };
}

static const char *after(const char *text, const char *what)
{
    const char *at = strstr(text, what);

    ck_assert_ptr_nonnull(at);
    return at + strlen(what);
}

START_TEST(published_vectors)
{
    const struct vector *v = &vectors[_i];
    struct sigv4_header header[HEADERS + 1] = {
        {SLICE_LIT("Host"), SLICE_LIT("example.amazonaws.com")}};
    struct sigv4_signature sig;
    struct err e;
    size_t n = 1;

    for (size_t i = 0; i < HEADERS && v->header[i][0]; i++)
        header[n++] = (struct sigv4_header){slice_str(v->header[i][0]), slice_str(v->header[i][1])};
    struct sigv4_request q = {
        .method = slice_str(v->method ? v->method : "GET"),
        .path = slice_str(v->path ? v->path : "/"),
        .query = slice_str(v->query ? v->query : ""),
        .header = header,
        .headers = n,
        .body = slice_str(v->body ? v->body : ""),
        .payload = v->payload,
        .keep_path = v->keep_path,
    };
    struct sigv4_keys keys = keys_with(v->token);
    buf_init(&sig.authorization, 4096);
    ck_assert_int_eq(sigv4_sign(&sig, &q, &keys, &scope, &e), 0);
    ck_assert_str_eq(sig.date, "20150830T123600Z");
    const char *got = after(buf_cstr(&sig.authorization), "Signature=");
    ck_assert_msg(strcmp(got, v->signature) == 0, "%s: %s", v->name, got);
    buf_free(&sig.authorization);
}
END_TEST

/* Signed by botocore: Kinesis' own headers, without and with a session token. */
START_TEST(kinesis_request)
{
    static const char *const token[] = {"", "TOK/EN+="};
    static const char *const expected[] = {
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/kinesis/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
        "Signature=abd2aa246c9ffbe6d5712297bd0a5e4e42de6ef79b335bdef33da8a61c01f8aa",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/kinesis/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
        "Signature=1c87cf15ad1d13101c60961a684e2ffffa08112fb2a19bbfc331e3a955a5eb95",
    };
    const struct sigv4_header header[] = {
        {SLICE_LIT("X-Amz-Target"), SLICE_LIT("Kinesis_20131202.PutRecords")},
        {SLICE_LIT("Host"), SLICE_LIT("kinesis.us-east-1.amazonaws.com")},
        {SLICE_LIT("Content-Type"), SLICE_LIT("application/x-amz-json-1.1")},
    };
    const struct sigv4_request q = {
        .method = SLICE_LIT("POST"),
        .path = SLICE_LIT("/"),
        .header = header,
        .headers = 3,
        .body = SLICE_LIT("{\"StreamName\":\"s\",\"Records\":[]}"),
    };
    struct sigv4_scope kinesis = scope;
    struct sigv4_keys keys = keys_with(token[_i]);
    struct sigv4_signature sig;
    struct err e;

    kinesis.service = SLICE_LIT("kinesis");
    buf_init(&sig.authorization, 4096);
    ck_assert_int_eq(sigv4_sign(&sig, &q, &keys, &kinesis, &e), 0);
    ck_assert_str_eq(buf_cstr(&sig.authorization), expected[_i]);
    buf_free(&sig.authorization);
}
END_TEST

START_TEST(canonical_steps)
{
    const struct sigv4_header header[] = {{SLICE_LIT("Host"), SLICE_LIT("h")}};
    struct sigv4_request q = {
        .method = SLICE_LIT("GET"),
        .header = header,
        .headers = 1,
        .query = SLICE_LIT("b=%zz&a&&a=%41"),
        .payload = SIGV4_UNSIGNED_BODY,
    };
    struct sigv4_signature sig = {.date = "20150830T123600Z", .payload = "UNSIGNED-PAYLOAD"};
    struct buf out, names;

    buf_init(&out, 4096);
    buf_init(&names, 4096);
    ck_assert_int_eq(sigv4_canonical(&out, &names, &q, SLICE_LIT(""), &sig), 0);
    ck_assert_str_eq(buf_cstr(&names), "host;x-amz-content-sha256;x-amz-date");
    ck_assert_str_eq(buf_cstr(&out), "GET\n/\na=&a=A&b=%25zz\n"
                                     "host:h\n"
                                     "x-amz-content-sha256:UNSIGNED-PAYLOAD\n"
                                     "x-amz-date:20150830T123600Z\n\n"
                                     "host;x-amz-content-sha256;x-amz-date\n"
                                     "UNSIGNED-PAYLOAD");
    buf_free(&out);
    buf_free(&names);
}
END_TEST

START_TEST(too_many_fields)
{
    struct sigv4_header header[SIGV4_FIELDS];
    struct sigv4_request q = {.method = SLICE_LIT("GET"), .header = header};
    struct sigv4_keys keys = keys_with(NULL);
    struct sigv4_signature sig;
    struct buf query;
    struct err e;

    for (size_t i = 0; i < SIGV4_FIELDS; i++)
        header[i] = (struct sigv4_header){SLICE_LIT("h"), SLICE_LIT("v")};
    buf_init(&sig.authorization, 4096);
    buf_init(&query, 4096);
    q.headers = SIGV4_FIELDS;
    ck_assert_int_eq(sigv4_sign(&sig, &q, &keys, &scope, &e), -1);
    q.headers = 1;
    for (size_t i = 0; i <= SIGV4_FIELDS; i++)
        buf_puts(&query, "a=1&");
    q.query = buf_slice(&query);
    ck_assert_int_eq(sigv4_sign(&sig, &q, &keys, &scope, &e), -1);
    ck_assert_int_eq(e.code, ERR_SYSTEM);
    buf_free(&sig.authorization);
    buf_init(&sig.authorization, 10);
    q.query.n = 0;
    ck_assert_int_eq(sigv4_sign(&sig, &q, &keys, &scope, &e), -1);
    buf_free(&sig.authorization);
    buf_free(&query);
}
END_TEST

Suite *suite_sigv4(void)
{
    Suite *s = suite_create("sigv4");
    TCase *t = tcase_create("sigv4");

    tcase_add_loop_test(t, published_vectors, 0, sizeof vectors / sizeof *vectors);
    tcase_add_loop_test(t, kinesis_request, 0, 2);
    tcase_add_test(t, canonical_steps);
    tcase_add_test(t, too_many_fields);
    suite_add_tcase(s, t);
    return s;
}
