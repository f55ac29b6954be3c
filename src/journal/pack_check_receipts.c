/* SPDX-License-Identifier: Apache-2.0 */
/* Step 8: what devices have signed: receipts and outcomes. */
#include "journal/pack_check.h"

#include "base/memory.h"
#include "crypto/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEP = 8, COVERED_AT_ONCE = 8 };

struct receipt_record {
    uint64_t act;
    uint64_t head_size;
    uint8_t head_root[32];
    struct pack_covered few[COVERED_AT_ONCE];
    struct pack_covered *covered; /* few, or on the heap when there are more */
    size_t count;
};

/* The device's certificate, and that it may speak at that act. */
static const struct pack_certificate *find_signer(const struct pack_check *c,
                                                  const struct envelope *envelope,
                                                  const struct pack_id *asset,
                                                  const struct pack_act *act, const char *what,
                                                  struct err *e)
{
    const struct pack_certificate *certificate = pack_certificate_find(c, envelope->certificate);
    char code[48];

    if (!certificate || certificate->spki_len == 0) {
        snprintf(code, sizeof code, "pack.%s-signer", what);
        pack_wrong(e, code, "certificates.jsonl does not hold the signer's certificate");
        return NULL;
    }
    if (pack_id_compare(&certificate->subject, asset) != 0) {
        snprintf(code, sizeof code, "pack.%s-signer", what);
        pack_wrong(e, code, "it is signed by ast_%.26s, not by ast_%.26s",
                   certificate->subject.text, asset->text);
        return NULL;
    }
    if (certificate->revoked != UINT64_MAX && certificate->revoked <= act->index) {
        snprintf(code, sizeof code, "pack.%s-revoked", what);
        pack_wrong(e, code, "the certificate was revoked by act %llu, before act %llu",
                   (unsigned long long)certificate->revoked, (unsigned long long)act->index);
        return NULL;
    }
    if (certificate->issued >= act->index || act->at < certificate->not_before ||
        act->at > certificate->not_after) {
        snprintf(code, sizeof code, "pack.%s-validity", what);
        pack_wrong(e, code, "the certificate was not valid at the time of act %llu",
                   (unsigned long long)act->index);
        return NULL;
    }
    return certificate;
}

static int check_signature(const struct pack_check *c, const struct pack_certificate *certificate,
                           const struct envelope *envelope, const char *code, struct err *e)
{
    struct key *key =
        key_from_spki(slice_of(c->keys.data + certificate->spki, certificate->spki_len), e);
    struct err cause = {0};
    int rc;

    if (!key)
        return -1;
    rc = envelope_verify_key(envelope, key, &cause);
    key_free(key);
    if (rc == 0)
        return 0;
    if (!pack_is_failure(&cause)) {
        *e = cause;
        return -1;
    }
    return pack_wrong(e, code, "the signature does not hold: it was not this device that said so");
}

static int open_envelope(struct envelope *envelope, const struct pack_line_in *in,
                         const char *format, const char *code, uint8_t hash[32], struct err *e)
{
    struct slice text = json_text(in->doc, json_get(in->root, "envelope"));
    struct err cause = {0};

    if (sha256(text, hash) != 0)
        return digest_failed(e);
    if (envelope_parse(envelope, text, format, &cause) == 0)
        return 0;
    if (!pack_is_failure(&cause)) {
        *e = cause;
        return -1;
    }
    return pack_wrong(e, code, "%s", cause.text);
}

/* ---- receipts ---------------------------------------------------------------------------- */

#define CODE "pack.receipt"

/* H(n) from `before` and the digests; what of this pack they cover is collected. */
static int check_chain(struct pack_check *c, const struct pack_line_in *in,
                       const struct pack_id *asset, uint64_t position, const uint8_t end[32],
                       struct receipt_record *out, struct err *e)
{
    const struct json_value *digests = json_get(in->root, "digests");
    struct slice id = json_get_string(in->root, "asset");
    const struct slice start[2] = {slice_str("tocsin-chain/v1\n"), id};
    uint8_t head[32], digest[32];
    uint64_t n = position;

