/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/name.h"
#include "base/utf8.h"
#include "fleet/name_fold.h"
#include "fleet/name_words.h"

/* Longer names are cut: no product has one, and every rule stays linear. */
enum { NAME_LIMIT = 1024 };

static const char *const legal_forms[] = {
    "inc",           "incorporated", "corp", "corporation", "co",   "company", "ltd",  "limited",
    "llc",           "llp",          "lp",   "plc",         "gmbh", "mbh",     "ag",   "kg",
    "kgaa",          "se",           "ohg",  "ug",          "ev",   "sa",      "sas",  "sarl",
    "srl",           "spa",          "sl",   "slu",         "bv",   "nv",      "ab",   "as",
    "asa",           "oy",           "oyj",  "aps",         "kk",   "pty",     "pte",  "pvt",
    "private",       "bhd",          "sdn",  "jsc",         "ooo",  "oao",     "zao",  "pao",
    "ltda",          "eireli",       "sro",  "doo",         "kft",  "zrt",     "nyrt", "mfg",
    "manufacturing", "and",          NULL};

static const char *const note_words[] = {
    "incl",    "including", "included", "all",        "only",  "if",    "with", "when",
    "without", "see",       "eg",       "formerly",   "also",  "and",   "or",   "part",
    "order",   "article",   "model",    "models",     "used",  "where", "as",   "for",
    "from",    "after",     "before",   "previously", "known", NULL};

static const struct {
    const char *id, *text;
} rule_names[FLEET_NAME_RULES] = {
    {"name.space", "spaces at the ends, double or unusual ones do not count"},
    {"name.case", "upper and lower case are one"},
    {"name.width", "full-width letters and other compatibility forms are read as plain ones"},
    {"name.accent", "accents do not count"},
    {"name.punctuation", "punctuation, dashes and quotes do not count"},
    {"name.legal-form", "the legal form of a company does not count"},
    {"name.trademark", "trademark signs do not count"},
    {"name.mojibake", "the text had been read in a wrong encoding; it was put right"},
    {"name.part", "the field names several vendors; one of them is meant"},
    {"name.acronym", "the acronym in parentheses is another name"},
    {"name.umlaut", "an umlaut is also written as one or as two plain letters"},
    {"name.generic", "words such as firmware, series or device do not count"},
    {"name.vendor", "the vendor's name in front of the product's does not count"},
    {"name.order-number", "the order number in the name was taken out and is compared by itself"},
    {"name.note", "the remark in parentheses does not count"},
    {"name.alias", "the table of aliases says that both are one"},
    {"name.family", "the name stands for a family of models"},
    {"name.listed", "the advisory's name lists several models; one of them is meant"},
    {"name.version-line", "the version line in the advisory's name is compared with the version"},
    {"name.kind", "words for the kind of device, such as controller or switch, do not count"},
    {"name.division", "words that many companies have in their names do not count"},
    {"name.brand", "the vendor is a brand or a former name of the other one"},
    {"name.variant", "what tells variants of one model apart does not count"},
    {"name.plural", "a word in the plural is the same in the singular"},
    {"name.cpe", "the inventory's CPE name says vendor and product"},
};

static int rule_index(enum fleet_name_rule rule)
{
    for (int i = 0; i < FLEET_NAME_RULES; i++)
        if ((unsigned)rule == 1u << i)
            return i;
    return -1;
}

const char *fleet_name_rule_id(enum fleet_name_rule rule)
{
    int i = rule_index(rule);
    return i < 0 ? NULL : rule_names[i].id;
}

const char *fleet_name_rule_text(enum fleet_name_rule rule)
{
    int i = rule_index(rule);
    return i < 0 ? NULL : rule_names[i].text;
}

void fleet_words_split(struct slice form, struct fleet_words *out)
{
    /* not all of it is cleared: names are cut a great many times */
    out->count = 0;
    out->cut = false;
    out->at[0] = slice_of(NULL, 0);
    size_t start = 0;
    for (size_t i = 0; i <= form.len; i++) {
        if (i < form.len && form.data[i] != ' ')
            continue;
        if (i > start) {
            if (out->count == FLEET_WORDS) {
                out->cut = true;
                return;
            }
            out->at[out->count++] = slice_of(form.data + start, i - start);
        }
        start = i + 1;
    }
}

