/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/trust.h"
#include "agent/home.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/file.h"

static const char clause[] = "docs/formats.md 5";

void trust_init(struct trust *t)
{
    memset(t, 0, sizeof(*t));
    certificate_list_init(&t->anchors);
    buf_init(&t->text);
}

void trust_fini(struct trust *t)
{
    certificate_list_fini(&t->anchors);
    chain_verifier_free(t->verifier);
    buf_fini(&t->text);
    memset(t, 0, sizeof(*t));
}

static int wrong(struct err *e, const char *member)
{
    return err_set(e, ERR_INPUT, "agent.trust", clause,
                   "the trust statement's \"%s\" is missing or not as described", member);
}

static bool get_text(const struct json_value *object, const char *name, char *out, size_t size)
{
    struct slice text = json_get_string(object, name);

    if (!text.data || text.len >= size || memchr(text.data, '\0', text.len))
        return false;
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return true;
}

static int read_witnesses(struct trust *t, const struct json_value *list, struct err *e)
{
    if (list && !json_is(list, JSON_ARRAY))
        return wrong(e, "witnesses");
    json_each(item, list)
    {
        if (t->witness_count == TRUST_WITNESSES_MAX)
            return err_set(e, ERR_LIMIT, "agent.trust", clause, "more than %d witnesses",
                           TRUST_WITNESSES_MAX);
        if (note_key_parse(&t->witnesses[t->witness_count], json_string(item), e) != 0)
            return -1;
        t->witness_count++;
    }
    return 0;
}

static int read_anchors(struct trust *t, const struct json_value *list, struct err *e)
{
    struct buf der;
    int result = -1;

    if (!json_is(list, JSON_ARRAY) || json_count(list) == 0)
        return wrong(e, "anchors");
    if (json_count(list) > TRUST_ANCHORS_MAX)
        return err_set(e, ERR_LIMIT, "agent.trust", clause, "more than %d trust anchors",
                       TRUST_ANCHORS_MAX);
    buf_init(&der);
    json_each(item, list)
    {
        struct certificate anchor;
        buf_reset(&der);
        if (base64_parse(json_string(item), &der) != 0) {
            if (buf_check(&der, e) == 0)
                wrong(e, "anchors");
            goto out;
        }
        if (certificate_parse(&anchor, buf_slice(&der), e) != 0)
            goto out;
        if (!anchor.is_ca) {
            err_set(e, ERR_INPUT, "agent.trust", "RFC 5280 section 4.2.1.9",
                    "a trust anchor is not a CA certificate");
            goto out;
        }
        if (certificate_list_add(&t->anchors, anchor.raw, e) != 0)
            goto out;
    }
    t->verifier = chain_verifier_new(t->anchors.items, t->anchors.count, e);
    result = t->verifier ? 0 : -1;
out:
    buf_fini(&der);
    return result;
}

static int read_doors(struct trust *t, const struct json_value *doors, struct err *e)
{
    if (doors && !json_is(doors, JSON_OBJECT))
        return wrong(e, "doors");
    if (json_get(doors, "enrol") && !get_text(doors, "enrol", t->enrol, sizeof(t->enrol)))
        return wrong(e, "doors/enrol");
    if (json_get(doors, "device") && !get_text(doors, "device", t->device, sizeof(t->device)))
        return wrong(e, "doors/device");
    if (json_get(doors, "public") && !get_text(doors, "public", t->public, sizeof(t->public)))
        return wrong(e, "doors/public");
    return 0;
}

static int read_payload(struct trust *t, const struct json_value *root, struct err *e)
{
    if (!json_int64(json_get(root, "generation"), &t->generation) || t->generation < 0)
        return wrong(e, "generation");
    if (time_parse(json_get_string(root, "at"), &t->at, e) != 0)
        return -1;
    if (!get_text(root, "origin", t->origin, sizeof(t->origin)) ||
        !note_name_is(slice_str(t->origin)))
        return wrong(e, "origin");
    if (note_key_parse(&t->log_key, json_get_string(root, "log_key"), e) != 0)
        return -1;
    if (t->log_key.type != NOTE_ED25519)
        return wrong(e, "log_key");
    if (json_get(root, "quorum") &&
        (!json_int64(json_get(root, "quorum"), &t->quorum) || t->quorum < 0))
        return wrong(e, "quorum");
    if (read_witnesses(t, json_get(root, "witnesses"), e) != 0 ||
        read_anchors(t, json_get(root, "anchors"), e) != 0)
        return -1;
    return read_doors(t, json_get(root, "doors"), e);
}

