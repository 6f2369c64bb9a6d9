/* test_credentials.c - ini files, credentials, region and endpoint. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/ini.h"
#include "aws/profile.h"

Suite *suite_credentials(void);

static char home[64];

static void write_file(const char *name, const char *text)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", home, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

/* An environment without AWS in it, and an empty home. Each test has its own process. */
static void set_up(void)
{
    static const char *const names[] = {
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        "AWS_PROFILE",       "AWS_CONFIG_FILE",       "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_REGION",        "AWS_DEFAULT_REGION",    "AWS_ENDPOINT_URL_KINESIS",
        "AWS_ENDPOINT_URL",
    };
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    snprintf(home, sizeof home, "%s", "/tmp/walferry-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(home));
    snprintf(path, sizeof path, "mkdir -p %s/.aws", home);
    ck_assert_int_eq(system(path), 0);
    setenv("HOME", home, 1);
}

static void tear_down(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", home);
    ck_assert_int_eq(system(command), 0);
}

static const char ini[] = "; a comment\n"
                          "[default]\n"
                          "region = eu-west-1\r\n"
                          "empty =\n"
                          "# another\n"
                          "[profile dev]   # of ours\n"
                          "region=eu-central-1 ; near\n"
                          "services = local\n"
                          "  region = nested\n"
                          "   secret = a=b#c \n"
                          "url = a#b\n"
                          "[services local]\n"
                          "  kinesis =\n"
                          "    endpoint_url = http://x\n"
                          "  sqs = 1\n"
                          "[default]\n"
                          "region = eu-north-1";

START_TEST(ini_values)
{
    static const struct {
        const char *section, *key, *value;
    } cases[] = {
        {"default", "region", "eu-north-1"},
        {"default", "empty", ""},
        {"profile dev", "region", "eu-central-1"},
        {"profile dev", "url", "a#b"},
        {"profile dev", "secret", NULL},
        {"services local", "sqs", "1"},
        {"services local", "endpoint_url", NULL},
        {"dev", "region", NULL},
        {"default", "nothing", NULL},
    };
    struct slice v;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool found =
            ini_get(&v, SLICE_LIT(ini), slice_str(cases[i].section), slice_str(cases[i].key));
        ck_assert_msg(found == (cases[i].value != NULL), "%s.%s", cases[i].section, cases[i].key);
        if (found)
            ck_assert(slice_eq(v, slice_str(cases[i].value)));
    }
    ck_assert(ini_has(SLICE_LIT(ini), SLICE_LIT("services local")));
    ck_assert(!ini_has(SLICE_LIT(ini), SLICE_LIT("services")));
    ck_assert(!ini_has(SLICE_LIT("[open\nx"), SLICE_LIT("open")));
    ck_assert(!ini_has(SLICE_LIT(""), SLICE_LIT("")));
}
END_TEST

START_TEST(ini_files)
{
    char path[128];
    struct buf b;
    struct err e;

    buf_init(&b, 16);
    snprintf(path, sizeof path, "%s/none", home);
    ck_assert_int_eq(ini_read(&b, path, &e), 0);
    ck_assert_int_eq(ini_read(&b, home, &e), -1);
    write_file("some", "0123456789abcdefg");
    snprintf(path, sizeof path, "%s/some", home);
    ck_assert_int_eq(ini_read(&b, path, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.text, "larger than"));
    buf_free(&b);
}
END_TEST

static void check_keys(const struct credentials *c, const char *id, const char *secret,
                       const char *token)
{
    struct sigv4_keys k = credentials_keys(c);

    ck_assert(slice_eq(k.id, slice_str(id)));
    ck_assert(slice_eq(k.secret, slice_str(secret)));
    ck_assert(slice_eq(k.token, slice_str(token)));
}

START_TEST(from_environment)
{
    struct credentials *c;
    struct err e;

    setenv("AWS_ACCESS_KEY_ID", "ID", 1);
    ck_assert_int_eq(credentials_find(&c, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.text, "AWS_SECRET_ACCESS_KEY is not"));
    setenv("AWS_SECRET_ACCESS_KEY", "SECRET", 1);
    write_file(".aws/credentials", "[default]\naws_access_key_id=F\naws_secret_access_key=G\n");
    ck_assert_int_eq(credentials_find(&c, &e), 0);
    check_keys(c, "ID", "SECRET", "");
    ck_assert_str_eq(credentials_source(c), "environment");
    setenv("AWS_SESSION_TOKEN", "TOKEN", 1);
    ck_assert_int_eq(credentials_reload(c, &e), 0);
    check_keys(c, "ID", "SECRET", "TOKEN");
    unsetenv("AWS_ACCESS_KEY_ID");
    ck_assert_int_eq(credentials_reload(c, &e), 0);
    check_keys(c, "F", "G", "");
    setenv("AWS_ACCESS_KEY_ID", "I\r\nX: y", 1);
    ck_assert_int_eq(credentials_reload(c, &e), -1);
    check_keys(c, "F", "G", "");
    credentials_free(c);
    credentials_free(NULL);
}
END_TEST

