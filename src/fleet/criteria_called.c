/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/criteria_called.h"
#include "fleet/name_words.h"

/* What is longer is no name, and is not taken apart. */
enum { LONGEST = 1024, TOKENS = 40, PARENTHESES = 6 };

struct taking {
    struct arena *arena;
    struct fleet_called_list *out;
    struct err *e;
};

static bool is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static struct slice trimmed(struct slice s)
{
    while (s.len && memchr(" ,;:", s.data[0], 4))
        s = slice_of(s.data + 1, s.len - 1);
    while (s.len && memchr(" ,;:", s.data[s.len - 1], 4))
        s.len--;
    return s;
}

static void put(struct taking *t, struct slice text, unsigned rules)
{
    text = trimmed(text);
    if (text.len < 2 || t->out->count == FLEET_CALLED)
        return;
    t->out->at[t->out->count++] = (struct fleet_called){text, rules};
}

static int put_both(struct taking *t, struct slice front, struct slice back, unsigned rules)
{
    front = trimmed(front);
    if (front.len == 0) {
        put(t, back, rules);
        return 0;
    }
    char *text = arena_printf(t->arena, "%.*s %.*s", SLICE_ARG(front), SLICE_ARG(back));
    if (!text)
        return err_memory(t->e);
    put(t, slice_str(text), rules);
    return 0;
}

static bool starts(struct slice text, const char *words)
{
    size_t len = strlen(words), k = 0;
    while (k < len && k < text.len && (text.data[k] | 0x20) == ((uint8_t)words[k] | 0x20))
        k++;
    return k == len;
}

/* Where words begin in text, capitals or not; SIZE_MAX: nowhere. */
static size_t find_words(struct slice text, const char *words)
{
    for (size_t i = 0; i < text.len; i++)
        if (starts(slice_of(text.data + i, text.len - i), words))
            return i;
    return SIZE_MAX;
}

static bool same_word(struct slice word, const char *text)
{
    return word.len == strlen(text) && starts(word, text);
}

static bool same_as_any(struct slice word, const char *const *list)
{
    for (size_t i = 0; list[i]; i++)
        if (same_word(word, list[i]))
            return true;
    return false;
}

/* A model: letters and digits both, three at least. */
static bool model_like(struct slice token)
{
    bool letter = false, digit = false;
    for (size_t i = 0; i < token.len; i++) {
        letter = letter || is_letter(token.data[i]);
        digit = digit || is_digit(token.data[i]);
    }
    return token.len >= 3 && letter && digit;
}

/* "4xxx": a digit, and two x in a row behind it */
static bool pattern_like(struct slice token)
{
    bool digit = false;
    for (size_t i = 0; i + 1 < token.len; i++) {
        digit = digit || is_digit(token.data[i]);
        if (digit && (token.data[i] | 0x20) == 'x' && (token.data[i + 1] | 0x20) == 'x')
            return true;
    }
    return false;
}

/* "RSPE": capitals alone */
static bool code_like(struct slice token)
{
    for (size_t i = 0; i < token.len; i++)
        if (!is_upper(token.data[i]))
            return false;
    return token.len >= 2 && token.len <= 5;
}

/* ---- what stands behind the name ---- */

static void take_tail(struct taking *t, struct slice called)
{
    static const char *const tails[] = {
        " for Windows",      " for PC",          " for Linux",     " using the optional ",
        " running ",         " used with ",      " with firmware", " with software",
        " firmware version", " software version"};
    size_t end = called.len;
    for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
        size_t at = find_words(called, tails[i]);
        end = at < end ? at : end;
    }
    if (end == called.len && called.len > 6 && find_words(called, " with") == called.len - 5)
        end = called.len - 5;
    if (end > 3 && end < called.len)
        put(t, slice_of(called.data, end), FLEET_RULE_NOTE);
}

/* ---- parentheses ---- */

struct parenthesis {
    size_t start, end; /* of the whole, parentheses included */
    struct slice inner;
};