static int parse(struct trust *t, struct envelope *envelope, struct slice text, struct err *e)
{
    trust_init(t);
    if (envelope_parse(envelope, text, "tocsin-trust/v1", e) != 0)
        return -1;
    buf_put_slice(&t->text, text);
    if (read_payload(t, envelope->root, e) == 0 && envelope_hash(text, t->hash, e) == 0 &&
        buf_check(&t->text, e) == 0)
        return 0;
    envelope_fini(envelope);
    trust_fini(t);
    return -1;
}

int trust_parse(struct trust *t, struct slice text, struct err *e)
{
    struct envelope envelope;

    if (parse(t, &envelope, text, e) != 0)
        return -1;
    envelope_fini(&envelope);
    return 0;
}

/* The chain that came along, with the link certificates behind it. */
static int verify(const struct envelope *envelope, struct chain_verifier *verifier,
                  const struct certificate_list *extra, int64_t now, struct err *e)
{
    struct slice all[ENVELOPE_CHAIN_MAX + CERTIFICATE_BUNDLE_MAX];
    size_t count = 0;

    if (!extra || extra->count == 0 || envelope->chain_count == 0)
        return envelope_verify_chain(envelope, verifier, now, PURPOSE_DOCUMENT, e);
    for (size_t i = 1; i < envelope->chain_count; i++)
        all[count++] = envelope->chain[i];
    for (size_t i = 0; i < extra->count; i++) {
        struct err ignored = {0};
        struct certificate c;
        /* a root that nobody here believes leads nowhere, but would be tried first */
        if (certificate_parse(&c, extra->items[i], &ignored) == 0 &&
            !slice_equal(c.subject, c.issuer))
            all[count++] = extra->items[i];
    }
    if (chain_verify(verifier, envelope->chain[0], all, count, now, PURPOSE_DOCUMENT, e) != 0)
        return -1;
    return envelope_verify_certificate(envelope, envelope->chain[0], e);
}

int trust_verify(struct trust *t, struct slice text, struct chain_verifier *verifier,
                 const struct certificate_list *extra, int64_t now, struct err *e)
{
    struct envelope envelope;
    int result;

    if (parse(t, &envelope, text, e) != 0)
        return -1;
    result = verify(&envelope, verifier, extra, now, e);
    envelope_fini(&envelope);
    if (result != 0)
        trust_fini(t);
    return result;
}

int trust_compare(const struct trust *have, const struct trust *offered, struct err *e)
{
    if (offered->generation < have->generation)
        return err_set(e, ERR_VERIFY, "agent.trust-older", clause,
                       "the trust statement is of generation %lld, this device follows %lld",
                       (long long)offered->generation, (long long)have->generation);
    if (offered->generation > have->generation)
        return 1;
    /* signed again with the same content, because its signer's certificate was renewed: no change
     */
    if (strcmp(offered->origin, have->origin) != 0 ||
        memcmp(&offered->log_key, &have->log_key, sizeof(have->log_key)) != 0 ||
        offered->anchors.count != have->anchors.count)
        goto changed;
    for (size_t i = 0; i < have->anchors.count; i++)
        if (!slice_equal(offered->anchors.items[i], have->anchors.items[i]))
            goto changed;
    return 0;
changed:
    return err_set(e, ERR_VERIFY, "agent.trust-changed", clause,
                   "two different trust statements call themselves generation %lld",
                   (long long)have->generation);
}

int trust_load(struct trust *t, const char *home, struct err *e)
{
    char path[PATH_MAX];
    struct buf text;
    int result = -1;

    trust_init(t);
    if (home_path(home, "trust.json", path, e) != 0)
        return -1;
    if (file_kind(path) == 0) {
        err_set(e, ERR_NOT_FOUND, "agent.not-enrolled", NULL, "there is no %s", path);
        return err_hint(e, "the enrolment was not finished: run tocsin-agent enrol again");
    }
    buf_init(&text);
    if (file_read(path, ENVELOPE_MAX, &text, e) == 0) {
        result = trust_parse(t, buf_slice(&text), e);
        if (result != 0)
            err_context(e, "%s", path);
    }
    buf_fini(&text);
    return result;
}

int trust_save(const struct trust *t, const char *home, struct err *e)
{
    char path[PATH_MAX];

    if (home_path(home, "trust.json", path, e) != 0)
        return -1;
    return file_write(path, buf_slice(&t->text), 0600, e);
}

void trust_replace(struct trust *t, struct trust *offered)
{
    trust_fini(t);
    *t = *offered;
    trust_init(offered);
}
