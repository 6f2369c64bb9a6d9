/* test_options.c - the command line and the environment: every option, every mistake. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/options.h"
#include "unit/helpers.h"
#include "unit/suites.h"

enum { MOST_WORDS = 64 };

static struct run_options o;
static struct err e;
static const char *const *environment; /* name, value, …, NULL */

static char *get(const char *name)
{
    static char value[256];

    for (const char *const *p = environment; p && *p; p += 2) {
        if (strcmp(p[0], name) == 0) {
            snprintf(value, sizeof value, "%s", p[1]);
            return value;
        }
    }
    return NULL;
}

/* getenv's values live on; so these must. */
static char *get_kept(const char *name)
{
    static char kept[MOST_WORDS][256];
    static int n;
    char *value = get(name);

    if (!value)
        return NULL;
    n = (n + 1) % MOST_WORDS;
    snprintf(kept[n], sizeof kept[n], "%s", value);
    return kept[n];
}

/* The words of a command line, parted by spaces; "_" stands for a space inside one. */
static int read_line(const char *line)
{
    static char words[MOST_WORDS][1200];
    char *argv[MOST_WORDS];
    int argc = 0;

    while (*(line += strspn(line, " "))) {
        size_t n = strcspn(line, " ");
        MUST(argc < MOST_WORDS && n < sizeof words[0]);
        memcpy(words[argc], line, n);
        words[argc][n] = 0;
        for (char *p = words[argc]; *p; p++)
            *p = *p == '_' ? ' ' : *p;
        argv[argc] = words[argc];
        argc++;
        line += n;
    }
    e = (struct err){0};
    return options_read(&o, COMMAND_RUN, argc, argv, get_kept, &e);
}

#define FILE_SINK "--slot app --sink file:/x "
#define KINESIS_SINK "--slot app --sink kinesis:stream "

static void good(const char *line)
{
    ck_assert_msg(read_line(line) == 0, "%s: %s", line, e.text);
}

static void set_up(void)
{
    environment = NULL;
}

START_TEST(defaults)
{
    good("--slot app --sink stdout");
    ck_assert_str_eq(o.source.dsn, "");
    ck_assert_str_eq(o.source.slot, "app");
    ck_assert(!o.source.create_slot);
    ck_assert(!o.source.once);
    ck_assert_uint_eq(o.source.batch_changes, 1000000);
    ck_assert_int_eq(o.source.poll_interval_ms, 100);
    ck_assert_int_eq(o.source.advance_interval_ms, 1000);
    ck_assert_int_eq(o.source.refresh_interval_ms, 3600000);
    ck_assert_uint_eq(o.source.txn_memory, 32u << 20);
    ck_assert_str_eq(o.source.spool_dir, "/tmp");
    ck_assert_str_eq(o.format->name, "csv-payload");
    ck_assert_str_eq(o.sink_ops->name, "stdout");
    ck_assert_ptr_null(o.sink.target);
    ck_assert_int_eq(o.sink.pack, PACK_KPL);
    ck_assert_ptr_null(o.sink.region);
    ck_assert_ptr_null(o.sink.endpoint_url);
    ck_assert(!o.sink.quoted_lines);
    ck_assert_int_eq(o.partition.by, PARTITION_TABLE);
    ck_assert_int_eq(o.log_level, LOG_INFO);
    ck_assert(!o.log_json);
}
END_TEST

