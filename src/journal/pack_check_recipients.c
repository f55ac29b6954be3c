/* SPDX-License-Identifier: Apache-2.0 */
/* Step 9, first part: exactly those meant have a line, and each line's state is true. */
#include "journal/pack_check.h"

#include "base/memory.h"
#include "crypto/digest.h"

#include <stdlib.h>

enum { STEP = 9 };
#define CODE "pack.recipients"
#define FILE_NAME "recipients.jsonl"

enum recipient_state {
    STATE_ACKNOWLEDGED,
    STATE_UNDELIVERED,
    STATE_UNACKNOWLEDGED,
    STATE_LEFT_FIXED,
    STATE_REMOVED,
    STATES
};

static const char *const states[STATES] = {"acknowledged", "undelivered", "unacknowledged",
                                           "left_fixed", "removed"};

struct recipient_record {
    uint32_t publication;
    uint64_t index, n, act;
    struct pack_id asset;
    enum recipient_state state;
    uint8_t salt[32];
};

/* Where the merge is: the entry whose members are being met. */
struct meeting {
    size_t entry;                         /* in the check's entries */
    size_t member;                        /* the next one in its snapshot */
    PACK_LIST(struct pack_member) chosen; /* of an entry with `only` */
    PACK_LIST(struct pack_id) assets;     /* all that were met, for the count of devices */
};

/* ---- lines ------------------------------------------------------------------------------- */

static int recipient_line(struct pack_check *c, const struct pack_line_in *in, void *record,
                          struct err *e)
{
    static const char *const members[] = {"asset", "index", "n", "publication", "state", NULL};
    static const char *const optional[] = {"reason", NULL};
    static const char *const optional_left[] = {"act", "reason", "salt", NULL};
    static const char *const optional_removed[] = {"act", "reason", NULL};
    struct slice state = json_get_string(in->root, "state");
    struct recipient_record *out = record;
    const struct pack_publication *p;

    out->state = STATES;
    for (unsigned i = 0; i < STATES; i++)
        if (slice_is(state, states[i]))
            out->state = (enum recipient_state)i;
    if (out->state == STATES)
        return pack_wrong(e, CODE, "\"state\" is none of section 6.3");
    if (pack_members_are(in->root, members,
                         out->state == STATE_LEFT_FIXED ? optional_left
                         : out->state == STATE_REMOVED  ? optional_removed
                                                        : optional,
                         CODE, e) != 0 ||
        pack_get_id(in->root, "asset", "ast", &out->asset, CODE, e) != 0 ||
        pack_get_count(in->root, "index", &out->index, CODE, e) != 0 ||
        pack_get_count(in->root, "n", &out->n, CODE, e) != 0)
        return -1;
    if (json_get(in->root, "reason") && !json_is(json_get(in->root, "reason"), JSON_STRING))
        return pack_wrong(e, CODE, "\"reason\" is a text");
    if (out->n < 1)
        return pack_wrong(e, CODE, "chains begin with 1");
    if (out->state >= STATE_LEFT_FIXED && pack_get_count(in->root, "act", &out->act, CODE, e) != 0)
        return -1;
    if (out->state == STATE_LEFT_FIXED && pack_get_salt(in->root, out->salt, CODE, e) != 0)
        return -1;
    p = pack_publication_find(c, json_get_string(in->root, "publication"));
    if (!p)
        return pack_wrong(e, CODE, "\"publication\" is none that pack.json names");
    out->publication = (uint32_t)(p - c->publications.items);
    return 0;
}

/* ---- states ------------------------------------------------------------------------------ */

static int check_left(const struct recipient_record *r, const struct pack_entry_line *entry,
                      const struct pack_act *act, struct err *e)
{
    char audience[ID_TEXT], class[HASH_TEXT], leaf_text[HASH_TEXT];
    uint8_t leaf[32], fact[32];
    struct buf event;
    int rc;

    hash_text_format(entry->class, class);
    memcpy(audience, "aud_", 4);
    memcpy(audience + 4, entry->audience.text, 26);
    audience[30] = '\0';
    buf_init(&event);
    buf_printf(&event,
               "{\"act\":\"act_%.26s\",\"asset\":\"ast_%.26s\",\"audience\":\"%s\",\"class\":"
               "\"%s\",\"event\":\"left\"}",
               act->id.text, r->asset.text, audience, class);
    const struct slice parts[3] = {slice_str("tocsin-member/v1\n"), slice_of(r->salt, 32),
                                   buf_slice(&event)};
    rc = buf_check(&event, e);
    if (rc == 0 && sha256_slices(parts, 3, leaf) != 0)
        rc = digest_failed(e);
    buf_fini(&event);
    if (rc != 0)
        return -1;
    hash_text_format(leaf, leaf_text);
    const struct slice values[3] = {slice_str(audience), slice_str(class), slice_str(leaf_text)};
    if (pack_fact(PACK_ACT_LEFT, values, 3, fact, e) != 0)
        return -1;
    if (act->kind != PACK_ACT_LEFT || memcmp(act->fact, fact, 32) != 0)
        return pack_wrong(e, "pack.recipient-state",
                          "act %llu is not the membership.left of ast_%.26s from this class",
                          (unsigned long long)r->act, r->asset.text);
    return 0;
}

