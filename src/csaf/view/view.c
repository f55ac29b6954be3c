/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a document, in the order in which it is wanted at three in the morning. */
#include "csaf/view.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "csaf/view/view_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

/* --- words --- */

void view_open_tone(struct view *v, enum view_block block, enum view_tone tone)
{
    v->sink.format->open(&v->sink, block, tone);
}

void view_open(struct view *v, enum view_block block)
{
    view_open_tone(v, block, VIEW_PLAIN);
}

void view_close(struct view *v, enum view_block block)
{
    v->sink.format->close(&v->sink, block);
}

void view_say(struct view *v, enum view_tone tone, struct slice text)
{
    if (text.len)
        v->sink.format->say(&v->sink, tone, text);
}

void view_printf(struct view *v, enum view_tone tone, const char *format, ...)
{
    char text[400];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    view_say(v, tone, slice_str(text));
}

void view_heading(struct view *v, enum view_block block, const char *text)
{
    view_open(v, block);
    VIEW_SAY(v, text);
    view_close(v, block);
}

void view_badge(struct view *v, enum view_tone tone, struct slice text)
{
    if (text.len)
        v->sink.format->badge(&v->sink, tone, text);
}

bool view_url_is_harmless(struct slice url)
{
    static const char *const schemes[] = {"https://", "http://", "mailto:"};
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        size_t len = strlen(schemes[i]);
        known =
            known || (url.len > len && strncasecmp((const char *)url.data, schemes[i], len) == 0);
    }
    for (size_t i = 0; known && i < url.len; i++)
        if (url.data[i] <= ' ' || url.data[i] >= 0x7f || memchr("<>\"'`\\^{|}", url.data[i], 10))
            return false;
    return known;
}

void view_link(struct view *v, struct slice url, struct slice text)
{
    if (view_url_is_harmless(url)) {
        v->sink.format->link(&v->sink, url, text.len ? text : url);
    } else {
        view_say(v, VIEW_PLAIN, text);
        if (url.len && !slice_equal(url, text)) {
            VIEW_SAY(v, text.len ? " " : "");
            view_say(v, VIEW_CODE, url);
        }
    }
}

void view_time(struct view *v, struct slice time)
{
    int64_t at;
    struct err ignored = {0};
    char text[TIME_TEXT];
    if (time_parse(time, &at, &ignored) != 0) {
        view_say(v, VIEW_PLAIN, time);
        return;
    }
    time_format(at, text);
    text[10] = ' ';
    text[16] = 0;
    view_printf(v, VIEW_PLAIN, strcmp(text + 11, "00:00") == 0 ? "%.10s" : "%s UTC", text);
}

void view_fact(struct view *v, const char *name, struct slice value)
{
    if (value.len == 0)
        return;
    view_heading(v, VIEW_NAME, name);
    view_open(v, VIEW_VALUE);
    view_say(v, VIEW_PLAIN, value);
    view_close(v, VIEW_VALUE);
}

void view_fact_time(struct view *v, const char *name, struct slice time)
{
    if (time.len == 0)
        return;
    view_heading(v, VIEW_NAME, name);
    view_open(v, VIEW_VALUE);
    view_time(v, time);
    view_close(v, VIEW_VALUE);
}

void view_prose(struct view *v, struct slice text)
{
    if (text.len == 0)
        return;
    view_open(v, VIEW_PROSE);
    view_say(v, VIEW_PLAIN, text);
    view_close(v, VIEW_PROSE);
}

/* --- the top --- */

