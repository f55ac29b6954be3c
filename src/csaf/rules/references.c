/* SPDX-License-Identifier: Apache-2.0 */
/* Product ids and group ids: defined once, and wherever they are used. */
#include "base/suggest.h"
#include "csaf/validate/path_graph.h"
#include "csaf/validate/tests.h"

/* Findings that come with a suggestion, and ids that are looked at for each. */
enum { SUGGESTED = 20, LOOKED_AT = 2000 };

/* An id that was misspelt is nearest to the one that was meant; looked for in a bounded number. */
static void suggest_defined(struct csaf_validation *v, const struct csaf_definition *list,
                            size_t count, struct slice id)
{
    struct suggestion best;

    if (v->kept > SUGGESTED)
        return;
    suggest_init(&best, id);
    for (size_t i = 0; i < count && i < LOOKED_AT; i++)
        suggest_offer(&best, list[i].id);
    if (best.found.data)
        csaf_suggest(v, "is %s meant?", csaf_quote(v, best.found));
}

/* Missing Definition of Product ID */
void csaf_test_6_1_1(struct csaf_validation *v)
{
    for (size_t i = 0; i < v->product_use_count; i++) {
        struct slice id = json_string(v->product_uses[i].value);
        if (v->product_uses[i].defined)
            continue;
        csaf_find(v, v->product_uses[i].value, "product id %s is not defined in the product tree",
                  csaf_quote(v, id));
        suggest_defined(v, v->products, v->product_count, id);
    }
}

static void defined_twice(struct csaf_validation *v, const struct csaf_definition *list,
                          size_t count, const char *what)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].first == &list[i])
            continue;
        size_t line, column;
        json_place(v->doc, list[i].first->id_value, &line, &column);
        csaf_find(v, list[i].id_value, "%s %s is defined before, in line %zu", what,
                  csaf_quote(v, list[i].id), line);
    }
}

/* Multiple Definition of Product ID */
void csaf_test_6_1_2(struct csaf_validation *v)
{
    defined_twice(v, v->products, v->product_count, "product id");
}

/* "a", "b" and so on, each referring to the next. */
static void in_circle(struct csaf_validation *v, const uint32_t *products, size_t count)
{
    enum { NAMED = 6 };
    const struct json_value *first = v->products[products[0]].id_value;
    struct buf text;

    if (count == 1) {
        csaf_find(v, first, "product %s is defined by itself", csaf_quote(v, json_string(first)));
        return;
    }
    buf_init(&text);
    for (size_t i = 0; i < count && i < NAMED; i++)
        buf_printf(&text, "%s%s",
                   i == 0   ? ""
                   : i == 1 ? " is defined by "
                            : ", that by ",
                   csaf_quote(v, v->products[products[i]].id));
    if (count > NAMED)
        buf_printf(&text, ", and so on through %zu more", count - NAMED);
    if (text.failed)
        csaf_no_memory(v);
    csaf_find(v, first, "product %s, which is defined by the first", buf_text(&text));
    buf_fini(&text);
}

/* Circular Definition of Product ID */
void csaf_test_6_1_3(struct csaf_validation *v)
{
    struct csaf_path_graph graph;

    if (!v->has_paths)
        return;
    bool ready = csaf_path_graph_init(&graph, v, in_circle);
    (void)ready; /* the only failure is memory, and that has been said */
    csaf_path_graph_fini(&graph);
}

/* Missing Definition of Product Group ID */
void csaf_test_6_1_4(struct csaf_validation *v)
{
    for (size_t i = 0; i < v->group_use_count; i++) {
        struct slice id = json_string(v->group_uses[i].value);
        if (v->group_uses[i].defined)
            continue;
        csaf_find(v, v->group_uses[i].value, "product group id %s is not defined",
                  csaf_quote(v, id));
        suggest_defined(v, v->groups, v->group_count, id);
    }
}

/* Multiple Definition of Product Group ID */
void csaf_test_6_1_5(struct csaf_validation *v)
{
    defined_twice(v, v->groups, v->group_count, "product group id");
}
