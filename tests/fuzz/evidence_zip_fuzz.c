/* SPDX-License-Identifier: Apache-2.0 */
/* A ZIP archive as it is mounted: names lead nowhere, a content that is given is as long as it says
 * and the same from every place. */
#include "evidence/mount/archive.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 4 << 20, DEPTH = 200, FILES = 100 };

static int read_bytes(void *context, uint64_t at, uint8_t *out, size_t len, struct err *e)
{
    const struct slice *all = context;
    (void)e;
    if (at > all->len || len > all->len - at)
        abort(); /* the source is never asked for what it has not */
    memcpy(out, all->data + at, len);
    return 0;
}

static void look_at_name(const struct mount_entry *entry)
{
    const char *n = entry->name;
    if (n[0] == 0 || strlen(n) > 255 || strchr(n, '/') || strcmp(n, ".") == 0 ||
        strcmp(n, "..") == 0)
        abort();
    for (; *n; n++)
        if ((uint8_t)*n < 0x20 || *n == 0x7f || *n == '\\')
            abort();
}

static void look_at_content(struct mount_archive *a, struct mount_entry *entry)
{
    static uint8_t whole[MOST], part[5000];
    uint64_t bytes = entry->facts.bytes;
    if (mount_archive_check(a, entry, NULL, NULL) != 0 || bytes > MOST)
        return;
    for (uint64_t at = 0; at < bytes; at += 4096)
        if (mount_archive_read(a, entry, at, whole + at, 4096) !=
            (ssize_t)(bytes - at < 4096 ? bytes - at : 4096))
            return; /* out of memory */
    for (uint64_t i = 0; i < 8 && bytes; i++) {
        uint64_t at = bytes * (7 - i) / 8;
        ssize_t n = mount_archive_read(a, entry, at, part, sizeof part);
        if (n >= 0 && memcmp(part, whole + at, (size_t)n) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice all = slice_of(data, size);
    struct mount_archive_options options = {
        .source = {.read = read_bytes, .context = &all, .bytes = size}, .most = MOST};
    struct err e = {0};
    struct mount_archive *a = mount_archive_open(&options, &e);
    struct mount_entry *at = a ? mount_archive_at(a, "") : NULL;
    unsigned depth = 0, files = 0;
    while (at && files < FILES) {
        if (at->above)
            look_at_name(at);
        if (at->kind == S_IFREG && files++ < FILES)
            look_at_content(a, at);
        if (at->child) {
            at = at->child;
            if (++depth > DEPTH)
                abort();
            continue;
        }
        while (at && !at->next) {
            at = at->above;
            depth -= depth > 0;
        }
        at = at ? at->next : NULL;
    }
    mount_archive_close(a);
    return 0;
}
