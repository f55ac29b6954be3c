/* SPDX-License-Identifier: Apache-2.0 */
/* Scores: CVSS with its vector spelt out, EPSS, SSVC, severity in words. */
#include "csaf/facts/cvss.h"
#include "csaf/view/view_internal.h"

#include <stdio.h>
#include <strings.h>

/* 2.0 has scores with cvss_v2, cvss_v3; 2.1 has metrics with content. */
static const struct json_value *list_of(const struct json_value *vulnerability)
{
    const struct json_value *metrics = json_get(vulnerability, "metrics");
    return metrics ? metrics : json_get(vulnerability, "scores");
}

static const struct json_value *content_of(const struct json_value *metric)
{
    const struct json_value *content = json_get(metric, "content");
    return content ? content : metric;
}

enum view_tone view_severity_tone(struct slice word)
{
    static const struct {
        const char *word;
        enum view_tone tone;
    } known[] = {{"critical", VIEW_CRITICAL}, {"high", VIEW_HIGH},       {"important", VIEW_HIGH},
                 {"medium", VIEW_MEDIUM},     {"moderate", VIEW_MEDIUM}, {"low", VIEW_LOW},
                 {"none", VIEW_LOW}};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (word.len == strlen(known[i].word) &&
            strncasecmp((const char *)word.data, known[i].word, word.len) == 0)
            return known[i].tone;
    return VIEW_FAINT;
}

/* The score as the vector says it, where it can be read (CSAF 2.1 section 9.1.11 wants the vector
 * preferred); else as the document says it. */
static struct view_score score_of(const struct json_value *cvss)
{
    struct view_score s = {.tenths = -1, .tone = VIEW_FAINT};
    struct csaf_cvss parsed;
    struct csaf_cvss_scores tenths;
    struct err ignored = {0};
    double number;
    if (!json_is(cvss, JSON_OBJECT))
        return s;
    s.version = json_get_string(cvss, "version");
    s.vector = json_get_string(cvss, "vectorString");
    if (s.vector.len && csaf_cvss_parse(&parsed, s.vector, &ignored) == 0 &&
        csaf_cvss_score(&parsed, &tenths) == 0)
        s.tenths = tenths.base;
    else if (json_double(json_get(cvss, "baseScore"), &number) && number >= 0 && number <= 10)
        s.tenths = (int)(number * 10 + 0.5);
    if (s.tenths >= 0) {
        const char *word = csaf_cvss_severity(s.tenths);
        bool words = !slice_is(s.version, "2.0"); /* 2.0 has no words for its scores */
        s.severity = words ? word : NULL;
        s.tone = view_severity_tone(slice_str(word));
    }
    return s;
}

struct view_score view_worst_score(const struct json_value *vulnerability)
{
    static const char *const kinds[] = {"cvss_v4", "cvss_v3", "cvss_v2"};
    struct view_score worst = {.tenths = -1}, old = {.tenths = -1};
    json_each(metric, list_of(vulnerability)) for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
    {
        struct view_score s = score_of(json_get(content_of(metric), kinds[i]));
        struct view_score *than = slice_is(s.version, "2.0") ? &old : &worst;
        if (s.tenths > than->tenths)
            *than = s;
    }
    return worst.tenths >= 0 ? worst : old; /* of 2.0 only where there is no other */
}

/* "attackVector" as "Attack vector" */
static void say_member(struct view *v, const char *member)
{
    static const struct {
        const char *prefix, *words;
    } systems[] = {{"vuln", "Vulnerable system: "}, {"sub", "Subsequent systems: "}};
    char words[80];
    size_t at = 0;
    for (size_t i = 0; i < ARRAY_LEN(systems); i++) {
        size_t len = strlen(systems[i].prefix);
        if (strncmp(member, systems[i].prefix, len) == 0 && member[len] >= 'A' &&
            member[len] <= 'Z') {
            at = strlen(systems[i].words);
            memcpy(words, systems[i].words, at);
            words[at++] = (char)(member[len] | 0x20);
            member += len + 1;
        }
    }
    for (const char *c = member; *c && at + 3 < sizeof words; c++) {
        bool upper = *c >= 'A' && *c <= 'Z';
        if (upper && at)
            words[at++] = ' ';
        words[at] = (char)(at == 0 ? (*c & ~0x20) : upper ? *c | 0x20 : *c);
        at++;
    }
    words[at] = 0;
    view_say(v, VIEW_FAINT, slice_str(words));
}

