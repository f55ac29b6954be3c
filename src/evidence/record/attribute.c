/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence records that signed messages carry (RFC 4998 appendix A). */
#include "crypto/shortage.h"
#include "evidence/record.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/objects.h>

/* id-aa-er-internal, id-aa-er-external */
static const char *const kinds[] = {"1.2.840.113549.1.9.16.2.49", "1.2.840.113549.1.9.16.2.50"};

static ASN1_STRING *find(CMS_SignerInfo *signer)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        ASN1_OBJECT *kind = OBJ_txt2obj(kinds[i], 1);
        int at = kind ? CMS_unsigned_get_attr_by_OBJ(signer, kind, -1) : -1;
        ASN1_OBJECT_free(kind);
        X509_ATTRIBUTE *found = at < 0 ? NULL : CMS_unsigned_get_attr(signer, at);
        ASN1_STRING *value =
            found ? X509_ATTRIBUTE_get0_data(found, 0, V_ASN1_SEQUENCE, NULL) : NULL;
        if (value)
            return value;
    }
    return NULL;
}

int evidence_record_of_cms(struct slice cms, struct buf *der, struct err *e)
{
    const unsigned char *p = cms.data;
    CMS_ContentInfo *message = d2i_CMS_ContentInfo(NULL, &p, (long)cms.len);
    STACK_OF(CMS_SignerInfo) *signers = message ? CMS_get0_SignerInfos(message) : NULL;
    int result = 0;
    for (int i = 0; result == 0 && i < sk_CMS_SignerInfo_num(signers); i++) {
        ASN1_STRING *value = find(sk_CMS_SignerInfo_value(signers, i));
        if (!value)
            continue;
        buf_put(der, ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
        result = buf_check(der, e) == 0 ? 1 : -1;
    }
    CMS_ContentInfo_free(message);
    if (result == 0 && crypto_short_of_memory())
        result = err_memory(e);
    ERR_clear_error();
    return result;
}
