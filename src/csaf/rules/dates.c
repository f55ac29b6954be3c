/* SPDX-License-Identifier: Apache-2.0 */
/* Dates: written as the standard wants them, and none newer than the document knows. */
#include "csaf/validate/revision.h"
#include "csaf/validate/tests.h"

/* What a date-time of section 2.2 looks like, where it is not what `text` is; NULL: it is. */
static const char *flaw_of(struct slice text)
{
    static const char pattern[] = "dddd-dd-ddTdd:dd:dd";
    size_t i = 0;

    for (; i < sizeof pattern - 1; i++) {
        uint8_t c = i < text.len ? text.data[i] : 0;
        bool right = pattern[i] == 'd' ? c >= '0' && c <= '9' : c == (uint8_t)pattern[i];
        if (!right)
            return pattern[i] == 'T' ? "date and time are separated by an upper case T"
                                     : "the form is 2026-11-22T04:00:00Z";
    }
    if (text.data[17] == '6' && text.data[18] == '0')
        return "leap seconds are not allowed";
    if (i < text.len && text.data[i] == '.') {
        size_t from = ++i;
        while (i < text.len && text.data[i] >= '0' && text.data[i] <= '9')
            i++;
        if (i == from)
            return "there are no digits behind the full stop";
    }
    if (i == text.len)
        return "the time zone is missing";
    if (text.data[i] == 'z')
        return "the time zone UTC is an upper case Z";
    if (text.data[i] != 'Z' && text.data[i] != '+' && text.data[i] != '-')
        return "the time zone is Z or an offset such as +02:00";
    return NULL;
}

static void date_time(struct csaf_validation *v, const struct json_value *value, void *context)
{
    struct slice text = json_string(value);
    int64_t time;

    (void)context;
    if (!json_is(value, JSON_STRING))
        return; /* the schema says so */
    const char *flaw = flaw_of(text);
    if (!flaw && !csaf_time_of(value, &time))
        flaw = "there is no such day, time or time zone";
    if (flaw)
        csaf_find(v, value, "%s is no date-time of CSAF: %s", csaf_quote(v, text), flaw);
}

/* Date and Time */
void csaf_test_6_1_37(struct csaf_validation *v)
{
    static const char *const paths[] = {
        "document.tracking.current_release_date",
        "document.tracking.generator.date",
        "document.tracking.initial_release_date",
        "document.tracking.revision_history[].date",
        "vulnerabilities[].disclosure_date",
        "vulnerabilities[].discovery_date",
        "vulnerabilities[].first_known_exploitation_dates[].date",
        "vulnerabilities[].first_known_exploitation_dates[].exploitation_date",
        "vulnerabilities[].flags[].date",
        "vulnerabilities[].involvements[].date",
        "vulnerabilities[].metrics[].content.epss.timestamp",
        "vulnerabilities[].metrics[].content.ssvc_v2.timestamp",
        "vulnerabilities[].remediations[].date",
        "vulnerabilities[].threats[].date",
        NULL};

    csaf_visit_all(v, paths, date_time, NULL);
}

struct newest {
    const struct json_value *date;
    struct csaf_moment moment;
};

static void not_newer(struct csaf_validation *v, const struct json_value *value, void *context)
{
    const struct newest *newest = context;
    struct csaf_moment moment;

    if (!csaf_moment_of(value, &moment) || csaf_moment_compare(&moment, &newest->moment) <= 0)
        return;
    csaf_find(v, value,
              "%.*s %s is newer than the newest item of the revision history (%s) of a document "
              "that is %s",
              SLICE_ARG(json_name(value)), csaf_quote(v, json_string(value)),
              csaf_quote(v, json_string(newest->date)), csaf_quote(v, csaf_tracking_status_of(v)));
    csaf_suggest(v, "correct the date, or add the revision that made it known");
}

static void none_newer(struct csaf_validation *v, const char *const *paths)
{
    struct newest newest;

    if (!csaf_is_released(v))
        return;
    newest.date = csaf_newest_revision(v, &newest.moment);
    if (newest.date)
        csaf_visit_all(v, paths, not_newer, &newest);
}

/* Inconsistent Disclosure Date */
void csaf_test_6_1_45(struct csaf_validation *v)
{
    static const char *const paths[] = {"vulnerabilities[].disclosure_date", NULL};

    if (slice_is(csaf_tlp_label(v), "CLEAR"))
        none_newer(v, paths);
}

/* Inconsistent EPSS Timestamp */
void csaf_test_6_1_51(struct csaf_validation *v)
{
    static const char *const paths[] = {"vulnerabilities[].metrics[].content.epss.timestamp", NULL};

    none_newer(v, paths);
}

/* Inconsistent First Known Exploitation Dates */
void csaf_test_6_1_52(struct csaf_validation *v)
{
    static const char *const paths[] = {
        "vulnerabilities[].first_known_exploitation_dates[].date",
        "vulnerabilities[].first_known_exploitation_dates[].exploitation_date", NULL};

    none_newer(v, paths);
}

static void exploited_before_known(struct csaf_validation *v, const struct json_value *item,
                                   void *context)
{
    const struct json_value *date = json_get(item, "date");
    const struct json_value *exploited = json_get(item, "exploitation_date");
    struct csaf_moment known, happened;

    (void)context;
    if (csaf_moment_of(date, &known) && csaf_moment_of(exploited, &happened) &&
        csaf_moment_compare(&happened, &known) > 0)
        csaf_find(v, exploited, "the exploitation (%s) is newer than what tells of it (%s)",
                  csaf_quote(v, json_string(exploited)), csaf_quote(v, json_string(date)));
}

/* Inconsistent Exploitation Date */
void csaf_test_6_1_53(struct csaf_validation *v)
{
    csaf_visit(v, "vulnerabilities[].first_known_exploitation_dates[]", exploited_before_known,
               NULL);
}
