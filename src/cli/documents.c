/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/documents.h"
#include "csaf/document.h"
#include "csaf/source.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 32 };

static int add(struct documents *d, const char *path, bool named, struct err *e)
{
    if (d->count == d->room) {
        size_t room = d->room ? d->room * 2 : 64;
        struct document *grown = mem_resize(d->items, room, sizeof(*d->items));
        if (!grown)
            return err_memory(e);
        d->items = grown;
        d->room = room;
    }
    char *copy = mem_strdup(path);
    if (!copy)
        return err_memory(e);
    d->items[d->count++] = (struct document){.path = copy, .named = named};
    return 0;
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t len = strlen(name);
    size_t end = strlen(suffix);

    return len > end && strcmp(name + len - end, suffix) == 0;
}

static int walk(struct documents *d, const char *folder, const char *suffix, unsigned depth,
                struct err *e);

static int take(struct documents *d, const char *path, const char *name, const char *suffix,
                unsigned depth, struct err *e)
{
    struct stat info;

    if (lstat(path, &info) != 0)
        return 0; /* gone since the folder was read */
    if (S_ISDIR(info.st_mode))
        return walk(d, path, suffix, depth + 1, e);
    if (S_ISREG(info.st_mode) && ends_with(name, suffix))
        return add(d, path, false, e);
    return 0;
}

static int walk(struct documents *d, const char *folder, const char *suffix, unsigned depth,
                struct err *e)
{
    struct dirent *entry;
    struct buf path;
    int result = 0;

    if (depth > DEPTH_MAX)
        return err_set(e, ERR_LIMIT, "cli.depth", NULL, "%s: folders are nested over %d deep",
                       folder, DEPTH_MAX);
    DIR *dir = opendir(folder);
    if (!dir)
        return err_errno(e, errno, "cli.folder", "%s cannot be read", folder);
    buf_init(&path);
    while (result == 0 && (entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        buf_reset(&path);
        buf_printf(&path, "%s%s%s", folder, ends_with(folder, "/") ? "" : "/", entry->d_name);
        result = buf_check(&path, e);
        if (result == 0)
            result = take(d, buf_text(&path), entry->d_name, suffix, depth, e);
    }
    buf_fini(&path);
    closedir(dir);
    return result;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct document *)a)->path, ((const struct document *)b)->path);
}

int documents_add(struct documents *d, const char *path, const char *suffix, struct err *e)
{
    size_t before = d->count;

    if (strcmp(path, "-") == 0 || file_kind(path) != 2)
        return add(d, path, true, e);
    if (walk(d, path, suffix, 0, e) != 0)
        return -1;
    if (d->count > before)
        qsort(d->items + before, d->count - before, sizeof(*d->items), by_path);
    return 0;
}

void documents_fini(struct documents *d)
{
    for (size_t i = 0; i < d->count; i++)
        mem_free(d->items[i].path);
    mem_free(d->items);
    *d = (struct documents){0};
}

bool document_is_other(struct slice text)
{
    static const char *const members[] = {"document", "product_tree", "vulnerabilities"};
    struct json_doc *doc = NULL;
    struct err ignored = {0};

    if (json_parse(&doc, text, &json_limits_advisory, &ignored) != 0)
        return false;
    const struct json_value *root = json_root(doc);
    bool other = csaf_source_detect(root) == CSAF_SOURCE_CSAF;
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        other = other && !json_get(root, members[i]);
    json_doc_free(doc);
    return other;
}
