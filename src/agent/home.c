/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/home.h"
#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char *const folders[] = {"notices", "outcomes", "documents", "evidence"};

int home_path(const char *home, const char *name, char path[PATH_MAX], struct err *e)
{
    int len = snprintf(path, PATH_MAX, "%s/%s", home, name);

    /* file_write needs room for a suffix of its own */
    if (len < 0 || len >= PATH_MAX - 64)
        return err_set(e, ERR_USAGE, "agent.home", NULL, "the folder's name is too long: %.200s",
                       home);
    return 0;
}

/* file_write's temporary names: only a killed process leaves one behind. */
static int sweep(const char *folder, struct err *e)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int result = 0;

    if (!dir)
        return err_errno(e, errno, "agent.home", "cannot read the folder %s", folder);
    while ((entry = readdir(dir))) {
        char path[PATH_MAX];
        if (!strstr(entry->d_name, ".new-"))
            continue;
        result = home_path(folder, entry->d_name, path, e);
        if (result != 0)
            break;
        if (unlink(path) != 0 && errno != ENOENT) {
            result = err_errno(e, errno, "agent.home", "cannot remove %s", path);
            break;
        }
    }
    closedir(dir);
    return result;
}

int home_prepare(const char *home, struct err *e)
{
    if (file_make_folder(home, 0700, e) != 0 || sweep(home, e) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        char path[PATH_MAX];
        if (home_path(home, folders[i], path, e) != 0 || file_make_folder(path, 0700, e) != 0 ||
            sweep(path, e) != 0)
            return -1;
    }
    return 0;
}

int home_lock(const char *home, int *fd, struct err *e)
{
    char path[PATH_MAX];

    if (file_kind(home) != 2) {
        err_set(e, ERR_NOT_FOUND, "agent.home", NULL, "there is no folder %s", home);
        return err_hint(e, "enrol first: tocsin-agent enrol --home %s --centre URL", home);
    }
    if (home_path(home, "lock", path, e) != 0)
        return -1;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return err_errno(e, errno, "agent.home", "cannot open %s", path);
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    int why = errno;
    close(*fd);
    *fd = -1;
    if (why != EWOULDBLOCK)
        return err_errno(e, why, "agent.home", "cannot lock %s", path);
    err_set(e, ERR_CONFLICT, "agent.home-locked", NULL, "another tocsin-agent works in %s", home);
    return err_hint(e, "stop it first (systemctl stop tocsin-agent), or use another --home");
}

struct numbered {
    uint64_t number;
    char *name;
};

static int by_number(const void *left, const void *right)
{
    const struct numbered *a = left, *b = right;

    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return strcmp(a->name, b->name);
}

static bool is_numbered(const char *name, uint64_t *number)
{
    size_t len = strlen(name);
    char *end;

    if (name[0] < '0' || name[0] > '9' || len < 6 || strcmp(name + len - 5, ".json") != 0)
        return false;
    errno = 0;
    *number = strtoull(name, &end, 10);
    return errno == 0 && end > name;
}

static int list(const char *path, struct numbered **found, size_t *count, struct err *e)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    size_t room = 0;
    int result = -1;

    if (!dir)
        return err_errno(e, errno, "agent.home", "cannot read the folder %s", path);
    while ((entry = readdir(dir))) {
        uint64_t number;
        if (!is_numbered(entry->d_name, &number))
            continue;
        if (*count == HOME_FILES_MAX) {
            err_set(e, ERR_LIMIT, "agent.home-full", NULL, "%s holds more than %d files", path,
                    HOME_FILES_MAX);
            goto out;
        }
        if (*count == room) {
            size_t more = room ? room * 2 : 16;
            struct numbered *larger = mem_resize(*found, more, sizeof(**found));
            if (!larger) {
                err_memory(e);
                goto out;
            }
            *found = larger;
            room = more;
        }
        char *name = mem_strdup(entry->d_name);
        if (!name) {
            err_memory(e);
            goto out;
        }
        (*found)[(*count)++] = (struct numbered){.number = number, .name = name};
    }
    result = 0;
out:
    closedir(dir);
    return result;
}

int home_each(const char *home, const char *folder,
              int (*each)(void *context, uint64_t number, const char *name, struct err *e),
              void *context, struct err *e)
{
    struct numbered *found = NULL;
    size_t count = 0;
    char path[PATH_MAX];
    int result;

    if (home_path(home, folder, path, e) != 0)
        return -1;
    result = list(path, &found, &count, e);
    if (result == 0 && count > 1)
        qsort(found, count, sizeof(*found), by_number);
    for (size_t i = 0; i < count && result == 0; i++)
        result = each(context, found[i].number, found[i].name, e);
    for (size_t i = 0; i < count; i++)
        mem_free(found[i].name);
    mem_free(found);
    return result;
}
