/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/folder.h"
#include "base/map.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { NAMES_MOST = 10000000, FOLDERS_MOST = 1000000, PATH = 4096 };

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int list_open(DIR *dir, struct arena *arena, const char ***names, size_t *count,
                     struct err *e)
{
    size_t room = 0;
    for (struct dirent *d; (errno = 0, d = readdir(dir));) {
        struct stat st;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        bool is_folder =
            fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
        if (*count == NAMES_MOST)
            return err_set(e, ERR_LIMIT, "evidence.files", NULL, "more than %d files in a folder",
                           NAMES_MOST);
        if (*count == room) {
            const char **grown = arena_new(arena, room ? 2 * room : 64, sizeof *grown);
            if (!grown)
                return err_memory(e);
            if (room)
                memcpy(grown, *names, room * sizeof *grown);
            *names = grown;
            room = room ? 2 * room : 64;
        }
        if (!((*names)[(*count)++] = arena_printf(arena, "%s%s", d->d_name, is_folder ? "/" : "")))
            return err_memory(e);
    }
    return errno ? err_errno(e, errno, "evidence.read", "a folder of the bundle cannot be read")
                 : 0;
}

int evidence_folder_list(const char *folder, const char *name, struct arena *arena,
                         const char ***names, size_t *count, struct err *e)
{
    char path[PATH];
    *names = NULL;
    *count = 0;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= PATH)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long", name);
    DIR *dir = opendir(path);
    if (!dir)
        return errno == ENOENT || errno == ENOTDIR
                   ? 0
                   : err_errno(e, errno, "evidence.read", "%s cannot be read", path);
    int result = list_open(dir, arena, names, count, e);
    closedir(dir);
    if (result == 0 && *count > 1)
        qsort((void *)*names, *count, sizeof **names, by_name);
    return result;
}

/* Folders that are still to be looked at, and what is known to belong. */
struct walking {
    const char *folder;
    struct arena arena;
    struct map listed;
    const char **folders;
    size_t count, room;
    const struct evidence_unlisted *told;
};

static int later(struct walking *w, const char *name, struct err *e)
{
    if (w->count == FOLDERS_MOST)
        return err_set(e, ERR_LIMIT, "evidence.files", NULL, "more than %d folders", FOLDERS_MOST);
    if (w->count == w->room) {
        size_t room = w->room ? 2 * w->room : 16;
        const char **grown = arena_new(&w->arena, room, sizeof *grown);
        if (!grown)
            return err_memory(e);
        if (w->room)
            memcpy(grown, w->folders, w->room * sizeof *grown);
        w->folders = grown;
        w->room = room;
    }
    w->folders[w->count++] = name;
    return 0;
}

static int look_at(struct walking *w, const char *below, struct err *e)
{
    const char **names;
    size_t count;
    if (evidence_folder_list(w->folder, below, &w->arena, &names, &count, e) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const char *name = arena_printf(&w->arena, "%s%s", below, names[i]);
        if (!name)
            return err_memory(e);
        size_t len = strlen(name);
        if (name[len - 1] != '/') {
            if (!map_get(&w->listed, slice_str(name)) &&
                w->told->extra(w->told->context, name, e) != 0)
                return -1;
        } else if (strcmp(name, "custody/") != 0 && strcmp(name, "seal/") != 0 &&
                   strcmp(name, "seal.new/") != 0 /* seals are checked as such */ &&
                   later(w, name, e) != 0) {
            return -1;
        }
    }
    return 0;
}

int evidence_folder_unlisted(const char *folder, const struct evidence_manifest *const *manifests,
                             size_t count, const struct evidence_unlisted *told, struct err *e)
{
    struct walking w = {.folder = folder, .told = told};
    int result = 0;
    arena_init(&w.arena, 0);
    map_init(&w.listed);
    for (size_t m = 0; m < count && result == 0; m++)
        for (size_t i = 0; i < manifests[m]->count && result == 0; i++)
            result = map_set(&w.listed, slice_str(manifests[m]->entries[i].name), &w);
    if (result == 0)
        result = map_set(&w.listed, slice_str("tagmanifest-sha256.txt"), &w);
    if (result != 0)
        err_memory(e);
    else
        result = later(&w, "", e);
    while (result == 0 && w.count > 0)
        result = look_at(&w, w.folders[--w.count], e);
    map_fini(&w.listed);
    arena_fini(&w.arena);
    return result;
}
