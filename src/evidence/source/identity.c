/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/source/identity.h"
#include "evidence/source/hidden.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { VPD_HEADER = 4 };

/* What a file of sysfs holds; 0 when it is not there. */
static size_t bytes_of(const char *folder, const char *name, char *data, size_t room)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, data, room);
    close(fd);
    return n > 0 ? (size_t)n : 0;
}

/* Without white space at its ends, and nothing in it that a terminal would obey. */
static void tidy(char *text)
{
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

static void line_of(const char *folder, const char *name, char *text, size_t room)
{
    text[bytes_of(folder, name, text, room - 1)] = 0;
    tidy(text);
}

/* The first of two places that says something. */
static void line_of_either(const char *one, const char *other, const char *name, char *text,
                           size_t room)
{
    line_of(one, name, text, room);
    if (!text[0])
        line_of(other, name, text, room);
}

static void bus_of(const char *folder, char *bus, size_t room)
{
    static const struct {
        const char *part, *name;
    } known[] = {{"/usb", "usb"},
                 {"/ata", "ata"},
                 {"/nvme", "nvme"},
                 {"/virtio", "virtio"},
                 {"/mmc", "mmc"},
                 {"/loop", "loop"},
                 {"/virtual/block/dm-", "device-mapper"},
                 {"/virtual/block/md", "md"},
                 {"/target", "scsi"}};
    char link[512];
    ssize_t n = readlink(folder, link, sizeof link - 1);
    bus[0] = 0;
    link[n > 0 ? n : 0] = 0;
    for (size_t i = 0; i < ARRAY_LEN(known) && !bus[0]; i++)
        if (strstr(link, known[i].part))
            snprintf(bus, room, "%s", known[i].name);
}

static void add(char *text, size_t room, const char *separator, const char *more)
{
    size_t len = strlen(text);
    if (more[0] && len < room)
        snprintf(text + len, room - len, "%s%s", len ? separator : "", more);
}

/* Unit Serial Number (SPC-4 section 7.8.18), as the kernel read it when the disk was attached. */
static void vpd_serial(const char *device, char *serial, size_t room)
{
    char page[VPD_HEADER + 252];
    size_t len = bytes_of(device, "vpd_pg80", page, sizeof page);
    if (len <= VPD_HEADER || serial[0])
        return;
    snprintf(serial, room, "%.*s", (int)(len - VPD_HEADER), page + VPD_HEADER);
    tidy(serial);
}

/* The USB device that a disk hangs on: what its descriptors say. */
static void usb_of(const char *device, struct evidence_identity *identity)
{
    static const char *const names[] = {"manufacturer", "product"};
    char path[PATH_MAX], text[80], serial[80], id[32] = "USB ";
    if (!realpath(device, path))
        return;
    for (char *end = path + strlen(path); end > path; end = strrchr(path, '/')) {
        *end = 0;
        line_of(path, "idVendor", text, sizeof text);
        if (text[0])
            break;
        if (!strchr(path, '/'))
            return;
    }
    if (!path[0])
        return;
    add(id, sizeof id, "", text);
    line_of(path, "idProduct", text, sizeof text);
    add(id, sizeof id, ":", text);
    add(identity->attached_by, sizeof identity->attached_by, "", id);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        line_of(path, names[i], text, sizeof text);
        add(identity->attached_by, sizeof identity->attached_by, i ? " " : ", ", text);
    }
    line_of(path, "serial", serial, sizeof serial);
    add(identity->attached_by, sizeof identity->attached_by, ", serial ", serial);
    if (!identity->serial[0])
        memcpy(identity->serial, serial, sizeof identity->serial);
}

