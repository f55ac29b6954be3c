/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/compiler.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/say.h"
#include "evidence/custody.h"
#include "evidence/custody/holder.h"

#include <inttypes.h>
#include <stdio.h>

struct listing {
    bool json;
    size_t count, unsound;
    struct buf out;
    struct json_writer w;
    int64_t now;
};

static void say_one(struct listing *l, const char *holder, const struct evidence_handover *h)
{
    char at[TIME_TEXT];
    int64_t minutes = (l->now - h->given) / 60000000;
    l->count++;
    if (l->json) {
        json_write_object(&l->w);
        json_member_string(&l->w, "holder", holder);
        json_member_string(&l->w, "handover", h->id);
        json_member_string(&l->w, "from", h->from);
        json_member_string(&l->w, "to", h->to);
        json_member_time(&l->w, "given", h->given);
        json_member_int(&l->w, "age_minutes", minutes);
        json_member_int(&l->w, "record", (int64_t)h->record);
        json_write_object_end(&l->w);
        return;
    }
    time_format(h->given, at);
    say_text(stdout, slice_str(holder));
    say_around(stdout, ": ", h->id, ", given by ");
    say_text(stdout, slice_str(h->from));
    fputs(" to ", stdout);
    say_text(stdout, slice_str(h->to));
    printf(" on %s, not signed for %" PRId64 " d %" PRId64 " h %" PRId64 " min\n", at,
           minutes / 1440, minutes / 60 % 24, minutes % 60);
}

/* Whether something is open in it, nobody can say. */
static void say_unsound(struct listing *l, const char *holder, const char *why)
{
    l->unsound++;
    fputs("tocsin: the log of ", stderr);
    say_text(stderr, slice_str(holder));
    fputs(" does not hold together, and may hide a handover: ", stderr);
    say_text(stderr, slice_str(why));
    fputc('\n', stderr);
}

static int look(void *context, const char *holder, struct err *e)
{
    struct listing *l = context;
    struct evidence_custody_state state;
    struct err why = {0};
    int result = evidence_custody_verify(holder, NULL, &state, &why);
    for (size_t i = 0; result == 0 && i < state.open_count; i++)
        say_one(l, holder, &state.open[i]);
    if (result == 0 && !state.chain_holds)
        say_unsound(l, holder, state.problems[0].text);
    evidence_custody_state_fini(&state);
    if (result != 0 && why.kind == ERR_MEMORY) {
        *e = why;
        return -1;
    }
    if (result != 0 && why.kind != ERR_NOT_FOUND)
        say_unsound(l, holder, why.text);
    return 0;
}

static int run(const struct cli_args *args)
{
    struct listing l = {.json = cli_flag(args, "json"), .now = clock_now(&clock_system)};
    struct err e = {0};
    buf_init(&l.out);
    json_write_init(&l.w, &l.out, 0);
    json_write_object(&l.w);
    json_write_name(&l.w, "handovers");
    json_write_array(&l.w);
    int result = 0;
    for (size_t i = 0; result == 0 && i < args->operand_count; i++)
        result = evidence_holder_all(args->operands[i], look, &l, &e);
    json_write_array_end(&l.w);
    json_member_int(&l.w, "unsound_logs", (int64_t)l.unsound);
    json_write_object_end(&l.w);
    if (result == 0 && l.json)
        output_line(stdout, &l.out);
    buf_fini(&l.out);
    if (result != 0) {
        (void)say_fail(args, &e);
        return say_end(args, 3);
    }
    if (!l.json && l.count == 0)
        puts(l.unsound ? "no handover is open in what can be read" : "no handover is open");
    return say_end(args, l.count || l.unsound ? 1 : 0);
}

const struct cli_verb evidence_handovers_verb = {
    .name = "handovers",
    .operands = "FOLDER…",
    .summary = "handovers that the receiver has not signed for",
    .text = "Of cases, exhibits or bundles, with their age. Exit code: 0 none, 1 some are open, or "
            "a log\n"
            "does not hold together and may hide one.\n",
    .uses = CLI_JSON,
    .least = 1,
    .most = CLI_ANY_NUMBER,
    .run = run,
};
