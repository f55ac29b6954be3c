/* SPDX-License-Identifier: Apache-2.0 */
/* libfuse asks, one question at a time; evidence/mount/image.c and files.c answer. */
#define FUSE_USE_VERSION 31
#include "evidence/mount.h"
#include "evidence/mount/archive.h"
#include "evidence/mount/files.h"

#include <errno.h>
#include <fuse.h>
#include <fuse_lowlevel.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct serving {
    struct evidence_mount *mount; /* or files */
    struct mount_files *files;
    void (*ready)(void *context);
    void *context;
};

static struct serving *serving(void)
{
    return fuse_get_context()->private_data;
}

static void *fs_init(struct fuse_conn_info *connection, struct fuse_config *config)
{
    struct serving *s = serving();
    (void)connection;
    config->kernel_cache = 1; /* it does not change */
    if (s->ready)
        s->ready(s->context);
    return s;
}

/* A path below the folder of members; NULL: it is none, or there is none. */
static struct mount_entry *entry_of(const char *path)
{
    static const char top[] = "/" EVIDENCE_MOUNT_MEMBERS;
    struct mount_archive *archive = evidence_mount_archive(serving()->mount);
    size_t len = sizeof top - 1;
    if (!archive || strncmp(path, top, len) != 0 || (path[len] && path[len] != '/'))
        return NULL;
    return mount_archive_at(archive, path + len);
}

static void folder_stat(struct stat *st)
{
    st->st_mode = S_IFDIR | 0500;
    st->st_nlink = 2;
}

static void file_stat(struct stat *st, uint64_t bytes)
{
    st->st_mode = S_IFREG | 0400;
    st->st_nlink = 1;
    st->st_size = bytes <= INT64_MAX ? (off_t)bytes : 0; /* such a one is an error to read */
    st->st_blocks = st->st_size / 512 + (st->st_size % 512 != 0);
    st->st_blksize = 1 << 20;
}

static int fs_getattr(const char *path, struct stat *st, struct fuse_file_info *file)
{
    const struct evidence_mount *m = serving()->mount;
    const struct mount_entry *entry = entry_of(path);
    (void)file;
    memset(st, 0, sizeof *st);
    int64_t time = entry && entry->modified ? entry->modified : evidence_mount_time(m);
    st->st_mtim.tv_sec = st->st_ctim.tv_sec = st->st_atim.tv_sec = time;
    st->st_uid = fuse_get_context()->uid;
    st->st_gid = fuse_get_context()->gid;
    if (strcmp(path, "/") == 0 || (entry && entry->kind == S_IFDIR))
        folder_stat(st);
    else if (entry)
        file_stat(st, entry->facts.bytes);
    else if (strcmp(path, "/" EVIDENCE_MOUNT_FILE) == 0)
        file_stat(st, evidence_mount_bytes(m));
    else
        return -ENOENT;
    return 0;
}

static int fs_readdir(const char *path, void *out, fuse_fill_dir_t fill, off_t offset,
                      struct fuse_file_info *file, enum fuse_readdir_flags flags)
{
    const struct mount_entry *entry = entry_of(path);
    bool top = strcmp(path, "/") == 0;
    (void)offset;
    (void)file;
    (void)flags;
    if (!top && (!entry || entry->kind != S_IFDIR))
        return -ENOENT;
    if (fill(out, ".", NULL, 0, 0) || fill(out, "..", NULL, 0, 0))
        return -ENOMEM;
    if (top)
        return fill(out, EVIDENCE_MOUNT_FILE, NULL, 0, 0) ||
                       (evidence_mount_has_members(serving()->mount) &&
                        fill(out, EVIDENCE_MOUNT_MEMBERS, NULL, 0, 0))
                   ? -ENOMEM
                   : 0;
    for (const struct mount_entry *n = entry->child; n; n = n->next)
        if (fill(out, n->name, &(struct stat){.st_mode = n->kind}, 0, 0))
            return -ENOMEM;
    return 0;
}

/* Who reads gives up, or it is unmounted. */
static bool is_stopped(void *context)
{
    (void)context;
    return fuse_interrupted() || fuse_session_exited(fuse_get_session(fuse_get_context()->fuse));
}

static int fs_open(const char *path, struct fuse_file_info *file)
{
    struct mount_entry *entry = entry_of(path);
    if (!entry && strcmp(path, "/" EVIDENCE_MOUNT_FILE) != 0)
        return -ENOENT;
    if ((file->flags & O_ACCMODE) != O_RDONLY)
        return -EROFS;
    return entry ? mount_archive_check(evidence_mount_archive(serving()->mount), entry, is_stopped,
                                       NULL)
                 : 0;
}

static int fs_read(const char *path, char *out, size_t len, off_t offset,
                   struct fuse_file_info *file)
{
    struct evidence_mount *m = serving()->mount;
    struct mount_entry *entry = entry_of(path);
    (void)file;
    return (int)(entry ? mount_archive_read(evidence_mount_archive(m), entry, (uint64_t)offset, out,
                                            len)
                       : evidence_mount_read(m, (uint64_t)offset, out, len));
}

