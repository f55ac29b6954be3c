/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/logical/walk.h"
#include "base/memory.h"
#include "evidence/logical/mounts.h"
#include "evidence/logical/names.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPEN_LEVELS = 128 };

/* A folder whose names are gone through. */
struct level {
    struct evidence_names names;
    int fd; /* -1: given back, as too many lie below it; it is opened again from the root */
    uint32_t dev_major, dev_minor;
    uint64_t inode;
    size_t path_len; /* of walk->path */
};

struct evidence_walk {
    const struct evidence_walk_options *options;
    struct evidence_mounts mounts;
    uint32_t bundle_major, bundle_minor;
    uint64_t bundle_inode;
    bool has_bundle;
    uint64_t records;
    /* the path under way */
    size_t asked;
    bool started;
    int root; /* by O_PATH */
    uint64_t mount_id;
    bool has_mount_id;
    uint32_t root_major, root_minor;
    bool own_view, noatime;
    char why[120];
    char *real;      /* root as the kernel names it, for the table of mounts */
    size_t root_len; /* of path: what stands for root */
    struct buf path; /* of the top level, as shown */
    struct level *levels;
    size_t depth, room;
    int entering; /* a folder, open for reading, that is to be gone into; or -1 */
    struct statx entering_st;
    struct slice after; /* what is left of options->after, below the level under way */
};

static int stat_of(int fd, struct statx *st)
{
    return statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW,
                 STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, st);
}

struct evidence_walk *evidence_walk_new(const struct evidence_walk_options *options, struct err *e)
{
    struct evidence_walk *w = mem_new(1, sizeof *w);
    struct statx st;
    if (!w) {
        err_memory(e);
        return NULL;
    }
    w->options = options;
    w->root = w->entering = -1;
    w->records = options->records;
    buf_init(&w->path);
    if (evidence_mounts_read(&w->mounts, e) != 0) {
        mem_free(w);
        return NULL;
    }
    if (options->bundle && statx(AT_FDCWD, options->bundle, 0, STATX_INO, &st) == 0) {
        w->has_bundle = true;
        w->bundle_inode = st.stx_ino;
        w->bundle_major = st.stx_dev_major;
        w->bundle_minor = st.stx_dev_minor;
    }
    if (options->after.len > 0)
        w->asked = options->after_asked;
    return w;
}

static void pop(struct evidence_walk *w)
{
    struct level *l = &w->levels[--w->depth];
    evidence_names_fini(&l->names);
    if (l->fd >= 0)
        close(l->fd);
    if (w->depth > 0)
        w->path.len = w->levels[w->depth - 1].path_len;
    if (w->path.data)
        w->path.data[w->path.len] = 0;
}

static void leave_root(struct evidence_walk *w)
{
    while (w->depth > 0)
        pop(w);
    if (w->root >= 0)
        close(w->root);
    if (w->entering >= 0)
        close(w->entering);
    w->root = w->entering = -1;
    free(w->real);
    w->real = NULL;
}

void evidence_walk_free(struct evidence_walk *w)
{
    if (!w)
        return;
    leave_root(w);
    evidence_mounts_fini(&w->mounts);
    buf_fini(&w->path);
    mem_free(w->levels);
    mem_free(w);
}

enum evidence_access evidence_walk_access(const struct evidence_walk *w)
{
    return w->own_view  ? EVIDENCE_VIEW_OWN
           : w->noatime ? EVIDENCE_VIEW_NOATIME
                        : EVIDENCE_VIEW_PLAIN;
}

const char *evidence_walk_access_why(const struct evidence_walk *w)
{
    return w->why;
}

static bool is_excluded(const struct evidence_walk *w, const char *path, const char *name)
{
    for (size_t i = 0; i < w->options->exclude_count; i++) {
        const char *pattern = w->options->excludes[i];
        if (fnmatch(pattern, strchr(pattern, '/') ? path : name, 0) == 0)
            return true;
    }
    return false;
}

