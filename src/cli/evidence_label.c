/* SPDX-License-Identifier: Apache-2.0 */
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/say.h"
#include "evidence/case.h"

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct buf text;
    buf_init(&text);
    int result = evidence_label(args->operands[0], &text, &e);
    struct buf clean;
    buf_init(&clean);
    say_clean(&clean, buf_slice(&text), true);
    if (result == 0)
        result = buf_check(&clean, &e);
    if (result == 0)
        output_put(stdout, &clean);
    buf_fini(&clean);
    buf_fini(&text);
    return result == 0 ? say_end(args, 0) : say_end(args, say_fail(args, &e));
}

const struct cli_verb evidence_label_verb = {
    .name = "label",
    .operands = "FOLDER",
    .summary = "the text of a label for an exhibit",
    .text = "Identifier, what it is, and the hash of the last record of its log: a label on a bag\n"
            "holds the log down as far as it was then. What is not sound gets none.\n"
            "For a QR code: tocsin evidence label FOLDER | qrencode -t UTF8\n",
    .least = 1,
    .most = 1,
    .run = run,
};
