/* trouble.h - says that retries began, that they last, and that they are over; not more. */
#ifndef WALFERRY_SINK_TROUBLE_H
#define WALFERRY_SINK_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

enum { TROUBLE_EVERY_MS = 30000 };

/* All zero: no trouble yet. */
struct trouble {
    uint64_t failures; /* of this streak */
    int64_t since_ms;
    int64_t said_ms; /* last warning, of whichever streak; 0: never */
    bool said;       /* this streak has been warned of */
};

/* A failure at now_ms: true when it is time to warn of it. */
bool trouble_note(struct trouble *t, int64_t now_ms);
/* The streak is over: true when a warning was given, so that its end is worth a line. */
bool trouble_over(struct trouble *t);

#endif