void fleet_words_of_set(struct slice form, struct fleet_words *out)
{
    static const char *const small[] = {"for", "of", "the", NULL};
    fleet_words_split(form, out);
    size_t count = 0;
    for (size_t i = 0; i < out->count; i++)
        if (!fleet_word_in(small, out->at[i]))
            out->at[count++] = out->at[i];
    out->count = count;
}

bool fleet_word_in(const char *const *list, struct slice word)
{
    /* most words differ in their first letter: it is looked at before anything is measured */
    for (size_t i = 0; word.len && list[i]; i++)
        if ((uint8_t)list[i][0] == word.data[0] && slice_is(word, list[i]))
            return true;
    return false;
}

bool fleet_word_has_digit(struct slice word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.data[i] >= '0' && word.data[i] <= '9')
            return true;
    return false;
}

/* Folds text to UTF-8 in which punctuation still stands. */
static void fold(struct slice text, struct buf *out, unsigned *rules)
{
    if (text.len == 0)
        return;
    const uint8_t *at = text.data, *end = text.data + text.len;
    while (at < end) {
        size_t len = utf8_length(at, end);
        uint32_t p = len ? utf8_decode(at, len) : *at;
        uint32_t folded[FLEET_FOLD_MOST];
        at += len ? len : 1;
        /* a base letter with a combining diaeresis is the umlaut that we keep */
        if (at + 1 < end && at[0] == 0xcc && at[1] == 0x88) {
            static const struct {
                char base;
                uint16_t composed;
            } umlauts[] = {{'a', 0xe4}, {'o', 0xf6}, {'u', 0xfc},
                           {'A', 0xe4}, {'O', 0xf6}, {'U', 0xfc}};
            for (size_t i = 0; i < ARRAY_LEN(umlauts); i++)
                if ((uint32_t)umlauts[i].base == p) {
                    p = umlauts[i].composed;
                    at += 2;
                    *rules |= FLEET_RULE_WIDTH;
                    break;
                }
        }
        size_t count = fleet_fold_point(p, folded, rules);
        for (size_t i = 0; i < count; i++) {
            uint8_t bytes[4];
            buf_put(out, bytes, utf8_encode(folded[i], bytes));
        }
    }
}

static bool word_byte(uint8_t c)
{
    return fleet_fold_word(c);
}

static bool letter_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || c >= 0x80;
}

/*
 * Puts the words of folded text into out, single spaces between. Dots between single letters join
 * them ("S.p.A." is one word); in product names dots between digits stay, and so do '+' and '#'
 * behind a letter ("c++").
 */
static void put_words(struct slice s, enum fleet_name_kind kind, struct buf *out, unsigned *rules)
{
    bool product = kind == FLEET_NAME_PRODUCT;
    bool open = false; /* a word is being written */
    size_t start = out->len;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.data[i];
        uint8_t before = i ? s.data[i - 1] : ' ', after = i + 1 < s.len ? s.data[i + 1] : ' ';
        if (word_byte(c)) {
            if (!open && out->len > start)
                buf_putc(out, ' ');
            buf_putc(out, c);
            open = true;
            continue;
        }
        if (open && c == '.') {
            bool digits = before >= '0' && before <= '9' && after >= '0' && after <= '9';
            bool single = letter_byte(before) && (i < 2 || !word_byte(s.data[i - 2])) &&
                          letter_byte(after) && (i + 2 >= s.len || !word_byte(s.data[i + 2]));
            /* "s.p.a.": the first dot joins s and p, the second p and a */
            bool longer = letter_byte(before) && i >= 2 && s.data[i - 2] == '.' &&
                          letter_byte(after) && (i + 2 >= s.len || !word_byte(s.data[i + 2]));
            if (product && digits) {
                buf_putc(out, c);
                continue;
            }
            if (single || longer) {
                *rules |= FLEET_RULE_PUNCTUATION;
                continue;
            }
        }
        if (product && open && (c == '+' || c == '#') && (letter_byte(before) || before == '+')) {
            buf_putc(out, c);
            continue;
        }
        if (c == '&' || (c == '+' && !product)) {
            if (out->len > start)
                buf_puts(out, " and");
            *rules |= FLEET_RULE_PUNCTUATION;
            open = false;
            continue;
        }
        if (c == '\'' && open && word_byte(after)) {
            *rules |= FLEET_RULE_PUNCTUATION; /* "o'neill" is one word */
            continue;
        }
        if (c != ' ')
            *rules |= FLEET_RULE_PUNCTUATION;
        else if (i == 0 || i + 1 == s.len || before == ' ')
            *rules |= FLEET_RULE_SPACE;
        open = false;
    }
}