static void distribution(struct view *v)
{
    static const struct {
        const char *label, *rule;
        enum view_tone tone;
    } known[] = {
        {"RED", "for the eyes and ears of its recipients only", VIEW_RED},
        {"AMBER+STRICT", "within the recipient's organisation, to who must know", VIEW_AMBER},
        {"AMBER", "within the recipient's organisation and its clients, to who must know",
         VIEW_AMBER},
        {"GREEN", "within the community", VIEW_GREEN},
        {"CLEAR", "may be passed on freely", VIEW_CLEAR},
        {"WHITE", "may be passed on freely", VIEW_CLEAR},
    };
    const struct json_value *d = json_get(v->r->document, "distribution");
    struct slice label = json_get_string(json_get(d, "tlp"), "label");
    const char *rule = label.len ? "a label that is not known here" : "no label was given";
    enum view_tone tone = label.len ? VIEW_RED : VIEW_CLEAR;
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (slice_is(label, known[i].label)) {
            rule = known[i].rule;
            tone = known[i].tone;
        }
    view_open_tone(v, VIEW_NOTICE, tone);
    buf_reset(&v->scratch);
    buf_puts(&v->scratch, "TLP:");
    buf_put_slice(&v->scratch, label.len ? label : slice_str("none"));
    view_say(v, VIEW_STRONG, buf_slice(&v->scratch));
    view_printf(v, VIEW_PLAIN, " \xe2\x80\x93 %s", rule);
    struct slice group = json_get_string(json_get(d, "sharing_group"), "name");
    if (group.len) {
        VIEW_SAY(v, "; sharing group: ");
        view_say(v, VIEW_PLAIN, group);
    }
    view_close(v, VIEW_NOTICE);
}

/* The first few faults of a document; *left: how many may still be told. */
static size_t faults(struct view *v, const struct csaf_findings *findings, const char *rule,
                     size_t *left)
{
    size_t others = findings->count - findings->kept;
    for (size_t i = 0; i < findings->kept; i++) {
        const struct csaf_finding *f = &findings->at[i];
        if (f->severity != CSAF_ERROR)
            continue;
        if (*left == 0) {
            others++;
            continue;
        }
        --*left;
        view_open(v, VIEW_ITEM);
        view_printf(v, VIEW_PLAIN, "line %zu: ", f->line);
        VIEW_SAY(v, f->text);
        view_printf(v, VIEW_FAINT, " (%s)", rule);
        view_close(v, VIEW_ITEM);
    }
    return others;
}

static void validity(struct view *v)
{
    const struct csaf_result *r = v->verdict;
    size_t left = 5, others = 0;
    if (!r || r->valid)
        return;
    view_open_tone(v, VIEW_NOTICE, VIEW_HIGH);
    view_say(v, VIEW_STRONG, slice_str("This document is not valid."));
    VIEW_SAY(v, " What it says may be incomplete or wrong.");
    view_close(v, VIEW_NOTICE);
    view_open(v, VIEW_LIST);
    if (!r->version) {
        view_open(v, VIEW_ITEM);
        VIEW_SAY(v, r->unreadable.text);
        view_close(v, VIEW_ITEM);
    }
    others += faults(v, &r->schema, "schema", &left);
    /* what tests find in a document of another shape follows from that */
    for (size_t t = 0; r->schema_valid && t < r->test_count; t++)
        others += faults(v, &r->tests[t].findings, r->tests[t].test->id, &left);
    if (others) {
        view_open(v, VIEW_ITEM);
        view_printf(v, VIEW_FAINT, "and %zu more", others);
        view_close(v, VIEW_ITEM);
    }
    view_close(v, VIEW_LIST);
}

static void status_badge(struct view *v)
{
    struct slice status = json_get_string(v->r->tracking, "status");
    if (slice_is(status, "draft"))
        view_badge(v, VIEW_HIGH, slice_str("draft: not to be relied on"));
    else if (slice_is(status, "interim"))
        view_badge(v, VIEW_MEDIUM, slice_str("interim: may change"));
    else if (status.len)
        view_badge(v, VIEW_FAINT, status);
}

/* The worst score of all vulnerabilities; *of: the one that has it. */
static struct view_score worst(const struct view *v, const struct json_value **of)
{
    struct view_score worst = {.tenths = -1};
    json_each(one, v->r->vulnerabilities)
    {
        struct view_score score = view_worst_score(one);
        if (score.tenths > worst.tenths) {
            worst = score;
            *of = one;
        }
    }
    return worst;
}

static void severity_badges(struct view *v)
{
    const struct json_value *of = NULL;
    struct slice aggregate =
        json_get_string(json_get(v->r->document, "aggregate_severity"), "text");
    struct view_score score = worst(v, &of);
    if (aggregate.len)
        view_badge(v, view_severity_tone(aggregate), aggregate);
    if (score.tenths >= 0) {
        char text[60];
        snprintf(text, sizeof text, "CVSS %d.%d%s%.12s", score.tenths / 10, score.tenths % 10,
                 score.severity ? " " : "", score.severity ? score.severity : "");
        view_badge(v, score.tone, slice_str(text));
    }
}

