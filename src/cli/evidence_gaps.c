/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/say.h"
#include "evidence/case/gaps.h"

#include <stdio.h>

static const char *const words[] = {"met", "gap", "not concerned", "about the program"};

static void tell_json(const struct evidence_gaps *g)
{
    struct json_writer w;
    struct buf line;
    buf_init(&line);
    json_write_init(&w, &line, 0);
    json_write_object(&w);
    json_member_int(&w, "gaps", (int64_t)g->gaps);
    json_write_name(&w, "rows");
    json_write_array(&w);
    for (size_t i = 0; i < EVIDENCE_ROWS; i++) {
        const struct evidence_row_result *r = &g->rows[i];
        json_write_object(&w);
        json_member_int(&w, "row", r->row);
        json_member_string(&w, "what", r->what);
        json_member_string(&w, "state", words[r->state]);
        json_write_name(&w, "missing_in");
        json_write_array(&w);
        for (size_t k = 0; k < r->where_count; k++)
            json_write_string(&w, r->where[k]);
        json_write_array_end(&w);
        if (r->state == EVIDENCE_ROW_GAP)
            json_member_string(&w, "next", r->next);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    output_line(stdout, &line);
    buf_fini(&line);
}

static void tell(const struct evidence_gaps *g, bool all)
{
    size_t met = 0, none = 0, program = 0;
    for (size_t i = 0; i < EVIDENCE_ROWS; i++) {
        const struct evidence_row_result *r = &g->rows[i];
        met += r->state == EVIDENCE_ROW_MET;
        none += r->state == EVIDENCE_ROW_NONE;
        program += r->state == EVIDENCE_ROW_PROGRAM;
        if (r->state != EVIDENCE_ROW_GAP && !all)
            continue;
        printf("%2u  ", r->row);
        say_styled(stdout, r->state == EVIDENCE_ROW_GAP ? SAY_BAD : SAY_PLAIN, slice_str(r->what));
        printf(": %s\n", words[r->state]);
        for (size_t k = 0; k < r->where_count; k++) {
            fputs("      in ", stdout);
            say_text(stdout, slice_str(r->where[k]));
            putchar('\n');
        }
        if (r->state == EVIDENCE_ROW_GAP)
            printf("      next: %s\n", r->next);
    }
    printf("%zu gaps; %zu rows met, %zu do not concern this, %zu are about the program itself\n",
           g->gaps, met, none, program);
}

static int run(const struct cli_args *args)
{
    struct evidence_gaps gaps;
    struct err e = {0};
    int result = evidence_gaps(args->operands[0], NULL, &gaps, &e);
    size_t count = gaps.gaps;
    if (result == 0 && cli_flag(args, "json"))
        tell_json(&gaps);
    else if (result == 0)
        tell(&gaps, cli_flag(args, "all"));
    evidence_gaps_fini(&gaps);
    if (result != 0) {
        (void)say_fail(args, &e);
        return say_end(args, 3);
    }
    return say_end(args, count ? 1 : 0);
}

static const struct cli_option options[] = {
    {"all", NULL, "show rows that are met, too", 0, false},
};

const struct cli_verb evidence_gaps_verb = {
    .name = "gaps",
    .operands = "CASE",
    .summary = "which rows of ISO/IEC 27037 a case does not meet yet",
    .text =
        "The 60 rows of docs/conformance/27037.md, held against the case as it lies there; each\n"
        "gap with where it is and what to do next. Rows that no case can decide are said to be\n"
        "about the program itself.\n"
        "Exit code: 0 no gaps, 1 some, 3 could not find out.\n",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .uses = CLI_JSON,
    .least = 1,
    .most = 1,
    .run = run,
};
