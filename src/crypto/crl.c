/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crl.h"
#include "crypto/certificate_internal.h"

static int read_extensions(struct crl *crl, struct slice extensions, struct err *e)
{
    struct der_document document;
    struct der list = der_open(&document, extensions);
    struct extension x;

    if (extension_check_list(extensions, "a CRL", e) != 0)
        return -1;
    while (extension_next(&list, &x)) {
        struct der value = der_inside(&list, x.value);
        if (OID_IS(x.oid, oid_crl_number)) {
            crl->number = der_integer(&value);
            der_end(&value);
        } else if (OID_IS(x.oid, oid_authority_key_id)) {
            crl->authority_key_id = extension_authority_key_id(&value, x.value);
        } else if (OID_IS(x.oid, oid_delta_crl)) {
            crl->is_delta = true;
        } else if (x.critical) {
            /* issuingDistributionPoint included: a partial list must not pass for a full one */
            crl->unknown_critical = true;
        }
    }
    return der_finish(&list, "a CRL's extension", e);
}

static int parse_tbs(struct crl *crl, struct der *tbs, struct slice *algorithm, struct err *e)
{
    uint64_t version = 0;
    struct slice extensions = {0};

    if (der_peek(tbs) == DER_INTEGER)
        version = der_unsigned(tbs, DER_INTEGER);
    *algorithm = der_take_whole(tbs, DER_SEQUENCE);
    crl->issuer = der_take_whole(tbs, DER_SEQUENCE);
    crl->this_update = der_time(tbs);
    int next = der_peek(tbs);
    if (next == DER_UTC_TIME || next == DER_GENERALIZED_TIME)
        crl->next_update = der_time(tbs);
    if (der_peek(tbs) == DER_SEQUENCE)
        crl->entries = der_take(tbs, DER_SEQUENCE);
    if (der_peek(tbs) == DER_CONTEXT_CONSTRUCTED(0)) {
        struct der wrapped = der_enter(tbs, DER_CONTEXT_CONSTRUCTED(0));
        extensions = der_take(&wrapped, DER_SEQUENCE);
        der_end(&wrapped);
    }
    der_end(tbs);
    if (tbs->document->reason)
        return der_finish(tbs, "a CRL", e);
    if (version != 1)
        return err_set(e, ERR_INPUT, "crl.version", "RFC 5280 section 5.1.2.1",
                       "not a version 2 CRL");
    crl->algorithm = signature_algorithm_parse(*algorithm);
    return read_extensions(crl, extensions, e);
}

int crl_parse(struct crl *crl, struct slice der, struct err *e)
{
    struct der_document document;
    struct slice inner;

    *crl = (struct crl){.raw = der};
    if (der.len > CRL_MAX)
        return err_set(e, ERR_LIMIT, "crl.size", NULL, "a CRL of over %d bytes", CRL_MAX);
    struct der top = der_open(&document, der);
    struct der list = der_enter(&top, DER_SEQUENCE);
    crl->tbs = der_take_whole(&list, DER_SEQUENCE);
    struct slice outer = der_take_whole(&list, DER_SEQUENCE);
    crl->signature = der_bit_string(&list);
    der_end(&list);
    if (der_finish(&top, "a CRL", e) != 0)
        return -1;
    struct der whole = der_inside(&top, crl->tbs);
    struct der tbs = der_enter(&whole, DER_SEQUENCE);
    if (parse_tbs(crl, &tbs, &inner, e) != 0)
        return -1;
    if (!slice_equal(inner, outer))
        return err_set(e, ERR_INPUT, "crl.algorithms", "RFC 5280 section 5.1.1.2",
                       "the two signature algorithms of the CRL differ");
    return 0;
}

int crl_parse_tbs(struct crl *crl, struct slice tbs, struct err *e)
{
    struct der_document document;
    struct slice algorithm;

    *crl = (struct crl){.tbs = tbs};
    if (tbs.len > CRL_MAX)
        return err_set(e, ERR_LIMIT, "crl.size", NULL, "a CRL of over %d bytes", CRL_MAX);
    struct der top = der_open(&document, tbs);
    struct der inside = der_enter(&top, DER_SEQUENCE);
    if (der_finish(&top, "a TBSCertList", e) != 0)
        return -1;
    return parse_tbs(crl, &inside, &algorithm, e);
}

