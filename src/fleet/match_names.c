/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/match_names.h"
#include "fleet/match_family.h"
#include "fleet/match_words.h"
#include "fleet/name_words.h"
#include "product/range_words.h"

/* What each rule of normalisation takes; docs/conformance/matching.md has the same table. */
int fleet_rule_cost(unsigned rules)
{
    static const struct {
        unsigned rule;
        int cost;
    } costs[] = {
        {FLEET_RULE_ACCENT, 1},   {FLEET_RULE_MOJIBAKE, 2}, {FLEET_RULE_PART, 2},
        {FLEET_RULE_ACRONYM, 5},  {FLEET_RULE_UMLAUT, 1},   {FLEET_RULE_GENERIC, 2},
        {FLEET_RULE_VENDOR, 1},   {FLEET_RULE_NOTE, 1},     {FLEET_RULE_ALIAS, 2},
        {FLEET_RULE_LISTED, 5},   {FLEET_RULE_LINE, 3},     {FLEET_RULE_KIND, 12},
        {FLEET_RULE_DIVISION, 5}, {FLEET_RULE_BRAND, 2},    {FLEET_RULE_VARIANT, 8},
        {FLEET_RULE_PLURAL, 1},   {FLEET_RULE_CPE, 3},
    };
    int cost = 0;
    for (size_t i = 0; i < ARRAY_LEN(costs); i++)
        if (rules & costs[i].rule)
            cost += costs[i].cost;
    return cost;
}

/* The first letters and digits of both are the same. */
static bool same_start(struct slice a, struct slice b)
{
    size_t i = 0, k = 0;
    for (int n = 0; n < FLEET_LITERAL_START; n++, i++, k++) {
        while (i < a.len && a.data[i] == ' ')
            i++;
        while (k < b.len && b.data[k] == ' ')
            k++;
        if (i >= a.len || k >= b.len || a.data[i] != b.data[k])
            return false;
    }
    return true;
}

/* "140noe771x1": of a word that is long enough to be an order number */
static bool between_digits(struct slice word, size_t i)
{
    return word.len >= 8 && i > 0 && i + 1 < word.len && word.data[i - 1] >= '0' &&
           word.data[i - 1] <= '9' && word.data[i + 1] >= '0' && word.data[i + 1] <= '9';
}

/* "44x" of "CP 44x-1": digits, and one x behind them */
static bool number_with_x(struct slice word)
{
    for (size_t i = 0; i + 1 < word.len; i++)
        if (word.data[i] < '0' || word.data[i] > '9')
            return false;
    return word.len >= 3 && word.data[word.len - 1] == 'x';
}

/* "xxx": for any word of as many letters or digits */
static bool all_x(struct slice word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.data[i] != 'x')
            return false;
    return word.len >= 2;
}

/*
 * "rlc 4xx": every run of two or more x behind a digit stands for digits or letters. When the
 * pattern ends in such a run, a word may go on behind its digits: "4008t" fits "4xxx".
 */
static bool word_pattern(struct slice pattern, struct slice word)
{
    bool wild = false, digit = false, longer = word.len > pattern.len;
    if (pattern.len > word.len || pattern.len < 3 ||
        (longer && (pattern.data[pattern.len - 1] != 'x' ||
                    (word.data[pattern.len] >= '0' && word.data[pattern.len] <= '9'))))
        return false;
    for (size_t i = 0; i < pattern.len; i++) {
        bool x = pattern.data[i] == 'x' && digit &&
                 ((i + 1 < pattern.len && pattern.data[i + 1] == 'x') ||
                  (i > 0 && pattern.data[i - 1] == 'x') || between_digits(pattern, i) ||
                  number_with_x(pattern));
        digit = digit || (pattern.data[i] >= '0' && pattern.data[i] <= '9');
        if (x && longer && (word.data[i] < '0' || word.data[i] > '9'))
            return false;
        if (x)
            wild = true;
        else if (pattern.data[i] != word.data[i])
            return false;
    }
    return wild;
}

