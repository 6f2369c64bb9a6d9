/* suites.h - every suite there is; a new one is a line here and in main.c's list. */
#ifndef WALFERRY_TESTS_UNIT_SUITES_H
#define WALFERRY_TESTS_UNIT_SUITES_H

#include <check.h>

Suite *suite_buf(void);
Suite *suite_json(void);
Suite *suite_lsn(void);
Suite *suite_units(void);
Suite *suite_backoff(void);
Suite *suite_err(void);
Suite *suite_parser(void);
Suite *suite_parser_errors(void);
Suite *suite_parser_property(void);
Suite *suite_columns(void);
Suite *suite_corpus(void);
Suite *suite_csv(void);
Suite *suite_csv_payload(void);
Suite *suite_format_json(void);
Suite *suite_key(void);
Suite *suite_partition(void);
Suite *suite_frontier(void);
Suite *suite_maker(void);
Suite *suite_spool(void);
Suite *suite_catalog(void);
Suite *suite_slot(void);
Suite *suite_whole_lines(void);
Suite *suite_file(void);
Suite *suite_options(void);
Suite *suite_credentials(void);
Suite *suite_kinesis_api(void);
Suite *suite_kinesis_lanes(void);
Suite *suite_kpl(void);
Suite *suite_ring(void);
Suite *suite_shard_map(void);
Suite *suite_sigv4(void);
Suite *suite_trouble(void);
Suite *suite_fixtures(void);

#endif
