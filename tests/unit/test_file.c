/* test_file.c - the file and stdout sinks: cutting back, durability, the window, pipes. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "sink/file.h"
#include "unit/helpers.h"
#include "unit/suites.h"

enum { WINDOW = 256 << 10 };

static struct sink *sink;
static uint64_t seq;
static struct err e;
static char path[128];

static void set_up(void)
{
    log_setup(LOG_ERROR, false);
    signal(SIGPIPE, SIG_IGN);
    snprintf(path, sizeof path, "%s", scratch_path("out"));
    unlink(path);
    seq = 0;
    sink = NULL;
}

static int open_at(const char *target, bool quoted)
{
    struct sink_config c = {.target = target, .quoted_lines = quoted};

    e = (struct err){0};
    return sink_file.open(&sink, &c, &e);
}

static int submit(const void *data, size_t n)
{
    struct record r = {.seq = seq + 1, .data = slice_of(data, n)};
    int got = sink->ops->submit(sink, &r, &e);

    if (got == 1)
        seq++;
    return got;
}

static void put_line(const char *text)
{
    ck_assert_int_eq(submit(text, strlen(text)), 1);
}

static void step(void)
{
    ck_assert_msg(sink->ops->step(sink, 0, &e) == 0, "%s", e.text);
}

static void flush(void)
{
    ck_assert_msg(sink->ops->flush(sink, &e) == 0, "%s", e.text);
}

static uint64_t durable(void)
{
    return sink->ops->durable(sink);
}

static struct watch watched(void)
{
    struct watch w = {.deadline_ms = INT64_MAX};

    sink->ops->watch(sink, &w);
    return w;
}

static void done(void)
{
    sink->ops->close(sink);
}

static void write_file(const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void file_is(const char *want)
{
    char text[1000];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, text, sizeof text - 1);

    MUST(fd >= 0 && n >= 0);
    text[n] = 0;
    close(fd);
    ck_assert_str_eq(text, want);
}

START_TEST(lines_and_durability)
{
    ck_assert_int_eq(open_at(path, false), 0);
    ck_assert_ptr_eq(sink->ops, &sink_file);
    ck_assert_uint_eq(durable(), 0);
    put_line("one");
    put_line("");
    put_line("three");
    ck_assert_uint_eq(durable(), 0);
    step();
    file_is("one\n\nthree\n");
    ck_assert_uint_eq(durable(), 0); /* written, but not fsynced */
    flush();
    ck_assert_uint_eq(durable(), 3);
    flush();
    ck_assert_uint_eq(durable(), 3);
    put_line("four");
    flush(); /* writes what was taken before */
    ck_assert_uint_eq(durable(), 4);
    file_is("one\n\nthree\nfour\n");
    done();
}
END_TEST

START_TEST(appends)
{
    write_file("before\n");
    ck_assert_int_eq(open_at(path, false), 0);
    put_line("after");
    flush();
    done();
    file_is("before\nafter\n");
    /* What isn't durable is dropped. */
    ck_assert_int_eq(open_at(path, false), 0);
    put_line("never");
    done();
    file_is("before\nafter\n");
}
END_TEST

START_TEST(cuts_back)
{
    static const struct {
        const char *was;
        bool quoted;
        const char *is;
    } cases[] = {
        {"one\ntwo\nto", false, "one\ntwo\nnew\n"},
        {"torn", false, "new\n"},
        {"", false, "new\n"},
        {"one\n", false, "one\nnew\n"},
        {"one,\"a\nb\"\ntwo,\"c\nd", true, "one,\"a\nb\"\nnew\n"},
        {"one,\"a\nb\"\ntwo,\"c\nd", false, "one,\"a\nb\"\ntwo,\"c\nnew\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file(cases[i].was);
        ck_assert_int_eq(open_at(path, cases[i].quoted), 0);
        put_line("new");
        flush();
        done();
        file_is(cases[i].is);
    }
}
END_TEST

/* Records of csv-payload hold quotes that mean nothing to CSV: never cut what isn't a torn record.
 */
START_TEST(written_in_another_format)
{
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    fputs("0,CDC,{\"pkey\": \"a\\\"b\"}\n", f);
    for (int i = 0; i < 4096; i++)
        fputs("0,CDC,{\"pkey\": \"1\"}\n", f);
    long size = ftell(f);
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_int_eq(open_at(path, true), -1);
    ck_assert_int_eq(e.code, ERR_SINK);
    ck_assert_ptr_nonnull(strstr(e.text, "another format"));
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_size, size);
}
END_TEST

