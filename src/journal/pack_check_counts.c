/* SPDX-License-Identifier: Apache-2.0 */
/* Step 9, second part: who was not told, the owners, and that the counts are the lines. */
#include "journal/pack_check.h"

#include "base/memory.h"

enum { STEP = 9 };

/* ---- others.jsonl ------------------------------------------------------------------------ */

struct other_record {
    unsigned status;
    uint64_t members;
};

static const char *const statuses[] = {"not_affected", "unknown", "fixed", "other_serial"};

static int other_line(struct pack_check *c, const struct pack_line_in *in, void *record,
                      struct err *e)
{
    static const char *const members[] = {"audience", "class",  "members",
                                          "reasons",  "status", NULL};
    struct slice status = json_get_string(in->root, "status");
    struct other_record *out = record;
    struct pack_id audience;
    uint8_t class[32];

    (void)c;
    if (pack_members_are(in->root, members, NULL, "pack.others", e) != 0 ||
        pack_get_count(in->root, "members", &out->members, "pack.others", e) != 0 ||
        pack_get_hash(in->root, "class", class, "pack.others", e) != 0 ||
        pack_get_id(in->root, "audience", "aud", &audience, "pack.others", e) != 0)
        return -1;
    while (out->status < ARRAY_LEN(statuses) && !slice_is(status, statuses[out->status]))
        out->status++;
    if (out->status == ARRAY_LEN(statuses))
        return pack_wrong(e, "pack.others", "\"status\" is none of section 6.2");
    return 0;
}

static int other_merge(struct pack_check *c, uint64_t number, void *record, struct err *e)
{
    const struct other_record *in = record;
    uint64_t *counts[] = {&c->counts.not_told.not_affected, &c->counts.not_told.unknown,
                          &c->counts.not_told.fixed, &c->counts.not_told.other_serial};

    (void)number;
    if (in->members > INT64_MAX - *counts[in->status])
        return pack_wrong(e, "pack.others", "more members than there can be");
    *counts[in->status] += in->members;
    return 0;
}

/* ---- owners.jsonl ------------------------------------------------------------------------ */

static const char *const owner_states[] = {"told",       "refused",         "unreachable",
                                           "no_address", "unknown_outcome", "pending"};

static int check_told(const struct pack_check *c, const struct json_value *root, struct err *e)
{
    const struct slice values[4] = {json_get_string(root, "delivery"),
                                    json_get_string(root, "organisation"),
                                    json_get_string(root, "way"), json_get_string(root, "state")};
    const struct pack_act *act;
    uint8_t fact[32];
    uint64_t index;

    if (pack_get_count(root, "act", &index, "pack.owners", e) != 0 ||
        pack_fact(PACK_ACT_TOLD, values, 4, fact, e) != 0)
        return -1;
    act = pack_act_find(c, index);
    if (!act || act->kind != PACK_ACT_TOLD || memcmp(act->fact, fact, 32) != 0)
        return pack_wrong(e, "pack.owners", "act %llu is not the owner.told of this delivery",
                          (unsigned long long)index);
    return 0;
}

static int owner_line(struct pack_check *c, const struct pack_line_in *in, void *record,
                      struct err *e)
{
    static const char *const members[] = {"at", "delivery", "organisation", "state", "way", NULL};
    static const char *const optional[] = {"act", NULL};
    struct slice state = json_get_string(in->root, "state");
    struct slice way = json_get_string(in->root, "way");
    unsigned *out = record;
    struct pack_id id;
    int64_t at;

    if (pack_members_are(in->root, members, optional, "pack.owners", e) != 0 ||
        pack_get_time(in->root, "at", &at, "pack.owners", e) != 0 ||
        pack_get_id(in->root, "delivery", "dlv", &id, "pack.owners", e) != 0 ||
        pack_get_id(in->root, "organisation", "org", &id, "pack.owners", e) != 0)
        return -1;
    while (*out < ARRAY_LEN(owner_states) && !slice_is(state, owner_states[*out]))
        (*out)++;
    if (*out == ARRAY_LEN(owner_states) ||
        (!slice_is(way, "mail") && !slice_is(way, "webhook") && !slice_is(way, "none")))
        return pack_wrong(e, "pack.owners", "\"state\" or \"way\" is none of section 6.3");
    if (json_get(in->root, "act"))
        return check_told(c, in->root, e);
    return *out == 0 ? pack_wrong(e, "pack.owners", "\"told\" names its act owner.told") : 0;
}

static int owner_merge(struct pack_check *c, uint64_t number, void *record, struct err *e)
{
    uint64_t *counts[] = {&c->counts.owners.told,
                          &c->counts.owners.refused,
                          &c->counts.owners.unreachable,
                          &c->counts.owners.no_address,
                          &c->counts.owners.unknown_outcome,
                          &c->counts.owners.pending};

    (void)number;
    (void)e;
    ++*counts[*(const unsigned *)record];
    return 0;
}

/* ---- counts ------------------------------------------------------------------------------ */

int pack_check_counts(struct pack_check *c, struct err *e)
{
    static const struct pack_line_kind others = {.file = "others.jsonl",
                                                 .step = STEP,
                                                 .record = sizeof(struct other_record),
                                                 .line = other_line,
                                                 .merge = other_merge};
    static const struct pack_line_kind owners = {.file = "owners.jsonl",
                                                 .step = STEP,
                                                 .record = sizeof(unsigned),
                                                 .line = owner_line,
                                                 .merge = owner_merge};
    const struct json_value *said = json_get(c->statement.root, "counts");
    struct json_writer w;
    struct buf ours, theirs;
    uint64_t members = 0;
    int64_t ownerless = -1;
    int rc = -1;

    buf_init(&ours);
    buf_init(&theirs);
    if (pack_lines_check(c, &others, e) != 0 || pack_lines_check(c, &owners, e) != 0)
        goto out;
    rc = 0;
    if (c->failed)
        goto out;
    for (size_t i = 0; i < c->publications.count; i++)
        members += c->publications.items[i].members;
    if (!c->customer && members != c->counts.meant)
        pack_fail(c, "pack.counts", STEP, PACK_STATEMENT, 0,
                  "the publications mean %llu, recipients.jsonl has %llu lines",
                  (unsigned long long)members, (unsigned long long)c->counts.meant);
    /* How many devices have no owner, only the centre knows. */
    if (json_int64(json_get(said, "ownerless"), &ownerless) && ownerless >= 0)
        c->counts.ownerless = (uint64_t)ownerless;
    json_write_init(&w, &ours, 0);
    pack_counts_write(&w, &c->counts);
    rc = -1;
    if (json_canonical(said, &theirs, e) != 0 || buf_check(&ours, e) != 0 ||
        buf_check(&theirs, e) != 0)
        goto out;
    rc = 0;
    if (!slice_equal(buf_slice(&ours), buf_slice(&theirs)))
        pack_fail(c, "pack.counts", STEP, PACK_STATEMENT, 0,
                  "the counts are not those of the lines, which are %.350s", buf_text(&ours));
    c->report->counts = c->counts;
out:
    buf_fini(&ours);
    buf_fini(&theirs);
    return rc;
}