static size_t find_parentheses(struct slice called, struct parenthesis out[PARENTHESES])
{
    size_t count = 0;
    for (size_t i = 0; i < called.len && count < PARENTHESES; i++) {
        if (called.data[i] != '(')
            continue;
        const uint8_t *close = memchr(called.data + i, ')', called.len - i);
        size_t stop = close ? (size_t)(close - called.data) : called.len;
        out[count++] = (struct parenthesis){i, close ? stop + 1 : stop,
                                            slice_of(called.data + i + 1, stop - i - 1)};
        i = stop;
    }
    return count;
}

/* The name without the parentheses for which `drop` says so. */
static int without(struct taking *t, struct slice called, const struct parenthesis *all,
                   size_t count, const bool *drop, struct slice *out)
{
    char *text = arena_alloc(t->arena, called.len + 1);
    size_t len = 0, at = 0;
    if (!text)
        return err_memory(t->e);
    for (size_t i = 0; i < count; i++) {
        if (!drop[i])
            continue;
        memcpy(text + len, called.data + at, all[i].start - at);
        len += all[i].start - at;
        at = all[i].end;
    }
    memcpy(text + len, called.data + at, called.len - at);
    *out = trimmed(slice_of(text, len + called.len - at));
    return 0;
}

static bool has_word(struct slice text, const char *const *list)
{
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && !memchr(" ,/", text.data[i], 3))
            continue;
        if (same_as_any(slice_of(text.data + start, i - start), list))
            return true;
        start = i + 1;
    }
    return false;
}

/* "(2x 230V, coated)" */
static bool volts(struct slice inner)
{
    for (size_t i = 1; i < inner.len; i++)
        if (inner.data[i] == 'V' && is_digit(inner.data[i - 1]) &&
            (i + 1 == inner.len || !is_letter(inner.data[i + 1])))
            return true;
    return false;
}

/* Supply voltage, market, carrier, wiring: of one model, made in variants. */
static bool tells_variant(struct slice inner)
{
    static const char *const words[] = {"AC",   "DC",  "EU",   "NAM",   "US",   "USA",   "CN",
                                        "JP",   "ROW", "ROK",  "EVDO",  "ATT",  "VZW",   "EMEA",
                                        "APAC", "FCC", "ETSI", "CMIIT", "ARIB", "Annex", NULL};
    return (inner.len == 1 && is_letter(inner.data[0])) || has_word(inner, words) || volts(inner);
}

/* "(SC, E/IP)", "(2x 24V ports)": short marks, in front of "(6GK5205-3BF00-2TB2)". Who has so long
 * a number for each variant calls the model by what stands in front. */
static bool marks_variant(struct slice inner, struct slice behind)
{
    size_t mark = 0, digits = 0;
    behind = trimmed(behind);
    for (size_t i = 0; i < behind.len; i++)
        digits += is_digit(behind.data[i]);
    if (behind.len < 12 || behind.data[0] != '(' || !is_digit(behind.data[1]) || digits < 6 ||
        memchr(behind.data, ' ', behind.len))
        return false;
    for (size_t i = 0; i < inner.len; i++) {
        mark = memchr(" ,/", inner.data[i], 3) ? 0 : mark + 1;
        if (mark > 5 || (is_letter(inner.data[i]) && !is_upper(inner.data[i])))
            return false;
    }
    return inner.len > 0;
}

/* Several words that begin with small letters: a description. "TIA Portal" is none. */
static bool in_words(struct slice inner)
{
    size_t words = 0, small = 0;
    for (size_t i = 0; i < inner.len; i++) {
        bool begins = is_letter(inner.data[i]) && (i == 0 || inner.data[i - 1] == ' ');
        words += begins;
        small += begins && !is_upper(inner.data[i]);
    }
    return words >= 2 && small >= 1;
}

