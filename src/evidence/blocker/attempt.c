/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/blocker/attempt.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>

const char *const blocker_outcome_names[] = {
    [BLOCKER_NOT_POSSIBLE] = "not possible here",
    [BLOCKER_KERNEL] = "the kernel refused",
    [BLOCKER_REFUSED] = "refused",
    [BLOCKER_ACCEPTED] = "accepted and nothing changed",
    [BLOCKER_CHANGED] = "CHANGED",
};

const char *const blocker_group_names[] = {[BLOCKER_BLOCK] = "block",
                                           [BLOCKER_SCSI] = "SCSI",
                                           [BLOCKER_ATA] = "ATA",
                                           [BLOCKER_NVME] = "NVMe"};

#define BLOCK_LAYER(number, name, effect, code, send)                                              \
    {                                                                                              \
        number, name, BLOCKER_BLOCK, effect, 0, code, send                                         \
    }
#define SCSI(number, name, effect, code, variant)                                                  \
    {                                                                                              \
        number, "SCSI " name, BLOCKER_SCSI, effect, code, variant, blocker_send_scsi               \
    }
#define ATA(number, name, effect, code, variant)                                                   \
    {                                                                                              \
        number, "ATA " name, BLOCKER_ATA, effect, code, variant, blocker_send_ata                  \
    }
#define NVME(number, name, effect, code)                                                           \
    {                                                                                              \
        number, "NVMe " name, BLOCKER_NVME, effect, code, 0, blocker_send_nvme                     \
    }

/* Numbers stay as they are: marks on disks name them. */
const struct blocker_command blocker_commands[] = {
    BLOCK_LAYER(0, "write()", BLOCKER_WRITES, 0, blocker_send_write),
    BLOCK_LAYER(1, "BLKZEROOUT", BLOCKER_WRITES, BLKZEROOUT, blocker_send_range),
    BLOCK_LAYER(2, "BLKDISCARD", BLOCKER_DISCARDS, BLKDISCARD, blocker_send_range),
    BLOCK_LAYER(3, "BLKSECDISCARD", BLOCKER_DISCARDS, BLKSECDISCARD, blocker_send_range),
    SCSI(8, "WRITE (6)", BLOCKER_WRITES, 0x0a, 6),
    SCSI(9, "WRITE (10)", BLOCKER_WRITES, 0x2a, 10),
    SCSI(10, "WRITE (10) with FUA", BLOCKER_WRITES, 0x2a, 10 | 0x800),
    SCSI(11, "WRITE (12)", BLOCKER_WRITES, 0xaa, 12),
    SCSI(12, "WRITE (16)", BLOCKER_WRITES, 0x8a, 16),
    SCSI(13, "WRITE AND VERIFY (10)", BLOCKER_WRITES, 0x2e, 10),
    SCSI(14, "WRITE AND VERIFY (12)", BLOCKER_WRITES, 0xae, 12),
    SCSI(15, "WRITE AND VERIFY (16)", BLOCKER_WRITES, 0x8e, 16),
    SCSI(16, "WRITE SAME (10)", BLOCKER_WRITES, 0x41, 10),
    SCSI(17, "WRITE SAME (16)", BLOCKER_WRITES, 0x93, 16),
    SCSI(18, "WRITE SAME (16) with UNMAP", BLOCKER_DISCARDS, 0x93, 16 | 0x800),
    SCSI(19, "UNMAP", BLOCKER_DISCARDS, 0x42, 10),
    SCSI(20, "COMPARE AND WRITE", BLOCKER_WRITES, 0x89, 16),
    SCSI(21, "ORWRITE (16)", BLOCKER_WRITES, 0x8b, 16),
    {22, "SCSI SYNCHRONIZE CACHE (10)", BLOCKER_SCSI, BLOCKER_SETTLES, 0x35, 10,
     blocker_send_flush},
    ATA(32, "WRITE SECTORS", BLOCKER_WRITES, 0x30, 0),
    ATA(33, "WRITE SECTORS by PASS-THROUGH (12)", BLOCKER_WRITES, 0x30, 12),
    ATA(34, "WRITE SECTORS EXT", BLOCKER_WRITES, 0x34, 0),
    ATA(35, "WRITE DMA", BLOCKER_WRITES, 0xca, 0),
    ATA(36, "WRITE DMA EXT", BLOCKER_WRITES, 0x35, 0),
    ATA(37, "WRITE DMA FUA EXT", BLOCKER_WRITES, 0x3d, 0),
    ATA(38, "DATA SET MANAGEMENT with TRIM", BLOCKER_DISCARDS, 0x06, 0),
    {39, "ATA SET MAX ADDRESS EXT, volatile, as it is", BLOCKER_ATA, BLOCKER_SETTLES, 0x37, 0,
     blocker_send_set_max},
    NVME(48, "Write", BLOCKER_WRITES, 0x01),
    NVME(49, "Write Zeroes", BLOCKER_WRITES, 0x08),
    NVME(50, "Dataset Management with deallocate", BLOCKER_DISCARDS, 0x09),
};
const size_t blocker_command_count = ARRAY_LEN(blocker_commands);

