/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/source/identity.h"
#include "evidence/source/hidden.h"

#include <ctype.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A line of sysfs, without white space at its ends. */
static void line_of(const char *folder, const char *name, char *text, size_t room)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    text[0] = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, text, room - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    size_t len = strlen(text), skip = 0;
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        text[--len] = 0;
    while (isspace((unsigned char)text[skip]))
        skip++;
    memmove(text, text + skip, len - skip + 1);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            *c = '?';
}

static void bus_of(const char *folder, char *bus, size_t room)
{
    static const char *const names[] = {"usb", "ata", "nvme", "virtio", "mmc", "loop"};
    char link[512];
    ssize_t n = readlink(folder, link, sizeof link - 1);
    bus[0] = 0;
    link[n > 0 ? n : 0] = 0;
    for (size_t i = 0; i < ARRAY_LEN(names) && !bus[0]; i++) {
        char part[16];
        snprintf(part, sizeof part, "/%s", names[i]);
        if (strstr(link, part))
            snprintf(bus, room, "%s", names[i]);
    }
}

void evidence_identity_read(struct evidence_identity *identity, int fd, const struct stat *st,
                            uint64_t bytes)
{
    char folder[64], device[80], text[16];
    (void)bytes;
    memset(identity, 0, sizeof *identity);
    identity->read_only = identity->removable = -1;
    if (!S_ISBLK(st->st_mode)) {
        snprintf(identity->native_why, sizeof identity->native_why, "a file hides no sectors");
        return;
    }
    snprintf(folder, sizeof folder, "/sys/dev/block/%u:%u", major(st->st_rdev), minor(st->st_rdev));
    bus_of(folder, identity->bus, sizeof identity->bus);
    line_of(folder, "partition", text, sizeof text);
    if (text[0])
        strncat(folder, "/..", sizeof folder - strlen(folder) - 1);
    snprintf(device, sizeof device, "%s/device", folder);
    line_of(device, "model", identity->model, sizeof identity->model);
    line_of(device, "vendor", identity->vendor, sizeof identity->vendor);
    line_of(device, "serial", identity->serial, sizeof identity->serial);
    line_of(device, "rev", identity->firmware, sizeof identity->firmware);
    if (!identity->firmware[0])
        line_of(device, "firmware_rev", identity->firmware, sizeof identity->firmware);
    line_of(folder, "removable", text, sizeof text);
    if (text[0])
        identity->removable = text[0] == '1';
    int flag;
    if (ioctl(fd, BLKROGET, &flag) == 0)
        identity->read_only = flag != 0;
    struct hidden_channel channel = hidden_channel_of(&fd);
    hidden_find(identity, &channel);
}
