/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void evidence_state_init(struct evidence_custody_state *state)
{
    *state = (struct evidence_custody_state){.sound = true, .chain_holds = true};
    arena_init(&state->arena, 0);
    snprintf(state->gate_why, sizeof state->gate_why, "its hash was never checked");
}

void evidence_custody_state_fini(struct evidence_custody_state *state)
{
    arena_fini(&state->arena);
    *state = (struct evidence_custody_state){0};
}

PRINTF_LIKE(4, 0)
static int add_problem(struct evidence_custody_state *state, const char *what, const char *where,
                       const char *format, va_list args)
{
    char text[600];
    state->sound = false;
    state->problems_all++;
    if (state->problem_count == EVIDENCE_PROBLEMS_KEPT)
        return 0;
    if (!state->problems)
        state->problems = arena_new(&state->arena, EVIDENCE_PROBLEMS_KEPT, sizeof *state->problems);
    if (!state->problems)
        return -1;
    vsnprintf(text, sizeof text, format, args);
    struct evidence_problem *p =
        (struct evidence_problem *)&state->problems[state->problem_count++];
    p->what = arena_strdup(&state->arena, what);
    p->where = arena_strdup(&state->arena, where);
    p->text = arena_strdup(&state->arena, text);
    return p->what && p->where && p->text ? 0 : -1;
}

int evidence_state_problem(struct evidence_custody_state *state, const char *what,
                           const char *where, const char *format, ...)
{
    va_list args;
    state->chain_holds = false;
    va_start(args, format);
    int result = add_problem(state, what, where, format, args);
    va_end(args);
    return result;
}

int evidence_state_file_problem(struct evidence_custody_state *state, const char *what,
                                const char *where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int result = add_problem(state, what, where, format, args);
    va_end(args);
    return result;
}

static const char *keep(struct evidence_folding *f, struct slice s, struct err *e)
{
    const char *copy = arena_copy(&f->state->arena, s.data ? (const void *)s.data : "", s.len);
    if (!copy)
        err_memory(e);
    return copy;
}

/* Room for one more in a list that the arena holds. */
static void *grown(struct arena *arena, void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    void *more = arena_new(arena, *room ? *room * 2 : 8, size);
    if (more && count)
        memcpy(more, list, count * size);
    if (more)
        *room = *room ? *room * 2 : 8;
    return more;
}

static int give(struct evidence_folding *f, const struct evidence_custody_record *r,
                const struct json_value *details, struct err *e)
{
    struct evidence_custody_state *s = f->state;
    struct evidence_handover *list =
        grown(&s->arena, f->handovers, s->open_count, &f->handover_room, sizeof *list);
    if (!list)
        return err_memory(e);
    list[s->open_count++] = (struct evidence_handover){
        .id = keep(f, json_get_string(details, "handover"), e),
        .from = keep(f, json_string(evidence_path(r->root, "actor.name")), e),
        .subject = keep(f, json_string(evidence_path(r->root, "actor.subject")), e),
        .to = keep(f, json_get_string(details, "to"), e),
        .given = r->at,
        .record = r->number};
    f->handovers = list;
    s->open = list;
    return err_is_set(e) ? -1 : 0;
}

static void end_handover(struct evidence_folding *f, struct slice id)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->state->open_count; i++)
        if (!slice_is(id, f->handovers[i].id))
            f->handovers[kept++] = f->handovers[i];
    f->state->open_count = kept;
}

static int hold(struct evidence_folding *f, const struct evidence_custody_record *r,
                const struct json_value *details, struct err *e)
{
    struct evidence_custody_state *s = f->state;
    struct evidence_hold *list =
        grown(&s->arena, f->holds, s->hold_count, &f->hold_room, sizeof *list);
    if (!list)
        return err_memory(e);
    list[s->hold_count++] =
        (struct evidence_hold){.id = keep(f, json_get_string(details, "hold"), e),
                               .ordered_by = keep(f, json_get_string(details, "ordered_by"), e),
                               .record = r->number};
    f->holds = list;
    s->holds = list;
    return err_is_set(e) ? -1 : 0;
}

