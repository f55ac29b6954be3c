/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/seal/cms.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "crypto/chain.h"
#include "crypto/name.h"
#include "crypto/pem.h"
#include "crypto/signed_data.h"
#include "evidence/seal/roots.h"

enum { PASSWORD_MOST = 1000 };

struct evidence_signer {
    struct key *key;
    struct certificate_list chain;
    char name[256];
};

static struct key *read_key(const char *path, const char *password_file, struct err *e)
{
    struct buf text, password;
    struct key *key = NULL;
    buf_init_secret(&text);
    buf_init_secret(&password);
    if (password_file && file_read(password_file, PASSWORD_MOST + 2, &password, e) != 0) {
        err_context(e, "the file of the passphrase");
    } else if (file_read(path, KEY_PEM_MAX, &text, e) == 0) {
        const uint8_t *end = password.len ? memchr(password.data, '\n', password.len) : NULL;
        struct slice first =
            slice_of(password.data, end ? (size_t)(end - password.data) : password.len);
        if (first.len > 0 && first.data[first.len - 1] == '\r')
            first.len--;
        key = key_from_pem(buf_slice(&text), password_file ? &first : NULL, e);
        if (!key)
            err_context(e, "%s", path);
    }
    buf_fini_secret(&text);
    buf_fini_secret(&password);
    return key;
}

/* The first certificate is the key's, and each is signed by the next. */
static int check_order(const struct evidence_signer *signer, struct err *e)
{
    const struct certificate_list *chain = &signer->chain;
    struct certificate c, next;
    if (chain->count > SIGNED_DATA_CERTIFICATES)
        return err_set(e, ERR_LIMIT, "evidence.signer", NULL, "a chain of %zu certificates",
                       chain->count);
    for (size_t i = 0; i < chain->count; i++) {
        if (certificate_parse(&c, chain->items[i], e) != 0)
            return -1;
        struct key *own = key_from_spki(c.spki, e);
        bool fits = own && (i > 0 || key_same(own, signer->key));
        key_free(own);
        if (!own)
            return -1;
        if (!fits)
            return err_set(e, ERR_INPUT, "evidence.signer", NULL,
                           "the first certificate of the chain is not of this key");
        if (i + 1 == chain->count)
            break;
        if (certificate_parse(&next, chain->items[i + 1], e) != 0)
            return -1;
        if (!name_same(c.issuer, next.subject)) {
            err_set(e, ERR_INPUT, "evidence.signer", "RFC 5280 section 6.1",
                    "certificate %zu of the chain was not issued by the next one", i + 1);
            return err_hint(e, "put the certificates in order: one's own, then its issuer, …");
        }
    }
    return 0;
}

struct evidence_signer *evidence_signer_open(const char *key_pem, const char *chain_pem,
                                             const char *password_file, struct err *e)
{
    struct evidence_signer *signer = mem_new(1, sizeof *signer);
    struct certificate own;
    if (!signer) {
        err_memory(e);
        return NULL;
    }
    certificate_list_init(&signer->chain);
    signer->key = read_key(key_pem, password_file, e);
    if (!signer->key || evidence_roots_read(chain_pem, &signer->chain, e) != 0 ||
        check_order(signer, e) != 0 || certificate_parse(&own, signer->chain.items[0], e) != 0) {
        evidence_signer_close(signer);
        return NULL;
    }
    evidence_subject(own.subject, signer->name);
    return signer;
}

void evidence_signer_close(struct evidence_signer *signer)
{
    if (!signer)
        return;
    key_free(signer->key);
    certificate_list_fini(&signer->chain);
    mem_free(signer);
}

const char *evidence_signer_name(const struct evidence_signer *signer)
{
    return signer->name;
}

int evidence_signer_chain(const struct evidence_signer *signer, struct buf *pem, struct err *e)
{
    certificate_list_write_pem(&signer->chain, pem);
    return buf_check(pem, e);
}

