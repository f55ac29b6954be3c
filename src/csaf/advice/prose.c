/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/advice/prose.h"
#include "base/utf8.h"

#include <stdio.h>

static const char *const text_paths[] = {
    "document.acknowledgments[].summary",
    "document.aggregate_severity.text",
    "document.distribution.text",
    "document.notes[].audience",
    "document.notes[].text",
    "document.notes[].title",
    "document.publisher.issuing_authority",
    "document.references[].summary",
    "document.title",
    "document.tracking.revision_history[].summary",
    "product_tree.product_groups[].summary",
    "vulnerabilities[].acknowledgments[].summary",
    "vulnerabilities[].involvements[].summary",
    "vulnerabilities[].notes[].audience",
    "vulnerabilities[].notes[].text",
    "vulnerabilities[].notes[].title",
    "vulnerabilities[].references[].summary",
    "vulnerabilities[].remediations[].details",
    "vulnerabilities[].remediations[].entitlements[]",
    "vulnerabilities[].remediations[].restart_required.details",
    "vulnerabilities[].threats[].details",
    "vulnerabilities[].title",
    NULL};

static const char *const people_paths[] = {
    "document.acknowledgments[].names[]", "document.acknowledgments[].organization",
    "vulnerabilities[].acknowledgments[].names[]",
    "vulnerabilities[].acknowledgments[].organization", NULL};

static const char *const name_paths[] = {"document.publisher.name",
                                         "document.tracking.aliases[]",
                                         "document.tracking.generator.engine.name",
                                         "product_tree.branches[]*.name",
                                         "product_tree.branches[]*.product.name",
                                         "product_tree.full_product_names[].name",
                                         NULL};

void csaf_prose_texts(struct csaf_validation *v, csaf_prose_visit *visit, void *context)
{
    csaf_visit_all(v, text_paths, visit, context);
}

void csaf_prose_people(struct csaf_validation *v, csaf_prose_visit *visit, void *context)
{
    csaf_visit_all(v, people_paths, visit, context);
}

void csaf_prose_names(struct csaf_validation *v, csaf_prose_visit *visit, void *context)
{
    csaf_visit_all(v, name_paths, visit, context);
    csaf_visit(v,
               v->version == CSAF_2_0 ? "product_tree.relationships[].full_product_name.name"
                                      : "product_tree.product_paths[].full_product_name.name",
               visit, context);
}

bool csaf_prose_language(struct csaf_validation *v, const struct csaf_prose_checker *checker,
                         const char *checker_name, struct slice *language)
{
    const struct json_value *lang = json_get(v->document, "lang");
    struct csaf_prose_answer answer = {0};
    char text[CSAF_REASON_ROOM + 40];

    *language = json_string(lang);
    if (language->len == 0) {
        csaf_not_run(v, "the document does not say its language");
        return false;
    }
    if (!checker) {
        snprintf(text, sizeof text, "no %s checker is at hand", checker_name);
    } else if (checker->supports(checker->context, *language, &answer, v->e) < 0) {
        csaf_no_memory(v);
        return false;
    } else if (answer.verdict == CSAF_PROSE_RIGHT) {
        return true;
    } else if (answer.verdict == CSAF_PROSE_UNSUPPORTED) {
        csaf_find(v, lang, "the %s checker does not support the language %s", checker_name,
                  csaf_quote(v, *language));
        if (answer.text[0])
            csaf_suggest(v, "%s", answer.text);
        return false;
    } else {
        snprintf(text, sizeof text, "%s",
                 answer.text[0] ? answer.text : "the checker does not answer");
    }
    const char *kept = arena_strdup(v->arena, text);
    if (kept)
        csaf_not_run(v, kept);
    else
        csaf_no_memory(v);
    return false;
}

/* Words */

enum character { LETTER, CAPITAL, APOSTROPHE, BLANK, BREAK };

/* What is at `at`, and of how many bytes. */
static enum character look(const uint8_t *at, const uint8_t *end, size_t *bytes)
{
    *bytes = utf8_length(at, end);
    if (*bytes == 0) {
        *bytes = 1;
        return BREAK;
    }
    uint32_t c = utf8_decode(at, *bytes);
    if (c < 0x80) {
        if (c <= ' ' || c == 0x7f)
            return BLANK;
        if (c >= 'a' && c <= 'z')
            return LETTER;
        if (c >= 'A' && c <= 'Z')
            return CAPITAL;
        return c == '\'' ? APOSTROPHE : BREAK;
    }
    if (c == 0x2019)
        return APOSTROPHE;
    if (c == 0xa0 || (c >= 0x2000 && c <= 0x200b) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
        c == 0x3000 || c == 0xfeff)
        return BLANK;
    if (c < 0xaa || (c > 0xaa && c < 0xc0 && c != 0xb5 && c != 0xba) || c == 0xd7 || c == 0xf7 ||
        (c >= 0x2010 && c <= 0x2bff) || (c >= 0x3001 && c <= 0x3020) || c >= 0x1f000)
        return BREAK; /* signs */
    return c >= 0xc0 && c <= 0xde ? CAPITAL : LETTER;
}

