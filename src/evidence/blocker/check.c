/* SPDX-License-Identifier: Apache-2.0 */
/* Afterwards, without the blocker: what the disk itself holds. */
#include "evidence/blocker/testing.h"

#include <stdio.h>
#include <string.h>

/* A write reaches the disk again, and what was there is put back. */
static void try_write(struct blocker_disk *d, struct blocker_looked *l)
{
    enum { SLOT = BLOCKER_SLOTS - 1 }; /* no command's */
    uint64_t at = d->mark.areas[0].from + (uint64_t)SLOT * BLOCKER_SLOT;
    const uint8_t *wanted = blocker_disk_wanted(d, 0) + (size_t)SLOT * BLOCKER_SLOT;
    const char *what = "cannot be written to";
    if (d->writing < 0) {
        snprintf(l->reached_how, sizeof l->reached_how,
                 "the kernel does not open it for writing: %s", strerrordesc_np(d->writing_why));
        return;
    }
    for (size_t i = 0; i < BLOCKER_UNIT; i++)
        d->page[i] = wanted[i] ^ 0xff;
    int why = blocker_disk_write(d, at, d->page, BLOCKER_UNIT);
    blocker_disk_flush(d);
    if (why == 0) {
        what = "cannot be read";
        memset(d->page, 0, BLOCKER_UNIT);
        why = blocker_disk_read(d, at, d->page, BLOCKER_UNIT);
    }
    l->reached = why == 0;
    for (size_t i = 0; l->reached && i < BLOCKER_UNIT; i++)
        l->reached = (d->page[i] ^ wanted[i]) == 0xff;
    memcpy(d->page, wanted, BLOCKER_UNIT);
    if (why)
        snprintf(l->reached_how, sizeof l->reached_how, "the disk %s: %s", what,
                 strerrordesc_np(why));
    else if (!l->reached)
        snprintf(l->reached_how, sizeof l->reached_how,
                 "what was written is not there when it is read past the cache");
    else if (blocker_disk_write(d, at, d->page, BLOCKER_UNIT) != 0)
        snprintf(l->reached_how, sizeof l->reached_how,
                 "written and read past the cache; it could not be put back");
    else
        snprintf(l->reached_how, sizeof l->reached_how,
                 "written, read past the cache, and put back");
    blocker_disk_flush(d);
}

static int look(struct blocker_disk *d, const struct evidence_blocker_report *report,
                const struct clock *clock, struct buf *completed,
                enum evidence_blocker_verdict *verdict, struct err *e)
{
    struct blocker_looked looked = {.at = clock_now(clock), .path = d->path};
    struct blocker_seen seen;
    if (blocker_disk_marked(d, e) != 0 || blocker_disk_identify(d, e) != 0)
        return -1;
    if (blocker_disk_is_another(d) || d->bytes != d->mark.bytes ||
        memcmp(report->disk, d->mark.id, sizeof d->mark.id) != 0)
        return err_set(e, ERR_CONFLICT, "blocker.disk", NULL,
                       "%s is not the test disk of this report; nothing is written to it", d->path);
    const char *now = d->source.identity.attached_by;
    if (strcmp(now, d->mark.attached_by) != 0 && slice_is(report->attached_by, now)) {
        err_set(e, ERR_CONFLICT, "blocker.attached", NULL,
                "%s is attached as when the blocker was tested (%s): the disk is looked at without "
                "the blocker",
                d->path, now);
        return err_hint(e, "attach the test disk to the machine itself");
    }
    if (blocker_disk_pattern(d, e) != 0 || blocker_disk_look(d, true, &seen, e) != 0)
        return -1;
    if (seen.why)
        return err_errno(e, seen.why, "blocker.area", "the test area of %s cannot be read",
                         d->path);
    if (blocker_guard_free(d, e) != 0)
        return -1;
    looked.seen = &seen;
    if (blocker_disk_unlock(d, e) != 0)
        return -1;
    try_write(d, &looked);
    return blocker_report_complete(report, &looked, completed, verdict, e);
}

int evidence_blocker_check(const char *device, struct slice report, const struct clock *clock,
                           struct buf *completed, enum evidence_blocker_verdict *verdict,
                           struct err *e)
{
    struct evidence_blocker_report said;
    struct json_doc *doc = NULL;
    struct blocker_disk d;
    if (evidence_blocker_report_read(report, &doc, &said, e) != 0)
        return -1;
    int result = blocker_disk_open(&d, device, e);
    if (result == 0) {
        result = look(&d, &said, clock ? clock : &clock_system, completed, verdict, e);
        blocker_disk_close(&d);
    }
    json_doc_free(doc);
    return result;
}
