/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other way: one class against all advisories. Its components find products by their keys, and
 * are compared with each once, however many advisories name it; products lead to the advisories.
 */
#include "fleet/index_advisories.h"
#include "base/memory.h"
#include "fleet/criteria_share.h"
#include "fleet/index_keys.h"
#include "fleet/match_listen.h"
#include "fleet/match_same.h"

#include <stdlib.h>

struct advisory {
    uint64_t id;
    struct fleet_frozen *frozen; /* NULL: a free slot */
};

struct fleet_advisories {
    struct advisory *slots;
    size_t room;
    struct fleet_index_numbers numbers;
    struct fleet_postings by_id; /* caller's number, mixed -> slots */
    struct fleet_pool pool;
};

struct fleet_advisories *fleet_advisories_new(void)
{
    struct err e = {0};
    struct fleet_advisories *a = mem_new(1, sizeof *a);
    if (a && fleet_pool_init(&a->pool, &e) != 0) {
        mem_free(a);
        return NULL;
    }
    return a;
}

void fleet_advisories_free(struct fleet_advisories *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->numbers.count; i++)
        mem_free(a->slots[i].frozen);
    fleet_pool_fini(&a->pool);
    fleet_postings_fini(&a->by_id);
    mem_free(a->slots);
    mem_free(a->numbers.free);
    mem_free(a);
}

static bool find(const struct fleet_advisories *a, uint64_t id, uint32_t *slot)
{
    size_t count;
    const uint64_t *found = fleet_postings_find(&a->by_id, fleet_index_id_key(id), &count);
    for (size_t i = 0; i < count; i++)
        if (a->slots[found[i]].id == id) {
            *slot = (uint32_t)found[i];
            return true;
        }
    return false;
}

size_t fleet_advisories_count(const struct fleet_advisories *a)
{
    return a->numbers.count - a->numbers.free_count;
}

int fleet_advisories_add(struct fleet_advisories *a, uint64_t id,
                         const struct fleet_criteria *criteria, struct err *e)
{
    uint32_t slot;
    if (find(a, id, &slot))
        return err_set(e, ERR_CONFLICT, "index.twice", NULL,
                       "the advisory %llu is in the index already", (unsigned long long)id);
    if (fleet_index_grow((void **)&a->slots, a->numbers.count, &a->room, sizeof *a->slots) != 0 ||
        fleet_index_number(&a->numbers, &slot) != 0)
        return err_memory(e);
    a->slots[slot] = (struct advisory){.id = id};
    struct fleet_frozen *frozen = fleet_pool_freeze(&a->pool, criteria, slot, e);
    if (frozen && fleet_postings_add(&a->by_id, fleet_index_id_key(id), slot) != 0) {
        fleet_pool_drop(&a->pool, frozen, slot);
        frozen = NULL;
        err_memory(e);
    }
    if (!frozen) {
        fleet_index_number_back(&a->numbers, slot);
        return -1;
    }
    a->slots[slot].frozen = frozen;
    return 0;
}

bool fleet_advisories_remove(struct fleet_advisories *a, uint64_t id)
{
    uint32_t slot;
    if (!find(a, id, &slot))
        return false;
    fleet_postings_remove(&a->by_id, fleet_index_id_key(id), slot);
    fleet_pool_drop(&a->pool, a->slots[slot].frozen, slot);
    a->slots[slot] = (struct advisory){0};
    fleet_index_number_back(&a->numbers, slot);
    return true;
}

const struct fleet_pool *fleet_advisories_pool(const struct fleet_advisories *a)
{
    return &a->pool;
}

const struct fleet_frozen *fleet_advisories_frozen(const struct fleet_advisories *a, uint64_t id,
                                                   struct err *e)
{
    uint32_t slot;
    if (find(a, id, &slot))
        return a->slots[slot].frozen;
    err_set(e, ERR_NOT_FOUND, "index.none", NULL, "no advisory %llu is in the index",
            (unsigned long long)id);
    return NULL;
}

int fleet_advisories_criteria(const struct fleet_advisories *a, uint64_t id, struct arena *arena,
                              const struct fleet_criteria **criteria, struct err *e)
{
    const struct fleet_frozen *frozen = fleet_advisories_frozen(a, id, e);
    return frozen ? fleet_pool_thaw(&a->pool, frozen, NULL, arena, criteria, NULL, e) : -1;
}