static void lift(struct evidence_folding *f, struct slice id)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->state->hold_count; i++)
        if (!slice_is(id, f->holds[i].id))
            f->holds[kept++] = f->holds[i];
    f->state->hold_count = kept;
}

static void gate(struct evidence_custody_state *s, unsigned effects,
                 const struct evidence_custody_record *r, const struct json_value *details)
{
    struct slice result = json_get_string(details, "result");
    bool same = result.len == 0 || slice_is(result, "same");
    if (effects & EVIDENCE_CLOSES_GATE || (effects & EVIDENCE_OPENS_GATE && !same)) {
        s->gate_open = false;
        s->closed_at = r->at;
        s->closed_record = r->number;
        snprintf(s->gate_why, sizeof s->gate_why, "%s by record %" PRIu64 " (%.*s)",
                 effects & EVIDENCE_OPENS_GATE && !same
                     ? "it was found to be another"
                     : "it changed hands or place, and its hash was not checked since",
                 r->number, (int)(r->kind.len < 40 ? r->kind.len : 40), (const char *)r->kind.data);
    }
    if (effects & EVIDENCE_OPENS_GATE && same) {
        s->gate_open = true;
        s->gate_why[0] = 0;
        s->checked_record = r->number;
        s->checked_at = r->at;
        struct slice tags = json_get_string(details, "tagmanifest_sha256");
        const struct json_value *bundle = json_get(details, "bundle");
        if (tags.len && (!bundle || slice_is(json_string(bundle), "."))) /* not one below it */
            s->checked_has_tags = evidence_hash_parse(tags, s->checked_tags) == 0;
    }
}

static int begin(struct evidence_folding *f, const struct evidence_custody_record *r,
                 const struct json_value *details, struct err *e)
{
    struct evidence_custody_state *s = f->state;
    struct evidence_begun *list =
        grown(&s->arena, f->begun, s->begun_count, &f->begun_room, sizeof *list);
    if (!list)
        return err_memory(e);
    list[s->begun_count++] =
        (struct evidence_begun){.what = keep(f, json_get_string(details, "what"), e),
                                .to = keep(f, json_get_string(details, "to"), e),
                                .at = r->at,
                                .record = r->number};
    f->begun = list;
    s->begun = list;
    return err_is_set(e) ? -1 : 0;
}

/* By the record that says what came of it, or by words about it. */
static void end_begun(struct evidence_folding *f, const struct evidence_custody_record *r,
                      const struct json_value *details)
{
    int64_t number;
    size_t kept = 0;
    const char *name = slice_is(r->kind, "correction") ? "corrects" : "begun";
    if (f->state->begun_count == 0 || !json_int64(json_get(details, name), &number))
        return;
    for (size_t i = 0; i < f->state->begun_count; i++)
        if ((int64_t)f->begun[i].record != number)
            f->begun[kept++] = f->begun[i];
    f->state->begun_count = kept;
}

static int named_kinds(struct evidence_folding *f, const struct evidence_custody_record *r,
                       const struct json_value *details, struct err *e)
{
    struct evidence_custody_state *s = f->state;
    s->disposed |= slice_is(r->kind, "disposed");
    s->sealed |= slice_is(r->kind, "sealed");
    if (slice_is(r->kind, "returned"))
        s->returned = true;
    if (slice_is(r->kind, "copied") && r->number == 1)
        s->copy = true;
    if (slice_is(r->kind, "handover-given"))
        return give(f, r, details, e);
    if (slice_is(r->kind, "handover-received") || slice_is(r->kind, "handover-refused") ||
        slice_is(r->kind, "handover-receipt") || slice_is(r->kind, "handover-withdrawn"))
        end_handover(f, json_get_string(details, "handover"));
    if (slice_is(r->kind, "begun"))
        return begin(f, r, details, e);
    end_begun(f, r, details);
    if (slice_is(r->kind, "hold-set"))
        return hold(f, r, details, e);
    if (slice_is(r->kind, "hold-lifted"))
        lift(f, json_get_string(details, "hold"));
    return 0;
}