/* Signs around a run that belong to the sentence. */
static bool around(uint8_t c)
{
    return strchr("\"'()[]<>.,;:!?*_-", c) != NULL && c != 0;
}

/* Without the signs around it, is there a sign in it that no words have between them? */
static bool is_prose(struct slice run)
{
    size_t from = 0, to = run.len, slashes = 0;

    while (from < to && around(run.data[from]))
        from++;
    while (to > from && around(run.data[to - 1]))
        to--;
    if (from < to && run.data[from] == '/')
        return false;
    for (size_t i = from; i < to; i++) {
        uint8_t c = run.data[i];
        if ((c >= '0' && c <= '9') || strchr("@\\_=<>{}[]()$%^~+#|*&:.`", c))
            return false;
        slashes += c == '/';
        if (c == '/' && i + 1 < to && run.data[i + 1] == '/')
            return false;
    }
    return slashes <= 3;
}

/* The next run without blanks that is prose. */
static bool next_run(struct csaf_words *w)
{
    while (w->rest.len > 0) {
        const uint8_t *at = w->rest.data, *end = at + w->rest.len, *start;
        size_t bytes = 0, ticks = 0;
        while (at < end && look(at, end, &bytes) == BLANK)
            at += bytes;
        start = at;
        while (at < end && look(at, end, &bytes) != BLANK) {
            ticks += *at == '`' && (at == start || at[-1] != '`'); /* "``" and "```" are one sign */
            at += bytes;
        }
        w->rest = slice_of(at, (size_t)(end - at));
        w->run = slice_of(start, (size_t)(at - start));
        bool code = w->code || ticks > 0;
        w->code ^= ticks & 1;
        if (!code && w->run.len > 0 && is_prose(w->run))
            return true;
    }
    return false;
}

static enum csaf_word_form form_of(size_t letters, size_t capitals, bool first, bool s_last)
{
    if (capitals == 0)
        return CSAF_WORD_LOWER;
    if (capitals == letters || (capitals + 1 == letters && s_last && capitals > 1))
        return CSAF_WORD_SHOUTED;
    return capitals == 1 && first ? CSAF_WORD_CAPITALISED : CSAF_WORD_MIXED;
}

/* The next word of the run: letters, and apostrophes between letters. */
static bool next_in_run(struct csaf_words *w, struct csaf_word *word)
{
    const uint8_t *at = w->run.data, *end = at + w->run.len;
    size_t bytes, letters = 0, capitals = 0;
    bool first = false, fits = true;

    word->len = 0;
    while (at < end) {
        enum character c = look(at, end, &bytes);
        if (c == BREAK || (c == APOSTROPHE && letters == 0)) {
            at += bytes;
            if (letters > 0)
                break;
            continue;
        }
        if (word->len + bytes > 120) {
            fits = false;
        } else if (c == APOSTROPHE) {
            word->text[word->len++] = '\'';
        } else {
            memcpy(word->text + word->len, at, bytes);
            word->len += bytes;
        }
        if (c != APOSTROPHE) {
            first |= letters == 0 && c == CAPITAL;
            letters++;
            capitals += c == CAPITAL;
        }
        at += bytes;
    }
    w->run = slice_of(at, (size_t)(end - at));
    while (word->len > 0 && word->text[word->len - 1] == '\'')
        word->len--;
    word->text[word->len] = '\0';
    word->form =
        form_of(letters, capitals, first, word->len > 0 && word->text[word->len - 1] == 's');
    if (!fits)
        word->len = 0;
    return letters > 0;
}

bool csaf_word_next(struct csaf_words *w, struct csaf_word *word)
{
    for (;;) {
        while (w->run.len > 0)
            if (next_in_run(w, word) && word->len >= 3)
                return true;
        if (!next_run(w))
            return false;
    }
}

bool csaf_text_add(struct csaf_validation *v, struct map *set, struct slice key)
{
    static const char mark; /* what is in a set */
    if (map_get(set, key))
        return false;
    const char *kept = arena_copy(v->arena, key.data, key.len);
    if (kept && map_set(set, slice_of(kept, key.len), (void *)(uintptr_t)&mark) == 0)
        return true;
    csaf_no_memory(v);
    return false;
}