static bool category_has(const struct json_value *list, const char *category)
{
    json_each(one, list) if (slice_is(json_get_string(one, "category"), category)) return true;
    return false;
}

/* Publishers without a better place write a short note "Exploitability". */
static struct slice exploitability_note(const struct view *v)
{
    enum { SHORT = 400 };
    json_each(note, json_get(v->r->document, "notes"))
    {
        struct slice title = json_get_string(note, "title"), text = json_get_string(note, "text");
        if (title.len == 14 && strncasecmp((const char *)title.data, "Exploitability", 14) == 0 &&
            text.len < SHORT)
            return text;
    }
    return slice_str("");
}

/* Exploited, or what is said of it, per vulnerability. */
static void exploitation(struct view *v)
{
    size_t known = 0, said = 0;
    struct slice note = exploitability_note(v);
    json_each(one, v->r->vulnerabilities)
    {
        known += json_get(one, "first_known_exploitation_dates") != NULL;
        said += category_has(json_get(one, "threats"), "exploit_status");
    }
    view_heading(v, VIEW_NAME, "Exploited");
    view_open(v, VIEW_VALUE);
    if (known)
        view_printf(v, VIEW_CRITICAL, "yes: dates of exploitation are known for %zu of %zu %s",
                    known, json_count(v->r->vulnerabilities),
                    json_count(v->r->vulnerabilities) == 1 ? "vulnerability" : "vulnerabilities");
    else if (said)
        VIEW_SAY(v, "see what is said of it at each vulnerability");
    else if (note.len)
        view_say(v, VIEW_PLAIN, note);
    else
        VIEW_SAY(v, "the document does not say");
    view_close(v, VIEW_VALUE);
}

static void name_of(struct view *v, const struct json_value *vulnerability, size_t number)
{
    struct slice cve = json_get_string(vulnerability, "cve");
    struct slice id = json_get_string(json_at(json_get(vulnerability, "ids"), 0), "text");
    if (cve.len)
        view_say(v, VIEW_PLAIN, cve);
    else if (id.len)
        view_say(v, VIEW_PLAIN, id);
    else
        view_printf(v, VIEW_PLAIN, "vulnerability %zu", number);
}

static void how_bad(struct view *v)
{
    const struct json_value *of = NULL;
    struct view_score score = worst(v, &of);
    size_t number = 1, count = json_count(v->r->vulnerabilities);
    if (count == 0)
        return;
    view_heading(v, VIEW_NAME, "How bad");
    view_open(v, VIEW_VALUE);
    if (score.tenths >= 0) {
        view_printf(v, score.tone, "CVSS %d.%d%s%s", score.tenths / 10, score.tenths % 10,
                    score.severity ? " " : "", score.severity ? score.severity : "");
        json_each(one, v->r->vulnerabilities)
        {
            if (one == of)
                break;
            number++;
        }
        if (count > 1) {
            view_printf(v, VIEW_PLAIN, " at worst, of %zu vulnerabilities (", count);
            name_of(v, of, number);
            VIEW_SAY(v, ")");
        }
    } else {
        struct slice aggregate =
            json_get_string(json_get(v->r->document, "aggregate_severity"), "text");
        view_say(v, view_severity_tone(aggregate), aggregate);
        view_printf(v, VIEW_PLAIN, "%s%zu %s without a score", aggregate.len ? ", " : "", count,
                    count == 1 ? "vulnerability" : "vulnerabilities");
    }
    view_close(v, VIEW_VALUE);
}

/* Which products are affected by any vulnerability. */
static void what_is_affected(struct view *v)
{
    static const char *const groups[] = {"known_affected", "first_affected", "last_affected"};
    bool any = false;
    json_each(one, v->r->vulnerabilities) for (size_t i = 0; i < ARRAY_LEN(groups); i++) any =
        any || json_count(json_get(json_get(one, "product_status"), groups[i])) > 0;
    view_heading(v, VIEW_NAME, "Affected");
    view_open(v, VIEW_VALUE);
    if (any)
        view_family_list(v, v->r->vulnerabilities);
    else if (v->r->vulnerabilities)
        VIEW_SAY(v, "no product is said to be affected");
    else
        VIEW_SAY(v, "no vulnerability is named");
    view_close(v, VIEW_VALUE);
}

