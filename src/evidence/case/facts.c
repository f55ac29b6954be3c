/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/facts.h"
#include "base/file.h"
#include "base/memory.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { DESCRIPTION_BYTES = 64 << 20 };

static void copy_text(char *out, size_t room, struct slice s)
{
    snprintf(out, room, "%.*s", SLICE_ARG(s));
}

static bool mentions(struct slice s, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= s.len; i++) {
        size_t k = 0;
        while (k < len && tolower(s.data[i + k]) == word[k])
            k++;
        if (k == len)
            return true;
    }
    return false;
}

static void take_attachment(struct evidence_facts *f, const struct json_value *details)
{
    struct slice file = json_get_string(details, "file"), shows = json_get_string(details, "shows");
    f->attached_report |= mentions(file, "report") || mentions(shows, "report");
    f->attached_self_test |= mentions(file, "selftest") || mentions(shows, "self-test");
}

static int take_record(void *context, const struct evidence_custody_record *r, struct err *e)
{
    struct evidence_facts *f = context;
    const struct json_value *details = json_get(r->root, "details");
    struct slice role = json_string(evidence_path(r->root, "actor.role"));
    (void)e;
    for (size_t i = 0; i < 64 && evidence_kind_at(i); i++)
        if (slice_is(r->kind, evidence_kind_at(i)->name))
            f->kinds |= (uint64_t)1 << i;
    if (r->number == 1)
        copy_text(f->first, sizeof f->first, r->kind);
    f->records++;
    f->specialist |= (slice_is(role, "DEFR") || slice_is(role, "DES")) &&
                     json_count(evidence_path(r->root, "actor.competence")) > 0;
    f->tool_missing |= !evidence_path(r->root, "tool.sha256") ||
                       json_count(evidence_path(r->root, "tool.command")) == 0;
    f->reason_missing |= json_get_string(r->root, "reason").len == 0;
    json_each(w, json_get(r->root, "warnings")) f->authority_warned |=
        mentions(json_get_string(w, "code"), "authority");
    if (slice_is(r->kind, "acquired") || slice_is(r->kind, "identified"))
        f->clock_compared |= evidence_path(r->root, "clock.end.reference") != NULL;
    if (slice_is(r->kind, "repeated"))
        f->other_tool |= !mentions(json_get_string(details, "tool"), "tocsin");
    if (slice_is(r->kind, "attachment"))
        take_attachment(f, details);
    if (slice_is(r->kind, "decided"))
        copy_text(f->decision, sizeof f->decision, json_get_string(details, "decision"));
    return 0;
}

static int read_description(struct evidence_facts *f, struct err *e)
{
    static const char *const names[] = {"", "case.json", "exhibit.json", "acquisition.json"};
    char path[4200];
    struct err why = {0};
    snprintf(path, sizeof path, "%s/%s", f->path, names[f->kind]);
    if (file_kind(path) != 1)
        return 0;
    if (file_read(path, DESCRIPTION_BYTES, &f->text, &why) != 0 ||
        json_parse(&f->doc, buf_slice(&f->text), NULL, &why) != 0)
        f->doc = NULL; /* what is wrong with it, the log and the manifests say */
    if (why.kind == ERR_MEMORY) {
        *e = why;
        return -1;
    }
    return 0;
}

static int gather(void *context, const char *holder, struct err *e)
{
    struct evidence_fact_list *facts = context;
    struct err why = {0};
    if (facts->count == facts->room) {
        size_t room = facts->room ? facts->room * 2 : 16;
        void *more = mem_resize(facts->list, room, sizeof *facts->list);
        if (!more)
            return err_memory(e);
        facts->list = more;
        facts->room = room;
    }
    struct evidence_facts *f = &facts->list[facts->count++];
    *f = (struct evidence_facts){.kind = evidence_holder_kind(holder),
                                 .path = arena_strdup(&facts->arena, holder)};
    buf_init(&f->text);
    if (!f->path)
        return err_memory(e);
    f->has_log = evidence_custody_verify(holder, NULL, &f->state, &why) == 0;
    if (!f->has_log && why.kind == ERR_MEMORY) {
        *e = why;
        return -1;
    }
    /* A log that cannot be read is none that anything could be met by. */
    struct err unread = {0};
    if (f->has_log && evidence_custody_read(holder, take_record, f, &unread) != 0 &&
        unread.kind == ERR_MEMORY) {
        *e = unread;
        return -1;
    }
    f->copy = f->state.copy;
    return read_description(f, e);
}

/* A bundle is of the exhibit before it in the list. */
static void relate(struct evidence_fact_list *facts)
{
    struct evidence_facts *exhibit = NULL;
    for (size_t i = 0; i < facts->count; i++) {
        struct evidence_facts *f = &facts->list[i];
        if (f->kind == EVIDENCE_HOLDER_EXHIBIT) {
            exhibit = f;
            copy_text(f->source_type, sizeof f->source_type, evidence_facts_text(f, "source_type"));
        } else if (f->kind == EVIDENCE_HOLDER_BUNDLE && exhibit) {
            exhibit->bundles++;
            exhibit->copy |= f->copy;
            snprintf(f->source_type, sizeof f->source_type, "%s", exhibit->source_type);
        }
    }
}

int evidence_facts_gather(const char *folder, struct evidence_fact_list *facts, struct err *e)
{
    *facts = (struct evidence_fact_list){0};
    arena_init(&facts->arena, 0);
    if (evidence_holder_all(folder, gather, facts, e) != 0)
        return -1;
    relate(facts);
    return 0;
}

void evidence_facts_fini(struct evidence_fact_list *facts)
{
    for (size_t i = 0; i < facts->count; i++) {
        json_doc_free(facts->list[i].doc);
        buf_fini(&facts->list[i].text);
        evidence_custody_state_fini(&facts->list[i].state);
    }
    mem_free(facts->list);
    arena_fini(&facts->arena);
    *facts = (struct evidence_fact_list){0};
}

bool evidence_facts_has(const struct evidence_facts *f, const char *kind)
{
    for (size_t i = 0; i < 64 && evidence_kind_at(i); i++)
        if (strcmp(kind, evidence_kind_at(i)->name) == 0)
            return f->kinds >> i & 1;
    return false;
}

bool evidence_facts_has_file(const struct evidence_facts *f, const char *name)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", f->path, name);
    return file_kind(path) != 0;
}

struct slice evidence_facts_text(const struct evidence_facts *f, const char *path)
{
    return json_string(evidence_path(json_root(f->doc), path));
}
