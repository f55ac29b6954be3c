/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sentences that have no grammar. A parser of a language's grammar knows ordinary sentences, and
 * advisories have many others: only those are put to it that are made of words alone and are
 * neither long nor about what the document names.
 */
#include "base/map.h"
#include "csaf/advice/prose.h"
#include "csaf/validate/tests.h"
#include "csaf/validate/validator.h"

/* Distinct sentences of one document, of those the undecided ones (which take longest), and words
 * of one sentence. */
enum { SENTENCES_MOST = 200, UNDECIDED_MOST = 5, WORDS_LEAST = 4, WORDS_MOST = 25, ROOM = 400 };

struct grammar {
    const struct csaf_prose_checker *checker;
    struct slice language;
    struct map names; /* words of names, as they are written */
    struct map seen;  /* sentences */
    size_t undecided;
    bool over;
};

static void take_names(struct csaf_validation *v, const struct json_value *value, void *context)
{
    struct grammar *g = context;
    struct csaf_words words = {.rest = json_string(value)};
    struct csaf_word word;

    while (g->names.count < 100000 && csaf_word_next(&words, &word))
        if (word.form != CSAF_WORD_LOWER)
            csaf_text_add(v, &g->names, slice_of(word.text, word.len));
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_capital(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_letter(uint8_t c)
{
    return is_capital(c) || (c >= 'a' && c <= 'z');
}

/* Does a sentence end behind text[i]? */
static bool ends_behind(struct slice text, size_t i)
{
    uint8_t c = text.data[i];
    size_t next = i + 1, start = i;

    if (c == '\n') /* a line of its own, but not one that was only wrapped */
        return next == text.len || !(text.data[next] >= 'a' && text.data[next] <= 'z');
    if (c != '.' && c != '!' && c != '?')
        return false;
    if (next < text.len && !is_blank(text.data[next]))
        return false;
    while (start > 0 && is_letter(text.data[start - 1]))
        start--;
    if (c == '.' && (i - start <= 1 || (start > 0 && text.data[start - 1] == '.')))
        return false; /* "e.g.", an initial */
    while (next < text.len && is_blank(text.data[next]))
        next++;
    return next == text.len || !(text.data[next] >= 'a' && text.data[next] <= 'z');
}

/*
 * The sentence with single blanks and plain apostrophes; 0 when it is not one that is put to the
 * parser: something else in it than words and commas, too short, too long, or no full stop.
 */
static size_t plain_sentence(struct slice text, char out[ROOM])
{
    size_t len = 0, words = 0;

    while (text.len && is_blank(text.data[0]))
        text = slice_of(text.data + 1, text.len - 1);
    if (text.len == 0 || !is_capital(text.data[0]))
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (len + 2 > ROOM)
            return 0;
        if (is_blank(c)) {
            if (len > 0 && out[len - 1] != ' ')
                out[len++] = ' ';
        } else if (is_letter(c) || c == ',' || c == '\'' ||
                   (c == '-' && i > 0 && i + 1 < text.len && is_letter(text.data[i - 1]) &&
                    is_letter(text.data[i + 1]))) {
            words += is_letter(c) && (len == 0 || out[len - 1] == ' ');
            out[len++] = (char)c;
        } else if (i + 3 <= text.len && memcmp(&text.data[i], "\xe2\x80\x99", 3) == 0) {
            out[len++] = '\'';
            i += 2;
        } else if (i + 1 == text.len && (c == '.' || c == '!' || c == '?')) {
            out[len++] = (char)c;
            return words >= WORDS_LEAST && words <= WORDS_MOST ? len : 0;
        } else {
            return 0;
        }
    }
    return 0;
}

/* Names, and words written as names or abbreviations are, behind the first. */
static bool has_names(const struct grammar *g, struct slice sentence)
{
    struct csaf_words words = {.rest = sentence};
    struct csaf_word word;

    for (bool first = true; csaf_word_next(&words, &word); first = false)
        if (word.form == CSAF_WORD_MIXED || (word.form != CSAF_WORD_LOWER && !first) ||
            map_get(&g->names, slice_of(word.text, word.len)))
            return true;
    return false;
}

static void check_sentence(struct csaf_validation *v, struct grammar *g,
                           const struct json_value *value, struct slice text)
{
    char plain[ROOM];
    struct slice sentence = slice_of(plain, plain_sentence(text, plain));
    struct csaf_prose_answer answer = {.verdict = CSAF_PROSE_UNDECIDED};

    if (sentence.len == 0 || has_names(g, sentence) || map_get(&g->seen, sentence))
        return;
    if (g->seen.count >= SENTENCES_MOST || g->undecided >= UNDECIDED_MOST) {
        g->over = true;
        return;
    }
    if (!csaf_text_add(v, &g->seen, sentence))
        return;
    if (g->checker->check(g->checker->context, g->language, sentence, false, &answer, v->e) < 0)
        csaf_no_memory(v);
    else if (answer.verdict == CSAF_PROSE_NO_CHECKER || answer.verdict == CSAF_PROSE_UNSUPPORTED)
        g->over = true; /* it was there a moment ago */
    else if (answer.verdict == CSAF_PROSE_UNDECIDED)
        g->undecided++;
    else if (answer.verdict == CSAF_PROSE_WRONG)
        csaf_find(v, value,
                  "the parser does not understand %s: a mistake, or English that it does not know",
                  csaf_quote(v, sentence));
}

static void check_text(struct csaf_validation *v, const struct json_value *value, void *context)
{
    struct slice text = json_string(value);
    size_t start = 0;

    for (size_t i = 0; i < text.len && !err_is_set(v->e); i++)
        if (ends_behind(text, i)) {
            check_sentence(v, context, value, slice_of(text.data + start, i + 1 - start));
            start = i + 1;
        }
}

/* Grammar Check */
void csaf_test_6_3_16(struct csaf_validation *v)
{
    struct grammar g = {.checker = v->validator->grammar};

    if (!csaf_prose_language(v, g.checker, "grammar", &g.language))
        return;
    map_init(&g.names);
    map_init(&g.seen);
    csaf_prose_people(v, take_names, &g);
    csaf_prose_names(v, take_names, &g);
    csaf_prose_texts(v, check_text, &g);
    if (g.over && v->failures == 0)
        csaf_not_run(v, "the document has more sentences than are parsed; no mistake in those");
    map_fini(&g.names);
    map_fini(&g.seen);
}
