/* SPDX-License-Identifier: Apache-2.0 */
/* Recommended: the dates and the history fit each other. */
#include "base/clock.h"
#include "csaf/validate/tests.h"

/* Build Metadata in Revision History */
void csaf_test_6_2_4(struct csaf_validation *v)
{
    const struct json_value *history = json_get(v->tracking, "revision_history");

    json_each(item, history)
    {
        const struct json_value *number = json_get(item, "number");
        struct slice text = json_string(number);
        if (text.len && memchr(text.data, '+', text.len))
            csaf_find(v, number, "revision number %s has build metadata", csaf_quote(v, text));
    }
}

/* The oldest and the newest date of the history; NULL when it has none. */
struct span {
    const struct json_value *oldest, *newest;
    int64_t from, to;
};

static struct span history_span(const struct csaf_validation *v)
{
    struct span s = {0};
    int64_t at;

    json_each(item, json_get(v->tracking, "revision_history"))
    {
        const struct json_value *date = json_get(item, "date");
        if (!csaf_time_of(date, &at))
            continue;
        if (!s.oldest || at < s.from) {
            s.oldest = date;
            s.from = at;
        }
        if (!s.newest || at > s.to) {
            s.newest = date;
            s.to = at;
        }
    }
    return s;
}

static void older(struct csaf_validation *v, const char *member, const struct json_value *than,
                  int64_t limit, const char *which)
{
    const struct json_value *date = json_get(v->tracking, member);
    int64_t at;

    if (than && csaf_time_of(date, &at) && at < limit) {
        csaf_find(v, date, "%s %s is older than the %s revision, of %s", member,
                  csaf_quote(v, json_string(date)), which, csaf_quote(v, json_string(than)));
    }
}

/* Older Initial Release Date than Revision History */
void csaf_test_6_2_5(struct csaf_validation *v)
{
    struct span s = history_span(v);
    older(v, "initial_release_date", s.oldest, s.from, "oldest");
}

/* Older Current Release Date than Revision History */
void csaf_test_6_2_6(struct csaf_validation *v)
{
    struct span s = history_span(v);
    older(v, "current_release_date", s.newest, s.to, "newest");
}

/* Same Timestamps in Revision History */
void csaf_test_6_2_21(struct csaf_validation *v)
{
    const struct json_value *history = json_get(v->tracking, "revision_history");
    size_t count = json_count(history), used = 0;
    int64_t *times = arena_new(v->arena, count + 1, sizeof *times);
    struct map seen;

    if (!times) {
        csaf_no_memory(v);
        return;
    }
    map_init(&seen);
    json_each(item, history)
    {
        const struct json_value *date = json_get(item, "date");
        if (!csaf_time_of(date, &times[used]))
            continue;
        struct slice key = slice_of(&times[used++], sizeof times[0]);
        const struct json_value *first = map_get(&seen, key);
        if (first)
            csaf_find(v, date, "this revision has the same time as another, %s",
                      csaf_quote(v, json_string(first)));
        else if (map_set(&seen, key, (void *)(uintptr_t)date) < 0)
            csaf_no_memory(v);
    }
    map_fini(&seen);
}

/* Disclosure Date Newer than Revision History */
void csaf_test_6_2_33(struct csaf_validation *v)
{
    struct span s = history_span(v);
    int64_t at;

    if (!s.newest)
        return;
    json_each(vulnerability, v->vulnerabilities)
    {
        const struct json_value *date = json_get(vulnerability, "disclosure_date");
        if (csaf_time_of(date, &at) && at < v->now && at > s.to)
            csaf_find(v, date,
                      "it was disclosed at %s, and no revision since then says so (the newest is "
                      "of %s)",
                      csaf_quote(v, json_string(date)), csaf_quote(v, json_string(s.newest)));
    }
}

/* Old EPSS Timestamp */
void csaf_test_6_2_41(struct csaf_validation *v)
{
    enum { DAYS = 15 };
    struct span s = history_span(v);
    struct slice status = csaf_tracking_status_of(v);

    if (!s.newest || !(slice_is(status, "final") || slice_is(status, "interim")))
        return;
    json_each(vulnerability, v->vulnerabilities)
    {
        const struct json_value *youngest = NULL;
        int64_t newest = 0, at;
        json_each(metric, json_get(vulnerability, "metrics"))
        {
            const struct json_value *time =
                json_get(json_get(json_get(metric, "content"), "epss"), "timestamp");
            if (csaf_time_of(time, &at) && (!youngest || at > newest)) {
                youngest = time;
                newest = at;
            }
        }
        if (youngest && newest < s.to - DAYS * INT64_C(86400000000))
            csaf_find(v, youngest,
                      "the youngest EPSS value, of %s, is over %d days older than the newest "
                      "revision, of %s",
                      csaf_quote(v, json_string(youngest)), DAYS,
                      csaf_quote(v, json_string(s.newest)));
    }
}