/* What a volume is made of: mappings, arrays, loops over files. */
static void made_of(const char *folder, struct evidence_identity *identity)
{
    static const struct {
        const char *name, *before;
    } known[] = {{"dm/name", "device-mapper "},
                 {"dm/uuid", ", "},
                 {"md/level", "md "},
                 {"md/uuid", ", "},
                 {"loop/backing_file", "loop over "}};
    char path[PATH_MAX], text[200], slaves[160] = "";
    char *out = identity->made_of;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        line_of(folder, known[i].name, text, sizeof text);
        size_t len = strlen(out);
        if (text[0])
            snprintf(out + len, sizeof identity->made_of - len, "%s%s", known[i].before, text);
    }
    snprintf(path, sizeof path, "%s/slaves", folder);
    DIR *d = out[0] ? opendir(path) : NULL;
    for (struct dirent *x; d && (x = readdir(d));)
        if (x->d_name[0] != '.')
            add(slaves, sizeof slaves, ", ", x->d_name);
    if (d)
        closedir(d);
    add(out, sizeof identity->made_of, ", on ", slaves);
}

void evidence_identity_folder(const struct stat *st, char folder[EVIDENCE_SYS_FOLDER])
{
    char text[16];
    snprintf(folder, EVIDENCE_SYS_FOLDER, "/sys/dev/block/%u:%u", major(st->st_rdev),
             minor(st->st_rdev));
    line_of(folder, "partition", text, sizeof text);
    if (text[0])
        strncat(folder, "/..", EVIDENCE_SYS_FOLDER - strlen(folder) - 1);
}

/*
 * What a disk answers to INQUIRY is cut (16 characters of the model, 4 of the firmware), and behind
 * a bridge or a write blocker it is the bridge's. IDENTIFY is the disk's own: what stood in its
 * place and is no part of it is who it is attached by.
 */
static void compare_with_inquiry(struct evidence_identity *identity, const char *vendor,
                                 const char *model, const char *firmware)
{
    char text[200] = "";
    if (!identity->identified)
        return;
    identity->vendor[0] = 0; /* IDENTIFY knows none; for "ATA" the kernel alone stands */
    if (!model[0] || strncmp(identity->model, model, strlen(model)) == 0)
        return;
    add(text, sizeof text, "", vendor);
    add(text, sizeof text, " ", model);
    add(text, sizeof text, " ", firmware);
    add(identity->attached_by, sizeof identity->attached_by, ", ", "answers as ");
    add(identity->attached_by, sizeof identity->attached_by, "", text);
}

void evidence_identity_read(struct evidence_identity *identity, int fd, const struct stat *st)
{
    char folder[EVIDENCE_SYS_FOLDER], device[EVIDENCE_SYS_FOLDER + 8], text[16];
    memset(identity, 0, sizeof *identity);
    identity->removable = -1;
    evidence_protection_read(&identity->protection, fd, st);
    if (!S_ISBLK(st->st_mode)) {
        snprintf(identity->native_why, sizeof identity->native_why, "a file hides no sectors");
        return;
    }
    char link[EVIDENCE_SYS_FOLDER];
    snprintf(link, sizeof link, "/sys/dev/block/%u:%u", major(st->st_rdev), minor(st->st_rdev));
    bus_of(link, identity->bus, sizeof identity->bus);
    evidence_identity_folder(st, folder);
    snprintf(device, sizeof device, "%s/device", folder);
    line_of(device, "model", identity->model, sizeof identity->model);
    line_of(device, "vendor", identity->vendor, sizeof identity->vendor);
    if (strcmp(identity->bus, "virtio") == 0 && strncmp(identity->vendor, "0x", 2) == 0)
        identity->vendor[0] = 0; /* the number of a kind of virtio device */
    line_of_either(device, folder, "serial", identity->serial, sizeof identity->serial);
    vpd_serial(device, identity->serial, sizeof identity->serial);
    line_of(device, "rev", identity->firmware, sizeof identity->firmware);
    if (!identity->firmware[0])
        line_of(device, "firmware_rev", identity->firmware, sizeof identity->firmware);
    line_of_either(device, folder, "wwid", identity->wwid, sizeof identity->wwid);
    line_of(folder, "removable", text, sizeof text);
    if (text[0])
        identity->removable = text[0] == '1';
    made_of(folder, identity);
    struct evidence_identity inquiry = *identity;
    if (strcmp(identity->bus, "usb") == 0)
        usb_of(device, identity);
    struct hidden_channel channel = hidden_channel_of(&fd);
    hidden_find(identity, &channel);
    compare_with_inquiry(identity, inquiry.vendor, inquiry.model, inquiry.firmware);
}
