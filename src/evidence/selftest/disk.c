/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/selftest/disk.h"
#include "evidence/acquire/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Of every eight runs of 256 sectors, two are zeros, two repeat, the others do not compress. */
static void sector_content(uint64_t sector, uint8_t out[SELFTEST_SECTOR])
{
    char head[32];
    unsigned kind = (unsigned)(sector / 256 % 8);
    memset(out, 0, SELFTEST_SECTOR);
    if (kind == 2 || kind == 3)
        return;
    if (kind < 2)
        memset(out, 'a' + (int)(sector % 26), SELFTEST_SECTOR);
    else
        for (size_t i = 0; i < SELFTEST_SECTOR / 8; i++) {
            uint64_t word = mix(sector * 64 + i);
            memcpy(out + 8 * i, &word, sizeof word);
        }
    int len = snprintf(head, sizeof head, "%012" PRIu64 " sector\n", sector);
    memcpy(out, head, (size_t)len);
}

void selftest_disk_content(const struct selftest_disk *disk, uint64_t offset, uint8_t *data,
                           size_t len)
{
    uint8_t sector[SELFTEST_SECTOR];
    (void)disk;
    for (size_t done = 0; done < len;) {
        size_t in = (size_t)((offset + done) % SELFTEST_SECTOR);
        size_t n = SELFTEST_SECTOR - in < len - done ? SELFTEST_SECTOR - in : len - done;
        sector_content((offset + done) / SELFTEST_SECTOR, sector);
        memcpy(data + done, sector + in, n);
        done += n;
    }
}

/* Its place among the bad sectors, or -1. */
static int bad_place(const struct selftest_disk *disk, uint64_t sector)
{
    uint64_t before = 0;
    for (size_t i = 0; i < disk->bad_count; before += disk->bad[i++].count)
        if (sector >= disk->bad[i].from && sector - disk->bad[i].from < disk->bad[i].count)
            return (int)(before + sector - disk->bad[i].from);
    return -1;
}

bool selftest_disk_is_bad(const struct selftest_disk *disk, uint64_t sector)
{
    return bad_place(disk, sector) >= 0 ||
           (disk->end && (sector + 1) * SELFTEST_SECTOR > disk->end);
}

void selftest_disk_ideal(const struct selftest_disk *disk, int fill, uint64_t offset, uint8_t *data,
                         size_t len)
{
    selftest_disk_content(disk, offset, data, len);
    for (size_t done = 0; done < len;) {
        uint64_t at = offset + done;
        size_t n = (size_t)(SELFTEST_SECTOR - at % SELFTEST_SECTOR);
        if (n > len - done)
            n = len - done;
        if (selftest_disk_is_bad(disk, at / SELFTEST_SECTOR))
            evidence_reading_fill((enum evidence_fill)fill, at, data + done, n);
        done += n;
    }
}

uint64_t selftest_disk_bad_bytes(const struct selftest_disk *disk)
{
    uint64_t sum = 0;
    for (uint64_t at = 0; at < disk->bytes; at += SELFTEST_SECTOR)
        if (selftest_disk_is_bad(disk, at / SELFTEST_SECTOR))
            sum += disk->bytes - at < SELFTEST_SECTOR ? disk->bytes - at : SELFTEST_SECTOR;
    return sum;
}

static size_t disk_read(void *context, const struct evidence_source *s, uint64_t offset, void *data,
                        size_t len, int *why)
{
    struct selftest_disk *disk = context;
    uint64_t end = disk->end ? disk->end : disk->bytes;
    size_t good = 0;
    *why = 0;
    while (good < len && offset + good < end) {
        uint64_t at = offset + good;
        int place = bad_place(disk, at / SELFTEST_SECTOR);
        bool alone = len <= SELFTEST_SECTOR;
        if (place >= 0 && place < 256 &&
            !(alone && disk->heals && disk->tries[place]++ >= disk->heals)) {
            *why = EIO;
            break;
        }
        size_t n = (size_t)(SELFTEST_SECTOR - at % SELFTEST_SECTOR);
        if (n > len - good)
            n = len - good;
        good += (uint64_t)n < end - at ? n : (size_t)(end - at);
    }
    disk->failed_reads += good < len;
    int real;
    size_t got = good ? evidence_source_read_real(s, offset, data, good, &real) : 0;
    if (got < good)
        *why = real;
    good = got;
    return good;
}

static uint64_t disk_size(void *context)
{
    const struct selftest_disk *disk = context;
    return disk->end ? disk->end : disk->bytes;
}

int selftest_disk_make(struct selftest_disk *disk, const char *folder, const char *name,
                       uint64_t bytes, struct err *e)
{
    static const size_t piece = 64 << 10;
    uint8_t data[64 << 10];
    *disk = (struct selftest_disk){.bytes = bytes};
    disk->stand_in =
        (struct evidence_stand_in){.read = disk_read, .size_now = disk_size, .context = disk};
    if ((size_t)snprintf(disk->path, sizeof disk->path, "%s/%s.disk", folder, name) >=
        sizeof disk->path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", folder);
    int fd = open(disk->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, errno, "evidence.write", "%s cannot be made", disk->path);
    int result = 0;
    for (uint64_t at = 0; result == 0 && at < bytes; at += piece) {
        size_t n = bytes - at < piece ? (size_t)(bytes - at) : piece;
        selftest_disk_content(disk, at, data, n);
        for (size_t done = 0; result == 0 && done < n;) {
            ssize_t put = write(fd, data + done, n - done);
            if (put < 0 && errno != EINTR)
                result = err_errno(e, errno, "evidence.write", "%s cannot be written", disk->path);
            done += put > 0 ? (size_t)put : 0;
        }
    }
    close(fd);
    return result;
}
