/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/match_drop.h"
#include "base/memory.h"

#include <stdlib.h>

/* The advisory has a product of just this name. */
static bool exact(const struct fleet_criteria *criteria, const struct fleet_touch *t)
{
    const unsigned shortened = FLEET_RULE_LISTED | FLEET_RULE_KIND | FLEET_RULE_VARIANT |
                               FLEET_RULE_LINE | FLEET_RULE_FAMILY | FLEET_RULE_GENERIC;
    return t->id.rule == FLEET_BY_NAME && t->id.confidence >= FLEET_SURE &&
           !(t->id.rules & shortened) && !criteria->targets[t->target].product.family;
}

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

static bool without_our_line(const struct fleet_touch *t)
{
    for (size_t i = 0; (t->id.rules & FLEET_RULE_LINE) && i < t->of->form_count; i++)
        if (t->of->forms[i].line.len && slice_equal(t->of->forms[i].text, t->id.inventory))
            return true;
    return false;
}

/* Met by a name that only begins or ends as ours does, or that leaves our line out. */
static bool of_other_name(const struct fleet_touch *t)
{
    return t->id.rule == FLEET_BY_LESS_SPECIFIC || t->id.rule == FLEET_BY_SUFFIX ||
           t->id.rule == FLEET_BY_PREFIX || t->id.rule == FLEET_BY_MISSPELT_PRODUCT ||
           (t->id.rule == FLEET_BY_NAME && without_our_line(t));
}

/*
 * Of an advisory that lists "ITC2200" and "ITC2200 PRO", a component that calls itself ITC2200 is
 * the first: that it might be the other one, and say less of itself, is no question.
 */
static int drop_longer_names(const struct fleet_criteria *criteria, struct fleet_touch *touches,
                             size_t *count, struct err *e)
{
    size_t known = 0, kept = 0, vague = 0;
    for (size_t i = 0; i < *count; i++) {
        known += exact(criteria, &touches[i]);
        vague += of_other_name(&touches[i]);
    }
    if (known == 0 || vague == 0)
        return 0;
    uint32_t *subjects = mem_new(known, sizeof *subjects);
    if (!subjects)
        return err_memory(e);
    known = 0;
    for (size_t i = 0; i < *count; i++)
        if (exact(criteria, &touches[i]))
            subjects[known++] = touches[i].subject;
    qsort(subjects, known, sizeof *subjects, by_number);
    for (size_t i = 0; i < *count; i++)
        if (!of_other_name(&touches[i]) ||
            !bsearch(&touches[i].subject, subjects, known, sizeof *subjects, by_number))
            touches[kept++] = touches[i];
    *count = kept;
    mem_free(subjects);
    return 0;
}

/* A line of a product, "Mendix 9 (V9.18)", that has the version in it. */
static bool of_line(const struct fleet_touch *t)
{
    return t->id.rule == FLEET_BY_NAME && t->id.line.len && t->id.confidence >= FLEET_SURE &&
           (t->in == PRODUCT_IN || t->in == PRODUCT_OUT);
}

static int by_subject(const void *x, const void *y)
{
    const struct fleet_touch *a = *(const struct fleet_touch *const *)x;
    const struct fleet_touch *b = *(const struct fleet_touch *const *)y;
    if (a->subject != b->subject)
        return a->subject < b->subject ? -1 : 1;
    return slice_compare(a->id.advisory, b->id.advisory);
}

/*
 * Of an advisory that lists "Mendix 9" and "Mendix 9 (V9.18)", a version 9.18.4 is of the second:
 * what is said of the product in general is said of its other lines.
 */
static int drop_general(struct fleet_touch *touches, size_t *count, struct err *e)
{
    size_t lines = 0, general = 0, kept = 0;
    for (size_t i = 0; i < *count; i++) {
        lines += of_line(&touches[i]);
        general += touches[i].id.rule == FLEET_BY_NAME && !touches[i].id.line.len;
    }
    if (lines == 0 || general == 0)
        return 0;
    struct fleet_touch **special = mem_new(lines, sizeof *special);
    struct fleet_touch *left = mem_new(*count, sizeof *left);
    if (!special || !left) {
        mem_free(special);
        mem_free(left);
        return err_memory(e);
    }
    lines = 0;
    for (size_t i = 0; i < *count; i++)
        if (of_line(&touches[i]))
            special[lines++] = &touches[i];
    qsort(special, lines, sizeof *special, by_subject);
    for (size_t i = 0; i < *count; i++) {
        const struct fleet_touch *t = &touches[i];
        bool in_general = t->id.rule == FLEET_BY_NAME && !t->id.line.len;
        if (!in_general || !bsearch(&t, special, lines, sizeof *special, by_subject))
            left[kept++] = *t;
    }
    memcpy(touches, left, kept * sizeof *left);
    *count = kept;
    mem_free(special);
    mem_free(left);
    return 0;
}

int fleet_touches_drop(const struct fleet_criteria *criteria, struct fleet_touch *touches,
                       size_t *count, struct err *e)
{
    return drop_longer_names(criteria, touches, count, e) == 0 ? drop_general(touches, count, e)
                                                               : -1;
}
