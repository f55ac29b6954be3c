/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/compiler.h"
#include "cli/evidence.h"
#include "cli/evidence_keep.h"
#include "cli/say.h"
#include "evidence/uco.h"

static void tell_broken(void *context, const char *path, const char *why)
{
    (void)context;
    fputs("tocsin: not in the export: ", stderr);
    say_text(stderr, slice_str(path));
    fputs(": ", stderr);
    say_text(stderr, slice_str(why));
    fputc('\n', stderr);
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct buf graph;
    struct evidence_uco_told told = {.broken = tell_broken};
    struct evidence_giving_out out = {.args = args,
                                      .folder = args->operands[0],
                                      .kind = EVIDENCE_EXPORT,
                                      .reason = "export for other programs",
                                      .form = "CASE/UCO JSON-LD",
                                      .file = cli_value(args, "output")};
    buf_init(&graph);
    int result = evidence_giving_out_check(&out, &e);
    if (result == 0)
        result = evidence_uco_folder(args->operands[0], &told, &graph, &e);
    if (result == 0)
        result = evidence_giving_out(&out, &graph, &e);
    evidence_giving_out_end(&out);
    if (result != 0)
        (void)say_fail(args, &e);
    buf_fini(&graph);
    return say_end(args, result == 0 ? told.count > 0 : e.kind == ERR_USAGE ? 2 : 3);
}

static const struct cli_option case_export_options[] = {
    {"output", "FILE", "where it goes (default: standard output)", 'o', false},
    EVIDENCE_ASK_OPTIONS,
};

const struct cli_verb evidence_case_export_verb = {
    .name = "case-export",
    .operands = "FOLDER",
    .summary = "a case, an exhibit or a bundle as CASE/UCO JSON-LD for other programs",
    .text =
        "Investigative actions in their order with persons, tools and places, provenance\n"
        "records with exhibit numbers, contents with hashes. A bundle holds its own graph as\n"
        "case.jsonld; this one has the custody as well. The same evidence gives the same file.\n"
        "That it was made, with its SHA-256, stands in FOLDER's custody log behind it. What\n"
        "cannot be read is told, and stands in the graph as an annotation; the rest is there.\n"
        "Exit code: 0 all of it, 1 something could not be read, 3 no export.\n",
    .examples = "  tocsin evidence case-export case-7 -o case-7.jsonld\n",
    .options = case_export_options,
    .option_count = ARRAY_LEN(case_export_options),
    .least = 1,
    .most = 1,
    .run = run,
};