int evidence_state_take(struct evidence_folding *f, const struct evidence_custody_record *r,
                        struct err *e)
{
    struct evidence_custody_state *s = f->state;
    const struct evidence_kind *kind = evidence_kind_of(r->kind);
    const struct json_value *details = json_get(r->root, "details");
    struct slice log = json_get_string(r->root, "log"), holder = json_get_string(r->root, "holder");
    if (s->count == 0) {
        snprintf(s->log, sizeof s->log, "%.*s", SLICE_ARG(log));
        snprintf(s->holder, sizeof s->holder, "%.*s", SLICE_ARG(holder));
    }
    s->count = r->number;
    s->last_at = r->at;
    memcpy(s->head, r->sha256, sizeof s->head);
    if (!kind)
        return 0;
    gate(s, kind->effects, r, details);
    if (kind->effects & EVIDENCE_TAKES) {
        s->custodian = keep(f, json_string(evidence_path(r->root, "actor.name")), e);
        if (!s->custodian)
            return -1;
        s->returned = false;
    }
    return named_kinds(f, r, details, e);
}

int evidence_state_receives(const struct evidence_custody_state *s,
                            const struct evidence_custody_record *next, struct err *e)
{
    struct slice id = json_string(evidence_path(next->root, "details.handover"));
    struct slice subject = json_string(evidence_path(next->root, "actor.subject"));
    for (size_t i = 0; slice_is(next->kind, "handover-received") && i < s->open_count; i++)
        if (slice_is(id, s->open[i].id) && slice_is(subject, s->open[i].subject))
            return err_set(e, ERR_CONFLICT, "custody.handover", "ISO/IEC 27037 section 6.1",
                           "%s gave it (record %" PRIu64
                           "), and nobody receives it of himself: the other one signs",
                           s->open[i].subject, s->open[i].record);
    return 0;
}

int evidence_state_allows(const struct evidence_custody_state *s,
                          const struct evidence_custody_record *next, struct err *e)
{
    const struct evidence_kind *kind = evidence_kind_of(next->kind);
    const struct json_value *details = json_get(next->root, "details");
    struct slice id = json_get_string(details, "handover");
    bool ends = slice_is(next->kind, "disposed") || slice_is(next->kind, "returned");
    bool found = false;
    if (s->disposed && !(kind && kind->effects & EVIDENCE_WORDS))
        return err_set(e, ERR_CONFLICT, "custody.disposed", NULL,
                       "%s was disposed of; notes, corrections and attachments alone may follow",
                       s->holder);
    if (ends && s->hold_count)
        return err_set(e, ERR_CONFLICT, "custody.hold", "ISO/IEC 27037 section 6.8",
                       "%s is on hold \"%s\", ordered by %s (record %" PRIu64 ")", s->holder,
                       s->holds[0].id, s->holds[0].ordered_by, s->holds[0].record);
    if (s->count == 0 && kind && !(kind->effects & EVIDENCE_BEGINS))
        return err_set(e, ERR_CONFLICT, "custody.begin", "ISO/IEC 27037 section 6.1",
                       "custody does not begin with a step \"%s\": first it is identified, "
                       "collected, acquired, imported or copied",
                       kind->name);
    if (slice_is(next->kind, "handover-given") && s->open_count)
        return err_set(e, ERR_CONFLICT, "custody.handover", NULL,
                       "%s was given to %s by record %" PRIu64 ", who has not signed for it yet",
                       s->holder, s->open[0].to, s->open[0].record);
    if (slice_is(next->kind, "handover-received") || slice_is(next->kind, "handover-refused") ||
        slice_is(next->kind, "handover-receipt") || slice_is(next->kind, "handover-withdrawn")) {
        for (size_t i = 0; i < s->open_count; i++)
            found |= slice_is(id, s->open[i].id);
        if (!found)
            return err_set(e, ERR_CONFLICT, "custody.handover", NULL,
                           "there is no open handover \"%.*s\" of %s", SLICE_ARG(id), s->holder);
    }
    return evidence_state_receives(s, next, e);
}
