/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/record/algorithm.h"
#include "base/compiler.h"
#include "crypto/der.h"
#include "crypto/digest.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>

/* The last moment of these days, in UTC. */
#define END_OF_2013 1388534399000000
#define END_OF_2030 1924991999000000
#define MD5_BROKEN 1092700800000000 /* 2004-08-17: two messages with one MD5 were published */

#define NIST(last)                                                                                 \
    9,                                                                                             \
    {                                                                                              \
        0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last                                       \
    }

/* oid_len and oid stand the other way round in the structure. */
#define HASH(name_, evp_, len_, strength_, until_, made_, oid_len_, ...)                           \
    {                                                                                              \
        .name = (name_), .evp = (evp_), .oid = __VA_ARGS__, .oid_len = (oid_len_), .len = (len_),  \
        .strength = (strength_), .until = (until_), .made = (made_)                                \
    }
#define ROW(...) HASH(__VA_ARGS__)

static const struct evidence_hash table[] = {
    ROW("SHA-256", "SHA256", 32, 128, 0, true, NIST(1)),
    ROW("SHA-384", "SHA384", 48, 192, 0, true, NIST(2)),
    ROW("SHA-512", "SHA512", 64, 256, 0, true, NIST(3)),
    ROW("SHA-224", "SHA224", 28, 112, END_OF_2030, false, NIST(4)),
    ROW("SHA-512/256", "SHA512-256", 32, 128, 0, false, NIST(6)),
    ROW("SHA3-256", "SHA3-256", 32, 128, 0, false, NIST(8)),
    ROW("SHA3-384", "SHA3-384", 48, 192, 0, false, NIST(9)),
    ROW("SHA3-512", "SHA3-512", 64, 256, 0, false, NIST(10)),
    ROW("SHA-1", "SHA1", 20, 80, END_OF_2013, false, 5, {0x2b, 0x0e, 0x03, 0x02, 0x1a}),
    ROW("RIPEMD-160", "RIPEMD160", 20, 80, END_OF_2013, false, 5, {0x2b, 0x24, 0x03, 0x02, 0x01}),
    ROW("MD5", "MD5", 16, 64, MD5_BROKEN, false, 8,
        {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05}),
};

const struct evidence_hash *evidence_hash_at(size_t index)
{
    return index < ARRAY_LEN(table) ? &table[index] : NULL;
}

const struct evidence_hash *evidence_hash_by_oid(struct slice oid)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (slice_equal(oid, slice_of(table[i].oid, table[i].oid_len)))
            return &table[i];
    return NULL;
}

static bool same_letters(struct slice a, const char *b)
{
    size_t i = 0;
    for (;; i++, b++) {
        while (i < a.len && !isalnum(a.data[i]))
            i++;
        while (*b && !isalnum((unsigned char)*b))
            b++;
        if (i == a.len || !*b)
            return i == a.len && !*b;
        if (tolower(a.data[i]) != tolower((unsigned char)*b))
            return false;
    }
}

const struct evidence_hash *evidence_hash_by_name(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (same_letters(name, table[i].name))
            return &table[i];
    return NULL;
}

void evidence_hash_put(const struct evidence_hash *hash, int tag, struct buf *der)
{
    size_t begun = der_begin(der, tag);
    der_put(der, DER_OID, slice_of(hash->oid, hash->oid_len));
    der_put(der, DER_NULL, slice_of(NULL, 0));
    der_close(der, begun);
}

int64_t evidence_hash_until(const struct evidence_hash *hash, const struct evidence_agility *said,
                            size_t said_count)
{
    int64_t until = hash->until;
    for (size_t i = 0; i < said_count; i++)
        if (said[i].hash == hash)
            until = said[i].until;
    return until;
}

int64_t evidence_strength_until(unsigned bits)
{
    return bits >= 128 ? 0 : bits >= 112 ? END_OF_2030 : END_OF_2013;
}

int evidence_hash_of(const struct evidence_hash *hash, const struct slice *parts, size_t count,
                     uint8_t *out, struct err *e)
{
    EVP_MD *md = EVP_MD_fetch(NULL, hash->evp, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned len = 0;
    bool good = md && context && EVP_DigestInit_ex(context, md, NULL) == 1;
    for (size_t i = 0; good && i < count; i++)
        good = EVP_DigestUpdate(context, parts[i].data, parts[i].len) == 1;
    good = good && EVP_DigestFinal_ex(context, out, &len) == 1 && len == hash->len;
    EVP_MD_CTX_free(context);
    EVP_MD_free(md);
    return good ? 0 : digest_failed(e);
}
