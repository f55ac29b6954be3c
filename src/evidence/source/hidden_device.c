/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to a real device: ATA PASS-THROUGH (16) of SAT-4 by SG_IO, and NVMe's Identify. */
#include "evidence/source/hidden.h"

#include <linux/nvme_ioctl.h>
#include <scsi/sg.h>
#include <string.h>
#include <sys/ioctl.h>

enum { PASS_THROUGH = 0x85, NO_DATA = 3, DATA_IN = 4, MILLISECONDS = 5000, SENSE = 64 };

bool hidden_sense_read(const uint8_t *sense, size_t len, uint64_t *address)
{
    if (len < 22 || (sense[0] & 0x7f) != 0x72) /* descriptors; fixed sense has no room for them */
        return false;
    size_t end = 8 + (size_t)sense[7] < len ? 8 + (size_t)sense[7] : len;
    for (size_t at = 8; at + 14 <= end; at += 2 + (size_t)sense[at + 1]) {
        const uint8_t *d = sense + at;
        if (d[0] != 0x09 || d[1] != 12)
            continue;
        if (d[13] & 0x21) /* the disk's status: error, or device fault */
            return false;
        *address = d[7] | (uint64_t)d[9] << 8 | (uint64_t)d[11] << 16;
        if (d[2] & 1)
            *address |= (uint64_t)d[6] << 24 | (uint64_t)d[8] << 32 | (uint64_t)d[10] << 40;
        else
            *address |= (uint64_t)(d[12] & 0x0f) << 24;
        return true;
    }
    return false;
}

static int ata(void *context, const struct hidden_ata_command *c, struct hidden_ata_answer *answer)
{
    const int *fd = context;
    uint8_t cdb[16] = {PASS_THROUGH}, sense[SENSE] = {0};
    cdb[1] = (uint8_t)((c->reads ? DATA_IN : NO_DATA) << 1 | c->wide);
    cdb[2] = c->reads ? 0x0e : 0x20; /* one block comes; or the registers as sense data */
    cdb[3] = (uint8_t)(c->features >> 8);
    cdb[4] = (uint8_t)c->features;
    cdb[6] = c->reads;
    cdb[13] = 0x40; /* addresses are those of sectors */
    cdb[14] = c->command;
    struct sg_io_hdr io = {.interface_id = 'S',
                           .dxfer_direction = c->reads ? SG_DXFER_FROM_DEV : SG_DXFER_NONE,
                           .cmd_len = sizeof cdb,
                           .mx_sb_len = sizeof sense,
                           .dxfer_len = c->reads ? HIDDEN_ATA_BLOCK : 0,
                           .dxferp = c->reads ? answer->data : NULL,
                           .cmdp = cdb,
                           .sbp = sense,
                           .timeout = MILLISECONDS};
    if (ioctl(*fd, SG_IO, &io) != 0 || io.host_status != 0)
        return -1;
    if (!c->reads)
        return hidden_sense_read(sense, io.sb_len_wr, &answer->address) ? 0 : -1;
    return io.status == 0 && io.resid == 0 ? 0 : -1;
}

static int nvme(void *context, unsigned cns, uint8_t data[HIDDEN_NVME_BLOCK])
{
    const int *fd = context;
    int number = ioctl(*fd, NVME_IOCTL_ID);
    if (number <= 0)
        return -1;
    struct nvme_admin_cmd c = {.opcode = 0x06,
                               .nsid = cns == 0 ? (uint32_t)number : 0,
                               .addr = (uintptr_t)data,
                               .data_len = HIDDEN_NVME_BLOCK,
                               .cdw10 = cns,
                               .timeout_ms = MILLISECONDS};
    return ioctl(*fd, NVME_IOCTL_ADMIN_CMD, &c) == 0 ? 0 : -1;
}

struct hidden_channel hidden_channel_of(int *fd)
{
    return (struct hidden_channel){.ata = ata, .nvme = nvme, .context = fd};
}
