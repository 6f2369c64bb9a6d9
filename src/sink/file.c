/* file.c - the sinks that write a record a line: to a file, or to standard output. */
#include "sink/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "sink/whole_lines.h"

/* A torn record of CSV is a key and a few names, so it is never as long as TORN_MOST. */
enum { WINDOW = 256 << 10, LINE_MOST = INT_MAX, TORN_MOST = 64 << 10 };

/*
 *   buf: | written | waiting |          submit appends, step writes from the front
 * When all is written the buffer starts anew, so what is written is known by the record.
 */
struct file_sink {
    struct sink base;
    const char *name; /* the path, for messages */
    int fd;
    bool paced;  /* a pipe, socket or terminal: written to only when it has room */
    bool synced; /* durable means fsynced, not just written */
    struct buf buf;
    size_t written;
    uint64_t last_taken;
    uint64_t last_written;
    uint64_t durable;
};

static struct file_sink *self(struct sink *s)
{
    return (struct file_sink *)s;
}

static const struct file_sink *const_self(const struct sink *s)
{
    return (const struct file_sink *)s;
}

static int make(struct sink **out, const struct sink_ops *ops, const char *name, int fd,
                struct err *e)
{
    struct file_sink *f = calloc(1, sizeof *f);
    struct stat st;

    if (!f)
        return err_set(e, ERR_SYSTEM, "out of memory");
    *f = (struct file_sink){.base = {ops}, .name = name, .fd = fd};
    f->paced = fstat(fd, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode);
    buf_init(&f->buf, LINE_MOST);
    *out = &f->base;
    return 0;
}

static int open_stdout(struct sink **out, const struct sink_config *c, struct err *e)
{
    (void)c;
    return make(out, &sink_stdout, "standard output", STDOUT_FILENO, e);
}

/* After a crash the file may end in the middle of a record, which is then delivered again. */
static int cut_back(int fd, const struct sink_config *c, struct err *e)
{
    off_t size, whole;

    if (whole_lines_end(fd, c->quoted_lines, &size, &whole) < 0)
        return err_sys(e, "file %s: cannot read back", c->target);
    if (whole == size)
        return 0;
    if (c->quoted_lines && size - whole > TORN_MOST)
        return err_set(e, ERR_SINK,
                       "file %s: what stands after byte %lld is no record of CSV; it seems to have "
                       "been written in another format",
                       c->target, (long long)whole);
    if (ftruncate(fd, whole) != 0)
        return err_sys(e, "file %s: cannot cut back to its last whole line", c->target);
    log_warn("file ended in the middle of a record; cut back to its last whole line",
             LSTR("file", c->target), LINT("bytes_cut", size - whole));
    return 0;
}

/* A new file is only there after a crash when its directory is on disk as well. */
static int sync_directory(const char *path, struct err *e)
{
    const char *slash = NULL;
    char dir[PATH_MAX] = ".";

    for (const char *p = path; *p; p++)
        if (*p == '/')
            slash = p;
    if (slash) {
        size_t n = slash == path ? 1 : (size_t)(slash - path);
        if (n >= sizeof dir)
            return err_set(e, ERR_SINK, "file %s: too long a path", path);
        memcpy(dir, path, n);
        dir[n] = 0;
    }
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return 0; /* not ours to read: nothing to be done */
    fsync(fd);
    close(fd);
    return 0;
}

static int prepare(int fd, const struct sink_config *c, struct err *e)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return err_sys(e, "file %s", c->target);
    if (!S_ISREG(st.st_mode))
        return 0;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(e, ERR_SINK, "file %s is being written by another process", c->target);
    if (cut_back(fd, c, e) < 0)
        return -1;
    return sync_directory(c->target, e);
}

