/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images that others have published for testing such tools: DFTT (dftt.sourceforge.net), in their
 * archives, and the E01 of dfVFS's tests. What stands here of each was taken by sha256sum and
 * unzip.
 */
#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "evidence/import.h"
#include "evidence/selftest/archive.h"
#include "evidence/selftest/trial.h"
#include "evidence/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ARCHIVE_MOST = 256 << 20 };

static const struct known {
    const char *archive, *name; /* name NULL: the file itself is an E01 */
    uint32_t bytes;
    const char *sha256;
} known[] = {
    {"1-extend-part.zip", "ext-part-test-2.dd", 159989760,
     "b075ed83211765dd14f24390389b77b20ef688d70aaf69385e026b5513bdd8d2"},
    {"2-kwsrch-fat.zip", "fat-img-kw.dd", 15728640,
     "b173fd82a052e2637cfeb89cf21a603817f072799a63decffbfc948fc19a06e6"},
    {"5-fat-daylight.zip", "daylight.dd", 1474560,
     "a81dc8aeefb28b75e0625c1c8b54db9f46ec1c6c28e16595539d1cb00bbd45b5"},
    {"6-undel-fat.zip", "6-fat-undel.dd", 6160384,
     "e6f1f3bc53d426ae6f81b2d7b75598bc95f7447853e38b8f9ca1d1b65f7b3512"},
    {"7-undel-ntfs.zip", "7-ntfs-undel.dd", 6160384,
     "4138cc42148e3381e3c66eb50090f4a30416ae8c20247c2b9bad27cf8c764d88"},
    {"8-jpeg-search.zip", "8-jpeg-search.dd", 10289152,
     "9c43d6a2dd5132cf6afc29e5c644cde0cb747c64998a68e73f2efb787887b126"},
    {"9-fat-label.zip", "9-fat-label.dd", 10321920,
     "ca312b0582c78e1b379eca318aa7a9d7fc4a809bfcfd25be093f5298e72a81ab"},
    {"10b-ntfs-autodetect.zip", "10-ntfs-disk.dd", 98705408,
     "4d2edfe4a8ee0079720a4b9e258ecf59ffa17783465a5a013101614b4ac64049"},
    {"10b-ntfs-autodetect.zip", "10-ntfs-part1.dd", 49319424,
     "d6739c45d652c0eb67e59536e7b9c02b25ca99aaabf500fe9c374bb7f2ae8bc3"},
    {"10b-ntfs-autodetect.zip", "10-ntfs-part2.dd", 49351680,
     "529c607152f8ca25a6f2645e6894a80b303b4f2b352b89bdfef0fde549e3c6e2"},
    {"10b-ntfs-autodetect.zip", "10-ntfs-part3.dd", 82252800,
     "8e6c7b7709d52e6a41080002c0589ac3204f0e77d834f75b58d8f249d391d7bb"},
    {"14-iso9660-1.zip", "iso-dirtree1.iso", 374784,
     "0418d266405e1baf1334a014b9fba984962e81ec65003f34b67a7f5c7b28e6ad"},
    {"14-iso9660-1.zip", "iso-dirtree2.iso", 374784,
     "5f4fe2707eb4227b2d8e35482f492c888a44937abca05b67a0b63f2a2e34e074"},
    {"14-iso9660-1.zip", "iso-endian.iso", 374784,
     "70231746c40640efc6ea5a926ef9184910c44b43b0716d72026db41b40966b9c"},
    {"ext2.E01", NULL, 4194304, "a6c2f0e39afe6c6ab432ca5465349fcefe8dc944398e97b2d957d3f89dbb5d80"},
};

static int put_file(void *context, struct slice piece, struct err *e)
{
    const int *fd = context;
    return file_write_all(*fd, piece.data, piece.len) == 0
               ? 0
               : err_errno(e, errno, "evidence.write", "an unpacked image cannot be written");
}

static bool is_named(struct slice path, const char *name)
{
    size_t len = strlen(name);
    return path.len >= len && memcmp(path.data + path.len - len, name, len) == 0 &&
           (path.len == len || path.data[path.len - len - 1] == '/');
}

