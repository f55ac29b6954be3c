/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/unrecorded.h"
#include "base/file.h"
#include "base/memory.h"
#include "evidence/custody/clock.h"
#include "evidence/custody/record.h"
#include "evidence/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int add_line(struct evidence_notes *n, struct slice text, struct err *e)
{
    if (n->count == n->room) {
        size_t room = n->room ? n->room * 2 : 16;
        void *more = mem_resize(n->lines, room, sizeof *n->lines);
        if (!more)
            return err_memory(e);
        n->lines = more;
        n->room = room;
    }
    struct evidence_note_line *line = &n->lines[n->count++];
    line->text = text;
    return sha256(text, line->sha256) == 0 ? 0 : digest_failed(e);
}

int evidence_notes_read(struct evidence_notes *n, const struct evidence_log *log, struct err *e)
{
    struct err why = {0};
    *n = (struct evidence_notes){0};
    buf_init(&n->text);
    if (evidence_log_read(log, EVIDENCE_UNRECORDED_FILE, EVIDENCE_UNRECORDED_BYTES, &n->text,
                          &why) != 0) {
        if (why.kind == ERR_NOT_FOUND)
            return 0;
        *e = why;
        return -1;
    }
    for (size_t at = 0; at < n->text.len;) {
        const uint8_t *begin = n->text.data + at, *end = memchr(begin, '\n', n->text.len - at);
        size_t len = end ? (size_t)(end - begin) : n->text.len - at;
        if (add_line(n, slice_of(begin, len), e) != 0)
            return -1;
        at += len + 1;
    }
    return 0;
}

void evidence_notes_free(struct evidence_notes *n)
{
    buf_fini(&n->text);
    mem_free(n->lines);
    *n = (struct evidence_notes){0};
}

static int wrong(struct err *e, const char *what)
{
    return err_set(e, ERR_VERIFY, "custody.unrecorded", "formats-evidence.md section 4", "%s",
                   what);
}

int evidence_notes_named(const struct json_value *record, struct evidence_notes_end *end,
                         struct err *e)
{
    const struct json_value *named = json_get(record, "unrecorded");
    int64_t count = 0;
    *end = (struct evidence_notes_end){0};
    if (!named)
        return 0;
    if (!json_int64(json_get(named, "count"), &count) || count < 1 ||
        evidence_hash_parse(json_get_string(named, "last"), end->last) != 0)
        return wrong(e, "it does not say which notes of unrecorded access there were");
    end->count = (uint64_t)count;
    return 0;
}

void evidence_notes_name(struct json_writer *w, const struct evidence_notes_end *end)
{
    if (end->count == 0)
        return;
    json_write_name(w, "unrecorded");
    json_write_object(w);
    json_member_int(w, "count", (int64_t)end->count);
    evidence_hash_member(w, "last", end->last);
    json_write_object_end(w);
}

bool evidence_notes_have(const struct evidence_notes *n, const struct evidence_notes_end *end)
{
    return end->count == 0 || (end->count <= n->count &&
                               memcmp(n->lines[end->count - 1].sha256, end->last, SHA256_LEN) == 0);
}

static int check_note(const struct evidence_notes *n, size_t index, struct evidence_note *note,
                      struct err *e)
{
    uint8_t previous[SHA256_LEN];
    const struct json_value *log = json_get(note->root, "signed_log");
    struct err why = {0};
    int64_t number = 0, records = 0;
    bool canonical = json_doc_check_canonical(note->doc, n->lines[index].text, &why) == 0;
    if (why.kind == ERR_MEMORY) {
        *e = why;
        return -1;
    }
    if (!canonical ||
        !slice_is(json_get_string(note->root, "format"), EVIDENCE_UNRECORDED_FORMAT) ||
        time_parse(json_get_string(note->root, "at"), &note->at, &why) != 0)
        return wrong(e, "it is no note of unrecorded access: bytes were changed");
    if (!json_int64(json_get(note->root, "number"), &number) || (uint64_t)number != index + 1)
        return wrong(e, "its number is another: notes were taken away or put in");
    if (index > 0 && (evidence_hash_parse(json_get_string(note->root, "previous"), previous) != 0 ||
                      memcmp(previous, n->lines[index - 1].sha256, sizeof previous) != 0))
        return wrong(e, "it does not follow on the note before it");
    if (!log)
        return 0;
    if (!json_int64(json_get(log, "records"), &records) || records < 1 ||
        evidence_hash_parse(json_get_string(log, "head"), note->head) != 0)
        return wrong(e, "it does not say how long the log was");
    note->records = (uint64_t)records;
    return 0;
}

int evidence_note_parse(const struct evidence_notes *n, size_t index, struct evidence_note *note,
                        struct err *e)
{
    struct err why = {0};
    *note = (struct evidence_note){0};
    if (json_parse(&note->doc, n->lines[index].text, NULL, &why) != 0) {
        if (why.kind == ERR_MEMORY)
            *e = why;
        return wrong(e, "it is no note of unrecorded access: bytes were changed");
    }
    note->root = json_root(note->doc);
    return check_note(n, index, note, e);
}

