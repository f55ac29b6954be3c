/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/criteria_spelled.h"
#include "fleet/match_identify.h"
#include "fleet/name_words.h"

enum { LONGEST = 160, MOST_WORDS = 7 };

struct spelling {
    struct arena *arena;
    struct fleet_spelled_list *out;
    struct err *e;
};

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static int put(struct spelling *s, char *text)
{
    if (!text)
        return err_memory(s->e);
    if (s->out->count < FLEET_SPELLED)
        s->out->at[s->out->count++] = slice_str(text);
    return 0;
}

/* "R08" at the end of a text: letters, then digits */
static bool ends_in_code(struct slice front)
{
    size_t at = front.len, digits = 0;
    while (at > 0 && is_digit(front.data[at - 1]))
        at--, digits++;
    return digits >= 2 && at > 0 && is_upper(front.data[at - 1]);
}

static struct slice trimmed(struct slice s)
{
    while (s.len && s.data[0] == ' ')
        s = slice_of(s.data + 1, s.len - 1);
    while (s.len && s.data[s.len - 1] == ' ')
        s.len--;
    return s;
}

/* "R08 (EN) CPU", "L06 CPU (-P)": up to three letters that a model may have or not; the parts of
 * its number are written without spaces on the model. */
static int spell_options(struct spelling *s, struct slice called)
{
    static const char cpu[] = "CPU";
    const uint8_t *open = memchr(called.data, '(', called.len);
    size_t at = open ? (size_t)(open - called.data) : 0;
    if (at < 4 || called.data[at - 1] != ' ')
        return 0;
    struct slice front = trimmed(slice_of(called.data, at));
    struct slice inner = slice_of(open + 1, called.len - at - 1);
    size_t letters = inner.len > 1 && inner.data[0] == '-', start = letters;
    while (letters < inner.len && is_upper(inner.data[letters]))
        letters++;
    if (letters == start || letters > start + 3 || letters == inner.len ||
        inner.data[letters] != ')')
        return 0;
    struct slice tail = trimmed(slice_of(inner.data + letters + 1, inner.len - letters - 1));
    /* "L06 CPU": the word goes with the number */
    bool behind = front.len > sizeof cpu &&
                  memcmp(front.data + front.len - 3, cpu, sizeof cpu - 1) == 0 &&
                  front.data[front.len - 4] == ' ';
    struct slice code = behind ? slice_of(front.data, front.len - 4) : front;
    bool before = !behind && tail.len >= 3 && memcmp(tail.data, cpu, sizeof cpu - 1) == 0;
    if (!ends_in_code(code) || (!behind && !before))
        return 0;
    for (size_t with = 0; with < 2; with++) {
        size_t more = with ? letters : 0;
        if (put(s, arena_printf(s->arena, "%.*s%s%.*s%s%.*s", SLICE_ARG(code), behind ? cpu : "",
                                (int)more, (const char *)inner.data, behind && tail.len ? " " : "",
                                SLICE_ARG(tail))) != 0)
            return -1;
    }
    return 0;
}

/* A word of a name that may become one letter: "Remote", not "CPU", "for" or "S7"; of a normal
 * form, which has no capitals, any that is as long. */
static bool spelled_word(struct slice word, bool normal)
{
    for (size_t i = 1; i < word.len; i++)
        if (!is_lower(word.data[i]) && !is_upper(word.data[i]))
            return false;
    return word.len >= 5 && is_upper(word.data[0]) != normal && is_lower(word.data[word.len - 1]);
}

/* The words of a name, of which strokes separate, too; 0: too many. */
static size_t words_of(struct slice called, struct slice out[MOST_WORDS])
{
    size_t count = 0, start = 0;
    for (size_t i = 0; i <= called.len; i++) {
        if (i < called.len && called.data[i] != ' ' && called.data[i] != '/')
            continue;
        if (i > start) {
            if (count == MOST_WORDS)
                return 0;
            out[count++] = slice_of(called.data + start, i - start);
        }
        start = i + 1;
    }
    return count;
}

