/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "evidence/bundle/manifest.h"
#include "evidence/custody.h"
#include "evidence/custody/doing.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/log.h"
#include "evidence/custody/unrecorded.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Row 44: is what lies there what was checked, and since it last changed hands? wanted: what is to
 * be worked on, which is in it or is it. */
static int own_gate(const char *holder, const char *wanted,
                    const struct evidence_custody_state *state, struct err *e)
{
    uint8_t tags[SHA256_LEN];
    uint64_t bytes;
    struct err why = {0};
    char hint[300];
    snprintf(hint, sizeof hint, "check it first: tocsin evidence verify %.180s --identity FOLDER",
             wanted);
    if (!state->sound) {
        err_set(e, ERR_DENIED, "custody.unsound", "ISO/IEC 27037 section 6.1",
                "the custody log of %s does not hold together: %s: %s", state->holder,
                state->problems[0].what, state->problems[0].text);
        return err_hint(e, "tocsin evidence custody verify lists what is wrong");
    }
    if (state->disposed)
        return err_set(e, ERR_DENIED, "custody.disposed", NULL, "%s was disposed of",
                       state->holder);
    if (state->open_count)
        return err_set(e, ERR_DENIED, "custody.handover", "ISO/IEC 27037 section 6.1",
                       "%s was given to %s (record %" PRIu64 "), who has not signed for it",
                       state->holder, state->open[0].to, state->open[0].record);
    if (!state->gate_open) {
        err_set(e, ERR_DENIED, "custody.gate", "ISO/IEC 27037 section 5.4.5",
                "%s may not be worked on: %s", state->holder, state->gate_why);
        return err_hint(e, "%s", hint);
    }
    if (state->checked_has_tags &&
        (evidence_file_digest(holder, "tagmanifest-sha256.txt", tags, &bytes, &why) != 0 ||
         memcmp(tags, state->checked_tags, sizeof tags) != 0)) {
        err_set(e, ERR_DENIED, "custody.gate", "ISO/IEC 27037 section 5.4.5",
                "%s is not what record %" PRIu64 " checked: tagmanifest-sha256.txt is another",
                state->holder, state->checked_record);
        return err_hint(e, "%s", hint);
    }
    return 0;
}

/* The folder of the exhibit in which a bundle lies; false: it lies in none. */
static bool exhibit_above(const char *holder, char above[4200])
{
    snprintf(above, 4200, "%.4000s/..", holder);
    return evidence_holder_kind(holder) == EVIDENCE_HOLDER_BUNDLE &&
           evidence_holder_kind(above) == EVIDENCE_HOLDER_EXHIBIT;
}

/* A bundle goes where its exhibit goes: what happened to that one closes the gate of both. */
static int exhibit_gate(const char *holder, const struct evidence_custody_state *bundle,
                        struct err *e)
{
    char above[4200];
    struct evidence_custody_state state;
    struct err why = {0};
    if (!exhibit_above(holder, above))
        return 0;
    int result = evidence_custody_verify(above, NULL, &state, &why);
    if (result != 0 && why.kind != ERR_NOT_FOUND)
        *e = why;
    else if (result == 0 && !state.gate_open && state.closed_at && !state.disposed &&
             state.open_count == 0 && bundle->checked_at >= state.closed_at && state.sound)
        result = 0; /* the bundle itself was checked since */
    else if (result == 0 && (state.closed_at || !state.sound || state.disposed))
        result = own_gate(above, holder, &state, e);
    evidence_custody_state_fini(&state);
    return err_is_set(e) ? -1 : 0;
}

int evidence_gate(const char *holder, const struct evidence_custody_state *state, struct err *e)
{
    return own_gate(holder, holder, state, e) == 0 ? exhibit_gate(holder, state, e) : -1;
}

static const char *what_of(enum evidence_access_kind kind)
{
    switch (kind) {
    case EVIDENCE_EXPORT: return "exported";
    case EVIDENCE_VERIFY: return "verified";
    case EVIDENCE_DISCLOSE: return "disclosed";
    case EVIDENCE_WRAP: return "wrapped";
    default: return "access";
    }
}

/* What takes its time, and may come to nothing, is never said to have been done before it was. */
static bool has_two(const struct evidence_access_options *o)
{
    return !o->ungated &&
           (o->kind == EVIDENCE_EXPORT || o->kind == EVIDENCE_DISCLOSE || o->kind == EVIDENCE_WRAP);
}

static const char *kind_of(const struct evidence_access_options *o)
{
    return o->failed && o->ends ? "not-done" : has_two(o) && !o->ends ? "begun" : what_of(o->kind);
}

