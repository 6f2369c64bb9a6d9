/* kinesis_state.c - the Kinesis sink's retries told to the log, and its pauses. */
#include "sink/kinesis_state.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"

enum { RETRY_FIRST_MS = 100, RETRY_MOST_MS = 10000 };

void kinesis_note_trouble(struct kinesis *k, int64_t now, const char *operation,
                          const struct kinesis_error *error)
{
    if (!trouble_note(&k->trouble, now))
        return;
    log_warn("kinesis: retrying", LSTR("stream", k->stream), LSTR("operation", operation),
             LSTR("code", error->code), LSTR("error", error->message),
             LUINT("failures", k->trouble.failures), LINT("for_ms", now - k->trouble.since_ms));
}

void kinesis_end_trouble(struct kinesis *k, int64_t now)
{
    uint64_t failures = k->trouble.failures;

    if (k->attempt || k->lanes.failing || failures == 0)
        return;
    if (trouble_over(&k->trouble))
        log_info("kinesis: recovered", LSTR("stream", k->stream), LUINT("failures", failures),
                 LINT("after_ms", now - k->trouble.since_ms));
}

int64_t kinesis_retry_ms(unsigned attempt)
{
    return backoff_ms(attempt, RETRY_FIRST_MS, RETRY_MOST_MS, clock_random());
}

void kinesis_pause(struct kinesis *k, int64_t now)
{
    if (now >= k->pause_ms)
        k->pause_ms = now + kinesis_retry_ms(k->attempt++);
}

void kinesis_trim(struct kinesis *k)
{
    uint64_t seq = ring_trim(&k->ring);

    if (seq == 0)
        return;
    k->durable = seq;
    k->room = k->refused;
}
