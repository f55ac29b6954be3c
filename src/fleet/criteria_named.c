/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/criteria_named.h"
#include "fleet/name_words.h"
#include "product/range_words.h"

/* "NMC2 <= 6.9.6" of "Network Management Card 2 (NMC2)": the range says again whose version it is
 */
void fleet_named_drop_prefix(struct fleet_target *t, struct slice called)
{
    struct slice prefix = t->range.prefix;
    for (size_t i = 0; prefix.len >= 3 && i + prefix.len <= called.len; i++) {
        struct slice rest = slice_of(called.data + i, called.len - i);
        bool begins = i == 0 || memchr(" (-/", called.data[i - 1], 4);
        bool ends = rest.len == prefix.len || memchr(" )-/,", rest.data[prefix.len], 5);
        if (begins && ends && product_text_starts_with(rest, prefix)) {
            t->range.prefix = slice_of(NULL, 0);
            return;
        }
    }
}

/* "DMC 3000 Transmitter Module" where a version was due: three words or more, and two of them names
 * of things, are a product. */
static bool names_product(struct slice text)
{
    static const char *const others[] = {
        "version", "release", "revision", "firmware", "hardware", "build", "update", "all ",
        "prior",   "before",  "with",     "without",  "only",     "no ",   "when",   NULL};
    size_t words = 0, named = 0;
    for (size_t i = 0; i < text.len; i++) {
        struct slice rest = slice_of(text.data + i, text.len - i);
        if (i > 0 && text.data[i - 1] != ' ')
            continue;
        for (size_t k = 0; others[k]; k++)
            if (product_text_starts(rest, others[k]))
                return false;
        size_t small = 0;
        while (1 + small < rest.len && rest.data[1 + small] >= 'a' && rest.data[1 + small] <= 'z')
            small++;
        words += text.data[i] != ' ';
        named += rest.data[0] >= 'A' && rest.data[0] <= 'Z' && small >= 4;
    }
    return (words >= 3 && named >= 2) || (words >= 2 && named >= 1 && text.len >= 10);
}

/* The product that stands in its version's place; its range is then every version. */
bool fleet_named_in_version(const struct fleet_target *t, const struct csaf_product *product,
                            struct slice *called)
{
    const struct csaf_branch *exact = csaf_branch_find(product, CSAF_BRANCH_PRODUCT_VERSION);
    struct slice text = t->range_text;
    if (!exact || t->range.model.len ||
        memchr(text.data ? text.data : (const uint8_t *)"|", '|', text.len ? text.len : 1))
        return false;
    while (text.len && memchr(" ,;", text.data[text.len - 1], 3))
        text.len--;
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.data[i] == '.' && text.data[i + 1] >= '0' && text.data[i + 1] <= '9')
            return false;
    if (text.len > 4 && product_text_starts(slice_of(text.data + text.len - 4, 4), " and"))
        text.len -= 4;
    while (text.len && memchr(" ,;", text.data[text.len - 1], 3))
        text.len--;
    if (text.data[0] < 'A' || !names_product(text))
        return false;
    *called = text;
    return true;
}

/*
 * "Version" or "All products" as the name of a product says nothing: it is what the title speaks
 * of, "Philips Alice 6 Vulnerabilities (Update B)". Empty: the name is one.
 */
struct slice fleet_named_by_title(struct slice title, const struct fleet_name *name)
{
    static const char *const last[] = {"vulnerabilities", "vulnerability", "update", NULL};
    static const char *const nothing[] = {"version", "versions", "all",
                                          "product", "products", NULL};
    struct fleet_words words;
    fleet_words_split(name->count ? name->forms[0].text : slice_of(NULL, 0), &words);
    for (size_t i = 0; i < words.count; i++)
        if (!fleet_word_in(nothing, words.at[i]))
            return slice_of(NULL, 0);
    fleet_words_split(title, &words);
    if (name->count == 0 || words.cut)
        return slice_of(NULL, 0);
    for (size_t i = 1; i < words.count; i++)
        if (fleet_word_in(last, words.at[i]))
            return slice_of(title.data, (size_t)(words.at[i].data - title.data) - 1);
    return title;
}

/* "LOGIQ, not including LOGIQ 100 Pro": a line of products, and what of it is not meant. false: the
 * name excepts nothing so. */
bool fleet_named_except(struct slice called, struct slice *front, struct slice *except)
{
    static const char *const words[] = {", not including ", ", excluding ", ", except for ",
                                        ", except "};
    for (size_t i = 2; i < called.len; i++)
        for (size_t k = 0; k < ARRAY_LEN(words); k++)
            if (called.data[i] == ',' &&
                product_text_starts(slice_of(called.data + i, called.len - i), words[k])) {
                size_t end = i + strlen(words[k]);
                *front = slice_of(called.data, i);
                *except = slice_of(called.data + end, called.len - end);
                return true;
            }
    return false;
}

/* "Metasys ADX Server: version 12.0 running MVE": behind the name, for names have it, too. */
bool fleet_named_running(struct slice label, struct slice called)
{
    static const char running[] = " running ";
    size_t start =
        label.len >= called.len && called.len && memcmp(label.data, called.data, called.len) == 0
            ? called.len
            : label.len;
    return memmem(label.data + start, label.len - start, running, sizeof running - 1) != NULL;
}
