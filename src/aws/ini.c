/* ini.c - reads the AWS tools' ini files. */
#include "aws/ini.h"

#include <errno.h>
#include <stdio.h>

int ini_read(struct buf *out, const char *path, struct err *e)
{
    unsigned char chunk[4096];
    size_t n;
    FILE *f = fopen(path, "re");

    if (!f && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (!f)
        return err_sys(e, "%s", path);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        buf_put(out, chunk, n);
    int status = 1;
    if (ferror(f))
        status = err_sys(e, "%s", path);
    else if (out->failed)
        status = err_set(e, ERR_USAGE, "%s: larger than %d bytes", path, INI_MAX);
    fclose(f);
    return status;
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct slice trim(struct slice s)
{
    while (s.n && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

static struct slice cut_comment(struct slice s)
{
    for (size_t i = 0; i + 1 < s.n; i++)
        if (is_blank(s.p[i]) && (s.p[i + 1] == '#' || s.p[i + 1] == ';'))
            return trim(slice_of(s.p, i));
    return s;
}

/* Takes the next line off *text. */
static struct slice next_line(struct slice *text)
{
    const unsigned char *end = memchr(text->p, '\n', text->n);
    struct slice line = slice_of(text->p, end ? (size_t)(end - text->p) : text->n);
    size_t used = line.n + (end ? 1 : 0);

    text->p += used;
    text->n -= used;
    return line;
}

/* "[profile x]" as *name "profile x"; false when the line heads no section. */
static bool section_name(struct slice *name, struct slice line)
{
    if (line.n < 2 || line.p[0] != '[')
        return false;
    const unsigned char *end = memchr(line.p, ']', line.n);
    if (!end)
        return false;
    *name = trim(slice_of(line.p + 1, (size_t)(end - line.p) - 1));
    return true;
}

struct ini_scan {
    struct slice text;
    struct slice section;
    size_t indent; /* of the last key in this section */
    bool has_key;
};

/* The next key of any section; false at the end. A NULL key reports the section itself. */
static bool next_key(struct ini_scan *s, struct slice *key, struct slice *value)
{
    while (s->text.n) {
        struct slice raw = next_line(&s->text);
        struct slice line = trim(raw);
        if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
            continue;
        size_t indent = (size_t)(line.p - raw.p);
        if (indent == 0 && section_name(&s->section, line)) {
            s->has_key = false;
            *key = slice_of(NULL, 0);
            return true;
        }
        const unsigned char *is = memchr(line.p, '=', line.n);
        if (!is || (s->has_key && indent > s->indent))
            continue;
        s->has_key = true;
        s->indent = indent;
        *key = trim(slice_of(line.p, (size_t)(is - line.p)));
        *value = cut_comment(trim(slice_of(is + 1, line.n - (size_t)(is - line.p) - 1)));
        return true;
    }
    return false;
}

bool ini_get(struct slice *value, struct slice text, struct slice section, struct slice key)
{
    struct ini_scan scan = {.text = text};
    struct slice k, v;
    bool found = false;

    while (next_key(&scan, &k, &v))
        if (k.p && slice_eq(scan.section, section) && slice_eq(k, key)) {
            *value = v;
            found = true;
        }
    return found;
}

bool ini_has(struct slice text, struct slice section)
{
    struct ini_scan scan = {.text = text};
    struct slice k, v;

    while (next_key(&scan, &k, &v))
        if (!k.p && slice_eq(scan.section, section))
            return true;
    return false;
}