/* The contents of b behind start, as a slice of the arena. */
static int keep(struct arena *a, const struct buf *b, size_t start, struct slice *out,
                struct err *e)
{
    if (b->failed)
        return err_memory(e);
    char *copy = arena_copy(a, b->data ? (const char *)b->data + start : "", b->len - start);
    if (!copy)
        return err_memory(e);
    *out = slice_of(copy, b->len - start);
    return 0;
}

static void add_form(struct fleet_name *name, struct slice form, unsigned rules)
{
    if (form.len == 0 || name->count == FLEET_FORMS)
        return;
    for (size_t i = 0; i < name->count; i++)
        if (slice_equal(name->forms[i].text, form))
            return;
    name->forms[name->count++] = (struct fleet_form){form, rules};
}

/* Cuts legal forms off the end; the first word always stays. */
static struct slice without_legal_form(struct slice form, unsigned *rules)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    size_t count = words.count;
    if (words.cut)
        return form;
    while (count > 1) {
        struct slice last = words.at[count - 1];
        bool two = slice_is(last, "cv") && count > 2 && slice_is(words.at[count - 2], "de");
        /* "LTDA ME", micro-enterprise */
        bool me = slice_is(last, "me") && slice_is(words.at[count - 2], "ltda");
        if (!two && !me && !fleet_word_in(legal_forms, last))
            break;
        count -= two ? 2 : 1;
        *rules |= FLEET_RULE_LEGAL_FORM;
    }
    if (count == words.count || count == 0)
        return form;
    return slice_of(form.data,
                    (size_t)(words.at[count - 1].data + words.at[count - 1].len - form.data));
}

/* true when a form is nothing but legal forms: no name of anybody. */
static bool only_legal_forms(struct slice form)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    for (size_t i = 0; i < words.count; i++)
        if (!fleet_word_in(legal_forms, words.at[i]))
            return false;
    return true;
}

int fleet_umlaut_form(struct arena *a, struct slice form, bool two, struct slice *out,
                      struct err *e)
{
    static const struct {
        uint32_t point;
        const char *one, *two;
    } table[] = {{0xe4, "a", "ae"}, {0xf6, "o", "oe"}, {0xfc, "u", "ue"},
                 {0xe5, "a", "aa"}, {0xf8, "o", "oe"}, {0xe6, "a", "ae"}};
    char *text = arena_alloc(a, form.len + 1);
    size_t len = 0;
    bool changed = false;
    if (!text)
        return err_memory(e);
    const uint8_t *at = form.data, *end = form.data + form.len;
    while (at < end) {
        size_t size = utf8_length(at, end);
        const char *plain = NULL;
        if (size == 2) {
            uint32_t p = utf8_decode(at, size);
            for (size_t i = 0; i < ARRAY_LEN(table); i++)
                if (table[i].point == p)
                    plain = two ? table[i].two : table[i].one;
        }
        if (plain) {
            while (*plain)
                text[len++] = *plain++;
            changed = true;
        } else {
            memcpy(text + len, at, size ? size : 1);
            len += size ? size : 1;
        }
        at += size ? size : 1;
    }
    *out = changed ? slice_of(text, len) : slice_of(NULL, 0);
    return 0;
}

static int add_umlauts(struct arena *a, struct fleet_name *name, struct err *e)
{
    size_t count = name->count;
    for (size_t i = 0; i < count; i++)
        for (int two = 0; two < 2; two++) {
            struct slice form;
            if (fleet_umlaut_form(a, name->forms[i].text, two, &form, e) != 0)
                return -1;
            add_form(name, form, name->forms[i].rules | FLEET_RULE_UMLAUT);
        }
    return 0;
}

