/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/blocker/testing.h"
#include "base/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/nvme_ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define SAY(t, which, field, ...)                                                                  \
    snprintf((t)->assertions[which].field, sizeof(t)->assertions[which].field, __VA_ARGS__)

static void hold(struct blocker_testing *t, enum blocker_assertion which, bool holds)
{
    t->assertions[which].held = holds ? BLOCKER_PASS : BLOCKER_FAIL;
}

/* READ (16) of the sector behind the last one; NVMe's Read. */
static void read_behind(const struct blocker_disk *d, struct blocker_answer *a)
{
    enum { READ_16 = 0x88, NVME_READ = 0x02 };
    uint64_t lba = d->bytes / d->sector;
    uint8_t cdb[16] = {READ_16};
    struct blocker_scsi s = {
        .cdb = cdb, .cdb_len = sizeof cdb, .data = d->page, .data_len = d->sector, .reads = true};
    int name_space = ioctl(d->fd, NVME_IOCTL_ID);
    blocker_put_big(cdb + 2, lba, 8);
    blocker_put_big(cdb + 10, 1, 4);
    if (name_space <= 0) {
        blocker_scsi_send(d, &s, a);
        return;
    }
    struct nvme_passthru_cmd c = {.opcode = NVME_READ,
                                  .nsid = (uint32_t)name_space,
                                  .cdw10 = (uint32_t)lba,
                                  .cdw11 = (uint32_t)(lba >> 32),
                                  .addr = (uintptr_t)d->page,
                                  .data_len = d->sector};
    int status = ioctl(d->fd, NVME_IOCTL_IO_CMD, &c);
    *a = (struct blocker_answer){.outcome = status == 0 ? BLOCKER_ACCEPTED : BLOCKER_REFUSED,
                                 .has_status = status > 0,
                                 .status = (uint16_t)(status > 0 ? status : 0)};
    if (status < 0)
        blocker_answer_errno(a, errno);
}

void blocker_testing_error(struct blocker_testing *t)
{
    struct blocker_answer a = {0};
    read_behind(&t->disk, &a);
    if (a.outcome == BLOCKER_NOT_POSSIBLE || a.outcome == BLOCKER_KERNEL) {
        SAY(t, BLOCKER_RM_04, why,
            "no command can be sent past the kernel, which refuses this one");
        return;
    }
    hold(t, BLOCKER_RM_04, a.outcome == BLOCKER_REFUSED);
    if (a.has_sense)
        SAY(t, BLOCKER_RM_04, done, "the sector behind the last one was read: sense %02x/%02x/%02x",
            a.key, a.asc, a.ascq);
    else
        SAY(t, BLOCKER_RM_04, done, "the sector behind the last one was read: status %u%s%s",
            a.status, a.why[0] ? ", " : "", a.why);
    if (a.outcome != BLOCKER_REFUSED)
        SAY(t, BLOCKER_RM_04, why,
            "a sector that the disk does not have was read without an error");
}

/* What a disk says of itself through the blocker, against what it said without. */
static void compare_size(struct blocker_testing *t)
{
    const struct blocker_disk *d = &t->disk;
    bool same = d->bytes == d->mark.bytes && d->sector == d->mark.sector;
    hold(t, BLOCKER_RM_03, same);
    SAY(t, BLOCKER_RM_03, done, "%" PRIu64 " bytes in sectors of %" PRIu32 ", %s", d->bytes,
        d->sector,
        !(d->source.identity.identified && d->mark.identified)
            ? "by the mark the same disk; it cannot be asked for its own number both times"
            : "the same model and serial number by the disk's own answer");
    if (!same)
        SAY(t, BLOCKER_RM_03, why,
            "when it was prepared: %" PRIu64 " bytes in sectors of %" PRIu32
            "; nothing was sent that writes",
            d->mark.bytes, d->mark.sector);
}

static int refuse_another(const struct blocker_disk *d, struct err *e)
{
    return err_set(e, ERR_DENIED, "blocker.disk", NULL,
                   "%s bears the mark of another disk (%s, %s), which was copied to it; nothing is "
                   "written to it",
                   d->path, d->mark.model, d->mark.serial);
}

/* The data are there and are the pattern, or this is no disk that may be written to. */
static int read_area(struct blocker_testing *t, struct err *e)
{
    const struct blocker_disk *d = &t->disk;
    if (blocker_disk_pattern(&t->disk, e) != 0 || blocker_disk_look(d, true, &t->before, e) != 0)
        return -1;
    if (t->before.why)
        err_errno(e, t->before.why, "blocker.area",
                  "the test area of %s cannot be read from byte %" PRIu64 " on", d->path,
                  t->before.why_at);
    else if (!t->before.same || memcmp(t->before.sha256, d->mark.sha256, SHA256_LEN) != 0)
        err_set(e, ERR_DENIED, "blocker.area", NULL,
                "the test area of %s is not as it was prepared; nothing is written to it", d->path);
    if (err_is_set(e))
        return err_hint(e, "prepare the disk again, without the blocker");
    return 0;
}

