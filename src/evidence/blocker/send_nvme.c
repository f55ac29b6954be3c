/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of NVMe's NVM command set, past the kernel's block layer. */
#include "evidence/blocker/attempt.h"

#include <errno.h>
#include <linux/nvme_ioctl.h>
#include <string.h>
#include <sys/ioctl.h>

enum { MILLISECONDS = 20000, WRITE = 0x01, DATASET_MANAGEMENT = 0x09, DEALLOCATE = 4, RANGE = 16 };

static void put_little(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

void blocker_send_nvme(const struct blocker_command *c, const struct blocker_target *t,
                       struct blocker_answer *a)
{
    int fd = t->disk->writing >= 0 ? t->disk->writing : t->disk->fd;
    int name_space = ioctl(fd, NVME_IOCTL_ID);
    uint32_t sector = t->disk->sector;
    uint64_t lba = t->from / sector;
    if (name_space <= 0) {
        blocker_answer_errno(a, ENOTTY);
        return;
    }
    struct nvme_passthru_cmd command = {.opcode = c->code,
                                        .nsid = (uint32_t)name_space,
                                        .cdw10 = (uint32_t)lba,
                                        .cdw11 = (uint32_t)(lba >> 32),
                                        .cdw12 = BLOCKER_SLOT / sector - 1,
                                        .timeout_ms = MILLISECONDS};
    if (c->code == WRITE) {
        command.cdw12 = t->bytes / sector - 1;
        command.addr = (uintptr_t)t->data;
        command.data_len = t->bytes;
    } else if (c->code == DATASET_MANAGEMENT) {
        memset(t->data, 0, RANGE);
        put_little(t->data + 4, BLOCKER_SLOT / sector, 4);
        put_little(t->data + 8, lba, 8);
        command.cdw10 = 0; /* one range */
        command.cdw11 = DEALLOCATE;
        command.cdw12 = 0;
        command.addr = (uintptr_t)t->data;
        command.data_len = RANGE;
    }
    int status = ioctl(fd, NVME_IOCTL_IO_CMD, &command);
    if (status < 0) {
        blocker_answer_errno(a, errno);
        return;
    }
    a->outcome = status == 0 ? BLOCKER_ACCEPTED : BLOCKER_REFUSED;
    a->has_status = status != 0;
    a->status = (uint16_t)status;
}
