/* SPDX-License-Identifier: Apache-2.0 */
/* Statements as JSON, docs/formats.md section 3.1; members in the order of RFC 8785. */
#include "fleet/match.h"

#include <stdio.h>

const char *fleet_status_name(enum fleet_status status)
{
    static const char *const names[] = {"not_listed",          "affected", "unknown",
                                        "under_investigation", "fixed",    "not_affected"};
    return names[status];
}

static void member(struct json_writer *w, const char *name, struct slice value)
{
    if (value.len)
        json_member_slice(w, name, value);
}

static void write_reason(struct json_writer *w, const struct fleet_reason *r)
{
    json_write_object(w);
    member(w, "advisory", r->advisory);
    if (r->clause)
        json_member_string(w, "clause", r->clause);
    member(w, "component", r->component);
    if (r->confidence)
        json_member_int(w, "confidence", r->confidence);
    member(w, "inventory", r->inventory);
    if (r->place.pointer)
        json_member_int(w, "line", (int64_t)r->place.line);
    member(w, "normal", r->normal);
    if (r->place.pointer)
        json_member_string(w, "pointer", r->place.pointer);
    json_member_string(w, "rule", r->rule);
    member(w, "text", r->text);
    json_write_object_end(w);
}

static void write_slices(struct json_writer *w, const char *name, const struct slice *at,
                         size_t count)
{
    json_write_name(w, name);
    json_write_array(w);
    for (size_t i = 0; i < count; i++)
        json_write_slice(w, at[i]);
    json_write_array_end(w);
}

/* What is written of a statement; each says less than the one before. */
enum extent { WHOLE, WITHOUT_REASONS, BARE, EXTENTS };

static void write_statement(struct json_writer *w, const struct fleet_statement *s, bool reasons,
                            enum extent extent)
{
    json_write_object(w);
    json_member_int(w, "confidence", s->confidence);
    member(w, "decide", s->decide);
    member(w, "justification", s->flag);
    write_slices(w, "products", s->products, extent < BARE ? s->product_count : 0);
    if (reasons) {
        json_write_name(w, "reasons");
        json_write_array(w);
        for (size_t i = 0; i < s->reason_count && extent == WHOLE; i++)
            write_reason(w, &s->reasons[i]);
        json_write_array_end(w);
    }
    json_write_name(w, "remediations");
    json_write_array(w);
    for (size_t i = 0; i < s->remedy_count && extent < BARE; i++) {
        json_write_object(w);
        json_member_string(w, "category", csaf_remedy_name(s->remedies[i]->category));
        json_member_slice(w, "details", s->remedies[i]->details);
        member(w, "url", s->remedies[i]->url);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    if (s->serial_count)
        write_slices(w, "serials", s->serials, s->serial_count);
    json_member_string(w, "status", fleet_status_name(s->status));
    json_member_slice(w, "vulnerability", s->vulnerability);
    json_write_object_end(w);
}

void fleet_statement_write(struct json_writer *w, const struct fleet_statement *s, bool brief)
{
    write_statement(w, s, !brief, WHOLE);
}

void fleet_result_write(struct json_writer *w, const struct fleet_result *result)
{
    json_write_array(w);
    for (size_t i = 0; i < result->count; i++)
        fleet_statement_write(w, &result->statements[i], false);
    json_write_array_end(w);
}

/* One statement in the place of all: what is worst, for every serial number. */
static void write_sum(struct json_writer *w, const struct fleet_result *result)
{
    char name[64];
    struct fleet_statement sum = {.status = result->status};

    if (sum.status == FLEET_UNKNOWN)
        sum.decide = slice_str("the advisory itself, vulnerability by vulnerability");
    snprintf(name, sizeof name, "%zu vulnerabilities", result->count);
    sum.vulnerability = slice_str(name);
    for (size_t i = 0; i < result->count; i++)
        if (result->statements[i].status == sum.status &&
            result->statements[i].confidence > sum.confidence)
            sum.confidence = result->statements[i].confidence;
    json_write_array(w);
    write_statement(w, &sum, true, BARE);
    json_write_array_end(w);
}

void fleet_result_write_within(struct buf *out, const struct fleet_result *result, size_t limit)
{
    for (int extent = WHOLE; extent <= EXTENTS; extent++) {
        struct json_writer w;
        buf_reset(out);
        json_write_init(&w, out, 0);
        if (extent == EXTENTS) {
            write_sum(&w, result);
            return;
        }
        json_write_array(&w);
        for (size_t i = 0; i < result->count && out->len <= limit; i++)
            write_statement(&w, &result->statements[i], true, (enum extent)extent);
        json_write_array_end(&w);
        if (out->failed || out->len <= limit)
            return;
    }
}