static bool name_pattern(struct slice pattern, struct slice name)
{
    struct fleet_words a, b;
    bool wild = false, any = false;
    if (pattern.len < 2 || !memchr(pattern.data, 'x', pattern.len) || !same_start(pattern, name))
        return false;
    fleet_words_split(pattern, &a);
    fleet_words_split(name, &b);
    if (a.count > b.count || a.cut || b.cut)
        return false;
    for (size_t i = 0; i < a.count; i++) {
        wild = !slice_equal(a.at[i], b.at[i]);
        any = any || wild;
        if (wild && i > 0 && all_x(a.at[i]) && a.at[i].len == b.at[i].len)
            continue;
        if (wild && !word_pattern(a.at[i], b.at[i]))
            return false;
    }
    /* "fl switch 4xxx": what stands behind the model's number tells variants of it */
    return any && (a.count == b.count || wild);
}

static bool same_product(const struct fleet_aliases *aliases, struct slice a, struct slice b,
                         struct slice *reason)
{
    return fleet_aliases_same(aliases, FLEET_NAME_PRODUCT, a, b, reason);
}

/*
 * Products' names are full of codes that differ by a letter ("AENT" and "AENTR" are two models):
 * only words of at least 6 letters are misspelt. A single word may differ by one typing error only:
 * that is how far the index looks.
 */
static int misspelt(struct slice a, struct slice b)
{
    struct fleet_words x, y;
    int distance = fleet_name_misspelt(a, b);
    if (distance <= 0)
        return distance;
    fleet_words_split(a, &x);
    fleet_words_split(b, &y);
    if (distance == 2 && x.count == 1)
        return -1;
    for (size_t i = 0; i < x.count; i++)
        if (!slice_equal(x.at[i], y.at[i]) && x.at[i].len < 6 && y.at[i].len < 6)
            return -1;
    return distance;
}

/* Two words, or one with a digit: less would be the beginning of anything. */
bool fleet_name_specific(struct slice form)
{
    return form.len >= 4 && (memchr(form.data, ' ', form.len) || fleet_word_has_digit(form));
}

/* "v16" behind the name: that is compared as a version line, see criteria_forms.h */
static bool version_line(struct slice form, size_t at)
{
    return at + 1 < form.len && form.data[at] == 'v' && form.data[at + 1] >= '0' &&
           form.data[at + 1] <= '9';
}

/* The last words of text, with a digit among them. */
static bool is_suffix(struct slice suffix, struct slice text)
{
    return suffix.len >= 4 && text.len > suffix.len + 1 && !version_line(suffix, 0) &&
           text.data[text.len - suffix.len - 1] == ' ' &&
           memcmp(text.data + text.len - suffix.len, suffix.data, suffix.len) == 0 &&
           fleet_word_has_digit(suffix);
}

/* Two words at least, one of them no word for a kind of thing: "raven xt", "corporate edition". */
static bool is_named_suffix(struct slice suffix, struct slice text)
{
    struct fleet_words words;
    if (suffix.len < 7 || text.len <= suffix.len + 1 ||
        text.data[text.len - suffix.len - 1] != ' ' ||
        memcmp(text.data + text.len - suffix.len, suffix.data, suffix.len) != 0)
        return false;
    fleet_words_split(suffix, &words);
    return words.count >= 2;
}

/* "fx5uj cpu modules", all models: its first word, with a digit, stands somewhere in the name. */
static bool has_word(struct slice name, struct slice family)
{
    struct fleet_words words;
    fleet_words_split(family, &words);
    if (words.count == 0 || words.at[0].len < 4 || !fleet_word_has_digit(words.at[0]))
        return false;
    struct slice wanted = words.at[0];
    fleet_words_split(name, &words);
    for (size_t i = 0; i < words.count; i++)
        if (slice_equal(words.at[i], wanted))
            return true;
    return false;
}

static bool compact_equal(struct slice form, struct slice compact)
{
    size_t k = 0;
    for (size_t i = 0; i < form.len; i++) {
        uint8_t before = i ? form.data[i - 1] : 0;
        uint8_t after = i + 1 < form.len ? form.data[i + 1] : 0;
        bool digits = before >= '0' && before <= '9' && after >= '0' && after <= '9';
        if (form.data[i] == ' ' && !digits)
            continue;
        if (k == compact.len || compact.data[k++] != form.data[i])
            return false;
    }
    return k == compact.len;
}

