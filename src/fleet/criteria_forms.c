/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/criteria_forms.h"
#include "fleet/criteria_called.h"
#include "fleet/criteria_spelled.h"
#include "fleet/name_words.h"

enum { LISTED = 40 };

struct forms {
    struct arena *arena;
    struct fleet_target *target;
    struct fleet_target_form *all;
    size_t count;
    struct err *e;
};

static void add(struct forms *f, struct slice text, unsigned rules, struct slice line)
{
    for (size_t i = 0; i < f->count; i++)
        if (slice_equal(f->all[i].text, text) && slice_equal(f->all[i].line, line))
            return;
    if (f->count < FLEET_TARGET_FORMS && text.len)
        f->all[f->count++] = (struct fleet_target_form){.text = text, .rules = rules, .line = line};
}

static bool dotted_number(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((s.data[i] < '0' || s.data[i] > '9') && (s.data[i] != '.' || i == 0))
            return false;
    return s.len > 0;
}

/* "v16", "v7.4", "v5 x", "version 4" at the end: a version line; "7" is part of the name. */
static bool version_tail(struct slice text, struct slice *front, struct slice *line)
{
    struct fleet_words words;
    fleet_words_split(text, &words);
    if (words.cut || words.count < 2)
        return false;
    size_t first = words.count - 1;
    if (slice_is(words.at[first], "x") || slice_is(words.at[first - 1], "version"))
        first--;
    /* "8.0 x", of "8.0.x" */
    if (first + 1 < words.count && dotted_number(words.at[first]) &&
        memchr(words.at[first].data, '.', words.at[first].len) && first > 0) {
        *line = words.at[first];
        *front = slice_of(text.data, (size_t)(line->data - text.data) - 1);
        return front->len > 1;
    }
    struct slice mark = words.at[first];
    if (first == 0)
        return false;
    /* "WinCC OA 3.15" */
    if (dotted_number(mark) && memchr(mark.data, '.', mark.len) && mark.data[mark.len - 1] != '.') {
        *line = mark;
        *front = slice_of(text.data, (size_t)(mark.data - text.data) - 1);
        return front->len > 1;
    }
    if (slice_is(mark, "version"))
        *line = words.at[first + 1];
    else if (mark.len > 1 && mark.data[0] == 'v')
        *line = slice_of(mark.data + 1, mark.len - 1);
    else
        return false;
    *front = slice_of(text.data, (size_t)(mark.data - text.data) - 1);
    return front->len > 1 && dotted_number(*line);
}

/* The variants of a normal form, each also without a version line at its end. */
static int add_variants(struct forms *f, struct slice form, unsigned rules)
{
    struct fleet_form variants[FLEET_VARIANTS];
    struct slice front, line;
    int count = fleet_name_variants(f->arena, form, rules, &f->target->vendor, variants, f->e);
    for (int i = 0; i < count; i++)
        add(f, variants[i].text, variants[i].rules, slice_of(NULL, 0));
    if (count < 0 || !version_tail(form, &front, &line))
        return count < 0 ? -1 : 0;
    count = fleet_name_variants(f->arena, front, rules | FLEET_RULE_LINE, &f->target->vendor,
                                variants, f->e);
    for (int i = 0; i < count; i++)
        add(f, variants[i].text, variants[i].rules, line);
    return count < 0 ? -1 : 0;
}

/* Length of a separator of listed models; parentheses separate, too. */
static size_t separator(struct slice s, size_t i)
{
    static const char *const words[] = {" and ", " or ", " AND ", " & "};
    if (memchr(",/;()", s.data[i], 5))
        return 1;
    for (size_t k = 0; k < ARRAY_LEN(words); k++) {
        size_t len = strlen(words[k]);
        if (i + len <= s.len && memcmp(s.data + i, words[k], len) == 0)
            return len;
    }
    return 0;
}

static struct slice trimmed(struct slice s)
{
    while (s.len && s.data[0] == ' ')
        s = slice_of(s.data + 1, s.len - 1);
    while (s.len && s.data[s.len - 1] == ' ')
        s.len--;
    return s;
}

/* A part that may be a model: it has a digit, or it is the kind of device in front of a list. */
static size_t split(struct slice text, struct slice parts[LISTED])
{
    size_t count = 0, start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        size_t len = i < text.len ? separator(text, i) : 1;
        if (len == 0)
            continue;
        struct slice part = trimmed(slice_of(text.data + start, i - start));
        if (part.len && count < LISTED)
            parts[count++] = part;
        /* "6MD89 (CP300)": behind a model a part or a variant of it, not another model */
        if (i < text.len && text.data[i] == '(' && fleet_word_has_digit(part)) {
            const uint8_t *close = memchr(text.data + i, ')', text.len - i);
            len = close ? (size_t)(close - text.data) + 1 - i : text.len - i;
        }
        start = i + len;
        i = start - 1;
    }
    return count;
}

