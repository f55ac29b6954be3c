/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/candidates.h"
#include "base/map.h"
#include "base/memory.h"
#include "fleet/match_combine.h"
#include "fleet/match_same.h"
#include "fleet/name_words.h"

struct member {
    struct fleet_subject subject;
    size_t owner;
};

struct fleet_components {
    struct arena arena;
    struct map seen; /* what fleet_same_identity writes */
    struct member *members;
    size_t count, room;
};

struct fleet_components *fleet_components_new(void)
{
    struct fleet_components *p = mem_new(1, sizeof *p);
    if (!p)
        return NULL;
    arena_init(&p->arena, 0);
    map_init(&p->seen);
    return p;
}

void fleet_components_free(struct fleet_components *p)
{
    if (!p)
        return;
    map_fini(&p->seen);
    arena_fini(&p->arena);
    mem_free(p->members);
    mem_free(p);
}

size_t fleet_components_count(const struct fleet_components *p)
{
    return p->count;
}

static int add_member(struct fleet_components *p, const struct fleet_identity *identity,
                      size_t owner, struct err *e)
{
    struct buf text;
    int result = -1;
    buf_init(&text);
    fleet_same_identity(&text, identity);
    if (buf_check(&text, e) != 0)
        goto out;
    result = 0;
    if (map_get(&p->seen, buf_slice(&text)))
        goto out;
    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : 64;
        void *grown = mem_resize(p->members, room, sizeof *p->members);
        if (!grown) {
            result = err_memory(e);
            goto out;
        }
        p->members = grown;
        p->room = room;
    }
    struct member *m = &p->members[p->count];
    *m = (struct member){.owner = owner};
    char *key = arena_copy(&p->arena, text.data, text.len);
    result = key ? fleet_subject_prepare(&p->arena, identity, &m->subject, e) : err_memory(e);
    if (result == 0 && map_set(&p->seen, slice_of(key, text.len), p) != 0)
        result = err_memory(e);
    p->count += result == 0;
out:
    buf_fini(&text);
    return result;
}

int fleet_components_add(struct fleet_components *p, const struct fleet_class *class, size_t owner,
                         struct err *e)
{
    for (size_t i = 0; i < class->count; i++)
        if (add_member(p, &class->identities[i], owner, e) != 0)
            return -1;
    return 0;
}

static bool same_vendor(const struct fleet_target *t, const struct fleet_subject *s)
{
    for (size_t i = 0; i < t->vendors.count; i++)
        for (size_t k = 0; k < s->vendor.count; k++)
            if (slice_equal(t->vendors.forms[i].text, s->vendor.forms[k].text))
                return true;
    return false;
}

/* How much of the product's words the component's name has, 0 to 100. */
static int common_words(const struct fleet_target *t, const struct fleet_subject *s)
{
    struct fleet_words x, y;
    size_t shared = 0;
    if (t->product.count == 0 || s->form_count == 0)
        return 0;
    fleet_words_split(t->product.forms[0].text, &x);
    fleet_words_split(s->forms[0].text, &y);
    for (size_t i = 0; i < x.count; i++)
        for (size_t k = 0; k < y.count; k++)
            if (slice_equal(x.at[i], y.at[k])) {
                shared++;
                break;
            }
    size_t most = x.count > y.count ? x.count : y.count;
    return most ? (int)(100 * shared / most) : 0;
}

static struct fleet_candidate judge(const struct fleet_target *t, const struct member *m,
                                    const struct fleet_identified *id,
                                    const struct fleet_nearest *nearest)
{
    const struct fleet_subject *s = &m->subject;
    struct fleet_candidate c = {.component = s->component, .owner = m->owner};
    bool packages = t->package && s->package;
    int words = common_words(t, s);
    if (nearest->target) {
        c.score = 60 + nearest->confidence * 2 / 5;
        c.why = id->other ? id->other : (const char *)nearest->text.data;
    } else if (packages && slice_equal(t->package->name, s->package->name)) {
        bool type = slice_equal(t->package->type, s->package->type);
        c.score = type ? 70 : 50;
        c.why = type ? "a package of that name, but of another namespace"
                     : "a package of that name, but of another type";
    } else if (packages && slice_equal(t->package->type, s->package->type) &&
               fleet_name_misspelt(t->package->name, s->package->name) > 0) {
        c.score = 55;
        c.why = "a package whose name differs by a letter";
    } else if (packages) {
        c.score = 0;
    } else if (same_vendor(t, s)) {
        c.score = 20 + words / 2;
        c.why = "same vendor, but another product";
    } else if (words >= 50) {
        c.score = words / 2;
        c.why = "a name that is near, but of another vendor";
    }
    return c;
}

static void offer(struct fleet_candidate *best, size_t *count, struct fleet_candidate c)
{
    size_t at = *count;
    while (at > 0 && best[at - 1].score < c.score)
        at--;
    if (at == FLEET_CANDIDATES)
        return;
    if (*count < FLEET_CANDIDATES)
        ++*count;
    for (size_t i = *count - 1; i > at; i--)
        best[i] = best[i - 1];
    best[at] = c;
}

bool fleet_components_has(const struct fleet_components *p, const struct fleet_target *target,
                          const struct fleet_options *options,
                          struct fleet_candidate candidates[FLEET_CANDIDATES], size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct fleet_identified id;
        struct fleet_nearest nearest = {0};
        if (fleet_touch_identify(target, &p->members[i].subject,
                                 options ? options : &fleet_options_default, &id, &nearest))
            return true;
        struct fleet_candidate c = judge(target, &p->members[i], &id, &nearest);
        if (c.score > 0)
            offer(candidates, count, c);
    }
    return false;
}
