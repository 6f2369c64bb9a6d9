/* frontier.c - decides how far the slot may advance. */
#include "pipeline/frontier.h"

#include <assert.h>

void frontier_init(struct frontier *f)
{
    f->first = f->count = 0;
}

bool frontier_empty(const struct frontier *f)
{
    return f->count == 0;
}

void frontier_commit(struct frontier *f, uint64_t n, lsn_t lsn)
{
    if (f->count > 0) {
        uint32_t last = (f->first + f->count - 1) % FRONTIER_MARKS;
        assert(n >= f->mark[last].n && lsn >= f->mark[last].lsn);
        if (n == f->mark[last].n || f->count == FRONTIER_MARKS) {
            f->mark[last].n = n;
            f->mark[last].lsn = lsn;
            return;
        }
    }
    uint32_t next = (f->first + f->count++) % FRONTIER_MARKS;
    f->mark[next].n = n;
    f->mark[next].lsn = lsn;
}

bool frontier_advance(struct frontier *f, uint64_t durable, lsn_t *lsn)
{
    bool found = false;

    while (f->count > 0 && f->mark[f->first].n <= durable) {
        *lsn = f->mark[f->first].lsn;
        f->first = (f->first + 1) % FRONTIER_MARKS;
        f->count--;
        found = true;
    }
    return found;
}
