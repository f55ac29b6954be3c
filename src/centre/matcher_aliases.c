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

/* Does the advisory say anything of a class under these aliases? 1, 0, or -1. */
static int says_something(const struct matcher *m, uint64_t number,
                          const struct fleet_aliases *aliases, struct err *e)
{
    struct fleet_options options = m->options;
    const struct fleet_criteria *criteria;
    struct fleet_hits *hits = NULL;
    struct arena arena;
    int result = -1;

    options.aliases = aliases;
    arena_init(&arena, 0);
    if (fleet_advisories_criteria(m->advisories, number, &arena, &criteria, e) == 0 &&
        fleet_index_match(m->classes, &hits, criteria, &options, e) == 0)
        result = hits->count > 0;
    fleet_hits_free(hits);
    arena_fini(&arena);
    return result;
}

/* m->aliases are those of now. */
static int match_anew(struct follower *f, const struct fleet_aliases *before,
                      const struct names *names, struct err *e)
{
    struct matcher *m = f->centre->matcher;
    uint64_t *ids;
    size_t count;
    size_t matched = 0;
    int result = fleet_advisories_named(m->advisories, names->kind, names->at, names->count, &ids,
                                        &count, e);

    for (size_t i = 0; result == 0 && i < count; i++) {
        int says = says_something(m, ids[i], m->aliases, e);
        if (says == 0)
            says = says_something(m, ids[i], before, e);
        if (says < 0 || (says == 1 && matcher_match_revision(f, m->current[ids[i]], e) != 0))
            result = -1;
        matched += says == 1;
    }
    if (result == 0)
        log_info("alias.matched", LOG_I("advisories", matched), LOG_I("looked_at", count));
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
