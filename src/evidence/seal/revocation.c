/* SPDX-License-Identifier: Apache-2.0 */
/* What says whether certificates of a seal were revoked, kept beside the token: `openssl ts` reads
 * no token that has such things in it. */
#include "base/encoding.h"
#include "base/file.h"
#include "crypto/crl.h"
#include "crypto/der.h"
#include "evidence/record/revocation_fetch.h"
#include "evidence/seal/seal_internal.h"

#include <stdio.h>

/* OCSPResponse (RFC 6960 section 4.2.1) that is successful, or a list: by their first element. */
static const char *kind_of(struct slice der)
{
    struct der_document document;
    struct crl list;
    struct err ignored = {0};
    if (crl_parse(&list, der, &ignored) == 0)
        return "crl";
    struct der top = der_open(&document, der);
    struct der r = der_enter(&top, DER_SEQUENCE);
    uint64_t status = der_unsigned(&r, DER_ENUMERATED);
    der_take(&r, DER_CONTEXT_CONSTRUCTED(0));
    der_end(&r);
    der_end(&top);
    return document.reason || status != 0 ? NULL : "ocsp";
}

static int put(const struct evidence_seal_options *o, const char *seal, struct slice der,
               const char *kind, struct evidence_sealed *sealed, struct err *e)
{
    char folder[4096], below[SEAL_NAME + 16], name[2 * SHA256_LEN + 8];
    uint8_t hash[SHA256_LEN];
    if (sha256(der, hash) != 0)
        return digest_failed(e);
    hex_format(hash, sizeof hash, name);
    snprintf(name + 2 * SHA256_LEN, 8, ".%s", kind);
    snprintf(below, sizeof below, "%s/revocation", seal);
    if (snprintf(folder, sizeof folder, "%s/%s", o->folder, below) >= (int)sizeof folder)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", o->folder);
    if (file_make_folder(folder, 0700, e) != 0 ||
        evidence_seal_write(o->folder, below, name, der, e) != 0)
        return -1;
    sealed->revocation_count++;
    return 0;
}

/* Its kind; NULL: the error says why. */
static const char *read_given(const char *path, struct buf *der, struct err *e)
{
    if (file_read(path, SEAL_FILE_MOST, der, e) != 0)
        return NULL;
    const char *kind = kind_of(buf_slice(der));
    if (!kind)
        err_set(e, ERR_USAGE, "evidence.revocation", "RFC 5280 section 5, RFC 6960",
                "%s is neither a revocation list nor an OCSP answer in DER", path);
    return kind;
}

int evidence_revocation_check(const char *path, struct err *e)
{
    struct buf der;
    buf_init(&der);
    const char *kind = read_given(path, &der, e);
    buf_fini(&der);
    return kind ? 0 : -1;
}

static int given(const struct evidence_seal_options *o, const char *seal, const char *path,
                 struct evidence_sealed *sealed, struct err *e)
{
    struct buf der;
    buf_init(&der);
    const char *kind = read_given(path, &der, e);
    int result = kind ? put(o, seal, buf_slice(&der), kind, sealed, e) : -1;
    buf_fini(&der);
    return result;
}

struct keeping {
    const struct evidence_seal_options *options;
    const char *seal;
    struct evidence_sealed *sealed;
};

static int keep(void *context, struct slice der, const char *kind, struct err *e)
{
    const struct keeping *k = context;
    return put(k->options, k->seal, der, kind, k->sealed, e);
}

int evidence_revocation_keep(const struct evidence_seal_options *o, const char *seal,
                             struct slice token, struct evidence_sealed *sealed, struct err *e)
{
    struct keeping k = {o, seal, sealed};
    struct buf signature;
    char folder[SEAL_NAME + 16];
    /* What an earlier try was broken off with, no stamp.json lists. */
    snprintf(folder, sizeof folder, "%s/revocation", seal);
    int result = evidence_seal_remove_built(o->folder, folder, e);
    for (const char *const *path = o->stamping.revocation; path && *path && result == 0; path++)
        result = given(o, seal, *path, sealed, e);
    if (result != 0 || o->stamping.no_fetch)
        return result;
    buf_init(&signature);
    result = evidence_seal_read(o->folder, seal, "seal.p7s", &signature, e);
    if (result == 0) {
        const struct slice messages[] = {token, buf_slice(&signature)};
        const char *const issuers[] = {o->stamping.roots};
        const struct evidence_revocation_fetch fetch = {.messages = messages,
                                                        .message_count = ARRAY_LEN(messages),
                                                        .issuers = issuers,
                                                        .issuer_count = ARRAY_LEN(issuers),
                                                        .inside = o->stamping.inside,
                                                        .keep = keep,
                                                        .context = &k,
                                                        .why = sealed->revocation_why,
                                                        .why_room = sizeof sealed->revocation_why};
        result = evidence_revocation_fetch(&fetch, e);
    }
    buf_fini(&signature);
    return result;
}