static int check_removed(const struct recipient_record *r, const struct pack_act *act,
                         struct err *e)
{
    char asset[ID_TEXT] = "ast_";
    uint8_t fact[32];

    memcpy(asset + 4, r->asset.text, 26);
    asset[30] = '\0';
    const struct slice value = slice_str(asset);
    if (pack_fact(PACK_ACT_REMOVED, &value, 1, fact, e) != 0)
        return -1;
    if (act->kind != PACK_ACT_REMOVED || memcmp(act->fact, fact, 32) != 0)
        return pack_wrong(e, "pack.recipient-state",
                          "act %llu is not the asset.removed of ast_%.26s",
                          (unsigned long long)r->act, r->asset.text);
    return 0;
}

static int check_state(struct pack_check *c, const struct recipient_record *r,
                       const struct pack_entry_line *entry, struct err *e)
{
    uint32_t notice = pack_notice_number(c, entry->notice);
    struct pack_covered *covered = pack_covered_find(c, &r->asset, r->n, notice);

    if (covered)
        covered->met = true;
    if (r->state == STATE_ACKNOWLEDGED)
        return covered ? 0
                       : pack_wrong(e, "pack.recipient-state",
                                    "ast_%.26s is said to have acknowledged, but no receipt "
                                    "covers the notice at place %llu",
                                    r->asset.text, (unsigned long long)r->n);
    if (covered)
        return pack_wrong(e, "pack.recipient-state",
                          "ast_%.26s is said to be %s, but its receipt covers the notice",
                          r->asset.text, states[r->state]);
    if (r->state < STATE_LEFT_FIXED)
        return 0;
    const struct pack_act *act = pack_act_find(c, r->act);
    if (!act || r->act <= c->publications.items[r->publication].frozen)
        return pack_wrong(e, "pack.recipient-state", "there is no act %llu behind the freeze",
                          (unsigned long long)r->act);
    return r->state == STATE_REMOVED ? check_removed(r, act, e) : check_left(r, entry, act, e);
}

static void count(struct pack_counts *counts, enum recipient_state state)
{
    counts->meant++;
    switch (state) {
    case STATE_ACKNOWLEDGED: counts->acknowledged++; break;
    case STATE_UNDELIVERED:
        counts->undelivered++;
        counts->silent++;
        break;
    case STATE_UNACKNOWLEDGED:
        counts->unacknowledged++;
        counts->silent++;
        break;
    case STATE_LEFT_FIXED: counts->left_fixed++; break;
    case STATE_REMOVED: counts->removed++; break;
    case STATES: break;
    }
}

/* ---- who is met -------------------------------------------------------------------------- */

static int by_order(const void *a, const void *b)
{
    uint64_t x = ((const struct pack_member *)a)->order, y = ((const struct pack_member *)b)->order;

    return (x > y) - (x < y);
}

static int check_only(struct pack_check *c, struct meeting *m, const struct pack_entry_line *entry,
                      struct err *e)
{
    struct merkle_frontier tree = {.size = 0};
    uint8_t root[32];

    if (c->customer)
        return 0; /* the others stay hidden */
    if (m->chosen.count > 1)
        qsort(m->chosen.items, m->chosen.count, sizeof *m->chosen.items, by_order);
    for (size_t i = 0; i < m->chosen.count; i++)
        if (merkle_frontier_append(&tree, m->chosen.items[i].leaf) != 0)
            return digest_failed(e);
    if (merkle_frontier_root(&tree, root) != 0)
        return digest_failed(e);
    if (m->chosen.count != entry->only_count || memcmp(root, entry->only_root, 32) != 0)
        return pack_wrong(e, "pack.only",
                          "the %zu lines of entry %llu are not the %llu devices whom it means",
                          m->chosen.count, (unsigned long long)entry->index,
                          (unsigned long long)entry->only_count);
    return 0;
}

