/* trouble.c - says that retries began, that they last, and that they are over; not more. */
#include "sink/trouble.h"

bool trouble_note(struct trouble *t, int64_t now_ms)
{
    if (t->failures++ == 0) {
        t->since_ms = now_ms;
        t->said = false;
    }
    if (t->said_ms && now_ms - t->said_ms < TROUBLE_EVERY_MS)
        return false;
    t->said_ms = now_ms;
    t->said = true;
    return true;
}

bool trouble_over(struct trouble *t)
{
    bool said = t->failures && t->said;

    t->failures = 0;
    t->said = false;
    return said;
}