void blocker_answer_errno(struct blocker_answer *a, int error)
{
    a->error = error;
    switch (error) {
    case 0: a->outcome = BLOCKER_ACCEPTED; return;
    case EPERM:
    case EACCES:
    case EROFS:
    case EBADF:
        a->outcome = BLOCKER_KERNEL;
        snprintf(a->why, sizeof a->why, "the kernel refused; the blocker was not asked");
        return;
    case EOPNOTSUPP:
    case ENOTTY:
    case EINVAL:
    case ENOSYS:
        a->outcome = BLOCKER_NOT_POSSIBLE;
        snprintf(a->why, sizeof a->why, "the kernel knows of no such command for this device");
        return;
    default: a->outcome = BLOCKER_REFUSED;
    }
}

/* Did that slot change? What cannot be read any more did. */
static void judge(struct blocker_trial *t, const struct blocker_command *c, size_t area,
                  struct blocker_tried *tried)
{
    struct blocker_disk *d = t->disk;
    size_t at = (size_t)c->number * BLOCKER_SLOT;
    if (tried->answer.outcome == BLOCKER_NOT_POSSIBLE || tried->answer.outcome == BLOCKER_KERNEL)
        return;
    int why = blocker_disk_read(d, tried->from, d->page, BLOCKER_SLOT);
    if (why) {
        tried->answer.outcome = BLOCKER_CHANGED;
        snprintf(tried->answer.why, sizeof tried->answer.why,
                 "the sectors could not be read afterwards: %s", strerrordesc_np(why));
    } else if (memcmp(d->page, blocker_disk_wanted(d, area) + at, BLOCKER_SLOT) != 0) {
        if (tried->answer.outcome == BLOCKER_REFUSED)
            snprintf(tried->answer.why, sizeof tried->answer.why,
                     "it was refused, and the sectors are changed all the same");
        tried->answer.outcome = BLOCKER_CHANGED;
    }
}

static void send_one(struct blocker_trial *t, const struct blocker_command *c, size_t area)
{
    struct blocker_disk *d = t->disk;
    struct blocker_tried *tried = &t->tried[c->number][area];
    size_t at = (size_t)c->number * BLOCKER_SLOT;
    *tried = (struct blocker_tried){.done = true, .from = d->mark.areas[area].from + at};
    const struct blocker_target target = {
        .disk = d, .from = tried->from, .bytes = BLOCKER_UNIT, .data = d->page};
    if (tried->from + BLOCKER_SLOT > d->bytes) {
        snprintf(tried->answer.why, sizeof tried->answer.why, "the disk ends before it");
        return;
    }
    const uint8_t *wanted = blocker_disk_wanted(d, area) + at;
    for (size_t i = 0; i < BLOCKER_SLOT; i++)
        d->page[i] = (uint8_t)~wanted[i];
    c->send(c, &target, &tried->answer);
    judge(t, c, area, tried);
}

/* What was found changed now and was not before: of a command that was sent there, or of none. */
static void compare(struct blocker_trial *t, const struct blocker_seen *seen)
{
    for (size_t area = 0; area < BLOCKER_AREAS; area++)
        for (unsigned slot = 0; slot < BLOCKER_SLOTS; slot++) {
            struct blocker_tried *tried = &t->tried[slot][area];
            if (!(seen->slots[area] >> slot & 1) || tried->answer.outcome == BLOCKER_CHANGED)
                continue;
            if (tried->done) {
                tried->answer.outcome = BLOCKER_CHANGED;
                tried->later = true;
            } else if (!t->elsewhere) {
                t->elsewhere = true;
                t->elsewhere_at = t->disk->mark.areas[area].from + (uint64_t)slot * BLOCKER_SLOT;
            }
        }
}

/* To each area; a command that is not answered, once: the kernel resets the bus behind each. */
static void send_all(struct blocker_trial *t, const struct blocker_command *c)
{
    size_t areas = c->effect == BLOCKER_SETTLES ? 1 : BLOCKER_AREAS;
    for (size_t area = 0; area < areas; area++) {
        send_one(t, c, area);
        if (t->tried[c->number][area].answer.silent)
            return;
    }
}

static int run_group(struct blocker_trial *t, enum blocker_group group, size_t *done, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(blocker_commands); i++) {
        const struct blocker_command *c = &blocker_commands[i];
        if (c->group != group)
            continue;
        if (t->watch.tell &&
            !t->watch.tell(t->watch.context, c->name, (*done)++, ARRAY_LEN(blocker_commands)))
            return err_set(e, ERR_UNAVAILABLE, "evidence.stopped", NULL, "the test was stopped");
        send_all(t, c);
    }
    blocker_disk_flush(t->disk);
    if (blocker_disk_look(t->disk, group == BLOCKER_GROUPS - 1, &t->seen, e) != 0)
        return -1;
    if (t->seen.why && t->disk->identified && evidence_source_is_gone(&t->disk->source))
        return err_set(e, ERR_UNAVAILABLE, "blocker.gone", NULL,
                       "%s is not there any more; nothing is shown", t->disk->path);
    compare(t, &t->seen);
    return 0;
}

int blocker_trial_run(struct blocker_trial *t, struct err *e)
{
    size_t done = 0;
    for (int group = 0; group < BLOCKER_GROUPS; group++)
        if (run_group(t, (enum blocker_group)group, &done, e) != 0)
            return -1;
    return 0;
}
