/* SPDX-License-Identifier: Apache-2.0 */
/* Custody, traffic, and acquisitions that were repeated, as a report tells them. */
#include "base/encoding.h"
#include "evidence/custody/kinds.h"
#include "evidence/report/reporting.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "exported" → what the table of kinds says of it, and the details in a line each. */
static void what_of(struct reporting *r, const struct evidence_custody_record *record,
                    struct buf *out)
{
    const struct evidence_kind *kind = evidence_kind_of(record->kind);
    buf_put_slice(out, record->kind);
    if (kind)
        buf_printf(out, ": %s", kind->summary);
    json_each(member, json_get(record->root, "details"))
    {
        char name[80];
        snprintf(name, sizeof name, "%.*s", SLICE_ARG(json_name(member)));
        struct slice text = reporting_text(r, json_get(record->root, "details"), name);
        for (char *c = name; *c; c++)
            *c = *c == '_' ? ' ' : *c;
        if (text.len)
            buf_printf(out, "\n%s: %.*s", name, SLICE_ARG(text));
    }
    json_each(warning, json_get(record->root, "warnings"))
        buf_printf(out, "\nWarning: %.*s", SLICE_ARG(json_get_string(warning, "text")));
}

static void line(struct buf *out, const char *label, struct slice text)
{
    if (text.len)
        buf_printf(out, "%s%s%.*s", out->len ? "\n" : "", label, SLICE_ARG(text));
}

static int each_record(void *context, const struct evidence_custody_record *record, struct err *e)
{
    struct reporting *r = context;
    const struct json_value *root = record->root;
    const struct json_value *clock = json_get(json_get(root, "clock"), "end");
    const struct json_value *reference = json_get(clock, "reference");
    struct buf what, who, where, when;
    char number[24];
    buf_init(&what);
    buf_init(&who);
    buf_init(&where);
    buf_init(&when);
    snprintf(number, sizeof number, "%" PRIu64, record->number);
    what_of(r, record, &what);
    line(&who, "", json_get_string(json_get(root, "actor"), "name"));
    line(&who, "", json_get_string(json_get(root, "actor"), "role"));
    line(&who, "", json_get_string(json_get(root, "actor"), "organisation"));
    json_each(c, json_get(json_get(root, "actor"), "competence"))
    {
        line(&who, "", json_get_string(c, "what"));
        line(&who, "since ", json_get_string(c, "from"));
    }
    line(&where, "", json_get_string(root, "place"));
    line(&where, "Why: ", json_get_string(root, "reason"));
    line(&where, "Authority: ", json_get_string(json_get(root, "authority"), "id"));
    line(&when, "", reporting_time(r, json_get_string(root, "at")));
    if (reference) {
        line(&when, "Reference: ", reporting_text(r, reference, "from"));
        line(&when, "Offset in µs: ", reporting_text(r, reference, "offset_us"));
        line(&when, "± µs: ", reporting_text(r, reference, "uncertainty_us"));
    } else {
        line(&when, "Clock kept: ", reporting_text(r, clock, "kernel.synchronised"));
    }
    int result = 0;
    struct buf *all[] = {&when, &what, &who, &where};
    struct slice cells[5] = {slice_str(number)};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (buf_check(all[i], e) != 0)
            result = -1;
        cells[i + 1] = buf_slice(all[i]);
    }
    paper_row(r->paper, 5, cells);
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        buf_fini(all[i]);
    return result;
}

