/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encrypted volumes that are open now: their contents can be taken as long as the machine runs, and
 * perhaps never again (ISO/IEC 27037 section 7.1.3). Keys themselves are only in its memory.
 */
#include "evidence/live/collector.h"
#include "evidence/logical/mounts.h"

#include <stdio.h>
#include <string.h>

static int put_mapping(struct live_room *room, struct live_output *out, const char *disk,
                       const struct evidence_mounts *mounts, struct err *e)
{
    struct json_writer w;
    struct live_names slaves;
    char path[512], name[128], uuid[256], number[32], size[32];
    unsigned major = 0, minor = 0;
    snprintf(path, sizeof path, "sys/block/%s/dm/uuid", disk);
    live_line(room, path, uuid, sizeof uuid);
    if (strncmp(uuid, "CRYPT-", 6) != 0)
        return 0;
    snprintf(path, sizeof path, "sys/block/%s/dm/name", disk);
    live_line(room, path, name, sizeof name);
    snprintf(path, sizeof path, "sys/block/%s/dev", disk);
    live_line(room, path, number, sizeof number);
    snprintf(path, sizeof path, "sys/block/%s/size", disk);
    live_line(room, path, size, sizeof size);
    snprintf(path, sizeof path, "sys/block/%s/slaves", disk);
    if (live_names_read(room, path, false, &slaves, NULL, e) != 0)
        return -1;
    live_line_begin(out, &w);
    json_member_string(&w, "kind", "dm-crypt");
    json_member_string(&w, "format",
                       strncmp(uuid, "CRYPT-LUKS2-", 12) == 0    ? "LUKS2"
                       : strncmp(uuid, "CRYPT-LUKS1-", 12) == 0  ? "LUKS1"
                       : strncmp(uuid, "CRYPT-BITLK-", 12) == 0  ? "BitLocker"
                       : strncmp(uuid, "CRYPT-TCRYPT-", 13) == 0 ? "TrueCrypt"
                                                                 : "plain");
    live_member(&w, "name", slice_str(name));
    live_member(&w, "uuid", slice_str(uuid));
    json_member_string(&w, "device", disk);
    json_member_string(&w, "number", number);
    json_member_string(&w, "sectors", size);
    json_write_name(&w, "lies_on");
    json_write_array(&w);
    for (size_t i = 0; i < slaves.count; i++)
        json_write_string(&w, slaves.names[i]);
    json_write_array_end(&w);
    json_write_name(&w, "mounted_at");
    json_write_array(&w);
    if (sscanf(number, "%u:%u", &major, &minor) == 2)
        for (size_t i = 0; i < mounts->count; i++)
            if (mounts->all[i].major == major && mounts->all[i].minor == minor)
                json_write_string(&w, mounts->all[i].point);
    json_write_array_end(&w);
    live_warn(room, "encrypted volume %s (/dev/%s on %s) is open: acquire it before power-off",
              name, disk, slaves.count > 0 ? slaves.names[0] : "?");
    atomic_fetch_add(&room->shared->items, 1);
    live_names_fini(&slaves);
    return live_line_end(out, &w, e);
}

/* File systems that encrypt by themselves. */
static int put_mounts(struct live_room *room, struct live_output *out,
                      const struct evidence_mounts *mounts, struct err *e)
{
    static const char *const types[] = {"ecryptfs",       "fuse.encfs",    "fuse.gocryptfs",
                                        "fuse.cryfs",     "fuse.securefs", "fuse.veracrypt",
                                        "fuse.dislocker", "fuse.rclone"};
    for (size_t i = 0; i < mounts->count; i++) {
        const struct evidence_mount *m = &mounts->all[i];
        for (size_t k = 0; k < ARRAY_LEN(types); k++) {
            struct json_writer w;
            if (strcmp(m->type, types[k]) != 0)
                continue;
            live_line_begin(out, &w);
            json_member_string(&w, "kind", m->type);
            live_member(&w, "source", slice_str(m->source));
            live_member(&w, "mounted_at", slice_str(m->point));
            live_warn(room, "encrypted files at %s (%s) are open: take them before power-off",
                      m->point, m->type);
            atomic_fetch_add(&room->shared->items, 1);
            if (live_line_end(out, &w, e) != 0)
                return -1;
        }
    }
    return 0;
}

int live_collect_encryption(struct live_room *room, struct err *e)
{
    struct live_output out;
    struct live_names disks = {0};
    struct evidence_mounts mounts;
    struct buf text;
    buf_init(&text);
    int error = live_read(room, "proc/self/mountinfo", 64 << 20, &text);
    if (error)
        live_refused(room, "/proc/self/mountinfo", error);
    int result = evidence_mounts_parse(&mounts, buf_slice(&text), e);
    buf_fini(&text);
    if (result != 0)
        return -1;
    result = live_output_open(&out, room, ".jsonl", e);
    if (result == 0)
        result = live_names_read(room, "sys/block", false, &disks, &error, e);
    if (result == 0 && error)
        live_refused(room, "/sys/block", error);
    for (size_t i = 0; i < disks.count && result == 0; i++)
        result = put_mapping(room, &out, disks.names[i], &mounts, e);
    if (result == 0)
        result = put_mounts(room, &out, &mounts, e);
    if (result == 0) {
        struct json_writer w;
        live_line_begin(&out, &w);
        json_member_string(&w, "kind", "kernel keyrings");
        live_member_file(room, &w, "keys", "proc/keys");
        live_member_file(room, &w, "key_users", "proc/key-users");
        result = live_line_end(&out, &w, e);
    }
    live_names_fini(&disks);
    evidence_mounts_fini(&mounts);
    return live_output_close(&out, result, e);
}