/* "(TDI Firmware)", "(DashBoard.exe)" */
static bool tells_part(struct slice inner)
{
    static const char *const words[] = {"firmware", "software", "hardware", NULL};
    static const char *const files[] = {".exe", ".dll", ".sys", ".jar", ".ocx", NULL};
    for (size_t i = 0; files[i]; i++)
        if (inner.len > 4 && starts(slice_of(inner.data + inner.len - 4, 4), files[i]))
            return true;
    return has_word(inner, words);
}

/* The parenthesis abbreviates the words in front of it: "Settlement and Billing (SB)". */
static bool initials(struct slice inner, struct slice front)
{
    size_t k = 0;
    bool start = true;
    for (size_t i = 0; i < front.len; i++) {
        bool letter = is_letter(front.data[i]);
        if (letter && start) {
            static const char *const small[] = {"and ", "of ", "for ", "the "};
            bool skip = false;
            for (size_t n = 0; n < ARRAY_LEN(small); n++)
                skip = skip || starts(slice_of(front.data + i, front.len - i), small[n]);
            if (!skip && (k == inner.len || (front.data[i] | 0x20) != (inner.data[k++] | 0x20)))
                return false;
        }
        start = !letter && front.data[i] != '\'';
    }
    return k == inner.len && k >= 2;
}

/* "(ES450, GX450)": each a model */
static void take_listed(struct taking *t, struct slice inner)
{
    struct slice parts[TOKENS];
    size_t count = 0, start = 0;
    for (size_t i = 0; i <= inner.len; i++) {
        if (i < inner.len && !memchr(",;/", inner.data[i], 3))
            continue;
        struct slice part = trimmed(slice_of(inner.data + start, i - start));
        start = i + 1;
        if (starts(part, "and "))
            part = trimmed(slice_of(part.data + 4, part.len - 4));
        if (part.len == 0)
            continue;
        if (!model_like(part) || part.len > 24 || count == TOKENS)
            return;
        parts[count++] = part;
    }
    for (size_t i = 0; i < count && count >= 2; i++)
        put(t, parts[i], FLEET_RULE_LISTED);
}

static struct slice last_token(struct slice text)
{
    size_t at = text.len;
    while (at > 0 && text.data[at - 1] != ' ')
        at--;
    return slice_of(text.data + at, text.len - at);
}

/* "(formerly InTouch Machine Edition)": another name */
static bool take_former(struct taking *t, struct slice inner, struct slice front)
{
    static const char *const words[] = {"formerly known as ",
                                        "formerly called ",
                                        "formerly ",
                                        "previously known as ",
                                        "previously ",
                                        "former ",
                                        "also known as ",
                                        "aka ",
                                        "a.k.a. "};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (starts(inner, words[i]) && inner.len > strlen(words[i]) + 3) {
            size_t len = strlen(words[i]);
            put(t, slice_of(inner.data + len, inner.len - len), FLEET_RULE_ACRONYM);
            put(t, front, FLEET_RULE_NOTE);
            return true;
        }
    return false;
}

/* "CENTUM VP (Including CENTUM VP Entry Class)": one that is meant, too */
static bool take_included(struct taking *t, struct slice inner, struct slice front)
{
    static const char including[] = "including ";
    const uint8_t *space = memchr(front.data, ' ', front.len);
    size_t first = space ? (size_t)(space - front.data) : front.len;
    if (!starts(inner, including))
        return false;
    struct slice other = slice_of(inner.data + strlen(including), inner.len - strlen(including));
    if (first < 3 || other.len <= front.len || memcmp(other.data, front.data, first) != 0)
        return false;
    put(t, other, FLEET_RULE_NOTE);
    return true;
}

