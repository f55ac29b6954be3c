/* SPDX-License-Identifier: Apache-2.0 */
/* After a restore of the centre: how far its chain of notices and ours are one (docs/agent.md). */
#include "agent/chain.h"
#include "agent/rewind.h"
#include "agent/session.h"

#include <stdio.h>

struct walk {
    uint64_t n; /* the chains are one up to here */
    uint8_t head[32];
    bool over;
};

/* The centre's next notice, from its first one on. */
static int step(struct session *s, struct walk *w, const struct delivery *d, struct err *e)
{
    const struct agent *a = s->agent;

    if (w->n == a->state.n) {
        w->over = true;
        return 0;
    }
    if (d->n != w->n + 1)
        return err_set(e, ERR_VERIFY, "delivery.gap", "docs/formats.md 3.3",
                       "notice %llu came, but %llu is the next", (unsigned long long)d->n,
                       (unsigned long long)w->n + 1);
    if (delivery_verify(d, &a->trust, &a->state, e) != 0)
        return -1;
    int same = rewind_same(a, d, e);
    if (same < 0)
        return -1;
    w->over = same == 0;
    if (w->over)
        return 0;
    w->n++;
    return agent_chain_add(w->head, d->digest, e);
}

static int walk_page(struct session *s, struct walk *w, struct slice text, struct err *e)
{
    struct json_limits limits = json_limits_default;
    struct json_doc *doc = NULL;
    uint64_t before = w->n;
    int result = -1;

    limits.bytes = SESSION_LIST_MAX;
    if (json_parse(&doc, text, &limits, e) != 0)
        return -1;
    if (!json_is(json_get(json_root(doc), "notices"), JSON_ARRAY)) {
        err_set(e, ERR_INPUT, "agent.notices", "docs/formats.md 5",
                "the centre's list has no \"notices\"");
        goto out;
    }
    json_each(item, json_get(json_root(doc), "notices"))
    {
        struct delivery d;
        if (w->over)
            break;
        if (delivery_read(&d, item, e) != 0)
            goto out;
        int stepped = step(s, w, &d, e);
        delivery_fini(&d);
        if (stepped != 0)
            goto out;
    }
    w->over = w->over || w->n == before || !json_is(json_get(json_root(doc), "more"), JSON_TRUE);
    result = 0;
out:
    json_doc_free(doc);
    return result;
}

int session_rejoin(struct session *s, struct err *e)
{
    struct agent *a = s->agent;
    struct walk w = {0};
    struct http_response r;
    int result = agent_chain_begin(slice_str(a->identity.asset), w.head, e);

    http_response_init(&r);
    while (result == 0 && !w.over) {
        char target[96];
        snprintf(target, sizeof(target), "/v1/notices?after=%llu&limit=%d", (unsigned long long)w.n,
                 SESSION_LIST);
        result = centre_get(&s->centre, target, SESSION_LIST_MAX, &r, a->clock, e);
        if (result == 0)
            result = walk_page(s, &w, buf_slice(&r.body), e);
    }
    http_response_fini(&r);
    return result == 0 ? rewind_to(a, w.n, w.head, e) : -1;
}