/* Unpacks the image into path. */
static int unpack(const char *archive_path, const struct known *k, const char *path, struct err *e)
{
    struct buf all;
    struct selftest_archive archive;
    struct selftest_member member;
    buf_init(&all);
    int result = file_read(archive_path, ARCHIVE_MOST, &all, e);
    if (result == 0)
        result = selftest_archive_open(&archive, buf_slice(&all), e);
    int more = 0;
    while (result == 0 && (more = selftest_archive_next(&archive, &member, e)) == 1)
        if (is_named(member.name, k->name))
            break;
    if (result == 0 && more != 1)
        result = more < 0 ? -1
                          : err_set(e, ERR_NOT_FOUND, "evidence.zip", NULL, "%s is not in %s",
                                    k->name, k->archive);
    if (result == 0) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        result = fd < 0 ? err_errno(e, errno, "evidence.write", "%s cannot be made", path)
                        : selftest_member_unpack(&member, put_file, &fd, e);
        if (fd >= 0)
            close(fd);
    }
    buf_fini(&all);
    return result;
}

/* An E01 is taken in as what another has collected; its own MD5 must fit as well. */
static int take_e01(const char *path, const char *folder, struct evidence_acquired *acquired,
                    char *why, size_t room, struct err *e)
{
    const char *files[] = {path};
    struct evidence_import_options options = {.files = files,
                                              .file_count = 1,
                                              .kind = EVIDENCE_IMPORT_E01,
                                              .folder = folder,
                                              .given_by = "self-test"};
    struct evidence_imported in;
    if (evidence_import(&options, &in, e) != 0)
        return -1;
    acquired->bytes = in.bytes;
    memcpy(acquired->sha256, in.sha256, SHA256_LEN);
    if (!in.md5_stored || !in.md5_fits)
        snprintf(why, room, "the MD5 that it says of itself does not fit");
    return 0;
}

/* Acquires and verifies it. 0 with *why empty: as it should be. */
static int try_image(const struct known *k, const char *path, const char *folder, char *why,
                     size_t room, struct err *e)
{
    struct evidence_acquire_options options = {.source = path, .folder = folder};
    struct evidence_acquired acquired = {0};
    struct evidence_verdict verdict;
    char hex[2 * SHA256_LEN + 1];
    if (k->name ? evidence_acquire(&options, &acquired, e) != 0
                : take_e01(path, folder, &acquired, why, room, e) != 0)
        return -1;
    hex_format(acquired.sha256, SHA256_LEN, hex);
    if (acquired.bytes != k->bytes || strcmp(hex, k->sha256) != 0)
        snprintf(why, room, "the image has %llu bytes and the SHA-256 %s",
                 (unsigned long long)acquired.bytes, hex);
    int result = evidence_verify(folder, NULL, &verdict, e);
    hex_format(verdict.sha256, SHA256_LEN, hex);
    if (result == 0 && !why[0] && (!verdict.sound || strcmp(hex, k->sha256) != 0))
        snprintf(why, room, "read back it is another: %s", hex);
    evidence_verdict_fini(&verdict);
    return result;
}

/* The archive's path: in the folder, or in the folder dftt or dfvfs below it. */
static bool find(const struct selftest_images *images, const struct known *k, char *path,
                 size_t room)
{
    snprintf(path, room, "%s/%s", images->folder, k->archive);
    if (file_kind(path) == 1)
        return true;
    snprintf(path, room, "%s/%s/%s", images->folder, k->name ? "dftt" : "dfvfs", k->archive);
    return file_kind(path) == 1;
}

int selftest_images_run(struct selftest_images *images, struct json_writer *w, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        const struct known *k = &known[i];
        char archive[4200], path[4200], folder[4200], why[480] = "";
        struct err trouble = {0};
        bool there = find(images, k, archive, sizeof archive);
        if (!images->watch(images->context, k->archive))
            return err_set(e, ERR_UNAVAILABLE, "evidence.stopped", NULL, "it was stopped");
        snprintf(path, sizeof path, "%s/image", images->work);
        snprintf(folder, sizeof folder, "%s/image.evidence", images->work);
        if (there &&
            ((k->name && unpack(archive, k, path, &trouble) != 0) ||
             try_image(k, k->name ? path : archive, folder, why, sizeof why, &trouble) != 0))
            snprintf(why, sizeof why, "%s", trouble.text);
        images->tried += there;
        images->failed += there && why[0];
        json_write_object(w);
        json_member_string(w, "archive", k->archive);
        json_member_string(w, "name", k->name ? k->name : k->archive);
        json_member_int(w, "bytes", k->bytes);
        json_member_string(w, "sha256", k->sha256);
        json_member_string(w, "outcome", !there ? "not there" : why[0] ? "fail" : "pass");
        if (why[0])
            json_member_string(w, "why", why);
        json_write_object_end(w);
        if (selftest_remove(path, e) != 0 || selftest_remove(folder, e) != 0)
            return -1;
    }
    return 0;
}
