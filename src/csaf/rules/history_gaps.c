/* SPDX-License-Identifier: Apache-2.0 */
/* Versions that the revision history omits. Numbers may have any number of digits. */
#include "base/memory.h"
#include "csaf/validate/revision.h"
#include "csaf/validate/tests.h"

/* A gap of this many versions is told one by one; a wider one as a whole. */
enum { TOLD_ALONE = 10 };

struct gaps {
    struct csaf_validation *v;
    const struct json_value *history;
    struct map present; /* major numbers that stand anywhere in the history */
    bool semantic;
};

/* number + 1 or - 1 (of more than zero), in the arena; data NULL: no memory (said). */
static struct slice neighbour(struct csaf_validation *v, struct slice number, bool above)
{
    uint8_t *digits = arena_alloc(v->arena, number.len + 1);
    size_t i = number.len;

    if (!digits) {
        csaf_no_memory(v);
        return slice_of(NULL, 0);
    }
    digits[0] = '0';
    memcpy(digits + 1, number.data, number.len);
    for (; above ? digits[i] == '9' : digits[i] == '0'; i--)
        digits[i] = above ? '0' : '9';
    digits[i] = (uint8_t)(digits[i] + (above ? 1 : -1));
    size_t zeros = 0;
    while (zeros < number.len && digits[zeros] == '0')
        zeros++;
    return slice_of(digits + zeros, number.len + 1 - zeros);
}

static const char *version_text(const struct gaps *g, struct slice major)
{
    const char *text = csaf_quote(g->v, major);

    if (!g->semantic || major.len > 50)
        return text;
    text = arena_printf(g->v->arena, "\"%.*s.0.0\"", SLICE_ARG(major));
    if (!text)
        csaf_no_memory(g->v);
    return text ? text : "";
}

static const char *place_text(const struct gaps *g, const struct csaf_history_item *before,
                              const struct csaf_history_item *after)
{
    const char *text =
        before ? arena_printf(g->v->arena, "between %s and %s",
                              csaf_quote(g->v, json_string(before->date)),
                              csaf_quote(g->v, json_string(after->date)))
               : arena_printf(g->v->arena, "before %s", csaf_quote(g->v, json_string(after->date)));
    if (!text)
        csaf_no_memory(g->v);
    return text ? text : "";
}

/* Versions from `from` up to, without, that of after; before: the item in front of the gap. */
static void tell_gap(struct gaps *g, struct slice from, const struct csaf_history_item *before,
                     const struct csaf_history_item *after)
{
    struct slice end = after->number.part[0], version = from, last = from;
    unsigned count = 0;

    while (version.data && count < TOLD_ALONE && csaf_digits_compare(version, end) < 0) {
        last = version;
        version = neighbour(g->v, version, true);
        count++;
    }
    if (version.data && csaf_digits_compare(version, end) < 0) {
        last = neighbour(g->v, end, false);
        if (last.data)
            csaf_find(g->v, g->history,
                      "the revision history has no items for versions %s to %s %s",
                      version_text(g, from), version_text(g, last), place_text(g, before, after));
        return;
    }
    for (version = from; version.data && count > 0; count--) {
        if (map_get(&g->present, version))
            csaf_find(g->v, g->history, "by its date the item of version %s does not stand %s",
                      version_text(g, version), place_text(g, before, after));
        else
            csaf_find(g->v, g->history, "the revision history has no item for version %s at all",
                      version_text(g, version));
        version = neighbour(g->v, version, true);
    }
}

static bool note_present(struct gaps *g, const struct csaf_history *h)
{
    for (size_t i = 0; i < h->count; i++)
        if (map_set(&g->present, h->at[i].number.part[0], &h->at[i]) < 0) {
            csaf_no_memory(g->v);
            return false;
        }
    return true;
}

static void find_gaps(struct gaps *g, const struct csaf_history *h)
{
    const struct csaf_history_item *highest = &h->at[0];
    struct slice major = highest->number.part[0];

    if (!slice_is(major, "0") && !slice_is(major, "1")) {
        csaf_find(g->v, g->history,
                  "by its dates the revision history begins with version %s, not with %s",
                  csaf_quote(g->v, json_string(highest->number_value)),
                  g->semantic ? "0.y.z or 1.0.0" : "0 or 1");
        tell_gap(g, slice_str("1"), NULL, highest);
    }
    for (size_t i = 1; i < h->count; i++) {
        const struct csaf_history_item *r = &h->at[i];
        if (csaf_digits_compare(r->number.part[0], highest->number.part[0]) <= 0)
            continue;
        struct slice next = neighbour(g->v, highest->number.part[0], true);
        if (!next.data)
            return;
        if (csaf_digits_compare(next, r->number.part[0]) < 0)
            tell_gap(g, next, highest, r);
        highest = r;
    }
}

/* Missing Item in Revision History */
void csaf_test_6_1_21(struct csaf_validation *v)
{
    struct gaps g = {.v = v, .history = csaf_array(v->tracking, "revision_history")};
    const struct csaf_history *h = csaf_history_sorted(v);

    if (!h)
        return;
    map_init(&g.present);
    if (h->count > 0 && note_present(&g, h)) {
        g.semantic = h->at[0].number.semantic;
        find_gaps(&g, h);
    }
    map_fini(&g.present);
}