/* "(excl. CPU 1518)": a family of which not every member is meant */
static bool excepts_some(struct slice raw)
{
    static const char *const words[] = {"excl", "except", "without", "other than", "all other"};
    for (size_t i = 0; i < raw.len; i++)
        for (size_t k = 0; k < ARRAY_LEN(words); k++)
            if (product_text_starts(slice_of(raw.data + i, raw.len - i), words[k]))
                return true;
    return false;
}

/* Three words with a code among them ("en100", not "7") tell enough to ask which of the longer
 * names is meant. */
static bool telling(struct slice form)
{
    struct fleet_words words;
    bool code = false;
    fleet_words_split(form, &words);
    for (size_t i = 0; i < words.count; i++)
        code = code || (words.at[i].len >= 3 && fleet_word_has_digit(words.at[i]));
    return words.count >= 3 && code;
}

/* "quantum hd unity": of a device, enough to ask which of the longer names is meant */
static bool three_words(struct slice form)
{
    struct fleet_words words;
    size_t plain = 0;
    fleet_words_split(form, &words);
    for (size_t i = 0; i < words.count; i++)
        plain += words.at[i].len >= 2 && !fleet_word_has_digit(words.at[i]);
    return plain >= 3;
}

/* "1734 aentr" against "1734 aentr series c", "1794 aent" against "1794 aent flex i o series b":
 * what is missing is a revision, not a model */
static bool only_revision(struct slice longer, struct slice prefix)
{
    static const char *const words[] = {" series ", " rev ", " revision ", " version ", " hw "};
    size_t last = fleet_number_like(prefix) ? longer.len : prefix.len + 1;
    for (size_t at = prefix.len; at < last; at++)
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
            if (longer.len > at + strlen(words[i]) &&
                memcmp(longer.data + at, words[i], strlen(words[i])) == 0)
                return true;
    return false;
}

/* "scalance x200 all versions before 5 2": behind the product comes its version, in words */
static bool version_follows(struct slice form, size_t at)
{
    static const char *const words[] = {
        "all",     "any",     "version", "versions", "firmware", "fw",   "prior", "before",
        "earlier", "below",   "up",      "through",  "until",    "from", "older", "lower",
        "less",    "release", "rev",     "revision", "series",   "build"};
    struct slice rest = slice_of(form.data + at, form.len - at);
    size_t digits = 0;
    while (digits < rest.len &&
           ((rest.data[digits] >= '0' && rest.data[digits] <= '9') || rest.data[digits] == '.'))
        digits++;
    if ((digits && (digits == rest.len || rest.data[digits] == ' ')) || version_line(form, at))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t len = strlen(words[i]);
        if (product_text_starts(rest, words[i]) && (rest.len == len || rest.data[len] == ' '))
            return true;
    }
    return false;
}

bool fleet_name_sibling_word(struct slice word)
{
    static const char *const words[] = {
        "lite",     "light",    "pro",    "professional", "plus",    "advanced",
        "lean",     "basic",    "mini",   "enterprise",   "premium", "express",
        "standard", "se",       "me",     "compact",      "max",     "ultra",
        "xl",       "ex",       "server", "client",       "viewer",  "runtime",
        "studio",   "designer", "editor", "nms",          "safety",  "unified",
        "comfort",  NULL};
    return fleet_word_in(words, word);
}

/* What the longer name says beyond the other. */
static struct slice beyond(struct slice longer, struct slice prefix)
{
    return slice_of(longer.data + prefix.len + 1, longer.len - prefix.len - 1);
}

bool fleet_name_telling(struct slice form, struct slice raw)
{
    size_t capitals = 0;
    for (size_t i = 0; i < raw.len && raw.data[i] != ' '; i++)
        capitals += raw.data[i] >= 'A' && raw.data[i] <= 'Z';
    return fleet_name_specific(form) ||
           (form.len >= 6 && capitals >= 2 && !fleet_name_sibling_word(form) &&
            !fleet_name_plain_word(form));
}

/* "conext combox" of "conext combox model 865 1058": what is more tells no sibling. */
static bool may_be_shortened(struct slice longer, struct slice prefix)
{
    static const char *const remarks[] = {"with",    "for",    "on",  "in",       "using",
                                          "running", "series", "rev", "revision", "hw",
                                          "part",    "model",  NULL};
    struct fleet_words words;
    fleet_words_split(beyond(longer, prefix), &words);
    for (size_t i = 0; i < words.count; i++) {
        if (fleet_word_in(remarks, words.at[i]))
            return true;
        if (fleet_name_sibling_word(words.at[i]) || words.at[i].len == 1 ||
            version_line(words.at[i], 0))
            return false;
    }
    return words.count > 0;
}