START_TEST(from_file)
{
    struct credentials *c;
    char path[128];
    struct err e;

    ck_assert_int_eq(credentials_find(&c, &e), -1);
    ck_assert_int_eq(e.code, ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(e.text, "AWS_ACCESS_KEY_ID is not set"));
    ck_assert_ptr_nonnull(strstr(e.text, "/.aws/credentials: no such file"));

    write_file(".aws/credentials", "[default]\n"
                                   "aws_access_key_id = DEF\n"
                                   "[ci]\n"
                                   "  aws_access_key_id = ID\n"
                                   "  aws_secret_access_key = s+/=\n"
                                   "  aws_session_token = T==\n"
                                   "[sso]\n");
    ck_assert_int_eq(credentials_find(&c, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.text, "\"default\" has no aws_secret_access_key"));
    setenv("AWS_PROFILE", "sso", 1);
    ck_assert_int_eq(credentials_find(&c, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.text, "\"sso\" has no aws_access_key_id"));
    setenv("AWS_PROFILE", "none", 1);
    ck_assert_int_eq(credentials_find(&c, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.text, "no profile \"none\""));
    setenv("AWS_PROFILE", "ci", 1);
    ck_assert_int_eq(credentials_find(&c, &e), 0);
    check_keys(c, "ID", "s+/=", "T==");
    ck_assert_str_eq(credentials_source(c), "shared credentials file");
    credentials_free(c);

    snprintf(path, sizeof path, "%s/elsewhere", home);
    setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
    ck_assert_int_eq(credentials_find(&c, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.text, "/elsewhere: no such file"));
    setenv("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", 1);
    ck_assert_int_eq(credentials_find(&c, &e), 0);
    credentials_free(c);
    unsetenv("AWS_SHARED_CREDENTIALS_FILE");
    unsetenv("HOME");
    ck_assert_int_eq(credentials_find(&c, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.text, "neither HOME"));
}
END_TEST

START_TEST(regions)
{
    char region[REGION_MAX];
    struct err e;

    ck_assert_int_eq(endpoint_region(region, NULL, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.text, "AWS_DEFAULT_REGION"));
    ck_assert_ptr_nonnull(strstr(e.text, "/.aws/config"));
    write_file(".aws/config", ini);
    ck_assert_int_eq(endpoint_region(region, NULL, &e), 0);
    ck_assert_str_eq(region, "eu-north-1");
    setenv("AWS_PROFILE", "dev", 1);
    ck_assert_int_eq(endpoint_region(region, NULL, &e), 0);
    ck_assert_str_eq(region, "eu-central-1");
    setenv("AWS_PROFILE", "other", 1);
    ck_assert_int_eq(endpoint_region(region, NULL, &e), -1);
    setenv("AWS_DEFAULT_REGION", "us-west-1", 1);
    ck_assert_int_eq(endpoint_region(region, NULL, &e), 0);
    ck_assert_str_eq(region, "us-west-1");
    setenv("AWS_REGION", "us-west-2", 1);
    ck_assert_int_eq(endpoint_region(region, NULL, &e), 0);
    ck_assert_str_eq(region, "us-west-2");
    ck_assert_int_eq(endpoint_region(region, "ap-south-1", &e), 0);
    ck_assert_str_eq(region, "ap-south-1");
    ck_assert_int_eq(endpoint_region(region, "evil.example/", &e), -1);
    ck_assert_int_eq(e.code, ERR_USAGE);
}
END_TEST

START_TEST(endpoints)
{
    struct endpoint p;
    struct err e;

    ck_assert_int_eq(endpoint_find(&p, "kinesis", "eu-west-1", NULL, &e), 0);
    ck_assert_str_eq(p.url, "https://kinesis.eu-west-1.amazonaws.com/");
    ck_assert_str_eq(p.host, "kinesis.eu-west-1.amazonaws.com");
    ck_assert_str_eq(p.path, "/");
    ck_assert_int_eq(endpoint_find(&p, "kinesis", "cn-north-1", NULL, &e), 0);
    ck_assert_str_eq(p.host, "kinesis.cn-north-1.amazonaws.com.cn");
    setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566", 1);
    ck_assert_int_eq(endpoint_find(&p, "kinesis", "eu-west-1", NULL, &e), 0);
    ck_assert_str_eq(p.url, "http://127.0.0.1:4566/");
    ck_assert_str_eq(p.host, "127.0.0.1:4566");
    setenv("AWS_ENDPOINT_URL_KINESIS", "https://k.example:443/base", 1);
    ck_assert_int_eq(endpoint_find(&p, "kinesis", "eu-west-1", NULL, &e), 0);
    ck_assert_str_eq(p.host, "k.example");
    ck_assert_str_eq(p.path, "/base");
    ck_assert_int_eq(endpoint_find(&p, "kinesis", "eu-west-1", "http://[::1]:80", &e), 0);
    ck_assert_str_eq(p.host, "[::1]");
}
END_TEST

START_TEST(endpoints_refused)
{
    static const char *const urls[] = {"ftp://x",     "kinesis",       "http://",
                                       "https:///x",  "http://u@h",    "http://h/?a",
                                       "http://h/ x", "http://h/\r\nX"};
    struct endpoint p;
    struct err e;

    ck_assert_int_eq(endpoint_parse(&p, urls[_i], &e), -1);
    ck_assert_int_eq(e.code, ERR_USAGE);
}
END_TEST

Suite *suite_credentials(void)
{
    Suite *s = suite_create("credentials");
    TCase *t = tcase_create("credentials");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, ini_values);
    tcase_add_test(t, ini_files);
    tcase_add_test(t, from_environment);
    tcase_add_test(t, from_file);
    tcase_add_test(t, regions);
    tcase_add_test(t, endpoints);
    tcase_add_loop_test(t, endpoints_refused, 0, 8);
    suite_add_tcase(s, t);
    return s;
}
