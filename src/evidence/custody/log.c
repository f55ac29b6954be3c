/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/log.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

void evidence_log_name(uint64_t number, const char *end, char name[EVIDENCE_LOG_NAME])
{
    snprintf(name, EVIDENCE_LOG_NAME, "%05" PRIu64 ".%s", number % 100000, end);
}

/* The number of "NNNNN.json" or "NNNNN.p7s"; 0: neither. */
static uint64_t number_of(const char *name)
{
    uint64_t number = 0;
    for (int i = 0; i < 5; i++) {
        if (name[i] < '0' || name[i] > '9')
            return 0;
        number = number * 10 + (uint64_t)(name[i] - '0');
    }
    return strcmp(name + 5, ".json") == 0 || strcmp(name + 5, ".p7s") == 0 ? number : 0;
}

static bool is_head(const char *name)
{
    return strcmp(name, "head.json") == 0 || strcmp(name, "head.p7s") == 0;
}

static bool is_own(const char *name)
{
    return number_of(name) != 0 || is_head(name) || strcmp(name, EVIDENCE_UNRECORDED_FILE) == 0;
}

/* Calls take() for each name in a folder; it is opened anew, so its place does not matter. */
static int each_name(int folder, int (*take)(void *context, int folder, const char *name),
                     void *context)
{
    int fd = openat(folder, ".", FOLDER_FLAGS), result = 0;
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    for (struct dirent *x; result == 0 && (x = readdir(d));)
        if (strcmp(x->d_name, ".") != 0 && strcmp(x->d_name, "..") != 0)
            result = take(context, folder, x->d_name);
    closedir(d);
    return result;
}

static int open_receipts(int folder)
{
    return openat(folder, "receipts", FOLDER_FLAGS);
}

static int move(void *context, int folder, const char *name)
{
    const int *to = context;
    return renameat(folder, name, *to, name);
}

/* next/receipts/ to receipts/, where no link leads elsewhere. */
static int forward_receipts(int next, int log)
{
    if (mkdirat(log, "receipts", 0700) != 0 && errno != EEXIST)
        return -1;
    int from = open_receipts(next), to = open_receipts(log);
    int result = from >= 0 && to >= 0 ? each_name(from, move, &to) : -1;
    if (result == 0)
        result = fsync(to);
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return result == 0 ? unlinkat(next, "receipts", AT_REMOVEDIR) : -1;
}

static int forward(void *context, int folder, const char *name)
{
    const int *to = context;
    if (strcmp(name, "receipts") == 0)
        return forward_receipts(folder, *to);
    return is_own(name) ? move(context, folder, name) : 0;
}

static int drop(void *context, int folder, const char *name)
{
    (void)context;
    return unlinkat(folder, name, 0);
}

static int drop_with_receipts(void *context, int folder, const char *name)
{
    int receipts = strcmp(name, "receipts") == 0 ? open_receipts(folder) : -1;
    if (receipts < 0)
        return drop(context, folder, name);
    (void)each_name(receipts, drop, NULL);
    close(receipts);
    return unlinkat(folder, name, AT_REMOVEDIR);
}

/* What was committed goes to its place; what was not, away. */
static int put_right(struct evidence_log *log, struct err *e)
{
    int part = openat(log->folder, "next.part", FOLDER_FLAGS);
    if (part >= 0) {
        (void)each_name(part, drop_with_receipts, NULL);
        close(part);
        if (unlinkat(log->folder, "next.part", AT_REMOVEDIR) != 0)
            return err_errno(e, errno, "custody.write", "%s/next.part cannot be taken away",
                             log->path);
    }
    int next = openat(log->folder, "next", FOLDER_FLAGS);
    if (next < 0)
        return 0;
    if (each_name(next, forward, &log->folder) != 0 || fsync(log->folder) != 0 ||
        unlinkat(log->folder, "next", AT_REMOVEDIR) != 0 || fsync(log->folder) != 0)
        err_errno(e, errno, "custody.write", "%s/next cannot be put into its place", log->path);
    close(next);
    return err_is_set(e) ? -1 : 0;
}

int evidence_log_open(struct evidence_log *log, const char *holder, bool writing, struct err *e)
{
    *log = (struct evidence_log){.folder = -1, .next = -1, .writing = writing};
    if ((size_t)snprintf(log->path, sizeof log->path, "%s/custody", holder) >= sizeof log->path)
        return err_set(e, ERR_LIMIT, "custody.path", NULL, "the path is too long");
    if (writing && mkdir(log->path, 0700) != 0 && errno != EEXIST)
        return err_errno(e, errno, "custody.write", "%s cannot be made", log->path);
    log->folder = open(log->path, FOLDER_FLAGS);
    if (log->folder < 0 && (errno == ENOENT || errno == ENOTDIR))
        return err_set(e, ERR_NOT_FOUND, "custody.none", NULL, "%s has no custody log", holder);
    if (log->folder < 0)
        return err_errno(e, errno, "custody.read", "%s cannot be opened", log->path);
    while (flock(log->folder, writing ? LOCK_EX : LOCK_SH) != 0)
        if (errno != EINTR) {
            err_errno(e, errno, "custody.lock", "%s cannot be locked", log->path);
            evidence_log_close(log);
            return -1;
        }
    if (writing && put_right(log, e) != 0) {
        evidence_log_close(log);
        return -1;
    }
    if (!writing)
        log->next = openat(log->folder, "next", FOLDER_FLAGS);
    return 0;
}

void evidence_log_close(struct evidence_log *log)
{
    if (log->next >= 0)
        close(log->next);
    if (log->folder >= 0)
        close(log->folder); /* and with it the lock */
    log->folder = log->next = -1;
}

