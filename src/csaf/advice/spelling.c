/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words that no dictionary of the document's language has.
 *
 * Advisories are full of names, and a name is no mistake. What the document itself names (products,
 * vendors, people) is known wherever it stands, and people and what they work for are called as
 * they say. A word with a capital letter, and each word of another name, is reported only when it
 * is one letter, not the first, away from an ordinary word: "Produkt", "Secruity".
 */
#include "base/map.h"
#include "base/suggest.h"
#include "csaf/advice/prose.h"
#include "csaf/facts/profile.h"
#include "csaf/validate/tests.h"
#include "csaf/validate/validator.h"

/* Distinct words looked at in one document, those whose neighbours are asked for, and from how many
 * letters on a name can be an ordinary word's misspelling. */
enum { WORDS_MOST = 100000, NEAREST_MOST = 200, RESEMBLES_FROM = 6 };

struct spelling {
    const struct csaf_prose_checker *checker;
    struct slice language;
    struct map names; /* lower case, that the document itself gives */
    struct map seen;  /* words, as they are written */
    size_t nearest;   /* asked for */
    bool naming;      /* the values under way are names */
    bool over;        /* a limit was passed: not all was looked at */
};

static struct slice lower(const struct csaf_word *word, char out[128])
{
    for (size_t i = 0; i <= word->len; i++)
        out[i] = (char)(word->text[i] >= 'A' && word->text[i] <= 'Z' ? word->text[i] | 0x20
                                                                     : word->text[i]);
    size_t len = word->len;
    if (len > 2 && strcmp(out + len - 2, "'s") == 0)
        len -= 2;
    return slice_of(out, len);
}

static void take_names(struct csaf_validation *v, const struct json_value *value, void *context)
{
    struct spelling *s = context;
    struct csaf_words words = {.rest = json_string(value)};
    struct csaf_word word;
    char text[128];

    while (s->names.count < WORDS_MOST && csaf_word_next(&words, &word))
        csaf_text_add(v, &s->names, lower(&word, text));
}

static enum csaf_prose_verdict ask(struct csaf_validation *v, struct spelling *s, struct slice word,
                                   bool nearest, struct csaf_prose_answer *answer)
{
    *answer = (struct csaf_prose_answer){.verdict = CSAF_PROSE_UNDECIDED};
    if (err_is_set(v->e))
        return CSAF_PROSE_UNDECIDED;
    if (s->checker->check(s->checker->context, s->language, word, nearest, answer, v->e) < 0)
        csaf_no_memory(v);
    if (answer->verdict == CSAF_PROSE_NO_CHECKER || answer->verdict == CSAF_PROSE_UNSUPPORTED)
        s->over = true; /* it was there a moment ago */
    return answer->verdict;
}

/* The nearest word, in answer->text; "" when none is near, or enough was asked. */
static void ask_nearest(struct csaf_validation *v, struct spelling *s, struct slice word,
                        struct csaf_prose_answer *answer)
{
    answer->text[0] = '\0';
    if (s->nearest >= NEAREST_MOST)
        return;
    s->nearest++;
    if (ask(v, s, word, true, answer) != CSAF_PROSE_WRONG)
        answer->text[0] = '\0';
}

/* Is what looks like a name one letter away from an ordinary word? */
static bool is_misspelt_name(struct csaf_validation *v, struct spelling *s,
                             const struct csaf_word *word, const char *nearest)
{
    struct csaf_word other = {.len = strlen(nearest)};
    struct csaf_prose_answer answer;
    char own[128], ordinary[128];

    if (other.len == 0 || other.len >= sizeof other.text || strpbrk(nearest, " -"))
        return false;
    memcpy(other.text, nearest, other.len + 1);
    struct slice a = lower(word, own), b = lower(&other, ordinary);
    return a.data[0] == b.data[0] && suggest_distance(a, b) == 1 &&
           ask(v, s, b, false, &answer) == CSAF_PROSE_RIGHT;
}

static void check_word(struct csaf_validation *v, struct spelling *s,
                       const struct json_value *value, const struct csaf_word *word)
{
    struct slice written = slice_of(word->text, word->len);
    bool name = s->naming || word->form != CSAF_WORD_LOWER;
    struct csaf_prose_answer answer;
    char text[128];

    if (word->form == CSAF_WORD_SHOUTED || word->form == CSAF_WORD_MIXED)
        return;
    if (!s->naming && map_get(&s->names, lower(word, text)))
        return;
    if (s->seen.count >= WORDS_MOST) {
        s->over = true;
        return;
    }
    if (!csaf_text_add(v, &s->seen, written) ||
        ask(v, s, written, false, &answer) != CSAF_PROSE_WRONG)
        return;
    if (name && word->len < RESEMBLES_FROM)
        return;
    if (name && s->nearest >= NEAREST_MOST) {
        s->over = true;
        return;
    }
    ask_nearest(v, s, written, &answer);
    if (name && !is_misspelt_name(v, s, word, answer.text))
        return;
    csaf_find(v, value, "%s is in no dictionary of %s", csaf_quote(v, written),
              csaf_quote(v, s->language));
    if (answer.text[0])
        csaf_suggest(v, "is %s meant?", csaf_quote(v, slice_str(answer.text)));
}

static void check_text(struct csaf_validation *v, const struct json_value *value, void *context)
{
    struct csaf_words words = {.rest = json_string(value)};
    struct csaf_word word;

    while (!err_is_set(v->e) && csaf_word_next(&words, &word))
        check_word(v, context, value, &word);
}

/* Spell Check */
void csaf_test_6_3_8(struct csaf_validation *v)
{
    struct spelling s = {.checker = v->validator->spelling};

    if (!csaf_prose_language(v, s.checker, "spelling", &s.language))
        return;
    map_init(&s.names);
    map_init(&s.seen);
    csaf_prose_people(v, take_names, &s);
    csaf_prose_names(v, take_names, &s);
    csaf_prose_texts(v, check_text, &s);
    s.naming = true;
    csaf_prose_names(v, check_text, &s);
    if (csaf_profile_of(v->version == CSAF_2_1, csaf_category(v)) == CSAF_PROFILE_BASE)
        check_text(v, json_get(v->document, "category"), &s);
    if (s.over && v->failures == 0)
        csaf_not_run(v, "the document has more words than are looked up; no mistake in those");
    map_fini(&s.names);
    map_fini(&s.seen);
}