/* "LS300 GX400 GX440": each word a model of its own */
static bool words_are_models(struct slice part)
{
    struct fleet_words words;
    fleet_words_split(part, &words);
    if (words.count < 2 || words.cut)
        return false;
    for (size_t i = 0; i < words.count; i++) {
        bool letter = false;
        for (size_t k = 0; k < words.at[i].len; k++)
            letter = letter || (words.at[i].data[k] | 0x20) >= 'a';
        if (words.at[i].len < 3 || !letter || !fleet_word_has_digit(words.at[i]))
            return false;
    }
    return true;
}

static int add_listed(struct forms *f, struct slice model)
{
    struct fleet_name name;
    bool letter = false;
    for (size_t i = 0; i < model.len; i++)
        letter = letter || (model.data[i] | 0x20) >= 'a';
    if (model.len < 3 || !letter || !fleet_word_has_digit(model))
        return 0;
    if (fleet_name_normalise(f->arena, FLEET_NAME_PRODUCT, model, &name, f->e) != 0)
        return -1;
    if (name.count == 0)
        return 0;
    return add_variants(f, name.forms[0].text, name.forms[0].rules | FLEET_RULE_LISTED);
}

static int add_part(struct forms *f, struct slice part)
{
    struct fleet_words words;
    if (!words_are_models(part))
        return add_listed(f, part);
    fleet_words_split(part, &words);
    for (size_t i = 0; i < words.count; i++)
        if (add_listed(f, words.at[i]) != 0)
            return -1;
    return 0;
}

/* "KTP Mobile Panels KTP400F, KTP700": the second is a "KTP Mobile Panels KTP700", too. */
static int add_with_front(struct forms *f, struct slice front, struct slice part)
{
    char *text = arena_printf(f->arena, "%.*s %.*s", SLICE_ARG(front), SLICE_ARG(part));
    if (!text)
        return err_memory(f->e);
    return add_listed(f, slice_str(text));
}

/* What stands in front of the last word; "cMT-" of "cMT-G01" */
static struct slice front_of(struct slice part)
{
    size_t at = part.len;
    while (at > 0 && part.data[at - 1] != ' ' && part.data[at - 1] != '-')
        at--;
    return at > 1 ? slice_of(part.data, at - 1) : slice_of(NULL, 0);
}

/* "1734-AENT/1734-AENTR Series C": of each the series C */
static int with_series(struct forms *f, struct slice parts[LISTED], size_t count)
{
    static const char series[] = " Series ";
    struct slice last = parts[count - 1], tail;
    if (last.len < sizeof series + 3)
        return 0;
    tail = slice_of(last.data + last.len - sizeof series, sizeof series);
    if (memcmp(tail.data, series, sizeof series - 1) != 0)
        return 0;
    for (size_t i = 0; i + 1 < count; i++) {
        if (memchr(parts[i].data, ' ', parts[i].len))
            continue;
        char *text = arena_printf(f->arena, "%.*s%.*s", SLICE_ARG(parts[i]), SLICE_ARG(tail));
        if (!text)
            return err_memory(f->e);
        parts[i] = slice_str(text);
    }
    return 0;
}

static int add_list(struct forms *f, struct slice called)
{
    struct slice parts[LISTED];
    size_t count = split(called, parts), models = 0;
    for (size_t i = 0; i < count; i++)
        models += fleet_word_has_digit(parts[i]);
    /* "PN/DP", "FX3U-16MT/ES": a stroke within one model; an order number is no list either */
    bool front_only = count > 1 && models == count - 1 && !fleet_word_has_digit(parts[0]);
    if (count < 2 || models < 2 || (models < count && !front_only)) {
        if (count == 1 && words_are_models(called))
            return add_part(f, called);
        return 0;
    }
    struct slice front = front_of(parts[0]);
    if (with_series(f, parts, count) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (add_part(f, parts[i]) != 0)
            return -1;
        if (i > 0 && front.len && add_with_front(f, front, parts[i]) != 0)
            return -1;
    }
    return 0;
}

