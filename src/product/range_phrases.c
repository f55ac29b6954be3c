/* SPDX-License-Identifier: Apache-2.0 */
#include "product/range_phrases.h"
#include "product/range_words.h"
#include "base/compiler.h"

/* Of phrases that begin alike the longest wins, so that their order does not matter. */
static const struct range_phrase phrases[] = {
    {"up to and including", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"up to but not including", RANGE_PHRASE, RANGE_LESS, false},
    {"up to but excluding", RANGE_PHRASE, RANGE_LESS, false},
    {"but not including", RANGE_PHRASE, RANGE_LESS, false},
    {"through and including", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"through to", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"through", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"thru", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"up to", RANGE_PHRASE, RANGE_LESS_EQUAL, true},
    {"up until", RANGE_PHRASE, RANGE_LESS_EQUAL, true},
    {"until", RANGE_PHRASE, RANGE_LESS_EQUAL, true},
    {"to", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"prior to and including", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"prior to", RANGE_PHRASE, RANGE_LESS, false},
    {"previous to", RANGE_PHRASE, RANGE_LESS, false},
    {"before", RANGE_PHRASE, RANGE_LESS, false},
    {"earlier than", RANGE_PHRASE, RANGE_LESS, false},
    {"older than", RANGE_PHRASE, RANGE_LESS, false},
    {"lower than", RANGE_PHRASE, RANGE_LESS, false},
    {"smaller than", RANGE_PHRASE, RANGE_LESS, false},
    {"less than or equal to", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"less than or equal", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"less than", RANGE_PHRASE, RANGE_LESS, false},
    {"lower than or equal to", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"below", RANGE_PHRASE, RANGE_LESS, false},
    {"later than", RANGE_PHRASE, RANGE_GREATER, false},
    {"newer than", RANGE_PHRASE, RANGE_GREATER, false},
    {"higher than", RANGE_PHRASE, RANGE_GREATER, false},
    {"after", RANGE_PHRASE, RANGE_GREATER, false},
    {"above", RANGE_PHRASE, RANGE_GREATER, false},
    {"greater than or equal to", RANGE_PHRASE, RANGE_GREATER_EQUAL, false},
    {"greater than or equal", RANGE_PHRASE, RANGE_GREATER_EQUAL, false},
    {"greater than", RANGE_PHRASE, RANGE_GREATER, false},
    {"starting with", RANGE_PHRASE, RANGE_GREATER_EQUAL, false},
    {"starting from", RANGE_PHRASE, RANGE_GREATER_EQUAL, false},
    {"starting at", RANGE_PHRASE, RANGE_GREATER_EQUAL, false},
    {"beginning with", RANGE_PHRASE, RANGE_GREATER_EQUAL, false},
    {"since", RANGE_PHRASE, RANGE_GREATER_EQUAL, false},
    {"from", RANGE_PHRASE, RANGE_GREATER_EQUAL, false},
    {"between", RANGE_BETWEEN, RANGE_NO_OPERATOR, false},
    {"prior", RANGE_DOWN, RANGE_NO_OPERATOR, false},
    {"earlier", RANGE_DOWN, RANGE_NO_OPERATOR, false},
    {"older", RANGE_DOWN, RANGE_NO_OPERATOR, false},
    {"lower", RANGE_DOWN, RANGE_NO_OPERATOR, false},
    {"previous", RANGE_DOWN, RANGE_NO_OPERATOR, false},
    {"down", RANGE_DOWN, RANGE_NO_OPERATOR, false},
    {"later", RANGE_UP, RANGE_NO_OPERATOR, false},
    {"newer", RANGE_UP, RANGE_NO_OPERATOR, false},
    {"higher", RANGE_UP, RANGE_NO_OPERATOR, false},
    {"greater", RANGE_UP, RANGE_NO_OPERATOR, false},
    {"up", RANGE_UP, RANGE_NO_OPERATOR, false},
    {"onward", RANGE_UP, RANGE_NO_OPERATOR, false},
    {"onwards", RANGE_UP, RANGE_NO_OPERATOR, false},
    {"upwards", RANGE_UP, RANGE_NO_OPERATOR, false},
    {"inclusive", RANGE_INCLUDED, RANGE_NO_OPERATOR, false},
    {"included", RANGE_INCLUDED, RANGE_NO_OPERATOR, false},
    {"exclusive", RANGE_EXCLUDED, RANGE_NO_OPERATOR, false},
    {"excluded", RANGE_EXCLUDED, RANGE_NO_OPERATOR, false},
    {"and", RANGE_AND, RANGE_NO_OPERATOR, false},
    {"or", RANGE_OR, RANGE_NO_OPERATOR, false},
    {"and/or", RANGE_OR, RANGE_NO_OPERATOR, false},
    {"all", RANGE_EVERY, RANGE_NO_OPERATOR, false},
    {"any", RANGE_EVERY, RANGE_NO_OPERATOR, false},
    {"every", RANGE_EVERY, RANGE_NO_OPERATOR, false},
    {"no version", RANGE_NONE, RANGE_NO_OPERATOR, false},
    {"no versions", RANGE_NONE, RANGE_NO_OPERATOR, false},
    {"none", RANGE_NONE, RANGE_NO_OPERATOR, false},
    {"not affected", RANGE_NONE, RANGE_NO_OPERATOR, false},
    {"version", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"versions", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"ver", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"ver.", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"v.", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"v", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"firmware", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"firmwares", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"fw", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"software", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"sw", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"bios", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"aka", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"also known as", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"release", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"releases", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"rev", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"rev.", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"revision", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"revisions", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"only", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"if", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"when", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"with", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"w/", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"without", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"unless", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"where", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"using", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"utilizes", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"utilizing", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"running", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"installed", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"manufactured", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"shipped", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"packaged", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"controlling", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"affected", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"on", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"in", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"for", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"of", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"that", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"which", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"except", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"excluding", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"other than", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"but", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"but not", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"not", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"possibly", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"including", RANGE_CONDITION, RANGE_NO_OPERATOR, true}, /* adds rather than limits */
    {"includes", RANGE_CONDITION, RANGE_NO_OPERATOR, true},
    {"serial", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"serials", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"digits", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"numbers", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"distributed", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"production", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"production date", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"dated", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"material", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"january", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"february", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"march", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"april", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"june", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"july", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"august", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"september", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"october", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"november", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    {"december", RANGE_FOREIGN, RANGE_NO_OPERATOR, false},
    /* German */
    {"bis einschlie\xc3\x9flich", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"bis einschliesslich", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"bis einschl.", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"bis inklusive", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"bis ausschlie\xc3\x9flich", RANGE_PHRASE, RANGE_LESS, false},
    {"bis ausschliesslich", RANGE_PHRASE, RANGE_LESS, false},
    {"bis und mit", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"bis zu", RANGE_PHRASE, RANGE_LESS_EQUAL, true},
    {"bis", RANGE_PHRASE, RANGE_LESS_EQUAL, true},
    {"vor", RANGE_PHRASE, RANGE_LESS, false},
    {"kleiner als", RANGE_PHRASE, RANGE_LESS, false},
    {"kleiner gleich", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"kleiner oder gleich", RANGE_PHRASE, RANGE_LESS_EQUAL, false},
    {"\xc3\xa4lter als", RANGE_PHRASE, RANGE_LESS, false},
    {"fr\xc3\xbcher als", RANGE_PHRASE, RANGE_LESS, false},
    {"niedriger als", RANGE_PHRASE, RANGE_LESS, false},
    {"unter", RANGE_PHRASE, RANGE_LESS, false},
    {"gr\xc3\xb6\xc3\x9f"
     "er als",
     RANGE_PHRASE, RANGE_GREATER, false},
    {"gr\xc3\xb6\xc3\x9f"
     "er gleich",
     RANGE_PHRASE, RANGE_GREATER_EQUAL, false},
    {"gr\xc3\xb6\xc3\x9f"
     "er oder gleich",
     RANGE_PHRASE, RANGE_GREATER_EQUAL, false},
    {"h\xc3\xb6her als", RANGE_PHRASE, RANGE_GREATER, false},
    {"neuer als", RANGE_PHRASE, RANGE_GREATER, false},
    {"sp\xc3\xa4ter als", RANGE_PHRASE, RANGE_GREATER, false},
    {"nach", RANGE_PHRASE, RANGE_GREATER, false},
    {"ab", RANGE_PHRASE, RANGE_GREATER_EQUAL, false},
    {"seit", RANGE_PHRASE, RANGE_GREATER_EQUAL, false},
    {"von", RANGE_PHRASE, RANGE_GREATER_EQUAL, false},
    {"zwischen", RANGE_BETWEEN, RANGE_NO_OPERATOR, false},
    {"\xc3\xa4lter", RANGE_DOWN, RANGE_NO_OPERATOR, false},
    {"\xc3\xa4ltere", RANGE_DOWN, RANGE_NO_OPERATOR, false},
    {"fr\xc3\xbcher", RANGE_DOWN, RANGE_NO_OPERATOR, false},
    {"fr\xc3\xbchere", RANGE_DOWN, RANGE_NO_OPERATOR, false},
    {"niedriger", RANGE_DOWN, RANGE_NO_OPERATOR, false},
    {"kleiner", RANGE_DOWN, RANGE_NO_OPERATOR, false},
    {"vorherige", RANGE_DOWN, RANGE_NO_OPERATOR, false},
    {"neuere", RANGE_UP, RANGE_NO_OPERATOR, false},
    {"neuer", RANGE_UP, RANGE_NO_OPERATOR, false},
    {"h\xc3\xb6her", RANGE_UP, RANGE_NO_OPERATOR, false},
    {"h\xc3\xb6here", RANGE_UP, RANGE_NO_OPERATOR, false},
    {"sp\xc3\xa4ter", RANGE_UP, RANGE_NO_OPERATOR, false},
    {"sp\xc3\xa4tere", RANGE_UP, RANGE_NO_OPERATOR, false},
    {"einschlie\xc3\x9flich", RANGE_INCLUDED, RANGE_NO_OPERATOR, false},
    {"einschliesslich", RANGE_INCLUDED, RANGE_NO_OPERATOR, false},
    {"inklusive", RANGE_INCLUDED, RANGE_NO_OPERATOR, false},
    {"ausschlie\xc3\x9flich", RANGE_EXCLUDED, RANGE_NO_OPERATOR, false},
    {"ausschliesslich", RANGE_EXCLUDED, RANGE_NO_OPERATOR, false},
    {"exklusive", RANGE_EXCLUDED, RANGE_NO_OPERATOR, false},
    {"und", RANGE_AND, RANGE_NO_OPERATOR, false},
    {"sowie", RANGE_AND, RANGE_NO_OPERATOR, false},
    {"oder", RANGE_OR, RANGE_NO_OPERATOR, false},
    {"alle", RANGE_EVERY, RANGE_NO_OPERATOR, false},
    {"keine", RANGE_NONE, RANGE_NO_OPERATOR, false},
    {"versionen", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"firmwareversion", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"firmwareversionen", RANGE_NOUN, RANGE_NO_OPERATOR, false},
    {"nur", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"wenn", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"falls", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"sofern", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"mit", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"ohne", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"au\xc3\x9f"
     "er",
     RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"f\xc3\xbcr", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"auf", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"bei", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
    {"nicht", RANGE_CONDITION, RANGE_NO_OPERATOR, false},
};

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool word_byte(uint8_t c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || c >= 0x80;
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Length of text at the beginning of s, where a space is any number of spaces; 0: not there. */
static size_t text_at(struct slice s, const char *text)
{
    size_t i = 0;
    for (; *text; text++) {
        if (*text == ' ') {
            if (i == s.len || s.data[i] != ' ')
                return 0;
            while (i < s.len && s.data[i] == ' ')
                i++;
        } else if (i == s.len || lower(s.data[i]) != (uint8_t)*text) {
            return 0;
        } else {
            i++;
        }
    }
    return i;
}

const struct range_phrase *range_phrase_at(struct slice s, size_t *len)
{
    const struct range_phrase *best = NULL;
    uint8_t first = s.len ? lower(s.data[0]) : 0;
    *len = 0;
    for (size_t k = 0; k < ARRAY_LEN(phrases); k++) {
        if ((uint8_t)phrases[k].text[0] != first)
            continue;
        size_t here = text_at(s, phrases[k].text);
        if (here <= *len)
            continue;
        bool open = word_byte(s.data[here - 1]);
        if (open && here < s.len &&
            (word_byte(s.data[here]) || digit(s.data[here]) ||
             (s.data[here] == '-' && here + 1 < s.len && s.data[here + 1] != ' ')))
            continue;
        *len = here;
        best = &phrases[k];
    }
    return best;
}

/* The number of a qualifier: digits, further groups of them, one letter: "3", "4022.4", "5a". */
static size_t number_at(struct slice s)
{
    size_t i = 0;
    while (i < s.len && (digit(s.data[i]) || (i > 0 && (s.data[i] == '.' || s.data[i] == '-') &&
                                              i + 1 < s.len && digit(s.data[i + 1]))))
        i++;
    if (i > 0 && i < s.len && word_byte(s.data[i]) &&
        (i + 1 == s.len || !(word_byte(s.data[i + 1]) || digit(s.data[i + 1]))))
        i++;
    return i;
}

static size_t bare_qualifier(struct slice s)
{
    static const char *const words[] = {
        "service pack",
        "servicepack",
        "security patch",
        "feature pack",
        "hot fix",
        "hotfix",
        "hotfixrev",
        "update",
        "upd",
        "up",
        "patch",
        "build nr.",
        "build nr .",
        "build",
        "bld",
        "revision",
        "rev.",
        "rev",
        "release",
        "beta",
        "alpha",
        "rc",
        "sp",
        "sr",
        "cu",
        "hf",
        "bn",
        "fp",
        "mp",
        "ru",
        "qu",
        "uc",
        "ir",
        "ip",
        "pl",
        "tcu",
        "p",
        "r",
        "u",
    };
    for (size_t k = 0; k < ARRAY_LEN(words); k++) {
        size_t len = text_at(s, words[k]);
        if (!len)
            continue;
        struct slice rest = slice_of(s.data + len, s.len - len);
        size_t gap = 0;
        while (gap < rest.len && rest.data[gap] == ' ')
            gap++;
        if (gap == 0 && len > 1 && rest.len && rest.data[0] == '-')
            gap = 1;
        /* a lone letter needs its number beside it: "P03", "R2" */
        if (gap && len == 1)
            continue;
        size_t number = number_at(slice_of(rest.data + gap, rest.len - gap));
        if (number)
            return len + gap + number;
    }
    return 0;
}

size_t range_qualifier_at(struct slice s)
{
    if (s.len && s.data[0] == '(') {
        struct slice inside = slice_of(s.data + 1, s.len - 1);
        size_t len =
            text_at(inside, "build") || text_at(inside, "rev") ? bare_qualifier(inside) : 0;
        return len && 1 + len < s.len && s.data[1 + len] == ')' ? len + 2 : 0;
    }
    return bare_qualifier(s);
}

enum range_operator range_operator_at(struct slice s, size_t *len)
{
    static const struct {
        const char *text;
        enum range_operator op;
    } signs[] = {
        {"<=", RANGE_LESS_EQUAL},
        {"=<", RANGE_LESS_EQUAL},
        {">=", RANGE_GREATER_EQUAL},
        {"=>", RANGE_GREATER_EQUAL},
        {"!=", RANGE_NOT_EQUAL},
        {"==", RANGE_EQUAL},
        {"\xe2\x89\xa4", RANGE_LESS_EQUAL},
        {"\xe2\x89\xa5", RANGE_GREATER_EQUAL},
        {"&lt;=", RANGE_LESS_EQUAL},
        {"&gt;=", RANGE_GREATER_EQUAL},
        {"&lt;", RANGE_LESS},
        {"&gt;", RANGE_GREATER},
        {"<", RANGE_LESS},
        {">", RANGE_GREATER},
        {"=", RANGE_EQUAL},
    };
    for (size_t k = 0; k < ARRAY_LEN(signs); k++)
        if ((*len = text_at(s, signs[k].text)))
            return signs[k].op;
    return RANGE_NO_OPERATOR;
}

bool range_reach_in(struct slice inside)
{
    static const char *const joints[] = {"and all ", "or all ", "and ", "or ", "und ", "oder "};
    static const char *const nouns[] = {"versions", "version", "versionen", "releases"};
    size_t len = 0, phrase_len;
    for (size_t k = 0; k < ARRAY_LEN(joints) && !len; k++)
        len = text_at(inside, joints[k]);
    if (!len)
        return false;
    inside = slice_of(inside.data + len, inside.len - len);
    const struct range_phrase *phrase = range_phrase_at(inside, &phrase_len);
    if (!phrase || (phrase->kind != RANGE_DOWN && phrase->kind != RANGE_UP))
        return false;
    inside = slice_of(inside.data + phrase_len, inside.len - phrase_len);
    while (inside.len && inside.data[0] == ' ')
        inside = slice_of(inside.data + 1, inside.len - 1);
    for (size_t k = 0; k < ARRAY_LEN(nouns); k++)
        if (inside.len && text_at(inside, nouns[k]) == inside.len)
            return true;
    return inside.len == 0;
}

void range_parenthesis(struct slice inside, struct range_token *token)
{
    static const char *const included[] = {"including",       "inclusive", "included",
                                           "incl.",           "incl",      "einschlie\xc3\x9flich",
                                           "einschliesslich", "inklusive", "eingeschlossen"};
    static const char *const excluded[] = {"excluding",       "exclusive", "excluded",
                                           "excl.",           "excl",      "ausschlie\xc3\x9flich",
                                           "ausschliesslich", "exklusive", "ausgeschlossen"};
    /* what explains, and limits nothing */
    static const char *const harmless[] = {
        "formerly",    "cve-",      "only affected by cve-", "eol",   "end-of-life",
        "end of life", "including", "all editions",          "incl.", "these products are sold in"};
    token->kind = RANGE_REMARK;
    for (size_t k = 0; k < ARRAY_LEN(included); k++)
        if (text_at(inside, included[k]) == inside.len)
            token->kind = RANGE_INCLUDED;
    for (size_t k = 0; k < ARRAY_LEN(excluded); k++)
        if (text_at(inside, excluded[k]) == inside.len)
            token->kind = RANGE_EXCLUDED;
    for (size_t k = 0; k < ARRAY_LEN(harmless); k++)
        token->harmless = token->harmless || text_at(inside, harmless[k]);
    /* "(96)", "(1.46)", "(2018 R1)", "(build 7)": another number of the same version */
    bool words = false;
    for (size_t i = 0; i + 1 < inside.len; i++)
        words = words || (word_byte(inside.data[i]) && word_byte(inside.data[i + 1]));
    token->conditional = words && !token->harmless && !product_remark_on_others(inside) &&
                         !text_at(inside, "aka") && !text_at(inside, "also known as") &&
                         !text_at(inside, "build") && !text_at(inside, "firmware ");
}