/* Two or three words in a row by their initials; the first word is what the thing is known by. */
static int spell_initials(struct spelling *s, struct slice called, bool normal)
{
    struct slice words[MOST_WORDS];
    size_t count = words_of(called, words);
    for (size_t run = 3; run >= 2; run--)
        for (size_t i = 1; count >= 3 && i + run <= count; i++) {
            char initials[6] = " ";
            size_t end = i + run;
            bool all = true;
            for (size_t k = 0; k < run; k++) {
                all = all && spelled_word(words[i + k], normal);
                initials[k + 1] = (char)words[i + k].data[0];
            }
            if (!all || (end == count && i == 1 && count < 4))
                continue;
            /* "Programmer/Recorder/Monitor (PRM)": it says so itself */
            if (end < count && words[end].len == run + 2 && words[end].data[0] == '(' &&
                memcmp(words[end].data + 1, initials + 1, run) == 0)
                end++;
            struct slice front =
                slice_of(called.data, (size_t)(words[i - 1].data + words[i - 1].len - called.data));
            struct slice tail = slice_of(NULL, 0);
            if (end < count)
                tail =
                    slice_of(words[end].data, (size_t)(called.data + called.len - words[end].data));
            if (put(s, arena_printf(s->arena, "%.*s%s%s%.*s", SLICE_ARG(front), initials,
                                    tail.len ? " " : "", SLICE_ARG(tail))) != 0)
                return -1;
        }
    return 0;
}

int fleet_spelled_make(struct arena *a, struct slice called, struct fleet_spelled_list *out,
                       struct err *e)
{
    struct spelling s = {a, out, e};
    out->count = 0;
    if (called.len == 0 || called.len > LONGEST)
        return 0;
    return spell_options(&s, called) == 0 && spell_initials(&s, called, false) == 0 ? 0 : -1;
}

int fleet_spelled_initials(struct arena *a, struct slice form, struct fleet_spelled_list *out,
                           struct err *e)
{
    struct spelling s = {a, out, e};
    out->count = 0;
    return form.len == 0 || form.len > LONGEST ? 0 : spell_initials(&s, form, true);
}

/* A white or black square, as makers of controllers print it. */
static bool box(struct slice rest)
{
    return rest.len >= 3 && rest.data[0] == 0xe2 && rest.data[1] == 0x96 &&
           (rest.data[2] == 0xa0 || rest.data[2] == 0xa1);
}

int fleet_spelled_boxes(struct arena *a, struct slice called, struct slice *model, struct err *e)
{
    size_t boxes = 0, plain = 0, len = 0;
    *model = slice_of(NULL, 0);
    if (called.len > LONGEST ||
        !memchr(called.data ? called.data : (const uint8_t *)"", 0xe2, called.len))
        return 0;
    char *text = arena_alloc(a, called.len + 1);
    if (!text)
        return err_memory(e);
    for (size_t i = 0; i < called.len; i++) {
        uint8_t c = called.data[i];
        if (box(slice_of(called.data + i, called.len - i))) {
            text[len++] = '?';
            boxes++;
            i += 2;
        } else if (is_digit(c) || is_lower(c) || is_upper(c)) {
            text[len++] = (char)(is_upper(c) ? c + 32 : c);
            plain += boxes == 0;
        } else if (c != ' ' && c != '-' && c != '/') {
            return 0;
        }
    }
    if (boxes && plain >= FLEET_LITERAL_START)
        *model = slice_of(text, len);
    return 0;
}

/* "BMEP*" of four letters and digits at least in front of its star, which is the only one */
static bool starred(struct slice word)
{
    for (size_t i = 0; i + 1 < word.len; i++)
        if (!is_upper(word.data[i]) && !is_digit(word.data[i]))
            return false;
    return word.len > FLEET_LITERAL_START && word.data[word.len - 1] == '*';
}

