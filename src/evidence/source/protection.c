/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a source can be written to (ISO/IEC 27037 section 7.1.3.2): the kernel's flag, which
 * anybody with its rights can take away; what the device says of itself, as a write blocker does
 * that shows what it is; and how often the kernel has written to it. All by questions that change
 * nothing.
 */
#include "evidence/source/identity.h"

#include "evidence/source/hidden.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
    MODE_SENSE_6 = 0x1a,
    MODE_SENSE_10 = 0x5a,
    ALL_PAGES = 0x3f,
    WRITE_PROTECT = 0x80,
    MODE_ROOM = 192, /* what asks for more brings some bridges down */
    MILLISECONDS = 5000,
    VIRTIO_BLK_F_RO = 5,
    NSATTR = 99, /* of Identify Namespace: bit 0, currently write protected */
};

/* The device-specific parameter of the header (SPC-4 section 7.5.5, SBC-3 section 6.4.1), or -1. */
static int mode_sense(int fd, uint8_t command)
{
    uint8_t cdb[10] = {command, 0, ALL_PAGES}, data[MODE_ROOM] = {0}, sense[32];
    bool ten = command == MODE_SENSE_10;
    cdb[ten ? 8 : 4] = MODE_ROOM;
    struct sg_io_hdr io = {.interface_id = 'S',
                           .dxfer_direction = SG_DXFER_FROM_DEV,
                           .cmd_len = ten ? 10 : 6,
                           .mx_sb_len = sizeof sense,
                           .dxfer_len = sizeof data,
                           .dxferp = data,
                           .cmdp = cdb,
                           .sbp = sense,
                           .timeout = MILLISECONDS};
    if (ioctl(fd, SG_IO, &io) != 0 || io.status != 0 || io.host_status != 0)
        return -1;
    int got = (int)sizeof data - io.resid;
    return got < (ten ? 8 : 4) ? -1 : data[ten ? 3 : 2];
}

static void ask_scsi(struct evidence_protection *p, int fd, bool ata)
{
    int said = mode_sense(fd, MODE_SENSE_6);
    if (said < 0)
        said = mode_sense(fd, MODE_SENSE_10);
    if (said < 0)
        return;
    /* for a disk on an ATA bus the kernel answers by itself, and knows of no protection */
    if (ata && !(said & WRITE_PROTECT))
        return;
    p->device = (said & WRITE_PROTECT) != 0;
    p->by = "SCSI MODE SENSE";
}

static void ask_nvme(struct evidence_protection *p, int fd)
{
    uint8_t name_space[HIDDEN_NVME_BLOCK];
    struct hidden_channel channel = hidden_channel_of(&fd);
    if (channel.nvme(channel.context, 0, name_space) != 0)
        return;
    p->device = name_space[NSATTR] & 1;
    p->by = "NVMe namespace attributes";
}

static void ask_virtio(struct evidence_protection *p, const char *folder)
{
    char path[EVIDENCE_SYS_FOLDER + 32], features[80];
    snprintf(path, sizeof path, "%s/device/features", folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, features, sizeof features) : -1;
    if (fd >= 0)
        close(fd);
    if (n <= VIRTIO_BLK_F_RO || strspn(features, "01") <= VIRTIO_BLK_F_RO)
        return;
    p->device = features[VIRTIO_BLK_F_RO] == '1';
    p->by = "virtio feature bit";
}

/* Writes and discards that were carried out since the device was attached (iostats of the kernel).
 */
static void count_writes(struct evidence_protection *p, const char *folder)
{
    char path[EVIDENCE_SYS_FOLDER + 32], text[400];
    unsigned long long field[12] = {0};
    snprintf(path, sizeof path, "%s/queue/iostats", folder);
    FILE *counts = fopen(path, "re");
    int on = counts ? fgetc(counts) : '1';
    if (counts)
        fclose(counts);
    snprintf(path, sizeof path, "%s/stat", folder);
    FILE *file = on == '1' ? fopen(path, "re") : NULL;
    if (file && fgets(text, sizeof text, file)) {
        char *at = text;
        size_t count = 0;
        for (char *end; count < ARRAY_LEN(field); count++, at = end) {
            field[count] = strtoull(at, &end, 10);
            if (end == at)
                break;
        }
        if (count > 4)
            p->writes = (int64_t)(field[4] + (count > 11 ? field[11] : 0));
    }
    if (file)
        fclose(file);
}

void evidence_protection_read(struct evidence_protection *p, int fd, const struct stat *st)
{
    char folder[EVIDENCE_SYS_FOLDER], link[512], name[EVIDENCE_SYS_FOLDER];
    int flag;
    *p = (struct evidence_protection){.kernel = -1, .device = -1, .writes = -1};
    if (!S_ISBLK(st->st_mode))
        return;
    if (ioctl(fd, BLKROGET, &flag) == 0)
        p->kernel = flag != 0;
    evidence_identity_folder(st, folder);
    count_writes(p, folder);
    ask_nvme(p, fd);
    snprintf(name, sizeof name, "/sys/dev/block/%u:%u", major(st->st_rdev), minor(st->st_rdev));
    ssize_t n = readlink(name, link, sizeof link - 1);
    link[n > 0 ? n : 0] = 0;
    if (!p->by && strstr(link, "/block/vd"))
        ask_virtio(p, folder);
    if (!p->by)
        ask_scsi(p, fd, strstr(link, "/ata") && !strstr(link, "/usb"));
}

void evidence_protection_tell(const struct evidence_protection *p, char *text, size_t room)
{
    if (p->device == 1)
        snprintf(text, room, "the device says that it is write-protected (%s)%s", p->by,
                 p->kernel == 0 ? ", and the kernel's flag is not set" : "");
    else if (p->kernel == 1 && p->device == 0)
        snprintf(text, room,
                 "the kernel's flag alone: the device says that it can be written to "
                 "(%s)",
                 p->by);
    else if (p->kernel == 1)
        snprintf(text, room,
                 "the kernel's flag; the device does not say whether it can be written "
                 "to");
    else if (p->kernel == 0)
        snprintf(text, room, "none but that it was opened for reading only");
    else
        snprintf(text, room, "opened for reading only");
}
