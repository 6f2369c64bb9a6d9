/* whole_lines.c - finds where the last whole record of a file of lines ends. */
#include "sink/whole_lines.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 << 10 };

/* Fills chunk from `at`; a file that shrinks meanwhile is an error. */
static int read_at(int fd, char *chunk, size_t n, off_t at)
{
    for (size_t have = 0; have < n;) {
        ssize_t got = pread(fd, chunk + have, n - have, at + (off_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            if (got == 0)
                errno = EIO;
            return -1;
        }
        have += (size_t)got;
    }
    return 0;
}

static int from_the_end(int fd, off_t size, off_t *whole)
{
    char chunk[CHUNK];

    for (off_t end = size; end > 0;) {
        off_t from = end > CHUNK ? end - CHUNK : 0;
        if (read_at(fd, chunk, (size_t)(end - from), from) < 0)
            return -1;
        const char *newline = memrchr(chunk, '\n', (size_t)(end - from));
        if (newline) {
            *whole = from + (newline - chunk) + 1;
            return 0;
        }
        end = from;
    }
    *whole = 0;
    return 0;
}

/* A line break counts when an even number of quotes stands before it. */
static int from_the_start(int fd, off_t size, off_t *whole)
{
    char chunk[CHUNK];
    bool inside = false;

    *whole = 0;
    for (off_t at = 0; at < size;) {
        size_t n = size - at > CHUNK ? CHUNK : (size_t)(size - at);
        if (read_at(fd, chunk, n, at) < 0)
            return -1;
        for (size_t i = 0; i < n; i++) {
            if (chunk[i] == '"')
                inside = !inside;
            else if (chunk[i] == '\n' && !inside)
                *whole = at + (off_t)i + 1;
        }
        at += (off_t)n;
    }
    return 0;
}

int whole_lines_end(int fd, bool quoted, off_t *size, off_t *whole)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return -1;
    *size = st.st_size;
    return quoted ? from_the_start(fd, st.st_size, whole) : from_the_end(fd, st.st_size, whole);
}