static int add_vendor(struct arena *a, struct fleet_name *name, struct slice folded, unsigned rules,
                      struct err *e)
{
    struct buf b;
    struct slice form;
    buf_init(&b);
    put_words(folded, FLEET_NAME_VENDOR, &b, &rules);
    int result = keep(a, &b, 0, &form, e);
    buf_fini(&b);
    if (result != 0)
        return -1;
    form = without_legal_form(form, &rules);
    if (name->count == 0 || !only_legal_forms(form))
        add_form(name, form, rules);
    return 0;
}

/* One vendor of the field: its name, and the acronym in parentheses. */
static int add_vendor_with_acronym(struct arena *a, struct fleet_name *name, struct slice part,
                                   unsigned rules, struct err *e)
{
    const uint8_t *open = memchr(part.data, '(', part.len);
    const uint8_t *close = open ? memchr(open, ')', part.len - (size_t)(open - part.data)) : NULL;
    if (!close || open == part.data)
        return add_vendor(a, name, part, rules, e);
    /* "name (acronym) rest": the parentheses' content is a name of its own */
    size_t before = (size_t)(open - part.data);
    size_t behind = part.len - (size_t)(close + 1 - part.data);
    char *outside = arena_alloc(a, before + behind + 2);
    if (!outside)
        return err_memory(e);
    memcpy(outside, part.data, before);
    outside[before] = ' ';
    if (behind)
        memcpy(outside + before + 1, close + 1, behind);
    if (add_vendor(a, name, slice_of(outside, before + 1 + behind), rules | FLEET_RULE_NOTE, e) !=
        0)
        return -1;
    return add_vendor(a, name, slice_of(open + 1, (size_t)(close - open - 1)),
                      rules | FLEET_RULE_ACRONYM, e);
}

static bool at_word(struct slice s, size_t i, const char *text)
{
    size_t len = strlen(text);
    return i + len <= s.len && memcmp(s.data + i, text, len) == 0;
}

/* Length of the separator of several vendors at i; 0: none. */
static size_t separator(struct slice s, size_t i)
{
    if (s.data[i] == ',' || s.data[i] == ';' || s.data[i] == '|')
        return 1;
    if (at_word(s, i, " / ") || at_word(s, i, " - "))
        return 3;
    if (at_word(s, i, " and "))
        return 5;
    return 0;
}

static int normalise_vendor(struct arena *a, struct fleet_name *name, struct slice folded,
                            unsigned rules, struct err *e)
{
    if (add_vendor_with_acronym(a, name, folded, rules, e) != 0)
        return -1;
    size_t start = 0;
    bool several = false;
    for (size_t i = 0; i <= folded.len; i++) {
        size_t len = i < folded.len ? separator(folded, i) : 1;
        if (len == 0)
            continue;
        several = several || i < folded.len;
        struct slice part = slice_of(folded.data + start, i - start);
        if (several && part.len &&
            add_vendor_with_acronym(a, name, part, rules | FLEET_RULE_PART, e) != 0)
            return -1;
        start = i + len;
        i = start - 1;
    }
    return add_umlauts(a, name, e);
}

static bool order_like(struct slice s)
{
    size_t digits = 0, letters = 0, other = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.data[i];
        if (c >= '0' && c <= '9')
            digits++;
        else if (c >= 'a' && c <= 'z')
            letters++;
        else if (c == '-' || c == '/' || c == '.')
            other++;
        else
            return false;
    }
    return digits >= 4 && digits + letters >= 6 && (letters > 0 || other > 0 || digits >= 7) &&
           !(letters == 0 && memchr(s.data, '.', s.len));
}

static int add_order(struct arena *a, struct fleet_name *name, struct slice text, struct err *e)
{
    if (name->order_count == FLEET_ORDERS)
        return 0;
    if (fleet_order_normalise(a, text, &name->orders[name->order_count], e) != 0)
        return -1;
    name->order_count += name->orders[name->order_count].len > 0;
    return 0;
}

