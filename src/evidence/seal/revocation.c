/* SPDX-License-Identifier: Apache-2.0 */
/* What says whether certificates of a seal were revoked, kept beside the token: `openssl ts` reads
 * no token that has such things in it. */
#include "base/encoding.h"
#include "base/file.h"
#include "crypto/crl.h"
#include "crypto/der.h"
#include "crypto/signed_data.h"
#include "evidence/seal/seal_internal.h"
#include "net/fetch.h"

#include <stdio.h>

enum { LIST_MS = 20000, URLS_MOST = 16 };

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

/* The http addresses of CRLDistributionPoints (RFC 5280 section 4.2.1.13). */
static size_t addresses(struct slice points, char urls[URLS_MOST][256], size_t count)
{
    struct der_document document;
    struct der list = der_open(&document, points);
    while (!der_at_end(&list)) {
        struct der point = der_enter(&list, DER_SEQUENCE);
        if (der_peek(&point) != DER_CONTEXT_CONSTRUCTED(0))
            continue;
        struct der name = der_enter(&point, DER_CONTEXT_CONSTRUCTED(0));
        if (der_peek(&name) != DER_CONTEXT_CONSTRUCTED(0))
            continue;
        struct der full = der_enter(&name, DER_CONTEXT_CONSTRUCTED(0));
        while (!der_at_end(&full)) {
            int tag;
            struct slice uri;
            der_take_any(&full, &tag, &uri);
            bool seen = false;
            if (tag != DER_CONTEXT(GENERAL_NAME_URI) || uri.len >= 256 || uri.len < 8 ||
                memcmp(uri.data, "http://", 7) != 0 || memchr(uri.data, 0, uri.len))
                continue;
            for (size_t i = 0; i < count; i++)
                seen = seen || slice_is(uri, urls[i]);
            if (!seen && count < URLS_MOST)
                snprintf(urls[count++], 256, "%.*s", SLICE_ARG(uri));
        }
    }
    return document.reason ? 0 : count;
}

static size_t addresses_of(struct slice der, char urls[URLS_MOST][256], size_t count)
{
    struct signed_data s;
    struct certificate c;
    struct err ignored = {0};
    if (signed_data_parse(&s, der, &ignored) != 0)
        return count;
    for (size_t i = 0; i < s.certificate_count; i++)
        if (certificate_parse(&c, s.certificates[i], &ignored) == 0 && c.crl_points.len) {
            size_t more = addresses(c.crl_points, urls, count);
            count = more > count ? more : count;
        }
    return count;
}

static int fetch(const struct evidence_seal_options *o, const char *seal, const char *url,
                 struct evidence_sealed *sealed, struct err *e)
{
    const struct net_fetch wish = {
        .url = url, .inside = o->stamping.inside, .most = SEAL_FILE_MOST, .ms = LIST_MS};
    struct err why = {0};
    struct crl list;
    struct buf der;
    buf_init(&der);
    int result = net_fetch(&wish, &der, &why);
    if (result == 0)
        result = crl_parse(&list, buf_slice(&der), &why);
    if (result == 0)
        result = put(o, seal, buf_slice(&der), "crl", sealed, e);
    else if (why.kind == ERR_MEMORY)
        *e = why;
    else {
        snprintf(sealed->revocation_why, sizeof sealed->revocation_why, "%.200s: %.200s", url,
                 why.text);
        result = 0;
    }
    buf_fini(&der);
    return result;
}

int evidence_revocation_keep(const struct evidence_seal_options *o, const char *seal,
                             struct slice token, struct evidence_sealed *sealed, struct err *e)
{
    char urls[URLS_MOST][256];
    struct buf signature;
    size_t count = 0;
    int result = 0;
    for (const char *const *path = o->stamping.revocation; path && *path && result == 0; path++)
        result = given(o, seal, *path, sealed, e);
    if (result != 0 || !o->stamping.fetch_lists)
        return result;
    buf_init(&signature);
    result = evidence_seal_read(o->folder, seal, "seal.p7s", &signature, e);
    if (result == 0) {
        count = addresses_of(token, urls, 0);
        count = addresses_of(buf_slice(&signature), urls, count);
    }
    for (size_t i = 0; i < count && result == 0; i++)
        result = fetch(o, seal, urls[i], sealed, e);
    buf_fini(&signature);
    return result;
}