static int take_parentheses(struct taking *t, struct slice called)
{
    static const char *const systems[] = {"Windows", "Linux", "Android", "iOS", NULL};
    struct parenthesis all[PARENTHESES];
    bool variant[PARENTHESES] = {0}, part[PARENTHESES] = {0};
    size_t count = find_parentheses(called, all), variants = 0, parts = 0;
    struct slice text;
    for (size_t i = 0; i < count; i++) {
        struct slice inner = trimmed(all[i].inner);
        struct slice front = trimmed(slice_of(called.data, all[i].start));
        if (front.len && (take_former(t, inner, front) || take_included(t, inner, front)))
            continue;
        /* "IGSS (Interactive Graphical SCADA System)": what the name stands for */
        if (front.len >= 3 && inner.len > 3 * front.len && !memchr(front.data, ' ', front.len) &&
            initials(front, inner)) {
            put(t, front, FLEET_RULE_NOTE);
            put(t, inner, FLEET_RULE_ACRONYM);
            continue;
        }
        /* "EZSocket (communication middleware …)": at the end, and in words */
        variants += variant[i] =
            tells_variant(inner) || starts(inner, "includes ") ||
            marks_variant(inner, slice_of(called.data + all[i].end, called.len - all[i].end)) ||
            (all[i].end + 1 >= called.len && in_words(inner));
        parts += part[i] = !variant[i] && (tells_part(inner) || has_word(inner, systems));
        if (variant[i] || part[i] || front.len == 0)
            continue;
        if (!has_word(inner, systems))
            take_listed(t, inner);
        bool one = inner.len >= 3 && !memchr(inner.data, ' ', inner.len);
        if (one && all[i].end + 6 >= called.len && initials(inner, front)) {
            put(t, front, FLEET_RULE_NOTE);
            put(t, inner, FLEET_RULE_ACRONYM);
        } else if (one && inner.len <= 6 && code_like(inner) && all[i].end + 1 >= called.len) {
            /* "Emergency Gateway (EGW)" */
            put(t, front, FLEET_RULE_VARIANT);
        } else if (one && inner.len <= 12 && model_like(inner) &&
                   !memchr(inner.data, '*', inner.len) && is_letter(inner.data[0]) &&
                   !model_like(last_token(front))) {
            /* "4G LTE M2M Router (NWL-25)" */
            put(t, inner, FLEET_RULE_ACRONYM);
        }
    }
    if (variants) {
        for (size_t i = 0; i < count; i++)
            variant[i] = variant[i] || part[i];
        if (without(t, called, all, count, variant, &text) != 0)
            return -1;
        put(t, text, FLEET_RULE_VARIANT);
    } else if (parts) {
        if (without(t, called, all, count, part, &text) != 0)
            return -1;
        put(t, text, FLEET_RULE_NOTE);
    }
    return 0;
}

/* ---- models in a row ---- */

struct tokens {
    struct slice at[TOKENS];
    size_t count;
    bool cut;
};

/* Words of the name outside parentheses; what joins a list is left out. */
static void tokenise(struct slice called, struct tokens *out)
{
    static const char *const joints[] = {"and", "or", "&", NULL};
    size_t start = 0;
    *out = (struct tokens){0};
    for (size_t i = 0; i <= called.len; i++) {
        bool end = i == called.len || memchr(" ,(", called.data[i], 3);
        if (!end)
            continue;
        struct slice token = slice_of(called.data + start, i - start);
        if (token.len && !same_as_any(token, joints)) {
            if (out->count == TOKENS) {
                out->cut = true;
                return;
            }
            out->at[out->count++] = token;
        }
        if (i < called.len && called.data[i] == '(') {
            const uint8_t *close = memchr(called.data + i, ')', called.len - i);
            i = close ? (size_t)(close - called.data) : called.len;
        }
        start = i + 1;
    }
}

/* "7SS85" and "7KE85": letters and digits in the same places */
static bool same_shape(struct slice a, struct slice b)
{
    for (size_t i = 0; i < a.len; i++)
        if (i >= b.len || is_digit(a.data[i]) != is_digit(b.data[i]))
            return false;
    return a.len == b.len && a.len >= 5;
}

/* Models of one kind: all patterns, or beginning alike. */
static bool akin(const struct slice *run, size_t count)
{
    bool patterns = true, alike = true;
    for (size_t i = 0; i < count; i++) {
        patterns = patterns && pattern_like(run[i]);
        alike = alike && run[i].data[0] == run[0].data[0] &&
                (is_letter(run[i].data[0]) || same_shape(run[i], run[0]));
    }
    return patterns || alike;
}

