/* endpoint.c - which region, and which address a service has there. */
#include "aws/endpoint.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "aws/ini.h"
#include "aws/profile.h"

/* `region` of the profile in the config file into *out; false when it isn't there. */
static int region_of_profile(char out[REGION_MAX], char path[PROFILE_PATH], struct err *e)
{
    char section[REGION_MAX + 256];
    const char *name = profile_name();
    struct buf text;
    struct slice value;

    if (profile_path(path, "AWS_CONFIG_FILE", "config") < 0) {
        snprintf(path, PROFILE_PATH, "%s", "~/.aws/config (HOME is not set)");
        return 0;
    }
    buf_init(&text, INI_MAX);
    int status = ini_read(&text, path, e);
    if (status > 0) {
        snprintf(section, sizeof section, "%s%s", strcmp(name, "default") ? "profile " : "", name);
        if (!ini_get(&value, buf_slice(&text), slice_str(section), SLICE_LIT("region")) ||
            value.n == 0)
            status = 0;
        else
            snprintf(out, REGION_MAX, "%.*s", (int)value.n, (const char *)value.p);
    }
    buf_free(&text);
    return status;
}

/* The region becomes part of a host name: nothing but its letters may get there. */
static bool is_region(const char *s)
{
    return *s && strlen(s) < REGION_MAX - 1 &&
           s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == 0;
}

int endpoint_region(char out[REGION_MAX], const char *flag, struct err *e)
{
    char path[PROFILE_PATH];
    const char *from = "the flag";
    const char *region = flag;

    if (!region) {
        from = "AWS_REGION";
        region = profile_env(from);
    }
    if (!region) {
        from = "AWS_DEFAULT_REGION";
        region = profile_env(from);
    }
    if (region) {
        if (!is_region(region))
            return err_set(e, ERR_USAGE, "%s: \"%.80s\" is not a region", from, region);
        snprintf(out, REGION_MAX, "%s", region);
        return 0;
    }
    int status = region_of_profile(out, path, e);
    if (status < 0)
        return -1;
    if (status == 0)
        return err_set(e, ERR_USAGE,
                       "no AWS region: none given, AWS_REGION and AWS_DEFAULT_REGION are not set, "
                       "and profile \"%s\" of %s has none",
                       profile_name(), path);
    if (!is_region(out))
        return err_set(e, ERR_USAGE, "%s: \"%s\" is not a region", path, out);
    return 0;
}

int endpoint_parse(struct endpoint *out, const char *url, struct err *e)
{
    bool https = strncasecmp(url, "https://", 8) == 0;
    bool http = strncasecmp(url, "http://", 7) == 0;

    if ((!https && !http) || strlen(url) >= ENDPOINT_MAX - 1)
        return err_set(e, ERR_USAGE, "endpoint \"%.200s\": expected http:// or https://", url);
    const char *host = url + (https ? 8 : 7);
    size_t n = strcspn(host, "/");
    for (const char *c = url; *c; c++)
        if (*c <= ' ' || *c > '~' || strchr("@?#\"\\", *c))
            return err_set(e, ERR_USAGE,
                           "endpoint: expected scheme://host[:port][/path] and no more");
    if (n == 0)
        return err_set(e, ERR_USAGE, "endpoint \"%s\": no host", url);
    const char *path = host[n] ? host + n : "/";
    snprintf(out->path, sizeof out->path, "%s", path);
    snprintf(out->url, sizeof out->url, "%.*s%s", (int)(host - url) + (int)n, url, path);
    const char *own = https ? ":443" : ":80";
    if (n > strlen(own) && strncmp(host + n - strlen(own), own, strlen(own)) == 0)
        n -= strlen(own);
    snprintf(out->host, sizeof out->host, "%.*s", (int)n, host);
    return 0;
}

int endpoint_find(struct endpoint *out, const char *service, const char *region, const char *flag,
                  struct err *e)
{
    char variable[64];
    char url[ENDPOINT_MAX];
    const char *given = flag;

    snprintf(variable, sizeof variable, "AWS_ENDPOINT_URL_%s", service);
    for (char *c = variable; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - ('a' - 'A'));
    if (!given)
        given = profile_env(variable);
    if (!given)
        given = profile_env("AWS_ENDPOINT_URL");
    if (given)
        return endpoint_parse(out, given, e);
    snprintf(url, sizeof url, "https://%s.%s.amazonaws.com%s", service, region,
             strncmp(region, "cn-", 3) ? "" : ".cn");
    return endpoint_parse(out, url, e);
}
