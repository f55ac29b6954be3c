/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time: a fraction may have more digits than a number of microseconds holds. */
#include "csaf/validate/moment.h"

bool csaf_moment_of(const struct json_value *value, struct csaf_moment *moment)
{
    enum { KEPT = 6 }; /* digits that the microseconds hold */
    struct slice text = json_string(value);
    size_t from, to;

    *moment = (struct csaf_moment){0};
    if (!csaf_time_of(value, &moment->time))
        return false;
    for (from = 0; from < text.len && text.data[from] != '.'; from++)
        continue;
    if (from == text.len)
        return true;
    from++;
    for (to = from; to < text.len && text.data[to] >= '0' && text.data[to] <= '9'; to++)
        continue;
    while (to > from && text.data[to - 1] == '0')
        to--;
    if (to > from + KEPT)
        moment->rest = slice_of(text.data + from + KEPT, to - from - KEPT);
    return true;
}

int csaf_moment_compare(const struct csaf_moment *a, const struct csaf_moment *b)
{
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return slice_compare(a->rest, b->rest);
}

const struct json_value *csaf_newest_revision(const struct csaf_validation *v,
                                              struct csaf_moment *moment)
{
    const struct json_value *newest = NULL;

    json_each(item, csaf_array(v->tracking, "revision_history"))
    {
        const struct json_value *date = json_get(item, "date");
        struct csaf_moment other;
        if (!csaf_moment_of(date, &other))
            continue;
        if (!newest || csaf_moment_compare(&other, moment) > 0) {
            newest = date;
            *moment = other;
        }
    }
    return newest;
}
