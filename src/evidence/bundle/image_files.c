/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/image_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void evidence_segment_name(uint32_t number, bool packed, char name[EVIDENCE_NAME])
{
    snprintf(name, EVIDENCE_NAME, "image-%05u.%s", number, packed ? "gz" : "raw");
}

static int open_file(const char *folder, const char *name, int flags, struct err *e)
{
    char path[4096];
    struct stat st;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long", name);
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    if (fd >= 0) {
        close(fd);
        return err_set(e, ERR_VERIFY, "evidence.kind", NULL, "%s is no ordinary file", path);
    }
    if (errno == EEXIST)
        return err_set(e, ERR_CONFLICT, "evidence.exists", NULL, "there is a file %s already",
                       path);
    if (errno == ENOENT)
        return err_set(e, ERR_NOT_FOUND, "evidence.missing", NULL, "%s is not there", path);
    if (errno == ELOOP)
        return err_set(e, ERR_VERIFY, "evidence.kind", NULL,
                       "%s is a link, and a bundle holds its own files", path);
    return err_errno(e, errno, "evidence.open", "%s cannot be opened", path);
}

int evidence_segment_open(const char *folder, uint32_t number, bool packed, int flags,
                          struct err *e)
{
    char name[EVIDENCE_NAME];
    evidence_segment_name(number, packed, name);
    return open_file(folder, name, flags, e);
}

int evidence_table_open(const char *folder, int flags, struct err *e)
{
    return open_file(folder, "image.chunks", flags, e);
}

static int remove_file(const char *folder, const char *name, struct err *e)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long", name);
    if (unlink(path) == 0)
        return 1;
    return errno == ENOENT ? 0 : err_errno(e, errno, "evidence.write", "%s", path);
}

int evidence_table_remove(const char *folder, struct err *e)
{
    static const bool packed[] = {true, false};
    if (remove_file(folder, "image.chunks", e) < 0)
        return -1;
    for (size_t i = 0; i < 2; i++)
        for (uint32_t number = 1;; number++) {
            char name[EVIDENCE_NAME];
            evidence_segment_name(number, packed[i], name);
            int removed = remove_file(folder, name, e);
            if (removed < 0)
                return -1;
            if (removed == 0)
                break;
        }
    return 0;
}