/* "PageWriter TC10 TC20 Cardiographs", "FL SWITCH 3xxx and 4xxx Series" */
static int take_run(struct taking *t, struct slice called)
{
    struct tokens tokens;
    size_t first = 0, end;
    tokenise(called, &tokens);
    while (first < tokens.count &&
           !(model_like(tokens.at[first]) && first + 1 < tokens.count &&
             model_like(tokens.at[first + 1]) && akin(&tokens.at[first], 2)))
        first++;
    for (end = first; end < tokens.count && model_like(tokens.at[end]); end++)
        ;
    if (tokens.cut || end - first < 2 || !akin(&tokens.at[first], end - first))
        return 0;
    struct slice front = slice_of(called.data, (size_t)(tokens.at[first].data - called.data));
    if (starts(front, "all "))
        front = slice_of(front.data + 4, front.len - 4);
    for (size_t i = first; i < end; i++) {
        if (front.len && put_both(t, front, tokens.at[i], FLEET_RULE_LISTED) != 0)
            return -1;
        if (tokens.at[i].len >= (is_letter(tokens.at[i].data[0]) ? 4u : 5u))
            put(t, tokens.at[i], FLEET_RULE_LISTED);
    }
    return 0;
}

/* "RSP RSPE RSPS MSP EES": nothing but codes */
static void take_codes(struct taking *t, struct slice called)
{
    struct tokens tokens;
    tokenise(called, &tokens);
    if (tokens.cut || tokens.count < 4)
        return;
    for (size_t i = 0; i < tokens.count; i++)
        if (!code_like(tokens.at[i]))
            return;
    for (size_t i = 0; i < tokens.count; i++)
        if (tokens.at[i].len >= 3)
            put(t, tokens.at[i], FLEET_RULE_LISTED);
}

/* The digits from `at` on. */
static size_t digits_from(struct slice s, size_t at)
{
    size_t count = 0;
    while (at + count < s.len && is_digit(s.data[at + count]))
        count++;
    return count;
}

/* "R04/08/16/32/120(EN)CPU": each number with what is around them, and what may be left out */
static int take_optional(struct taking *t, struct slice called)
{
    size_t start = 0;
    while (start < called.len) {
        size_t end = start, at;
        while (end < called.len && called.data[end] != ' ')
            end++;
        struct slice word = slice_of(called.data + start, end - start);
        struct slice front = slice_of(called.data, start), behind = slice_of(NULL, 0);
        start = end + 1;
        for (at = 0; at < word.len && is_letter(word.data[at]); at++)
            ;
        size_t letters = at, last = at + digits_from(word, at);
        if (letters == 0 || last == at)
            continue;
        while (last + 1 < word.len && word.data[last] == '/' && digits_from(word, last + 1))
            last += 1 + digits_from(word, last + 1);
        struct slice option = slice_of(NULL, 0), tail = slice_of(word.data + last, word.len - last);
        const uint8_t *close =
            tail.len > 2 && tail.data[0] == '(' ? memchr(tail.data, ')', tail.len) : NULL;
        if (close) {
            option = slice_of(tail.data + 1, (size_t)(close - tail.data) - 1);
            behind = slice_of(close + 1, tail.len - option.len - 2);
        }
        /* "R00/01/02CPU": several numbers and what follows them */
        bool several =
            !close && last > at + digits_from(word, at) && tail.len && is_letter(tail.data[0]);
        if (several)
            behind = tail;
        /* something has to follow: "(EN)CPU"; else that is a remark like another */
        if ((!several && (!close || option.len == 0)) || behind.len == 0 || option.len > 4)
            continue;
        for (size_t i = at; i < last; i++) {
            size_t count = digits_from(word, i);
            for (int with = 0; with < (several ? 1 : 2) && count; with++) {
                char *text = arena_printf(t->arena, "%.*s%.*s%.*s%.*s", (int)letters,
                                          (const char *)word.data, (int)count,
                                          (const char *)word.data + i, with ? (int)option.len : 0,
                                          (const char *)option.data, SLICE_ARG(behind));
                if (!text)
                    return err_memory(t->e);
                put(t, slice_str(text), FLEET_RULE_LISTED);
                if (front.len && put_both(t, front, slice_str(text), FLEET_RULE_LISTED) != 0)
                    return -1;
            }
            i += count;
        }
    }
    return 0;
}