/* Every option, in both forms of writing a value. */
START_TEST(all_of_them)
{
    static const char *const lines[] = {
        "--dsn host=db --slot app_2 --create-slot --format json --sink kinesis:my-stream "
        "--pack lines --partition-key pk --region eu-central-1 --endpoint-url http://[::1]:4567 "
        "--once --batch-changes 5 --poll-interval 2s --advance-interval 3min --txn-memory 1kB "
        "--spool-dir /var/tmp --refresh-interval 2h --log-level debug --log-format json",
        "--dsn=host=db --slot=app_2 --create-slot --format=json --sink=kinesis:my-stream "
        "--pack=lines --partition-key=pk --region=eu-central-1 --endpoint-url=http://[::1]:4567 "
        "--once --batch-changes=5 --poll-interval=2s --advance-interval=3min --txn-memory=1kB "
        "--spool-dir=/var/tmp --refresh-interval=2h --log-level=debug --log-format=json",
    };
    char line[1000];

    /* The test's own "_" is a space. */
    snprintf(line, sizeof line, "%s", lines[_i]);
    for (char *p = line; *p; p++)
        if (*p == '_')
            *p = '2';
    good(line);
    ck_assert_str_eq(o.source.dsn, "host=db");
    ck_assert_str_eq(o.source.slot, "app22");
    ck_assert(o.source.create_slot);
    ck_assert(o.source.once);
    ck_assert_str_eq(o.format->name, "json");
    ck_assert_str_eq(o.sink_ops->name, "kinesis");
    ck_assert_str_eq(o.sink.target, "my-stream");
    ck_assert_int_eq(o.sink.pack, PACK_LINES);
    ck_assert_int_eq(o.partition.by, PARTITION_PK);
    ck_assert_str_eq(o.sink.region, "eu-central-1");
    ck_assert_str_eq(o.sink.endpoint_url, "http://[::1]:4567");
    ck_assert_uint_eq(o.source.batch_changes, 5);
    ck_assert_int_eq(o.source.poll_interval_ms, 2000);
    ck_assert_int_eq(o.source.advance_interval_ms, 180000);
    ck_assert_uint_eq(o.source.txn_memory, 1024);
    ck_assert_str_eq(o.source.spool_dir, "/var/tmp");
    ck_assert_int_eq(o.source.refresh_interval_ms, 7200000);
    ck_assert_int_eq(o.log_level, LOG_DEBUG);
    ck_assert(o.log_json);
}
END_TEST

START_TEST(choices)
{
    good(KINESIS_SINK "--pack kpl");
    ck_assert_int_eq(o.sink.pack, PACK_KPL);
    good(KINESIS_SINK "--pack none");
    ck_assert_int_eq(o.sink.pack, PACK_NONE);
    good(KINESIS_SINK "--partition-key table");
    ck_assert_int_eq(o.partition.by, PARTITION_TABLE);
    good(KINESIS_SINK "--partition-key xid");
    ck_assert_int_eq(o.partition.by, PARTITION_XID);
    good(KINESIS_SINK "--partition-key const:a_b:c=é");
    ck_assert_int_eq(o.partition.by, PARTITION_CONST);
    ck_slice_eq(o.partition.text, "a b:c=é");
    good(FILE_SINK "--log-level error");
    ck_assert_int_eq(o.log_level, LOG_ERROR);
    good(FILE_SINK "--log-level warn");
    ck_assert_int_eq(o.log_level, LOG_WARN);
    good(FILE_SINK "--log-format text");
    ck_assert(!o.log_json);
    good(FILE_SINK "--format csv");
    ck_assert_str_eq(o.format->name, "csv");
    ck_assert(o.sink.quoted_lines);
    good(FILE_SINK "--format csv-payload");
    ck_assert(!o.sink.quoted_lines);
}
END_TEST

START_TEST(values_with_signs)
{
    good("--sink=file:/a:b=c --slot=x");
    ck_assert_str_eq(o.sink_ops->name, "file");
    ck_assert_str_eq(o.sink.target, "/a:b=c");
    good(FILE_SINK "--dsn postgresql://u@h/db?sslmode=require");
    ck_assert_str_eq(o.source.dsn, "postgresql://u@h/db?sslmode=require");
    good(FILE_SINK "--dsn host=h_dbname=d");
    ck_assert_str_eq(o.source.dsn, "host=h dbname=d");
}
END_TEST

START_TEST(last_one_wins)
{
    good("--slot a --slot b --sink file:/x --sink stdout --format csv --format=json");
    ck_assert_str_eq(o.source.slot, "b");
    ck_assert_str_eq(o.sink_ops->name, "stdout");
    ck_assert_ptr_null(o.sink.target);
    ck_assert_str_eq(o.format->name, "json");
    good(KINESIS_SINK "--partition-key const:x --partition-key pk");
    ck_assert_int_eq(o.partition.by, PARTITION_PK);
}
END_TEST

START_TEST(bounds)
{
    good(FILE_SINK "--batch-changes 1 --poll-interval 1ms --advance-interval 1ms --txn-memory 0");
    ck_assert_uint_eq(o.source.txn_memory, 0);
    good(FILE_SINK "--batch-changes 2147483647 --poll-interval 1d --refresh-interval 1s");
    ck_assert_uint_eq(o.source.batch_changes, INT_MAX);
    good(FILE_SINK "--refresh-interval 365d --txn-memory 1TB");
    ck_assert_uint_eq(o.source.txn_memory, (size_t)1 << 40);
}
END_TEST