/* "FX3S-xMy/z", where x, y and z are told behind it: each stands for something. */
static int variables(struct arena *a, struct slice word, struct slice *out, struct err *e)
{
    char *text = arena_alloc(a, word.len + 1);
    size_t len = 0, plain = 0;
    bool wild = false;
    *out = slice_of(NULL, 0);
    if (!text)
        return err_memory(e);
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.data[i];
        bool variable = c >= 'x' && c <= 'z';
        if (variable && !(len && text[len - 1] == '*'))
            text[len++] = '*';
        else if (is_upper(c) || is_digit(c))
            text[len++] = (char)(is_upper(c) ? c + 32 : c);
        else if (!variable && c != '-' && c != '/')
            return 0;
        wild = wild || variable;
        plain += !wild && (is_upper(c) || is_digit(c));
    }
    if (wild && plain >= FLEET_LITERAL_START)
        *out = slice_of(text, len);
    return 0;
}

int fleet_spelled_models(struct arena *a, struct slice called,
                         struct slice out[FLEET_SPELLED_MODELS], struct err *e)
{
    static const char told[] = " x=";
    int count = 0;
    if (called.len == 0 || called.len > LONGEST)
        return 0;
    const uint8_t *behind = memmem(called.data, called.len, told, sizeof told - 1);
    size_t end = behind ? (size_t)(behind - called.data) : 0;
    if (end && !memchr(called.data, ' ', end)) {
        if (variables(a, slice_of(called.data, end), &out[0], e) != 0)
            return -1;
        return out[0].len > 0;
    }
    for (size_t i = 0, start = 0; i <= called.len && count < FLEET_SPELLED_MODELS; i++) {
        if (i < called.len && !memchr(" ,()", called.data[i], 4))
            continue;
        struct slice word = slice_of(called.data + start, i - start);
        start = i + 1;
        if (!starred(word))
            continue;
        if (fleet_order_normalise(a, word, &out[count], e) != 0)
            return -1;
        count += out[count].len > 0;
    }
    return count;
}

bool fleet_spelled_generation(struct slice form, struct slice *front, struct slice *line)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    if (words.count != 2 || words.at[0].len < 6 || words.at[1].len > 2 ||
        fleet_word_has_digit(words.at[0]) || fleet_name_plain_word(words.at[0]) ||
        words.at[1].data[0] == '0')
        return false;
    for (size_t i = 0; i < words.at[1].len; i++)
        if (!is_digit(words.at[1].data[i]))
            return false;
    *front = words.at[0];
    *line = words.at[1];
    return true;
}

bool fleet_spelled_further(struct slice label, struct slice called, struct slice *more)
{
    static const char *const nothing[] = {"Firmware", "Software", "Release", "Build",
                                          "Update",   "Prior",    "Only",    "Before",
                                          "Hardware", "Series",   NULL};
    static const char colon[] = ": ";
    if (called.len == 0 || label.len <= called.len + 2 ||
        memcmp(label.data, called.data, called.len) != 0 ||
        memcmp(label.data + called.len, colon, 2) != 0)
        return false;
    struct slice rest = slice_of(label.data + called.len + 2, label.len - called.len - 2);
    const uint8_t *space = memchr(rest.data, ' ', rest.len);
    struct slice word = slice_of(rest.data, space ? (size_t)(space - rest.data) : 0);
    struct slice behind = slice_of(rest.data + word.len, rest.len - word.len);
    static const char *const versions[] = {" Version", " version"};
    bool followed = false;
    for (size_t i = 0; i < ARRAY_LEN(versions); i++)
        followed = followed || (behind.len > strlen(versions[i]) &&
                                memcmp(behind.data, versions[i], strlen(versions[i])) == 0);
    if (!followed || word.len < 4 || !is_upper(word.data[0]) || fleet_word_in(nothing, word))
        return false;
    for (size_t i = 1; i < word.len; i++)
        if (!is_lower(word.data[i]))
            return false;
    *more = word;
    return true;
}
