/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"
#include "agent/chain.h"
#include "agent/home.h"
#include "base/file.h"
#include "base/log.h"

#include <stdio.h>
#include <unistd.h>

int agent_open(struct agent *a, const char *home, enum agent_open how, struct err *e)
{
    memset(a, 0, sizeof(*a));
    a->home = home;
    a->lock = -1;
    a->clock = &clock_system;
    a->random = &random_system;
    identity_init(&a->identity);
    trust_init(&a->trust);
    buf_init(&a->state.checkpoint.note);
    if (how == AGENT_CHANGE && (home_lock(home, &a->lock, e) != 0 || home_prepare(home, e) != 0))
        return -1;
    if (identity_load(&a->identity, home, e) != 0 || trust_load(&a->trust, home, e) != 0 ||
        agent_config_load(&a->config, home, e) != 0 ||
        state_load(&a->state, home, a->identity.asset, e) != 0)
        return -1;
    /* A crash between storing a trust statement and counting its journal is healed here. */
    return state_add_origin(&a->state, slice_str(a->trust.origin), e);
}

void agent_close(struct agent *a)
{
    identity_fini(&a->identity);
    trust_fini(&a->trust);
    state_fini(&a->state);
    if (a->lock >= 0)
        close(a->lock);
    a->lock = -1;
}

int64_t agent_now(const struct agent *a)
{
    int64_t now = clock_now(a->clock);

    return now < a->identity.leaf.not_before ? a->identity.leaf.not_before : now;
}

int agent_save(struct agent *a, struct err *e)
{
    return state_save(&a->state, a->home, e);
}

static int notice_path(const struct agent *a, uint64_t n, char path[PATH_MAX], struct err *e)
{
    char name[64];

    snprintf(name, sizeof(name), "notices/%012llu.json", (unsigned long long)n);
    return home_path(a->home, name, path, e);
}

static int store(struct agent *a, const struct delivery *d, struct err *e)
{
    char path[PATH_MAX];
    struct buf text;
    int result = -1;

    buf_init(&text);
    delivery_write(d, &text);
    if (notice_path(a, d->n, path, e) == 0 && buf_check(&text, e) == 0)
        result = file_write(path, buf_slice(&text), 0600, e);
    buf_fini(&text);
    return result;
}

/* Old notices go one by one as new ones come; those whose hook is not done stay. */
static void forget_old(struct agent *a)
{
    uint64_t kept = (uint64_t)a->config.notices_kept;
    struct err ignored = {0};
    char path[PATH_MAX];

    if (a->state.n <= kept || state_hook_open(&a->state, a->state.n - kept))
        return;
    if (notice_path(a, a->state.n - kept, path, &ignored) == 0)
        unlink(path);
}

static int count(struct agent *a, const struct delivery *d, struct err *e)
{
    struct state *s = &a->state;
    uint8_t before[32];

    memcpy(before, s->head, sizeof(before));
    if (agent_chain_add(s->head, d->digest, e) != 0)
        return -1;
    s->n = d->n;
    if (!a->config.hook[0] && s->hooks_to == d->n - 1)
        s->hooks_to = d->n; /* nobody here to be told */
    if (agent_save(a, e) == 0)
        return 0;
    memcpy(s->head, before, sizeof(before));
    s->n = d->n - 1;
    if (s->hooks_to > s->n)
        s->hooks_to = s->n;
    return -1;
}

static int refuse(struct agent *a, const struct delivery *d, const struct err *e)
{
    log_line(LOG_LEVEL_ERROR, "notice.refused", LOG_I("n", d->n), LOG_S("code", e->code),
             LOG_S("text", e->text), LOG_S("clause", e->clause));
    if (e->kind == ERR_VERIFY || e->kind == ERR_INPUT)
        state_refused(&a->state, e, clock_now(a->clock));
    return -1;
}

int agent_receive(struct agent *a, const struct delivery *d, struct err *e)
{
    int order = delivery_order(d, &a->state, e);

    if (order == 0) {
        log_debug("notice.again", LOG_I("n", d->n));
        return 0;
    }
    if (order < 0 || delivery_verify(d, &a->trust, &a->state, e) != 0)
        return refuse(a, d, e);
    if (store(a, d, e) != 0 || count(a, d, e) != 0)
        return -1;
    forget_old(a);
    log_info("notice.received", LOG_I("n", d->n), LOG_S("status", delivery_status(d)));
    return 1;
}

int agent_notice(const struct agent *a, uint64_t n, struct delivery *d, struct err *e)
{
    char path[PATH_MAX];
    struct buf text;
    int result = -1;

    if (notice_path(a, n, path, e) != 0)
        return -1;
    if (file_kind(path) == 0)
        return err_set(e, ERR_NOT_FOUND, "agent.notice", NULL, "notice %llu is not kept here",
                       (unsigned long long)n);
    buf_init(&text);
    if (file_read(path, DELIVERY_MAX * 2, &text, e) == 0)
        result = delivery_parse(d, buf_slice(&text), e);
    buf_fini(&text);
    return result == 0 ? 0 : err_context(e, "%s", path);
}

int agent_take_trust(struct agent *a, struct trust *offered, struct err *e)
{
    if (trust_save(offered, a->home, e) != 0)
        return -1;
    trust_replace(&a->trust, offered);
    log_info("trust.taken", LOG_I("generation", a->trust.generation),
             LOG_I("anchors", a->trust.anchors.count));
    if (state_add_origin(&a->state, slice_str(a->trust.origin), e) != 0)
        return -1;
    return agent_save(a, e);
}
