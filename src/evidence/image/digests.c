/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/image/digests.h"

#include <openssl/evp.h>

static int failed(const struct evidence_digest *d, struct err *e)
{
    err_set(e, ERR_SYSTEM, "crypto.digest", NULL, "OpenSSL does not compute %s here", d->name);
    return err_hint(e, "E01 asks for MD5 and SHA-1; where they are switched off, choose raw");
}

int evidence_digests_add(struct evidence_digests *d, const char *name, uint8_t *out, struct err *e)
{
    struct evidence_digest *one = &d->all[d->count++];
    *one = (struct evidence_digest){.context = EVP_MD_CTX_new(), .name = name, .out = out};
    EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
    bool well = one->context && md && EVP_DigestInit_ex2(one->context, md, NULL) == 1;
    EVP_MD_free(md);
    return well ? 0 : failed(one, e);
}

static int take(void *context, const struct evidence_block *b, struct err *e)
{
    struct evidence_digest *d = context;
    return EVP_DigestUpdate(d->context, b->data, b->len) == 1 ? 0 : failed(d, e);
}

struct evidence_stage evidence_digests_stage(struct evidence_digests *d, size_t index,
                                             bool prepared)
{
    return (struct evidence_stage){.take = take, .context = &d->all[index], .prepared = prepared};
}

int evidence_digests_finish(struct evidence_digests *d, struct err *e)
{
    for (size_t i = 0; i < d->count; i++)
        if (EVP_DigestFinal_ex(d->all[i].context, d->all[i].out, NULL) != 1)
            return failed(&d->all[i], e);
    return 0;
}

void evidence_digests_fini(struct evidence_digests *d)
{
    for (size_t i = 0; i < d->count; i++)
        EVP_MD_CTX_free(d->all[i].context);
    d->count = 0;
}
