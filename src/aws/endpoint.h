/* endpoint.h - which region, and which address a service has there. */
#ifndef WALFERRY_AWS_ENDPOINT_H
#define WALFERRY_AWS_ENDPOINT_H

#include "base/err.h"

enum { REGION_MAX = 64, ENDPOINT_MAX = 512 };

/*
 * The region: flag (NULL: not given), AWS_REGION, AWS_DEFAULT_REGION, then `region` of the profile
 * in AWS_CONFIG_FILE or ~/.aws/config. 0, or -1 with *e saying where was looked.
 */
int endpoint_region(char out[REGION_MAX], const char *flag, struct err *e);

struct endpoint {
    char url[ENDPOINT_MAX];  /* scheme, host, port and path: what to request */
    char host[ENDPOINT_MAX]; /* the Host header: no port where it is the scheme's own */
    char path[ENDPOINT_MAX]; /* "/" at least */
};

/*
 * The service's address: flag (NULL: not given), AWS_ENDPOINT_URL_SERVICE, AWS_ENDPOINT_URL,
 * then SERVICE.REGION.amazonaws.com. service is lower case.
 */
int endpoint_find(struct endpoint *out, const char *service, const char *region, const char *flag,
                  struct err *e);
/* Takes apart http://HOST[:PORT][/PATH] or https://…; no user, query or fragment. */
int endpoint_parse(struct endpoint *out, const char *url, struct err *e);

#endif
