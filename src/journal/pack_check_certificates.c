/* SPDX-License-Identifier: Apache-2.0 */
/* Step 7: certificates with their acts, and the list of the revoked ones. */
#include "journal/pack_check.h"

#include "base/encoding.h"
#include "base/memory.h"
#include "crypto/crl.h"
#include "crypto/digest.h"

#include <stdlib.h>

enum { STEP = 7 };
#define CODE "pack.certificate"

struct certificate_record {
    struct pack_certificate kept;
    struct buf spki;
    bool is_device;
};

static int read_der(const struct json_value *root, struct buf *der, uint8_t hash[32], struct err *e)
{
    struct slice text = json_get_string(root, "der");
    uint8_t computed[32];

    if (!text.data || base64_parse(text, der) != 0)
        return der->failed ? err_memory(e) : pack_wrong(e, CODE, "\"der\" is not base64");
    if (pack_get_hash(root, "certificate", hash, CODE, e) != 0)
        return -1;
    if (sha256(buf_slice(der), computed) != 0)
        return digest_failed(e);
    if (memcmp(computed, hash, 32) != 0)
        return pack_wrong(e, CODE, "the certificate has another hash than its line says");
    return 0;
}

/* ---- CAs and signers: read first --------------------------------------------------------- */

static int authority_line(struct pack_check *c, const struct pack_line_in *in, void *record,
                          struct err *e)
{
    struct certificate_record *out = record;
    struct certificate parsed;
    struct err cause = {0};

    (void)c;
    buf_init(&out->spki);
    if (json_get(in->root, "subject"))
        return 0;
    if (read_der(in->root, &out->spki, out->kept.hash, e) != 0 ||
        certificate_parse(&parsed, buf_slice(&out->spki), &cause) != 0) {
        buf_fini(&out->spki);
        return err_is_set(e) ? -1 : pack_wrong(e, CODE, "%s", cause.text);
    }
    return 0;
}

static int authority_merge(struct pack_check *c, uint64_t number, void *record, struct err *e)
{
    struct certificate_record *in = record;
    int rc = 0;

    (void)number;
    if (in->spki.len > 0)
        rc = pack_authority_add(c, buf_slice(&in->spki), e);
    buf_fini(&in->spki);
    return rc;
}

static void record_drop(void *record)
{
    buf_fini(&((struct certificate_record *)record)->spki);
}

/* ---- the list ---------------------------------------------------------------------------- */

static int by_serial(const void *a, const void *b)
{
    return slice_compare(((const struct pack_listed *)a)->serial,
                         ((const struct pack_listed *)b)->serial);
}

static const struct pack_listed *find_listed(const struct pack_check *c,
                                             const struct certificate *certificate)
{
    const struct pack_listed key = {.serial = certificate->serial};

    if (c->listed.count == 0 || !slice_equal(certificate->issuer, c->crl_issuer))
        return NULL;
    return bsearch(&key, c->listed.items, c->listed.count, sizeof key, by_serial);
}

/* Signed by a CA that is known here and leads to the anchor. */
static int check_crl_signature(struct pack_check *c, const struct crl *crl, struct err *e)
{
    for (size_t pass = 0; pass < 2; pass++) {
        const struct slice *list = pass ? c->anchors.items : c->authorities.items;
        size_t count = pass ? c->anchors.count : c->authorities.count;
        for (size_t i = 0; i < count; i++) {
            struct certificate ca;
            struct err why = {0};
            if (certificate_parse(&ca, list[i], &why) != 0 || !ca.is_ca ||
                !slice_equal(ca.subject, crl->issuer) ||
                (ca.has_key_usage && !(ca.key_usage & KEY_USAGE_CRL_SIGN)))
                continue;
            struct key *key = key_from_spki(ca.spki, &why);
            int valid = key ? crl_check_signature(crl, key, &why) : -1;
            key_free(key);
            if (valid == 0 && pack_path_verify(c, 0, list[i], crl->this_update, 0, &why) == 0)
                return 0;
            if (!pack_is_failure(&why)) { /* it is not known */
                *e = why;
                return -1;
            }
        }
    }
    return pack_wrong(e, "pack.crl", "no CA under the trust anchor has signed this list");
}

