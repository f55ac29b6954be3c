/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_said.h"
#include "cli/say.h"
#include "evidence/case/handover.h"

#include <stdio.h>

/* A refusal that stands in no log. */
static void tell_apart(const struct cli_args *args, const char *holder,
                       const struct evidence_received *received)
{
    if (cli_flag(args, "json")) {
        struct json_writer w;
        struct buf line;
        buf_init(&line);
        json_write_init(&w, &line, 0);
        json_write_object(&w);
        json_member_string(&w, "holder", holder);
        json_member_string(&w, "kind", "handover-refused");
        json_member_string(&w, "handover", received->handover);
        json_member_string(&w, "apart_in", cli_value(args, "receipt"));
        json_write_object_end(&w);
        output_line(stdout, &line);
        buf_fini(&line);
        return;
    }
    say_text(stdout, slice_str(holder));
    fputs(": nothing is written in its log; the refusal is signed, and lies in ", stdout);
    say_text(stdout, slice_str(cli_value(args, "receipt")));
    putchar('\n');
}

static int run(const struct cli_args *args)
{
    const struct evidence_receiving receiving = {.handover = cli_value(args, "handover"),
                                                 .condition = cli_value(args, "condition"),
                                                 .seal_number = cli_value(args, "seal-number"),
                                                 .refuse = cli_value(args, "refuse"),
                                                 .receipt = cli_value(args, "receipt"),
                                                 .roots = cli_value(args, "roots")};
    const char *folder = args->operands[0];
    struct evidence_received received = {0};
    struct evidence_appended told = {0};
    struct evidence_doing doing = {0};
    struct evidence_told said;
    struct err e = {0};
    int result = evidence_told_init(&said, args, &e);
    if (result == 0)
        result = evidence_doing_open(&doing, &said.said, &e);
    if (result == 0)
        result = evidence_handover_receive(folder, &receiving, &doing, &received, &told, &e);
    evidence_doing_close(&doing);
    evidence_told_fini(&said);
    if (result != 0)
        return say_end(args, say_fail(args, &e));
    if (received.apart)
        tell_apart(args, folder, &received);
    else
        evidence_tell_step(args, folder, received.taken ? "handover-received" : "handover-refused",
                           &told);
    if (!received.taken)
        say_around(stderr, "tocsin: not taken over: ", received.why, "\n");
    return say_end(args, received.taken ? 0 : 1);
}

static const struct cli_option options[] = {
    {"handover", "ID", "which, if several are open", 0, false},
    {"condition", "TEXT", "condition on arrival", 0, false},
    {"seal-number", "TEXT", "number of the seal as it arrived", 0, false},
    {"refuse", "REASON", "it is not taken over, and why", 0, false},
    {"receipt", "FOLDER", "write a receipt for who gave it", 0, false},
    {"roots", "FILE", "certificates (PEM) that vouch for who signed so far", 0, false},
    EVIDENCE_SAID_OPTIONS,
};

const struct cli_verb evidence_receive_verb = {
    .name = "receive",
    .operands = "FOLDER",
    .summary = "hand an exhibit or a bundle over: the receiver's half",
    .text =
        "Everything is hashed again and held against what the giver signed. If it is the same,\n"
        "the receiver signs for it; if not, the refusal is signed. Nobody signs on a log that\n"
        "does not hold together: then the refusal stands apart, in the receipt alone.\n"
        "Exit code: 0 taken over, 1 refused, 3 could not.\n",
    .examples = "  tocsin evidence receive EX-1 --condition 'bag and seal whole' \\\n"
                "      --seal-number A-4711 --reason examination --receipt to-meyer\n",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .uses = CLI_JSON,
    .least = 1,
    .most = 1,
    .run = run,
};

static int run_receipt(const struct cli_args *args)
{
    const char *folder = args->operands[0];
    struct evidence_appended told = {0};
    struct evidence_doing doing = {0};
    struct evidence_told said;
    struct err e = {0};
    bool taken = false;
    int result = evidence_told_init(&said, args, &e);
    if (result == 0 && !said.said.reason)
        said.said.reason = "the receipt has come back";
    if (result == 0)
        result = evidence_doing_open(&doing, &said.said, &e);
    if (result == 0)
        result = evidence_handover_receipt(folder, args->operands[1], cli_value(args, "roots"),
                                           &doing, &taken, &told, &e);
    evidence_doing_close(&doing);
    evidence_told_fini(&said);
    if (result != 0)
        return say_end(args, say_fail(args, &e));
    evidence_tell_step(args, folder, "handover-receipt", &told);
    if (!taken)
        fputs("tocsin: the receiver refused it\n", stderr);
    return say_end(args, taken ? 0 : 1);
}

static const struct cli_option receipt_options[] = {
    {"roots", "FILE", "certificates (PEM) that vouch for the receiver", 0, false},
    EVIDENCE_SAID_OPTIONS,
};

const struct cli_verb evidence_receipt_verb = {
    .name = "receipt",
    .operands = "FOLDER RECEIPT",
    .summary = "take up the receipt that came back from a handover",
    .text =
        "Closes the giver's side. The receipt is kept in custody/receipts/; from then on the log\n"
        "cannot be cut before the handover without its being noticed.\n",
    .options = receipt_options,
    .option_count = ARRAY_LEN(receipt_options),
    .uses = CLI_JSON,
    .least = 2,
    .most = 2,
    .run = run_receipt,
};
