/* kinesis_state.c - the Kinesis sink's retries told to the log, and its pauses. */
#include "sink/kinesis_state.h"

#include "base/clock.h"
#include "base/log.h"
#include "sink/retry.h"

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

void kinesis_pause(struct kinesis *k, int64_t now)
{
    if (now >= k->pause_ms)
        k->pause_ms = now + retry_delay_ms(++k->attempt, clock_random());
}

void kinesis_trim(struct kinesis *k)
{
    uint64_t seq = ring_trim(&k->ring);

    if (seq == 0)
        return;
    k->durable = seq;
    k->room = k->refused;
}