/* A named pipe is opened for writing only, so that a reader that is missing or leaves is seen. */
static int open_path(const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
        return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    return open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static int open_file(struct sink **out, const struct sink_config *c, struct err *e)
{
    int fd = open_path(c->target);

    if (fd < 0) {
        err_sys(e, "file %s: cannot open%s", c->target,
                errno == ENXIO ? " a pipe that nobody reads" : "");
        e->code = ERR_SINK;
        return -1;
    }
    if (prepare(fd, c, e) < 0 || make(out, &sink_file, c->target, fd, e) < 0) {
        e->code = ERR_SINK;
        close(fd);
        return -1;
    }
    self(*out)->synced = !self(*out)->paced;
    return 0;
}

static int submit(struct sink *base, const struct record *r, struct err *e)
{
    struct file_sink *f = self(base);

    if (f->buf.n > 0 && f->buf.n + r->data.n + 1 > WINDOW)
        return 0;
    buf_put_slice(&f->buf, r->data);
    buf_putc(&f->buf, '\n');
    if (f->buf.failed)
        return err_set(e, ERR_SYSTEM, "no memory for a record of %zu bytes", r->data.n);
    f->last_taken = r->seq;
    return 1;
}

/* How much may be written now without waiting: a pipe with room takes PIPE_BUF bytes. */
static size_t room(const struct file_sink *f)
{
    struct pollfd p = {.fd = f->fd, .events = POLLOUT};
    size_t waiting = f->buf.n - f->written;

    if (!f->paced)
        return waiting;
    if (poll(&p, 1, 0) <= 0)
        return 0;
    return waiting < PIPE_BUF ? waiting : PIPE_BUF;
}

static int step(struct sink *base, int64_t now_ms, struct err *e)
{
    struct file_sink *f = self(base);
    size_t n;

    (void)now_ms;
    while (f->written < f->buf.n && (n = room(f)) > 0) {
        ssize_t put = write(f->fd, f->buf.p + f->written, n);
        if (put < 0 && (errno == EINTR || errno == EAGAIN))
            return 0;
        if (put < 0) {
            err_sys(e, "%s: cannot write", f->name);
            e->code = ERR_SINK;
            return -1;
        }
        f->written += (size_t)put;
    }
    if (f->written < f->buf.n)
        return 0;
    f->written = 0;
    f->last_written = f->last_taken;
    if (f->buf.cap > 2 * WINDOW)
        buf_free(&f->buf);
    else
        buf_clear(&f->buf);
    if (!f->synced)
        f->durable = f->last_written;
    return 0;
}

static int flush(struct sink *base, struct err *e)
{
    struct file_sink *f = self(base);

    if (step(base, 0, e) < 0)
        return -1;
    if (!f->synced || f->durable == f->last_written)
        return 0;
    if (fdatasync(f->fd) != 0) {
        err_sys(e, "%s: cannot sync", f->name);
        e->code = ERR_SINK;
        return -1;
    }
    f->durable = f->last_written;
    return 0;
}

static uint64_t durable(const struct sink *base)
{
    return const_self(base)->durable;
}

static void watch(const struct sink *base, struct watch *w)
{
    const struct file_sink *f = const_self(base);

    if (f->written == f->buf.n)
        return;
    if (f->paced)
        watch_fd(w, f->fd, POLLOUT);
    else
        watch_until(w, 0);
}

static void close_sink(struct sink *base)
{
    struct file_sink *f = self(base);

    if (f->fd != STDOUT_FILENO)
        close(f->fd);
    buf_free(&f->buf);
    free(f);
}

const struct sink_ops sink_file = {
    .name = "file",
    .target = "PATH",
    .summary = "a record a line, appended to a file and fsynced",
    .open = open_file,
    .submit = submit,
    .step = step,
    .flush = flush,
    .durable = durable,
    .watch = watch,
    .close = close_sink,
};

const struct sink_ops sink_stdout = {
    .name = "stdout",
    .summary = "a record a line, to standard output",
    .open = open_stdout,
    .submit = submit,
    .step = step,
    .flush = flush,
    .durable = durable,
    .watch = watch,
    .close = close_sink,
};
