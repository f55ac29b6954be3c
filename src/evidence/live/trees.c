/* SPDX-License-Identifier: Apache-2.0 */
/* Collectors that copy trees of files: temporary file systems, timers, logs. */
#include "base/file.h"
#include "base/memory.h"
#include "evidence/live/collector.h"
#include "evidence/logical/mounts.h"
#include "evidence/logical/take.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void tick(void *context, const char *path, uint64_t bytes)
{
    struct live_room *room = context;
    snprintf(room->shared->at, sizeof room->shared->at, "%s", path);
    atomic_fetch_add(&room->shared->bytes_read, bytes);
    atomic_fetch_add(&room->shared->bytes_written, bytes);
    live_beat(room);
}

/* A file with more of them is stored by its extents: nobody waits for zeros on a live machine. */
enum { HOLES_MOST = 64 << 20 };

struct progress {
    struct live_room *room;
    uint64_t records;
};

/* The walk lives when records come; a file under way says so itself. */
static bool watch(void *context, uint64_t records, uint64_t bytes)
{
    struct progress *p = context;
    (void)bytes;
    if (records != p->records)
        live_beat(p->room);
    p->records = records;
    atomic_store(&p->room->shared->items, records);
    return true;
}

int live_take(struct live_room *room, const char *const *paths, size_t count, bool cross,
              struct err *e)
{
    struct evidence_ledger ledger;
    struct evidence_taken taken;
    struct evidence_tree tree;
    struct progress progress = {.room = room};
    char owners[4096];
    const struct evidence_live_options *o = room->options;
    snprintf(owners, sizeof owners, "%s/etc", room->root);
    struct evidence_take_options options = {
        .walk = {.paths = paths, .path_count = count, .cross = cross, .bundle = o->folder},
        .content = {.folder = o->folder,
                    .below = room->base,
                    .holes_most = HOLES_MOST,
                    .bytes_most = o->file_most,
                    .tick = tick,
                    .context = room},
        .owners = owners,
        .workers = 1, /* the machine's own work goes on */
        .watch = watch,
        .watch_context = &progress};
    if (evidence_ledger_open(&ledger, o->folder, room->base, NULL, e) != 0)
        return -1;
    int result = evidence_take(&options, &ledger, &taken, e);
    if (result == 0)
        result = evidence_ledger_finish(&ledger, &tree, e);
    if (result == 0) {
        atomic_store(&room->shared->items, tree.count);
        atomic_fetch_add(&room->shared->files_read, ledger.contents);
        atomic_fetch_add(&room->shared->touched, ledger.touched);
        if (ledger.missing_count &&
            atomic_fetch_add(&room->shared->refused, ledger.missing_count) == 0)
            snprintf(room->shared->refused_first, sizeof room->shared->refused_first,
                     "listed in %s", ledger.missing_name);
    }
    evidence_ledger_close(&ledger);
    return result;
}

/* glob(3) without the access times of the folders that it looks into. */
static void *open_folder(const char *path)
{
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK;
    int fd = open(path, flags | O_NOATIME);
    if (fd < 0 && errno == EPERM)
        fd = open(path, flags);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (fd >= 0 && !folder)
        close(fd);
    return folder;
}

static void close_folder(void *folder)
{
    closedir(folder);
}

static struct dirent *read_folder(void *folder)
{
    return readdir(folder);
}

static int look(const char *path, struct stat *st)
{
    return lstat(path, st);
}

/* Where a look would mount something, and perhaps wait for a server. */
static bool is_automounted(const struct evidence_mounts *mounts, const char *pattern)
{
    for (size_t i = 0; i < mounts->count; i++) {
        const struct evidence_mount *m = &mounts->all[i];
        size_t len = strlen(m->point);
        if (strcmp(m->type, "autofs") == 0 && strncmp(pattern, m->point, len) == 0 &&
            (pattern[len] == '/' || pattern[len] == 0))
            return true;
    }
    return false;
}