/* "micrologix 1100 1763 l16bwa" of "micrologix 1100": what is more is a number. */
static bool goes_on_in_numbers(struct slice longer, struct slice prefix)
{
    struct slice rest = beyond(longer, prefix);
    size_t digits = 0;
    for (size_t i = 0; i < rest.len; i++)
        digits += rest.data[i] >= '0' && rest.data[i] <= '9';
    return digits >= 3 && may_be_shortened(longer, prefix) && fleet_word_has_digit(prefix);
}

/* "tropos 2420" of "tropos", a device: a line of products that has a word of its own, and the
 * number of the model */
static bool line_and_number(struct slice longer, struct slice prefix)
{
    struct slice rest = beyond(longer, prefix);
    size_t digits = 0;
    for (size_t i = 0; i < rest.len; i++)
        digits += rest.data[i] >= '0' && rest.data[i] <= '9';
    return prefix.len >= 5 && !memchr(prefix.data, ' ', prefix.len) &&
           !fleet_name_plain_word(prefix) && digits >= 3 && !memchr(rest.data, ' ', rest.len);
}

/* "neuroworks" of "natus xltek neuroworks": one word, but of its own */
static bool own_word(struct slice word, struct slice text)
{
    return word.len >= 7 && text.len > word.len + 1 && text.data[text.len - word.len - 1] == ' ' &&
           memcmp(text.data + text.len - word.len, word.data, word.len) == 0 &&
           !memchr(word.data, ' ', word.len) && !fleet_name_sibling_word(word) &&
           !fleet_name_plain_word(word);
}

/* "2711r t4t": as specific as an order number */
bool fleet_number_like(struct slice form)
{
    size_t letters = 0, digits = 0;
    for (size_t i = 0; i < form.len; i++) {
        letters += form.data[i] >= 'a' && form.data[i] <= 'z';
        digits += form.data[i] >= '0' && form.data[i] <= '9';
    }
    return letters > 0 && digits >= 2 && letters + digits >= 6 && letters <= 8;
}

/* The last word that is no word for a kind of thing; count: how many stand in front of it. */
static struct slice last_word(const struct fleet_words *words, size_t *count)
{
    size_t at = words->count;
    while (at > 0 && fleet_name_plain_word(words->at[at - 1]))
        at--;
    *count = at ? at - 1 : 0;
    return at ? words->at[at - 1] : slice_of(NULL, 0);
}

/*
 * "melsec iq r r16psfcpu" and "melsec iq r series sil2 process cpu r16psfcpu firmware": both end in
 * one number of a model, and all else that one side says the other says, too.
 */
static bool same_model(struct slice a, struct slice b)
{
    struct fleet_words x, y;
    size_t n, m;
    fleet_words_split(a, &x);
    struct slice model = last_word(&x, &n);
    if (!fleet_number_like(model) || !memmem(b.data, b.len, model.data, model.len))
        return false;
    fleet_words_split(b, &y);
    if (x.cut || y.cut || !slice_equal(model, last_word(&y, &m)))
        return false;
    const struct fleet_words *less = n < m ? &x : &y, *more = n < m ? &y : &x;
    for (size_t i = 0; i < (n < m ? n : m); i++) {
        bool found = fleet_name_plain_word(less->at[i]);
        for (size_t k = 0; k < (n < m ? m : n) && !found; k++)
            found = slice_equal(less->at[i], more->at[k]);
        if (!found)
            return false;
    }
    return true;
}

/* "lynx l210 f2g" and "l210 f2g lynx", "simulator for unity" and "unity simulator": the same words
 * in another order. Of about equal length, so that few are looked at. */
