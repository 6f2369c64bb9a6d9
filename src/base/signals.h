/* signals.h - SIGTERM, SIGINT and SIGHUP as flags, delivered only while the loop waits. */
#ifndef WALFERRY_BASE_SIGNALS_H
#define WALFERRY_BASE_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/watch.h"

/* Installs the handlers, blocks the signals, ignores SIGPIPE. Once, at the start. */
void signals_setup(void);
/* How many times SIGTERM or SIGINT came. */
unsigned signals_stops(void);
/* The first of them, for an exit code of 128 and more; 0 when none came. */
int signals_stop_number(void);
/* true once for each SIGHUP, or several that came together. */
bool signals_take_hangup(void);
/* Waits for w's descriptors, its deadline or a signal. */
void signals_wait(struct watch *w, int64_t now_ms);

#endif