/* What the caller said, and what follows from the kind. */
static int details_of(const struct evidence_access_options *o, struct buf *out, struct err *e)
{
    struct json_doc *doc = NULL;
    struct json_writer w;
    if (o->details.len && json_parse(&doc, o->details, NULL, e) != 0)
        return -1;
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_each(v, json_root(doc))
    {
        json_write_name_slice(&w, json_name(v));
        json_write_value(&w, v);
    }
    if (!json_get(json_root(doc), "what") &&
        (o->kind == EVIDENCE_ACCESS || o->kind == EVIDENCE_ANALYSIS))
        json_member_string(&w, "what", o->kind == EVIDENCE_ANALYSIS ? "worked on" : "looked at");
    if (has_two(o) && (!o->ends || o->failed))
        json_member_string(&w, "what", what_of(o->kind));
    if (o->ends)
        json_member_int(&w, "begun", (int64_t)o->ends);
    if (o->ends && o->failed)
        json_member_string(&w, "why", o->failed[0] ? o->failed : "not known");
    if (!json_get(json_root(doc), "what") && o->kind == EVIDENCE_VERIFY)
        json_member_string(&w, "what", "every file and every chunk");
    if (o->deviation)
        json_member_string(&w, "deviation", o->deviation);
    json_write_object_end(&w);
    json_doc_free(doc);
    return buf_check(out, e);
}

/* What was looked at before the record, and must still be so when it is written. */
struct looked {
    bool has_log, gated;
    uint64_t records;
};

static int record_it(const char *holder, const struct evidence_access_options *o,
                     struct evidence_accessed *accessed, const struct looked *at, bool check,
                     struct err *e)
{
    const struct evidence_said said = {.identity = o->identity,
                                       .password_file = o->password_file,
                                       .place = o->place,
                                       .reason = o->reason                    ? o->reason
                                                 : o->kind == EVIDENCE_VERIFY ? "check of integrity"
                                                                              : NULL,
                                       .reference = o->reference,
                                       .authority = o->authority,
                                       .command = o->command};
    struct evidence_kept_doing own = {0}, *kept = o->kept ? o->kept : &own;
    struct evidence_doing *doing = &kept->doing;
    struct buf details;
    char name[EVIDENCE_HOLDER];
    int result = evidence_kept_open(kept, &said, e);
    buf_init(&details);
    evidence_holder_name(holder, name);
    if (result == 0)
        result = details_of(o, &details, e);
    if (result == 0 && check)
        result = evidence_doing_check(doing, holder, name, kind_of(o), buf_slice(&details),
                                      &accessed->record, e);
    else if (result == 0) {
        doing->has_seen = at->gated || o->seen;
        doing->seen = o->seen ? o->seen->records : at->records;
        result = evidence_doing_step(doing, holder, at->has_log ? NULL : name, kind_of(o),
                                     buf_slice(&details), &accessed->record, e);
    }
    accessed->recorded = result == 0 && !check;
    buf_fini(&details);
    evidence_kept_close(&own);
    return result;
}

static int look(const char *holder, const struct evidence_access_options *o, struct looked *at,
                struct err *e)
{
    struct evidence_custody_state state;
    struct err why = {0};
    int result = evidence_custody_verify(holder, NULL, &state, &why);
    bool *has_log = &at->has_log;
    *at = (struct looked){.has_log = result == 0, .records = state.count};
    if (result != 0 && why.kind != ERR_NOT_FOUND)
        *e = why;
    else
        result = 0;
    if (result == 0 && *has_log && o->kind != EVIDENCE_VERIFY && !o->ungated && !o->ends) {
        at->gated = true;
        result = evidence_gate(holder, &state, e);
    }
    if (result == 0 && *has_log && o->kind == EVIDENCE_ANALYSIS && !state.copy && !o->deviation) {
        result = err_set(e, ERR_DENIED, "custody.master", "ISO/IEC 27042",
                         "%s is a master, and work is done on working copies", state.holder);
        err_hint(e, "tocsin evidence copy makes one; or say with --deviation why it must be the "
                    "master");
    }
    evidence_custody_state_fini(&state);
    return result;
}

/* What trace there can be. Evidence on a medium that cannot be written to leaves none. */
static int note_it(const char *holder, const struct evidence_access_options *o,
                   struct evidence_accessed *accessed, struct err *e)
{
    struct err why = {0};
    struct buf details;
    buf_init(&details);
    int result = details_of(o, &details, e);
    if (result == 0 && evidence_unrecorded_note(holder, kind_of(o), o->unrecorded, o->command,
                                                buf_slice(&details), &why) != 0) {
        if (why.kind == ERR_MEMORY) {
            *e = why;
            result = -1;
        }
        snprintf(accessed->untraced, sizeof accessed->untraced, "%s", why.text);
    }
    accessed->noted = result == 0 && !err_is_set(&why);
    buf_fini(&details);
    return result;
}

/* Is it kept by somebody: has it a log or a seal, or does it lie in a case? */
static bool is_kept(const char *holder, bool has_log)
{
    char path[4096], folder[4096];
    if (has_log || (size_t)snprintf(path, sizeof path, "%s/seal", holder) >= sizeof path)
        return true;
    evidence_case_of(holder, folder);
    return folder[0] || file_kind(path) == 2;
}

