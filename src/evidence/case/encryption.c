/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/encryption.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HEADER = 512, STEP = 1 << 20, STEPS = 1024, SEEN = 64 };

static const char *kind_of(const uint8_t header[HEADER])
{
    if (memcmp(header, "LUKS\xba\xbe", 6) == 0)
        return header[7] == 2 ? "LUKS 2" : "LUKS 1";
    if (memcmp(header + 3, "-FVE-FS-", 8) == 0)
        return "BitLocker";
    return NULL;
}

static void put(struct json_writer *w, const char *what, const char *where, bool open)
{
    json_write_object(w);
    json_member_string(w, "what", what);
    json_member_string(w, "where", where);
    json_member_bool(w, "open", open);
    json_write_object_end(w);
}

static int look_at_device(const char *device, struct json_writer *w,
                          struct evidence_encryption *out, struct err *e)
{
    uint8_t header[HEADER];
    char where[4200];
    int fd = open(device, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "evidence.source", "%s cannot be read", device);
    for (uint64_t i = 0; i < STEPS && out->found < SEEN; i++) {
        ssize_t n = pread(fd, header, sizeof header, (off_t)(i * STEP));
        if (n == 0 || (n < (ssize_t)sizeof header && i > 0))
            break;
        const char *kind = n == (ssize_t)sizeof header ? kind_of(header) : NULL;
        if (!kind)
            continue;
        snprintf(where, sizeof where, "%s at byte %" PRIu64, device, i * STEP);
        put(w, kind, where, false);
        out->found++;
    }
    close(fd);
    return 0;
}

static void line_of(const char *path, char text[160])
{
    text[0] = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, text, 159);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    text[strcspn(text, "\n")] = 0;
}

/* Device mapper says of each volume what it is: "CRYPT-LUKS2-…-name". */
static void look_at_mapper(struct json_writer *w, struct evidence_encryption *out)
{
    DIR *d = opendir("/sys/block");
    for (struct dirent *x; d && (x = readdir(d)) && out->open < SEEN;) {
        char path[400], uuid[160], name[160], where[400];
        if (strncmp(x->d_name, "dm-", 3) != 0)
            continue;
        snprintf(path, sizeof path, "/sys/block/%s/dm/uuid", x->d_name);
        line_of(path, uuid);
        if (strncmp(uuid, "CRYPT-", 6) != 0)
            continue;
        snprintf(path, sizeof path, "/sys/block/%s/dm/name", x->d_name);
        line_of(path, name);
        snprintf(where, sizeof where, "/dev/mapper/%s (%.20s)", name, x->d_name);
        put(w, uuid, where, true);
        out->open++;
    }
    if (d)
        closedir(d);
}

int evidence_encryption_look(const char *device, bool this_machine, struct json_writer *w,
                             struct evidence_encryption *out, struct err *e)
{
    *out = (struct evidence_encryption){0};
    json_write_name(w, "seen");
    json_write_array(w);
    if (device && look_at_device(device, w, out, e) != 0)
        return -1;
    if (this_machine)
        look_at_mapper(w, out);
    if (out->found + out->open == 0)
        json_write_string(w, "nothing: no LUKS or BitLocker header, no open dm-crypt volume");
    json_write_array_end(w);
    return 0;
}