/* Is something mounted there? Asked of the table, so that a dead server is not touched. */
static const struct evidence_mount *mount_at(struct evidence_walk *w, const char *path,
                                             struct err *e, bool *failed)
{
    struct buf real;
    if (!w->real)
        return NULL;
    buf_init(&real);
    buf_puts(&real, strcmp(w->real, "/") == 0 ? "" : w->real);
    const char *rest = path + w->root_len;
    if (*rest && *rest != '/')
        buf_putc(&real, '/');
    buf_puts(&real, rest);
    *failed = buf_check(&real, e) != 0;
    const struct evidence_mount *m =
        *failed ? NULL : evidence_mounts_at(&w->mounts, buf_slice(&real));
    buf_fini(&real);
    return m;
}

static bool is_other_file_system(const struct evidence_walk *w, const struct statx *st)
{
    if (w->options->cross)
        return false;
    if (w->has_mount_id && (st->stx_mask & STATX_MNT_ID))
        return st->stx_mnt_id != w->mount_id;
    return st->stx_dev_major != w->root_major || st->stx_dev_minor != w->root_minor;
}

/* entry->fd and st are set. Opens a folder to be gone into; what stands against it is said. */
static void prepare_folder(struct evidence_walk *w, struct evidence_entry *entry)
{
    if (w->depth >= EVIDENCE_WALK_DEPTH) {
        evidence_entry_not_taken(entry, "limit", 0, "it lies deeper than %d folders",
                                 EVIDENCE_WALK_DEPTH);
        return;
    }
    if (w->path.len > EVIDENCE_WALK_PATH) {
        evidence_entry_not_taken(entry, "limit", 0, "its path has more than %d bytes",
                                 EVIDENCE_WALK_PATH);
        return;
    }
    bool noatime = w->noatime;
    w->entering = evidence_view_read(entry->fd, O_DIRECTORY, &noatime);
    if (w->entering < 0)
        evidence_entry_not_taken(entry, "unreadable", errno, "the names in the folder");
    entry->touched = !w->own_view && !noatime;
    w->entering_st = entry->st;
}

/*
 * What fd stands for, as an entry. recorded: it has its record already and is only gone into.
 * 1: entry is to be given, 0: nothing is.
 */
static int take(struct evidence_walk *w, int fd, struct evidence_entry *entry, bool recorded)
{
    entry->fd = fd;
    if (stat_of(fd, &entry->st) != 0) {
        evidence_entry_not_taken(entry, errno == ENOENT ? "gone" : "unreadable", errno,
                                 "its metadata");
        return 1;
    }
    if (is_other_file_system(w, &entry->st)) {
        evidence_entry_not_taken(entry, "other-file-system", 0,
                                 "another file system is mounted there");
        return 1;
    }
    if (w->has_bundle && entry->st.stx_ino == w->bundle_inode &&
        entry->st.stx_dev_major == w->bundle_major && entry->st.stx_dev_minor == w->bundle_minor) {
        evidence_entry_not_taken(entry, "bundle", 0, "this is where the bundle is written");
        return 1;
    }
    entry->recorded = !recorded;
    entry->ask_noatime = w->noatime;
    if (S_ISDIR(entry->st.stx_mode))
        prepare_folder(w, entry);
    w->records += !recorded;
    return !recorded; /* what was not taken of one that has its record was said with it */
}

