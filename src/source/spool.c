/* spool.c - the rows of one transaction, in memory up to a bound and then in an unlinked file. */
#include "source/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One row's text is at most 1 GB in PostgreSQL. */
enum { ROW_HEAD = 12, ROW_MAX = 1 << 30 };

int spool_init(struct spool *s, size_t cap, const char *dir, struct err *e)
{
    *s = (struct spool){.cap = cap, .dir = dir};
    buf_init(&s->row, (size_t)ROW_MAX + 1);
    s->memory = malloc(cap ? cap : 1);
    if (!s->memory)
        return err_set(e, ERR_SYSTEM, "no memory for a spool of %zu bytes", cap);
    return 0;
}

void spool_reset(struct spool *s)
{
    enum { ROW_KEEP = 1 << 20 };

    s->used = s->read = 0;
    s->spilled = 0;
    s->rewound = false;
    if (s->file) {
        fclose(s->file);
        s->file = NULL;
    }
    if (s->row.cap > ROW_KEEP)
        buf_free(&s->row);
}

void spool_free(struct spool *s)
{
    spool_reset(s);
    buf_free(&s->row);
    free(s->memory);
    s->memory = NULL;
}

/* A file that is gone when it is closed, however the process ends. */
static int open_unlinked(const char *dir)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;

    struct buf path;
    buf_init(&path, 4096);
    buf_printf(&path, "%s/walferry-spool-XXXXXX", dir);
    buf_putc(&path, '\0');
    fd = path.failed ? -1 : mkostemp((char *)path.p, O_CLOEXEC);
    if (fd >= 0)
        unlink((char *)path.p);
    buf_free(&path);
    return fd;
}

static int open_file(struct spool *s, struct err *e)
{
    int fd = open_unlinked(s->dir);

    if (fd < 0)
        return err_sys(e, "spool directory %s: cannot make a temporary file", s->dir);
    s->file = fdopen(fd, "w+");
    if (!s->file) {
        close(fd);
        return err_sys(e, "spool directory %s: cannot use a temporary file", s->dir);
    }
    return 0;
}

static void put_head(unsigned char head[ROW_HEAD], uint64_t place, uint32_t n)
{
    memcpy(head, &place, 8);
    memcpy(head + 8, &n, 4);
}

static uint32_t take_head(const unsigned char head[ROW_HEAD], uint64_t *place)
{
    uint32_t n;

    memcpy(place, head, 8);
    memcpy(&n, head + 8, 4);
    return n;
}

int spool_append(struct spool *s, uint64_t place, struct slice row, struct err *e)
{
    unsigned char head[ROW_HEAD];

    assert(row.n <= ROW_MAX && s->read == 0 && !s->rewound);
    put_head(head, place, (uint32_t)row.n);
    if (row.n == 0)
        row.p = head; /* it may be NULL, which memcpy and fwrite don't take */
    if (!s->file) {
        if (row.n + ROW_HEAD + 1 <= s->cap - s->used) {
            unsigned char *p = s->memory + s->used;
            memcpy(p, head, ROW_HEAD);
            memcpy(p + ROW_HEAD, row.p, row.n);
            p[ROW_HEAD + row.n] = 0;
            s->used += row.n + ROW_HEAD + 1;
            return 0;
        }
        if (open_file(s, e) < 0)
            return -1;
    }
    if (fwrite(head, 1, ROW_HEAD, s->file) != ROW_HEAD || fwrite(row.p, 1, row.n, s->file) != row.n)
        return err_sys(e, "spool directory %s: cannot write", s->dir);
    s->spilled++;
    return 0;
}

static int next_in_file(struct spool *s, uint64_t *place, struct slice *row, struct err *e)
{
    unsigned char head[ROW_HEAD];

    if (!s->rewound) {
        if (fflush(s->file) != 0 || fseeko(s->file, 0, SEEK_SET) != 0)
            return err_sys(e, "spool directory %s: cannot write", s->dir);
        s->rewound = true;
    }
    if (fread(head, 1, ROW_HEAD, s->file) != ROW_HEAD)
        return err_sys(e, "spool directory %s: cannot read back", s->dir);
    uint32_t n = take_head(head, place);
    buf_clear(&s->row);
    if (buf_reserve(&s->row, (size_t)n + 1) < 0)
        return err_set(e, ERR_SYSTEM, "no memory for a row of %u bytes", n);
    if (fread(s->row.p, 1, n, s->file) != n)
        return err_sys(e, "spool directory %s: cannot read back", s->dir);
    s->row.p[n] = 0;
    *row = slice_of(s->row.p, n);
    s->spilled--;
    return 1;
}

int spool_next(struct spool *s, uint64_t *place, struct slice *row, struct err *e)
{
    if (s->read < s->used) {
        const unsigned char *p = s->memory + s->read;
        uint32_t n = take_head(p, place);
        *row = slice_of(p + ROW_HEAD, n);
        s->read += (size_t)n + ROW_HEAD + 1;
        return 1;
    }
    if (s->spilled > 0)
        return next_in_file(s, place, row, e);
    return 0;
}