/* "FX5U(C) CPU modules": a letter or two of a model that may be there or not */
static int take_letters(struct taking *t, struct slice called)
{
    for (size_t i = 3; i + 2 < called.len; i++) {
        size_t letters = 0, start = i;
        if (called.data[i] != '(' || called.data[i - 1] == ' ')
            continue;
        while (i + 1 + letters < called.len && is_upper(called.data[i + 1 + letters]))
            letters++;
        size_t end = i + 1 + letters;
        if (letters == 0 || letters > 2 || end >= called.len || called.data[end] != ')' ||
            (end + 1 < called.len && called.data[end + 1] != ' '))
            continue;
        while (start > 0 && called.data[start - 1] != ' ')
            start--;
        if (!model_like(slice_of(called.data + start, i - start)))
            continue;
        for (size_t with = 0; with < 2; with++) {
            char *text =
                arena_printf(t->arena, "%.*s%.*s%.*s", (int)i, (const char *)called.data,
                             with ? (int)letters : 0, (const char *)called.data + i + 1,
                             (int)(called.len - end - 1), (const char *)called.data + end + 1);
            if (!text)
                return err_memory(t->e);
            put(t, slice_str(text), FLEET_RULE_LISTED);
        }
        return 0;
    }
    return 0;
}

/* "750-880/xxx-xxx": the model without what stands for its variants */
static void take_without_x(struct taking *t, struct slice called)
{
    size_t at = called.len, x = 0;
    while (at > 0 && ((called.data[at - 1] | 0x20) == 'x' || called.data[at - 1] == '-')) {
        x += called.data[at - 1] != '-';
        at--;
    }
    if (x >= 3 && at > 4 && called.data[at - 1] == '/' && is_digit(called.data[at - 2]))
        put(t, slice_of(called.data, at - 1), FLEET_RULE_VARIANT);
}

/* "MicroLogix 1400 Controllers Series C": without the word for its kind */
static int take_kind_of_series(struct taking *t, struct slice called, struct slice tail)
{
    uint8_t word[32];
    struct slice front = slice_of(called.data, called.len - tail.len), last = last_token(front);
    if (last.len < 3 || last.len > sizeof word || last.len == front.len)
        return 0;
    for (size_t i = 0; i < last.len; i++)
        word[i] = last.data[i] | 0x20;
    if (!fleet_name_plain_word(slice_of(word, last.len)))
        return 0;
    return put_both(t, slice_of(front.data, front.len - last.len), trimmed(tail), FLEET_RULE_NOTE);
}

/* "1794-AENT Flex I/O Series B": the number and its series, without what it is */
static int take_series(struct taking *t, struct slice called)
{
    static const char series[] = " Series ";
    const uint8_t *space = memchr(called.data, ' ', called.len);
    size_t first = space ? (size_t)(space - called.data) : 0, digits = 0;
    if (first < 6 || called.len < first + 2 * sizeof series)
        return 0;
    struct slice tail = slice_of(called.data + called.len - sizeof series, sizeof series);
    for (size_t i = 0; i < first; i++)
        digits += is_digit(called.data[i]);
    if (memcmp(tail.data, series, sizeof series - 1) != 0)
        return 0;
    return digits >= 3 ? put_both(t, slice_of(called.data, first), trimmed(tail), FLEET_RULE_NOTE)
                       : take_kind_of_series(t, called, tail);
}

