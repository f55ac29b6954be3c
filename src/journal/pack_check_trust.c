/* SPDX-License-Identifier: Apache-2.0 */
/* Step 2: the trust anchor, what trust.json says, and who signed pack.json. */
#include "journal/pack_check.h"

#include "base/encoding.h"

enum { STEP = 2 };

/* Anchors: the verifier's own, or, when he brings none, those that the pack itself names. */
static int take_anchors(struct pack_check *c, const struct envelope *trust, struct err *e)
{
    const struct json_value *anchors = json_get(trust->root, "anchors");
    size_t begins[PACK_AUTHORITIES_MAX + 1], count = 0;

    if (c->policy->anchor_count > 0) {
        for (size_t i = 0; i < c->policy->anchor_count; i++) {
            struct slice *anchor = pack_list_add(&c->anchors, e);
            if (!anchor)
                return -1;
            *anchor = c->policy->anchors[i];
        }
        return 0;
    }
    if (!json_is(anchors, JSON_ARRAY) || json_count(anchors) < 1 ||
        json_count(anchors) > PACK_AUTHORITIES_MAX)
        return pack_fail(c, "pack.trust", STEP, "trust.json", 0, "\"anchors\" is no list");
    begins[0] = 0;
    json_each(item, anchors)
    {
        struct slice text = json_string(item);
        if (!text.data || base64_parse(text, &c->anchor_bytes) != 0)
            return c->anchor_bytes.failed ? err_memory(e)
                                          : pack_fail(c, "pack.trust", STEP, "trust.json", 0,
                                                      "an anchor is not base64");
        begins[++count] = c->anchor_bytes.len;
    }
    for (size_t i = 0; i < count; i++) {
        struct slice *anchor = pack_list_add(&c->anchors, e);
        if (!anchor)
            return -1;
        *anchor = slice_of(c->anchor_bytes.data + begins[i], begins[i + 1] - begins[i]);
    }
    return 0;
}

/* One verifier a thread: OpenSSL locks a store on every look-up. */
static int make_verifiers(struct pack_check *c, struct err *e)
{
    struct err cause = {0};

    for (unsigned i = 0; i < c->threads; i++) {
        c->verifiers[i] = chain_verifier_new(c->anchors.items, c->anchors.count, &cause);
        if (!c->verifiers[i])
            return pack_fail_cause(c, "pack.trust", STEP, "trust.json", 0, "the trust anchor",
                                   &cause, e);
    }
    return 0;
}

int pack_signer_check(struct pack_check *c, const struct envelope *envelope, const char *file,
                      unsigned step, int64_t at, const char *code, struct err *e)
{
    struct err cause = {0};
    struct pack_signer *signer;

    if (envelope_verify_chain(envelope, c->verifiers[0], at, PURPOSE_DOCUMENT, &cause) != 0)
        return pack_fail_cause(c, code, step, file, 0, NULL, &cause, e);
    for (size_t i = 0; i < envelope->chain_count; i++)
        if (pack_authority_add(c, envelope->chain[i], &cause) != 0)
            return pack_fail_cause(c, code, step, file, 0, NULL, &cause, e);
    signer = pack_list_add(&c->signers, e);
    if (!signer)
        return -1;
    *signer = (struct pack_signer){.at = at, .file = file};
    memcpy(signer->hash, envelope->certificate, sizeof signer->hash);
    return 0;
}

static int read_witnesses(struct pack_check *c, const struct json_value *root, struct err *e)
{
    const struct json_value *list = json_get(root, "witnesses");
    struct err cause = {0};
    uint64_t quorum;

    if (!json_is(list, JSON_ARRAY) || json_count(list) > NOTE_SIGNATURES_MAX ||
        pack_get_count(root, "quorum", &quorum, "pack.trust", &cause) != 0 ||
        quorum > json_count(list))
        return pack_fail(c, "pack.trust", STEP, "trust.json", 0,
                         "\"witnesses\" and \"quorum\" do not fit");
    if (c->policy->witness_count > 0) {
        for (size_t i = 0; i < c->policy->witness_count; i++) {
            struct note_key *witness = pack_list_add(&c->witnesses, e);
            if (!witness)
                return -1;
            *witness = c->policy->witnesses[i];
        }
        c->quorum = c->policy->quorum ? c->policy->quorum : c->policy->witness_count / 2 + 1;
        c->report->witnesses_are_ours = true;
        return 0;
    }
    c->quorum = (size_t)quorum;
    json_each(item, list)
    {
        struct note_key *witness = pack_list_add(&c->witnesses, e);
        if (!witness)
            return -1;
        if (note_key_parse(witness, json_string(item), &cause) != 0)
            return pack_fail_cause(c, "pack.trust", STEP, "trust.json", 0, "a witness", &cause, e);
    }
    return 0;
}

static int read_trust(struct pack_check *c, const struct envelope *trust, struct err *e)
{
    static const char *const members[] = {"anchors", "at",     "doors",  "format",    "generation",
                                          "log_key", "origin", "quorum", "witnesses", NULL};
    const struct json_value *root = trust->root;
    struct slice origin = json_get_string(root, "origin");
    struct err cause = {0};
    int64_t at;

    if (pack_members_are(root, members, NULL, "pack.trust", &cause) != 0 ||
        pack_get_time(root, "at", &at, "pack.trust", &cause) != 0 ||
        note_key_parse(&c->log, json_get_string(root, "log_key"), &cause) != 0)
        return pack_fail_cause(c, "pack.trust", STEP, "trust.json", 0, NULL, &cause, e);
    if (c->log.type != NOTE_ED25519 || !slice_is(origin, c->log.name))
        return pack_fail(c, "pack.origin", STEP, "trust.json", 0,
                         "\"log_key\" is not the key of \"origin\"");
    memcpy(c->report->origin, c->log.name, sizeof c->report->origin);
    if (take_anchors(c, trust, e) != 0 || c->failed || make_verifiers(c, e) != 0 || c->failed)
        return c->failed ? 0 : -1;
    if (pack_signer_check(c, trust, "trust.json", STEP, at, "pack.signer", e) != 0)
        return -1;
    return read_witnesses(c, root, e);
}

int pack_check_trust(struct pack_check *c, struct err *e)
{
    struct envelope trust;
    struct err cause = {0};
    struct buf text;
    bool parsed = false;
    int rc = -1;

    buf_init(&text);
    if (pack_file_read(&c->files, pack_files_find(&c->files, "trust.json"), ENVELOPE_MAX, &text,
                       &cause) != 0 ||
        envelope_parse(&trust, buf_slice(&text), "tocsin-trust/v1", &cause) != 0) {
        rc = pack_fail_cause(c, "pack.trust", STEP, "trust.json", 0, NULL, &cause, e);
        goto out;
    }
    parsed = true;
    if (read_trust(c, &trust, e) != 0)
        goto out;
    rc = 0;
    if (c->failed)
        goto out;
    if (!slice_is(json_get_string(c->statement.root, "origin"), c->log.name))
        pack_fail(c, "pack.origin", STEP, PACK_STATEMENT, 0,
                  "pack.json is about another journal than trust.json");
    rc = pack_signer_check(c, &c->statement, PACK_STATEMENT, STEP, c->made, "pack.signer", e);
out:
    if (parsed)
        envelope_fini(&trust);
    buf_fini(&text);
    return rc;
}
