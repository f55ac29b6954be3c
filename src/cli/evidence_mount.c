/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/mount.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/evidence.h"
#include "cli/evidence_keep.h"
#include "cli/say.h"

#include <inttypes.h>

static void damaged(void *context, uint64_t chunk, const struct err *why)
{
    const struct cli_args *args = context;
    (void)chunk;
    (void)say_fail(args, why); /* the reader gets EIO */
}

static void ready(void *context)
{
    const struct cli_args *args = context;
    printf("mounted: ");
    say_text(stdout, slice_str(args->operands[1]));
    printf("/" EVIDENCE_MOUNT_FILE
           "; unmount it (umount, fusermount3 -u) or press Ctrl-C to end\n");
    fflush(stdout);
}

/* That somebody works on it stands in the log, before they do. */
static int record(const struct cli_args *args, struct err *e)
{
    return evidence_ask(args, args->operands[0], EVIDENCE_ANALYSIS,
                        slice_str("{\"what\":\"mounted read-only\"}"), e);
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct evidence_mount *m =
        evidence_mount_open(args->operands[0], damaged, (void *)(uintptr_t)args, &e);
    int result = m ? 0 : -1;
    if (result == 0 && file_kind(args->operands[1]) != 2)
        result = err_set(&e, ERR_NOT_FOUND, "evidence.mount", NULL, "there is no folder %s",
                         args->operands[1]);
    if (result == 0)
        result = record(args, &e);
    if (result == 0)
        result = evidence_mount_serve(m, args->operands[1], ready, (void *)(uintptr_t)args, &e);
    evidence_mount_close(m);
    if (result != 0)
        (void)say_fail(args, &e);
    return say_end(args, result == 0 ? 0 : 3);
}

static const struct cli_option mount_options[] = {
    {"deviation", "TEXT", "why the master is worked on, and not a copy", 0, false},
    EVIDENCE_ASK_OPTIONS,
};

const struct cli_verb evidence_mount_verb = {
    .name = "mount",
    .operands = "FOLDER DIRECTORY",
    .summary = "the image of a bundle as a file, read-only",
    .text =
        "DIRECTORY/image.raw is the image, for programs that read images. Chunk by chunk it is\n"
        "held against its hash as it is read: from a damaged one comes an error (EIO), which is\n"
        "said here, too, and never a wrong byte. Runs until it is unmounted. With --identity,\n"
        "the step \"access\" goes into the custody log first.\n"
        "Exit code: 0 it was unmounted, 3 could not do it.\n",
    .examples = "  tocsin evidence mount copy.evidence /mnt &\n"
                "  fls -r /mnt/image.raw\n",
    .options = mount_options,
    .option_count = ARRAY_LEN(mount_options),
    .least = 2,
    .most = 2,
    .run = run,
};
