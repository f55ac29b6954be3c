/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name that operators taught: what was matched before is matched anew. Only advisories with a
 * product of one of these names can say something else since, and of them only those that say
 * anything of a class, now or before. They are matched as by hand: nobody is told by that, until
 * they are published again.
 */
#include "base/log.h"
#include "base/memory.h"
#include "centre/centre.h"
#include "centre/matcher_internal.h"
#include "fleet/alias_store.h"

enum { NAMES = 64 };

/* All names that count as one of these two, by both tables. */
struct names {
    struct arena arena;
    enum fleet_name_kind kind;
    struct slice at[NAMES];
    size_t count;
};

static int add_names(struct names *n, const struct fleet_aliases *before,
                     const struct fleet_aliases *now, struct slice text, struct err *e)
{
    struct fleet_name name;

    if (fleet_name_normalise(&n->arena, n->kind, text, &name, e) != 0)
        return -1;
    if (name.count == 0 || n->count == NAMES)
        return 0;
    struct slice form = name.forms[0].text;
    n->at[n->count++] = form;
    n->count += fleet_aliases_of(before, n->kind, form, n->at + n->count, NAMES - n->count);
    n->count += fleet_aliases_of(now, n->kind, form, n->at + n->count, NAMES - n->count);
    return 0;
}

/* Advisories under the aliases of now, and under those of before: what several of them name is
 * compared with the classes once. */
struct looking {
    struct fleet_sweep *now;
    struct fleet_sweep *before;
    struct fleet_options options; /* of before */
};

/* Does the advisory say anything of a class? 1, 0, or -1. */
static int says_something(struct fleet_sweep *sweep, uint64_t number, struct err *e)
{
    struct fleet_hits *hits = NULL;
    struct arena arena;
    int result = -1;

    arena_init(&arena, 0);
    if (fleet_sweep_match(sweep, number, &arena, &hits, e) == 0)
        result = hits->count > 0;
    fleet_hits_free(hits);
    arena_fini(&arena);
    return result;
}

static int match_named(struct follower *f, const struct looking *l, const uint64_t *ids,
                       size_t count, struct err *e)
{
    struct matcher *m = f->centre->matcher;
    size_t matched = 0;

    for (size_t i = 0; i < count; i++) {
        int says = says_something(l->now, ids[i], e);
        if (says == 0)
            says = says_something(l->before, ids[i], e);
        if (says < 0 || (says == 1 && matcher_match_revision(f, m->current[ids[i]], e) != 0))
            return -1;
        matched += says == 1;
    }
    log_info("alias.matched", LOG_I("advisories", matched), LOG_I("looked_at", count));
    return 0;
}

/* m->aliases are those of now. */
static int match_anew(struct follower *f, const struct fleet_aliases *before,
                      const struct names *names, struct err *e)
{
    struct matcher *m = f->centre->matcher;
    struct looking l = {.options = m->options};
    uint64_t *ids = NULL;
    size_t count;
    int result = -1;

    l.options.aliases = before;
    if (fleet_advisories_named(m->advisories, names->kind, names->at, names->count, &ids, &count,
                               e) == 0 &&
        fleet_sweep_new(&l.now, m->classes, m->advisories, &m->options, e) == 0 &&
        fleet_sweep_new(&l.before, m->classes, m->advisories, &l.options, e) == 0)
        result = match_named(f, &l, ids, count, e);
    fleet_sweep_free(l.now);
    fleet_sweep_free(l.before);
    mem_free(ids);
    return result;
}

int matcher_alias_taught(struct follower *f, const struct followed *act, struct err *e)
{
    struct matcher *m = f->centre->matcher;
    struct fleet_aliases *before = m->aliases;
    struct fleet_aliases *now = NULL;
    struct names names = {.kind = slice_is(json_get_string(act->data, "kind"), "vendor")
                                      ? FLEET_NAME_VENDOR
                                      : FLEET_NAME_PRODUCT};

    if (fleet_aliases_load(f->db, &now, e) != 0)
        return -1;
    arena_init(&names.arena, 0);
    m->aliases = now;
    m->options.aliases = now;
    int result = add_names(&names, before, now, json_get_string(act->data, "from"), e);
    if (result == 0)
        result = add_names(&names, before, now, json_get_string(act->data, "to"), e);
    if (result == 0)
        result = match_anew(f, before, &names, e);
    if (result != 0) {
        /* the act is tried again, and has to know what was before it */
        m->aliases = before;
        m->options.aliases = before;
        before = now;
    }
    fleet_aliases_free(before);
    arena_fini(&names.arena);
    return result;
}
