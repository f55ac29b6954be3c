/* SPDX-License-Identifier: Apache-2.0 */
/* Languages and translations. */
#include "csaf/facts/language.h"
#include "csaf/validate/tests.h"

static void valid_language(struct csaf_validation *v, const struct json_value *value)
{
    struct csaf_language language;
    char reason[200];

    if (!json_is(value, JSON_STRING) || csaf_language_check(json_string(value), &language))
        return;
    csaf_language_reason(&language, reason, sizeof reason);
    csaf_find(v, value, "%s is no valid language: %s", csaf_quote(v, json_string(value)), reason);
}

/* Language */
void csaf_test_6_1_12(struct csaf_validation *v)
{
    valid_language(v, json_get(v->document, "lang"));
    valid_language(v, json_get(v->document, "source_lang"));
}

/* Translator */
void csaf_test_6_1_15(struct csaf_validation *v)
{
    const struct json_value *lang = json_get(v->document, "source_lang");

    if (!slice_is(json_get_string(json_get(v->document, "publisher"), "category"), "translator"))
        return;
    if (!lang)
        csaf_find_under(v, v->document, "source_lang",
                        "the publisher is a translator, but source_lang is not there");
    else if (json_string(lang).len == 0)
        csaf_find(v, lang, "the publisher is a translator, but source_lang is empty");
    else
        return;
    csaf_suggest(v, "give the language of the document that was translated");
}

/* Translation */
void csaf_test_6_1_28(struct csaf_validation *v)
{
    const struct json_value *lang = json_get(v->document, "lang");
    const struct json_value *source = json_get(v->document, "source_lang");

    if (!json_is(lang, JSON_STRING) || !json_is(source, JSON_STRING) ||
        !csaf_language_equal(json_string(lang), json_string(source)))
        return;
    csaf_find(v, source, "the document was translated from its own language, %s",
              csaf_quote(v, json_string(lang)));
    csaf_suggest(v, "remove source_lang, or correct one of both");
}
