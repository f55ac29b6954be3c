/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/logical/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int evidence_view_open(const char *folder, bool *own, char why[120])
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME |
                                                MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
    attributes.attr_clr = MOUNT_ATTR__ATIME;
    why[0] = 0;
    long fd = syscall(SYS_open_tree, AT_FDCWD, folder,
                      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_NO_AUTOMOUNT);
    *own = fd >= 0 && syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
                              sizeof attributes) == 0;
    if (*own)
        return (int)fd;
    snprintf(why, 120, "the kernel gives no view of its own (%s)", strerrordesc_np(errno));
    if (fd >= 0)
        close((int)fd);
    return open(folder, O_PATH | O_CLOEXEC | O_DIRECTORY);
}

int evidence_view_read(int fd, int flags, bool *noatime)
{
    char name[40];
    bool ask = *noatime;
    int got = -1;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    flags |= O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    if (ask)
        got = open(name, flags | O_NOATIME);
    *noatime = got >= 0;
    if (got < 0 && (!ask || errno == EPERM))
        got = open(name, flags);
    return got;
}
