/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/logical/names.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PART = 1 << 16 };

void evidence_names_init(struct evidence_names *names)
{
    *names = (struct evidence_names){.more = true};
    buf_init(&names->text);
    buf_init(&names->last);
}

void evidence_names_fini(struct evidence_names *names)
{
    mem_free(names->offsets);
    buf_fini(&names->text);
    buf_fini(&names->last);
}

void evidence_names_from(struct evidence_names *names, struct slice name)
{
    buf_reset(&names->last);
    buf_put_slice(&names->last, name);
    names->inclusive = true;
}

static int by_bytes(const void *a, const void *b, void *context)
{
    const struct evidence_names *names = context;
    const uint32_t *x = a, *y = b;
    return strcmp((const char *)names->text.data + *x, (const char *)names->text.data + *y);
}

static int add(struct evidence_names *names, const char *name, struct err *e)
{
    if (names->count == names->room) {
        size_t room = names->room ? 2 * names->room : 64;
        uint32_t *offsets = mem_resize(names->offsets, room, sizeof *offsets);
        if (!offsets)
            return err_memory(e);
        names->offsets = offsets;
        names->room = room;
    }
    names->offsets[names->count++] = (uint32_t)names->text.len;
    buf_put(&names->text, name, strlen(name) + 1);
    return buf_check(&names->text, e);
}

/* Keeps the least names of those that were read. */
static int keep_least(struct evidence_names *names, struct err *e)
{
    struct buf text;
    if (names->count == 0)
        return 0;
    qsort_r(names->offsets, names->count, sizeof *names->offsets, by_bytes, names);
    if (names->count <= EVIDENCE_NAMES_BATCH)
        return 0;
    names->more = true;
    names->count = EVIDENCE_NAMES_BATCH;
    buf_init(&text);
    for (size_t i = 0; i < names->count; i++) {
        const char *name = (const char *)names->text.data + names->offsets[i];
        names->offsets[i] = (uint32_t)text.len;
        buf_put(&text, name, strlen(name) + 1);
    }
    buf_fini(&names->text);
    names->text = text;
    return buf_check(&names->text, e);
}

static int consider(struct evidence_names *names, const char *name, struct err *e)
{
    if (name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0)))
        return 0;
    if (names->last.len > 0) {
        int order = strcmp(name, buf_text(&names->last));
        if (order < 0 || (order == 0 && !names->inclusive))
            return 0;
    }
    if (add(names, name, e) != 0)
        return -1;
    return names->count < 2 * EVIDENCE_NAMES_BATCH ? 0 : keep_least(names, e);
}

struct linux_dirent64 {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

int evidence_names_read(struct evidence_names *names, int fd, int *error, struct err *e)
{
    uint8_t *part = mem_new(PART, 1);
    int result = 0;
    *error = 0;
    if (!part)
        return err_memory(e);
    buf_reset(&names->text);
    names->count = names->at = 0;
    names->more = false;
    if (lseek(fd, 0, SEEK_SET) < 0)
        *error = errno;
    while (result == 0 && *error == 0) {
        long n = syscall(SYS_getdents64, fd, part, (size_t)PART);
        if (n == 0)
            break;
        if (n < 0) {
            *error = errno;
            break;
        }
        for (long at = 0; at < n && result == 0;) {
            const struct linux_dirent64 *entry = (const struct linux_dirent64 *)(part + at);
            result = consider(names, entry->name, e);
            at += entry->length;
        }
    }
    mem_free(part);
    if (result == 0)
        result = keep_least(names, e);
    if (*error) /* what lies behind the break is not known: no second try */
        names->more = false;
    if (result == 0 && names->more && names->count > 0) {
        const char *greatest = (const char *)names->text.data + names->offsets[names->count - 1];
        buf_reset(&names->last);
        buf_puts(&names->last, greatest);
        names->inclusive = false;
        result = buf_check(&names->last, e);
    }
    return result;
}

const char *evidence_names_next(struct evidence_names *names)
{
    return names->at < names->count ? (const char *)names->text.data + names->offsets[names->at++]
                                    : NULL;
}
