/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int file_read(const char *path, size_t limit, struct buf *b, struct err *e)
{
    bool standard_input = strcmp(path, "-") == 0;
    int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    size_t before = b->len;
    int result = -1;

    if (fd < 0)
        return err_errno(e, errno, "base.file-open", "cannot read %s", path);
    for (;;) {
        size_t chunk = 65536;
        uint8_t *at = buf_extend(b, chunk);
        if (!at) {
            result = buf_check(b, e);
            goto out;
        }
        ssize_t got = read(fd, at, chunk);
        b->len -= chunk - (got > 0 ? (size_t)got : 0);
        b->data[b->len] = 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            err_errno(e, errno, "base.file-read", "cannot read %s", path);
            goto out;
        }
        if (b->len - before > limit) {
            err_set(e, ERR_LIMIT, "base.file-limit", NULL, "%s is over %zu bytes", path, limit);
            goto out;
        }
        if (got == 0)
            break;
    }
    result = 0;
out:
    if (!standard_input)
        close(fd);
    return result;
}

int file_write_all(int fd, const void *data, size_t len)
{
    const uint8_t *at = data;

    while (len > 0) {
        ssize_t done = write(fd, at, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        at += done;
        len -= (size_t)done;
    }
    return 0;
}

int file_rename_new(int from_folder, const char *from, int to_folder, const char *to)
{
    struct stat st;

    if (renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (linkat(from_folder, from, to_folder, to, 0) == 0)
        return unlinkat(from_folder, from, 0);
    if (errno == EEXIST)
        return -1;
    if (fstatat(to_folder, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return errno == ENOENT ? renameat(from_folder, from, to_folder, to) : -1;
}

static int sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');

    if (!slash)
        snprintf(folder, sizeof(folder), ".");
    else
        snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = fsync(fd);
    int saved = errno;
    close(fd);
    errno = saved;
    return result;
}

static int write_new(const char *path, struct slice content, mode_t mode, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd < 0 && errno == EEXIST)
        return err_set(e, ERR_CONFLICT, "base.file-exists", NULL, "%s is there already", path);
    if (fd < 0)
        return err_errno(e, errno, "base.file-create", "cannot create %s", path);
    if (file_write_all(fd, content.data, content.len) != 0 || fsync(fd) != 0) {
        err_errno(e, errno, "base.file-write", "cannot write %s", path);
        close(fd);
        unlink(path);
        return -1;
    }
    if (close(fd) != 0) {
        err_errno(e, errno, "base.file-write", "cannot write %s", path);
        unlink(path);
        return -1;
    }
    return 0;
}

/* Writes to a name beside path that nobody uses; one left by a killed process is passed over. */
static int write_beside(const char *path, struct slice content, mode_t mode, char beside[PATH_MAX],
                        struct err *e)
{
    static _Thread_local unsigned counter;

    for (int attempt = 0; attempt < 100; attempt++) {
        struct err why = {0};
        int len = snprintf(beside, PATH_MAX, "%s.new-%d-%p-%u", path, (int)getpid(),
                           (void *)&counter, counter++);
        if (len < 0 || len >= PATH_MAX)
            return err_set(e, ERR_USAGE, "base.file-name", NULL, "the file name %s is too long",
                           path);
        if (write_new(beside, content, mode, &why) == 0)
            return 0;
        if (why.kind != ERR_CONFLICT || attempt == 99) {
            *e = err_is_set(e) ? *e : why;
            return -1;
        }
    }
    return -1;
}

int file_create(const char *path, struct slice content, mode_t mode, struct err *e)
{
    char beside[PATH_MAX];

    if (write_beside(path, content, mode, beside, e) != 0)
        return -1;
    int failed = link(beside, path) == 0 ? 0 : errno; /* unlike rename, never over a file */
    unlink(beside);
    if (failed == EEXIST)
        return err_set(e, ERR_CONFLICT, "base.file-exists", NULL, "%s is there already", path);
    /* file systems without links (memory sticks): a crash may then leave a part of it */
    if (failed && write_new(path, content, mode, e) != 0)
        return -1;
    if (sync_folder_of(path) != 0)
        return err_errno(e, errno, "base.file-sync", "cannot sync the folder of %s", path);
    return 0;
}

int file_write(const char *path, struct slice content, mode_t mode, struct err *e)
{
    char beside[PATH_MAX];

    if (write_beside(path, content, mode, beside, e) != 0)
        return -1;
    if (rename(beside, path) != 0) {
        err_errno(e, errno, "base.file-write", "cannot write %s", path);
        unlink(beside);
        return -1;
    }
    if (sync_folder_of(path) != 0)
        return err_errno(e, errno, "base.file-sync", "cannot sync the folder of %s", path);
    return 0;
}

int file_make_folder(const char *path, mode_t mode, struct err *e)
{
    char part[PATH_MAX];

    if (!path[0] || snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
        return err_set(e, ERR_USAGE, "base.file-name", NULL, "the folder name \"%s\" is %s", path,
                       path[0] ? "too long" : "empty");
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, mode) != 0 && errno != EEXIST)
            return err_errno(e, errno, "base.folder", "cannot create the folder %s", part);
        *slash = '/';
    }
    if (mkdir(part, mode) != 0 && errno != EEXIST)
        return err_errno(e, errno, "base.folder", "cannot create the folder %s", path);
    if (file_kind(path) != 2)
        return err_errno(e, ENOTDIR, "base.folder", "cannot create the folder %s", path);
    return 0;
}

int file_kind(const char *path)
{
    struct stat s;

    if (stat(path, &s) != 0)
        return 0;
    return S_ISDIR(s.st_mode) ? 2 : 1;
}