    if (pack_get_hash(in->root, "before", head, CODE, e) != 0)
        return -1;
    if (position == 1) {
        if (sha256_slices(start, 2, digest) != 0)
            return digest_failed(e);
        if (memcmp(digest, head, 32) != 0)
            return pack_wrong(e, "pack.receipt-chain", "\"before\" is not where a chain begins");
    }
    if (json_count(digests) > COVERED_AT_ONCE) {
        out->covered = mem_new(json_count(digests), sizeof *out->covered);
        if (!out->covered)
            return err_memory(e);
    }
    json_each(item, digests)
    {
        if (hash_text_parse(json_string(item), digest) != 0)
            return pack_wrong(e, CODE, "a digest is \"sha256:\" and 64 digits");
        const struct slice parts[2] = {slice_of(head, 32), slice_of(digest, 32)};
        uint32_t notice = pack_notice_number(c, digest);
        if (notice != UINT32_MAX)
            out->covered[out->count++] =
                (struct pack_covered){.asset = *asset, .n = n, .notice = notice};
        if (sha256_slices(parts, 2, head) != 0)
            return digest_failed(e);
        n++;
    }
    if (memcmp(head, end, 32) != 0)
        return pack_wrong(e, "pack.receipt-chain",
                          "\"before\" and \"digests\" do not lead to the head that was signed");
    if (out->count == 0)
        return pack_wrong(e, "pack.receipt-chain", "the receipt is for no notice of this pack");
    return 0;
}

static int check_act(const struct pack_check *c, const struct envelope *envelope,
                     const struct json_value *line, uint64_t index, const uint8_t hash[32],
                     struct err *e)
{
    const struct pack_act *act = pack_act_find(c, index);
    char certificate[HASH_TEXT], receipt[HASH_TEXT];
    uint8_t fact[32];

    hash_text_format(envelope->certificate, certificate);
    hash_text_format(hash, receipt);
    const struct slice values[5] = {json_get_string(line, "asset"), slice_str(certificate),
                                    json_number(json_get(envelope->root, "n")),
                                    json_get_string(envelope->root, "head"), slice_str(receipt)};
    if (pack_fact(PACK_ACT_RECEIPT, values, 5, fact, e) != 0)
        return -1;
    if (!act || act->kind != PACK_ACT_RECEIPT || memcmp(act->fact, fact, 32) != 0)
        return pack_wrong(e, "pack.receipt-act",
                          "act %llu is not the receipt.accepted of this receipt",
                          (unsigned long long)index);
    return 0;
}

static int check_payload(struct pack_check *c, const struct pack_line_in *in,
                         const struct envelope *envelope, const uint8_t hash[32],
                         struct receipt_record *out, struct err *e)
{
    static const char *const members[] = {"asset", "at", "checkpoint", "format",
                                          "head",  "n",  "origin",     NULL};
    static const char *const head_members[] = {"root", "size", NULL};
    const struct json_value *root = envelope->root, *seen = json_get(root, "checkpoint");
    const struct json_value *digests = json_get(in->root, "digests");
    const struct pack_certificate *certificate;
    const struct pack_act *act;
    struct pack_id asset;
    uint64_t position, n;
    uint8_t head[32];

