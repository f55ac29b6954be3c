/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What OASIS's CSAF committee and others keep lists of: systems of vulnerability ids (RVISC),
 * translations of fixed titles, and the names of hash algorithms that the standard mentions.
 */
#ifndef CSAF_REGISTRY_H
#define CSAF_REGISTRY_H

#include "base/slice.h"

struct csaf_id_system {
    const char *system_name;     /* the value of ids[].system_name */
    const char *common_name;     /* for people */
    const char *text_pattern;    /* regular expression (ECMA-262) that ids[].text matches */
    const char *example;         /* an id that does */
    const char *old_system_name; /* a name in use before the registration; "": none known */
};

/* 6.2.53, 6.3.20: the registered system of that name; NULL: not registered. */
const struct csaf_id_system *csaf_id_system_find(struct slice system_name);
/* The registered system that was known as `name`, or is for people: a suggestion. NULL: none. */
const struct csaf_id_system *csaf_id_system_meant(struct slice name);
/* The one numbered `index`, from 0; NULL behind the last. */
const struct csaf_id_system *csaf_id_system_at(size_t index);

enum csaf_term { /* titles that have a fixed translation */
                 CSAF_TERM_LICENSE,
                 CSAF_TERM_PRODUCT_DESCRIPTION,
                 CSAF_TERM_REASONING_FOR_SUPERSESSION,
                 CSAF_TERM_REASONING_FOR_WITHDRAWAL,
                 CSAF_TERM_SUPERSEDING_DOCUMENT,
};

/* The term's title in English ("License"). */
const char *csaf_term_english(enum csaf_term term);

/*
 * 6.1.27.15-17, 6.1.55, 6.2.39, 6.2.46: the term's title in the language of a tag: that of the
 * whole tag, or of its beginnings ("de" for "de-AT"); English for English tags and an empty one.
 * NULL: none is recorded, the test is to be skipped and say so.
 */
const char *csaf_term_translated(enum csaf_term term, struct slice language);

/* 6.2.52: hash algorithms that CSAF 2.1 section 3.1.4.3.2 mentions. */
bool csaf_hash_is_mentioned(struct slice algorithm);
/* Length of its value in hexadecimal digits; 0: no such algorithm, or free (shake128, shake256). */
size_t csaf_hash_digits(struct slice algorithm);

#endif
