/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody's disk is ruined by mistake: what a disk must be before it is made a test disk. */
#include "evidence/blocker/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { MIB = 1 << 20, SAMPLE = 4096, SAMPLES = 512, PATH_ROOM = 128 };

static int used(const struct blocker_disk *d, const char *by, struct err *e)
{
    return err_set(e, ERR_DENIED, "blocker.device", NULL, "%s is in use: %s", d->path, by);
}

/* The first entry of a folder of sysfs, or "". */
static void first_in(const char *folder, char name[80])
{
    DIR *list = opendir(folder);
    name[0] = 0;
    for (struct dirent *x; list && !name[0] && (x = readdir(list));)
        if (x->d_name[0] != '.')
            snprintf(name, 80, "%.79s", x->d_name);
    if (list)
        closedir(list);
}

int blocker_guard_free(const struct blocker_disk *d, struct err *e)
{
    struct stat st;
    char path[PATH_ROOM], name[80], by[120];
    if (fstat(d->fd, &st) != 0)
        return err_errno(e, errno, "blocker.device", "%s cannot be looked at", d->path);
    snprintf(path, sizeof path, "/sys/dev/block/%u:%u/partition", major(st.st_rdev),
             minor(st.st_rdev));
    if (access(path, F_OK) == 0)
        return err_set(e, ERR_DENIED, "blocker.device", NULL,
                       "%s is a partition; a test disk is a whole one", d->path);
    snprintf(path, sizeof path, "/sys/dev/block/%u:%u/holders", major(st.st_rdev),
             minor(st.st_rdev));
    first_in(path, name);
    if (name[0]) {
        snprintf(by, sizeof by, "it is a part of %s", name);
        return used(d, by, e);
    }
    /* mounted, swapped to, or a partition of it is: the kernel knows, and says it so */
    int fd = open(d->path, O_RDONLY | O_EXCL | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == EBUSY)
        return used(d, "mounted, or held by an array, a mapping or swap, or a partition of it is",
                    e);
    if (fd < 0)
        return err_errno(e, errno, "blocker.device", "%s cannot be had alone", d->path);
    close(fd);
    return 0;
}

struct signature {
    uint64_t at;
    const char *bytes;
    size_t len;
    const char *what;
};

/* What says plainly what a disk holds; anything else is told as bytes that are not zero. */
static const struct signature known[] = {
    {510, "\x55\xaa", 2, "a partition table or a boot sector"},
    {512, "EFI PART", 8, "a partition table (GPT)"},
    {4096, "EFI PART", 8, "a partition table (GPT)"},
    {3, "NTFS    ", 8, "an NTFS file system"},
    {3, "-FVE-FS-", 8, "a BitLocker volume"},
    {1080, "\x53\xef", 2, "an ext file system"},
    {0, "XFSB", 4, "an XFS file system"},
    {65600, "_BHRfS_M", 8, "a Btrfs file system"},
    {0, "LUKS\xba\xbe", 6, "a LUKS volume"},
    {512, "LABELONE", 8, "a volume of LVM"},
    {4096, "\xfc\x4e\x2b\xa9", 4, "a part of a Linux array"},
    {32769, "CD001", 5, "an ISO 9660 file system"},
    {32, "NXSB", 4, "an APFS container"},
    {1024, "H+\0\4", 4, "an HFS+ file system"},
};

static const char *told(const uint8_t *first)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (memcmp(first + known[i].at, known[i].bytes, known[i].len) == 0)
            return known[i].what;
    return NULL;
}

/* The first byte that is not zero, or len. */
static size_t zeros(const uint8_t *data, size_t len)
{
    size_t at = 0;
    while (at < len && data[at] == 0)
        at++;
    return at;
}

static int look(const struct blocker_disk *d, uint64_t from, uint64_t bytes, char what[200],
                struct err *e)
{
    if (what[0])
        return 0;
    int why = blocker_disk_read(d, from, d->page, bytes);
    if (why)
        return err_errno(e, why, "blocker.device", "%s cannot be read at byte %" PRIu64, d->path,
                         from);
    const char *kind = from == 0 ? told(d->page) : NULL;
    size_t at = zeros(d->page, bytes);
    if (at < bytes)
        snprintf(what, 200, "%s%sbytes that are not zero from byte %" PRIu64 " on",
                 kind ? kind : "", kind ? "; " : "", from + at);
    return 0;
}

int blocker_guard_blank(const struct blocker_disk *d, char what[200], struct err *e)
{
    struct blocker_area areas[BLOCKER_AREAS];
    uint64_t step = d->bytes / SAMPLES / SAMPLE * SAMPLE;
    uint64_t end = d->bytes / d->sector * d->sector;
    what[0] = 0;
    blocker_areas_place(d->bytes, areas);
    int result = look(d, 0, MIB, what, e);
    for (size_t i = 0; result == 0 && i < BLOCKER_AREAS; i++)
        result = look(d, areas[i].from, areas[i].bytes, what, e);
    if (result == 0)
        result = look(d, end - MIB, MIB, what, e);
    for (uint64_t i = 1; result == 0 && !what[0] && i < SAMPLES; i++)
        result = look(d, i * step, SAMPLE, what, e);
    return result;
}