START_TEST(fifo_without_a_reader)
{
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(open_at(path, false), -1);
    ck_assert_int_eq(e.code, ERR_SINK);
    ck_assert_ptr_nonnull(strstr(e.text, "nobody reads"));
    unlink(path);
}
END_TEST

START_TEST(held_by_another)
{
    write_file("one\ntorn");
    int fd = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
    ck_assert_int_eq(open_at(path, false), -1);
    ck_assert_int_eq(e.code, ERR_SINK);
    ck_has(e.text, path);
    ck_one_line(e.text);
    file_is("one\ntorn"); /* not ours to cut */
    close(fd);
    ck_assert_int_eq(open_at(path, false), 0);
    struct sink *first = sink;
    ck_assert_int_eq(open_at(path, false), -1);
    ck_assert_int_eq(e.code, ERR_SINK);
    sink = first;
    done();
    ck_assert_int_eq(open_at(path, false), 0); /* the lock goes with the sink */
    done();
}
END_TEST

START_TEST(cannot_open)
{
    static const char *const bad[] = {"/nonexistent/dir/file", "", "/"};

    ck_assert_int_eq(open_at(bad[_i], false), -1);
    ck_assert_int_eq(e.code, ERR_SINK);
    ck_one_line(e.text);
}
END_TEST

START_TEST(directory)
{
    ck_assert_int_eq(open_at(scratch_dir(), false), -1);
    ck_assert_int_eq(e.code, ERR_SINK);
    ck_has(e.text, "directory");
}
END_TEST

/* In a directory of its own name: a path without a slash. */
START_TEST(bare_name)
{
    char was[4096];

    ck_assert_ptr_nonnull(getcwd(was, sizeof was));
    ck_assert_int_eq(chdir(scratch_dir()), 0);
    ck_assert_int_eq(open_at("out", false), 0);
    put_line("x");
    flush();
    done();
    ck_assert_int_eq(chdir(was), 0);
    file_is("x\n");
}
END_TEST

START_TEST(window)
{
    enum { LINE = 1000 };
    static char line[LINE];
    int taken = 0;

    memset(line, 'x', LINE);
    ck_assert_int_eq(open_at(path, false), 0);
    while (taken < 1000 && submit(line, LINE) == 1)
        taken++;
    ck_assert_int_eq(taken, WINDOW / (LINE + 1));
    ck_assert_int_eq(submit(line, LINE), 0);
    ck_assert_int_eq(submit(line, 0), 1); /* this one still fits */
    step();
    ck_assert_int_eq(submit(line, LINE), 1);
    flush();
    ck_assert_uint_eq(durable(), (uint64_t)taken + 2);
    done();
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_size, (taken + 1) * (LINE + 1) + 1);
}
END_TEST

/* Larger than the window: taken alone. */
START_TEST(large_record)
{
    enum { LARGE = 3 * WINDOW };
    char *line = malloc(LARGE);

    ck_assert_ptr_nonnull(line);
    memset(line, 'x', LARGE);
    ck_assert_int_eq(open_at(path, false), 0);
    put_line("first");
    ck_assert_int_eq(submit(line, LARGE), 0);
    step();
    ck_assert_int_eq(submit(line, LARGE), 1);
    ck_assert_int_eq(submit("x", 1), 0);
    step();
    put_line("last");
    flush();
    ck_assert_uint_eq(durable(), 3);
    done();
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_size, 6 + LARGE + 1 + 5);
    free(line);
}
END_TEST

START_TEST(watches)
{
    struct watch w;

    ck_assert_int_eq(open_at(path, false), 0);
    w = watched();
    ck_assert_uint_eq(w.n, 0);
    ck_assert_int_eq(w.deadline_ms, INT64_MAX);
    put_line("x");
    w = watched(); /* a file can always be written: at once */
    ck_assert_uint_eq(w.n, 0);
    ck_assert_int_le(w.deadline_ms, 0);
    step();
    w = watched();
    ck_assert_int_eq(w.deadline_ms, INT64_MAX);
    done();
}
END_TEST

START_TEST(disk_full)
{
    ck_assert_int_eq(open_at("/dev/full", false), 0);
    put_line("x");
    ck_assert_int_eq(sink->ops->step(sink, 0, &e), -1);
    ck_assert_int_eq(e.code, ERR_SINK);
    ck_has(e.text, "/dev/full");
    ck_has(e.text, "No space left");
    ck_assert_int_eq(sink->ops->flush(sink, &e), -1);
    ck_assert_uint_eq(durable(), 0);
    done();
}
END_TEST

/* --- pipes -------------------------------------------------------------------------------------
 */