/* "SiteSentinel Integra and SiteSentinel iSite": each begins with the same word, and has more */
static void take_named(struct taking *t, struct slice called)
{
    struct slice parts[TOKENS];
    size_t count = 0, start = 0;
    for (size_t i = 0; i <= called.len && count < TOKENS; i++) {
        struct slice rest = slice_of(called.data + i, called.len - i);
        bool comma = rest.len && rest.data[0] == ',';
        size_t joint = starts(rest, " and ") ? 5 : starts(rest, " / ") ? 3 : 0;
        if (i < called.len && !comma && !joint)
            continue;
        struct slice part = trimmed(slice_of(called.data + start, i - start));
        if (part.len)
            parts[count++] = part;
        i += joint ? joint - 1 : 0;
        start = i + 1;
    }
    if (count < 2)
        return;
    const uint8_t *space = memchr(parts[0].data, ' ', parts[0].len);
    size_t first = space ? (size_t)(space - parts[0].data) + 1 : 0;
    if (first < 4)
        return;
    for (size_t i = 1; i < count; i++)
        if (parts[i].len <= first + 1 || memcmp(parts[i].data, parts[0].data, first) != 0)
            return;
    for (size_t i = 0; i < count; i++)
        put(t, parts[i], FLEET_RULE_LISTED);
}

/* "ScadaPro Server and Client": two parts of one thing */
/* "Free Runtime in Drive6 Workbench": two words at least, and what they are a part of */
static void take_inner(struct taking *t, struct slice called)
{
    size_t at = find_words(called, " in ");
    if (at < 8 || at >= called.len || !memchr(called.data, ' ', at) ||
        memchr(called.data, '(', at) || memchr(called.data, ',', at))
        return;
    put(t, slice_of(called.data, at), FLEET_RULE_NOTE);
}

static int take_parts(struct taking *t, struct slice called)
{
    static const char *const parts[] = {"Server",   "Client", "Viewer",  "Editor",  "Runtime",
                                        "Designer", "Studio", "Servers", "Clients", NULL};
    struct slice words[4];
    size_t end = called.len;
    for (size_t i = 0; i < 3; i++) {
        struct slice last = last_token(slice_of(called.data, end));
        words[i] = last;
        if (last.len == 0 || last.len + 1 >= end)
            return 0;
        end -= last.len + 1;
    }
    if (!same_word(words[1], "and") || !same_as_any(words[0], parts) ||
        !same_as_any(words[2], parts))
        return 0;
    struct slice front = slice_of(called.data, end);
    return put_both(t, front, words[0], FLEET_RULE_NOTE) == 0 &&
                   put_both(t, front, words[2], FLEET_RULE_NOTE) == 0
               ? 0
               : -1;
}

/* "STARDOM FCN/FCJ", "AFF660/665": a stroke between the ends of two models */
static int take_strokes(struct taking *t, struct slice called)
{
    struct tokens tokens;
    tokenise(called, &tokens);
    if (tokens.cut || tokens.count == 0)
        return 0;
    struct slice last = tokens.at[tokens.count - 1], parts[TOKENS];
    size_t count = 0, start = 0, codes = 0;
    for (size_t i = 0; i <= last.len && count < TOKENS; i++) {
        if (i < last.len && last.data[i] != '/')
            continue;
        parts[count] = slice_of(last.data + start, i - start);
        codes += code_like(parts[count]);
        count += parts[count].len > 0;
        start = i + 1;
    }
    if (count < 2)
        return 0;
    struct slice front = slice_of(called.data, (size_t)(last.data - called.data));
    if (starts(front, "all "))
        front = slice_of(front.data + 4, front.len - 4);
    if (codes == count && trimmed(front).len >= 4) {
        for (size_t i = 0; i < count; i++)
            if (put_both(t, front, parts[i], FLEET_RULE_LISTED) != 0)
                return -1;
        return 0;
    }
    /* digits that take the place of the first one's last digits */
    size_t digits = 0;
    while (digits < parts[0].len && is_digit(parts[0].data[parts[0].len - 1 - digits]))
        digits++;
    if (digits == 0 || digits == parts[0].len || !is_letter(parts[0].data[0]))
        return 0;
    for (size_t i = 1; i < count; i++) {
        size_t k = 0;
        while (k < parts[i].len && is_digit(parts[i].data[k]))
            k++;
        if (k != parts[i].len || k != digits)
            return 0;
    }
    for (size_t i = 0; i < count; i++) {
        char *text = arena_printf(t->arena, "%.*s%.*s", (int)(i ? parts[0].len - digits : 0),
                                  (const char *)parts[0].data, SLICE_ARG(parts[i]));
        if (!text)
            return err_memory(t->e);
        put(t, slice_str(text), FLEET_RULE_LISTED);
        if (front.len && put_both(t, front, slice_str(text), FLEET_RULE_LISTED) != 0)
            return -1;
    }
    return 0;
}

