/* credentials.c - finds the AWS keys: environment, then the shared credentials file. */
#include "aws/credentials.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "aws/ini.h"
#include "aws/profile.h"

enum { LOOKED_MAX = 1200, SECRET_MAX = 16384 };

struct credentials {
    struct buf id, secret, token;
    const char *source;
};

static void init(struct credentials *c)
{
    *c = (struct credentials){0};
    buf_init(&c->id, SECRET_MAX);
    buf_init(&c->secret, SECRET_MAX);
    buf_init(&c->token, SECRET_MAX);
}

static void wipe(struct buf *b)
{
    if (b->cap)
        OPENSSL_cleanse(b->p, b->cap);
    buf_free(b);
}

static void release(struct credentials *c)
{
    wipe(&c->id);
    wipe(&c->secret);
    wipe(&c->token);
}

/* A token of a header: no control character could pass through to the request. */
static bool is_clean(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
            return false;
    return true;
}

static int take(struct credentials *c, struct slice id, struct slice secret, struct slice token,
                const char *where, struct err *e)
{
    if (!is_clean(id) || !is_clean(secret) || !is_clean(token))
        return err_set(e, ERR_USAGE, "%s: an AWS key has a blank or a control character", where);
    buf_put_slice(&c->id, id);
    buf_put_slice(&c->secret, secret);
    buf_put_slice(&c->token, token);
    if (c->id.failed || c->secret.failed || c->token.failed)
        return err_set(e, ERR_USAGE, "%s: an AWS key is too long", where);
    return 1;
}

/* Adds what was looked at and why it had nothing. */
static void looked(struct buf *list, const char *where, const char *why)
{
    buf_printf(list, "%s%s: %s", list->n ? "; " : "", where, why);
}

static int from_environment(struct credentials *c, struct buf *list, struct err *e)
{
    const char *id = profile_env("AWS_ACCESS_KEY_ID");
    const char *secret = profile_env("AWS_SECRET_ACCESS_KEY");
    const char *token = profile_env("AWS_SESSION_TOKEN");

    if (!id) {
        looked(list, "environment", "AWS_ACCESS_KEY_ID is not set");
        return 0;
    }
    if (!secret)
        return err_set(e, ERR_USAGE, "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not");
    return take(c, slice_str(id), slice_str(secret), slice_str(token ? token : ""), "environment",
                e);
}

/* The keys of one profile of a file already read. */
static int from_section(struct credentials *c, struct slice text, const char *path,
                        struct buf *list, struct err *e)
{
    const char *name = profile_name();
    struct slice section = slice_str(name);
    struct slice id, secret;
    struct slice token = {0};

    if (!ini_has(text, section)) {
        buf_printf(list, "%s%s: no profile \"%s\"", list->n ? "; " : "", path, name);
        return 0;
    }
    if (!ini_get(&id, text, section, SLICE_LIT("aws_access_key_id")) || id.n == 0) {
        buf_printf(list, "%s%s: profile \"%s\" has no aws_access_key_id", list->n ? "; " : "", path,
                   name);
        return 0;
    }
    if (!ini_get(&secret, text, section, SLICE_LIT("aws_secret_access_key")) || secret.n == 0)
        return err_set(e, ERR_USAGE, "%s: profile \"%s\" has no aws_secret_access_key", path, name);
    ini_get(&token, text, section, SLICE_LIT("aws_session_token"));
    return take(c, id, secret, token, path, e);
}

static int from_shared_file(struct credentials *c, struct buf *list, struct err *e)
{
    char path[PROFILE_PATH];
    struct buf text;

    if (profile_path(path, "AWS_SHARED_CREDENTIALS_FILE", "credentials") < 0) {
        looked(list, "~/.aws/credentials", "neither HOME nor AWS_SHARED_CREDENTIALS_FILE is set");
        return 0;
    }
    buf_init(&text, INI_MAX);
    int status = ini_read(&text, path, e);
    if (status == 0)
        looked(list, path, "no such file");
    else if (status > 0)
        status = from_section(c, buf_slice(&text), path, list, e);
    wipe(&text);
    return status;
}

/* The places in the order they are asked: 1 found, 0 nothing there, -1 there but wrong. */
static const struct {
    const char *name;
    int (*find)(struct credentials *c, struct buf *list, struct err *e);
} sources[] = {
    {"environment", from_environment},
    {"shared credentials file", from_shared_file},
};

static int find(struct credentials *c, struct err *e)
{
    struct buf list;
    int status = 0;

    init(c);
    buf_init(&list, LOOKED_MAX);
    for (size_t i = 0; i < sizeof sources / sizeof *sources && status == 0; i++) {
        status = sources[i].find(c, &list, e);
        c->source = sources[i].name;
    }
    if (status == 0)
        status = err_set(e, ERR_USAGE, "no AWS credentials found; looked at %s", buf_cstr(&list));
    buf_free(&list);
    if (status < 0)
        release(c);
    return status < 0 ? -1 : 0;
}

int credentials_find(struct credentials **out, struct err *e)
{
    struct credentials *c = malloc(sizeof *c);

    if (!c)
        return err_sys(e, "credentials");
    if (find(c, e) < 0) {
        free(c);
        return -1;
    }
    *out = c;
    return 0;
}

int credentials_reload(struct credentials *c, struct err *e)
{
    struct credentials fresh;

    if (find(&fresh, e) < 0)
        return -1;
    release(c);
    *c = fresh;
    return 0;
}

struct sigv4_keys credentials_keys(const struct credentials *c)
{
    return (struct sigv4_keys){buf_slice(&c->id), buf_slice(&c->secret), buf_slice(&c->token)};
}

const char *credentials_source(const struct credentials *c)
{
    return c->source;
}

void credentials_free(struct credentials *c)
{
    if (!c)
        return;
    release(c);
    free(c);
}