static const char *const reason_names[] = {
    [CRL_UNSPECIFIED] = "unspecified",
    [CRL_KEY_COMPROMISE] = "keyCompromise",
    [CRL_CA_COMPROMISE] = "cACompromise",
    [CRL_AFFILIATION_CHANGED] = "affiliationChanged",
    [CRL_SUPERSEDED] = "superseded",
    [CRL_CESSATION_OF_OPERATION] = "cessationOfOperation",
    [CRL_CERTIFICATE_HOLD] = "certificateHold",
    [CRL_REMOVE_FROM_CRL] = "removeFromCRL",
    [CRL_PRIVILEGE_WITHDRAWN] = "privilegeWithdrawn",
    [CRL_AA_COMPROMISE] = "aACompromise",
};

const char *crl_reason_name(enum crl_reason reason)
{
    if (reason >= ARRAY_LEN(reason_names) || !reason_names[reason])
        return "unspecified";
    return reason_names[reason];
}

int crl_reason_parse(struct slice name)
{
    for (unsigned i = 0; i < ARRAY_LEN(reason_names); i++)
        if (reason_names[i] && slice_is(name, reason_names[i]))
            return (int)i;
    return -1;
}

static void read_entry_extensions(struct der *entry, struct crl_entry *out)
{
    struct der list = der_enter(entry, DER_SEQUENCE);
    struct extension x;

    while (extension_next(&list, &x)) {
        struct der value = der_inside(&list, x.value);
        if (OID_IS(x.oid, oid_crl_reason)) {
            uint64_t reason = der_unsigned(&value, DER_ENUMERATED);
            if (reason >= ARRAY_LEN(reason_names) || !reason_names[reason])
                der_fault(&value, "a reason that is not known");
            else
                out->reason = (enum crl_reason)reason;
            der_end(&value);
        } else if (OID_IS(x.oid, oid_invalidity_date)) {
            out->invalid_since = der_time(&value);
            der_end(&value);
        } else if (x.critical) {
            der_fault(&list, "a critical extension of an entry that is not known");
        }
    }
}

int crl_entry_next(struct slice *rest, struct crl_entry *entry, struct err *e)
{
    struct der_document document;
    struct der list = der_open(&document, *rest);

    if (der_at_end(&list))
        return 0;
    *entry = (struct crl_entry){0};
    struct der fields = der_enter(&list, DER_SEQUENCE);
    entry->serial = der_integer(&fields);
    entry->revoked_at = der_time(&fields);
    if (der_peek(&fields) == DER_SEQUENCE)
        read_entry_extensions(&fields, entry);
    der_end(&fields);
    if (document.reason) {
        struct der nothing = der_inside(&list, slice_of(NULL, 0));
        return der_finish(&nothing, "an entry of a CRL", e);
    }
    *rest = cursor_take(&list.in, cursor_left(&list.in));
    return 1;
}

int crl_find(const struct crl *crl, struct slice serial, struct crl_entry *entry, struct err *e)
{
    struct slice rest = crl->entries;
    int found;

    while ((found = crl_entry_next(&rest, entry, e)) == 1)
        if (slice_equal(entry->serial, serial))
            return 1;
    return found;
}

int crl_check_signature(const struct crl *crl, const struct key *issuer, struct err *e)
{
    struct err why = {0};

    if (key_verify_with(issuer, crl->algorithm, crl->tbs, crl->signature, &why) == 0)
        return 0;
    if (why.kind != ERR_VERIFY) {
        *e = why;
        return -1;
    }
    return err_set(e, ERR_VERIFY, "crl.signature", "RFC 5280 section 5.1.1.3",
                   "the CRL is not signed by this issuer's key: %s", why.text);
}