static int run(struct blocker_testing *t, struct err *e)
{
    struct blocker_disk *d = &t->disk;
    if (blocker_disk_marked(d, e) != 0 || blocker_disk_identify(d, e) != 0)
        return -1;
    if (blocker_disk_is_another(d))
        return refuse_another(d, e);
    compare_size(t);
    if (t->assertions[BLOCKER_RM_03].held == BLOCKER_FAIL)
        return 0;
    if (read_area(t, e) != 0 || blocker_guard_free(d, e) != 0 || blocker_disk_unlock(d, e) != 0)
        return -1;
    t->trial = (struct blocker_trial){.disk = d, .watch = t->options->watch};
    t->sent = true;
    if (blocker_trial_run(&t->trial, e) != 0)
        return -1;
    blocker_testing_error(t);
    return 0;
}

int evidence_blocker_test(const struct evidence_blocker_test_options *options, struct buf *report,
                          enum evidence_blocker_verdict *verdict, struct err *e)
{
    struct blocker_testing *t = mem_new(1, sizeof *t);
    if (!t)
        return err_memory(e);
    t->options = options;
    t->clock = options->clock ? options->clock : &clock_system;
    t->started = clock_now(t->clock);
    int result = blocker_disk_open(&t->disk, options->device, e);
    if (result == 0) {
        result = run(t, e);
        if (result == 0) {
            blocker_testing_judge(t);
            result = blocker_testing_write(t, report, verdict, e);
        }
        blocker_disk_close(&t->disk);
    }
    mem_free(t);
    return result;
}

/* ---- what follows from it ---- */

static void count(struct blocker_testing *t, const struct blocker_command *c)
{
    bool changes = t->disk.mark.without[c->number] == BLOCKER_CHANGED + 1;
    for (size_t area = 0; area < BLOCKER_AREAS; area++) {
        const struct blocker_tried *tried = &t->trial.tried[c->number][area];
        if (tried->done)
            blocker_counts_add(&t->counts, tried->answer.outcome, c->effect, changes);
    }
}

/* The names of what changed it, as far as there is room. */
static void name_changed(const struct blocker_testing *t, char *out, size_t room)
{
    size_t len = (size_t)snprintf(out, room, "changed by");
    const char *between = " ";
    for (size_t i = 0; i < blocker_command_count; i++) {
        const struct blocker_command *c = &blocker_commands[i];
        bool changed = false;
        for (size_t area = 0; area < BLOCKER_AREAS; area++)
            changed |= t->trial.tried[c->number][area].answer.outcome == BLOCKER_CHANGED;
        if (!changed || len >= room)
            continue;
        len += (size_t)snprintf(out + len, room - len, "%s%s", between, c->name);
        between = ", ";
    }
}

static void judge_writes(struct blocker_testing *t)
{
    const struct blocker_counts *n = &t->counts;
    SAY(t, BLOCKER_RM_01, done,
        "%zu attempts: %zu refused, %zu accepted with nothing changed, %zu refused by the kernel, "
        "%zu not possible here",
        n->attempts, n->refused, n->accepted, n->kernel, n->not_possible);
    SAY(t, BLOCKER_T_CONTROL, done,
        "%zu attempts reached the blocker by commands that change this disk without it", n->asked);
    if (n->changed)
        name_changed(t, t->assertions[BLOCKER_RM_01].why, sizeof t->assertions[BLOCKER_RM_01].why);
    else if (n->elsewhere)
        SAY(t, BLOCKER_RM_01, why, "changed at byte %" PRIu64 ", where no command was sent to",
            t->trial.elsewhere_at);
    if (n->changed || n->elsewhere)
        hold(t, BLOCKER_RM_01, false);
    else if (n->writes)
        hold(t, BLOCKER_RM_01, true);
    else
        SAY(t, BLOCKER_RM_01, why, "no command that writes was seen by the blocker");
    if (n->asked || n->changed)
        hold(t, BLOCKER_T_CONTROL, true);
    else
        SAY(t, BLOCKER_T_CONTROL, why,
            "what changes this disk without the blocker was not sent to the blocker");
}

void blocker_testing_judge(struct blocker_testing *t)
{
    const char *not_sent =
        "nothing was sent, as the disk is not the size that it was prepared with";
    for (size_t i = 0; t->sent && i < blocker_command_count; i++)
        count(t, &blocker_commands[i]);
    t->counts.elsewhere = t->trial.elsewhere;
    if (t->sent) {
        judge_writes(t);
        hold(t, BLOCKER_RM_02, t->trial.seen.why == 0);
        SAY(t, BLOCKER_RM_02, done,
            "the areas were read before, after each group of commands and "
            "at the end");
        if (t->trial.seen.why)
            SAY(t, BLOCKER_RM_02, why, "from byte %" PRIu64 " on: %s", t->trial.seen.why_at,
                strerrordesc_np(t->trial.seen.why));
    } else {
        SAY(t, BLOCKER_RM_01, why, "%s", not_sent);
        SAY(t, BLOCKER_RM_02, why, "%s", not_sent);
        SAY(t, BLOCKER_RM_04, why, "%s", not_sent);
        SAY(t, BLOCKER_T_CONTROL, why, "%s", not_sent);
    }
    for (size_t i = 0; i < BLOCKER_ASSERTIONS; i++) /* a change is counted by itself */
        t->counts.failed += i != BLOCKER_RM_01 && t->assertions[i].held == BLOCKER_FAIL;
}