static int read_list(struct pack_check *c, struct err *e)
{
    struct err cause = {0};
    struct crl_entry entry;
    struct slice rest;
    struct crl crl;
    char text[HASH_TEXT];
    uint8_t hash[32], fact[32];
    int got;

    if (pack_file_read(&c->files, pack_files_find(&c->files, "crl.der"), PACK_WHOLE_MAX,
                       &c->crl_bytes, &cause) != 0 ||
        crl_parse(&crl, buf_slice(&c->crl_bytes), &cause) != 0 ||
        check_crl_signature(c, &crl, &cause) != 0)
        return pack_fail_cause(c, "pack.crl", STEP, "crl.der", 0, NULL, &cause, e);
    if (sha256(buf_slice(&c->crl_bytes), hash) != 0)
        return digest_failed(e);
    hash_text_format(hash, text);
    const struct slice value = slice_str(text);
    if (pack_fact(PACK_ACT_CRL, &value, 1, fact, e) != 0)
        return -1;
    if (!pack_act_search(c, PACK_ACT_CRL, fact))
        return pack_fail(c, "pack.crl", STEP, "crl.der", 0, "no act crl.issued names this list");
    c->crl_issuer = crl.issuer;
    rest = crl.entries;
    while ((got = crl_entry_next(&rest, &entry, &cause)) == 1) {
        struct pack_listed *listed = pack_list_add(&c->listed, e);
        if (!listed)
            return -1;
        *listed = (struct pack_listed){.serial = entry.serial, .revoked_at = entry.revoked_at};
    }
    if (got < 0)
        return pack_fail_cause(c, "pack.crl", STEP, "crl.der", 0, NULL, &cause, e);
    if (c->listed.count > 1)
        qsort(c->listed.items, c->listed.count, sizeof *c->listed.items, by_serial);
    return 0;
}

/* Whoever signed for the centre was not revoked then. */
static int check_signers(struct pack_check *c)
{
    for (size_t i = 0; i < c->signers.count; i++) {
        const struct pack_signer *signer = &c->signers.items[i];
        for (size_t j = 0; j < c->authorities.count; j++) {
            struct certificate certificate;
            struct err ignored = {0};
            uint8_t hash[32];
            const struct pack_listed *listed;
            if (certificate_fingerprint(c->authorities.items[j], hash, &ignored) != 0 ||
                memcmp(hash, signer->hash, 32) != 0 ||
                certificate_parse(&certificate, c->authorities.items[j], &ignored) != 0)
                continue;
            listed = find_listed(c, &certificate);
            if (listed && listed->revoked_at <= signer->at)
                pack_fail(c, "pack.signer-revoked", STEP, signer->file, 0,
                          "its signer's certificate was revoked before");
            break;
        }
    }
    return 0;
}

/* ---- devices ----------------------------------------------------------------------------- */

static int check_issued(const struct pack_check *c, const struct pack_certificate *kept,
                        struct slice subject, int64_t *at, struct err *e)
{
    const struct pack_act *act;
    char text[HASH_TEXT];
    uint8_t fact[32];

    hash_text_format(kept->hash, text);
    const struct slice values[2] = {slice_str(text), subject};
    if (pack_fact(PACK_ACT_ISSUED, values, 2, fact, e) != 0)
        return -1;
    act = pack_act_find(c, kept->issued);
    if (!act || act->kind != PACK_ACT_ISSUED || memcmp(act->fact, fact, 32) != 0)
        return pack_wrong(e, "pack.certificate-act",
                          "act %llu is not the certificate.issued of this certificate for this "
                          "asset",
                          (unsigned long long)kept->issued);
    *at = act->at;
    if (kept->revoked == UINT64_MAX)
        return 0;
    if (pack_fact(PACK_ACT_REVOKED, values, 1, fact, e) != 0)
        return -1;
    act = pack_act_find(c, kept->revoked);
    if (!act || act->kind != PACK_ACT_REVOKED || memcmp(act->fact, fact, 32) != 0)
        return pack_wrong(e, "pack.certificate-act",
                          "act %llu is not the certificate.revoked of this certificate",
                          (unsigned long long)kept->revoked);
    return 0;
}

static int check_device(struct pack_check *c, const struct pack_line_in *in, struct slice der,
                        struct certificate_record *out, struct err *e)
{
    struct slice subject = json_get_string(in->root, "subject");
    struct certificate parsed;
    struct err cause = {0};
    int64_t issued_at = 0;

