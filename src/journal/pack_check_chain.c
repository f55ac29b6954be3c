/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CAs of a pack, and device certificates under them. A pack has a million of these and a handful of
 * CAs: so a CA's own path is validated by OpenSSL once for a span of time, and its key then checks
 * the devices' certificates. This way only ever says yes; whatever it doubts goes the whole way
 * through chain_verify, which has the last word.
 */
#include "journal/pack_check.h"

#include "base/memory.h"

int pack_authority_add(struct pack_check *c, struct slice der, struct err *e)
{
    struct certificate parsed;
    struct err cause = {0};
    struct pack_ca *ca;

    for (size_t i = 0; i < c->authorities.count; i++)
        if (slice_equal(c->authorities.items[i], der))
            return 0;
    if (certificate_parse(&parsed, der, &cause) != 0)
        return pack_is_failure(&cause) ? pack_wrong(e, "pack.certificate", "%s", cause.text)
                                       : (*e = cause, -1);
    if (c->authorities.count == PACK_AUTHORITIES_MAX)
        return pack_wrong(e, "pack.certificate", "more than %d CAs and signers",
                          PACK_AUTHORITIES_MAX);
    if (certificate_list_add(&c->authorities, der, e) != 0)
        return -1;
    if (!parsed.is_ca || (parsed.has_key_usage && !(parsed.key_usage & KEY_USAGE_CERT_SIGN)))
        return 0;
    ca = pack_list_add(&c->cas, e);
    if (!ca)
        return -1;
    /* The list owns a copy of the bytes: that one's slices stay. */
    ca->der = c->authorities.items[c->authorities.count - 1];
    if (certificate_parse(&ca->parsed, ca->der, e) != 0) {
        c->cas.count--;
        return -1;
    }
    ca->key = key_from_spki(ca->parsed.spki, &cause);
    if (!ca->key && !pack_is_failure(&cause)) {
        c->cas.count--;
        *e = cause;
        return -1;
    }
    return 0; /* a CA whose key is of no use signs nothing: chain_verify will say so */
}

void pack_cas_free(struct pack_check *c)
{
    for (size_t i = 0; i < c->cas.count; i++)
        key_free(c->cas.items[i].key);
    mem_free(c->cas.items);
}

int pack_path_verify(struct pack_check *c, unsigned thread, struct slice der, int64_t time,
                     uint32_t purposes, struct err *e)
{
    struct slice cas[PACK_AUTHORITIES_MAX];

    for (size_t i = 0; i < c->cas.count; i++)
        cas[i] = c->cas.items[i].der;
    return chain_verify(c->verifiers[thread], der, cas, c->cas.count, time, purposes, e);
}

/* A path that is valid at two moments is valid between them: each certificate's time is a span. */
static bool ca_is_valid(struct pack_check *c, unsigned thread, struct pack_ca *ca, int64_t time)
{
    struct pack_span *span = &ca->valid[thread];
    struct err ignored = {0};

    if (span->known && time >= span->from && time <= span->until)
        return true;
    if (pack_path_verify(c, thread, ca->der, time, 0, &ignored) != 0)
        return false;
    if (!span->known)
        *span = (struct pack_span){.known = true, .from = time, .until = time};
    if (time < span->from)
        span->from = time;
    if (time > span->until)
        span->until = time;
    return true;
}

static bool is_plain_device(const struct certificate *leaf, int64_t time)
{
    return !leaf->is_ca && !leaf->unknown_critical && leaf->has_purposes &&
           (leaf->purposes & PURPOSE_CLIENT) && time >= leaf->not_before &&
           time <= leaf->not_after &&
           (leaf->algorithm == SIGNATURE_ECDSA_SHA256 || leaf->algorithm == SIGNATURE_ED25519);
}

int pack_device_verify(struct pack_check *c, unsigned thread, const struct certificate *leaf,
                       int64_t time, struct err *e)
{
    if (is_plain_device(leaf, time))
        for (size_t i = 0; i < c->cas.count; i++) {
            struct pack_ca *ca = &c->cas.items[i];
            struct err ignored = {0};
            if (ca->key && slice_equal(ca->parsed.subject, leaf->issuer) &&
                certificate_check_signature(leaf, ca->key, &ignored) == 0 &&
                ca_is_valid(c, thread, ca, time))
                return 0;
        }
    return pack_path_verify(c, thread, leaf->raw, time, PURPOSE_CLIENT, e);
}
