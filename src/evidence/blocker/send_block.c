/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's own ways to change a block device. */
#include "evidence/blocker/attempt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* The kernel does not open the device for writing. */
static bool closed(const struct blocker_disk *d, struct blocker_answer *a)
{
    if (d->writing >= 0)
        return false;
    a->error = d->writing_why;
    a->outcome = BLOCKER_KERNEL;
    snprintf(a->why, sizeof a->why, "the kernel refused; the blocker was not asked (%s)",
             d->flag == 1 ? "the device is read-only to it" : strerrordesc_np(d->writing_why));
    return true;
}

void blocker_send_write(const struct blocker_command *c, const struct blocker_target *t,
                        struct blocker_answer *a)
{
    (void)c;
    if (!closed(t->disk, a))
        blocker_answer_errno(a, blocker_disk_write(t->disk, t->from, t->data, t->bytes));
}

void blocker_send_range(const struct blocker_command *c, const struct blocker_target *t,
                        struct blocker_answer *a)
{
    uint64_t range[2] = {t->from, BLOCKER_SLOT};
    unsigned long request = (unsigned long)c->variant;
    if (!closed(t->disk, a))
        blocker_answer_errno(a, ioctl(t->disk->writing, request, range) == 0 ? 0 : errno);
}