/* "M340 Communication Ethernet modules BMX NOE 0100": behind the words that describe it the model
 */
static void take_described(struct taking *t, struct slice called)
{
    struct tokens tokens;
    size_t first, digits = 0, length = 0;
    bool letter = false;
    tokenise(called, &tokens);
    for (first = tokens.count; first > 0; first--) {
        size_t small = 0;
        for (size_t i = 0; i < tokens.at[first - 1].len; i++) {
            uint8_t c = tokens.at[first - 1].data[i];
            small += is_letter(c) && !is_upper(c);
        }
        if (small >= 2)
            break;
    }
    if (tokens.cut || first == 0 || first == tokens.count)
        return;
    for (size_t i = first; i < tokens.count; i++)
        for (size_t k = 0; k < tokens.at[i].len; k++) {
            uint8_t c = tokens.at[i].data[k];
            digits += is_digit(c);
            length += is_digit(c) || is_letter(c);
            letter = letter || is_letter(c);
        }
    const struct slice *end = &tokens.at[tokens.count - 1];
    if (letter && digits >= 3 && length >= 6 && tokens.count - first <= 4)
        put(t,
            slice_of(tokens.at[first].data, (size_t)(end->data + end->len - tokens.at[first].data)),
            FLEET_RULE_LISTED);
}

int fleet_called_make(struct arena *a, struct slice called, struct fleet_called_list *out,
                      struct err *e)
{
    struct taking t = {a, out, e};
    out->count = 0;
    if (called.len == 0 || called.len > LONGEST)
        return 0;
    take_tail(&t, called);
    take_codes(&t, called);
    take_described(&t, called);
    take_without_x(&t, called);
    take_named(&t, called);
    take_inner(&t, called);
    return take_series(&t, called) == 0 && take_parts(&t, called) == 0 &&
                   take_letters(&t, called) == 0 && take_parentheses(&t, called) == 0 &&
                   take_run(&t, called) == 0 && take_optional(&t, called) == 0 &&
                   take_strokes(&t, called) == 0
               ? 0
               : -1;
}

bool fleet_called_version(struct slice called, struct slice *front, struct slice *version)
{
    static const char *const ends[] = {" and earlier", " or earlier", " and prior", " or prior",
                                       " and below",   " or below",   " and older", " and lower"};
    for (size_t i = 0; i < ARRAY_LEN(ends) && called.len <= LONGEST; i++) {
        size_t at = find_words(called, ends[i]), start;
        if (at == SIZE_MAX || at + strlen(ends[i]) != called.len)
            continue;
        for (start = at; start > 0 && called.data[start - 1] != ' '; start--)
            ;
        bool v = start < at && (called.data[start] | 0x20) == 'v';
        if (start < 3 || start + (v ? 1 : 0) >= at || !is_digit(called.data[start + (v ? 1 : 0)]))
            return false;
        *front = slice_of(called.data, start - 1);
        *version = slice_of(called.data + start, called.len - start);
        return true;
    }
    return false;
}
