/* SPDX-License-Identifier: Apache-2.0 */
/* The revision history: in order, complete, and ending in the version that the document has. */
#include "csaf/validate/revision.h"
#include "csaf/validate/tests.h"

/* Sorted Revision History */
void csaf_test_6_1_14(struct csaf_validation *v)
{
    const struct csaf_history *h = csaf_history_sorted(v);

    if (!h)
        return;
    for (size_t i = 1; i < h->count; i++) {
        const struct csaf_history_item *before = &h->at[i - 1], *after = &h->at[i];
        if (csaf_number_compare(&before->number, &after->number) <= 0)
            continue;
        csaf_find(v, csaf_array(v->tracking, "revision_history"),
                  "by their dates version %s (%s) comes before version %s (%s)",
                  csaf_quote(v, json_string(before->number_value)),
                  csaf_quote(v, json_string(before->date)),
                  csaf_quote(v, json_string(after->number_value)),
                  csaf_quote(v, json_string(after->date)));
        csaf_suggest(v, "give the versions numbers in the order of their dates, or correct a date");
        break;
    }
}

/* Same but for build metadata, and with drafts but for the pre-release part. */
static bool same_number(const struct csaf_number *a, const struct csaf_number *b, bool draft)
{
    return a->semantic == b->semantic && slice_equal(a->part[0], b->part[0]) &&
           slice_equal(a->part[1], b->part[1]) && slice_equal(a->part[2], b->part[2]) &&
           (draft || slice_equal(a->pre_release, b->pre_release));
}

/* Latest Document Version */
void csaf_test_6_1_16(struct csaf_validation *v)
{
    const struct json_value *version = json_get(v->tracking, "version");
    struct csaf_number number;
    const struct csaf_history *h;

    if (!csaf_number_of(version, &number) || !(h = csaf_history_sorted(v)))
        return;
    if (h->count > 0) {
        const struct csaf_history_item *last = &h->at[h->count - 1];
        bool draft = slice_is(csaf_tracking_status_of(v), "draft");
        if (!same_number(&number, &last->number, draft)) {
            csaf_find(v, version,
                      "the document's version is %s, but the newest of its revision history (of "
                      "%s) is %s",
                      csaf_quote(v, json_string(version)), csaf_quote(v, json_string(last->date)),
                      csaf_quote(v, json_string(last->number_value)));
            csaf_suggest(v,
                         "set the version to %s, or add the missing item to the revision history",
                         csaf_quote(v, json_string(last->number_value)));
        }
    }
}

/* Document Status Draft */
void csaf_test_6_1_17(struct csaf_validation *v)
{
    const struct json_value *version = json_get(v->tracking, "version");
    const struct json_value *status = json_get(v->tracking, "status");
    struct csaf_number number;

    if (!csaf_number_of(version, &number) || slice_is(json_string(status), "draft") ||
        (!csaf_number_is_zero(&number) && !number.pre_release.len))
        return;
    const char *why = number.pre_release.len ? "has a pre-release part" : "is before version 1";
    if (status)
        csaf_find(v, status, "the status is %s, but version %s %s, which is for drafts only",
                  csaf_quote(v, json_string(status)), csaf_quote(v, json_string(version)), why);
    else
        csaf_find_under(v, v->tracking, "status", "version %s %s, but the status is not \"draft\"",
                        csaf_quote(v, json_string(version)), why);
    csaf_suggest(v, "set the status to \"draft\", or give the document a version from 1 on");
}

/* Released Revision History */
void csaf_test_6_1_18(struct csaf_validation *v)
{
    if (!csaf_is_released(v))
        return;
    json_each(item, csaf_array(v->tracking, "revision_history"))
    {
        const struct json_value *value = json_get(item, "number");
        struct csaf_number number;
        if (!csaf_number_of(value, &number) || !csaf_number_is_zero(&number))
            continue;
        csaf_find(v, value,
                  "version %s of the revision history is from before the first release, but the "
                  "document is %s",
                  csaf_quote(v, json_string(value)), csaf_quote(v, csaf_tracking_status_of(v)));
        csaf_suggest(v, "remove this item: versions 0 and 0.y.z belong to drafts");
    }
}

/* Revision History Entries for Pre-release Versions */
void csaf_test_6_1_19(struct csaf_validation *v)
{
    json_each(item, csaf_array(v->tracking, "revision_history"))
    {
        const struct json_value *value = json_get(item, "number");
        struct csaf_number number;
        if (!csaf_number_of(value, &number) || !number.pre_release.len)
            continue;
        csaf_find(v, value, "version %s of the revision history is a pre-release (%s)",
                  csaf_quote(v, json_string(value)), csaf_quote(v, number.pre_release));
        csaf_suggest(v, "merge it into the item of version \"%.*s.%.*s.%.*s\"",
                     SLICE_ARG(number.part[0]), SLICE_ARG(number.part[1]),
                     SLICE_ARG(number.part[2]));
    }
}

/* Non-Draft Document Version */
void csaf_test_6_1_20(struct csaf_validation *v)
{
    const struct json_value *version = json_get(v->tracking, "version");
    struct csaf_number number;

    if (!csaf_is_released(v) || !csaf_number_of(version, &number) || !number.pre_release.len)
        return;
    csaf_find(v, version, "version %s has the pre-release part %s, but the document is %s",
              csaf_quote(v, json_string(version)), csaf_quote(v, number.pre_release),
              csaf_quote(v, csaf_tracking_status_of(v)));
    csaf_suggest(v, "remove the pre-release part, or set the status to \"draft\"");
}

/* Multiple Definition in Revision History */
void csaf_test_6_1_22(struct csaf_validation *v)
{
    struct map numbers;

    map_init(&numbers);
    json_each(item, csaf_array(v->tracking, "revision_history"))
    {
        const struct json_value *number = json_get(item, "number");
        size_t line, column;
        if (!json_is(number, JSON_STRING))
            continue;
        const struct json_value *first = map_get(&numbers, json_string(number));
        if (first) {
            json_place(v->doc, first, &line, &column);
            csaf_find(v, number, "version %s stands in the revision history before, in line %zu",
                      csaf_quote(v, json_string(number)), line);
        } else if (map_set(&numbers, json_string(number), (void *)(uintptr_t)number) < 0) {
            csaf_no_memory(v);
            break;
        }
    }
    map_fini(&numbers);
}

static const char *kind(const struct csaf_number *number)
{
    return number->semantic ? "semantic" : "integer";
}

/* Mixed Integer and Semantic Versioning */
void csaf_test_6_1_30(struct csaf_validation *v)
{
    const struct json_value *history = csaf_array(v->tracking, "revision_history");
    const struct json_value *version = json_get(v->tracking, "version");
    const struct json_value *last = NULL, *differing = NULL;
    struct csaf_number number, last_number = {0};

    json_each(item, history)
    {
        const struct json_value *value = json_get(item, "number");
        if (!csaf_number_of(value, &number))
            continue;
        if (last && !differing && number.semantic != last_number.semantic) {
            differing = value;
            csaf_find(v, history,
                      "the revision history begins with %s versioning (%s) and goes on with %s "
                      "versioning (%s)",
                      kind(&last_number), csaf_quote(v, json_string(last)), kind(&number),
                      csaf_quote(v, json_string(value)));
        }
        last = value;
        last_number = number;
    }
    if (last && csaf_number_of(version, &number) && number.semantic != last_number.semantic)
        csaf_find(v, version, "version %s is %s versioning, but the revision history ends with %s",
                  csaf_quote(v, json_string(version)), kind(&number),
                  csaf_quote(v, json_string(last)));
}