START_TEST(const_of_256_characters)
{
    char line[1200];
    struct buf b;

    for (size_t n = 255; n <= 257; n++) {
        buf_init(&b, sizeof line);
        buf_puts(&b, KINESIS_SINK "--partition-key const:");
        for (size_t i = 0; i < n; i++)
            buf_puts(&b, "é");
        ck_assert_int_eq(read_line(buf_cstr(&b)), n <= 256 ? 0 : -1);
        buf_free(&b);
    }
    ck_has(e.text, "--partition-key const:");
    ck_has(e.text, "256");
}
END_TEST

/* Each a line of its own, with what it must say. */
static const struct {
    const char *line;
    const char *says[2];
} mistakes[] = {
    {"", {"--slot", "required"}},
    {"--sink stdout", {"--slot", "required"}},
    {"--slot app", {"--sink", "required"}},
    {FILE_SINK "x", {"x: not an option", "help"}},
    {FILE_SINK "-v", {"-v: not an option"}},
    {FILE_SINK "--", {"no such option"}},
    {FILE_SINK "--nope", {"--nope: there is no such option"}},
    {FILE_SINK "--nope=5", {"--nope: there is no such option"}},
    {FILE_SINK "--Slot=5", {"--Slot: there is no such option"}},
    {FILE_SINK "--slo a", {"--slo: there is no such option"}},
    {FILE_SINK "--slots a", {"--slots: there is no such option"}},
    {FILE_SINK "--once=1", {"--once takes no value"}},
    {FILE_SINK "--create-slot=", {"--create-slot takes no value"}},
    {FILE_SINK "--dsn", {"--dsn takes a value", "--dsn DSN"}},
    {FILE_SINK "--batch-changes", {"--batch-changes takes a value"}},
    {"--slot App --sink stdout", {"--slot App", "a-z"}},
    {"--slot= --sink stdout", {"--slot", "a-z"}},
    {"--slot --sink stdout", {"--slot --sink"}},
    {"--slot app --sink sqs:x", {"--sink sqs:x", "stdout, file:PATH and kinesis:STREAM"}},
    {"--slot app --sink fil:x", {"--sink fil:x"}},
    {"--slot app --sink files:x", {"--sink files:x"}},
    {"--slot app --sink file", {"--sink file", "file:PATH"}},
    {"--slot app --sink file:", {"--sink file:", "file:PATH"}},
    {"--slot app --sink kinesis:", {"--sink kinesis:", "kinesis:STREAM"}},
    {"--slot app --sink stdout:x", {"--sink stdout:x", "no target"}},
    {"--slot app --sink=", {"--sink"}},
    {FILE_SINK "--format xml", {"--format xml", "csv-payload, csv and json"}},
    {FILE_SINK "--format JSON", {"--format JSON"}},
    {KINESIS_SINK "--pack zip", {"--pack zip", "kpl, lines and none"}},
    {KINESIS_SINK "--partition-key id", {"--partition-key id", "table, pk, xid and const:TEXT"}},
    {KINESIS_SINK "--partition-key const", {"--partition-key const"}},
    {KINESIS_SINK "--partition-key const:", {"--partition-key const:", "256"}},
    {KINESIS_SINK "--partition-key const:\xff", {"--partition-key const:", "UTF-8"}},
    {FILE_SINK "--log-level loud", {"--log-level loud", "error, warn, info and debug"}},
    {FILE_SINK "--log-format xml", {"--log-format xml", "text and json"}},
    {FILE_SINK "--batch-changes 0", {"--batch-changes 0", "out of range"}},
    {FILE_SINK "--batch-changes 2147483648", {"--batch-changes 2147483648", "out of range"}},
    {FILE_SINK "--batch-changes 1k", {"--batch-changes 1k", "whole number"}},
    {FILE_SINK "--batch-changes -1", {"--batch-changes -1", "whole number"}},
    {FILE_SINK "--batch-changes=", {"--batch-changes", "whole number"}},
    {FILE_SINK "--poll-interval 100", {"--poll-interval 100", "unit"}},
    {FILE_SINK "--poll-interval 0", {"--poll-interval 0", "out of range"}},
    {FILE_SINK "--poll-interval 25h", {"--poll-interval 25h", "out of range"}},
    {FILE_SINK "--advance-interval 1.5s", {"--advance-interval 1.5s", "100ms"}},
    {FILE_SINK "--advance-interval 0ms", {"--advance-interval 0ms", "out of range"}},
    {FILE_SINK "--refresh-interval 999ms", {"--refresh-interval 999ms", "out of range"}},
    {FILE_SINK "--refresh-interval 366d", {"--refresh-interval 366d", "out of range"}},
    {FILE_SINK "--txn-memory 32", {"--txn-memory 32", "32MB"}},
    {FILE_SINK "--txn-memory 32M", {"--txn-memory 32M", "unit"}},
    {FILE_SINK "--txn-memory 2TB", {"--txn-memory 2TB", "out of range"}},
    {FILE_SINK "--txn-memory 99999999999999999999999TB", {"--txn-memory"}},
    /* Together they make no sense. */
    {FILE_SINK "--pack kpl", {"--pack", "file"}},
    {FILE_SINK "--partition-key pk", {"--partition-key", "file"}},
    {"--slot app --sink stdout --region eu-central-1", {"--region", "stdout"}},
    {"--endpoint-url http://localhost --slot app --sink stdout", {"--endpoint-url", "stdout"}},
};

