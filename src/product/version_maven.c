/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maven: the "Version Order Specification" of the POM reference. A version is a row of tokens, each
 * with the separator in front of it ('.' or '-'; a change between digits and letters is a '-').
 * What counts as nothing (0, "final", "ga", "release") falls away at the end and in front of each
 * '-'. A row that ends is as if a release went on.
 */
#include "product/version_key.h"
#include "product/version_schemes.h"

/*
 * In order; END is the place of a release. ZERO is a ".0" that leads to a pre-release: 4.1.0.CR1 is
 * earlier than 4.1, but later than 4.1.CR1.
 */
enum {
    ALPHA = 1,
    BETA,
    MILESTONE,
    CANDIDATE,
    SNAPSHOT,
    ZERO,
    END,
    PACK,
    OTHER,
    AFTER_HYPHEN,
    AFTER_DOT
};

struct token {
    struct slice text; /* empty: 0 */
    bool hyphen;       /* in front */
    bool number;
    uint8_t weight; /* of a qualifier */
};

static uint8_t weigh(struct slice word, bool digit_behind)
{
    static const struct {
        const char *word;
        uint8_t weight;
    } known[] = {{"alpha", ALPHA},  {"beta", BETA},    {"milestone", MILESTONE},
                 {"rc", CANDIDATE}, {"cr", CANDIDATE}, {"snapshot", SNAPSHOT},
                 {"ga", END},       {"final", END},    {"release", END},
                 {"sp", PACK}};
    static const char shorts[] = "abm";
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (product_slice_is(word, known[i].word))
            return known[i].weight;
    for (size_t i = 0; digit_behind && i < 3; i++)
        if (word.len == 1 && product_lower(word.data[0]) == shorts[i])
            return (uint8_t)(ALPHA + i);
    return OTHER;
}

static bool nothing(const struct token *t)
{
    return t->number ? product_is_zero(t->text) : t->weight == END;
}

static size_t split(struct slice s, struct token *tokens)
{
    size_t count = 0;
    bool hyphen = false;
    for (size_t i = 0; i < s.len;) {
        struct token *t = &tokens[count++];
        *t = (struct token){.hyphen = hyphen, .number = true};
        size_t start = i;
        t->text = product_take_digits(s, &i);
        if (t->text.len == 0 && s.data[i] != '.' && s.data[i] != '-') {
            while (i < s.len && !product_is_digit(s.data[i]) && s.data[i] != '.' &&
                   s.data[i] != '-')
                i++;
            t->number = false;
            t->text = slice_of(s.data + start, i - start);
            t->weight = weigh(t->text, i < s.len && product_is_digit(s.data[i]));
        }
        hyphen = i >= s.len || s.data[i] != '.';
        if (i < s.len && (s.data[i] == '.' || s.data[i] == '-'))
            i++;
    }
    return count;
}

/* From the end: what is nothing falls away behind the last token and before each hyphen. */
static size_t trim(struct token *tokens, size_t count)
{
    bool at_end = true;
    size_t to = count;
    for (size_t i = count; i > 0; i--) {
        if (at_end && nothing(&tokens[i - 1])) {
            /* what follows keeps the hyphen of its own */
            continue;
        }
        at_end = tokens[i - 1].hyphen;
        tokens[--to] = tokens[i - 1];
    }
    return to;
}

/* Does the row of ".0" at i end in a pre-release? *end: behind the row. */
static bool leads_to_prerelease(const struct token *tokens, size_t i, size_t count, size_t *end)
{
    while (i < count && tokens[i].number && !tokens[i].hyphen && product_is_zero(tokens[i].text))
        i++;
    *end = i;
    return i < count && !tokens[i].number && tokens[i].weight < END;
}

bool product_maven_key(struct slice text, struct product_key *k)
{
    struct token tokens[PRODUCT_VERSION_LONGEST];
    if (text.len == 0 || text.len > PRODUCT_VERSION_LONGEST)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] == 0x7f)
            return false;
    size_t count = split(text, tokens), zeros = 0;
    for (size_t i = trim(tokens, count); i < count; i++) {
        const struct token *t = &tokens[i];
        /* looked at once for each row: zeros is where the last one ended */
        if (i >= zeros && leads_to_prerelease(tokens, i, count, &zeros))
            for (; i < zeros; t = &tokens[++i])
                product_key_byte(k, ZERO);
        if (t->number) {
            product_key_byte(k, t->hyphen ? AFTER_HYPHEN : AFTER_DOT);
            product_key_number(k, t->text);
        } else {
            product_key_byte(k, t->weight);
            if (t->weight == OTHER)
                product_key_text_lower(k, t->text);
        }
    }
    product_key_byte(k, END);
    return true;
}