static bool same_words(struct slice a, struct slice b)
{
    struct fleet_words x, y;
    uint64_t used = 0;
    if (a.len > b.len + 8 || b.len > a.len + 8 || a.len < 6)
        return false;
    fleet_words_of_set(a, &x);
    fleet_words_of_set(b, &y);
    if (x.count != y.count || x.count < 2 || x.cut || y.cut)
        return false;
    for (size_t i = 0; i < x.count; i++) {
        size_t k = 0;
        while (k < y.count && ((used >> k & 1) || !slice_equal(x.at[i], y.at[k])))
            k++;
        if (k == y.count)
            return false;
        used |= (uint64_t)1 << k;
    }
    return true;
}

/* "mv1200s d cubes" in the middle of "wire cut edm mv series mv1200s d cubes series standard
 * system": a model's number, and what else we say of it. */
static bool inside_with_number(struct slice part, struct slice text)
{
    struct fleet_words words;
    bool number = false;
    if (part.len < 6 || text.len < part.len + 4)
        return false;
    const uint8_t *at = memmem(text.data, text.len, part.data, part.len);
    size_t start = at ? (size_t)(at - text.data) : 0;
    if (start == 0 || text.data[start - 1] != ' ' || start + part.len == text.len ||
        text.data[start + part.len] != ' ')
        return false;
    fleet_words_split(part, &words);
    for (size_t i = 0; i < words.count; i++)
        number = number || (words.at[i].len >= 6 && fleet_number_like(words.at[i]));
    return number;
}

/* "l210 f2g" of "l210 f2g lynx", "cp 8050" of "cp 8050 master module": a model's number, and what
 * is more are words that tell no sibling. */
static bool number_described(struct slice longer, struct slice prefix)
{
    struct fleet_words words;
    if (!fleet_number_like(prefix))
        return false;
    fleet_words_split(beyond(longer, prefix), &words);
    for (size_t i = 0; i < words.count; i++)
        if (words.at[i].len < 3 || fleet_word_has_digit(words.at[i]) ||
            fleet_name_sibling_word(words.at[i]) || slice_is(words.at[i], "series") ||
            slice_is(words.at[i], "with"))
            return false;
    return words.count > 0;
}

/* "scalance sc646 2c" and "scalance sc 600 family": the same word without a number in front. */
static bool same_brand(struct slice name, struct slice family)
{
    struct fleet_words x, y;
    fleet_words_split(name, &x);
    fleet_words_split(family, &y);
    return x.count >= 2 && y.count >= 2 && x.at[0].len >= 5 && slice_equal(x.at[0], y.at[0]) &&
           !fleet_word_has_digit(x.at[0]);
}

/* "ThinManager" of "ThinManager ThinServer": one word, but nothing else is called so. */
static bool made_up(const struct fleet_subject_form *form)
{
    return form->source == FLEET_FROM_MODEL && form->text.len >= 7 &&
           !memchr(form->text.data, ' ', form->text.len) && !fleet_word_has_digit(form->text) &&
           !fleet_name_plain_word(form->text) && !fleet_name_sibling_word(form->text);
}

/* "scalance m 800": of this brand whole hundreds are lines of products, whether it says so or not.
 */
static bool lines_by_hundred(struct slice form)
{
    static const char brand[] = "scalance ";
    return form.len > sizeof brand && memcmp(form.data, brand, sizeof brand - 1) == 0;
}

/* A word of five letters that is no word for a kind of thing: "fpwin pro", not "web server". */
static bool names_something(struct slice form)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    for (size_t i = 0; i < words.count; i++)
        if (words.at[i].len >= 5 && !fleet_name_plain_word(words.at[i]) &&
            !fleet_name_sibling_word(words.at[i]))
            return true;
    return false;
}

/* "simatic wincc oa" of "simatic wincc": two letters make another product of it. */
static bool goes_on_in_a_code(struct slice longer, struct slice prefix)
{
    struct slice rest = beyond(longer, prefix);
    return rest.len <= 2 || rest.data[2] == ' ';
}

/* "cloud connect 7 cc716": names of it, and a model's number; what else stands in front is a brand.
 */
static bool names_and_number(struct slice form)
{
    struct fleet_words words;
    size_t names = 0, digits = 0, letters = 0;
    fleet_words_split(form, &words);
    for (size_t i = 0; i < words.count; i++)
        names += words.at[i].len >= 4 && !fleet_word_has_digit(words.at[i]) &&
                 !fleet_name_plain_word(words.at[i]);
    struct slice last = words.count ? words.at[words.count - 1] : slice_of(NULL, 0);
    for (size_t i = 0; i < last.len; i++) {
        digits += last.data[i] >= '0' && last.data[i] <= '9';
        letters += last.data[i] >= 'a' && last.data[i] <= 'z';
    }
    return names >= 1 && digits >= 3 && letters >= 1;
}

