/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/record.h"
#include "base/encoding.h"
#include "base/id.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/log.h"
#include "evidence/custody/unrecorded.h"
#include "evidence/tool.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

int evidence_hash_parse(struct slice text, uint8_t hash[SHA256_LEN])
{
    if (text.len != 7 + 2 * SHA256_LEN || memcmp(text.data, "sha256:", 7) != 0)
        return -1;
    return hex_parse(slice_of(text.data + 7, text.len - 7), hash, SHA256_LEN);
}

void evidence_hash_member(struct json_writer *w, const char *name, const uint8_t hash[SHA256_LEN])
{
    char text[7 + 2 * SHA256_LEN + 1] = "sha256:";
    hex_format(hash, SHA256_LEN, text + 7);
    json_member_string(w, name, text);
}

static void member(struct json_writer *w, const char *name, const char *text)
{
    if (text)
        json_member_string(w, name, text);
}

static void actor_part(struct json_writer *w, const struct evidence_actor *a, const char *subject)
{
    json_write_name(w, "actor");
    json_write_object(w);
    member(w, "name", a->name);
    member(w, "role", a->role);
    member(w, "organisation", a->organisation);
    member(w, "contact", a->contact);
    member(w, "subject", subject);
    if (a->competence_count) {
        json_write_name(w, "competence");
        json_write_array(w);
        for (size_t i = 0; i < a->competence_count; i++) {
            json_write_object(w);
            member(w, "what", a->competence[i].what);
            member(w, "from", a->competence[i].from);
            member(w, "until", a->competence[i].until);
            json_write_object_end(w);
        }
        json_write_array_end(w);
    }
    json_write_object_end(w);
}

void evidence_authority_member(struct json_writer *w, const struct evidence_authority *a)
{
    json_write_name(w, "authority");
    json_write_object(w);
    member(w, "id", a->id);
    member(w, "scope", a->scope);
    member(w, "issued_by", a->issued_by);
    member(w, "expires", a->expires);
    if (a->covers && a->covers[0]) {
        json_write_name(w, "covers");
        json_write_array(w);
        for (size_t i = 0; a->covers[i]; i++)
            json_write_string(w, a->covers[i]);
        json_write_array_end(w);
    }
    json_write_object_end(w);
}

/* The end of a day or a moment; INT64_MAX: it is no date. */
static int64_t end_of(const char *date)
{
    struct err why = {0};
    char text[40];
    int64_t time;
    if (strlen(date) == 10)
        snprintf(text, sizeof text, "%sT23:59:59Z", date);
    else
        snprintf(text, sizeof text, "%.39s", date);
    return time_parse(slice_str(text), &time, &why) == 0 ? time : INT64_MAX;
}

static void warn(struct evidence_warning *warnings, size_t *count, const char *code,
                 const char *format, const char *a, const char *b)
{
    if (*count == EVIDENCE_WARNINGS)
        return;
    warnings[*count].code = code;
    /* The formats are the callers' own, with two texts each. */
    snprintf(warnings[*count].text, sizeof warnings[*count].text, "%s%.70s%s%.70s", format, a,
             b[0] ? ": " : "", b);
    ++*count;
}

/* Row 8: what an authority does not cover is done with a warning, and logged. Row 6, 14 likewise.
 */
static void look(const struct evidence_step *step, const struct evidence_link *link,
                 const struct evidence_clock_reading *now, struct evidence_warning *warnings,
                 size_t *count)
{
    const struct evidence_authority *a = &step->authority;
    bool covered = step->whole_case || !a->covers || !a->covers[0];
    if (a->expires && end_of(a->expires) == INT64_MAX)
        warn(warnings, count, "authority-date", "the authority's end is no date: ", a->expires, "");
    else if (a->expires && now->real > end_of(a->expires))
        warn(warnings, count, "authority-expired", "the authority ended on ", a->expires, a->id);
    for (size_t i = 0; a->covers && a->covers[i]; i++)
        covered |= fnmatch(a->covers[i], link->holder, 0) == 0;
    if (!covered)
        warn(warnings, count, "authority-scope", "the authority does not cover ", link->holder,
             a->id ? a->id : "");
    for (size_t i = 0; i < step->actor.competence_count; i++) {
        const struct evidence_competence *c = &step->actor.competence[i];
        if (c->until && now->real > end_of(c->until))
            warn(warnings, count, "competence-expired", "a competence ended on ", c->until,
                 c->what);
    }
    if (now->real < link->previous_at) {
        char at[TIME_TEXT];
        time_format(link->previous_at, at);
        warn(warnings, count, "clock-went-back",
             "this clock is behind that of the record before, which says ", at, "");
    }
    if (now->kernel.known && !now->kernel.synchronised && !now->has_reference)
        warn(warnings, count, "clock-not-synchronised",
             "the kernel says that this clock is not kept, and it was not compared with a "
             "reference (--reference)",
             "", "");
}

