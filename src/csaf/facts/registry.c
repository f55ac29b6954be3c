/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/facts/registry.h"
#include "csaf/facts/language.h"
#include "csaf/facts/tables.h"

#include "base/compiler.h"

const struct csaf_id_system *csaf_id_system_at(size_t index)
{
    return index < csaf_table_id_system_count ? &csaf_table_id_systems[index] : NULL;
}

const struct csaf_id_system *csaf_id_system_find(struct slice system_name)
{
    for (size_t i = 0; i < csaf_table_id_system_count; i++)
        if (slice_is(system_name, csaf_table_id_systems[i].system_name))
            return &csaf_table_id_systems[i];
    return NULL;
}

const struct csaf_id_system *csaf_id_system_meant(struct slice name)
{
    for (size_t i = 0; i < csaf_table_id_system_count; i++) {
        const struct csaf_id_system *system = &csaf_table_id_systems[i];
        if (name.len &&
            (slice_is(name, system->old_system_name) || slice_is(name, system->common_name)))
            return system;
    }
    return NULL;
}

const char *csaf_term_english(enum csaf_term term)
{
    static const char *const names[] = {
        [CSAF_TERM_LICENSE] = "License",
        [CSAF_TERM_PRODUCT_DESCRIPTION] = "Product Description",
        [CSAF_TERM_REASONING_FOR_SUPERSESSION] = "Reasoning for Supersession",
        [CSAF_TERM_REASONING_FOR_WITHDRAWAL] = "Reasoning for Withdrawal",
        [CSAF_TERM_SUPERSEDING_DOCUMENT] = "Superseding Document",
    };
    return names[term];
}

const char *csaf_term_translated(enum csaf_term term, struct slice language)
{
    if (language.len == 0 || csaf_language_is_english(language))
        return csaf_term_english(term);
    while (language.len) {
        for (size_t i = 0; i < csaf_table_translation_count; i++) {
            const struct csaf_table_translation *t = &csaf_table_translations[i];
            if (csaf_language_equal(language, slice_str(t->language)) && t->terms[term][0])
                return t->terms[term];
        }
        while (language.len && language.data[language.len - 1] != '-')
            language.len--;
        if (language.len)
            language.len--;
    }
    return NULL;
}

/* The digests that "openssl dgst -list" of 3.4.0 names, which the standard quotes. */
static const struct {
    const char *name;
    uint8_t digits;
} hashes[] = {
    {"blake2b512", 128}, {"blake2s256", 64}, {"md4", 32},        {"md5", 32},
    {"md5-sha1", 72},    {"mdc2", 32},       {"ripemd", 40},     {"ripemd160", 40},
    {"rmd160", 40},      {"sha1", 40},       {"sha224", 56},     {"sha256", 64},
    {"sha3-224", 56},    {"sha3-256", 64},   {"sha3-384", 96},   {"sha3-512", 128},
    {"sha384", 96},      {"sha512", 128},    {"sha512-224", 56}, {"sha512-256", 64},
    {"shake128", 0},     {"shake256", 0},    {"sm3", 64},        {"ssl3-md5", 32},
    {"ssl3-sha1", 40},   {"whirlpool", 128},
};

bool csaf_hash_is_mentioned(struct slice algorithm)
{
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
        if (slice_is(algorithm, hashes[i].name))
            return true;
    return false;
}

size_t csaf_hash_digits(struct slice algorithm)
{
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
        if (slice_is(algorithm, hashes[i].name))
            return hashes[i].digits;
    return 0;
}