static int check_validity(const struct certificate *c, int64_t at, enum err_kind kind,
                          struct err *e)
{
    char end[TIME_TEXT];
    if (at >= c->not_before && at < c->not_after + 1000000)
        return 0;
    time_format(at < c->not_before ? c->not_before : c->not_after, end);
    return err_set(e, kind, "evidence.signer-validity", "RFC 5280 section 4.1.2.5",
                   "the signer's certificate %s %s", at < c->not_before ? "begins at" : "ended at",
                   end);
}

static bool may_sign(const struct certificate *c)
{
    return !c->has_key_usage ||
           c->key_usage & (KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_CONTENT_COMMITMENT);
}

int evidence_cms_sign(const struct evidence_signer *signer, struct slice content, struct buf *der,
                      struct err *e)
{
    struct certificate own;
    int64_t now = clock_now(&clock_system);
    if (certificate_parse(&own, signer->chain.items[0], e) != 0 ||
        check_validity(&own, now, ERR_DENIED, e) != 0)
        return -1;
    if (!may_sign(&own))
        return err_set(e, ERR_DENIED, "evidence.signer", "RFC 5280 section 4.2.1.3",
                       "the certificate does not allow its key to sign documents");
    return signed_data_build(signer->key, signer->chain.items, signer->chain.count, now, content,
                             der, e);
}

static int check_chain(const struct signed_data *s, const struct signed_data_signer *by,
                       const char *roots_pem, int64_t at, struct err *e)
{
    struct certificate_list roots;
    certificate_list_init(&roots);
    int result = evidence_roots_read(roots_pem, &roots, e);
    if (result == 0)
        result = certificate_verify_chain(by->certificate, s->certificates, s->certificate_count,
                                          roots.items, roots.count, at, 0, e);
    certificate_list_fini(&roots);
    return result;
}

int evidence_cms_verify_at(struct slice content, struct slice der, const char *roots_pem,
                           int64_t at, struct evidence_signature *out, struct err *e)
{
    struct signed_data s;
    struct signed_data_signer by;
    struct certificate c;
    *out = (struct evidence_signature){0};
    if (signed_data_parse(&s, der, e) != 0 ||
        signed_data_check(&s, content, NULL, 0, &by, e) != 0 ||
        certificate_parse(&c, by.certificate, e) != 0 ||
        certificate_fingerprint(by.certificate, out->certificate_sha256, e) != 0)
        return -1;
    evidence_subject(c.subject, out->subject);
    out->signed_at = by.signed_at;
    if (!s.detached || !by.has_time || !by.all_named || by.named_by_sha1 || s.has_revocation ||
        s.has_unsigned_attributes)
        return err_set(e, ERR_VERIFY, "evidence.signature-form", "docs/formats-evidence.md 6",
                       "the signature does not cover all that is in its file");
    if (!may_sign(&c))
        return err_set(e, ERR_VERIFY, "evidence.signer", "RFC 5280 section 4.2.1.3",
                       "the certificate does not allow its key to sign documents");
    if (check_validity(&c, by.signed_at, ERR_VERIFY, e) != 0)
        return -1;
    if (roots_pem && check_chain(&s, &by, roots_pem, at ? at : by.signed_at, e) != 0)
        return -1;
    out->chain_checked = roots_pem != NULL;
    return 0;
}

int evidence_cms_verify(struct slice content, struct slice der, const char *roots_pem,
                        struct evidence_signature *out, struct err *e)
{
    return evidence_cms_verify_at(content, der, roots_pem, 0, out, e);
}

int evidence_cms_chain(struct slice der, struct buf *pem, struct err *e)
{
    struct signed_data s;
    if (signed_data_parse(&s, der, e) != 0)
        return -1;
    for (size_t i = 0; i < s.certificate_count; i++)
        pem_put(pem, "CERTIFICATE", s.certificates[i]);
    return buf_check(pem, e);
}
