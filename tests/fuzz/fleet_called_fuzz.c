/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/criteria_called.h"
#include "fleet/criteria_spelled.h"
#include "fleet/match_identify.h"
#include "fleet/match_words.h"
#include "fleet/name_short.h"
#include "fleet/name_version.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two vendors are one or not, whichever is asked first. */
static void vendors(struct arena *a, struct slice x, struct slice y)
{
    struct fleet_name first, second;
    struct fleet_vendor one, other;
    struct err e = {0};
    int cost, back;
    if (fleet_name_normalise(a, FLEET_NAME_VENDOR, x, &first, &e) != 0 ||
        fleet_name_normalise(a, FLEET_NAME_VENDOR, y, &second, &e) != 0 ||
        fleet_vendor_make(a, &first, &one, &e) != 0 ||
        fleet_vendor_make(a, &second, &other, &e) != 0)
        return;
    if (fleet_vendor_compare(&one, &other, NULL, &cost) !=
            fleet_vendor_compare(&other, &one, NULL, &back) ||
        cost != back)
        abort();
    if (one.count && fleet_vendor_compare(&one, &one, NULL, NULL) < FLEET_VENDOR_ALIAS)
        abort();
}

static bool within(struct slice part, struct slice whole)
{
    return part.len > 0 && part.data >= whole.data &&
           part.data + part.len <= whole.data + whole.len;
}

/* What owners write for it: never empty, never much longer, and what is cut off lies within it. */
static void spellings(struct arena *a, struct slice called)
{
    struct fleet_spelled_list list;
    struct slice models[FLEET_SPELLED_MODELS], boxes, full;
    struct fleet_name name;
    struct err e = {0};
    if (fleet_spelled_make(a, called, &list, &e) == 0)
        for (size_t i = 0; i < list.count; i++)
            if (list.at[i].len == 0 || list.at[i].len > called.len + 8)
                abort();
    if (fleet_spelled_boxes(a, called, &boxes, &e) == 0 && boxes.len > called.len)
        abort();
    int count = fleet_spelled_models(a, called, models, &e);
    for (int i = 0; i < count; i++)
        if (models[i].len == 0 || models[i].len > called.len)
            abort();
    if (fleet_name_normalise(a, FLEET_NAME_PRODUCT, called, &name, &e) != 0 || name.count == 0)
        return;
    struct slice form = name.forms[0].text, front, line, more;
    struct fleet_named_version named;
    for (int software = 0; software < 2; software++)
        if (fleet_name_version(form, software, &named) &&
            (!within(named.front, form) || !within(named.line, form) || !within(named.text, form)))
            abort();
    if (fleet_spelled_generation(form, &front, &line) &&
        (!within(front, form) || !within(line, form)))
        abort();
    if (fleet_spelled_further(called, slice_of(called.data, called.len / 2), &more) &&
        !within(more, called))
        abort();
    if (fleet_name_written_out(a, form, &full, &e) == 0 && full.len && full.len <= 2)
        abort();
    if (fleet_spelled_initials(a, form, &list, &e) == 0 && list.count > FLEET_SPELLED)
        abort();
    (void)fleet_words_but_one(slice_of(form.data, form.len / 2), form);
    (void)fleet_words_brands_in_front(form,
                                      slice_of(form.data + form.len / 2, form.len - form.len / 2));
}

/* Any bytes as a product's name in an advisory: what else it is called is never empty, and a
 * version at its end lies within it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct err e = {0};
    struct fleet_called_list list;
    struct slice called = slice_of(data, size), front, version;
    arena_init(&a, 0);
    if (fleet_called_make(&a, called, &list, &e) == 0) {
        if (list.count > FLEET_CALLED)
            abort();
        for (size_t i = 0; i < list.count; i++)
            if (list.at[i].text.len < 2 || list.at[i].text.len > 2 * size + 2)
                abort();
    }
    if (fleet_called_version(called, &front, &version) &&
        (front.len == 0 || version.len == 0 || front.len + version.len > size))
        abort();
    spellings(&a, called);
    vendors(&a, slice_of(data, size / 2), slice_of(data + size / 2, size - size / 2));
    arena_fini(&a);
    return 0;
}