START_TEST(one_line_each)
{
    ck_assert_msg(read_line(mistakes[_i].line) == -1, "taken: %s", mistakes[_i].line);
    ck_assert_int_eq(e.code, ERR_USAGE);
    ck_one_line(e.text);
    for (int i = 0; i < 2 && mistakes[_i].says[i]; i++)
        ck_has(e.text, mistakes[_i].says[i]);
}
END_TEST

START_TEST(from_the_environment)
{
    static const char *const all[] = {"WALFERRY_DSN",
                                      "host=env",
                                      "WALFERRY_SLOT",
                                      "env",
                                      "WALFERRY_CREATE_SLOT",
                                      "1",
                                      "WALFERRY_FORMAT",
                                      "csv",
                                      "WALFERRY_SINK",
                                      "kinesis:env",
                                      "WALFERRY_PACK",
                                      "none",
                                      "WALFERRY_PARTITION_KEY",
                                      "const:env",
                                      "WALFERRY_REGION",
                                      "env-1",
                                      "WALFERRY_ENDPOINT_URL",
                                      "http://env",
                                      "WALFERRY_ONCE",
                                      "true",
                                      "WALFERRY_BATCH_CHANGES",
                                      "7",
                                      "WALFERRY_POLL_INTERVAL",
                                      "7s",
                                      "WALFERRY_ADVANCE_INTERVAL",
                                      "8s",
                                      "WALFERRY_TXN_MEMORY",
                                      "9MB",
                                      "WALFERRY_SPOOL_DIR",
                                      "/env",
                                      "WALFERRY_REFRESH_INTERVAL",
                                      "10min",
                                      "WALFERRY_LOG_LEVEL",
                                      "warn",
                                      "WALFERRY_LOG_FORMAT",
                                      "json",
                                      NULL};

    environment = all;
    good("");
    ck_assert_str_eq(o.source.dsn, "host=env");
    ck_assert_str_eq(o.source.slot, "env");
    ck_assert(o.source.create_slot && o.source.once);
    ck_assert_str_eq(o.format->name, "csv");
    ck_assert_str_eq(o.sink.target, "env");
    ck_assert_int_eq(o.sink.pack, PACK_NONE);
    ck_slice_eq(o.partition.text, "env");
    ck_assert_str_eq(o.sink.region, "env-1");
    ck_assert_str_eq(o.sink.endpoint_url, "http://env");
    ck_assert_uint_eq(o.source.batch_changes, 7);
    ck_assert_int_eq(o.source.poll_interval_ms, 7000);
    ck_assert_int_eq(o.source.advance_interval_ms, 8000);
    ck_assert_uint_eq(o.source.txn_memory, 9u << 20);
    ck_assert_str_eq(o.source.spool_dir, "/env");
    ck_assert_int_eq(o.source.refresh_interval_ms, 600000);
    ck_assert_int_eq(o.log_level, LOG_WARN);
    ck_assert(o.log_json);
    /* The command line wins. */
    good("--slot cli --batch-changes=3 --sink kinesis:cli");
    ck_assert_str_eq(o.source.slot, "cli");
    ck_assert_str_eq(o.sink.target, "cli");
    ck_assert_uint_eq(o.source.batch_changes, 3);
    ck_assert_int_eq(o.source.poll_interval_ms, 7000);
}
END_TEST

START_TEST(environment_mistakes)
{
    static const char *const cases[][5] = {
        {"WALFERRY_BATCH_CHANGES", "many", NULL, "--batch-changes many", "WALFERRY_BATCH_CHANGES"},
        {"WALFERRY_POLL_INTERVAL", "0", NULL, "out of range", "WALFERRY_POLL_INTERVAL"},
        {"WALFERRY_FORMAT", "xml", NULL, "--format xml", "WALFERRY_FORMAT"},
        {"WALFERRY_PACK", "kpl", NULL, "--pack", "stdout"},
    };

    environment = cases[_i];
    ck_assert_int_eq(read_line("--slot app --sink stdout"), -1);
    ck_assert_int_eq(e.code, ERR_USAGE);
    ck_one_line(e.text);
    ck_has(e.text, cases[_i][3]);
    ck_has(e.text, cases[_i][4]);
}
END_TEST

