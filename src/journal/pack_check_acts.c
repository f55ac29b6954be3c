/* SPDX-License-Identifier: Apache-2.0 */
/* Step 4: every act is in the tree, and says something that later steps rely on. */
#include "journal/pack_check.h"

#include "base/encoding.h"
#include "base/memory.h"
#include "crypto/digest.h"

#include <stdio.h>
#include <stdlib.h>

enum { STEP = 4, FACT_MEMBERS = 6 };

/* Which members of an act's data later steps compare, in the order of the fact's digest. */
static const struct {
    const char *type;
    enum pack_act_kind kind;
    const char *members[FACT_MEMBERS + 1];
} kinds[] = {
    {"log.opened", PACK_ACT_OPENED, {"key", "origin"}},
    {"advisory.imported", PACK_ACT_IMPORTED, {"document", "namespace", "tracking_id", "version"}},
    {"publication.frozen", PACK_ACT_FROZEN, {"publication", "root", "notices", "members"}},
    {"publication.signed", PACK_ACT_SIGNED, {"publication", "envelope"}},
    {"certificate.issued", PACK_ACT_ISSUED, {"fingerprint", "subject"}},
    {"certificate.revoked", PACK_ACT_REVOKED, {"fingerprint"}},
    {"crl.issued", PACK_ACT_CRL, {"crl"}},
    {"receipt.accepted", PACK_ACT_RECEIPT, {"asset", "certificate", "n", "head", "receipt"}},
    {"outcome.reported", PACK_ACT_OUTCOME, {"asset", "notice", "outcome", "envelope"}},
    {"membership.left", PACK_ACT_LEFT, {"audience", "class", "leaf"}},
    {"asset.removed", PACK_ACT_REMOVED, {"asset"}},
    {"owner.told", PACK_ACT_TOLD, {"delivery", "organisation", "way", "result"}},
};

static int read_fact(const struct act_view *act, struct pack_act *out, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct slice values[FACT_MEMBERS];
        size_t count = 0;
        if (!slice_is(act->type, kinds[i].type))
            continue;
        for (; kinds[i].members[count]; count++) {
            const struct json_value *value = json_get(act->data, kinds[i].members[count]);
            values[count] = json_is(value, JSON_NUMBER) ? json_number(value) : json_string(value);
            if (!values[count].data)
                return pack_wrong(e, "pack.act", "the data of a %s lack \"%s\"", kinds[i].type,
                                  kinds[i].members[count]);
        }
        out->kind = kinds[i].kind;
        return pack_fact(out->kind, values, count, out->fact, e);
    }
    return 0;
}

static int act_line(struct pack_check *c, const struct pack_line_in *in, void *record,
                    struct err *e)
{
    static const char *const members[] = {"act", "index", "proof", "salt", NULL};
    const struct json_value *value = json_get(in->root, "act");
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH], salt[ACT_SALT], commitment[32], leaf[32];
    struct pack_act *out = record;
    struct act_view act;
    struct err cause = {0};
    size_t n;

    if (pack_members_are(in->root, members, NULL, "pack.act", e) != 0 ||
        pack_get_count(in->root, "index", &out->index, "pack.act", e) != 0 ||
        pack_get_salt(in->root, salt, "pack.act", e) != 0)
        return -1;
    if (act_view(&act, value, &cause) != 0 ||
        journal_hashes_read(json_get(in->root, "proof"), proof, &n, &cause) != 0)
        return pack_wrong(e, "pack.act", "%s", cause.text);
    if (act_commit(salt, json_text(in->doc, value), commitment, leaf, e) != 0)
        return -1;
    if (merkle_verify_inclusion(out->index, c->report->size, c->report->root, leaf,
                                (const uint8_t(*)[MERKLE_HASH])proof, n, &cause) != 0) {
        if (!pack_is_failure(&cause)) {
            *e = cause;
            return -1;
        }
        return pack_wrong(e, "pack.act-proof",
                          "act %llu (%.*s) is not in the journal: salt, act or proof was changed",
                          (unsigned long long)out->index, SLICE_ARG(act.type));
    }
    out->at = act.at;
    memcpy(out->id.text, act.id.data + act.id.len - sizeof out->id.text, sizeof out->id.text);
    return act.refused ? 0 : read_fact(&act, out, e);
}

static int act_merge(struct pack_check *c, uint64_t number, void *record, struct err *e)
{
    struct pack_act *act = record, *kept;

    (void)number;
    if (c->acts.count > 0) {
        const struct pack_act *before = &c->acts.items[c->acts.count - 1];
        if (before->index >= act->index)
            return pack_wrong(e, "pack.act-order", "the lines are not sorted by \"index\"");
        if (before->at > act->at)
            return pack_wrong(e, "pack.act-order",
                              "act %llu says an earlier time than act %llu in front of it",
                              (unsigned long long)act->index, (unsigned long long)before->index);
    }
    kept = pack_list_add(&c->acts, e);
    if (!kept)
        return -1;
    *kept = *act;
    return 0;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct pack_id));
}

static int check_ids(struct pack_check *c, struct err *e)
{
    struct pack_id *ids = mem_new(c->acts.count ? c->acts.count : 1, sizeof *ids);

    if (!ids)
        return err_memory(e);
    for (size_t i = 0; i < c->acts.count; i++)
        ids[i] = c->acts.items[i].id;
    qsort(ids, c->acts.count, sizeof *ids, by_id);
    for (size_t i = 1; i < c->acts.count; i++)
        if (pack_id_compare(&ids[i - 1], &ids[i]) == 0) {
            pack_fail(c, "pack.act-order", STEP, "acts.jsonl", 0, "two acts have the id act_%.26s",
                      ids[i].text);
            break;
        }
    mem_free(ids);
    return 0;
}

/* Whose journal it is stands in the tree itself. */
static int check_opened(struct pack_check *c, struct err *e)
{
    struct slice values[2];
    struct buf vkey;
    uint8_t fact[32];
    int rc;

    buf_init(&vkey);
    note_key_put(&vkey, &c->log);
    values[0] = buf_slice(&vkey);
    values[1] = slice_str(c->log.name);
    rc = buf_check(&vkey, e);
    if (rc == 0)
        rc = pack_fact(PACK_ACT_OPENED, values, 2, fact, e);
    buf_fini(&vkey);
    if (rc == 0 && !pack_act_search(c, PACK_ACT_OPENED, fact))
        pack_fail(c, "pack.act-missing", STEP, "acts.jsonl", 0,
                  "no act log.opened names this origin and key");
    return rc;
}

int pack_check_acts(struct pack_check *c, struct err *e)
{
    static const struct pack_line_kind kind = {.file = "acts.jsonl",
                                               .step = STEP,
                                               .record = sizeof(struct pack_act),
                                               .line = act_line,
                                               .merge = act_merge};

    if (pack_lines_check(c, &kind, e) != 0)
        return -1;
    c->report->acts = c->acts.count;
    if (c->failed)
        return 0;
    return check_ids(c, e) == 0 && check_opened(c, e) == 0 ? 0 : -1;
}
