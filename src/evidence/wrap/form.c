/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/wrap/form.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_FOLDERS = 32 };

const char wrap_how[] =
    "This folder is a bundle of digital evidence, encrypted for the receivers that wrap.json "
    "names.\n"
    "\n"
    "1. Is it whole? Anybody can say, without a key:\n"
    "\n"
    "       sha256sum -c manifest-sha256.txt\n"
    "\n"
    "2. With the program: tocsin evidence unwrap THIS-FOLDER NEW-FOLDER --identity FOLDER\n"
    "   (or --key KEY.pem --certificate CERTIFICATE.pem). It also finds parts that are missing or\n"
    "   were exchanged by somebody who wrote the manifest anew.\n"
    "\n"
    "3. Without it, by openssl (3.0 or later) and tar. Each part is a CMS message (RFC 5083, DER,\n"
    "   AES-256-GCM); one behind the other they are a tar archive:\n"
    "\n"
    "       for p in part-*.p7m; do\n"
    "           openssl cms -decrypt -binary -inform DER -in \"$p\" -recip CERTIFICATE.pem \\\n"
    "               -inkey KEY.pem || exit 1\n"
    "       done > bundle.tar\n"
    "       tar -xf bundle.tar\n"
    "\n"
    "   index.p7m opens the same way: it says how many parts there are, and the SHA-256 of each "
    "as\n"
    "   it is inside. Compare them, as each part by itself does not know its place.\n"
    "\n"
    "4. What comes out is the bundle as it was, with its own VERIFY.txt, hashes, seals and "
    "custody\n"
    "   log. That something was encrypted for you does not say by whom; the seal does.\n";

void wrap_part_name(uint64_t number, char name[32])
{
    snprintf(name, 32, "part-%06" PRIu64 ".p7m", number);
}

bool wrap_is_name(const char *name)
{
    if (!name[0] || name[0] == '.' || strlen(name) > 150)
        return false;
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '/' || *c == '\\')
            return false;
    return true;
}

int wrap_write_failed(const char *path, int error, struct err *e)
{
    if (error != ENOSPC && error != EDQUOT)
        return err_errno(e, error, "evidence.write", "%s cannot be written", path);
    return err_set(e, ERR_UNAVAILABLE, "evidence.no-space", NULL, "there is no space left for %s",
                   path);
}

int wrap_begin(const char *target, char folder[4096], struct err *e)
{
    size_t len = strlen(target);
    while (len > 1 && target[len - 1] == '/')
        len--;
    if ((size_t)snprintf(folder, 4096, "%.*s.part", (int)len, target) >= 4000)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", target);
    if (file_kind(target) != 0)
        return err_set(e, ERR_CONFLICT, "evidence.exists", NULL, "%s is there already", target);
    if (mkdir(folder, 0700) == 0)
        return 0;
    if (errno != EEXIST)
        return err_errno(e, errno, "evidence.write", "%s cannot be made", folder);
    err_set(e, ERR_CONFLICT, "evidence.exists", NULL,
            "%s is there: it was broken off, or is under way", folder);
    return err_hint(e, "when nothing writes to it any more, take it away and begin again");
}

int wrap_end(const char *target, const char *folder, struct err *e)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = fd >= 0 && syncfs(fd) == 0 && fsync(fd) == 0 ? 0 : errno;
    if (fd >= 0)
        close(fd);
    if (result != 0)
        return wrap_write_failed(folder, result, e);
    if (file_rename_new(AT_FDCWD, folder, AT_FDCWD, target) != 0)
        return err_errno(e, errno, "evidence.write", "%s cannot get its name", target);
    char above[4096];
    snprintf(above, sizeof above, "%.4000s/..", target);
    fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)!fsync(fd);
        close(fd);
    }
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
    (void)st, (void)place;
    if (type == FTW_DP || type == FTW_D)
        (void)rmdir(path);
    else
        (void)unlink(path);
    return 0;
}

void wrap_remove(const char *folder)
{
    if (folder[0])
        (void)nftw(folder, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
