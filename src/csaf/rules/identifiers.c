/* SPDX-License-Identifier: Apache-2.0 */
/* Vulnerabilities are named once: CVE, and who took part when. */
#include "csaf/validate/moment.h"
#include "csaf/validate/tests.h"

/* Multiple Use of Same CVE */
void csaf_test_6_1_23(struct csaf_validation *v)
{
    struct map seen;

    map_init(&seen);
    csaf_each_vulnerability(vulnerability, v)
    {
        const struct json_value *cve = json_get(vulnerability, "cve");
        size_t line, column;
        if (!json_is(cve, JSON_STRING))
            continue;
        const struct json_value *first = map_get(&seen, json_string(cve));
        if (first) {
            json_place(v->doc, first, &line, &column);
            csaf_find(v, cve, "%s is used for another vulnerability before, in line %zu",
                      csaf_quote(v, json_string(cve)), line);
        } else if (map_set(&seen, json_string(cve), (void *)(uintptr_t)cve) < 0) {
            csaf_no_memory(v);
            break;
        }
    }
    map_fini(&seen);
}

/*
 * Who and when, as a text that is the same for the same point in time; without a date: who alone,
 * which shall be there once as well (2.0 section 3.2.3.8, 2.1 section 3.2.4.9).
 */
static struct slice tuple_of(struct csaf_validation *v, struct slice party,
                             const struct json_value *date)
{
    struct csaf_moment moment;
    const char *text;

    if (csaf_moment_of(date, &moment))
        text =
            arena_printf(v->arena, "%lld.%.*s %.*s", (long long)moment.time,
                         moment.rest.data ? (int)moment.rest.len : 0,
                         moment.rest.data ? (const char *)moment.rest.data : "", SLICE_ARG(party));
    else
        text =
            arena_printf(v->arena, "%.*s %.*s", (int)json_string(date).len,
                         date && json_string(date).data ? (const char *)json_string(date).data : "",
                         SLICE_ARG(party));
    if (!text)
        csaf_no_memory(v);
    return slice_str(text);
}

static void took_part_twice(struct csaf_validation *v, const struct json_value *involvements)
{
    struct map seen;

    if (json_count(involvements) < 2)
        return;
    map_init(&seen);
    json_each(item, involvements)
    {
        const struct json_value *date = json_get(item, "date");
        struct slice party = json_get_string(item, "party");
        size_t line, column;
        if (!party.data)
            continue;
        struct slice tuple = tuple_of(v, party, date);
        const struct json_value *first = map_get(&seen, tuple);
        if (first) {
            json_place(v->doc, first, &line, &column);
            csaf_find(v, item, "the party %s is involved %s%s before, in line %zu",
                      csaf_quote(v, party), date ? "at the same time, " : "without a date",
                      date ? csaf_quote(v, json_string(date)) : "", line);
        } else if (!tuple.data || map_set(&seen, tuple, (void *)(uintptr_t)item) < 0) {
            csaf_no_memory(v);
            break;
        }
    }
    map_fini(&seen);
}

/* Multiple Definition in Involvements */
void csaf_test_6_1_24(struct csaf_validation *v)
{
    csaf_each_vulnerability(vulnerability, v)
        took_part_twice(v, csaf_array(vulnerability, "involvements"));
}
