/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/attach.h"
#include "base/encoding.h"
#include "base/file.h"
#include "evidence/custody/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 9999, BLOCK = 1 << 16 };

/* "0001-photo.jpg": letters of the name that a file system or a shell could trip over become '_'.
 */
static void name_of(unsigned number, const char *path, char name[EVIDENCE_ATTACHED])
{
    const char *last = strrchr(path, '/');
    snprintf(name, EVIDENCE_ATTACHED, "%04u-%.80s", number, last ? last + 1 : path);
    for (char *c = name; *c; c++)
        if (!((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') ||
              *c == '.' || *c == '-' || *c == '_'))
            *c = '_';
    for (char *dots; (dots = strstr(name, ".."));)
        dots[0] = '_';
}

/* A new file with a number that no other has. */
static int create(int folder, const char *path, char name[EVIDENCE_ATTACHED], struct err *e)
{
    for (unsigned number = 1; number <= MOST; number++) {
        name_of(number, path, name);
        int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
        if (fd >= 0)
            return fd;
        if (errno != EEXIST)
            return err_errno(e, errno, "evidence.write", "attachments/%s cannot be made", name);
    }
    return err_set(e, ERR_LIMIT, "evidence.attach", NULL, "there are %d of this name already",
                   MOST);
}

static int copy(int in, int out, struct evidence_attached *a, struct err *e)
{
    static const char failed[] = "the attachment cannot be copied";
    struct sha256_context c;
    uint8_t data[BLOCK];
    ssize_t n;
    if (sha256_init(&c) != 0)
        return digest_failed(e);
    while ((n = read(in, data, sizeof data)) > 0 && !err_is_set(e)) {
        if (sha256_update(&c, slice_of(data, (size_t)n)) != 0)
            digest_failed(e);
        else if (file_write_all(out, data, (size_t)n) != 0)
            err_errno(e, errno, "evidence.write", "%s", failed);
        a->bytes += (uint64_t)n;
    }
    if (n < 0)
        err_errno(e, errno, "evidence.read", "%s", failed);
    if (!err_is_set(e) && sha256_final(&c, a->sha256) != 0)
        digest_failed(e);
    if (!err_is_set(e) && fsync(out) != 0)
        err_errno(e, errno, "evidence.write", "%s", failed);
    sha256_fini(&c);
    return err_is_set(e) ? -1 : 0;
}

int evidence_attach(const char *holder, const char *path, struct evidence_attached *attached,
                    struct err *e)
{
    char folder[4096];
    struct stat st;
    int at = -1, out = -1;
    enum evidence_holder_kind kind = evidence_holder_kind(holder);
    *attached = (struct evidence_attached){0};
    if (kind != EVIDENCE_HOLDER_CASE && kind != EVIDENCE_HOLDER_EXHIBIT)
        return err_set(e, ERR_USAGE, "evidence.attach", NULL,
                       "files are attached to a case or an exhibit, and %s is neither", holder);
    if ((size_t)snprintf(folder, sizeof folder, "%s/attachments", holder) >= sizeof folder)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
    if (file_make_folder(folder, 0700, e) != 0)
        return -1;
    int in = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (in < 0 || fstat(in, &st) != 0 || !S_ISREG(st.st_mode))
        err_set(e, ERR_NOT_FOUND, "evidence.attach", NULL, "%s is not a file that can be read",
                path);
    if (!err_is_set(e))
        at = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (!err_is_set(e) && at < 0)
        err_errno(e, errno, "evidence.write", "%s cannot be opened", folder);
    if (at >= 0)
        out = create(at, path, attached->name, e);
    if (out >= 0 && copy(in, out, attached, e) != 0)
        (void)unlinkat(at, attached->name, 0);
    if (out >= 0 && !err_is_set(e) && fsync(at) != 0)
        err_errno(e, errno, "evidence.write", "%s cannot be written", folder);
    if (out >= 0)
        close(out);
    if (at >= 0)
        close(at);
    if (in >= 0)
        close(in);
    return err_is_set(e) ? -1 : 0;
}

void evidence_attach_undo(const char *holder, const struct evidence_attached *attached)
{
    char path[4096];
    if (attached->name[0] && (size_t)snprintf(path, sizeof path, "%s/attachments/%s", holder,
                                              attached->name) < sizeof path)
        (void)unlink(path);
}

void evidence_attached_members(struct json_writer *w, const char *name, const char *hash_name,
                               const struct evidence_attached *attached)
{
    char text[7 + 2 * SHA256_LEN + 1] = "sha256:";
    hex_format(attached->sha256, SHA256_LEN, text + 7);
    json_member_string(w, name, attached->name);
    json_member_string(w, hash_name, text);
    json_member_int(w, "bytes", (int64_t)attached->bytes);
}