static int read_mounts(struct live_room *room, struct evidence_mounts *mounts, struct err *e)
{
    struct buf text;
    buf_init(&text);
    int error = live_read(room, "proc/self/mountinfo", 64 << 20, &text);
    if (error)
        live_refused(room, "/proc/self/mountinfo", error);
    int result = evidence_mounts_parse(mounts, buf_slice(&text), e);
    buf_fini(&text);
    return result;
}

/* What is there of patterns, each path once. */
static int take_patterns(struct live_room *room, const char *const *patterns, size_t count,
                         struct err *e)
{
    glob_t found = {.gl_opendir = open_folder,
                    .gl_closedir = close_folder,
                    .gl_readdir = read_folder,
                    .gl_lstat = look,
                    .gl_stat = look};
    struct evidence_mounts mounts;
    int result = read_mounts(room, &mounts, e);
    if (result != 0)
        return -1;
    for (size_t i = 0, looked = 0; i < count; i++) {
        char pattern[4096];
        if (is_automounted(&mounts, patterns[i])) {
            live_refused(room, patterns[i], EREMOTE);
            continue;
        }
        snprintf(pattern, sizeof pattern, "%s%s", room->root, patterns[i]);
        if (glob(pattern, (looked++ ? GLOB_APPEND : 0) | GLOB_NOSORT | GLOB_ALTDIRFUNC, NULL,
                 &found) == GLOB_NOSPACE)
            result = err_memory(e);
        live_beat(room);
    }
    if (result == 0)
        result = live_take(room, (const char *const *)found.gl_pathv, found.gl_pathc, false, e);
    globfree(&found);
    evidence_mounts_fini(&mounts);
    return result;
}

int live_collect_timers(struct live_room *room, struct err *e)
{
    static const char *const patterns[] = {"/etc/crontab",
                                           "/etc/anacrontab",
                                           "/etc/cron.*",
                                           "/var/spool/cron",
                                           "/var/spool/anacron",
                                           "/var/spool/at",
                                           "/etc/systemd",
                                           "/run/systemd/system",
                                           "/run/systemd/transient",
                                           "/run/systemd/generator*",
                                           "/usr/lib/systemd/system/*.timer",
                                           "/usr/local/lib/systemd",
                                           "/var/lib/systemd/timers",
                                           "/root/.config/systemd",
                                           "/home/*/.config/systemd",
                                           "/etc/init.d",
                                           "/etc/rc.local",
                                           "/etc/profile.d",
                                           "/etc/ld.so.preload"};
    return take_patterns(room, patterns, ARRAY_LEN(patterns), e);
}

int live_collect_logs(struct live_room *room, struct err *e)
{
    static const char *const patterns[] = {"/var/log", "/run/log", "/var/lib/systemd/coredump",
                                           "/root/.*_history", "/home/*/.*_history"};
    return take_patterns(room, patterns, ARRAY_LEN(patterns), e);
}

static bool is_temporary(const char *type)
{
    return strcmp(type, "tmpfs") == 0 || strcmp(type, "ramfs") == 0;
}

/* In the order of the table of mounts; /sys and what the kernel makes by itself are not among them.
 */
int live_collect_temporary(struct live_room *room, struct err *e)
{
    struct evidence_mounts mounts;
    int result = read_mounts(room, &mounts, e);
    if (result != 0)
        return -1;
    const char **paths = mem_new(mounts.count + 1, sizeof *paths);
    size_t count = 0;
    for (size_t i = 0; paths && i < mounts.count; i++) {
        const struct evidence_mount *m = &mounts.all[i];
        bool hidden = evidence_mounts_at(&mounts, slice_str(m->point)) != m;
        if (is_temporary(m->type) && !hidden && strncmp(m->point, "/sys/", 5) != 0)
            paths[count++] = m->point;
    }
    result = paths ? live_take(room, paths, count, false, e) : err_memory(e);
    mem_free(paths);
    evidence_mounts_fini(&mounts);
    return result;
}