static bool is_among(struct slice text, const struct slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(text, names[i]))
            return true;
    return false;
}

static bool is_named(const struct fleet_target *t, enum fleet_name_kind kind,
                     const struct slice *names, size_t count)
{
    bool named = false;
    if (kind == FLEET_NAME_VENDOR)
        for (size_t i = 0; i < t->vendor.count; i++)
            named = named || is_among(t->vendor.forms[i].text, names, count);
    else
        for (size_t i = 0; i < t->form_count; i++)
            named = named || is_among(t->forms[i].text, names, count);
    return named;
}

static int by_value(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

int fleet_advisories_named(const struct fleet_advisories *a, enum fleet_name_kind kind,
                           const struct slice *names, size_t name_count, uint64_t **ids,
                           size_t *count, struct err *e)
{
    bool *found = mem_new(a->numbers.count + 1, sizeof *found);
    uint64_t *list = mem_new(fleet_advisories_count(a) + 1, sizeof *list);
    *ids = NULL;
    *count = 0;
    if (!found || !list) {
        mem_free(found);
        mem_free(list);
        return err_memory(e);
    }
    for (size_t i = 0; i < a->pool.products.numbers.count; i++) {
        const struct fleet_pool_product *p = a->pool.products.at[i];
        if (!p || !is_named(p->target, kind, names, name_count))
            continue;
        for (size_t k = 0; k < p->user_count; k++)
            found[p->users[k].user] = true;
    }
    for (size_t i = 0; i < a->numbers.count; i++)
        if (found[i])
            list[(*count)++] = a->slots[i].id;
    if (*count)
        qsort(list, *count, sizeof *list, by_value);
    mem_free(found);
    *ids = list;
    return 0;
}

/* ---- one class ---------------------------------------------------------------------------------
 */

/* A component that is a product of some advisories. */
struct contact {
    uint32_t subject;
    uint32_t product;
    uint32_t profile; /* the first contact of which an advisory that says the same means the same */
    struct fleet_identified id;
};

/*
 * All of a contact that a status may depend on, besides what an advisory says of the product; no
 * byte between. Behind it stand the texts of its line and version. Who lets fleet_combine_status or
 * fleet_touch_decide look at more of an identification or a target adds it here.
 */
struct profile {
    const char *open;
    uint32_t subject, rule, vendor, rules;
    int32_t confidence;
    uint32_t line_len;
    uint8_t any_version, only_unknown, order_conflict, order_open, edition_open, sku_missing;
    uint8_t family, unused;
};

/* A contact, as one advisory sees it. */
struct link {
    uint32_t contact;
    uint32_t share;
    uint32_t next; /* + 1 */
};

/* A contact of one advisory, and what it says of the product. */
struct met {
    uint32_t contact;
    uint32_t share;
};

/* Of two advisories that say the same of the same contacts one is judged. */
struct judged {
    enum fleet_status status;
};

struct search {
    const struct fleet_advisories *advisories;
    const struct fleet_options *options;
    struct arena scratch;   /* for the class */
    struct arena thawed;    /* for one advisory */
    struct arena combining; /* for its status */
    struct fleet_keys keys;
    struct fleet_subject *subjects;
    uint32_t *seen;      /* by product: the last component that met it, + 1 */
    uint32_t *target_of; /* by product: its target in the advisory that is looked at */
    struct contact *contacts;
    size_t contact_count, contact_room;
    struct link *links;
    size_t link_count, link_room;
    uint32_t *heads; /* by slot: its last link + 1 */
    uint32_t *found; /* slots */
    size_t found_count, found_room;
    struct met *met; /* by one advisory, by contact */
    size_t met_room;
    struct map profiles; /* -> contact + 1 */
    struct map judged;   /* by what is met: profiles and shares */
    struct map weighed;  /* by profiles, what is said of the version, and what is claimed */
    struct map said;     /* by profile and ranges -> a byte of match_listen.h, + 1 */
    struct buf text, more;
    struct fleet_touches touches;
    struct fleet_concern *concerns;
    size_t count, room;
    struct err *e;
};

static int grow(void **list, size_t count, size_t *room, size_t size, struct err *e)
{
    return fleet_index_grow(list, count, room, size) == 0 ? 0 : err_memory(e);
}

static int add_links(struct search *s, const struct fleet_pool_product *product, uint32_t contact)
{
    for (size_t i = 0; i < product->user_count; i++) {
        uint32_t slot = product->users[i].user;
        if (!s->heads[slot]) {
            if (grow((void **)&s->found, s->found_count, &s->found_room, sizeof *s->found, s->e) !=
                0)
                return -1;
            s->found[s->found_count++] = slot;
        }
        if (grow((void **)&s->links, s->link_count, &s->link_room, sizeof *s->links, s->e) != 0)
            return -1;
        s->links[s->link_count++] = (struct link){contact, product->users[i].share, s->heads[slot]};
        s->heads[slot] = (uint32_t)s->link_count;
    }
    return 0;
}

/* Sets the profile of the last contact. */
static int set_profile(struct search *s)
{
    uint32_t number = (uint32_t)s->contact_count - 1;
    struct contact *c = &s->contacts[number];
    const struct fleet_target *target = s->advisories->pool.products.at[c->product]->target;
    const struct profile profile = {.open = c->id.open,
                                    .subject = c->subject,
                                    .rule = (uint32_t)c->id.rule,
                                    .vendor = (uint32_t)c->id.vendor,
                                    .rules = c->id.rules,
                                    .confidence = c->id.confidence,
                                    .line_len = (uint32_t)c->id.line.len,
                                    .any_version = c->id.any_version,
                                    .only_unknown = c->id.only_unknown,
                                    .order_conflict = c->id.order_conflict,
                                    .order_open = c->id.order_open,
                                    .edition_open = c->id.edition_open,
                                    .sku_missing = c->id.sku_missing,
                                    .family = target->product.family};
    buf_reset(&s->text);
    buf_put(&s->text, &profile, sizeof profile);
    buf_put_slice(&s->text, c->id.line);
    buf_put_slice(&s->text, c->id.version);
    if (s->text.failed)
        return err_memory(s->e);
    uintptr_t known = (uintptr_t)map_get(&s->profiles, buf_slice(&s->text));
    c->profile = known ? (uint32_t)known - 1 : number;
    if (known)
        return 0;
    char *key = arena_copy(&s->scratch, s->text.data, s->text.len);
    if (!key ||
        map_set(&s->profiles, slice_of(key, s->text.len), (void *)((uintptr_t)number + 1)) != 0)
        return err_memory(s->e);
    return 0;
}

static int meet(struct search *s, uint32_t subject, uint32_t number)
{
    const struct fleet_pool_product *product = s->advisories->pool.products.at[number];
    struct fleet_identified id;
    if (!fleet_touch_identify(product->target, &s->subjects[subject], s->options, &id, NULL))
        return 0;
    if (grow((void **)&s->contacts, s->contact_count, &s->contact_room, sizeof *s->contacts,
             s->e) != 0)
        return -1;
    s->contacts[s->contact_count++] =
        (struct contact){.subject = subject, .product = number, .id = id};
    return set_profile(s) != 0 ? -1 : add_links(s, product, (uint32_t)s->contact_count - 1);
}

static int search_identity(struct search *s, const struct fleet_identity *identity, uint32_t number)
{
    if (fleet_subject_prepare(&s->scratch, identity, &s->subjects[number], s->e) != 0)
        return -1;
    s->keys.count = 0;
    fleet_keys_of_subject_aliases(&s->subjects[number], s->options->aliases, &s->keys);
    if (s->keys.failed)
        return err_memory(s->e);
    for (size_t k = 0; k < s->keys.count; k++) {
        size_t count;
        const uint64_t *found =
            fleet_postings_find(&s->advisories->pool.postings, s->keys.at[k], &count);
        for (size_t i = 0; i < count; i++) {
            if (s->seen[found[i]] == number + 1)
                continue;
            s->seen[found[i]] = number + 1;
            if (meet(s, number, (uint32_t)found[i]) != 0)
                return -1;
        }
    }
    return 0;
}

/* The contacts of one advisory, by component; how many, or -1. *alone: it says nothing of them in
 * relation to other products. */
static int64_t contacts_of(struct search *s, uint32_t slot, bool *alone)
{
    size_t count = 0;
    *alone = true;
    for (uint32_t at = s->heads[slot]; at; at = s->links[at - 1].next, count++) {
        const struct link *link = &s->links[at - 1];
        if (grow((void **)&s->met, count, &s->met_room, sizeof *s->met, s->e) != 0)
            return -1;
        s->met[count] = (struct met){link->contact, link->share};
        *alone = *alone && link->share != FLEET_NO_SHARE;
    }
    /* they were made in the order of components, and the last one is found first */
    for (size_t i = 0; i < count / 2; i++) {
        struct met other = s->met[i];
        s->met[i] = s->met[count - 1 - i];
        s->met[count - 1 - i] = other;
    }
    return (int64_t)count;
}

/* Below it, what is said of each component is not compared with what is said of others. */
enum { FEW_CONTACTS = 64 };

/* All contacts of one component in the advisory that is looked at. */
static int touch_one(struct search *s, const struct fleet_criteria *criteria,
                     struct fleet_alike *alike, const struct met *contacts, size_t count, bool few)
{
    uint32_t number = s->contacts[contacts[0].contact].subject;
    const struct fleet_subject *subject = &s->subjects[number];
    struct fleet_contact *met = arena_alloc(&s->thawed, count * sizeof *met);
    if (!met)
        return err_memory(s->e);
    for (size_t i = 0; i < count; i++) {
        const struct contact *contact = &s->contacts[contacts[i].contact];
        met[i] = (struct fleet_contact){s->target_of[contact->product], contact->id};
        if (few && fleet_touches_chain(&s->touches, criteria, met[i].leader, subject, number,
                                       &met[i].id, NULL, s->e) != 0)
            return -1;
    }
    return few ? 0 : fleet_alike_touch(alike, subject, number, met, count, &s->touches, NULL, s->e);
}

static int touch_all(struct search *s, const struct fleet_criteria *criteria, size_t count)
{
    struct fleet_alike alike;
    bool few = count <= FEW_CONTACTS;
    int result = 0;
    s->touches.count = 0;
    if (!few)
        fleet_alike_init(&alike, criteria, &s->thawed);
    for (size_t i = 0, end; result == 0 && i < count; i = end) {
        uint32_t subject = s->contacts[s->met[i].contact].subject;
        for (end = i; end < count && s->contacts[s->met[end].contact].subject == subject;)
            end++;
        result = touch_one(s, criteria, &alike, &s->met[i], end - i, few);
    }
    if (!few)
        fleet_alike_fini(&alike);
    return result;
}

/* The whole advisory, for what it says of products in relation to each other. */
static int bring_whole(struct search *s, uint32_t slot, const struct fleet_criteria **criteria)
{
    const uint32_t *products;
    if (fleet_pool_thaw(&s->advisories->pool, s->advisories->slots[slot].frozen, s->seen,
                        &s->thawed, criteria, &products, s->e) != 0)
        return -1;
    for (uint32_t t = 0; t < (*criteria)->target_count; t++)
        if (products[t] != UINT32_MAX && fleet_same_leads(*criteria, t))
            s->target_of[products[t]] = t;
    return 0;
}

/* What it says of the products that were met. */
static int bring_parts(struct search *s, size_t count, const struct fleet_criteria **criteria)
{
    struct fleet_part *parts = arena_alloc(&s->thawed, count * sizeof *parts);
    size_t kept = 0;
    if (!parts)
        return err_memory(s->e);
    for (size_t i = 0; i < count; i++) {
        uint32_t product = s->contacts[s->met[i].contact].product;
        /* a product may be met by several components */
        if (s->target_of[product] == UINT32_MAX)
            continue;
        s->target_of[product] = UINT32_MAX;
        parts[kept++] = (struct fleet_part){.product = product, .share = s->met[i].share};
    }
    for (size_t i = 0; i < kept; i++)
        s->target_of[parts[i].product] = 0;
    if (fleet_parts_criteria(&s->advisories->pool, parts, kept, &s->thawed, criteria, s->e) != 0)
        return -1;
    for (size_t i = 0; i < kept; i++)
        s->target_of[parts[i].product] = parts[i].leader;
    return 0;
}

static int judge(struct search *s, uint32_t slot, size_t count, bool alone, bool software,
                 enum fleet_status *status)
{
    const struct fleet_criteria *criteria;
    arena_reset(&s->thawed);
    int result = alone ? bring_parts(s, count, &criteria) : bring_whole(s, slot, &criteria);
    if (result == 0)
        result = touch_all(s, criteria, count);
    if (result == 0)
        result = fleet_combine_status(status, criteria, s->touches.at, s->touches.count, software,
                                      &s->combining, s->e);
    return result;
}

static uint64_t key_of(const struct search *s, const struct met *met)
{
    return (uint64_t)s->contacts[met->contact].profile << 32 | met->share;
}

/* Of contacts of one profile of which the same is said, one says it all; the others go, and the
 * rest stands by profile in s->met, its keys in s->text. How many are left. */
static size_t condense(struct search *s, size_t count)
{
    size_t kept = 0;
    buf_reset(&s->text);
    /* mostly in order already: contacts that are alike come one behind the other */
    for (size_t i = 1; i < count; i++) {
        struct met met = s->met[i];
        uint64_t key = key_of(s, &met);
        size_t at = i;
        for (; at > 0 && key_of(s, &s->met[at - 1]) > key; at--)
            s->met[at] = s->met[at - 1];
        s->met[at] = met;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t key = key_of(s, &s->met[i]);
        if (kept && key_of(s, &s->met[kept - 1]) == key)
            continue;
        s->met[kept++] = s->met[i];
        buf_put(&s->text, &key, sizeof key);
    }
    return kept;
}

/* What two ranges say of a contact's version; no byte between. */
struct question {
    uint32_t profile, range, worded;
};

/* A byte as fleet_listener_hear gives it; -1: no memory. */
static int hear(struct search *s, const struct contact *c, struct fleet_share_target *t)
{
    const struct question asked = {c->profile, t->range, t->worded};
    uintptr_t known = (uintptr_t)map_get(&s->said, slice_of(&asked, sizeof asked));
    if (known)
        return (int)known - 1;
    const struct fleet_subject *subject = &s->subjects[c->subject];
    struct fleet_target target;
    fleet_share_target_set(&s->advisories->pool, c->product, t, &target);
    struct fleet_touch touch = {.id = c->id};
    int says = FLEET_SAYS_NOTHING;
    if (fleet_touch_decide(&target, subject, subject->identity->version, &touch, NULL))
        says = FLEET_SAYS + (int)touch.in + (touch.contested ? FLEET_SAYS_CONTESTED : 0);
    struct question *key = arena_alloc(&s->scratch, sizeof *key);
    if (!key)
        return -1;
    *key = asked;
    return map_set(&s->said, slice_of(key, sizeof *key), (void *)((uintptr_t)says + 1)) == 0 ? says
                                                                                             : -1;
}

/* All that a status follows from, but for the contacts' profiles: into s->more. */
static int put_said(struct search *s, const struct met *met)
{
    const struct contact *c = &s->contacts[met->contact];
    struct fleet_share_reading r;
    struct fleet_share_target t;
    fleet_share_read(&s->advisories->pool, met->share, &r);
    buf_put(&s->more, &c->profile, sizeof c->profile);
    while (fleet_share_next(&r, &t)) {
        int says = hear(s, c, &t);
        if (says < 0)
            return -1;
        buf_putc(&s->more, says);
        /* how specific a claim is depends on the kind of its range */
        buf_putc(&s->more, (int)s->advisories->pool.ranges.at[t.range].range->kind);
        buf_putc(&s->more, t.serials > 0);
        buf_put_slice(&s->more, t.claims);
    }
    /* no such byte begins what is said of a target: it ends here */
    buf_putc(&s->more, 0xff);
    return 0;
}

static int remember(struct search *s, struct map *map, const struct buf *text,
                    struct judged *judged)
{
    char *key = arena_copy(&s->scratch, text->data, text->len);
    return key && map_set(map, slice_of(key, text->len), judged) == 0 ? 0 : err_memory(s->e);
}

/* Weighs what is said, unless the same was said already, if in other ranges; NULL: *s->e. */
static struct judged *weigh(struct search *s, uint32_t slot, size_t count, bool software)
{
    bool few = count <= FEW_CONTACTS;
    int result = 0;
    buf_reset(&s->more);
    for (size_t i = 0; result == 0 && few && i < count; i++)
        result = put_said(s, &s->met[i]);
    if (result != 0 || s->more.failed) {
        err_memory(s->e);
        return NULL;
    }
    struct judged *judged = few ? map_get(&s->weighed, buf_slice(&s->more)) : NULL;
    if (judged)
        return judged;
    judged = arena_alloc(&s->scratch, sizeof *judged);
    if (!judged)
        err_memory(s->e);
    if (!judged || judge(s, slot, count, true, software, &judged->status) != 0 ||
        (few && remember(s, &s->weighed, &s->more, judged) != 0))
        return NULL;
    return judged;
}

/* Judges, unless another advisory said the same of contacts that are alike. */
static int judge_once(struct search *s, uint32_t slot, bool software, enum fleet_status *status)
{
    bool alone;
    int64_t met = contacts_of(s, slot, &alone);
    if (met < 0)
        return -1;
    if (!alone)
        return judge(s, slot, (size_t)met, false, software, status);
    size_t count = condense(s, (size_t)met);
    if (s->text.failed)
        return err_memory(s->e);
    struct judged *judged = map_get(&s->judged, buf_slice(&s->text));
    if (!judged) {
        judged = weigh(s, slot, count, software);
        if (!judged || remember(s, &s->judged, &s->text, judged) != 0)
            return -1;
    }
    *status = judged->status;
    return 0;
}

static int look_at(struct search *s, uint32_t slot, bool software)
{
    enum fleet_status status = FLEET_NOT_LISTED;
    if (judge_once(s, slot, software, &status) != 0)
        return -1;
    if (status == FLEET_NOT_LISTED)
        return 0;
    if (grow((void **)&s->concerns, s->count, &s->room, sizeof *s->concerns, s->e) != 0)
        return -1;
    s->concerns[s->count++] = (struct fleet_concern){s->advisories->slots[slot].id, status};
    return 0;
}

static int by_id(const void *x, const void *y)
{
    const struct fleet_concern *a = x, *b = y;
    return (a->id > b->id) - (a->id < b->id);
}

static int search(struct search *s, const struct fleet_class *class)
{
    const struct fleet_advisories *a = s->advisories;
    bool software = false;
    s->subjects = mem_new(class->count + 1, sizeof *s->subjects);
    s->seen = mem_new(a->pool.products.numbers.count + 1, sizeof *s->seen);
    s->target_of = mem_new(a->pool.products.numbers.count + 1, sizeof *s->target_of);
    s->heads = mem_new(a->numbers.count + 1, sizeof *s->heads);
    if (!s->subjects || !s->seen || !s->target_of || !s->heads)
        return err_memory(s->e);
    for (size_t i = 0; i < class->count; i++) {
        software = software || class->identities[i].kind == FLEET_SOFTWARE;
        if (search_identity(s, &class->identities[i], (uint32_t)i) != 0)
            return -1;
    }
    for (size_t i = 0; i < s->found_count; i++)
        if (look_at(s, s->found[i], software) != 0)
            return -1;
    if (s->count)
        qsort(s->concerns, s->count, sizeof *s->concerns, by_id);
    return 0;
}

int fleet_advisories_match(const struct fleet_advisories *advisories,
                           const struct fleet_class *class, const struct fleet_options *options,
                           struct fleet_concern **concerns, size_t *count, struct err *e)
{
    struct search s = {
        .advisories = advisories, .options = options ? options : &fleet_options_default, .e = e};
    *concerns = NULL;
    *count = 0;
    arena_init(&s.scratch, 0);
    arena_init(&s.thawed, 0);
    arena_init(&s.combining, 0);
    map_init(&s.profiles);
    map_init(&s.judged);
    map_init(&s.weighed);
    map_init(&s.said);
    buf_init(&s.text);
    buf_init(&s.more);
    int result = search(&s, class);
    arena_fini(&s.scratch);
    arena_fini(&s.thawed);
    arena_fini(&s.combining);
    fleet_keys_fini(&s.keys);
    mem_free(s.subjects);
    mem_free(s.seen);
    mem_free(s.target_of);
    mem_free(s.contacts);
    mem_free(s.links);
    mem_free(s.heads);
    mem_free(s.found);
    mem_free(s.met);
    map_fini(&s.profiles);
    map_fini(&s.judged);
    map_fini(&s.weighed);
    map_fini(&s.said);
    buf_fini(&s.text);
    buf_fini(&s.more);
    mem_free(s.touches.at);
    if (result != 0) {
        mem_free(s.concerns);
        return -1;
    }
    *concerns = s.concerns;
    *count = s.count;
    return 0;
}