/* "6ES7 511-1AK02-0AB0": one number, as its maker writes it. The length of its front, or 0. */
static size_t spaced_order(struct slice s)
{
    uint8_t joined[64];
    const uint8_t *space = s.len ? memchr(s.data, ' ', s.len) : NULL;
    size_t at = space ? (size_t)(space - s.data) : 0;
    bool letter = false;
    if (at != 4 || s.len < 11 || s.len > sizeof joined || memchr(space + 1, ' ', s.len - 5) ||
        space[1] < '0' || space[1] > '9' || s.data[0] < '0' || s.data[0] > '9')
        return 0;
    for (size_t i = 0; i < at; i++)
        letter = letter || (s.data[i] >= 'a' && s.data[i] <= 'z');
    memcpy(joined, s.data, at);
    memcpy(joined + at, space + 1, s.len - at - 1);
    return letter && order_like(slice_of(joined, s.len - 1)) ? at : 0;
}

/* "cpu 1511-1 pn, 6es7511-1ak02-0ab0": where such a number begins at the end of a name; its length
 * if there is none. So long a word is no model's name. */
static size_t order_at_end(struct slice s)
{
    size_t at = s.len, digits = 0, letters = 0;
    while (at > 0 && s.data[at - 1] != ' ' && s.data[at - 1] != ',')
        at--;
    struct slice last = slice_of(s.data + at, s.len - at);
    if (at >= 6 && s.data[at - 1] == ' ' && spaced_order(slice_of(s.data + at - 5, s.len - at + 5)))
        return at - 5;
    size_t first = 0; /* what stands in front of the first hyphen: "6es7511", not "800" */
    while (first < last.len && last.data[first] != '-')
        first++;
    for (size_t i = 0; i < last.len; i++) {
        digits += last.data[i] >= '0' && last.data[i] <= '9';
        letters += last.data[i] >= 'a' && last.data[i] <= 'z';
    }
    bool order = at >= 4 && last.len >= 12 && first >= 6 && digits >= 6 && letters >= 2 &&
                 order_like(last) && last.data[0] >= '0' && last.data[0] <= '9' &&
                 !memchr(last.data, '/', last.len);
    return order ? at : s.len;
}

/* What stands in parentheses: an order number, a sign, a remark; or (false) part of the name. */
static int parenthesis(struct arena *a, struct fleet_name *name, struct slice inner,
                       unsigned *rules, bool *left_out, struct err *e)
{
    *left_out = true;
    if (slice_is(inner, "r") || slice_is(inner, "tm") || slice_is(inner, "c")) {
        *rules |= FLEET_RULE_TRADEMARK;
        return 0;
    }
    if (spaced_order(inner)) {
        *rules |= FLEET_RULE_ORDER;
        return add_order(a, name, inner, e);
    }
    /* several order numbers may share the parentheses */
    size_t start = 0;
    bool orders = inner.len > 0;
    for (size_t i = 0; i <= inner.len && orders; i++) {
        if (i < inner.len && inner.data[i] != ',' && inner.data[i] != ' ')
            continue;
        if (i > start)
            orders = order_like(slice_of(inner.data + start, i - start));
        start = i + 1;
    }
    if (orders) {
        *rules |= FLEET_RULE_ORDER;
        start = 0;
        for (size_t i = 0; i <= inner.len; i++) {
            if (i < inner.len && inner.data[i] != ',' && inner.data[i] != ' ')
                continue;
            if (i > start && add_order(a, name, slice_of(inner.data + start, i - start), e) != 0)
                return -1;
            start = i + 1;
        }
        return 0;
    }
    size_t first = 0;
    while (first < inner.len && letter_byte(inner.data[first]))
        first++;
    if (fleet_word_in(note_words, slice_of(inner.data, first)) || at_word(inner, 0, "e.g")) {
        *rules |= FLEET_RULE_NOTE;
        return 0;
    }
    *left_out = false;
    return 0;
}

static const char *const family_words[] = {"family", "families", "series", "line", "range", NULL};

/* Does the form speak of many models: "all models of x", "x family", "x series"? */
static bool speaks_of_family(struct slice form)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    if (words.count < 2)
        return false;
    if (slice_is(words.at[0], "all"))
        return true;
    return fleet_word_in(family_words, words.at[words.count - 1]);
}

