/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/mount/archive.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OPEN_MOST = 4, PART_MOST = 240 /* bytes, with room for "~1000000" behind it */ };

struct mount_archive {
    struct mount_archive_options options;
    struct arena arena;
    struct map by_name; /* the entry above, as bytes of its address, and the name */
    struct mount_entry root;
    uint64_t entries;
    uint64_t bytes; /* of all files so far */
    /* members that were read last */
    struct {
        struct mount_entry *entry;
        struct zip_member *member;
        uint64_t used;
    } open[OPEN_MOST];
    uint64_t reads;
};

static struct slice key_of(const struct mount_entry *above, struct slice name,
                           uint8_t room[sizeof above + PART_MOST + 32])
{
    memcpy(room, &above, sizeof above);
    memcpy(room + sizeof above, name.data, name.len);
    return slice_of(room, sizeof above + name.len);
}

static struct mount_entry *find(struct mount_archive *a, const struct mount_entry *above,
                                struct slice name)
{
    uint8_t room[sizeof above + PART_MOST + 32];
    return name.len > PART_MOST + 24 ? NULL : map_get(&a->by_name, key_of(above, name, room));
}

static struct mount_entry *add(struct mount_archive *a, struct mount_entry *above,
                               struct slice name, mode_t kind, struct err *e)
{
    uint8_t room[sizeof above + PART_MOST + 32];
    struct slice key = key_of(above, name, room);
    if (a->entries++ == MOUNT_ARCHIVE_ENTRIES) {
        err_set(e, ERR_LIMIT, "evidence.zip", NULL,
                "the archive has more than %d entries and folders; the rest is not shown",
                MOUNT_ARCHIVE_ENTRIES);
        return NULL;
    }
    struct mount_entry *entry = arena_new(&a->arena, 1, sizeof *entry);
    char *kept = arena_copy(&a->arena, key.data, key.len); /* with a NUL behind it */
    if (!entry || !kept || map_set(&a->by_name, slice_of(kept, key.len), entry) < 0) {
        err_memory(e);
        return NULL;
    }
    *entry = (struct mount_entry){
        .name = kept + sizeof above, .above = above, .next = above->child, .kind = kind};
    above->child = entry;
    return entry;
}

/* A name that is taken gets a number: "name~2". What was counted is not counted again. */
static struct mount_entry *add_beside(struct mount_archive *a, struct mount_entry *first,
                                      mode_t kind, struct err *e)
{
    char name[PART_MOST + 24];
    do
        snprintf(name, sizeof name, "%.*s~%" PRIu64, (int)PART_MOST, first->name,
                 ++first->others + 1);
    while (find(a, first->above, slice_str(name)));
    return add(a, first->above, slice_str(name), kind, e);
}

static struct mount_entry *folder(struct mount_archive *a, struct mount_entry *above,
                                  struct slice name, struct err *e)
{
    struct mount_entry *entry = find(a, above, name);
    if (!entry)
        return add(a, above, name, S_IFDIR, e);
    if (entry->kind == S_IFDIR)
        return entry;
    if (!entry->beside)
        entry->beside = add_beside(a, entry, S_IFDIR, e);
    return entry->beside;
}

/* A part of a name as it is shown: nothing in it leads up, ends a name or speaks to a terminal. */
static struct slice part_of(struct slice part, uint64_t number, char room[PART_MOST + 1])
{
    if (slice_is(part, ".."))
        return slice_str("_up_");
    size_t len = part.len < PART_MOST ? part.len : PART_MOST;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = part.data[i];
        room[i] = (char)(c < 0x20 || c == 0x7f || c == '\\' ? '_' : c);
    }
    if (part.len > PART_MOST) { /* what was cut off could have told two apart */
        char tail[24];
        int n = snprintf(tail, sizeof tail, "~%" PRIu64, number);
        memcpy(room + len - (size_t)n, tail, (size_t)n);
    }
    return slice_of(room, len);
}

static bool takes_long(struct slice name)
{
    size_t parts = 1;
    for (size_t i = 0; i < name.len; i++)
        parts += name.data[i] == '/';
    return name.len > MOUNT_ARCHIVE_NAME || parts > MOUNT_ARCHIVE_PARTS;
}

/* The folder that a name lies in; *last is its last part, empty where it ends with a slash. */
static struct mount_entry *place(struct mount_archive *a, struct slice name, uint64_t number,
                                 char room[PART_MOST + 1], struct slice *last, struct err *e)
{
    struct mount_entry *above = &a->root;
    char numbered[32];
    *last = slice_of(NULL, 0);
    if (takes_long(name)) {
        snprintf(numbered, sizeof numbered, "entry-%" PRIu64, number);
        *last = part_of(slice_str(numbered), number, room);
        return folder(a, above, slice_str("_long_"), e);
    }
    while (name.len && above) {
        const uint8_t *end = memchr(name.data, '/', name.len);
        struct slice part = slice_of(name.data, end ? (size_t)(end - name.data) : name.len);
        size_t gone = part.len + (end != NULL);
        name = slice_of(name.data + gone, name.len - gone);
        if (part.len == 0 || slice_is(part, "."))
            continue;
        struct slice shown = part_of(part, number, room);
        if (end)
            above = folder(a, above, shown, e);
        else
            *last = shown;
    }
    return above;
}