/* An empty variable is as none; a mistake there doesn't matter where the command line speaks. */
START_TEST(environment_that_does_not_count)
{
    static const char *const empty[] = {
        "WALFERRY_FORMAT", "", "WALFERRY_ONCE", "", "WALFERRY_SPOOL_DIR", "", "TMPDIR", "", NULL};
    static const char *const bad[] = {"WALFERRY_FORMAT", "xml", NULL};
    static const char *const off[] = {"WALFERRY_ONCE", "0", "WALFERRY_CREATE_SLOT", "off", NULL};
    static const char *const tmp[] = {"TMPDIR", "/my/tmp", NULL};

    environment = empty;
    good(FILE_SINK);
    ck_assert_str_eq(o.format->name, "csv-payload");
    ck_assert(!o.source.once);
    ck_assert_str_eq(o.source.spool_dir, "/tmp");
    environment = bad;
    good(FILE_SINK "--format json");
    environment = off;
    good(FILE_SINK);
    ck_assert(!o.source.once && !o.source.create_slot);
    environment = tmp;
    good(FILE_SINK);
    ck_assert_str_eq(o.source.spool_dir, "/my/tmp");
    good(FILE_SINK "--spool-dir /mine");
    ck_assert_str_eq(o.source.spool_dir, "/mine");
}
END_TEST

/* "A bad value is one clear line and exit 2": neither on nor off is a bad value. */
START_TEST(environment_flag_neither_on_nor_off)
{
    static const char *const odd[] = {"WALFERRY_ONCE", "maybe", NULL};

    environment = odd;
    ck_assert_int_eq(read_line(FILE_SINK), -1);
    ck_assert_int_eq(e.code, ERR_USAGE);
    ck_has(e.text, "WALFERRY_ONCE");
}
END_TEST

START_TEST(table_of_options)
{
    static const char *const names[] = {"dsn",
                                        "slot",
                                        "create-slot",
                                        "format",
                                        "sink",
                                        "pack",
                                        "partition-key",
                                        "region",
                                        "endpoint-url",
                                        "once",
                                        "batch-changes",
                                        "poll-interval",
                                        "advance-interval",
                                        "txn-memory",
                                        "spool-dir",
                                        "refresh-interval",
                                        "log-level"};
    char variable[64];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t k = 0;
        while (k < option_count && strcmp(option_table[k].name, names[i]) != 0)
            k++;
        ck_assert_msg(k < option_count, "there is no --%s", names[i]);
    }
    for (size_t i = 0; i < option_count; i++) {
        const struct option *opt = &option_table[i];
        ck_assert_ptr_nonnull(opt->help);
        ck_assert((opt->value == NULL) == (opt->type == OPTION_FLAG));
        ck_assert((opt->parse != NULL) == (opt->type == OPTION_PARSED));
        ck_assert(!opt->required || !opt->initial);
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(opt->name, option_table[k].name);
        ck_assert_ptr_eq(option_variable(variable, sizeof variable, opt), variable);
        ck_assert_uint_lt(strlen(variable), sizeof variable - 1);
        ck_assert_int_eq(strncmp(variable, "WALFERRY_", 9), 0);
    }
    struct option opt = {.name = "txn-memory"};
    ck_assert_str_eq(option_variable(variable, sizeof variable, &opt), "WALFERRY_TXN_MEMORY");
}
END_TEST

Suite *suite_options(void)
{
    Suite *s = suite_create("options");
    TCase *t = tcase_create("options");

    tcase_add_checked_fixture(t, set_up, NULL);
    tcase_add_test(t, defaults);
    tcase_add_loop_test(t, all_of_them, 0, 2);
    tcase_add_test(t, choices);
    tcase_add_test(t, values_with_signs);
    tcase_add_test(t, last_one_wins);
    tcase_add_test(t, bounds);
    tcase_add_test(t, const_of_256_characters);
    tcase_add_loop_test(t, one_line_each, 0, sizeof mistakes / sizeof *mistakes);
    tcase_add_test(t, from_the_environment);
    tcase_add_loop_test(t, environment_mistakes, 0, 4);
    tcase_add_test(t, environment_that_does_not_count);
    tcase_add_test(t, environment_flag_neither_on_nor_off);
    tcase_add_test(t, table_of_options);
    suite_add_tcase(s, t);
    return s;
}
