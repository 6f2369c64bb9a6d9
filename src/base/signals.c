/* signals.c - SIGTERM, SIGINT and SIGHUP as flags, delivered only while the loop waits. */
#include "base/signals.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

enum { LONGEST_WAIT_MS = 60000 };

static volatile sig_atomic_t stops = 0;
static volatile sig_atomic_t stop_number = 0;
static volatile sig_atomic_t hangups = 0;
static sigset_t while_waiting;

static void on_stop(int number)
{
    if (stops < 100)
        stops = stops + 1;
    stop_number = number;
}

static void on_hangup(int number)
{
    (void)number;
    hangups = 1;
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction a = {.sa_handler = handler};

    sigemptyset(&a.sa_mask);
    sigaction(number, &a, NULL);
}

void signals_setup(void)
{
    sigset_t blocked;

    handle(SIGTERM, on_stop);
    handle(SIGINT, on_stop);
    handle(SIGHUP, on_hangup);
    handle(SIGPIPE, SIG_IGN);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGHUP);
    sigprocmask(SIG_BLOCK, &blocked, &while_waiting);
    sigdelset(&while_waiting, SIGTERM);
    sigdelset(&while_waiting, SIGINT);
    sigdelset(&while_waiting, SIGHUP);
}

unsigned signals_stops(void)
{
    return (unsigned)stops;
}

int signals_stop_number(void)
{
    return stop_number;
}

bool signals_take_hangup(void)
{
    bool was = hangups;

    hangups = 0;
    return was;
}

void signals_wait(struct watch *w, int64_t now_ms)
{
    int64_t ms = w->deadline_ms <= now_ms ? 0 : w->deadline_ms - now_ms;

    if (ms > LONGEST_WAIT_MS)
        ms = LONGEST_WAIT_MS;
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};
    ppoll(w->fd, w->n, &t, &while_waiting);
}