static int take(struct mount_archive *a, const struct zip_entry *z, uint64_t number, struct err *e)
{
    char room[PART_MOST + 1];
    struct slice last;
    struct mount_entry *entry = place(a, z->name, number, room, &last, e);
    bool ends_with_slash = z->name.len && z->name.data[z->name.len - 1] == '/';
    bool is_folder = S_ISDIR(z->mode) || (ends_with_slash && z->bytes == 0);
    if (!entry)
        return -1;
    if (is_folder && last.len)
        entry = folder(a, entry, last, e);
    if (is_folder) {
        if (entry)
            entry->modified = z->modified;
        return entry ? 0 : -1;
    }
    if (last.len == 0) /* "", "/", "a/" with bytes in it */
        last = slice_str("_noname_");
    struct mount_entry *there = find(a, entry, last);
    entry = there ? add_beside(a, there, S_IFREG, e) : add(a, entry, last, S_IFREG, e);
    if (!entry)
        return -1;
    entry->modified = z->modified;
    entry->facts = (struct zip_member_facts){.header = z->header,
                                             .packed = z->packed,
                                             .bytes = z->bytes,
                                             .crc = z->crc,
                                             .method = z->method};
    entry->why = z->why;
    if (entry->why)
        return 0;
    if (z->bytes > a->options.most - a->bytes) {
        entry->why = "with it, the archive would unpack to more than it may: 200 times its size, "
                     "or 1 GiB";
        a->bytes = a->options.most; /* and what follows */
    } else {
        a->bytes += z->bytes;
    }
    return 0;
}

static void tell(struct mount_archive *a, const struct err *e)
{
    if (a->options.told)
        a->options.told(a->options.context, e);
}

static int list(struct mount_archive *a, struct err *e)
{
    struct zip_directory d;
    struct zip_entry z;
    struct err why = {0};
    int got = 0;
    if (zip_directory_open(&d, &a->options.source, e) != 0)
        return -1;
    for (uint64_t number = 1; (got = zip_directory_next(&d, &z, &why)) == 1; number++)
        if (take(a, &z, number, &why) != 0) {
            got = -1;
            break;
        }
    zip_directory_close(&d);
    if (got == 0)
        return 0;
    if (why.kind == ERR_MEMORY) {
        *e = why;
        return -1;
    }
    tell(a, &why); /* what came before it is shown */
    return 0;
}

struct mount_archive *mount_archive_open(const struct mount_archive_options *options, struct err *e)
{
    struct mount_archive *a = mem_new(1, sizeof *a);
    if (!a) {
        err_memory(e);
        return NULL;
    }
    a->options = *options;
    a->root.kind = S_IFDIR;
    a->root.name = "";
    arena_init(&a->arena, 0);
    map_init(&a->by_name);
    if (list(a, e) == 0)
        return a;
    mount_archive_close(a);
    return NULL;
}

void mount_archive_close(struct mount_archive *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < OPEN_MOST; i++)
        zip_member_free(a->open[i].member);
    map_fini(&a->by_name);
    arena_fini(&a->arena);
    mem_free(a);
}

struct mount_entry *mount_archive_at(struct mount_archive *a, const char *path)
{
    struct mount_entry *entry = &a->root;
    while (entry && *path) {
        size_t len = strcspn(path, "/");
        if (len)
            entry = find(a, entry, slice_of(path, len));
        path += len + (path[len] == '/');
    }
    return entry;
}

static int failed(struct mount_archive *a, struct mount_entry *entry, const struct err *e)
{
    struct err told = {0};
    if (e->kind == ERR_MEMORY)
        return -ENOMEM;
    if (e->kind == ERR_UNAVAILABLE)
        return -EINTR;
    err_set(&told, ERR_VERIFY, "evidence.zip", NULL, "%s of the archive cannot be read: %s",
            entry->name, e->text);
    if (!entry->why || !entry->checked)
        tell(a, &told);
    entry->checked = true; /* it was told */
    if (!entry->why)
        entry->why = "it was found not to be what the archive says";
    return -EIO;
}

/* The member, from those that were read last or in the place of the oldest of them. */
static struct zip_member *member(struct mount_archive *a, struct mount_entry *entry, struct err *e)
{
    size_t oldest = 0;
    a->reads++;
    for (size_t i = 0; i < OPEN_MOST; i++) {
        if (a->open[i].member && a->open[i].entry == entry) {
            a->open[i].used = a->reads;
            return a->open[i].member;
        }
        oldest = a->open[i].used < a->open[oldest].used ? i : oldest;
    }
    zip_member_free(a->open[oldest].member);
    a->open[oldest].member = zip_member_new(&a->options.source, &entry->facts, e);
    a->open[oldest].entry = entry;
    a->open[oldest].used = a->open[oldest].member ? a->reads : 0;
    return a->open[oldest].member;
}

int mount_archive_check(struct mount_archive *a, struct mount_entry *entry,
                        bool (*stop)(void *context), void *context)
{
    struct err e = {0};
    if (entry->kind != S_IFREG)
        return -EISDIR;
    if (entry->why) {
        err_set(&e, ERR_VERIFY, "evidence.zip", NULL, "%s", entry->why);
        return failed(a, entry, &e);
    }
    if (entry->checked)
        return 0;
    struct zip_member *m = member(a, entry, &e);
    if (!m || zip_member_check(m, stop, context, &e) != 0)
        return failed(a, entry, &e);
    entry->checked = true;
    return 0;
}

ssize_t mount_archive_read(struct mount_archive *a, struct mount_entry *entry, uint64_t offset,
                           void *out, size_t len)
{
    struct err e = {0};
    uint64_t bytes = entry->facts.bytes;
    if (entry->kind != S_IFREG || entry->why || !entry->checked)
        return -EIO;
    if (offset >= bytes)
        return 0;
    len = len < bytes - offset ? len : (size_t)(bytes - offset);
    struct zip_member *m = member(a, entry, &e);
    if (!m || zip_member_read(m, offset, out, len, &e) != 0)
        return failed(a, entry, &e);
    return (ssize_t)len;
}
