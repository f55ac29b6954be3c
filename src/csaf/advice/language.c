/* SPDX-License-Identifier: Apache-2.0 */
/* Recommended: the languages of a document. */
#include "csaf/validate/tests.h"

#include <strings.h>

static const char *const members[] = {"lang", "source_lang"};

static bool between(struct slice tag, const char *low, const char *high)
{
    size_t len = strlen(low);
    return tag.len == len && strncasecmp((const char *)tag.data, low, len) >= 0 &&
           strncasecmp((const char *)tag.data, high, len) <= 0;
}

/* A subtag that the registry keeps for private use (RFC 5646 section 2.2). */
static bool private_subtag(struct slice subtag, size_t index)
{
    if (index == 0)
        return between(subtag, "qaa", "qtz") || between(subtag, "x", "x");
    return between(subtag, "x", "x") || between(subtag, "Qaaa", "Qabx") ||
           between(subtag, "AA", "AA") || between(subtag, "QM", "QZ") ||
           between(subtag, "XA", "XZ") || between(subtag, "ZZ", "ZZ");
}

/* Use of Private Language */
void csaf_test_6_2_14(struct csaf_validation *v)
{
    for (size_t m = 0; m < ARRAY_LEN(members); m++) {
        const struct json_value *lang = json_get(v->document, members[m]);
        struct slice tag = json_string(lang);
        size_t start = 0, index = 0;
        if (!tag.len)
            continue;
        for (size_t i = 0; i <= tag.len; i++) {
            if (i < tag.len && tag.data[i] != '-')
                continue;
            struct slice subtag = slice_of(tag.data + start, i - start);
            if (private_subtag(subtag, index)) {
                csaf_find(v, lang, "the language %s is for private use: nobody else knows %s",
                          csaf_quote(v, tag), csaf_quote(v, subtag));
                break;
            }
            if (subtag.len == 1 && index > 0)
                break; /* what an extension means by its subtags is its own */
            start = i + 1;
            index++;
        }
    }
}

/* Use of Default Language */
void csaf_test_6_2_15(struct csaf_validation *v)
{
    for (size_t m = 0; m < ARRAY_LEN(members); m++) {
        const struct json_value *lang = json_get(v->document, members[m]);
        struct slice tag = json_string(lang);
        if (tag.len == 9 && strncasecmp((const char *)tag.data, "i-default", 9) == 0)
            csaf_find(v, lang, "the language i-default names no language");
    }
}
