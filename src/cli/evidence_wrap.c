/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/wrap.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "base/json.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_answer.h"
#include "cli/evidence_keep.h"
#include "cli/evidence_wrapped.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "evidence/seal/roots.h"

#include <stdio.h>

/* The first certificate of each file: what stands behind it are its issuers. */
static int read_receivers(const struct cli_args *args, struct certificate_list *to, struct err *e)
{
    const char *path;
    for (size_t i = 0; (path = cli_value_at(args, "to", i)); i++) {
        struct certificate_list chain;
        certificate_list_init(&chain);
        int result = evidence_roots_read(path, &chain, e);
        if (result == 0)
            result = certificate_list_add(to, chain.items[0], e);
        certificate_list_fini(&chain);
        if (result != 0)
            return -1;
    }
    return to->count ? 0
                     : err_set(e, ERR_USAGE, "cli.option", NULL,
                               "--to is missing: the certificate of who is to open it");
}

/* Custody: what is wrapped has in its log that this was begun, and for whom; the log it was wrapped
 * from has also what came of it. */
static int wrap(const struct cli_args *args, const struct evidence_wrap_options *o,
                struct evidence_wrapped *done, struct err *e)
{
    const struct certificate_list *to = o->to;
    struct evidence_going going = {0};
    struct err stopped = {0};
    struct json_writer w;
    struct buf details;
    buf_init(&details);
    json_write_init(&w, &details, 0);
    json_write_object(&w);
    json_member_string(&w, "to", args->operands[1]);
    int result = evidence_wrap_receivers(&w, to, e);
    json_write_object_end(&w);
    if (result == 0)
        result = buf_check(&details, e);
    if (result == 0)
        result = evidence_go(&going, args, o->bundle, EVIDENCE_WRAP, buf_slice(&details), e);
    if (result == 0) {
        result = evidence_wrap(o, done, e);
        if (result == 0 && done->stopped)
            err_set(&stopped, ERR_UNAVAILABLE, "evidence.stopped", NULL, "it was stopped");
        const struct err *failed = result != 0 ? e : done->stopped ? &stopped : NULL;
        if (failed)
            (void)evidence_went(&going, slice_of(NULL, 0), failed, e);
        else
            result = evidence_went(&going, buf_slice(&details), NULL, e);
    }
    evidence_going_end(&going);
    buf_fini(&details);
    return result;
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct progress progress = {0};
    struct certificate_list to;
    struct evidence_wrapped done = {0};
    struct evidence_wrap_options options = {.bundle = args->operands[0],
                                            .target = args->operands[1],
                                            .to = &to,
                                            .watch = evidence_wrapped_watch,
                                            .watch_context = &progress};
    certificate_list_init(&to);
    evidence_stop_listen();
    int result = read_receivers(args, &to, &e);
    if (result == 0)
        result = wrap(args, &options, &done, &e);
    certificate_list_fini(&to);
    progress_end(&progress);
    return evidence_wrapped_tell(args, "wrapped", result, &done, &e);
}

static const struct cli_option wrap_options[] = {
    {"to", "CERTIFICATE", "who is to open it: PEM, the first certificate of the file", 0, true},
    EVIDENCE_ASK_OPTIONS,
};

const struct cli_verb evidence_wrap_verb = {
    .name = "wrap",
    .operands = "FOLDER TARGET",
    .summary = "encrypt a bundle for named receivers",
    .text =
        "TARGET is a folder of CMS messages (AES-256-GCM; RSA-OAEP or ECDH for each receiver),\n"
        "which tocsin evidence unwrap or openssl cms -decrypt and tar open: OPEN.txt in it says\n"
        "how. The bundle does not change, and comes out with its seals and custody log as it went\n"
        "in. Keys of RSA from 2,048 bits, P-256 and P-384 can be encrypted to. Until all of it is\n"
        "durable the folder is called TARGET.part; nothing is written over.\n"
        "Exit code: 0 wrapped, 3 could not do it, or it was stopped.\n",
    .examples = "  tocsin evidence wrap case-7/disk.evidence /media/usb/disk.wrapped \\\n"
                "      --to lang.pem --to archive.pem\n",
    .options = wrap_options,
    .option_count = ARRAY_LEN(wrap_options),
    .uses = CLI_JSON,
    .least = 2,
    .most = 2,
    .run = run,
};
