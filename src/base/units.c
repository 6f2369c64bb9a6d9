/* units.c - sizes and durations as people write them. */
#include "base/units.h"

#include <stddef.h>
#include <strings.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* The digits at *text, which then points past them. false: none, or too many. */
static bool take_number(uint64_t *out, const char **text)
{
    const char *p = *text;
    uint64_t v = 0;

    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t d = (uint64_t)(*p - '0');
        if (v > (UINT64_MAX - d) / 10)
            return false;
        v = v * 10 + d;
    }
    if (p == *text)
        return false;
    *out = v;
    *text = p;
    return true;
}

static bool with_unit(uint64_t *out, const char *text, const struct unit *units)
{
    uint64_t v;

    if (!take_number(&v, &text))
        return false;
    if (*text == 0) {
        *out = 0;
        return v == 0;
    }
    for (const struct unit *u = units; u->name; u++) {
        if (strcasecmp(text, u->name) != 0)
            continue;
        if (v > (uint64_t)INT64_MAX / u->factor)
            return false;
        *out = v * u->factor;
        return true;
    }
    return false;
}

bool units_size(uint64_t *bytes, const char *text)
{
    static const struct unit units[] = {
        {"B", 1},         {"kB", 1 << 10},    {"KiB", 1 << 10},
        {"MB", 1 << 20},  {"MiB", 1 << 20},   {"GB", 1 << 30},
        {"GiB", 1 << 30}, {"TB", 1ull << 40}, {"TiB", 1ull << 40},
        {NULL, 0},
    };

    return with_unit(bytes, text, units);
}

bool units_duration(int64_t *ms, const char *text)
{
    static const struct unit units[] = {
        {"ms", 1},          {"s", 1000},         {"min", 60000}, {"m", 60000},
        {"h", 3600 * 1000}, {"d", 86400 * 1000}, {NULL, 0},
    };
    uint64_t v;

    if (!with_unit(&v, text, units))
        return false;
    *ms = (int64_t)v;
    return true;
}

bool units_count(uint64_t *n, const char *text)
{
    return take_number(n, &text) && *text == 0;
}