static int normalise_product(struct arena *a, struct fleet_name *name, struct slice folded,
                             unsigned rules, struct err *e)
{
    struct buf plain, form;
    int result = -1;
    buf_init(&plain);
    buf_init(&form);
    size_t end_of_name = order_at_end(folded);
    if (end_of_name < folded.len) {
        struct slice order = slice_of(folded.data + end_of_name, folded.len - end_of_name);
        if (add_order(a, name, order, e) != 0)
            goto out;
        rules |= FLEET_RULE_ORDER;
        folded.len = end_of_name;
        while (folded.len && memchr(" ,-", folded.data[folded.len - 1], 3))
            folded.len--;
    }
    for (size_t i = 0; i < folded.len; i++) {
        const uint8_t *close =
            folded.data[i] == '(' ? memchr(folded.data + i, ')', folded.len - i) : NULL;
        /* a parenthesis that was forgotten ends with the text */
        if (folded.data[i] == '(' && !close)
            close = folded.data + folded.len;
        if (close) {
            size_t end = (size_t)(close - folded.data);
            bool left_out;
            if (parenthesis(a, name, slice_of(folded.data + i + 1, end - i - 1), &rules, &left_out,
                            e) != 0)
                goto out;
            if (left_out) {
                buf_putc(&plain, ' ');
                i = end;
                if (i == folded.len)
                    break;
                continue;
            }
        }
        buf_putc(&plain, folded.data[i]);
    }
    struct slice text = buf_slice(&plain);
    put_words(text, FLEET_NAME_PRODUCT, &form, &rules);
    struct slice kept = {0};
    if (plain.failed || keep(a, &form, 0, &kept, e) != 0) {
        err_memory(e);
        goto out;
    }
    /* "DH-HCVR4XXX, and": what is left of a list */
    while (kept.len > 4 && memcmp(kept.data + kept.len - 4, " and", 4) == 0)
        kept.len -= 4;
    add_form(name, kept, rules);
    name->family = speaks_of_family(kept);
    result = 0;
out:
    buf_fini(&plain);
    buf_fini(&form);
    return result;
}

int fleet_name_normalise(struct arena *a, enum fleet_name_kind kind, struct slice text,
                         struct fleet_name *out, struct err *e)
{
    *out = (struct fleet_name){.raw = text};
    unsigned rules = 0;
    struct buf folded;
    int result = -1;
    if (text.len > NAME_LIMIT)
        text.len = utf8_cut(text, NAME_LIMIT);
    buf_init(&folded);
    if (text.len) {
        uint8_t *right = arena_alloc(a, text.len);
        if (!right) {
            err_memory(e);
            goto out;
        }
        size_t len = fleet_fold_mojibake(text, right);
        if (len) {
            rules |= FLEET_RULE_MOJIBAKE;
            text = slice_of(right, len);
        }
    }
    fold(text, &folded, &rules);
    if (folded.failed) {
        err_memory(e);
        goto out;
    }
    if (folded.len == 0)
        result = 0;
    else if (kind == FLEET_NAME_VENDOR)
        result = normalise_vendor(a, out, buf_slice(&folded), rules, e);
    else
        result = normalise_product(a, out, buf_slice(&folded), rules, e);
out:
    buf_fini(&folded);
    return result;
}

void fleet_name_pack(struct packing *p, struct fleet_name *name)
{
    packing_slice(p, &name->raw);
    for (size_t i = 0; i < name->count; i++)
        packing_slice(p, &name->forms[i].text);
    for (size_t i = 0; i < name->order_count; i++)
        packing_slice(p, &name->orders[i]);
}

void fleet_name_known(struct slice form, struct fleet_name *out)
{
    *out = (struct fleet_name){.raw = form};
    add_form(out, form, 0);
    out->family = speaks_of_family(form);
}

int fleet_order_normalise(struct arena *a, struct slice text, struct slice *out, struct err *e)
{
    char *order = arena_alloc(a, text.len + 1);
    size_t len = 0;
    if (!order)
        return err_memory(e);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c >= 'A' && c <= 'Z')
            c = (uint8_t)(c + 32);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '*' || c == '?')
            order[len++] = (char)c;
    }
    *out = slice_of(order, len);
    return 0;
}
