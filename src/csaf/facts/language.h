/* SPDX-License-Identifier: Apache-2.0 */
/* Language tags (RFC 5646): well-formed, and valid by IANA's registry of subtags. */
#ifndef CSAF_LANGUAGE_H
#define CSAF_LANGUAGE_H

#include "base/compiler.h"
#include "base/slice.h"

enum csaf_language_flaw {
    CSAF_LANGUAGE_VALID,
    CSAF_LANGUAGE_MALFORMED,        /* the subtag is not where section 2.1 allows one like it */
    CSAF_LANGUAGE_UNKNOWN_LANGUAGE, /* not registered as ... */
    CSAF_LANGUAGE_UNKNOWN_EXTLANG,
    CSAF_LANGUAGE_UNKNOWN_SCRIPT,
    CSAF_LANGUAGE_UNKNOWN_REGION,
    CSAF_LANGUAGE_UNKNOWN_VARIANT,
    CSAF_LANGUAGE_EXTLANG_PREFIX,      /* registered for another language than the one before it */
    CSAF_LANGUAGE_DUPLICATE_VARIANT,   /* section 2.2.5 */
    CSAF_LANGUAGE_DUPLICATE_SINGLETON, /* section 2.2.6 */
};

struct csaf_language {
    enum csaf_language_flaw flaw;
    size_t offset;        /* of the subtag at fault */
    struct slice subtag;  /* at fault */
    struct slice primary; /* "en" of "en-US"; empty for "x-..." and grandfathered tags */
    struct slice script;  /* empty: none */
    struct slice region;
    /* The first subtag reserved for private use ("x-..." from its x on; "qtx", "Qabc", "QM"). */
    struct slice private_use;
    bool grandfathered; /* a whole tag of the registry (section 2.2.8): "i-default", "zh-min" */
    /* The first deprecated subtag, and its preferred value (NULL: the registry has none). */
    struct slice deprecated;
    const char *preferred;
};

/* Whether the tag is valid (section 2.2.9); *out says what of it, or why not. */
bool csaf_language_check(struct slice tag, struct csaf_language *out);

/*
 * Why the tag is not valid, one sentence without its full stop: '"EZ" is no registered language (it
 * is a region)'. Cut to the size; empty for a valid tag.
 */
void csaf_language_reason(const struct csaf_language *language, char *text, size_t size);

/* "i-default", in any case (RFC 2277 section 4.5). */
bool csaf_language_is_default(struct slice tag);

/* Whether the primary language is English ("en", "en-US", "en-GB-oed"). */
bool csaf_language_is_english(struct slice tag);

/* Same tag: case means nothing (section 2.1.1). */
bool csaf_language_equal(struct slice a, struct slice b);

#endif