/* The path that is asked for next. 1: entry, 0: nothing to give. */
static int begin(struct evidence_walk *w, struct evidence_entry *entry, struct err *e)
{
    const char *asked = w->options->paths[w->asked], *slash = strrchr(asked, '/');
    struct statx st;
    size_t len = strlen(asked);
    char folder[PATH_MAX];
    bool resumed = w->options->after.len > 0 && w->asked == w->options->after_asked;
    while (len > 1 && asked[len - 1] == '/')
        len--;
    w->started = true;
    w->own_view = false;
    w->noatime = true;
    buf_reset(&w->path);
    buf_put(&w->path, asked, len);
    buf_put(&entry->path, asked, len);
    entry->asked = w->asked;
    if (buf_check(&w->path, e) != 0 || buf_check(&entry->path, e) != 0)
        return -1;
    if (statx(AT_FDCWD, asked, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &st) != 0) {
        evidence_entry_not_taken(entry, errno == ENOENT ? "gone" : "unreadable", errno,
                                 "it cannot be found");
        return 1;
    }
    bool is_folder = S_ISDIR(st.stx_mode);
    if (is_folder)
        snprintf(folder, sizeof folder, "%s", asked);
    else
        snprintf(folder, sizeof folder, "%.*s",
                 !slash           ? 1
                 : slash == asked ? 1
                                  : (int)(slash - asked),
                 slash ? asked : ".");
    w->root = evidence_view_open(folder, &w->own_view, w->why);
    if (w->root < 0 || stat_of(w->root, &st) != 0) {
        evidence_entry_not_taken(entry, "unreadable", errno, "%s cannot be opened", folder);
        return 1;
    }
    w->noatime = !w->own_view;
    w->has_mount_id = st.stx_mask & STATX_MNT_ID;
    w->mount_id = st.stx_mnt_id;
    w->root_major = st.stx_dev_major;
    w->root_minor = st.stx_dev_minor;
    w->real = realpath(folder, NULL);
    w->root_len = len == 1 && asked[0] == '/' ? 0 : len;
    int fd = is_folder
                 ? fcntl(w->root, F_DUPFD_CLOEXEC, 3)
                 : openat(w->root, slash ? slash + 1 : asked, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        evidence_entry_not_taken(entry, "unreadable", errno, "it cannot be opened");
        return 1;
    }
    int given = take(w, fd, entry, resumed);
    w->after = slice_of(NULL, 0);
    if (resumed && w->entering >= 0 && w->options->after.len > w->root_len)
        w->after =
            slice_of(w->options->after.data + w->root_len, w->options->after.len - w->root_len);
    return given;
}

/* The first name of what is left of the path of the last record. */
static struct slice after_name(struct evidence_walk *w)
{
    while (w->after.len > 0 && w->after.data[0] == '/')
        w->after = slice_of(w->after.data + 1, w->after.len - 1);
    const uint8_t *end = w->after.len > 0 ? memchr(w->after.data, '/', w->after.len) : NULL;
    return slice_of(w->after.data, end ? (size_t)(end - w->after.data) : w->after.len);
}

static int enter(struct evidence_walk *w, struct err *e)
{
    if (w->depth == w->room) {
        size_t room = w->room ? 2 * w->room : 32;
        struct level *levels = mem_resize(w->levels, room, sizeof *levels);
        if (!levels)
            return err_memory(e);
        w->levels = levels;
        w->room = room;
    }
    struct level *l = &w->levels[w->depth++];
    *l = (struct level){.fd = w->entering,
                        .dev_major = w->entering_st.stx_dev_major,
                        .dev_minor = w->entering_st.stx_dev_minor,
                        .inode = w->entering_st.stx_ino,
                        .path_len = w->path.len};
    w->entering = -1;
    evidence_names_init(&l->names);
    struct slice from = after_name(w);
    if (from.len > 0)
        evidence_names_from(&l->names, from);
    if (w->depth > OPEN_LEVELS) {
        struct level *above = &w->levels[w->depth - 1 - OPEN_LEVELS];
        if (above->fd >= 0)
            close(above->fd);
        above->fd = -1;
    }
    return 0;
}

