/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel, a file system or another's program gives: images of memory, program headers of
 * kcore, tables of mounts and memory, netlink, ACLs and capabilities, utmp, records of files. The
 * first byte says which.
 */
#include "evidence/live/memory_image.h"
#include "evidence/live/memory_map.h"
#include "evidence/live/netlink.h"
#include "evidence/live/users.h"
#include "evidence/logical/attribute.h"
#include "evidence/logical/mounts.h"
#include "evidence/logical/record.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_slice(void *context, uint64_t offset, uint8_t *out, size_t len, size_t *got,
                      struct err *e)
{
    const struct slice *s = context;
    (void)e;
    *got = offset < s->len ? s->len - (size_t)offset : 0;
    if (*got > len)
        *got = len;
    if (*got > 0)
        memcpy(out, s->data + offset, *got);
    return 0;
}

static void image(struct slice s)
{
    struct memory_checked checked;
    struct err e = {0};
    if (memory_image_check(read_slice, &s, s.len, &checked, &e) == 0) {
        if (checked.format == MEMORY_LIME && checked.bytes + 32 * checked.ranges != s.len)
            abort(); /* every byte belongs to a range */
    } else if (!err_is_set(&e)) {
        abort();
    }
}

static void kcore(struct slice s)
{
    static struct memory_map map, ram, joined;
    struct err e = {0};
    if (memory_map_kcore(s, &map, &e) != 0)
        return;
    memory_map_iomem(s, &ram);
    memory_map_join(&map, &ram, &joined);
    for (size_t i = 1; i < joined.count; i++)
        if (joined.all[i].physical < joined.all[i - 1].physical + joined.all[i - 1].bytes &&
            ram.count == 0)
            abort(); /* a byte of memory twice */
}

static int take(void *context, uint16_t type, struct slice payload, struct err *e)
{
    struct netlink_attributes a;
    char text[64];
    (void)context, (void)type, (void)e;
    if (netlink_attributes_read(payload, &a))
        for (size_t i = 0; i < NETLINK_ATTRIBUTES; i++)
            netlink_address(a.by_type[i], text);
    return 0;
}

static void attributes(struct slice s)
{
    struct buf out;
    struct evidence_capabilities c;
    struct json_writer w;
    buf_init(&out);
    if (!evidence_acl_text(s, &out) && out.len > 0)
        abort();
    (void)evidence_capabilities_read(s, &c);
    json_write_init(&w, &out, 0);
    json_write_object(&w);
    if (s.len >= LIVE_UTMP)
        live_utmp_write(&w, s.data);
    live_member_strings(&w, "strings", s);
    live_member(&w, "bytes", s);
    json_write_object_end(&w);
    buf_fini(&out);
}

static void record(struct slice s)
{
    struct evidence_recorded r = {0};
    struct err e = {0};
    buf_init(&r.path);
    if (evidence_recorded_read(s, &r, &e) == 0 && r.has_content &&
        (r.file[0] == '/' || strstr(r.file, "..")))
        abort(); /* it leads out of the bundle */
    buf_fini(&r.path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evidence_mounts mounts;
    struct err e = {0};
    int error = 0;
    if (size == 0)
        return 0;
    struct slice s = slice_of(data + 1, size - 1);
    switch (data[0] % 6) {
    case 0: image(s); break;
    case 1: kcore(s); break;
    case 2:
        if (evidence_mounts_parse(&mounts, s, &e) == 0)
            evidence_mounts_fini(&mounts);
        break;
    case 3: (void)!netlink_messages(s, 0, take, NULL, &error, &e); break;
    case 4: attributes(s); break;
    default: record(s); break;
    }
    return 0;
}
