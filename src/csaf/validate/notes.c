/* SPDX-License-Identifier: Apache-2.0 */
/* Notes of the document that have a title set by the standard. */
#include "csaf/validate/notes.h"
#include "csaf/facts/language.h"

bool csaf_is_in_english(const struct csaf_validation *v)
{
    const struct json_value *lang = json_get(v->document, "lang");

    return !lang || csaf_language_is_english(json_string(lang));
}

static void wrong_category(struct csaf_validation *v, const struct json_value *note,
                           const char *title, const char *category)
{
    const struct json_value *value = json_get(note, "category");

    if (value)
        csaf_find(v, value, "the note \"%s\" has the category %s, not \"%s\"", title,
                  csaf_quote(v, json_string(value)), category);
    else
        csaf_find_under(v, note, "category", "the note \"%s\" has no category \"%s\"", title,
                        category);
    csaf_suggest(v, "set the category to \"%s\"", category);
}

void csaf_one_note_titled(struct csaf_validation *v, const char *title, const char *category)
{
    const struct json_value *notes = json_get(v->document, "notes");
    const struct json_value *first = NULL;

    if (!csaf_is_in_english(v))
        return;
    json_each(note, csaf_array(v->document, "notes"))
    {
        const struct json_value *value = json_get(note, "title");
        size_t line, column;
        if (!slice_is(json_string(value), title))
            continue;
        if (first) {
            json_place(v->doc, first, &line, &column);
            csaf_find(v, value, "a second note with the title \"%s\"; the first is in line %zu",
                      title, line);
            continue;
        }
        first = note;
        if (!slice_is(json_get_string(note, "category"), category))
            wrong_category(v, note, title, category);
    }
    if (first)
        return;
    if (notes)
        csaf_find(v, notes, "no note of the document has the title \"%s\"", title);
    else
        csaf_find_under(v, v->document, "notes", "the document has no note with the title \"%s\"",
                        title);
    csaf_suggest(v, "add a note of the category \"%s\" with this title", category);
}