static const struct fuse_operations operations = {.init = fs_init,
                                                  .getattr = fs_getattr,
                                                  .readdir = fs_readdir,
                                                  .open = fs_open,
                                                  .read = fs_read};

static struct mount_node *node_of(const char *path)
{
    return mount_files_at(serving()->files, path);
}

static int files_getattr(const char *path, struct stat *st, struct fuse_file_info *file)
{
    const struct mount_node *node = node_of(path);
    (void)file;
    if (!node)
        return -ENOENT;
    *st = node->st;
    return 0;
}

static int files_readdir(const char *path, void *out, fuse_fill_dir_t fill, off_t offset,
                         struct fuse_file_info *file, enum fuse_readdir_flags flags)
{
    const struct mount_node *node = node_of(path);
    (void)offset;
    (void)file;
    (void)flags;
    if (!node)
        return -ENOENT;
    if (fill(out, ".", NULL, 0, 0) || fill(out, "..", NULL, 0, 0))
        return -ENOMEM;
    for (const struct mount_node *n = node->child; n; n = n->next)
        if (fill(out, n->name, &n->st, 0, 0))
            return -ENOMEM;
    return 0;
}

static int files_readlink(const char *path, char *out, size_t len)
{
    const struct mount_node *node = node_of(path);
    if (!node)
        return -ENOENT;
    if (!node->target)
        return -EINVAL;
    size_t n = strlen(node->target);
    n = n < len - 1 ? n : len - 1;
    memcpy(out, node->target, n);
    out[n] = 0;
    return 0;
}

static int files_open(const char *path, struct fuse_file_info *file)
{
    struct mount_node *node = node_of(path);
    if (!node)
        return -ENOENT;
    if ((file->flags & O_ACCMODE) != O_RDONLY)
        return -EROFS;
    int fd = mount_files_content(serving()->files, node);
    file->fh = fd >= 0 ? (uint64_t)fd : 0;
    return fd >= 0 ? 0 : fd;
}

static int files_read(const char *path, char *out, size_t len, off_t offset,
                      struct fuse_file_info *file)
{
    struct mount_node *node = node_of(path);
    return node ? (int)mount_files_read(serving()->files, node, (int)file->fh, (uint64_t)offset,
                                        out, len)
                : -ENOENT;
}

static int files_release(const char *path, struct fuse_file_info *file)
{
    (void)path;
    return close((int)file->fh) == 0 ? 0 : -errno;
}

static const struct fuse_operations of_files = {.init = fs_init,
                                                .getattr = files_getattr,
                                                .readdir = files_readdir,
                                                .readlink = files_readlink,
                                                .open = files_open,
                                                .read = files_read,
                                                .release = files_release};

static int serve(struct fuse *fuse, const char *folder, struct err *e)
{
    struct fuse_session *session = fuse_get_session(fuse);
    if (fuse_mount(fuse, folder) != 0) {
        err_set(e, ERR_UNAVAILABLE, "evidence.fuse", NULL,
                "nothing can be mounted at %s: FUSE is not there, or does not let this user",
                folder);
        return err_hint(e, "it takes /dev/fuse and fusermount3 (package fuse3), or root");
    }
    int result = 0;
    if (fuse_set_signal_handlers(session) != 0)
        result = err_set(e, ERR_SYSTEM, "evidence.fuse", NULL, "signals cannot be listened to");
    else if (fuse_loop(fuse) < 0)
        result = err_set(e, ERR_SYSTEM, "evidence.fuse", NULL, "the mount at %s broke off", folder);
    fuse_remove_signal_handlers(session);
    fuse_unmount(fuse);
    return result;
}

static int mount_and_serve(const struct fuse_operations *answers, struct serving *s,
                           const char *folder, struct err *e)
{
    char *words[] = {"tocsin", "-o", "ro,nosuid,nodev,noexec,fsname=tocsin-evidence", NULL};
    struct fuse_args args = FUSE_ARGS_INIT(3, words);
    struct fuse *fuse = fuse_new(&args, answers, sizeof *answers, s);
    int result = -1;
    if (!fuse)
        err_set(e, ERR_UNAVAILABLE, "evidence.fuse", NULL, "FUSE cannot be set up");
    else
        result = serve(fuse, folder, e);
    if (fuse)
        fuse_destroy(fuse);
    fuse_opt_free_args(&args);
    return result;
}

int evidence_mount_serve(struct evidence_mount *m, const char *folder, void (*ready)(void *context),
                         void *context, struct err *e)
{
    struct serving s = {.mount = m, .ready = ready, .context = context};
    return mount_and_serve(&operations, &s, folder, e);
}

int evidence_mount_files(const char *bundle, const char *folder,
                         const struct evidence_mount_files_options *o, struct err *e)
{
    struct serving s = {.files = mount_files_open(bundle, o->damaged, o->context, e),
                        .ready = o->ready,
                        .context = o->context};
    int result = s.files && (!o->first || o->first(o->context, e) == 0) ? 0 : -1;
    if (result == 0)
        result = mount_and_serve(&of_files, &s, folder, e);
    mount_files_close(s.files);
    return result;
}