    if (pack_members_are(root, members, NULL, CODE, e) != 0 ||
        pack_members_are(seen, head_members, NULL, CODE, e) != 0 ||
        pack_get_id(in->root, "asset", "ast", &asset, CODE, e) != 0 ||
        pack_get_count(in->root, "position", &position, CODE, e) != 0 ||
        pack_get_count(in->root, "act", &out->act, CODE, e) != 0 ||
        pack_get_count(root, "n", &n, CODE, e) != 0 ||
        pack_get_hash(root, "head", head, CODE, e) != 0 ||
        pack_get_count(seen, "size", &out->head_size, CODE, e) != 0 ||
        pack_get_hash(seen, "root", out->head_root, CODE, e) != 0)
        return -1;
    if (!envelope_member_is(envelope, "asset", json_get_string(in->root, "asset")) ||
        !envelope_member_is(envelope, "origin", slice_str(c->log.name)))
        return pack_wrong(e, CODE, "the receipt is of another asset, or about another journal");
    if (!json_is(digests, JSON_ARRAY) || json_count(digests) < 1 || position < 1 ||
        position > INT64_MAX / 2 || n != position + json_count(digests) - 1)
        return pack_wrong(e, CODE, "\"digests\" are not those from \"position\" to n");
    if (check_act(c, envelope, in->root, out->act, hash, e) != 0)
        return -1;
    act = pack_act_find(c, out->act);
    certificate = find_signer(c, envelope, &asset, act, "receipt", e);
    if (!certificate || check_signature(c, certificate, envelope, "pack.receipt-signature", e) != 0)
        return -1;
    if (out->head_size > out->act)
        return pack_wrong(e, "pack.receipt-history",
                          "the device saw a head of %llu acts, but act %llu accepted the receipt",
                          (unsigned long long)out->head_size, (unsigned long long)out->act);
    return check_chain(c, in, &asset, position, head, out, e);
}

static void receipt_drop(void *record)
{
    struct receipt_record *out = record;

    if (out->covered != out->few)
        mem_free(out->covered);
    out->covered = NULL;
}

static int receipt_line(struct pack_check *c, const struct pack_line_in *in, void *record,
                        struct err *e)
{
    static const char *const members[] = {"act",      "asset",    "before", "digests",
                                          "envelope", "position", NULL};
    struct receipt_record *out = record;
    struct envelope envelope;
    uint8_t hash[32];
    int rc;

    out->covered = out->few;
    if (pack_members_are(in->root, members, NULL, CODE, e) != 0 ||
        open_envelope(&envelope, in, "tocsin-receipt/v1", CODE, hash, e) != 0)
        return -1;
    rc = check_payload(c, in, &envelope, hash, out, e);
    envelope_fini(&envelope);
    if (rc != 0)
        receipt_drop(record);
    return rc;
}

struct merging {
    uint64_t last_act;
    bool any;
};

static int in_order(struct merging *merging, uint64_t act, const char *code, struct err *e)
{
    if (merging->any && merging->last_act >= act)
        return pack_wrong(e, code, "the lines are not sorted by \"act\"");
    *merging = (struct merging){.last_act = act, .any = true};
    return 0;
}

static int receipt_merge(struct pack_check *c, uint64_t number, void *record, struct err *e)
{
    struct receipt_record *in = record;
    int rc = -1;

    (void)number;
    if (in_order(c->step, in->act, CODE, e) != 0 ||
        pack_head_check(c, in->head_size, in->head_root, "pack.receipt-history", e) != 0)
        goto out;
    for (size_t i = 0; i < in->count; i++) {
        struct pack_covered *kept = pack_list_add(&c->covered, e);
        if (!kept)
            goto out;
        *kept = in->covered[i];
    }
    c->report->receipts++;
    rc = 0;
out:
    receipt_drop(record);
    return rc;
}

int pack_check_receipts(struct pack_check *c, struct err *e)
{
    static const struct pack_line_kind kind = {.file = "receipts.jsonl",
                                               .step = STEP,
                                               .record = sizeof(struct receipt_record),
                                               .line = receipt_line,
                                               .merge = receipt_merge,
                                               .drop = receipt_drop};
    struct merging merging = {.any = false};
    size_t kept = 0;

    c->step = &merging;
    int rc = pack_lines_check(c, &kind, e);
    c->step = NULL;
    if (rc != 0)
        return -1;
    if (c->covered.count == 0)
        return 0;
    qsort(c->covered.items, c->covered.count, sizeof *c->covered.items, pack_covered_order);
    for (size_t i = 1; i < c->covered.count; i++) /* one of several that say the same */
        if (pack_covered_order(&c->covered.items[kept], &c->covered.items[i]) != 0)
            c->covered.items[++kept] = c->covered.items[i];
    c->covered.count = kept + 1;
    return 0;
}

