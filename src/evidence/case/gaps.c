/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/gaps.h"
#include "evidence/case/rows.h"

#include <string.h>

static bool concerns(enum evidence_row_scope scope, const struct evidence_facts *f)
{
    switch (scope) {
    case SCOPE_LOG: return true;
    case SCOPE_CASE: return f->kind == EVIDENCE_HOLDER_CASE;
    case SCOPE_EXHIBIT: return f->kind == EVIDENCE_HOLDER_EXHIBIT && !f->copy;
    case SCOPE_BUNDLE: return f->kind == EVIDENCE_HOLDER_BUNDLE;
    case SCOPE_MASTER: return f->kind == EVIDENCE_HOLDER_BUNDLE && !f->copy;
    default: return false;
    }
}

static int look(const struct evidence_row *row, const struct evidence_fact_list *facts, int64_t now,
                struct arena *arena, struct evidence_row_result *out, struct err *e)
{
    *out = (struct evidence_row_result){.row = row->number,
                                        .what = row->what,
                                        .next = row->next,
                                        .state = row->scope == SCOPE_PROGRAM ? EVIDENCE_ROW_PROGRAM
                                                                             : EVIDENCE_ROW_NONE};
    if (row->scope == SCOPE_PROGRAM)
        return 0;
    const char **where = arena_new(arena, facts->count + 1, sizeof *where);
    if (!where)
        return err_memory(e);
    for (size_t i = 0; i < facts->count; i++) {
        const struct evidence_facts *f = &facts->list[i];
        enum evidence_answer_of_row answer =
            concerns(row->scope, f) ? row->check(f, now) : ROW_NOT_CONCERNED;
        if (answer == ROW_NOT_CONCERNED)
            continue;
        out->looked_at++;
        if (answer == ROW_NOT_MET && !(where[out->where_count++] = arena_strdup(arena, f->path)))
            return err_memory(e);
    }
    out->where = where;
    if (out->looked_at)
        out->state = out->where_count ? EVIDENCE_ROW_GAP : EVIDENCE_ROW_MET;
    return 0;
}

int evidence_gaps(const char *folder, const struct clock *clock, struct evidence_gaps *gaps,
                  struct err *e)
{
    struct evidence_fact_list facts;
    int64_t now = clock_now(clock ? clock : &clock_system);
    *gaps = (struct evidence_gaps){0};
    arena_init(&gaps->arena, 0);
    int result = evidence_facts_gather(folder, &facts, e);
    for (size_t i = 0; result == 0 && i < EVIDENCE_ROWS; i++) {
        result = look(evidence_row_at(i), &facts, now, &gaps->arena, &gaps->rows[i], e);
        gaps->gaps += gaps->rows[i].state == EVIDENCE_ROW_GAP;
    }
    evidence_facts_fini(&facts);
    return result;
}

void evidence_gaps_fini(struct evidence_gaps *gaps)
{
    arena_fini(&gaps->arena);
    *gaps = (struct evidence_gaps){0};
}