int evidence_unrecorded_each(const char *holder,
                             int (*each)(void *context, const struct json_value *note,
                                         struct err *e),
                             void *context, struct err *e)
{
    struct evidence_notes notes;
    struct evidence_log log;
    struct err why = {0};
    if (evidence_log_open(&log, holder, false, &why) != 0) {
        if (why.kind == ERR_NOT_FOUND)
            return 0;
        *e = why;
        return -1;
    }
    int result = evidence_notes_read(&notes, &log, e);
    evidence_log_close(&log);
    for (size_t i = 0; result == 0 && i < notes.count; i++) {
        struct evidence_note note;
        struct err broken = {0};
        if (evidence_note_parse(&notes, i, &note, &broken) != 0 && broken.kind == ERR_MEMORY) {
            *e = broken;
            result = -1;
        } else { /* what is wrong with it, the verification says */
            result = each(context, note.root, e);
        }
        json_doc_free(note.doc);
    }
    evidence_notes_free(&notes);
    return result;
}

/* Writing */

/* Who it was, as far as the machine can say: by its numbers of users, which nobody vouches for. */
static void put_process(struct json_writer *w, const char *host)
{
    struct buf text;
    struct err ignored = {0};
    int64_t login = -1;
    buf_init(&text);
    if (file_read("/proc/self/loginuid", 32, &text, &ignored) == 0)
        login = strtoll(buf_text(&text), NULL, 10);
    buf_fini(&text);
    json_write_name(w, "process");
    json_write_object(w);
    json_member_int(w, "uid", (int64_t)getuid());
    if (login >= 0 && login < UINT32_MAX)
        json_member_int(w, "login_uid", login);
    json_member_string(w, "host", host);
    json_write_object_end(w);
}

struct noting {
    struct evidence_notes notes;
    uint64_t records; /* of the log */
    uint8_t head[SHA256_LEN];
    struct buf line, whole;
};

/* How long the signed log is, as it lies there; whether it holds together is not asked. */
static int look_at_log(struct noting *n, const struct evidence_log *log, struct err *e)
{
    char name[EVIDENCE_LOG_NAME], stray[64];
    struct buf record;
    if (evidence_log_list(log, &n->records, stray, e) != 0)
        return -1;
    if (n->records == 0)
        return 0;
    evidence_log_name(n->records, "json", name);
    buf_init(&record);
    int result = evidence_log_read(log, name, EVIDENCE_RECORD_BYTES, &record, e);
    if (result == 0 && sha256(buf_slice(&record), n->head) != 0)
        result = digest_failed(e);
    buf_fini(&record);
    return result;
}

static int write_note(struct noting *n, const char *kind, const char *reason,
                      const char *const *command, struct slice details, struct err *e)
{
    struct evidence_clock_reading now;
    struct json_doc *doc = NULL;
    struct json_writer w;
    struct buf text;
    evidence_clock_read(&now, NULL);
    buf_init(&text);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    json_member_string(&w, "format", EVIDENCE_UNRECORDED_FORMAT);
    json_member_int(&w, "number", (int64_t)n->notes.count + 1);
    if (n->notes.count)
        evidence_hash_member(&w, "previous", n->notes.lines[n->notes.count - 1].sha256);
    json_member_time(&w, "at", now.real);
    json_write_name(&w, "clock");
    json_write_object(&w);
    evidence_clock_write(&w, &now);
    json_write_object_end(&w);
    json_member_string(&w, "kind", kind);
    json_member_string(&w, "reason", reason);
    put_process(&w, now.host);
    if (n->records) {
        json_write_name(&w, "signed_log");
        json_write_object(&w);
        json_member_int(&w, "records", (int64_t)n->records);
        evidence_hash_member(&w, "head", n->head);
        json_write_object_end(&w);
    }
    int result = evidence_tool_part(&w, command, e);
    if (result == 0 && details.len) {
        json_write_name(&w, "details");
        json_write_raw(&w, details);
    }
    json_write_object_end(&w);
    if (result == 0)
        result = buf_check(&text, e);
    if (result == 0)
        result = json_parse(&doc, buf_slice(&text), NULL, e);
    if (result == 0)
        result = json_canonical(json_root(doc), &n->line, e);
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

static int put_note(struct noting *n, struct evidence_log *log, struct err *e)
{
    buf_put_slice(&n->whole, buf_slice(&n->notes.text));
    if (n->whole.len && n->whole.data[n->whole.len - 1] != '\n')
        buf_putc(&n->whole, '\n');
    buf_put_slice(&n->whole, buf_slice(&n->line));
    buf_putc(&n->whole, '\n');
    if (buf_check(&n->whole, e) != 0)
        return -1;
    if (n->whole.len > EVIDENCE_UNRECORDED_BYTES)
        return err_set(e, ERR_LIMIT, "custody.unrecorded", NULL, "there are %zu notes already",
                       n->notes.count);
    const struct evidence_log_file file = {EVIDENCE_UNRECORDED_FILE, buf_slice(&n->whole)};
    return evidence_log_commit(log, &file, 1, e);
}

int evidence_unrecorded_note(const char *holder, const char *kind, const char *reason,
                             const char *const *command, struct slice details, struct err *e)
{
    struct noting n = {0};
    struct evidence_log log;
    if (evidence_log_open(&log, holder, true, e) != 0)
        return -1;
    buf_init(&n.line);
    buf_init(&n.whole);
    int result = evidence_notes_read(&n.notes, &log, e);
    if (result == 0)
        result = look_at_log(&n, &log, e);
    if (result == 0)
        result = write_note(&n, kind, reason, command, details, e);
    if (result == 0)
        result = put_note(&n, &log, e);
    buf_fini(&n.line);
    buf_fini(&n.whole);
    evidence_notes_free(&n.notes);
    evidence_log_close(&log);
    return result;
}
