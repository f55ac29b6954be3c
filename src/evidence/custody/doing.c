/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/doing.h"
#include "base/file.h"
#include "base/id.h"
#include "evidence/bundle/manifest.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASE_BYTES = 1 << 20 };

void evidence_case_of(const char *holder, char folder[4096])
{
    /* CASE, CASE/exhibits/ID, CASE/exhibits/ID/NAME.evidence */
    static const char *const ups[] = {"", "/../..", "/../../.."};
    char path[4200], real[4096];
    folder[0] = 0;
    if (!realpath(holder, real))
        return;
    for (size_t i = 0; i < ARRAY_LEN(ups); i++) {
        snprintf(path, sizeof path, "%s%s", real, ups[i]);
        char *up = realpath(path, NULL);
        if (!up)
            continue;
        snprintf(path, sizeof path, "%s/case.json", up);
        bool found = file_kind(path) == 1;
        if (found)
            snprintf(folder, 4096, "%s", up);
        free(up); /* realpath's own */
        if (found)
            return;
    }
}

int evidence_doing_open(struct evidence_doing *d, const struct evidence_said *said, struct err *e)
{
    *d = (struct evidence_doing){.said = said};
    arena_init(&d->arena, 0);
    if (evidence_person_open(&d->person, said->identity, said->password_file, e) != 0)
        return -1;
    if (said->role)
        d->person.actor.role = said->role;
    evidence_clock_read(&d->started, said->clock);
    return 0;
}

void evidence_doing_close(struct evidence_doing *d)
{
    evidence_person_close(&d->person);
    arena_fini(&d->arena);
}

int evidence_kept_open(struct evidence_kept_doing *k, const struct evidence_said *said,
                       struct err *e)
{
    if (k->open)
        return 0;
    k->said = *said;
    k->open = true; /* also when it fails: it is closed in any case */
    return evidence_doing_open(&k->doing, &k->said, e);
}

void evidence_kept_close(struct evidence_kept_doing *k)
{
    if (k->open)
        evidence_doing_close(&k->doing);
    *k = (struct evidence_kept_doing){0};
}

static const char *text_of(struct evidence_doing *d, const struct json_value *v)
{
    struct slice s = json_string(v);
    return s.data ? arena_copy(&d->arena, s.data, s.len) : NULL;
}

static int take_authority(struct evidence_doing *d, const struct json_value *a,
                          struct evidence_authority *out, struct err *e)
{
    const struct json_value *covers = json_get(a, "covers");
    out->id = text_of(d, json_get(a, "id"));
    out->scope = text_of(d, json_get(a, "scope"));
    out->issued_by = text_of(d, json_get(a, "issued_by"));
    out->expires = text_of(d, json_get(a, "expires"));
    out->covers = NULL;
    if (json_count(covers)) {
        const char **list = arena_new(&d->arena, json_count(covers) + 1, sizeof *list);
        size_t count = 0;
        if (!list)
            return err_memory(e);
        json_each(v, covers) if (!(list[count++] = text_of(d, v))) return err_memory(e);
        out->covers = list;
    }
    return 0;
}

struct last {
    struct evidence_doing *doing;
    struct evidence_authority *authority;
};

static int take_last(void *context, const struct evidence_custody_record *r, struct err *e)
{
    struct last *l = context;
    const struct json_value *a = json_get(r->root, "authority");
    return json_count(a) ? take_authority(l->doing, a, l->authority, e) : 0;
}