    if (certificate_parse(&parsed, der, &cause) != 0)
        return pack_wrong(e, CODE, "%s", cause.text);
    if (!slice_equal(parsed.common_name, subject))
        return pack_wrong(e, CODE, "the certificate's common name is not the asset's id");
    if (check_issued(c, &out->kept, subject, &issued_at, e) != 0)
        return -1;
    if (pack_device_verify(c, in->thread, &parsed, issued_at, &cause) != 0) {
        if (!pack_is_failure(&cause)) {
            *e = cause;
            return -1;
        }
        return pack_wrong(e, "pack.certificate-chain", "%s", cause.text);
    }
    if (find_listed(c, &parsed) && out->kept.revoked == UINT64_MAX)
        return pack_wrong(e, "pack.revocation",
                          "the list says that this certificate is revoked; the line does not");
    out->kept.not_before = parsed.not_before;
    out->kept.not_after = parsed.not_after;
    buf_init(&out->spki);
    buf_put_slice(&out->spki, parsed.spki);
    return buf_check(&out->spki, e);
}

static int device_line(struct pack_check *c, const struct pack_line_in *in, void *record,
                       struct err *e)
{
    static const char *const authority_members[] = {"certificate", "der", NULL};
    static const char *const members[] = {"certificate", "der", "issued", "subject", NULL};
    static const char *const optional[] = {"revoked", NULL};
    struct certificate_record *out = record;
    struct buf der;
    int rc = -1;

    out->is_device = json_get(in->root, "subject") != NULL;
    if (!out->is_device) {
        if (pack_members_are(in->root, authority_members, NULL, CODE, e) != 0)
            return -1;
        return pack_get_hash(in->root, "certificate", out->kept.hash, CODE, e);
    }
    buf_init(&der);
    out->kept.revoked = UINT64_MAX;
    if (pack_members_are(in->root, members, optional, CODE, e) == 0 &&
        pack_get_id(in->root, "subject", "ast", &out->kept.subject, CODE, e) == 0 &&
        pack_get_count(in->root, "issued", &out->kept.issued, CODE, e) == 0 &&
        (!json_get(in->root, "revoked") ||
         pack_get_count(in->root, "revoked", &out->kept.revoked, CODE, e) == 0) &&
        read_der(in->root, &der, out->kept.hash, e) == 0)
        rc = check_device(c, in, buf_slice(&der), out, e);
    buf_fini(&der);
    if (rc != 0)
        record_drop(record);
    return rc;
}

static int device_merge(struct pack_check *c, uint64_t number, void *record, struct err *e)
{
    struct certificate_record *in = record;
    struct pack_certificate *kept;
    int rc = -1;

    (void)number;
    /* Authorities take a place too, so that the order of all lines is seen. */
    if (c->certificates.count > 0 &&
        memcmp(c->certificates.items[c->certificates.count - 1].hash, in->kept.hash, 32) >= 0) {
        pack_wrong(e, CODE, "the lines are not sorted by \"certificate\"");
        goto out;
    }
    kept = pack_list_add(&c->certificates, e);
    if (!kept)
        goto out;
    *kept = in->kept;
    if (!in->is_device)
        kept->issued = UINT64_MAX; /* never before any act: no receipt can rest on it */
    kept->spki = c->keys.len;
    kept->spki_len = in->spki.len;
    buf_put_slice(&c->keys, buf_slice(&in->spki));
    rc = buf_check(&c->keys, e);
    c->report->certificates += in->is_device;
out:
    record_drop(record);
    return rc;
}

int pack_check_certificates(struct pack_check *c, struct err *e)
{
    static const struct pack_line_kind authorities = {.file = "certificates.jsonl",
                                                      .step = STEP,
                                                      .record = sizeof(struct certificate_record),
                                                      .line = authority_line,
                                                      .merge = authority_merge,
                                                      .drop = record_drop};
    static const struct pack_line_kind devices = {.file = "certificates.jsonl",
                                                  .step = STEP,
                                                  .record = sizeof(struct certificate_record),
                                                  .line = device_line,
                                                  .merge = device_merge,
                                                  .drop = record_drop};

    if (pack_lines_check(c, &authorities, e) != 0)
        return -1;
    if (c->failed)
        return 0;
    if (read_list(c, e) != 0)
        return -1;
    if (c->failed)
        return 0;
    check_signers(c);
    return pack_lines_check(c, &devices, e);
}