/* Gives a folder its descriptor back, by its names from the root; it must be the same folder. */
static bool open_again(struct evidence_walk *w, struct level *l)
{
    struct statx st;
    int fd = fcntl(w->root, F_DUPFD_CLOEXEC, 3);
    const char *at = (const char *)w->path.data +
                     (w->root_len < l->path_len ? w->root_len : l->path_len),
               *end = (const char *)w->path.data + l->path_len;
    while (fd >= 0 && at < end) {
        char name[NAME_MAX + 1];
        while (at < end && *at == '/')
            at++;
        const char *stop = memchr(at, '/', (size_t)(end - at));
        size_t len = (size_t)((stop ? stop : end) - at);
        if (len == 0 || len > NAME_MAX)
            break;
        memcpy(name, at, len);
        name[len] = 0;
        at += len;
        int next = openat(fd, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
        close(fd);
        fd = next;
    }
    if (fd >= 0 && stat_of(fd, &st) == 0 && st.stx_ino == l->inode &&
        st.stx_dev_major == l->dev_major && st.stx_dev_minor == l->dev_minor) {
        bool noatime = w->noatime;
        l->fd = evidence_view_read(fd, O_DIRECTORY, &noatime);
    }
    if (fd >= 0)
        close(fd);
    return l->fd >= 0;
}

/* The next name of the folder on top. 1: in *name; 0: none; 2: entry says what was not taken. */
static int next_name(struct evidence_walk *w, struct evidence_entry *entry, const char **name,
                     struct err *e)
{
    struct level *l = &w->levels[w->depth - 1];
    *name = evidence_names_next(&l->names);
    if (*name)
        return 1;
    if (!l->names.more)
        return 0;
    int error = 0;
    if (l->fd < 0 && !open_again(w, l)) {
        l->names.more = false;
        evidence_entry_not_taken(entry, "changed", 0,
                                 "the folder was moved away while it was read; what is left of it");
        return 2;
    }
    if (evidence_names_read(&l->names, l->fd, &error, e) != 0)
        return -1;
    if (error) {
        evidence_entry_not_taken(entry, "unreadable", error, "the names in the folder, or some");
        return 2;
    }
    *name = evidence_names_next(&l->names);
    return *name ? 1 : 0;
}

/* A name in the folder on top; w->path is made its path when it is a folder to go into. */
static int visit(struct evidence_walk *w, const char *name, struct evidence_entry *entry,
                 struct err *e)
{
    struct level *l = &w->levels[w->depth - 1];
    struct slice from = after_name(w);
    bool on_way = from.len > 0 && slice_is(from, name);
    bool failed = false;
    if (from.len > 0 && !on_way)
        w->after = slice_of(NULL, 0); /* it is gone: what comes now is behind it */
    if (on_way)
        w->after = slice_of(w->after.data + from.len, w->after.len - from.len);
    if (w->path.len != 1 || w->path.data[0] != '/')
        buf_putc(&w->path, '/');
    buf_puts(&w->path, name);
    if (buf_check(&w->path, e) != 0)
        return -1;
    buf_reset(&entry->path);
    buf_put_slice(&entry->path, buf_slice(&w->path));
    if (buf_check(&entry->path, e) != 0)
        return -1;
    int given = 1;
    if (is_excluded(w, buf_text(&entry->path), name)) {
        evidence_entry_not_taken(entry, "excluded", 0, "a pattern of --exclude");
        goto back;
    }
    const struct evidence_mount *m =
        w->options->cross ? NULL : mount_at(w, buf_text(&entry->path), e, &failed);
    if (failed)
        return -1;
    if (m) {
        evidence_entry_not_taken(entry, "other-file-system", 0, "%s of %s is mounted there",
                                 m->type, m->source);
        goto back;
    }
    if (l->fd < 0 && !open_again(w, l)) {
        evidence_entry_not_taken(entry, "changed", 0,
                                 "the folder it lies in was moved away while it was read");
        goto back;
    }
    int fd = openat(l->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        evidence_entry_not_taken(entry, errno == ENOENT ? "gone" : "unreadable", errno,
                                 "it cannot be opened");
    else
        given = take(w, fd, entry, on_way);
back:
    if (w->entering < 0) {
        w->path.len = l->path_len;
        w->path.data[w->path.len] = 0;
        w->after = on_way ? slice_of(NULL, 0) : w->after;
    }
    return given;
}

int evidence_walk_next(struct evidence_walk *w, struct evidence_entry *entry, struct err *e)
{
    evidence_entry_reset(entry);
    for (;;) {
        int got = 0;
        const char *name;
        entry->number = w->records;
        entry->asked = w->asked;
        if (w->entering >= 0) {
            if (enter(w, e) != 0)
                return -1;
        } else if (w->depth > 0) {
            int found = next_name(w, entry, &name, e);
            if (found == 2) {
                buf_put_slice(&entry->path, buf_slice(&w->path));
                return buf_check(&entry->path, e) == 0 ? 1 : -1;
            }
            if (found == 0)
                pop(w);
            else
                got = found < 0 ? -1 : visit(w, name, entry, e);
        } else if (w->started) {
            leave_root(w);
            w->started = false;
            w->asked++;
        } else if (w->asked < w->options->path_count) {
            got = begin(w, entry, e);
        } else {
            return 0;
        }
        if (got != 0)
            return got;
        evidence_entry_reset(entry);
    }
}
