/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/logical/owners.h"
#include "base/file.h"
#include "base/memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_MOST = 16 << 20 };

static int by_id(const void *a, const void *b)
{
    const struct evidence_owner *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return (x->name > y->name) - (x->name < y->name); /* the first line of an id wins, as in libc */
}

/* "name:x:id:…"; the text is cut into names in place. */
static struct evidence_owner *parse(struct buf *text, size_t *count, struct err *e)
{
    size_t lines = 1;
    for (size_t i = 0; i < text->len; i++)
        lines += text->data[i] == '\n';
    struct evidence_owner *owners = mem_new(lines, sizeof *owners);
    *count = 0;
    if (!owners) {
        err_memory(e);
        return NULL;
    }
    for (char *line = (char *)text->data, *next; line && *line; line = next) {
        char *end = strchr(line, '\n');
        next = end ? end + 1 : NULL;
        if (end)
            *end = 0;
        char *second = strchr(line, ':'), *third = second ? strchr(second + 1, ':') : NULL, *stop;
        if (!third || second == line || line[0] == '+' || line[0] == '-')
            continue;
        unsigned long id = strtoul(third + 1, &stop, 10);
        if (stop == third + 1 || *stop != ':' || id > UINT32_MAX)
            continue;
        *second = 0;
        owners[(*count)++] = (struct evidence_owner){(uint32_t)id, line};
    }
    qsort(owners, *count, sizeof *owners, by_id);
    return owners;
}

static void load(const char *folder, const char *name, struct buf *text)
{
    char path[4096];
    uint8_t part[4096];
    ssize_t n;
    buf_init(text);
    text->limit = FILE_MOST;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOATIME);
    if (fd < 0)
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return;
    while ((n = read(fd, part, sizeof part)) > 0)
        buf_put(text, part, (size_t)n);
    close(fd);
    if (text->failed)
        buf_reset(text);
}

int evidence_owners_init(struct evidence_owners *owners, const char *folder, struct err *e)
{
    *owners = (struct evidence_owners){0};
    load(folder, "passwd", &owners->user_text);
    load(folder, "group", &owners->group_text);
    owners->users = parse(&owners->user_text, &owners->user_count, e);
    owners->groups = parse(&owners->group_text, &owners->group_count, e);
    if (owners->users && owners->groups)
        return 0;
    evidence_owners_fini(owners);
    return -1;
}

void evidence_owners_fini(struct evidence_owners *owners)
{
    mem_free(owners->users);
    mem_free(owners->groups);
    buf_fini(&owners->user_text);
    buf_fini(&owners->group_text);
    *owners = (struct evidence_owners){0};
}

static const char *find(const struct evidence_owner *owners, size_t count, uint32_t id)
{
    size_t low = 0, high = count; /* the first that is not below id */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (owners[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && owners[low].id == id ? owners[low].name : NULL;
}

const char *evidence_owners_user(const struct evidence_owners *owners, uint32_t uid)
{
    return find(owners->users, owners->user_count, uid);
}

const char *evidence_owners_group(const struct evidence_owners *owners, uint32_t gid)
{
    return find(owners->groups, owners->group_count, gid);
}