/* ---- outcomes ---------------------------------------------------------------------------- */

#undef CODE
#define CODE "pack.outcome"

static int check_outcome(struct pack_check *c, const struct pack_line_in *in,
                         const struct envelope *envelope, const uint8_t hash[32], uint64_t *index,
                         struct err *e)
{
    static const char *const members[] = {"asset",  "at",     "format",  "n",
                                          "notice", "origin", "outcome", NULL};
    static const char *const optional[] = {"detail", NULL};
    static const char *const outcomes[] = {"read", "planned", "installed", "refused", "failed"};
    const struct pack_certificate *certificate;
    const struct pack_act *act;
    struct slice outcome = json_get_string(envelope->root, "outcome");
    uint8_t notice[32], fact[32];
    char text[HASH_TEXT];
    struct pack_id asset;
    bool known = false;

    if (pack_members_are(envelope->root, members, optional, CODE, e) != 0 ||
        pack_get_id(in->root, "asset", "ast", &asset, CODE, e) != 0 ||
        pack_get_count(in->root, "act", index, CODE, e) != 0 ||
        pack_get_hash(envelope->root, "notice", notice, CODE, e) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(outcomes) && !known; i++)
        known = slice_is(outcome, outcomes[i]);
    if (!known || !envelope_member_is(envelope, "asset", json_get_string(in->root, "asset")) ||
        !envelope_member_is(envelope, "origin", slice_str(c->log.name)))
        return pack_wrong(e, CODE, "another asset, another journal, or an unknown outcome");
    if (pack_notice_number(c, notice) == UINT32_MAX)
        return pack_wrong(e, CODE, "the outcome is of a notice that is not in this pack");
    hash_text_format(hash, text);
    const struct slice values[4] = {json_get_string(in->root, "asset"),
                                    json_get_string(envelope->root, "notice"), outcome,
                                    slice_str(text)};
    if (pack_fact(PACK_ACT_OUTCOME, values, 4, fact, e) != 0)
        return -1;
    act = pack_act_find(c, *index);
    if (!act || act->kind != PACK_ACT_OUTCOME || memcmp(act->fact, fact, 32) != 0)
        return pack_wrong(e, "pack.outcome-act",
                          "act %llu is not the outcome.reported of this outcome",
                          (unsigned long long)*index);
    certificate = find_signer(c, envelope, &asset, act, "outcome", e);
    if (!certificate)
        return -1;
    return check_signature(c, certificate, envelope, "pack.outcome-signature", e);
}

static int outcome_line(struct pack_check *c, const struct pack_line_in *in, void *record,
                        struct err *e)
{
    static const char *const members[] = {"act", "asset", "envelope", NULL};
    struct envelope envelope;
    uint8_t hash[32];
    int rc;

    if (pack_members_are(in->root, members, NULL, CODE, e) != 0 ||
        open_envelope(&envelope, in, "tocsin-outcome/v1", CODE, hash, e) != 0)
        return -1;
    rc = check_outcome(c, in, &envelope, hash, record, e);
    envelope_fini(&envelope);
    return rc;
}

static int outcome_merge(struct pack_check *c, uint64_t number, void *record, struct err *e)
{
    (void)number;
    return in_order(c->step, *(const uint64_t *)record, CODE, e);
}

int pack_check_outcomes(struct pack_check *c, struct err *e)
{
    static const struct pack_line_kind kind = {.file = "outcomes.jsonl",
                                               .step = STEP,
                                               .record = sizeof(uint64_t),
                                               .line = outcome_line,
                                               .merge = outcome_merge};
    struct merging merging = {.any = false};

    c->step = &merging;
    int rc = pack_lines_check(c, &kind, e);
    c->step = NULL;
    return rc;
}
