/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"
#include "base/memory.h"
#include "fleet/name.h"

/* A ring of names that count as one; the rings of two names are joined by exchanging `next`. */
struct alias {
    struct slice form;
    struct alias *next;
    struct slice reason; /* of the entry that brought this name in */
};

struct fleet_aliases {
    struct arena arena;
    struct map kinds[2]; /* normal form -> struct alias */
};

struct fleet_aliases *fleet_aliases_new(void)
{
    struct fleet_aliases *t = mem_new(1, sizeof *t);
    if (!t)
        return NULL;
    arena_init(&t->arena, 0);
    map_init(&t->kinds[0]);
    map_init(&t->kinds[1]);
    return t;
}

void fleet_aliases_free(struct fleet_aliases *t)
{
    if (!t)
        return;
    map_fini(&t->kinds[0]);
    map_fini(&t->kinds[1]);
    arena_fini(&t->arena);
    mem_free(t);
}

static struct alias *enter(struct fleet_aliases *t, struct map *m, struct slice form)
{
    struct alias *known = map_get(m, form);
    if (known)
        return known;
    struct alias *a = arena_new(&t->arena, 1, sizeof *a);
    if (!a)
        return NULL;
    a->form = form;
    a->next = a;
    return map_set(m, form, a) == 0 ? a : NULL;
}

static bool same_ring(const struct alias *a, const struct alias *b)
{
    const struct alias *at = a;
    do {
        if (at == b)
            return true;
        at = at->next;
    } while (at != a);
    return false;
}

int fleet_aliases_add(struct fleet_aliases *t, enum fleet_name_kind kind, struct slice from,
                      struct slice to, struct slice reason, struct err *e)
{
    struct fleet_name x, y;
    char *why = arena_copy(&t->arena, reason.len ? (const void *)reason.data : "", reason.len);
    if (!why)
        return err_memory(e);
    if (fleet_name_normalise(&t->arena, kind, from, &x, e) != 0 ||
        fleet_name_normalise(&t->arena, kind, to, &y, e) != 0)
        return -1;
    if (x.count == 0 || y.count == 0)
        return err_set(e, ERR_USAGE, "fleet.alias", NULL, "an alias needs two names");
    if (slice_equal(x.forms[0].text, y.forms[0].text))
        return err_set(e, ERR_USAGE, "fleet.alias", NULL,
                       "\"%.*s\" and \"%.*s\" count as one name already", SLICE_ARG(from),
                       SLICE_ARG(to));
    struct alias *a = enter(t, &t->kinds[kind], x.forms[0].text);
    struct alias *b = enter(t, &t->kinds[kind], y.forms[0].text);
    if (!a || !b)
        return err_memory(e);
    if (same_ring(a, b))
        return 0;
    struct alias *next = a->next;
    a->next = b->next;
    b->next = next;
    a->reason = slice_of(why, reason.len);
    if (b->reason.len == 0)
        b->reason = a->reason;
    return 0;
}

bool fleet_aliases_any(const struct fleet_aliases *t, enum fleet_name_kind kind)
{
    return t && t->kinds[kind].count > 0;
}

bool fleet_aliases_same(const struct fleet_aliases *t, enum fleet_name_kind kind, struct slice a,
                        struct slice b, struct slice *reason)
{
    if (!t)
        return false;
    const struct alias *x = map_get(&t->kinds[kind], a), *y = map_get(&t->kinds[kind], b);
    if (!x || !y || !same_ring(x, y))
        return false;
    if (reason)
        *reason = x->reason.len ? x->reason : y->reason;
    return true;
}

size_t fleet_aliases_of(const struct fleet_aliases *t, enum fleet_name_kind kind, struct slice form,
                        struct slice *out, size_t room)
{
    const struct alias *a = t ? map_get(&t->kinds[kind], form) : NULL;
    size_t count = 0;
    for (const struct alias *at = a ? a->next : NULL; at && at != a && count < room; at = at->next)
        out[count++] = at->form;
    return count;
}