int evidence_log_read(const struct evidence_log *log, const char *name, size_t limit,
                      struct buf *out, struct err *e)
{
    struct stat st;
    int fd = -1;
    if (log->next >= 0)
        fd = openat(log->next, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        fd = openat(log->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return err_set(e, ERR_NOT_FOUND, "custody.missing", NULL, "%s is missing", name);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        return err_set(e, ERR_VERIFY, "custody.file", NULL, "%s is not a file that can be read",
                       name);
    }
    for (ssize_t n = 1; n > 0;) {
        uint8_t *room = buf_extend(out, 65536);
        n = room ? read(fd, room, 65536) : 0;
        out->len -= room ? 65536 - (size_t)(n > 0 ? n : 0) : 0;
        if (n < 0)
            err_errno(e, errno, "custody.read", "%s cannot be read", name);
        if (out->len > limit) {
            err_set(e, ERR_LIMIT, "custody.size", NULL, "%s has more than %zu bytes", name, limit);
            break;
        }
    }
    close(fd);
    return err_is_set(e) ? -1 : buf_check(out, e);
}

struct listing {
    uint64_t most;
    char *stray;
};

/* Folders of the log that are folders: a link would lead what is written, or read, elsewhere. */
static bool is_folder(int folder, const char *name)
{
    struct stat st;
    if (strcmp(name, "next") != 0 && strcmp(name, "next.part") != 0 &&
        strcmp(name, "receipts") != 0)
        return false;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int list_one(void *context, int folder, const char *name)
{
    struct listing *l = context;
    uint64_t number = number_of(name);
    if (number > l->most)
        l->most = number;
    if (!is_own(name) && !is_folder(folder, name) && !l->stray[0])
        snprintf(l->stray, 64, "%.63s", name);
    return 0;
}

int evidence_log_list(const struct evidence_log *log, uint64_t *most, char stray[64], struct err *e)
{
    struct listing l = {.stray = stray};
    stray[0] = 0;
    if (each_name(log->folder, list_one, &l) != 0 ||
        (log->next >= 0 && each_name(log->next, list_one, &l) != 0))
        return err_errno(e, errno, "custody.read", "%s cannot be listed", log->path);
    *most = l.most;
    return 0;
}

static bool is_receipt(const char *name)
{
    return strncmp(name, "receipts/", 9) == 0;
}

static bool has_receipts(const struct evidence_log_file *files, size_t count)
{
    size_t i = 0;
    while (i < count && !is_receipt(files[i].name))
        i++;
    return i < count;
}

/* What is committed must get to its place, or no step could follow on it. */
static bool leads_elsewhere(const struct evidence_log *log)
{
    struct stat st;
    return fstatat(log->folder, "receipts", &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode);
}

/* next.part/receipts/ is made durable with what lies in it; the folder above, behind all of it. */
static int make_receipts(int part, const struct evidence_log_file *files, size_t count, bool end)
{
    if (!has_receipts(files, count))
        return 0;
    if (!end)
        return mkdirat(part, "receipts", 0700);
    int fd = open_receipts(part);
    int result = fd >= 0 ? fsync(fd) : -1;
    if (fd >= 0)
        close(fd);
    return result;
}

static int put_file(int folder, const struct evidence_log_file *f, struct err *e)
{
    int fd = openat(folder, f->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, errno, "custody.write", "%s cannot be made", f->name);
    if (file_write_all(fd, f->content.data, f->content.len) != 0 || fsync(fd) != 0)
        err_errno(e, errno, "custody.write", "%s cannot be written", f->name);
    if (close(fd) != 0)
        err_errno(e, errno, "custody.write", "%s cannot be written", f->name);
    return err_is_set(e) ? -1 : 0;
}

int evidence_log_commit(struct evidence_log *log, const struct evidence_log_file *files,
                        size_t count, struct err *e)
{
    struct err later = {0};
    if (has_receipts(files, count) && leads_elsewhere(log))
        return err_set(e, ERR_VERIFY, "custody.receipt", NULL,
                       "%s/receipts is no folder: nothing is written where a link leads",
                       log->path);
    if (mkdirat(log->folder, "next.part", 0700) != 0)
        return err_errno(e, errno, "custody.write", "%s/next.part cannot be made", log->path);
    int part = openat(log->folder, "next.part", FOLDER_FLAGS);
    if (part < 0)
        return err_errno(e, errno, "custody.write", "%s/next.part cannot be opened", log->path);
    if (make_receipts(part, files, count, false) != 0)
        err_errno(e, errno, "custody.write", "%s/next.part/receipts cannot be made", log->path);
    for (size_t i = 0; i < count && !err_is_set(e); i++)
        (void)put_file(part, &files[i], e);
    if (!err_is_set(e) && (make_receipts(part, files, count, true) != 0 || fsync(part) != 0))
        err_errno(e, errno, "custody.write", "%s/next.part cannot be written", log->path);
    if (err_is_set(e)) {
        (void)each_name(part, drop_with_receipts, NULL);
        (void)unlinkat(log->folder, "next.part", AT_REMOVEDIR);
    } else if (renameat(log->folder, "next.part", log->folder, "next") != 0 ||
               fsync(log->folder) != 0) {
        err_errno(e, errno, "custody.write", "%s/next cannot be made", log->path);
    }
    close(part);
    if (err_is_set(e))
        return -1;
    /* From here on it is part of the log; that it does not get to its place is no failure. */
    (void)put_right(log, &later);
    return 0;
}
