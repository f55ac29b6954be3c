/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/seal/revocation_check.h"
#include "base/memory.h"
#include "evidence/record/revocation_fetch.h"
#include "evidence/record/token_internal.h"

enum { CERTIFICATES = 64, SECOND = 1000000 };

struct evidence_seal_chain {
    STACK_OF(X509) * own, *known;
    enum evidence_revoked said[CERTIFICATES];
    X509 *issuers[CERTIFICATES];
    int count;
};

static int fill(struct evidence_seal_chain *c, struct slice token, struct slice signature,
                const char *const *files, size_t file_count, struct err *e)
{
    c->own = sk_X509_new_null();
    c->known = sk_X509_new_null();
    if (!c->own || !c->known)
        return err_memory(e);
    if (evidence_message_certificates(token, c->own, e) != 0 ||
        evidence_message_certificates(signature, c->own, e) != 0 ||
        evidence_message_certificates(token, c->known, e) != 0 ||
        evidence_message_certificates(signature, c->known, e) != 0)
        return -1;
    for (size_t i = 0; i < file_count; i++)
        if (files[i] && evidence_file_certificates(files[i], c->known, e) != 0)
            return -1;
    c->count = sk_X509_num(c->own) < CERTIFICATES ? sk_X509_num(c->own) : CERTIFICATES;
    for (int i = 0; i < c->count; i++)
        c->issuers[i] = evidence_issuer_of(sk_X509_value(c->own, i), c->known);
    return 0;
}

struct evidence_seal_chain *evidence_seal_chain_new(struct slice token, struct slice signature,
                                                    const char *tsa_roots, const char *roots,
                                                    struct err *e)
{
    const char *const files[] = {tsa_roots, roots};
    struct evidence_seal_chain *c = mem_new(1, sizeof *c);
    if (!c)
        err_memory(e);
    else if (fill(c, token, signature, files, ARRAY_LEN(files), e) == 0)
        return c;
    evidence_seal_chain_free(c);
    return NULL;
}

void evidence_seal_chain_free(struct evidence_seal_chain *c)
{
    if (!c)
        return;
    sk_X509_pop_free(c->own, X509_free);
    sk_X509_pop_free(c->known, X509_free);
    mem_free(c);
}

static int ask_of(struct evidence_seal_chain *c, int i, const struct evidence_revocation *file,
                  int64_t at, struct err *e)
{
    enum evidence_revoked said;
    int64_t said_at;
    X509 *x = sk_X509_value(c->own, i);
    if (!c->issuers[i])
        return 0;
    char name[EVIDENCE_NAME_TEXT];
    evidence_name_text(X509_get_subject_name(x), name);
    if (evidence_revocation_signed(file, x, c->issuers[i], e) != 0 ||
        evidence_revocation_ask(file, x, c->issuers[i], at / SECOND * SECOND, &said, &said_at, e) !=
            0)
        return err_context(e, "%s", name);
    if (said != EVIDENCE_REVOKED_UNKNOWN && c->said[i] != EVIDENCE_REVOKED_LATER)
        c->said[i] = said;
    return 0;
}

int evidence_seal_chain_ask(struct evidence_seal_chain *c, struct slice der, int64_t at,
                            struct err *e)
{
    struct evidence_revocation file;
    if (evidence_revocation_open(&file, NULL, e) != 0)
        return -1;
    int result = evidence_revocation_add(&file, der, e);
    if (result > 0)
        result = err_set(e, ERR_VERIFY, "revocation.file", "RFC 5280 section 5, RFC 6960",
                         "it is neither a revocation list nor an OCSP answer");
    for (int i = 0; i < c->count && result == 0; i++)
        result = ask_of(c, i, &file, at, e);
    evidence_revocation_close(&file);
    return result;
}

void evidence_seal_chain_tell(const struct evidence_seal_chain *c,
                              struct evidence_seal_revocation *told)
{
    *told = (struct evidence_seal_revocation){0};
    for (int i = 0; i < c->count; i++) {
        X509 *x = sk_X509_value(c->own, i);
        if (X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0)
            continue;
        told->certificates++;
        told->known += c->said[i] != EVIDENCE_REVOKED_UNKNOWN;
        told->later += c->said[i] == EVIDENCE_REVOKED_LATER;
    }
}