static void say_value(struct view *v, const char *name)
{
    char words[80];
    size_t at = 0;
    for (const char *c = name; *c && at + 1 < sizeof words; c++)
        words[at++] = (char)(*c == '_' ? ' ' : *c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
    words[at] = 0;
    view_say(v, VIEW_PLAIN, slice_str(words));
}

static void spell(struct view *v, struct slice vector)
{
    struct csaf_cvss cvss;
    struct err e = {0};
    size_t count;
    bool any = false;
    if (csaf_cvss_parse(&cvss, vector, &e) != 0) {
        view_open(v, VIEW_LINE);
        view_say(v, VIEW_FAINT, slice_str("This vector cannot be read: "));
        view_say(v, VIEW_FAINT, slice_str(e.text));
        view_close(v, VIEW_LINE);
        return;
    }
    const struct csaf_cvss_metric *metrics = csaf_cvss_metrics(cvss.version, &count);
    view_open(v, VIEW_LINE);
    for (size_t i = 0; i < count; i++) {
        const char *name = csaf_cvss_name(&cvss, (int)i);
        if (cvss.value[i] == 0 || strcmp(name, "NOT_DEFINED") == 0)
            continue;
        view_say(v, VIEW_FAINT, slice_str(any ? " \xc2\xb7 " : ""));
        say_member(v, metrics[i].member);
        VIEW_SAY(v, " ");
        say_value(v, name);
        any = true;
    }
    view_close(v, VIEW_LINE);
}

static void cvss(struct view *v, const struct json_value *value)
{
    if (!json_is(value, JSON_OBJECT))
        return;
    struct view_score s = score_of(value);
    struct slice said = json_number(json_get(value, "baseScore"));
    view_open(v, VIEW_LINE);
    view_say(v, VIEW_STRONG, slice_str("CVSS "));
    view_say(v, VIEW_STRONG, s.version);
    VIEW_SAY(v, " ");
    if (s.tenths >= 0)
        view_printf(v, s.tone, "%d.%d%s%s", s.tenths / 10, s.tenths % 10, s.severity ? " " : "",
                    s.severity ? s.severity : "");
    if (said.len && s.tenths >= 0 && !csaf_cvss_score_is(said, s.tenths)) {
        view_say(v, VIEW_FAINT, slice_str(" (the document says "));
        view_say(v, VIEW_FAINT, said);
        view_say(v, VIEW_FAINT, slice_str(", the vector says otherwise)"));
    }
    VIEW_SAY(v, " ");
    view_say(v, VIEW_CODE, s.vector);
    view_close(v, VIEW_LINE);
    if (s.vector.len)
        spell(v, s.vector);
}

static void line(struct view *v, const char *label, struct slice text, enum view_tone tone)
{
    if (text.len == 0)
        return;
    view_open(v, VIEW_LINE);
    view_say(v, VIEW_STRONG, slice_str(label));
    VIEW_SAY(v, " ");
    view_say(v, tone, text);
    view_close(v, VIEW_LINE);
}

static void ssvc(struct view *v, const struct json_value *list)
{
    if (!json_is(list, JSON_OBJECT))
        return;
    view_open(v, VIEW_LINE);
    view_say(v, VIEW_STRONG, slice_str("SSVC "));
    json_each(selection, json_get(list, "selections"))
    {
        struct slice name = json_get_string(selection, "name");
        view_say(v, VIEW_FAINT, name.len ? name : json_get_string(selection, "key"));
        json_each(value, json_get(selection, "values"))
        {
            struct slice chosen = json_get_string(value, "name");
            VIEW_SAY(v, " ");
            view_say(v, VIEW_PLAIN, chosen.len ? chosen : json_get_string(value, "key"));
        }
        VIEW_SAY(v, "; ");
    }
    struct slice time = json_get_string(list, "timestamp");
    if (time.len)
        view_time(v, time);
    view_close(v, VIEW_LINE);
}

static void epss(struct view *v, const struct json_value *value)
{
    if (!json_is(value, JSON_OBJECT))
        return;
    view_open(v, VIEW_LINE);
    view_say(v, VIEW_STRONG, slice_str("EPSS "));
    VIEW_SAY(v, "probability ");
    view_say(v, VIEW_PLAIN, json_get_string(value, "probability"));
    VIEW_SAY(v, ", percentile ");
    view_say(v, VIEW_PLAIN, json_get_string(value, "percentile"));
    VIEW_SAY(v, ", ");
    view_time(v, json_get_string(value, "timestamp"));
    view_close(v, VIEW_LINE);
}

void view_metrics(struct view *v, const struct json_value *vulnerability,
                  const struct json_value *affected)
{
    const struct json_value *list = list_of(vulnerability);
    if (json_count(list) == 0)
        return;
    view_heading(v, VIEW_SUBHEADING, "How bad");
    json_each(metric, list)
    {
        const struct json_value *content = content_of(metric);
        struct slice severity = json_get_string(content, "qualitative_severity_rating");
        cvss(v, json_get(content, "cvss_v4"));
        cvss(v, json_get(content, "cvss_v3"));
        cvss(v, json_get(content, "cvss_v2"));
        line(v, "Severity", severity, view_severity_tone(severity));
        epss(v, json_get(content, "epss"));
        ssvc(v, json_get(content, "ssvc_v2"));
        struct slice source = json_get_string(metric, "source");
        if (source.len) {
            view_open(v, VIEW_LINE);
            VIEW_SAY(v, "Source: ");
            view_link(v, source, source);
            view_close(v, VIEW_LINE);
        }
        if (!view_concerns_all(v, NULL, json_get(metric, "products"), affected))
            view_targets(v, NULL, json_get(metric, "products"), affected);
    }
}
