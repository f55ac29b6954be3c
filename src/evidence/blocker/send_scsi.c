/* SPDX-License-Identifier: Apache-2.0 */
/* SCSI commands (SBC-4) past the kernel's block layer, by SG_IO. */
#include "evidence/blocker/attempt.h"

#include <errno.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

enum {
    MILLISECONDS = 20000,
    LENGTH = 0xff, /* of the variant: bytes of the command; 0x800: FUA, or UNMAP of WRITE SAME */
    FLAGGED = 0x800,
    UNMAP_LIST = 24,
};

void blocker_put_big(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0; value >>= 8)
        to[i] = (uint8_t)value;
}

/* Fixed or descriptor format (SPC-5 section 4.4). */
static void take_sense(struct blocker_answer *a, const uint8_t *sense, size_t len)
{
    uint8_t form = len ? sense[0] & 0x7f : 0;
    if (form >= 0x72 && len >= 4) {
        a->key = sense[1] & 0x0f;
        a->asc = sense[2];
        a->ascq = sense[3];
        a->has_sense = true;
    } else if (form >= 0x70 && len >= 14) {
        a->key = sense[2] & 0x0f;
        a->asc = sense[12];
        a->ascq = sense[13];
        a->has_sense = true;
    }
}

void blocker_scsi_send(const struct blocker_disk *d, struct blocker_scsi *s,
                       struct blocker_answer *a)
{
    enum { RECOVERED = 1, TIMED_OUT = 3 };
    struct sg_io_hdr io = {.interface_id = 'S',
                           .dxfer_direction = s->data_len == 0 ? SG_DXFER_NONE
                                              : s->reads       ? SG_DXFER_FROM_DEV
                                                               : SG_DXFER_TO_DEV,
                           .cmd_len = s->cdb_len,
                           .mx_sb_len = sizeof s->sense,
                           .dxfer_len = s->data_len,
                           .dxferp = s->data,
                           .cmdp = (uint8_t *)s->cdb,
                           .sbp = s->sense,
                           .timeout = MILLISECONDS};
    *a = (struct blocker_answer){0};
    if (ioctl(d->writing >= 0 ? d->writing : d->fd, SG_IO, &io) != 0) {
        blocker_answer_errno(a, errno);
        return;
    }
    s->sense_len = io.sb_len_wr;
    take_sense(a, s->sense, io.sb_len_wr);
    a->outcome = BLOCKER_ACCEPTED;
    if (io.host_status != 0) {
        a->outcome = BLOCKER_REFUSED;
        a->silent = io.host_status == TIMED_OUT;
        snprintf(a->why, sizeof a->why, "the transport failed: host status %u%s", io.host_status,
                 a->silent ? " (no answer in time)" : "");
    } else if (io.status != 0 && !(a->has_sense && a->key <= RECOVERED)) {
        a->outcome = BLOCKER_REFUSED;
        a->has_status = !a->has_sense;
        a->status = io.status;
    }
}

static uint8_t *set_range(const struct blocker_command *c, uint8_t cdb[16], uint64_t lba,
                          uint64_t sectors)
{
    uint8_t flags = c->variant & FLAGGED ? 0x08 : 0;
    cdb[0] = c->code;
    cdb[1] = flags;
    switch (c->variant & LENGTH) {
    case 6:
        blocker_put_big(cdb + 1, lba, 3);
        cdb[4] = (uint8_t)sectors;
        break;
    case 10:
        blocker_put_big(cdb + 2, lba, 4);
        blocker_put_big(cdb + 7, sectors, 2);
        break;
    case 12:
        blocker_put_big(cdb + 2, lba, 4);
        blocker_put_big(cdb + 6, sectors, 4);
        break;
    default: blocker_put_big(cdb + 2, lba, 8); blocker_put_big(cdb + 10, sectors, 4);
    }
    return cdb;
}

/* The last sector that a command of that length can name. */
static uint64_t reach(unsigned length)
{
    return length == 6 ? 0x1fffff : length < 16 ? UINT32_MAX : UINT64_MAX;
}

/* One descriptor (SBC-4 section 5.35). */
static void unmap_list(uint8_t *list, uint64_t lba, uint64_t sectors)
{
    memset(list, 0, UNMAP_LIST);
    blocker_put_big(list, UNMAP_LIST - 2, 2);
    blocker_put_big(list + 2, 16, 2);
    blocker_put_big(list + 8, lba, 8);
    blocker_put_big(list + 16, sectors, 4);
}

void blocker_send_scsi(const struct blocker_command *c, const struct blocker_target *t,
                       struct blocker_answer *a)
{
    enum { SAME_10 = 0x41, SAME_16 = 0x93, UNMAP = 0x42, COMPARE = 0x89 };
    uint32_t sector = t->disk->sector, sectors = t->bytes / sector;
    uint64_t lba = t->from / sector;
    uint8_t cdb[16] = {0};
    struct blocker_scsi s = {.cdb = cdb,
                             .cdb_len = (uint8_t)(c->variant & LENGTH),
                             .data = t->data,
                             .data_len = t->bytes};
    if (lba + BLOCKER_SLOT / sector > reach(s.cdb_len)) {
        snprintf(a->why, sizeof a->why, "the command names no sector so far behind");
        return;
    }
    set_range(c, cdb, lba, sectors);
    if (c->code == SAME_10 || c->code == SAME_16) { /* one sector, again and again */
        set_range(c, cdb, lba, BLOCKER_SLOT / sector);
        s.data_len = sector;
    } else if (c->code == UNMAP) {
        memset(cdb + 1, 0, sizeof cdb - 1);
        blocker_put_big(cdb + 7, UNMAP_LIST, 2);
        unmap_list(t->data, lba, BLOCKER_SLOT / sector);
        s.data_len = UNMAP_LIST;
    } else if (c->code == COMPARE) { /* with what is there, then what is to be there */
        memset(cdb + 10, 0, 4);
        cdb[13] = 1;
        memcpy(t->data + sector, t->data, sector);
        for (size_t i = 0; i < sector; i++)
            t->data[i] = (uint8_t)~t->data[i];
        s.data_len = 2 * sector;
    }
    blocker_scsi_send(t->disk, &s, a);
}

void blocker_send_flush(const struct blocker_command *c, const struct blocker_target *t,
                        struct blocker_answer *a)
{
    uint8_t cdb[16] = {0};
    struct blocker_scsi s = {.cdb = set_range(c, cdb, 0, 0),
                             .cdb_len = (uint8_t)(c->variant & LENGTH)};
    blocker_scsi_send(t->disk, &s, a);
}