/* Nobody says who does it. */
static int nameless(const char *holder, const struct evidence_access_options *o, bool has_log,
                    bool *note, struct err *e)
{
    *note = o->kind != EVIDENCE_VERIFY && is_kept(holder, has_log);
    if (!*note || o->unrecorded)
        return 0;
    err_set(e, ERR_DENIED, "custody.unrecorded", "ISO/IEC 27037 section 6.1",
            "%s is kept under custody, and this would leave no trace of who did it", holder);
    return err_hint(e, "say who does it: --identity FOLDER; or why nobody is to know: "
                       "--unrecorded REASON");
}

/* Of a log that does not begin with this, or cannot be written to, it is said, and it goes on. */
static int record_ungated(const char *holder, const struct evidence_access_options *o,
                          struct evidence_accessed *accessed, const struct looked *at,
                          struct err *e)
{
    struct err why = {0};
    if (!at->has_log)
        snprintf(accessed->untraced, sizeof accessed->untraced,
                 "%.200s has no custody log, which begins with a check", holder);
    else if (record_it(holder, o, accessed, at, false, &why) != 0) {
        if (why.kind == ERR_MEMORY || why.kind == ERR_USAGE || why.kind == ERR_DENIED ||
            why.kind == ERR_INTERNAL) {
            *e = why;
            return -1;
        }
        snprintf(accessed->untraced, sizeof accessed->untraced, "%s", why.text);
    }
    return 0;
}

static int access_looked(const char *holder, const struct evidence_access_options *o,
                         struct evidence_accessed *accessed, struct err *e)
{
    struct looked at;
    bool note = false;
    if (look(holder, o, &at, e) != 0)
        return -1;
    if (!evidence_person_folder(o->identity)) {
        if (o->ends)
            return 0;
        if (nameless(holder, o, at.has_log, &note, e) != 0)
            return -1;
        return note ? note_it(holder, o, accessed, e) : 0;
    }
    if (o->ungated)
        return record_ungated(holder, o, accessed, &at, e);
    if (!at.has_log && o->kind != EVIDENCE_VERIFY) {
        err_set(e, ERR_DENIED, "custody.gate", "ISO/IEC 27037 section 5.4.5",
                "%s has no custody log, which begins with a check", holder);
        return err_hint(e, "tocsin evidence verify %.180s --identity FOLDER", holder);
    }
    return record_it(holder, o, accessed, &at, false, e);
}

static int state_of(const char *holder, struct evidence_seen *seen, uint64_t *closed, struct err *e)
{
    struct evidence_custody_state state;
    struct err why = {0};
    bool there = evidence_custody_verify(holder, NULL, &state, &why) == 0;
    seen->records = there ? state.count : 0;
    *closed = there ? state.closed_record : 0;
    evidence_custody_state_fini(&state);
    if (there || why.kind != ERR_MEMORY)
        return 0; /* what is wrong with it, the step finds */
    *e = why;
    return -1;
}

int evidence_access_seen(const char *holder, struct evidence_seen *seen, struct err *e)
{
    char above[4200];
    struct evidence_seen of_exhibit = {0};
    uint64_t closed;
    *seen = (struct evidence_seen){0};
    if (state_of(holder, seen, &closed, e) != 0 ||
        (exhibit_above(holder, above) && state_of(above, &of_exhibit, &closed, e) != 0))
        return -1;
    seen->above = of_exhibit.records;
    return 0;
}

/* The exhibit's log is held (read) until the record stands in the bundle's: nobody gives it away or
 * moves it in between. Locks are taken in this order alone, the exhibit's and then the bundle's. */
int evidence_access(const char *holder, const struct evidence_access_options *o,
                    struct evidence_accessed *accessed, struct err *e)
{
    char above[4200];
    struct evidence_log held = {.folder = -1, .next = -1};
    struct evidence_seen now = {0};
    struct err why = {0};
    uint64_t closed = 0;
    *accessed = (struct evidence_accessed){0};
    if (!o->ungated && !o->ends && exhibit_above(holder, above) &&
        evidence_log_open(&held, above, false, &why) != 0 && why.kind != ERR_NOT_FOUND) {
        *e = why;
        return -1;
    }
    int result = 0;
    if (o->seen && held.folder >= 0)
        result = state_of(above, &now, &closed, e);
    if (result == 0 && o->seen && closed > o->seen->above) {
        err_set(e, ERR_DENIED, "custody.gate", "ISO/IEC 27037 section 5.4.5",
                "the exhibit changed hands or place while this was checked (record %" PRIu64 ")",
                closed);
        result = err_hint(e, "check it again");
    }
    if (result == 0)
        result = access_looked(holder, o, accessed, e);
    evidence_log_close(&held);
    return result;
}

int evidence_access_check(const char *holder, const struct evidence_access_options *o,
                          struct err *e)
{
    struct evidence_accessed ignored = {0};
    struct looked at;
    bool note;
    if (look(holder, o, &at, e) != 0)
        return -1;
    if (!evidence_person_folder(o->identity))
        return nameless(holder, o, at.has_log, &note, e);
    return at.has_log ? record_it(holder, o, &ignored, &at, true, e) : 0;
}