static void warnings_part(struct json_writer *w, const struct evidence_warning *warnings,
                          size_t count)
{
    if (count == 0)
        return;
    json_write_name(w, "warnings");
    json_write_array(w);
    for (size_t i = 0; i < count; i++) {
        json_write_object(w);
        json_member_string(w, "code", warnings[i].code);
        json_member_string(w, "text", warnings[i].text);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static int clock_part(struct json_writer *w, const struct evidence_step *step,
                      struct evidence_clock_reading *now, struct err *e)
{
    char source[120];
    evidence_clock_read(now, step->clock);
    if (step->reference && evidence_clock_compare(now, step->reference, step->clock, e) != 0)
        return -1;
    snprintf(source, sizeof source, "system clock of %.64s (CLOCK_REALTIME)", now->host);
    json_write_name(w, "clock");
    json_write_object(w);
    json_member_string(w, "source", source);
    json_write_name(w, "start");
    json_write_object(w);
    evidence_clock_write(w, step->started ? step->started : now);
    json_write_object_end(w);
    json_write_name(w, "end");
    json_write_object(w);
    evidence_clock_write(w, now);
    json_write_object_end(w);
    json_write_object_end(w);
    return 0;
}

static int put_members(struct buf *out, const struct evidence_step *step,
                       const struct evidence_link *link, struct evidence_warning *warnings,
                       size_t *warning_count, struct err *e)
{
    struct evidence_clock_reading now;
    struct json_writer w;
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_string(&w, "format", EVIDENCE_CUSTODY_FORMAT);
    json_member_string(&w, "log", link->log);
    json_member_string(&w, "holder", link->holder);
    json_member_int(&w, "number", (int64_t)link->number);
    if (link->previous) {
        evidence_hash_member(&w, "previous", link->previous);
        evidence_hash_member(&w, "previous_signature", link->previous_signature);
    }
    if (link->unrecorded)
        evidence_notes_name(&w, link->unrecorded);
    json_member_string(&w, "kind", step->kind);
    if (clock_part(&w, step, &now, e) != 0)
        return -1;
    json_member_time(&w, "at", now.real);
    actor_part(&w, &step->actor, link->subject);
    member(&w, "place", step->place);
    member(&w, "reason", step->reason);
    evidence_authority_member(&w, &step->authority);
    look(step, link, &now, warnings, warning_count);
    warnings_part(&w, warnings, *warning_count);
    if (evidence_tool_part(&w, step->command, e) != 0)
        return -1;
    if (step->details.len) {
        json_write_name(&w, "details");
        json_write_raw(&w, step->details);
    }
    json_write_object_end(&w);
    return buf_check(out, e);
}

int evidence_custody_record_write(const struct evidence_step *step,
                                  const struct evidence_link *link, struct buf *out,
                                  struct evidence_warning warnings[EVIDENCE_WARNINGS],
                                  size_t *warning_count, struct err *e)
{
    const struct evidence_kind *kind = evidence_kind_of(slice_str(step->kind));
    struct json_doc *doc = NULL;
    struct buf text;
    *warning_count = 0;
    if (!kind)
        return err_set(e, ERR_USAGE, "custody.kind", NULL, "there is no kind of step \"%s\"",
                       step->kind);
    buf_init(&text);
    int result = put_members(&text, step, link, warnings, warning_count, e);
    if (result == 0)
        result = json_parse(&doc, buf_slice(&text), NULL, e);
    if (result == 0)
        result = evidence_kind_check(kind, json_root(doc), e);
    if (result == 0)
        result = json_canonical(json_root(doc), out, e);
    if (result == 0 && out->len > EVIDENCE_RECORD_BYTES)
        result = err_set(e, ERR_LIMIT, "custody.size", NULL, "the record has over %d bytes",
                         EVIDENCE_RECORD_BYTES);
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

static int wrong(struct err *e, const char *what)
{
    return err_set(e, ERR_VERIFY, "custody.record", "formats-evidence.md section 4", "%s", what);
}

int evidence_custody_record_read(struct slice text, struct evidence_custody_record *record,
                                 struct json_doc **doc, struct err *e)
{
    struct err why = {0};
    int64_t number;
    *doc = NULL;
    *record = (struct evidence_custody_record){.text = text};
    if (sha256(text, record->sha256) != 0)
        return digest_failed(e);
    if (json_parse(doc, text, NULL, &why) != 0 || json_doc_check_canonical(*doc, text, &why) != 0) {
        if (why.kind == ERR_MEMORY)
            *e = why;
        return wrong(e, "it is not canonical JSON: bytes were changed");
    }
    record->doc = *doc;
    record->root = json_root(*doc);
    record->kind = json_get_string(record->root, "kind");
    if (!slice_is(json_get_string(record->root, "format"), EVIDENCE_CUSTODY_FORMAT))
        return wrong(e, "it has another format than " EVIDENCE_CUSTODY_FORMAT);
    if (!json_int64(json_get(record->root, "number"), &number) || number < 1)
        return wrong(e, "it has no number");
    record->number = (uint64_t)number;
    if (time_parse(json_get_string(record->root, "at"), &record->at, &why) != 0)
        return wrong(e, "it has no time");
    if (!evidence_holder_is(json_get_string(record->root, "holder")) ||
        !id_is(json_get_string(record->root, "log"), "cst") || record->kind.len == 0)
        return wrong(e, "it does not say of what log it is, or of what kind");
    return 0;
}

int evidence_head_write(const struct evidence_head *head, struct buf *out, struct err *e)
{
    struct json_doc *doc = NULL;
    struct json_writer w;
    struct buf text;
    buf_init(&text);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    json_member_string(&w, "format", EVIDENCE_HEAD_FORMAT);
    json_member_string(&w, "log", head->log);
    json_member_string(&w, "holder", head->holder);
    json_member_int(&w, "count", (int64_t)head->count);
    evidence_hash_member(&w, "last", head->last);
    json_member_time(&w, "at", head->at);
    json_write_object_end(&w);
    int result = buf_check(&text, e);
    if (result == 0)
        result = json_parse(&doc, buf_slice(&text), NULL, e);
    if (result == 0)
        result = json_canonical(json_root(doc), out, e);
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

static void copy_text(char *out, size_t room, struct slice s)
{
    size_t len = s.len < room ? s.len : 0;
    if (len)
        memcpy(out, s.data, len);
    out[len] = 0;
}

int evidence_head_read(struct slice text, struct evidence_head *head, struct err *e)
{
    struct json_doc *doc = NULL;
    struct err why = {0};
    int64_t count = 0;
    *head = (struct evidence_head){0};
    if (json_parse(&doc, text, NULL, &why) != 0) {
        if (why.kind == ERR_MEMORY)
            *e = why;
        return wrong(e, "it is not JSON: bytes were changed");
    }
    const struct json_value *root = json_root(doc);
    copy_text(head->log, sizeof head->log, json_get_string(root, "log"));
    copy_text(head->holder, sizeof head->holder, json_get_string(root, "holder"));
    if (!slice_is(json_get_string(root, "format"), EVIDENCE_HEAD_FORMAT) ||
        !json_int64(json_get(root, "count"), &count) || count < 1 || count > EVIDENCE_RECORDS ||
        evidence_hash_parse(json_get_string(root, "last"), head->last) != 0 ||
        time_parse(json_get_string(root, "at"), &head->at, &why) != 0)
        wrong(e, "it is no head of a custody log: format, count, last or at is missing");
    head->count = (uint64_t)count;
    json_doc_free(doc);
    return err_is_set(e) ? -1 : 0;
}
