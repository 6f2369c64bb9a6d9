/* credentials.h - finds the AWS keys: environment, then the shared credentials file. */
#ifndef WALFERRY_AWS_CREDENTIALS_H
#define WALFERRY_AWS_CREDENTIALS_H

#include "aws/sigv4.h"
#include "base/err.h"

struct credentials;

/* Looks through the sources in order; the first that has keys wins. 0, or -1 with *e saying where
 * was looked. credentials_free frees. */
int credentials_find(struct credentials **out, struct err *e);
/* Looks again, since the service refused the keys. On -1 the old ones stay. */
int credentials_reload(struct credentials *c, struct err *e);
/* The keys lie in *c: they die at the next reload. */
struct sigv4_keys credentials_keys(const struct credentials *c);
/* Where they came from, for the log; never a secret. */
const char *credentials_source(const struct credentials *c);
/* Wipes and frees. */
void credentials_free(struct credentials *c);

#endif