static int add_named(struct forms *f, const char *text)
{
    struct fleet_name name;
    if (!text)
        return err_memory(f->e);
    if (fleet_name_normalise(f->arena, FLEET_NAME_PRODUCT, slice_str(text), &name, f->e) != 0)
        return -1;
    if (name.count == 0)
        return 0;
    return add_variants(f, name.forms[0].text, name.forms[0].rules | FLEET_RULE_LISTED);
}

static bool is_word(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((s.data[i] | 0x20) < 'a' || (s.data[i] | 0x20) > 'z')
            return false;
    return s.len >= 4;
}

/* "SiNVR/SiVMS Video Server": either, where they are words and something stands behind. */
static int add_either(struct forms *f, struct slice called)
{
    const uint8_t *space = called.len ? memchr(called.data, ' ', called.len) : NULL;
    const uint8_t *stroke = space ? memchr(called.data, '/', (size_t)(space - called.data)) : NULL;
    if (!stroke)
        return 0;
    struct slice one = slice_of(called.data, (size_t)(stroke - called.data));
    struct slice other = slice_of(stroke + 1, (size_t)(space - stroke) - 1);
    struct slice rest = slice_of(space, called.len - (size_t)(space - called.data));
    if (!is_word(one) || !is_word(other) || rest.len < 4)
        return 0;
    if (add_named(f, arena_printf(f->arena, "%.*s%.*s", SLICE_ARG(one), SLICE_ARG(rest))) != 0)
        return -1;
    return add_named(f, arena_printf(f->arena, "%.*s%.*s", SLICE_ARG(other), SLICE_ARG(rest)));
}

/*
 * "SIMATIC CP 1243-1 (incl. SIPLUS variants)": a variant has that word in place of the first one;
 * of communication modules "SIPLUS NET".
 */
static int add_incl_variants(struct forms *f, struct slice called)
{
    static const char incl[] = "(incl. ", variant[] = " variant";
    if (called.len == 0 || !called.data)
        return 0;
    const uint8_t *at = memmem(called.data, called.len, incl, sizeof incl - 1);
    const uint8_t *space = at ? memchr(called.data, ' ', called.len) : NULL;
    if (!at || space + 1 >= at)
        return 0;
    const uint8_t *word = at + sizeof incl - 1, *end = called.data + called.len, *stop = word;
    while (stop < end && *stop != ' ' && *stop != ')')
        stop++;
    struct slice brand = slice_of(word, (size_t)(stop - word));
    struct slice model = trimmed(slice_of(space, (size_t)(at - space)));
    if (!is_word(brand) || (size_t)(end - stop) < sizeof variant - 1 ||
        memcmp(stop, variant, sizeof variant - 1) != 0 || !fleet_word_has_digit(model))
        return 0;
    if (add_named(f, arena_printf(f->arena, "%.*s %.*s", SLICE_ARG(brand), SLICE_ARG(model))) != 0)
        return -1;
    return add_named(f,
                     arena_printf(f->arena, "%.*s NET %.*s", SLICE_ARG(brand), SLICE_ARG(model)));
}

/* What else the name calls it, and the family in front of the model. */
static int add_called(struct forms *f, struct slice called)
{
    struct fleet_called_list list;
    struct fleet_target *t = f->target;
    if (fleet_called_make(f->arena, called, &list, f->e) != 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        struct fleet_name name;
        if (fleet_name_normalise(f->arena, FLEET_NAME_PRODUCT, list.at[i].text, &name, f->e) != 0)
            return -1;
        if (name.count &&
            add_variants(f, name.forms[0].text, name.forms[0].rules | list.at[i].rules) != 0)
            return -1;
    }
    if (t->family.count == 0 || t->product.count == 0 || t->product.family ||
        slice_equal(t->family.forms[0].text, t->product.forms[0].text) ||
        fleet_name_prefix(t->family.forms[0].text, t->product.forms[0].text))
        return 0;
    char *both = arena_printf(f->arena, "%.*s %.*s", SLICE_ARG(t->family.forms[0].text),
                              SLICE_ARG(t->product.forms[0].text));
    if (!both)
        return err_memory(f->e);
    struct fleet_form variants[FLEET_VARIANTS];
    int count = fleet_name_variants(f->arena, slice_str(both), t->product.forms[0].rules,
                                    &t->vendor, variants, f->e);
    /* "p3 v25" is a model: no version line behind a family */
    for (int i = 0; i < count; i++)
        add(f, variants[i].text, variants[i].rules, slice_of(NULL, 0));
    return count < 0 ? -1 : 0;
}

