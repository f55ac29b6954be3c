/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/compiler.h"
#include "base/file.h"
#include "cli/evidence.h"
#include "cli/evidence_answer.h"
#include "cli/evidence_wrapped.h"
#include "cli/passphrase.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "evidence/custody/person.h"
#include "evidence/seal/roots.h"

#include <stdio.h>

struct opening {
    char key_path[4200], certificate_path[4200];
    struct certificate_list chain;
    struct key *key;
};

/* What opens it: the identity's, or what is named. */
static int find(const struct cli_args *args, struct opening *o, struct err *e)
{
    const char *key = cli_value(args, "key"), *certificate = cli_value(args, "certificate"),
               *identity = evidence_person_folder(cli_value(args, "identity"));
    if (!key != !certificate)
        return err_set(e, ERR_USAGE, "cli.option", NULL, "--key and --certificate go together");
    if (!key && !identity)
        return err_set(e, ERR_USAGE, "cli.option", NULL,
                       "--identity is missing, or --key and --certificate");
    if (key) {
        snprintf(o->key_path, sizeof o->key_path, "%s", key);
        snprintf(o->certificate_path, sizeof o->certificate_path, "%s", certificate);
        return 0;
    }
    snprintf(o->key_path, sizeof o->key_path, "%.4000s/key.pem", identity);
    snprintf(o->certificate_path, sizeof o->certificate_path, "%.4000s/chain.pem", identity);
    return 0;
}

static int read_key(const struct cli_args *args, struct opening *o, struct err *e)
{
    struct buf pem, passphrase;
    struct slice secret;
    const char *file = cli_value(args, "passphrase-file");
    buf_init_secret(&pem);
    buf_init_secret(&passphrase);
    int result = file_read(o->key_path, KEY_PEM_MAX, &pem, e);
    if (result == 0 && file)
        result = passphrase_read(file, "Passphrase of the key: ", false, &passphrase, e);
    secret = buf_slice(&passphrase);
    o->key = result == 0 ? key_from_pem(buf_slice(&pem), file ? &secret : NULL, e) : NULL;
    if (result == 0 && !o->key)
        err_context(e, "%s", o->key_path);
    buf_fini_secret(&pem);
    buf_fini_secret(&passphrase);
    return o->key && evidence_roots_read(o->certificate_path, &o->chain, e) == 0 ? 0 : -1;
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct progress progress = {0};
    struct opening opening = {0};
    struct evidence_wrapped done = {0};
    certificate_list_init(&opening.chain);
    evidence_stop_listen();
    int result = find(args, &opening, &e) == 0 ? read_key(args, &opening, &e) : -1;
    if (result == 0) {
        const struct evidence_unwrap_options options = {.wrapped = args->operands[0],
                                                        .target = args->operands[1],
                                                        .key = opening.key,
                                                        .certificate = opening.chain.items[0],
                                                        .watch = evidence_wrapped_watch,
                                                        .watch_context = &progress};
        result = evidence_unwrap(&options, &done, &e);
    }
    key_free(opening.key);
    certificate_list_fini(&opening.chain);
    progress_end(&progress);
    return evidence_wrapped_tell(args, "unwrapped", result, &done, &e);
}

static const struct cli_option unwrap_options[] = {
    {"identity", "FOLDER", "who opens it: key.pem, chain.pem ($TOCSIN_IDENTITY)", 0, false},
    {"key", "FILE", "or the key: PEM", 0, false},
    {"certificate", "FILE", "and its certificate: PEM", 0, false},
    {"passphrase-file", "FILE", "passphrase of the key", 0, false},
};

const struct cli_verb evidence_unwrap_verb = {
    .name = "unwrap",
    .operands = "WRAPPED FOLDER",
    .summary = "open a bundle that was encrypted for you",
    .text =
        "Each part must be authentic, in its place, and all of them there; until then the\n"
        "bundle is called FOLDER.part, and is taken away when something does not fit. What\n"
        "comes out is the bundle as it was wrapped: verify it, or sign for it with receive.\n"
        "Exit code: 0 unwrapped, 1 it was changed, which is said, 3 could not do it: it is for\n"
        "others, …\n",
    .examples = "  tocsin evidence unwrap /media/usb/disk.wrapped disk.evidence --identity ~/lang\n"
                "  tocsin evidence verify disk.evidence --roots roots.pem\n",
    .options = unwrap_options,
    .option_count = ARRAY_LEN(unwrap_options),
    .uses = CLI_JSON,
    .least = 2,
    .most = 2,
    .run = run,
};