/* The lines of the current entry are over: everybody meant must have been met. */
static int leave_entry(struct pack_check *c, struct meeting *m, struct err *e)
{
    const struct pack_entry_line *entry = &c->entries.items[m->entry];
    const struct pack_snapshot *snapshot = &c->snapshots.items[entry->snapshot];
    int rc = 0;

    if (entry->only)
        rc = check_only(c, m, entry, e);
    else if (m->member < snapshot->count)
        rc = pack_wrong(e, "pack.recipient-missing",
                        "ast_%.26s was meant by entry %llu of %s, but has no line",
                        snapshot->members[m->member].asset.text, (unsigned long long)entry->index,
                        c->publications.items[entry->publication].id);
    m->entry++;
    m->member = 0;
    m->chosen.count = 0;
    return rc;
}

static int meet(struct pack_check *c, struct meeting *m, const struct recipient_record *r,
                struct err *e)
{
    const struct pack_entry_line *entry = &c->entries.items[m->entry];
    const struct pack_snapshot *snapshot = &c->snapshots.items[entry->snapshot];
    struct pack_member *chosen;

    if (entry->only)
        while (m->member < snapshot->count &&
               pack_id_compare(&snapshot->members[m->member].asset, &r->asset) < 0)
            m->member++;
    if (m->member == snapshot->count ||
        pack_id_compare(&snapshot->members[m->member].asset, &r->asset) > 0)
        return pack_wrong(e, "pack.recipient-extra",
                          "ast_%.26s was not meant by entry %llu, or its line is not in order",
                          r->asset.text, (unsigned long long)r->index);
    if (pack_id_compare(&snapshot->members[m->member].asset, &r->asset) < 0)
        return pack_wrong(e, "pack.recipient-missing",
                          "ast_%.26s was meant by entry %llu, but has no line",
                          snapshot->members[m->member].asset.text, (unsigned long long)r->index);
    if (entry->only) {
        chosen = pack_list_add(&m->chosen, e);
        if (!chosen)
            return -1;
        *chosen = snapshot->members[m->member];
    }
    m->member++;
    return 0;
}

static int recipient_merge(struct pack_check *c, uint64_t number, void *record, struct err *e)
{
    struct meeting *m = c->step;
    const struct recipient_record *r = record;
    struct pack_id *asset;

    (void)number;
    while (m->entry < c->entries.count &&
           (c->entries.items[m->entry].publication != r->publication ||
            c->entries.items[m->entry].index != r->index))
        if (leave_entry(c, m, e) != 0)
            return -1;
    if (m->entry == c->entries.count)
        return pack_wrong(e, "pack.recipient-extra",
                          "there is no such entry, or the lines are not in order");
    asset = pack_list_add(&m->assets, e);
    if (!asset)
        return -1;
    *asset = r->asset;
    count(&c->counts, r->state);
    if (meet(c, m, r, e) != 0)
        return -1;
    return check_state(c, r, &c->entries.items[m->entry], e);
}

/* ---- all --------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    return pack_id_compare(a, b);
}

static int finish(struct pack_check *c, struct meeting *m, struct err *e)
{
    struct err cause = {0};

    while (m->entry < c->entries.count)
        if (leave_entry(c, m, &cause) != 0)
            return pack_fail_cause(c, cause.code, STEP, FILE_NAME, 0, NULL, &cause, e);
    if (m->assets.count > 1)
        qsort(m->assets.items, m->assets.count, sizeof *m->assets.items, by_id);
    for (size_t i = 0; i < m->assets.count; i++)
        c->counts.devices +=
            i == 0 || pack_id_compare(&m->assets.items[i - 1], &m->assets.items[i]) != 0;
    for (size_t i = 0; i < c->covered.count; i++)
        if (!c->covered.items[i].met)
            return pack_fail(c, "pack.recipient-missing", STEP, FILE_NAME, 0,
                             "ast_%.26s has a receipt for place %llu of its chain, but no line",
                             c->covered.items[i].asset.text,
                             (unsigned long long)c->covered.items[i].n);
    return 0;
}

int pack_check_recipients(struct pack_check *c, struct err *e)
{
    static const struct pack_line_kind kind = {.file = FILE_NAME,
                                               .step = STEP,
                                               .record = sizeof(struct recipient_record),
                                               .line = recipient_line,
                                               .merge = recipient_merge};
    struct meeting m = {.entry = 0};
    int rc;

    c->step = &m;
    rc = pack_lines_check(c, &kind, e);
    c->step = NULL;
    if (rc == 0 && !c->failed)
        rc = finish(c, &m, e);
    mem_free(m.chosen.items);
    mem_free(m.assets.items);
    return rc;
}