/* What can be done at all, in one line; how and for which product stands at the vulnerability. */
static void what_to_do(struct view *v)
{
    static const struct {
        const char *category, *words;
    } kinds[] = {{"vendor_fix", "a fix is there"},
                 {"optional_patch", "an optional patch is there"},
                 {"mitigation", "it can be mitigated"},
                 {"workaround", "there is a workaround"},
                 {"fix_planned", "a fix is planned"},
                 {"none_available", "no fix is available for some"},
                 {"no_fix_planned", "no fix is planned for some"}};
    bool any = false;
    if (!v->r->vulnerabilities)
        return;
    view_heading(v, VIEW_NAME, "What to do");
    view_open(v, VIEW_VALUE);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        bool here = false;
        json_each(one, v->r->vulnerabilities)
        {
            here = here || category_has(json_get(one, "remediations"), kinds[i].category);
        }
        if (here)
            view_printf(v, i == 0 ? VIEW_GOOD : VIEW_PLAIN, "%s%s", any ? "; " : "",
                        kinds[i].words);
        any = any || here;
    }
    if (!any)
        VIEW_SAY(v, "the document names no remedy");
    view_close(v, VIEW_VALUE);
}

static void top(struct view *v)
{
    struct slice title = json_get_string(v->r->document, "title");
    view_open(v, VIEW_HEAD);
    distribution(v);
    validity(v);
    view_extensions(v);
    view_open(v, VIEW_LINE);
    view_say(v, VIEW_FAINT, json_get_string(v->r->publisher, "name"));
    view_say(v, VIEW_FAINT, slice_str(" \xc2\xb7 "));
    view_say(v, VIEW_FAINT, json_get_string(v->r->tracking, "id"));
    view_close(v, VIEW_LINE);
    view_open(v, VIEW_TITLE);
    view_say(v, VIEW_PLAIN, title.len ? title : slice_str("(without a title)"));
    view_close(v, VIEW_TITLE);
    view_open(v, VIEW_BADGES);
    severity_badges(v);
    status_badge(v);
    view_close(v, VIEW_BADGES);
    view_open(v, VIEW_FACTS);
    how_bad(v);
    exploitation(v);
    what_is_affected(v);
    what_to_do(v);
    view_fact_time(v, "Updated", json_get_string(v->r->tracking, "current_release_date"));
    view_fact_time(v, "First released", json_get_string(v->r->tracking, "initial_release_date"));
    view_fact(v, "Version", json_get_string(v->r->tracking, "version"));
    view_close(v, VIEW_FACTS);
    view_close(v, VIEW_HEAD);
}

/* --- notes, references, acknowledgments --- */

void view_notes(struct view *v, const struct json_value *notes, const char *only_category,
                const char *but_category)
{
    struct slice last = slice_str("");
    json_each(note, notes)
    {
        struct slice category = json_get_string(note, "category");
        struct slice title = json_get_string(note, "title");
        struct slice audience = json_get_string(note, "audience");
        char words[40];
        if ((only_category && !slice_is(category, only_category)) ||
            (but_category && slice_is(category, but_category)))
            continue;
        csaf_reading_words(category, words, sizeof words);
        if (!title.len || audience.len || !slice_equal(title, last)) {
            view_open(v, VIEW_LABEL);
            view_say(v, VIEW_PLAIN, title.len ? title : slice_str(words));
            if (audience.len) {
                VIEW_SAY(v, ", for ");
                view_say(v, VIEW_PLAIN, audience);
            }
            view_close(v, VIEW_LABEL);
        }
        last = title;
        if (json_get(note, "product_ids") || json_get(note, "group_ids"))
            view_targets(v, note, json_get(note, "product_ids"), NULL);
        view_prose(v, json_get_string(note, "text"));
    }
}

void view_references(struct view *v, const struct json_value *references)
{
    view_open(v, VIEW_LIST);
    json_each(one, references)
    {
        struct slice summary = json_get_string(one, "summary"), url = json_get_string(one, "url");
        view_open(v, VIEW_ITEM);
        view_link(v, url, summary);
        if (slice_is(json_get_string(one, "category"), "self"))
            view_say(v, VIEW_FAINT, slice_str(" (this document)"));
        view_close(v, VIEW_ITEM);
    }
    view_close(v, VIEW_LIST);
}