/* As owners spell it. */
static int add_spelled(struct forms *f, struct slice called)
{
    struct fleet_spelled_list list;
    struct slice front, line;
    if (fleet_spelled_make(f->arena, called, &list, f->e) != 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        struct fleet_name name;
        if (fleet_name_normalise(f->arena, FLEET_NAME_PRODUCT, list.at[i], &name, f->e) != 0)
            return -1;
        if (name.count &&
            add_variants(f, name.forms[0].text, name.forms[0].rules | FLEET_RULE_ACRONYM) != 0)
            return -1;
    }
    /* "StruxureWare Data Center: Expert Versions 7.8.1": the name goes on where the version begins
     */
    struct slice more;
    if (fleet_spelled_further(f->target->label, called, &more)) {
        struct fleet_name name;
        char *text = arena_printf(f->arena, "%.*s %.*s", SLICE_ARG(called), SLICE_ARG(more));
        if (!text)
            return err_memory(f->e);
        if (fleet_name_normalise(f->arena, FLEET_NAME_PRODUCT, slice_str(text), &name, f->e) != 0)
            return -1;
        if (name.count &&
            add_variants(f, name.forms[0].text, name.forms[0].rules | FLEET_RULE_NOTE) != 0)
            return -1;
    }
    /* versions of "DOPSoft" that begin with 2 */
    if (f->target->product.count &&
        fleet_spelled_generation(f->target->product.forms[0].text, &front, &line))
        add(f, front, f->target->product.forms[0].rules | FLEET_RULE_LINE, line);
    return 0;
}

static bool has_word(struct slice form, struct slice word)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    for (size_t i = 0; i < words.count; i++)
        if (slice_equal(words.at[i], word))
            return true;
    return false;
}

/* A word of the title that neither vendor nor product nor the way of writing titles has. */
static bool own_of_title(const struct fleet_target *t, struct slice word)
{
    static const char *const plain[] = {
        "update", "and", "vulnerability", "vulnerabilities", "in", "of", "for", "the", NULL};
    if (word.len < 3 || fleet_word_in(plain, word) || fleet_name_plain_word(word) ||
        has_word(t->product.forms[0].text, word))
        return false;
    for (size_t i = 0; i < t->vendors.count; i++)
        if (has_word(t->vendors.forms[i].text, word))
            return false;
    return true;
}

/* What the title calls the product, in front of a name that says only which edition it is. */
static int add_title(struct forms *f, struct slice title)
{
    const struct fleet_target *t = f->target;
    struct fleet_words words;
    struct slice own[2];
    size_t count = 0;
    if (t->product.count == 0)
        return 0;
    struct slice name = t->product.forms[0].text;
    fleet_words_split(name, &words);
    if (words.count > 2 || fleet_word_has_digit(name))
        return 0;
    fleet_words_split(title, &words);
    for (size_t i = 0; i < words.count; i++) {
        if (!own_of_title(t, words.at[i]))
            continue;
        if (count == ARRAY_LEN(own))
            return 0;
        own[count++] = words.at[i];
    }
    if (count == 0)
        return 0;
    char *text = arena_printf(f->arena, "%.*s%s%.*s %.*s", SLICE_ARG(own[0]), count > 1 ? " " : "",
                              count > 1 ? (int)own[1].len : 0,
                              count > 1 ? (const char *)own[1].data : "", SLICE_ARG(name));
    if (!text)
        return err_memory(f->e);
    add(f, slice_str(text), t->product.forms[0].rules | FLEET_RULE_LISTED, slice_of(NULL, 0));
    return 0;
}

int fleet_target_forms(struct arena *a, struct fleet_target *target, struct slice called,
                       struct slice title, struct err *e)
{
    struct forms f = {.arena = a, .target = target, .e = e};
    struct fleet_target_form all[FLEET_TARGET_FORMS];
    f.all = all;
    if (target->product.count &&
        add_variants(&f, target->product.forms[0].text, target->product.forms[0].rules) != 0)
        return -1;
    if (target->product.order_count == 0 && add_list(&f, called) != 0)
        return -1;
    if (add_either(&f, called) != 0 || add_incl_variants(&f, called) != 0)
        return -1;
    if (add_called(&f, called) != 0 || add_spelled(&f, called) != 0 || add_title(&f, title) != 0)
        return -1;
    struct fleet_target_form *forms = arena_new(a, f.count + 1, sizeof *forms);
    if (!forms)
        return err_memory(e);
    memcpy(forms, all, f.count * sizeof *all);
    for (size_t i = 0; i < f.count; i++)
        fleet_sketch_make(forms[i].text, &forms[i].sketch);
    target->forms = forms;
    target->form_count = f.count;
    return 0;
}