/* Reads what is there, which must be lines of x's; how many bytes. */
static size_t drain(int fd, size_t most)
{
    char bytes[8192];
    size_t n = 0;
    ssize_t got;

    while (n < most &&
           (got = read(fd, bytes, most - n < sizeof bytes ? most - n : sizeof bytes)) > 0)
        n += (size_t)got;
    return n;
}

/* A reader that takes a little at a time: no step waits for it. */
static void paced(int reader, size_t lines, size_t line)
{
    static char text[5000];
    size_t total = 0, rounds = 0;

    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < lines; i++)
        ck_assert_int_eq(submit(text, line), 1);
    step(); /* returns although nobody has read */
    ck_assert_uint_eq(durable(), 0);
    struct watch w = watched();
    ck_assert_uint_eq(w.n, 1);
    ck_assert_int_eq(w.fd[0].events, POLLOUT);
    ck_assert_int_eq(w.deadline_ms, INT64_MAX);
    while (durable() < lines && rounds++ < 1000) {
        total += drain(reader, 10000);
        step();
    }
    ck_assert_uint_eq(durable(), lines);
    total += drain(reader, SIZE_MAX);
    ck_assert_uint_eq(total, lines * (line + 1));
    ck_assert_uint_eq(watched().n, 0);
    flush();
}

START_TEST(fifo)
{
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(reader, 0);
    ck_assert_int_eq(open_at(path, false), 0);
    paced(reader, 50, 4999);
    done();
    close(reader);
}
END_TEST

/* Standard output as a pipe's end, given back afterwards. */
struct as_stdout {
    int was;
    int reader;
};

static void take_stdout(struct as_stdout *o)
{
    int ends[2];

    fflush(stdout);
    MUST(pipe2(ends, O_CLOEXEC) == 0);
    MUST(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    o->reader = ends[0];
    o->was = dup(STDOUT_FILENO);
    MUST(o->was >= 0 && dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
    close(ends[1]);
    struct sink_config c = {0};
    MUST(sink_stdout.open(&sink, &c, &e) == 0);
}

static void give_stdout(struct as_stdout *o)
{
    done();
    MUST(fcntl(STDOUT_FILENO, F_GETFD) >= 0); /* it isn't the sink's to close */
    dup2(o->was, STDOUT_FILENO);
    close(o->was);
    if (o->reader >= 0)
        close(o->reader);
}

START_TEST(stdout_is_durable_when_written)
{
    struct as_stdout o;
    char text[100];

    take_stdout(&o);
    put_line("one");
    put_line("two");
    uint64_t before = durable();
    step();
    uint64_t after = durable();
    ssize_t n = read(o.reader, text, sizeof text);
    give_stdout(&o);
    ck_assert_uint_eq(before, 0);
    ck_assert_uint_eq(after, 2);
    ck_assert_int_eq(n, 8);
    ck_assert_mem_eq(text, "one\ntwo\n", 8);
}
END_TEST

START_TEST(stdout_is_paced)
{
    struct as_stdout o;

    take_stdout(&o);
    paced(o.reader, 40, 4999);
    give_stdout(&o);
}
END_TEST

START_TEST(reader_gone)
{
    struct as_stdout o;
    int got;

    take_stdout(&o);
    put_line("one");
    close(o.reader);
    o.reader = -1;
    got = sink->ops->step(sink, 0, &e);
    uint64_t n = durable();
    give_stdout(&o);
    ck_assert_int_eq(got, -1);
    ck_assert_int_eq(e.code, ERR_SINK);
    ck_has(e.text, "standard output");
    ck_has(e.text, "Broken pipe");
    ck_assert_uint_eq(n, 0);
}
END_TEST

Suite *suite_file(void)
{
    Suite *s = suite_create("file");
    TCase *t = tcase_create("file");

    tcase_add_unchecked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_checked_fixture(t, set_up, NULL);
    tcase_add_test(t, lines_and_durability);
    tcase_add_test(t, appends);
    tcase_add_test(t, cuts_back);
    tcase_add_test(t, held_by_another);
    tcase_add_loop_test(t, cannot_open, 0, 3);
    tcase_add_test(t, directory);
    tcase_add_test(t, bare_name);
    tcase_add_test(t, window);
    tcase_add_test(t, large_record);
    tcase_add_test(t, watches);
    tcase_add_test(t, disk_full);
    tcase_add_test(t, fifo);
    tcase_add_test(t, written_in_another_format);
    tcase_add_test(t, fifo_without_a_reader);
    tcase_add_test(t, stdout_is_durable_when_written);
    tcase_add_test(t, stdout_is_paced);
    tcase_add_test(t, reader_gone);
    suite_add_tcase(s, t);
    return s;
}