void view_acknowledgments(struct view *v, const struct json_value *list)
{
    view_open(v, VIEW_LIST);
    json_each(one, list)
    {
        struct slice organisation = json_get_string(one, "organization");
        struct slice summary = json_get_string(one, "summary");
        bool any = false;
        view_open(v, VIEW_ITEM);
        json_each(name, json_get(one, "names"))
        {
            VIEW_SAY(v, any ? ", " : "");
            view_say(v, VIEW_PLAIN, json_string(name));
            any = true;
        }
        VIEW_SAY(v, any && organisation.len ? ", " : "");
        view_say(v, VIEW_PLAIN, organisation);
        VIEW_SAY(v, (any || organisation.len) && summary.len ? ": " : "");
        view_say(v, VIEW_PLAIN, summary);
        json_each(url, json_get(one, "urls"))
        {
            VIEW_SAY(v, " ");
            view_link(v, json_string(url), slice_str(""));
        }
        view_close(v, VIEW_ITEM);
    }
    view_close(v, VIEW_LIST);
}

static bool has_note(const struct json_value *notes, const char *category, bool is)
{
    json_each(note,
              notes) if (slice_is(json_get_string(note, "category"), category) == is) return true;
    return false;
}

static void section(struct view *v, const char *heading, const struct json_value *list,
                    void (*tell)(struct view *v, const struct json_value *list))
{
    if (json_count(list) == 0)
        return;
    view_open(v, VIEW_SECTION);
    view_heading(v, VIEW_HEADING, heading);
    tell(v, list);
    view_close(v, VIEW_SECTION);
}

static void summary_notes(struct view *v)
{
    const struct json_value *notes = json_get(v->r->document, "notes");
    if (!has_note(notes, "summary", true))
        return;
    view_open(v, VIEW_SECTION);
    view_heading(v, VIEW_HEADING, "Summary");
    view_notes(v, notes, "summary", NULL);
    view_close(v, VIEW_SECTION);
}

static void other_notes(struct view *v)
{
    const struct json_value *notes = json_get(v->r->document, "notes");
    if (!has_note(notes, "summary", false))
        return;
    view_open(v, VIEW_SECTION);
    view_heading(v, VIEW_HEADING, "Notes");
    view_notes(v, notes, NULL, "summary");
    view_close(v, VIEW_SECTION);
}

/* --- the end: contact, revisions, what the document is --- */

static void contact(struct view *v)
{
    const struct json_value *p = v->r->publisher;
    view_open(v, VIEW_SECTION);
    view_heading(v, VIEW_HEADING, "Publisher and contact");
    view_open(v, VIEW_FACTS);
    view_fact(v, "Publisher", json_get_string(p, "name"));
    view_fact(v, "Role", json_get_string(p, "category"));
    view_fact(v, "Contact", json_get_string(p, "contact_details"));
    view_fact(v, "Authority", json_get_string(p, "issuing_authority"));
    struct slice namespace = json_get_string(p, "namespace");
    if (namespace.len) {
        view_heading(v, VIEW_NAME, "Namespace");
        view_open(v, VIEW_VALUE);
        view_link(v, namespace, namespace);
        view_close(v, VIEW_VALUE);
    }
    view_fact(v, "Distribution", json_get_string(json_get(v->r->document, "distribution"), "text"));
    struct slice tlp =
        json_get_string(json_get(json_get(v->r->document, "distribution"), "tlp"), "url");
    if (tlp.len) {
        view_heading(v, VIEW_NAME, "TLP");
        view_open(v, VIEW_VALUE);
        view_link(v, tlp, tlp);
        view_close(v, VIEW_VALUE);
    }
    view_close(v, VIEW_FACTS);
    view_close(v, VIEW_SECTION);
}