struct fleet_identified fleet_names_compare(const struct fleet_target *t,
                                            const struct fleet_target_form *a,
                                            const struct fleet_subject *s,
                                            const struct fleet_subject_form *b,
                                            const struct fleet_aliases *aliases, bool vendor_sure)
{
    struct fleet_identified r = {
        .advisory = a->text, .inventory = b->text, .line = a->line.len ? a->line : b->line};
    bool family_source = b->source == FLEET_FROM_FAMILY;
    int distance;
    r.rules = a->rules | b->rules;
    r.confidence = -fleet_rule_cost(r.rules);
    enum fleet_words_relation words = FLEET_WORDS_OTHER;
    bool equal = slice_equal(a->text, b->text);
    bool same = equal || compact_equal(a->text, b->compact);
    /* without its kind a name is that whole name or nothing; and "S7-1500 software controller" and
     * "S7-1500 CPU" are of two kinds */
    if ((r.rules & FLEET_RULE_KIND) && !same && t->product.family && vendor_sure &&
        !family_source && !(b->rules & FLEET_RULE_KIND) && is_suffix(b->text, a->text)) {
        /* "S7-1200" of "SIMATIC S7-1200 CPU family" */
        r.rule = FLEET_BY_SUFFIX;
        r.confidence += 82;
    } else if ((r.rules & FLEET_RULE_KIND) && (!same || (a->rules & b->rules & FLEET_RULE_KIND))) {
        r.confidence = 0;
    } else if (same) {
        r.rule = family_source ? FLEET_BY_FAMILY : FLEET_BY_NAME;
        r.confidence += !family_source ? 96 : excepts_some(t->product.raw) ? 75 : 89;
        /* a name with a number in it is a model's, whatever kind of thing that is */
        if ((r.rules & FLEET_RULE_KIND) && fleet_word_has_digit(b->text))
            r.confidence += 8;
        if (!equal) {
            r.rules |= FLEET_RULE_SPACE;
            r.confidence -= 2;
        }
        /* the advisory names a line of products, and we are one of it; what it says of a firmware
         * or of "all models" holds for all, what it says of a product may not */
        if (family_source && !t->product.family && !(a->rules & FLEET_RULE_GENERIC))
            r.confidence -= 20;
    } else if (same_product(aliases, a->text, b->text, &r.alias)) {
        r.rule = FLEET_BY_NAME;
        r.rules |= FLEET_RULE_ALIAS;
        r.confidence += 94;
    } else if (!family_source && !(r.rules & FLEET_RULE_LISTED) && same_words(a->text, b->text)) {
        /* not of a name that was put together from a title or a list */
        r.rule = FLEET_BY_NAME;
        r.confidence += 93;
    } else if (name_pattern(a->text, b->text) && !family_source) {
        r.rule = FLEET_BY_PATTERN;
        r.confidence += 93;
    } else if (vendor_sure && !family_source && s->purl_base.len == 0 &&
               (distance = misspelt(a->text, b->text)) > 0) {
        r.rule = FLEET_BY_MISSPELT_PRODUCT;
        r.confidence += distance == 1 ? 78 : 68;
    } else if (is_suffix(a->text, b->text) || (!family_source && is_suffix(b->text, a->text))) {
        r.rule = FLEET_BY_SUFFIX;
        struct slice shorter = a->text.len < b->text.len ? a->text : b->text;
        struct slice longer = a->text.len < b->text.len ? b->text : a->text;
        r.confidence += family_source                                             ? 60
                        : fleet_words_brands_in_front(longer, shorter)            ? 90
                        : fleet_number_like(shorter) || names_and_number(shorter) ? 87
                                                                                  : 82;
    } else if (vendor_sure && !family_source && same_model(a->text, b->text)) {
        r.rule = FLEET_BY_SUFFIX;
        r.confidence += 87;
    } else if (vendor_sure && !family_source && is_named_suffix(b->text, a->text)) {
        r.rule = FLEET_BY_SUFFIX;
        r.confidence += fleet_words_brands_in_front(a->text, b->text) ? 90 : 78;
    } else if (vendor_sure && !family_source && !(r.rules & FLEET_RULE_LISTED) &&
               is_named_suffix(a->text, b->text) && names_something(a->text)) {
        bool brands = fleet_words_brands_in_front(b->text, a->text);
        r.rule = brands ? FLEET_BY_SUFFIX : FLEET_BY_LESS_SPECIFIC;
        r.confidence += brands ? 90 : 62;
        r.only_unknown = !brands;
    } else if (t->product.family && !family_source && has_word(b->text, a->text)) {
        r.rule = FLEET_BY_FAMILY;
        r.confidence += 75;
    } else if ((t->product.family || lines_by_hundred(a->text)) && !family_source && vendor_sure &&
               fleet_family_of_hundred(b->text, a->text)) {
        r.rule = FLEET_BY_FAMILY;
        r.confidence += same_brand(b->text, a->text) ? 89 : 72;
    } else if (fleet_name_prefix(a->text, b->text) && !family_source &&
               (fleet_name_specific(a->text) || (t->product.family && a->text.len >= 5) ||
                (vendor_sure && s->identity->kind == FLEET_DEVICE &&
                 line_and_number(b->text, a->text)) ||
                (vendor_sure && fleet_name_telling(a->text, t->product.raw)))) {
        r.rule = t->product.family ? FLEET_BY_FAMILY : FLEET_BY_PREFIX;
        if (t->product.family)
            r.confidence += excepts_some(t->product.raw) ? 75 : 89;
        else if (vendor_sure && s->identity->kind == FLEET_DEVICE &&
                 (goes_on_in_numbers(b->text, a->text) || line_and_number(b->text, a->text)))
            r.confidence += 60;
        else if (vendor_sure && fleet_name_telling(a->text, t->product.raw) &&
                 may_be_shortened(b->text, a->text) && !goes_on_in_a_code(b->text, a->text))
            r.confidence += 55;
        else
            r.confidence += 42;
        r.only_unknown = !t->product.family;
    } else if (fleet_name_prefix(b->text, a->text) &&
               (fleet_name_specific(b->text) || (vendor_sure && made_up(b))) &&
               /* of "series B" is said nothing where "series C" is named */
               !((b->rules & FLEET_RULE_VARIANT) && only_revision(a->text, b->text)) &&
               !version_line(a->text, b->text.len + 1)) {
        bool described = vendor_sure && number_described(a->text, b->text);
        r.rule = FLEET_BY_LESS_SPECIFIC;
        r.confidence += described                                                   ? 74
                        : t->whole && version_follows(a->text, b->text.len + 1)     ? 80
                        : s->model_missing || only_revision(a->text, b->text)       ? 66
                        : telling(b->text) && s->real_orders == 0                   ? 55
                        : three_words(b->text) && s->identity->kind == FLEET_DEVICE ? 52
                        : vendor_sure && may_be_shortened(a->text, b->text)         ? 58
                                                                                    : 40;
        r.only_unknown = !described;
    } else if (vendor_sure && !family_source &&
               !(r.rules & (FLEET_RULE_LISTED | FLEET_RULE_KIND)) &&
               (words = fleet_words_but_one(b->text, a->text)) != FLEET_WORDS_OTHER) {
        bool brand = words == FLEET_WORDS_BUT_BRAND;
        r.rule = brand ? FLEET_BY_SUFFIX : FLEET_BY_LESS_SPECIFIC;
        r.confidence += brand ? 80 : 58;
        r.only_unknown = !brand;
    } else if (vendor_sure && !family_source && own_word(b->text, a->text)) {
        bool brands = fleet_words_brands_in_front(a->text, b->text);
        r.rule = brands ? FLEET_BY_SUFFIX : FLEET_BY_LESS_SPECIFIC;
        r.confidence += brands ? 90 : 72;
    } else if (vendor_sure && !family_source && inside_with_number(b->text, a->text)) {
        r.rule = FLEET_BY_LESS_SPECIFIC;
        r.confidence += 55;
        r.only_unknown = true;
    } else {
        r.confidence = 0;
    }
    return r;
}