static void state_part(struct reporting *r, const struct evidence_custody_state *s)
{
    char hex[2 * SHA256_LEN + 1], time[TIME_TEXT];
    hex_format(s->head, sizeof s->head, hex);
    paper_fact_code(r->paper, "SHA-256 of the last record", slice_str(hex));
    paper_fact(r->paper, "In the hands of", slice_str(s->custodian));
    if (s->sound)
        paper_say(
            r->paper, PAPER_GOOD,
            "Every record is signed; they follow each other without a gap, and are as many as "
            "the signed count says (%" PRIu64 "). %s",
            s->count,
            s->chain_checked ? "Every certificate leads to one of the roots that were given."
                             : "Who vouches for the certificates was not checked.");
    else
        paper_say(r->paper, PAPER_BAD, "This log does NOT hold together.");
    for (size_t i = 0; i < s->problem_count && i < 50; i++)
        paper_say(r->paper, PAPER_ITEM, "%s: %s", s->problems[i].what, s->problems[i].text);
    for (size_t i = 0; i < s->open_count; i++) {
        time_format(s->open[i].given, time);
        paper_say(r->paper, PAPER_BAD,
                  "Open handover %s: given by %s to %s at %.*s (record %" PRIu64
                  "), and nobody has signed for it.",
                  s->open[i].id, s->open[i].from, s->open[i].to,
                  SLICE_ARG(reporting_time(r, slice_str(time))), s->open[i].record);
    }
    for (size_t i = 0; i < s->begun_count; i++) {
        time_format(s->begun[i].at, time);
        paper_say(r->paper, PAPER_DOUBT,
                  "Record %" PRIu64
                  " began at %.*s what was to be \"%s\" to %s. No later record of "
                  "this log says whether it was done.",
                  s->begun[i].record, SLICE_ARG(reporting_time(r, slice_str(time))),
                  s->begun[i].what, s->begun[i].to);
    }
    for (size_t i = 0; i < s->hold_count; i++)
        paper_say(r->paper, PAPER_DOUBT, "Legal hold %s, ordered by %s (record %" PRIu64 ").",
                  s->holds[i].id, s->holds[i].ordered_by, s->holds[i].record);
    if (s->custodian && !s->gate_open && s->gate_why[0])
        paper_say(r->paper, PAPER_DOUBT, "Not to be worked on: %s.", s->gate_why);
    r->told->open += s->open_count;
    r->told->unsound += !s->sound;
}

struct noting {
    struct reporting *r;
    size_t count;
};

/* What was done without a record: a list of its own, as nobody signed it. */
static int each_note(void *context, const struct json_value *note, struct err *e)
{
    static const char *const names[] = {"When", "What", "Who, as the machine said", "Why"};
    static const uint8_t weights[] = {20, 35, 20, 25};
    struct noting *n = context;
    struct reporting *r = n->r;
    struct buf what, who;
    if (n->count++ == 0) {
        paper_say(r->paper, PAPER_BAD,
                  "Something was done here without a record. Nobody signed what follows: it is "
                  "what the program noted by itself, and whoever could write here could have "
                  "written it, or taken away what no later record names.");
        paper_columns(r->paper, ARRAY_LEN(names), names, weights, 0);
    }
    buf_init(&what);
    buf_init(&who);
    line(&what, "", json_get_string(note, "kind"));
    json_each(member, json_get(note, "details"))
    {
        char name[80];
        snprintf(name, sizeof name, "%.*s", SLICE_ARG(json_name(member)));
        struct slice text = reporting_text(r, json_get(note, "details"), name);
        if (text.len)
            buf_printf(&what, "\n%s: %.*s", name, SLICE_ARG(text));
    }
    line(&who, "uid ", reporting_text(r, json_get(note, "process"), "uid"));
    line(&who, "logged in as uid ", reporting_text(r, json_get(note, "process"), "login_uid"));
    line(&who, "on ", reporting_text(r, json_get(note, "process"), "host"));
    int result = buf_check(&what, e) == 0 ? buf_check(&who, e) : -1;
    if (result == 0)
        paper_row(r->paper, ARRAY_LEN(names),
                  (struct slice[]){reporting_time(r, json_get_string(note, "at")), buf_slice(&what),
                                   buf_slice(&who), json_get_string(note, "reason")});
    buf_fini(&what);
    buf_fini(&who);
    return result;
}

static int notes_part(struct reporting *r, const char *holder, struct err *e)
{
    struct noting n = {r, 0};
    struct err why = {0};
    if (evidence_unrecorded_each(holder, each_note, &n, &why) == 0 || why.kind == ERR_VERIFY ||
        why.kind == ERR_LIMIT) /* that it cannot be read, the log's verification says */
        return 0;
    *e = why;
    return -1;
}

