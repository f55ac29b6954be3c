/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/rewind.h"
#include "agent/chain.h"
#include "agent/home.h"
#include "agent/outbox.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

int rewind_same(const struct agent *a, const struct delivery *d, struct err *e)
{
    struct err why = {0};
    struct delivery kept;

    if (agent_notice(a, d->n, &kept, &why) != 0) {
        if (strcmp(why.code, "agent.notice") == 0)
            return 1;
        *e = why;
        return -1;
    }
    int same = memcmp(kept.digest, d->digest, 32) == 0;
    delivery_fini(&kept);
    return same;
}

int rewind_head(const struct agent *a, uint64_t k, uint8_t head[32], struct err *e)
{
    if (agent_chain_begin(slice_str(a->identity.asset), head, e) != 0)
        return -1;
    for (uint64_t n = 1; n <= k; n++) {
        struct delivery kept;
        if (agent_notice(a, n, &kept, e) != 0)
            return -1;
        int added = agent_chain_add(head, kept.digest, e);
        delivery_fini(&kept);
        if (added != 0)
            return -1;
    }
    return 0;
}

/* By a second name, so that the file is at one of them whenever we are killed. */
static int keep_lost(const struct agent *a, uint64_t n, int64_t now, struct err *e)
{
    char from[PATH_MAX], to[PATH_MAX], name[80];

    snprintf(name, sizeof(name), "notices/%012llu.json", (unsigned long long)n);
    if (home_path(a->home, name, from, e) != 0)
        return -1;
    snprintf(name, sizeof(name), "evidence/%lld-lost-%llu.json", (long long)now,
             (unsigned long long)n);
    if (home_path(a->home, name, to, e) != 0)
        return -1;
    if (link(from, to) != 0 && errno != ENOENT && errno != EEXIST)
        return err_errno(e, errno, "agent.home", "cannot write %s", to);
    return 0;
}

struct lost {
    const struct agent *agent;
    uint64_t behind;
};

/* No centre will ever take it: it is about a notice that there is no more. */
static int set_aside(void *context, const char *name, struct slice envelope, struct err *e)
{
    const struct lost *lost = context;

    (void)envelope;
    return outbox_number(name) > lost->behind ? outbox_set_aside(lost->agent->home, name, e) : 0;
}

int rewind_to(struct agent *a, uint64_t k, const uint8_t head[32], struct err *e)
{
    struct lost lost = {.agent = a, .behind = k};
    struct state *s = &a->state;
    int64_t now = clock_now(a->clock);

    for (uint64_t n = k + 1; n <= s->n; n++)
        if (keep_lost(a, n, now, e) != 0)
            return -1;
    if (k < s->n && outbox_each(a->home, set_aside, &lost, e) != 0)
        return -1;
    log_line(k < s->n ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "chain.rejoined", LOG_I("n", k),
             LOG_I("lost_by_the_centre", s->n - k));
    s->n = k;
    memcpy(s->head, head, 32);
    s->acked = 0;
    if (s->hooks_to > k)
        s->hooks_to = k;
    while (s->done_count > 0 && s->done[s->done_count - 1] > k)
        s->done_count--;
    s->rejoin = false;
    return agent_save(a, e);
}
