/* SPDX-License-Identifier: Apache-2.0 */
/* Step 6: the trees of events, and who was a member when an entry was frozen. */
#include "journal/pack_check.h"

#include "base/memory.h"
#include "crypto/digest.h"

#include <stdlib.h>

enum { STEP = 6 };
#define CODE "pack.members"

struct event_record {
    struct pack_id audience, asset;
    uint8_t class[32];
    uint64_t index;
    bool joined;
    uint8_t leaf[32]; /* its leaf hash */
    /* of a pack for one customer */
    uint64_t size;
    uint8_t root[32];
};

/* The tree whose lines are being read. */
struct current_tree {
    struct pack_id audience;
    uint8_t class[32];
    bool begun;
    struct merkle_frontier tree;
    PACK_LIST(struct event_record) events; /* of this tree; for a customer: of this tree and size */
    size_t first, end, next;               /* its entries in `order`, the next one to be met */
};

struct members_check {
    struct pack_check *c;
    uint32_t *order; /* entries by audience, class, size */
    struct current_tree now;
};

static int by_tree(const void *a, const void *b, void *entries)
{
    const struct pack_entry_line *x = (struct pack_entry_line *)entries + *(const uint32_t *)a;
    const struct pack_entry_line *y = (struct pack_entry_line *)entries + *(const uint32_t *)b;
    int order = pack_id_compare(&x->audience, &y->audience);

    if (order == 0)
        order = memcmp(x->class, y->class, 32);
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

static const struct pack_entry_line *entry_at(const struct members_check *m, size_t i)
{
    return &m->c->entries.items[m->order[i]];
}

/* ---- snapshots --------------------------------------------------------------------------- */

static int by_asset(const void *a, const void *b)
{
    const struct event_record *x = a, *y = b;
    int order = pack_id_compare(&x->asset, &y->asset);

    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/*
 * Members after these events. For a customer not all events of an asset need be known: then only
 * the newest counts.
 */
static int take_snapshot(struct members_check *m, size_t count, uint32_t *number, struct err *e)
{
    struct pack_check *c = m->c;
    struct event_record *sorted = mem_new(count ? count : 1, sizeof *sorted);
    struct pack_snapshot *snapshot = pack_list_add(&c->snapshots, e);
    size_t members = 0;
    int rc = -1;

    if (!sorted || !snapshot) {
        err_memory(e);
        goto out;
    }
    if (count)
        memcpy(sorted, m->now.events.items, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_asset);
    for (size_t i = 0; i < count; i++) {
        bool first = i == 0 || pack_id_compare(&sorted[i - 1].asset, &sorted[i].asset) != 0;
        bool last = i + 1 == count || pack_id_compare(&sorted[i + 1].asset, &sorted[i].asset) != 0;
        if (!c->customer && sorted[i].joined == !(first || !sorted[i - 1].joined)) {
            pack_wrong(e, CODE, "ast_%.26s joins twice, or leaves without having joined",
                       sorted[i].asset.text);
            goto out;
        }
        members += last && sorted[i].joined;
    }
    snapshot->members = mem_new(members ? members : 1, sizeof *snapshot->members);
    if (!snapshot->members) {
        err_memory(e);
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count || pack_id_compare(&sorted[i + 1].asset, &sorted[i].asset) != 0;
        if (!last || !sorted[i].joined)
            continue;
        struct pack_member *member = &snapshot->members[snapshot->count++];
        *member = (struct pack_member){.asset = sorted[i].asset, .order = sorted[i].index};
        memcpy(member->leaf, sorted[i].leaf, 32);
    }
    *number = (uint32_t)(c->snapshots.count - 1);
    rc = 0;
out:
    mem_free(sorted);
    return rc;
}

/* Entries that name the tree at its size of now. */
static int meet_entries(struct members_check *m, struct err *e)
{
    struct current_tree *now = &m->now;
    uint32_t snapshot = UINT32_MAX;
    uint8_t root[32];

    while (now->next < now->end && entry_at(m, now->next)->size == now->tree.size) {
        struct pack_entry_line *entry = &m->c->entries.items[m->order[now->next++]];
        if (snapshot == UINT32_MAX) {
            if (merkle_frontier_root(&now->tree, root) != 0)
                return digest_failed(e);
            if (take_snapshot(m, now->events.count, &snapshot, e) != 0)
                return -1;
        }
        if (memcmp(root, entry->root, 32) != 0)
            return pack_wrong(e, "pack.members-root",
                              "the first %llu events of the tree do not have the root that entry "
                              "%llu names: a line was left out, added or changed",
                              (unsigned long long)entry->size, (unsigned long long)entry->index);
        if (m->c->snapshots.items[snapshot].count != entry->member_count)
            return pack_wrong(e, "pack.members-count", "%zu members, but the entry says %llu",
                              m->c->snapshots.items[snapshot].count,
                              (unsigned long long)entry->member_count);
        entry->snapshot = snapshot;
    }
    return 0;
}

/* ---- lines ------------------------------------------------------------------------------- */

static int read_event(struct event_record *out, const struct pack_line_in *in, struct err *e)
{
    static const char *const members[] = {"act", "asset", "audience", "class", "event", NULL};
    const struct json_value *event = json_get(in->root, "event");
    uint8_t salt[32], class[32], data[32];
    struct pack_id audience, act;
    struct slice kind = json_get_string(event, "event");

    if (pack_members_are(event, members, NULL, CODE, e) != 0 ||
        pack_get_id(event, "act", "act", &act, CODE, e) != 0 ||
        pack_get_id(event, "asset", "ast", &out->asset, CODE, e) != 0 ||
        pack_get_id(event, "audience", "aud", &audience, CODE, e) != 0 ||
        pack_get_hash(event, "class", class, CODE, e) != 0 ||
        pack_get_id(in->root, "audience", "aud", &out->audience, CODE, e) != 0 ||
        pack_get_hash(in->root, "class", out->class, CODE, e) != 0 ||
        pack_get_count(in->root, "index", &out->index, CODE, e) != 0 ||
        pack_get_salt(in->root, salt, CODE, e) != 0)
        return -1;
    out->joined = slice_is(kind, "joined");
    if (!out->joined && !slice_is(kind, "left"))
        return pack_wrong(e, CODE, "an event is \"joined\" or \"left\"");
    if (pack_id_compare(&audience, &out->audience) != 0 || memcmp(class, out->class, 32) != 0)
        return pack_wrong(e, CODE, "the event is of another audience or class than its line");
    const struct slice parts[3] = {slice_str("tocsin-member/v1\n"), slice_of(salt, 32),
                                   json_text(in->doc, event)};
    if (sha256_slices(parts, 3, data) != 0 || merkle_leaf(slice_of(data, 32), out->leaf) != 0)
        return digest_failed(e);
    return 0;
}

static int check_proof(const struct pack_line_in *in, struct event_record *out, struct err *e)
{
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH];
    struct err cause = {0};
    size_t n;

    if (pack_get_count(in->root, "size", &out->size, CODE, e) != 0 ||
        pack_get_hash(in->root, "root", out->root, CODE, e) != 0)
        return -1;
    if (journal_hashes_read(json_get(in->root, "proof"), proof, &n, &cause) != 0)
        return pack_wrong(e, CODE, "%s", cause.text);
    if (merkle_verify_inclusion(out->index, out->size, out->root, out->leaf,
                                (const uint8_t(*)[MERKLE_HASH])proof, n, &cause) == 0)
        return 0;
    if (!pack_is_failure(&cause)) {
        *e = cause;
        return -1;
    }
    return pack_wrong(e, "pack.members-root", "the event is not in the tree that the line names");
}

static int event_line(struct pack_check *c, const struct pack_line_in *in, void *record,
                      struct err *e)
{
    static const char *const members[] = {"audience", "class", "event", "index", "salt", NULL};
    static const char *const members_proof[] = {"audience", "class", "event", "index", "proof",
                                                "root",     "salt",  "size",  NULL};
    struct event_record *out = record;

    if (pack_members_are(in->root, c->customer ? members_proof : members, NULL, CODE, e) != 0 ||
        read_event(out, in, e) != 0)
        return -1;
    return c->customer ? check_proof(in, out, e) : 0;
}

static bool same_tree(const struct current_tree *now, const struct event_record *event)
{
    return now->begun && pack_id_compare(&now->audience, &event->audience) == 0 &&
           memcmp(now->class, event->class, 32) == 0;
}

/* All entries of the tree that ends here must have been met. */
static int end_tree(struct members_check *m, struct err *e)
{
    struct current_tree *now = &m->now;

    if (!now->begun)
        return 0;
    if (now->next < now->end)
        return pack_wrong(e, CODE,
                          "the tree has %llu events, but entry %llu names one of %llu: lines were "
                          "left out",
                          (unsigned long long)now->tree.size,
                          (unsigned long long)entry_at(m, now->next)->index,
                          (unsigned long long)entry_at(m, now->next)->size);
    if (now->end > now->first && entry_at(m, now->end - 1)->size != now->tree.size)
        return pack_wrong(e, CODE, "the tree goes on behind the largest size that an entry names");
    return 0;
}

static int begin_tree(struct members_check *m, const struct event_record *event, struct err *e)
{
    struct current_tree *now = &m->now;
    size_t at = 0;

    if (now->begun) {
        int order = pack_id_compare(&now->audience, &event->audience);
        if (order == 0)
            order = memcmp(now->class, event->class, 32);
        if (order > 0)
            return pack_wrong(e, CODE, "the trees are not sorted by audience and class");
    }
    now->begun = true;
    now->audience = event->audience;
    memcpy(now->class, event->class, 32);
    now->tree = (struct merkle_frontier){.size = 0};
    now->events.count = 0;
    while (at < m->c->entries.count &&
           (pack_id_compare(&entry_at(m, at)->audience, &event->audience) != 0 ||
            memcmp(entry_at(m, at)->class, event->class, 32) != 0))
        at++;
    now->first = now->next = now->end = at;
    while (now->end < m->c->entries.count &&
           pack_id_compare(&entry_at(m, now->end)->audience, &event->audience) == 0 &&
           memcmp(entry_at(m, now->end)->class, event->class, 32) == 0)
        now->end++;
    if (now->first == now->end)
        return pack_wrong(e, CODE, "no entry names this tree");
    return 0;
}

static int event_merge(struct pack_check *c, uint64_t number, void *record, struct err *e)
{
    struct members_check *m = c->step;
    struct event_record *event = record, *kept;

    (void)number;
    c->report->events++;
    if (!same_tree(&m->now, event) && (end_tree(m, e) != 0 || begin_tree(m, event, e) != 0))
        return -1;
    if (event->index != m->now.tree.size)
        return pack_wrong(e, CODE, "event %llu of the tree is expected here, not %llu",
                          (unsigned long long)m->now.tree.size, (unsigned long long)event->index);
    kept = pack_list_add(&m->now.events, e);
    if (!kept)
        return -1;
    *kept = *event;
    if (merkle_frontier_append(&m->now.tree, event->leaf) != 0)
        return digest_failed(e);
    return meet_entries(m, e);
}

/* ---- a pack for one customer ------------------------------------------------------------- */

static int event_merge_customer(struct pack_check *c, uint64_t number, void *record, struct err *e)
{
    struct members_check *m = c->step;
    struct event_record *event = record, *kept;
    bool named = false;

    (void)number;
    c->report->events++;
    for (size_t i = 0; i < c->entries.count && !named; i++) {
        const struct pack_entry_line *entry = &c->entries.items[i];
        named = entry->size == event->size && memcmp(entry->root, event->root, 32) == 0 &&
                pack_id_compare(&entry->audience, &event->audience) == 0 &&
                memcmp(entry->class, event->class, 32) == 0;
    }
    if (!named)
        return pack_wrong(e, "pack.members-root", "no entry names this tree at this size");
    kept = pack_list_add(&m->now.events, e);
    if (!kept)
        return -1;
    *kept = *event;
    return 0;
}

/* The members that the lines show, for each entry. */
static int snapshots_for_customer(struct members_check *m, struct err *e)
{
    struct pack_check *c = m->c;
    struct current_tree all = m->now;

    for (size_t i = 0; i < c->entries.count; i++) {
        struct pack_entry_line *entry = &c->entries.items[i];
        memset(&m->now, 0, sizeof m->now);
        for (size_t j = 0; j < all.events.count; j++) {
            const struct event_record *event = &all.events.items[j];
            if (event->size != entry->size || memcmp(event->root, entry->root, 32) != 0 ||
                memcmp(event->class, entry->class, 32) != 0 ||
                pack_id_compare(&event->audience, &entry->audience) != 0)
                continue;
            struct event_record *kept = pack_list_add(&m->now.events, e);
            if (!kept)
                goto fail;
            *kept = *event;
        }
        if (m->now.events.count == 0 && entry->size > 0) {
            pack_wrong(e, CODE, "entry %llu is shown, but none of its members is",
                       (unsigned long long)entry->index);
            goto fail;
        }
        if (take_snapshot(m, m->now.events.count, &entry->snapshot, e) != 0)
            goto fail;
        mem_free(m->now.events.items);
    }
    m->now = all;
    return 0;
fail:
    mem_free(m->now.events.items);
    m->now = all;
    return -1;
}

/* ---- all --------------------------------------------------------------------------------- */

static int finish(struct members_check *m, struct err *e)
{
    struct pack_check *c = m->c;
    struct err cause = {0};

    if (c->customer ? snapshots_for_customer(m, &cause) != 0 : end_tree(m, &cause) != 0)
        return pack_fail_cause(c, CODE, STEP, "members.jsonl", 0, NULL, &cause, e);
    for (size_t i = 0; i < c->entries.count; i++) {
        struct pack_entry_line *entry = &c->entries.items[i];
        if (entry->snapshot != UINT32_MAX)
            continue;
        if (entry->size != 0)
            return pack_fail(
                c, CODE, STEP, "members.jsonl", 0, "the tree of entry %llu of %s is not there",
                (unsigned long long)entry->index, c->publications.items[entry->publication].id);
        m->now.events.count = 0; /* a class that nobody was ever in */
        if (take_snapshot(m, 0, &entry->snapshot, e) != 0)
            return -1;
    }
    return 0;
}

int pack_check_members(struct pack_check *c, struct err *e)
{
    const struct pack_line_kind kind = {.file = "members.jsonl",
                                        .step = STEP,
                                        .record = sizeof(struct event_record),
                                        .line = event_line,
                                        .merge = c->customer ? event_merge_customer : event_merge};
    struct members_check m = {.c = c};
    int rc = -1;

    m.order = mem_new(c->entries.count ? c->entries.count : 1, sizeof *m.order);
    if (!m.order)
        return err_memory(e);
    c->step = &m;
    for (size_t i = 0; i < c->entries.count; i++)
        m.order[i] = (uint32_t)i;
    qsort_r(m.order, c->entries.count, sizeof *m.order, by_tree, c->entries.items);
    if (pack_lines_check(c, &kind, e) == 0)
        rc = c->failed ? 0 : finish(&m, e);
    c->step = NULL;
    mem_free(m.order);
    mem_free(m.now.events.items);
    return rc;
}