int reporting_custody(struct reporting *r, const char *holder, bool *found, bool *sound,
                      struct err *e)
{
    static const char *const names[] = {"No.", "When", "What", "Who", "Where, why, by what right"};
    static const uint8_t weights[] = {5, 17, 36, 19, 23};
    struct evidence_custody_state state;
    struct err why = {0};
    *found = *sound = false;
    int result = evidence_custody_verify(holder, r->options->roots_pem, &state, &why);
    if (result != 0 && why.kind == ERR_NOT_FOUND) {
        evidence_custody_state_fini(&state);
        paper_say(r->paper, PAPER_DOUBT, "There is no custody log here.");
        return notes_part(r, holder, e);
    }
    if (result != 0) {
        evidence_custody_state_fini(&state);
        if (why.kind == ERR_MEMORY) {
            *e = why;
            return -1;
        }
        *found = true;
        reporting_broken(r, "The custody log cannot be read: %s", why.text);
        return notes_part(r, holder, e);
    }
    *found = true;
    paper_columns(r->paper, 5, names, weights, 0);
    if (evidence_custody_read(holder, each_record, r, &why) != 0) {
        evidence_custody_state_fini(&state);
        if (why.kind == ERR_MEMORY) {
            *e = why;
            return -1;
        }
        paper_say(r->paper, PAPER_BAD, "The log cannot be read any further: %s%s%s", why.text,
                  why.where[0] ? ", " : "", why.where);
        r->told->unsound++;
        return notes_part(r, holder, e);
    }
    state_part(r, &state);
    *sound = state.sound;
    evidence_custody_state_fini(&state);
    return notes_part(r, holder, e);
}

void reporting_capture(struct reporting *r, const struct json_value *capture)
{
    static const char *const names[] = {"File", "Packets", "Dropped", "Bytes", "SHA-256"};
    static const uint8_t weights[] = {20, 9, 9, 11, 51};
    if (!json_is(capture, JSON_OBJECT))
        return;
    paper_say(r->paper, PAPER_SUBHEADING, "Captured traffic");
    paper_fact(r->paper, "Interface", json_get_string(capture, "interface"));
    paper_fact(r->paper, "Capture point", json_get_string(capture, "point"));
    paper_fact(r->paper, "Filter",
               json_get_string(capture, "filter").len ? json_get_string(capture, "filter")
                                                      : slice_str("none: every packet"));
    paper_fact(r->paper, "Bytes kept of a packet", reporting_text(r, capture, "snaplen"));
    paper_fact(r->paper, "Packets", reporting_text(r, capture, "packets"));
    paper_fact(r->paper, "Dropped by the kernel", reporting_text(r, capture, "dropped_by_kernel"));
    paper_fact(r->paper, "Dropped by the interface",
               reporting_text(r, capture, "dropped_by_interface"));
    paper_columns(r->paper, 5, names, weights, 16);
    json_each(file, json_get(capture, "files")) paper_row(
        r->paper, 5,
        (struct slice[]){json_get_string(file, "file"), reporting_text(r, file, "packets"),
                         reporting_text(r, file, "dropped_by_kernel"),
                         reporting_text(r, file, "bytes"), json_get_string(file, "sha256")});
    if (!slice_is(reporting_text(r, capture, "dropped_by_kernel"), "0") ||
        !(slice_is(reporting_text(r, capture, "dropped_by_interface"), "0") ||
          !json_get(capture, "dropped_by_interface")))
        paper_say(r->paper, PAPER_BAD,
                  "Packets were dropped: this capture does not hold all of the traffic.");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* NAME.repeat-….json beside the bundle. */
int reporting_repeats(struct reporting *r, const struct reporting_bundle *b, struct err *e)
{
    struct dirent **entries;
    char folder[4200], prefix[300];
    int result = 0;
    snprintf(folder, sizeof folder, "%s", b->path);
    char *cut = strrchr(folder, '/');
    if (cut)
        *cut = 0;
    else
        snprintf(folder, sizeof folder, ".");
    snprintf(prefix, sizeof prefix, "%s.repeat-", b->name);
    int count = scandir(folder[0] ? folder : "/", &entries, NULL, by_name);
    for (int i = 0; i < count; i++) {
        struct reporting_file file = {0};
        bool mine = strncmp(entries[i]->d_name, prefix, strlen(prefix)) == 0;
        if (mine && result == 0)
            result = reporting_read(r, folder, entries[i]->d_name, &file, e);
        if (mine && result == 0 && file.root) {
            bool same = slice_is(reporting_text(r, file.root, "same"), "yes");
            struct slice tool = reporting_text(r, file.root, "other_tool.name");
            paper_say(r->paper, same ? PAPER_GOOD : PAPER_BAD, "%s by %.*s on %.*s: %.*s (%s).",
                      tool.len ? "Read" : "Acquired again",
                      SLICE_ARG(tool.len ? tool : slice_str("tocsin")),
                      SLICE_ARG(reporting_time(r, json_get_string(file.root, "ended"))),
                      SLICE_ARG(json_get_string(file.root, "conclusion")), entries[i]->d_name);
        }
        reporting_close(&file);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return result;
}
