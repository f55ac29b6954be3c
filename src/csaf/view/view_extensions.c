/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions of CSAF 2.1 (section 2.4): the view knows none, and a reader must hear of those
 * without which the document is misunderstood. */
#include "csaf/view/view_internal.h"

enum { NAMED = 5 };

struct group {
    const char *category, *what;
    enum view_tone tone;
    size_t count;
    struct slice named[NAMED]; /* the first of them, each once */
    size_t named_count;
};

static void note(struct group *g, struct slice schema)
{
    g->count++;
    for (size_t i = 0; i < g->named_count; i++)
        if (slice_equal(g->named[i], schema))
            return;
    if (g->named_count < NAMED)
        g->named[g->named_count++] = schema;
}

static void sort_in(const struct json_value *extension, struct group *groups, size_t count)
{
    for (size_t g = 0; g < count; g++)
        if (slice_is(json_get_string(extension, "category"), groups[g].category))
            note(&groups[g], json_get_string(extension, "$schema"));
}

/* Wherever they stand, also where they may not; what is inside of one is its own business. As deep
 * as JSON may nest. */
static void collect(const struct json_value *v, struct group *groups, size_t count)
{
    if (!json_is(v, JSON_OBJECT) && !json_is(v, JSON_ARRAY))
        return;
    json_each(item, v)
    {
        if (!json_is(v, JSON_OBJECT) || !slice_is(json_name(item), "x_extensions")) {
            collect(item, groups, count);
            continue;
        }
        if (!json_is(item, JSON_ARRAY))
            continue;
        json_each(extension, item) sort_in(extension, groups, count);
    }
}

void view_extensions(struct view *v)
{
    struct group groups[] = {
        {.category = "essential",
         .what = "is crucial to understand this document, and is not shown here",
         .tone = VIEW_HIGH},
        {.category = "significant",
         .what = "is highly relevant to this document, and is not shown here",
         .tone = VIEW_MEDIUM},
    };

    if (!v->r->is_2_1)
        return;
    collect(v->r->root, groups, ARRAY_LEN(groups));
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        const struct group *g = &groups[i];
        if (g->count == 0)
            continue;
        view_open_tone(v, VIEW_NOTICE, g->tone);
        view_printf(v, VIEW_STRONG, "What %zu extension%s say%s", g->count,
                    g->count == 1 ? "" : "s", g->count == 1 ? "s" : "");
        view_printf(v, VIEW_PLAIN, " %s: ", g->what);
        for (size_t n = 0; n < g->named_count; n++) {
            VIEW_SAY(v, n ? ", " : "");
            view_say(v, VIEW_CODE, g->named[n]);
        }
        if (g->count > g->named_count)
            VIEW_SAY(v, ", …");
        VIEW_SAY(v, ".");
        view_close(v, VIEW_NOTICE);
    }
}
