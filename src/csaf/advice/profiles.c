/* SPDX-License-Identifier: Apache-2.0 */
/* Recommended: what profiles ask for in the document's language. */
#include "csaf/validate/extensions.h"
#include "csaf/facts/language.h"
#include "csaf/facts/registry.h"

/* No translation is known: the test is skipped, and says so. */
static bool untranslated(struct csaf_validation *v, enum csaf_term term, struct slice lang)
{
    if (csaf_term_translated(term, lang))
        return false;
    char *reason = arena_printf(v->arena,
                                "no translation of \"%s\" into the document's language "
                                "is recorded",
                                csaf_term_english(term));
    if (!reason)
        csaf_no_memory(v);
    csaf_not_run(v, reason);
    return true;
}

void csaf_one_note(struct csaf_validation *v, enum csaf_term term, const char *category,
                   struct slice lang)
{
    const struct json_value *notes = json_get(v->document, "notes"), *wrong = NULL;
    size_t found = 0;

    if (untranslated(v, term, lang))
        return;
    const char *title = csaf_term_translated(term, lang);
    json_each(note, notes)
    {
        if (!slice_is(json_get_string(note, "title"), title))
            continue;
        if (slice_is(json_get_string(note, "category"), category))
            found++;
        else
            wrong = note;
    }
    if (found == 1 && !wrong)
        return;
    if (wrong)
        csaf_find_under(v, wrong, "category", "the note \"%s\" must have the category %s", title,
                        category);
    else if (notes)
        csaf_find(v, notes, "%s note has the title \"%s\" and the category %s; exactly one must",
                  found ? "more than one" : "no", title, category);
    else if (v->document)
        csaf_find_under(v, v->document, "notes", "there is no note \"%s\" of category %s", title,
                        category);
}

/* The document's language when it is said and not English; else empty. */
static struct slice foreign(const struct csaf_validation *v)
{
    struct slice lang = json_get_string(v->document, "lang");
    return csaf_language_is_english(lang) ? slice_of(NULL, 0) : lang;
}

/* Language Specific Reasoning for Withdrawal */
void csaf_test_6_2_39_2(struct csaf_validation *v)
{
    if (csaf_is_profile(v, "csaf_withdrawn") && foreign(v).len)
        csaf_one_note(v, CSAF_TERM_REASONING_FOR_WITHDRAWAL, "description", foreign(v));
}

/* Language Specific Reasoning for Supersession */
void csaf_test_6_2_39_3(struct csaf_validation *v)
{
    if (csaf_is_profile(v, "csaf_superseded") && foreign(v).len)
        csaf_one_note(v, CSAF_TERM_REASONING_FOR_SUPERSESSION, "description", foreign(v));
}

/* Language Specific Superseding Document */
void csaf_test_6_2_39_4(struct csaf_validation *v)
{
    const struct json_value *references = json_get(v->document, "references"), *wrong = NULL;
    struct slice lang = foreign(v);

    if (!csaf_is_profile(v, "csaf_superseded") || !lang.len ||
        untranslated(v, CSAF_TERM_SUPERSEDING_DOCUMENT, lang))
        return;
    const char *title = csaf_term_translated(CSAF_TERM_SUPERSEDING_DOCUMENT, lang);
    size_t len = strlen(title);
    json_each(reference, references)
    {
        struct slice summary = json_get_string(reference, "summary");
        if (summary.len < len || memcmp(summary.data, title, len) != 0)
            continue;
        if (slice_is(json_get_string(reference, "category"), "external"))
            return;
        wrong = reference;
    }
    if (wrong)
        csaf_find_under(v, wrong, "category",
                        "the reference \"%s\" must have the category external", title);
    else if (references)
        csaf_find(v, references, "no reference of category external begins with \"%s\"", title);
    else if (v->document)
        csaf_find_under(v, v->document, "references",
                        "there is no reference of category external that begins with \"%s\"",
                        title);
}

static void exists(struct csaf_validation *v, const struct json_value *extensions, void *context)
{
    (void)context;
    csaf_find(v, extensions, "a document that is withdrawn or superseded has no extensions");
}

/* Extension in Superseded or Withdrawn Document */
void csaf_test_6_2_39_5(struct csaf_validation *v)
{
    static const char *const paths[] = {"document.x_extensions", "x_extensions", NULL};
    if (csaf_is_profile(v, "csaf_withdrawn") || csaf_is_profile(v, "csaf_superseded"))
        csaf_visit_all(v, paths, exists, NULL);
}

/* Product Description without Product Reference */
void csaf_test_6_2_40(struct csaf_validation *v)
{
    struct slice lang = json_get_string(v->document, "lang");

    if (untranslated(v, CSAF_TERM_PRODUCT_DESCRIPTION, lang))
        return;
    const char *term = csaf_term_translated(CSAF_TERM_PRODUCT_DESCRIPTION, lang);
    size_t len = strlen(term);
    json_each(note, json_get(v->document, "notes"))
    {
        struct slice title = json_get_string(note, "title");
        /* "Product Description for Product A" is one, too */
        if (slice_is(json_get_string(note, "category"), "description") && title.len >= len &&
            memcmp(title.data, term, len) == 0 && !json_get(note, "product_ids") &&
            !json_get(note, "group_ids"))
            csaf_find(v, note, "the product description does not say which product it describes");
    }
}