/* The case's as case.json has it; else the last that the log names, or that of the case. */
static int authority_of(struct evidence_doing *d, const char *holder,
                        struct evidence_authority *out, struct err *e)
{
    char folder[4096];
    struct json_doc *doc = NULL;
    struct err why = {0};
    struct buf text;
    struct last last = {d, out};
    evidence_case_of(holder, folder);
    buf_init(&text);
    int result = 0;
    bool read = folder[0] &&
                evidence_file_read(folder, "case.json", CASE_BYTES, &text, &why) == 0 &&
                json_parse(&doc, buf_slice(&text), NULL, &why) == 0;
    if (read)
        result = take_authority(d, json_get(json_root(doc), "authority"), out, e);
    /* What is wrong with case.json or a log, verifying it says: it does not hinder a step. */
    if (!read && why.kind != ERR_MEMORY)
        err_clear(&why);
    if (!read && !err_is_set(&why))
        (void)!evidence_custody_read(holder, take_last, &last, &why);
    if (!read && why.kind != ERR_MEMORY && folder[0] && !out->id) {
        err_clear(&why);
        (void)!evidence_custody_read(folder, take_last, &last, &why);
    }
    if (why.kind == ERR_MEMORY) {
        *e = why;
        result = -1;
    }
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

static int find_authority(struct evidence_doing *d, const char *holder,
                          struct evidence_authority *out, struct err *e)
{
    *out = d->said->authority;
    if (out->id)
        return 0;
    if (authority_of(d, holder, out, e) != 0)
        return -1;
    return out->id || !d->authority_from ? 0 : authority_of(d, d->authority_from, out, e);
}

static int step_of(struct evidence_doing *d, const char *holder, const char *name, const char *kind,
                   struct slice details, struct evidence_step *step, struct err *e)
{
    const struct evidence_said *said = d->said;
    *step =
        (struct evidence_step){.kind = kind,
                               .holder = name,
                               .actor = d->person.actor,
                               .place = said->place ? said->place : d->person.place,
                               .reason = said->reason,
                               .started = &d->started,
                               .reference = said->reference,
                               .command = said->command,
                               .details = details,
                               .whole_case = evidence_holder_kind(holder) == EVIDENCE_HOLDER_CASE,
                               .clock = said->clock};
    return find_authority(d, holder, &step->authority, e);
}

int evidence_doing_step(struct evidence_doing *d, const char *holder, const char *name,
                        const char *kind, struct slice details, struct evidence_appended *told,
                        struct err *e)
{
    struct evidence_step step;
    if (step_of(d, holder, name, kind, details, &step, e) != 0)
        return -1;
    step.told = told;
    step.receipts = d->receipts;
    step.receipt_count = d->receipt_count;
    step.has_seen = d->has_seen;
    step.seen = d->seen;
    d->receipt_count = 0;
    d->has_seen = false;
    return evidence_custody_append(holder, &step, d->person.signer, e);
}

int evidence_doing_check(struct evidence_doing *d, const char *holder, const char *name,
                         const char *kind, struct slice details, struct evidence_appended *told,
                         struct err *e)
{
    struct evidence_warning warnings[EVIDENCE_WARNINGS];
    struct evidence_step step;
    struct buf record;
    size_t count = 0;
    const struct evidence_link link = {.log = "cst_00000000000000000000000000",
                                       .holder = name ? name : "",
                                       .number = 1,
                                       .subject = evidence_signer_name(d->person.signer)};
    if (step_of(d, holder, name, kind, details, &step, e) != 0)
        return -1;
    step.reference = NULL;
    buf_init(&record);
    int result = evidence_custody_record_write(&step, &link, &record, warnings, &count, e);
    buf_fini(&record);
    if (told) {
        told->warnings[0] = 0;
        for (size_t i = 0, len = 0; i < count && len + 202 < sizeof told->warnings; i++)
            len += (size_t)snprintf(told->warnings + len, sizeof told->warnings - len, "%s%s",
                                    i ? "\n" : "", warnings[i].text);
    }
    return result;
}

int evidence_doing_apart(struct evidence_doing *d, const char *holder, const char *name,
                         const char *kind, struct slice details, struct buf *record,
                         struct buf *signature, struct err *e)
{
    struct evidence_warning warnings[EVIDENCE_WARNINGS];
    struct evidence_step step;
    size_t count = 0;
    char log[40];
    if (id_new(&random_system, "cst", log, e) != 0 ||
        step_of(d, holder, name, kind, details, &step, e) != 0)
        return -1;
    const struct evidence_link link = {
        .log = log, .holder = name, .number = 1, .subject = evidence_signer_name(d->person.signer)};
    if (evidence_custody_record_write(&step, &link, record, warnings, &count, e) != 0)
        return -1;
    return evidence_cms_sign(d->person.signer, buf_slice(record), signature, e);
}