static void revisions(struct view *v, const struct json_value *list)
{
    view_open(v, VIEW_TABLE);
    json_each(one, list)
    {
        struct slice legacy = json_get_string(one, "legacy_version");
        view_open(v, VIEW_ROW);
        view_open(v, VIEW_CELL);
        view_say(v, VIEW_STRONG, json_get_string(one, "number"));
        if (legacy.len) {
            VIEW_SAY(v, " (");
            view_say(v, VIEW_PLAIN, legacy);
            VIEW_SAY(v, ")");
        }
        view_close(v, VIEW_CELL);
        view_open(v, VIEW_CELL);
        view_time(v, json_get_string(one, "date"));
        view_close(v, VIEW_CELL);
        view_open(v, VIEW_CELL);
        view_say(v, VIEW_PLAIN, json_get_string(one, "summary"));
        view_close(v, VIEW_CELL);
        view_close(v, VIEW_ROW);
    }
    view_close(v, VIEW_TABLE);
}

static void about(struct view *v)
{
    const struct json_value *generator = json_get(v->r->tracking, "generator");
    const struct json_value *engine = json_get(generator, "engine");
    view_open(v, VIEW_SECTION);
    view_heading(v, VIEW_HEADING, "About this document");
    view_open(v, VIEW_FACTS);
    view_fact(v, "Tracking id", json_get_string(v->r->tracking, "id"));
    if (json_count(json_get(v->r->tracking, "aliases"))) {
        bool any = false;
        view_heading(v, VIEW_NAME, "Also known as");
        view_open(v, VIEW_VALUE);
        json_each(alias, json_get(v->r->tracking, "aliases"))
        {
            VIEW_SAY(v, any ? ", " : "");
            view_say(v, VIEW_PLAIN, json_string(alias));
            any = true;
        }
        view_close(v, VIEW_VALUE);
    }
    view_fact(v, "Kind", json_get_string(v->r->document, "category"));
    view_fact(v, "Status", json_get_string(v->r->tracking, "status"));
    view_fact(v, "CSAF version", v->r->version);
    view_fact(v, "Language", json_get_string(v->r->document, "lang"));
    view_fact(v, "Translated from", json_get_string(v->r->document, "source_lang"));
    view_fact(v, "License", json_get_string(v->r->document, "license_expression"));
    struct slice namespace =
        json_get_string(json_get(v->r->document, "aggregate_severity"), "namespace");
    if (namespace.len) {
        view_heading(v, VIEW_NAME, "Severity by");
        view_open(v, VIEW_VALUE);
        view_link(v, namespace, namespace);
        view_close(v, VIEW_VALUE);
    }
    view_fact(
        v, "Sharing group",
        json_get_string(json_get(json_get(v->r->document, "distribution"), "sharing_group"), "id"));
    view_fact(v, "Made with", json_get_string(engine, "name"));
    view_fact(v, "Its version", json_get_string(engine, "version"));
    view_fact_time(v, "Made on", json_get_string(generator, "date"));
    view_close(v, VIEW_FACTS);
    view_close(v, VIEW_SECTION);
}

static void tell(struct view *v)
{
    size_t number = 1;
    top(v);
    summary_notes(v);
    json_each(one, v->r->vulnerabilities) view_vulnerability(v, one, number++);
    view_product_tree(v);
    other_notes(v);
    section(v, "References", json_get(v->r->document, "references"), view_references);
    section(v, "Acknowledgments", json_get(v->r->document, "acknowledgments"),
            view_acknowledgments);
    section(v, "Revision history", json_get(v->r->tracking, "revision_history"), revisions);
    contact(v);
    about(v);
}

int csaf_view(const struct csaf_reading *r, const struct csaf_view_options *options,
              struct buf *out, struct err *e)
{
    static const struct view_format *const formats[] = {&view_format_text, &view_format_html,
                                                        &view_format_markdown};
    struct view v = {.r = r, .verdict = options->verdict, .e = e};
    size_t width = options->width ? options->width : 100;
    v.sink = (struct view_sink){.format = formats[options->format],
                                .out = out,
                                .width = width < 40    ? 40
                                         : width > 500 ? 500
                                                       : width,
                                .colour = options->colour,
                                .blank = true};
    if (view_products_init(&v) != 0)
        return -1;
    size_t limit = out->limit;
    if (!limit || limit > CSAF_VIEW_LIMIT)
        out->limit = CSAF_VIEW_LIMIT;
    v.sink.format->begin(&v.sink, json_get_string(r->document, "title"),
                         json_get_string(r->document, "lang"));
    tell(&v);
    v.sink.format->end(&v.sink);
    view_products_fini(&v);
    int result = buf_check(out, e);
    out->limit = limit;
    return result;
}
