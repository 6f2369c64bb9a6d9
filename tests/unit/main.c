/* main.c - runs every suite; the name of one as an argument runs that alone. */
#include <stdio.h>
#include <stdlib.h>

#include "unit/suites.h"

static Suite *(*const suites[])(void) = {
    suite_buf,         suite_json,          suite_lsn,
    suite_units,       suite_backoff,       suite_err,
    suite_parser,      suite_parser_errors, suite_parser_property,
    suite_columns,     suite_corpus,        suite_csv,
    suite_csv_payload, suite_format_json,   suite_key,
    suite_partition,   suite_frontier,      suite_maker,
    suite_spool,       suite_catalog,       suite_slot,
    suite_whole_lines, suite_file,          suite_options,
    suite_credentials, suite_kinesis_api,   suite_kinesis_lanes,
    suite_kpl,         suite_ring,          suite_shard_map,
    suite_sigv4,       suite_trouble,       suite_fixtures,
};

int main(int argc, char **argv)
{
    SRunner *r = srunner_create(NULL);

    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        srunner_add_suite(r, suites[i]());
    srunner_run(r, argc > 1 ? argv[1] : NULL, NULL, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    int run = srunner_ntests_run(r);
    srunner_free(r);
    return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
