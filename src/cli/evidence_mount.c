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

static void content_damaged(void *context, const struct err *why)
{
    (void)say_fail(context, why);
}

static void tell(const struct cli_args *args, const char *below)
{
    printf("mounted: ");
    say_text(stdout, slice_str(args->operands[1]));
    printf("%s; unmount it (umount, fusermount3 -u) or press Ctrl-C to end\n", below);
    fflush(stdout);
}

struct mounting {
    const struct cli_args *args;
    struct evidence_mount *mount;
};

static void ready(void *context)
{
    const struct mounting *m = context;
    bool members = evidence_mount_has_members(m->mount);
    tell(m->args, members ? "/" EVIDENCE_MOUNT_FILE " and /" EVIDENCE_MOUNT_MEMBERS
                          : "/" EVIDENCE_MOUNT_FILE);
}

static void files_ready(void *context)
{
    tell(context, "");
}

/* That somebody works on it stands in the log, before they do. */
static int record(void *context, struct err *e)
{
    const struct cli_args *args = context;
    return evidence_ask(args, args->operands[0], EVIDENCE_ANALYSIS,
                        slice_str("{\"what\":\"mounted read-only\"}"), e);
}

static int mount_image(const struct cli_args *args, struct err *e)
{
    void *context = (void *)(uintptr_t)args;
    struct evidence_mount *m = evidence_mount_open(args->operands[0], damaged, context, e);
    struct mounting mounting = {.args = args, .mount = m};
    int result = m ? record(context, e) : -1;
    if (result == 0)
        result = evidence_mount_serve(m, args->operands[1], ready, &mounting, e);
    evidence_mount_close(m);
    return result;
}

/* Files of a logical bundle, and no image. */
static bool has_files(const char *bundle)
{
    char image[4200], files[4200], mark[4200];
    snprintf(image, sizeof image, "%.4000s/data/image.chunks", bundle);
    snprintf(files, sizeof files, "%.4000s/data/files.jsonl", bundle);
    snprintf(mark, sizeof mark, "%.4000s/INCOMPLETE", bundle);
    return file_kind(image) == 0 && file_kind(files) == 1 && file_kind(mark) == 0;
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    const struct evidence_mount_files_options files = {.first = record,
                                                       .ready = files_ready,
                                                       .damaged = content_damaged,
                                                       .context = (void *)(uintptr_t)args};
    const char *bundle = args->operands[0], *folder = args->operands[1];
    int result = 0;
    if (file_kind(folder) != 2)
        result =
            err_set(&e, ERR_NOT_FOUND, "evidence.mount", NULL, "there is no folder %s", folder);
    else if (has_files(bundle))
        result = evidence_mount_files(bundle, folder, &files, &e);
    else
        result = mount_image(args, &e);
    if (result != 0)
        (void)say_fail(args, &e);
    return say_end(args, result == 0 ? 0 : 3);
}

static const struct cli_option mount_options[] = {
    EVIDENCE_ASK_OPTIONS,
};

const struct cli_verb evidence_mount_verb = {
    .name = "mount",
    .operands = "FOLDER DIRECTORY",
    .summary = "the image of a bundle as a file, or its files as a tree, read-only",
    .text =
        "DIRECTORY/image.raw is the image, for programs that read images. Chunk by chunk it is\n"
        "held against its hash as it is read: from a damaged one comes an error (EIO), which is\n"
        "said here, too, and never a wrong byte. Where the image is a ZIP archive that was\n"
        "imported, DIRECTORY/files has its members as ordinary files, under names that lead\n"
        "nowhere else; each is held against its size and CRC-32 before it is read.\n"
        "Of a logical bundle (files), DIRECTORY has the\n"
        "files at their paths, with modes, owners and times of their records; a content is held\n"
        "against its hash when it is opened, and what was not taken is an error (EIO). Links lead\n"
        "where they led, out of DIRECTORY too: follow none. Runs until it is unmounted. With\n"
        "--identity, the step \"access\" goes into the custody log first.\n"
        "Exit code: 0 it was unmounted, 3 could not do it.\n",
    .examples = "  tocsin evidence mount copy.evidence /mnt &\n"
                "  fls -r /mnt/image.raw\n",
    .options = mount_options,
    .option_count = ARRAY_LEN(mount_options),
    .least = 2,
    .most = 2,
    .run = run,
};
