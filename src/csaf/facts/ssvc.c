/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/facts/ssvc.h"
#include "csaf/facts/tables.h"

#include "base/clock.h"

#include <stdio.h>

#define FIRST_FILES 20231114 /* when definitions became files */

static const char *text_of(uint16_t place)
{
    return csaf_table_ssvc_names + place;
}

void csaf_ssvc_namespace_read(struct slice text, struct csaf_ssvc_namespace *out)
{
    *out = (struct csaf_ssvc_namespace){.base = text};
    const uint8_t *slash = text.len ? memchr(text.data, '/', text.len) : NULL;
    if (slash) {
        out->base.len = (size_t)(slash - text.data);
        out->extension = slice_of(slash, text.len - out->base.len);
    }
    struct slice core = out->base;
    const uint8_t *hash = core.len ? memchr(core.data, '#', core.len) : NULL;
    if (hash)
        core.len = (size_t)(hash - core.data);
    for (size_t i = 0; i < csaf_table_ssvc_namespace_count; i++)
        out->registered = out->registered || slice_is(core, csaf_table_ssvc_namespaces[i]);
    out->for_tests = slice_is(core, "example") || slice_is(core, "test");
    out->invalid = slice_is(core, "invalid") || slice_is(core, "x_invalid");
}

/* Version as "1.0.0" exactly. */
void csaf_ssvc_point_version(int point, char text[16])
{
    const uint8_t *v = csaf_table_ssvc_points[point].version;
    snprintf(text, 16, "%u.%u.%u", v[0], v[1], v[2]);
}

/* Index of the first version of the decision point; *count: how many follow one another. */
static int versions_of(struct slice base, struct slice key, size_t *count)
{
    int first = -1;
    *count = 0;
    for (size_t i = 0; i < csaf_table_ssvc_point_count; i++)
        if (slice_is(base, text_of(csaf_table_ssvc_points[i].namespace)) &&
            slice_is(key, text_of(csaf_table_ssvc_points[i].key))) {
            if (first < 0)
                first = (int)i;
            ++*count;
        }
    return first;
}

int csaf_ssvc_point_find(struct slice base, struct slice key, struct slice version)
{
    size_t count;
    int first = versions_of(base, key, &count);
    for (int i = first; i < first + (int)count; i++) {
        char text[16];
        csaf_ssvc_point_version(i, text);
        if (slice_is(version, text))
            return i;
    }
    return -1;
}

int csaf_ssvc_point_at(struct slice base, struct slice key, int64_t time)
{
    char text[TIME_TEXT];
    uint32_t day = 0;
    time_format(time, text);
    for (int i = 0; i < 10; i++)
        if (text[i] != '-')
            day = day * 10 + (uint32_t)(text[i] - '0');
    size_t count;
    int first = versions_of(base, key, &count);
    for (int i = first + (int)count - 1; first >= 0 && i >= first; i--)
        if (csaf_table_ssvc_points[i].day <= day || csaf_table_ssvc_points[i].day <= FIRST_FILES)
            return i;
    return -1;
}

enum csaf_ssvc_flaw csaf_ssvc_check(const struct csaf_ssvc_namespace *space, struct slice key,
                                    struct slice version, const struct slice *values, size_t count,
                                    int *point, size_t *at)
{
    *point = -1;
    *at = 0;
    if (space->invalid)
        return CSAF_SSVC_INVALID_NAMESPACE;
    if (!space->registered || space->for_tests)
        return CSAF_SSVC_NOT_CHECKED;
    size_t versions;
    if (versions_of(space->base, key, &versions) < 0)
        return CSAF_SSVC_UNKNOWN_KEY;
    *point = csaf_ssvc_point_find(space->base, key, version);
    if (*point < 0)
        return CSAF_SSVC_UNKNOWN_VERSION;
    size_t defined = csaf_ssvc_value_count(*point);
    size_t next = 0; /* the first value that may still come */
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < defined && !slice_is(values[i], csaf_ssvc_value_key(*point, k)))
            k++;
        *at = i;
        if (k == defined)
            return CSAF_SSVC_UNKNOWN_VALUE;
        if (k + 1 == next)
            return CSAF_SSVC_DUPLICATE_VALUE;
        if (k < next)
            return CSAF_SSVC_WRONG_ORDER;
        next = k + 1;
    }
    return CSAF_SSVC_FINE;
}

const char *csaf_ssvc_point_name(int point)
{
    return text_of(csaf_table_ssvc_points[point].name);
}

size_t csaf_ssvc_value_count(int point)
{
    return csaf_table_ssvc_points[point].value_count;
}

const char *csaf_ssvc_value_key(int point, size_t value)
{
    return text_of(csaf_table_ssvc_values[csaf_table_ssvc_points[point].value + value].key);
}

const char *csaf_ssvc_value_name(int point, size_t value)
{
    return text_of(csaf_table_ssvc_values[csaf_table_ssvc_points[point].value + value].name);
}
