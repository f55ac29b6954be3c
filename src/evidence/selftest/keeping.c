/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of writing, checking and converting: DA-AO-03, 04, 06 to 09. */
#include "base/file.h"
#include "evidence/export.h"
#include "evidence/import.h"
#include "evidence/selftest/trial.h"
#include "evidence/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

/* What a failed acquisition leaves behind must not look complete. */
static int check_left(struct selftest_trial *t, const char *folder, struct err *e)
{
    char path[4200];
    struct evidence_verdict verdict;
    snprintf(path, sizeof path, "%s/manifest-sha256.txt", folder);
    if (file_kind(path) != 0)
        selftest_fail(t, "what is left has a manifest");
    if (file_kind(folder) == 0)
        return 0;
    int result = evidence_verify(folder, NULL, &verdict, e);
    if (result == 0 && (verdict.complete || verdict.sound))
        selftest_fail(t, "what is left is taken for a whole bundle");
    evidence_verdict_fini(&verdict);
    return result;
}

int selftest_write_error(struct selftest_trial *t, struct err *e)
{
    struct selftest_disk disk;
    struct selftest_bundle bundle;
    struct rlimit was, less;
    struct err said = {0};
    if (selftest_disk_make(&disk, t->work, "d", 8 * MIB, e) != 0)
        return -1;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    if (handler == SIG_ERR || getrlimit(RLIMIT_FSIZE, &was) != 0)
        return err_errno(e, errno, "evidence.selftest", "no limit of files' sizes can be set");
    less = was;
    less.rlim_cur = 2 * MIB;
    int result = 0, acquired = 0;
    if (setrlimit(RLIMIT_FSIZE, &less) != 0)
        result = err_errno(e, errno, "evidence.selftest", "no limit of files' sizes can be set");
    else
        acquired = selftest_acquire(t, &disk, "b", NULL, &bundle, &said);
    if (setrlimit(RLIMIT_FSIZE, &was) != 0 && result == 0)
        result = err_errno(e, errno, "evidence.selftest", "the limit cannot be taken back");
    signal(SIGXFSZ, handler);
    if (result != 0)
        return -1;
    if (acquired == 0 || said.text[0] == 0)
        selftest_fail(t, "writing failed after 2 MiB, and nothing was said");
    selftest_did(t, "a file that cannot grow beyond 2 MiB: \"%.200s\"", said.text);
    if (check_left(t, bundle.folder, e) != 0)
        return -1;
    if (selftest_acquire(t, &disk, "b", NULL, &bundle, e) != 0)
        return -1;
    uint64_t differing;
    if (selftest_differing(&bundle, &disk, EVIDENCE_FILL_PATTERN, &differing, e) != 0)
        return -1;
    if (differing)
        selftest_fail(t, "gone on with afterwards, %" PRIu64 " sectors differ", differing);
    selftest_did(t, "nothing of it looked complete, and it could be gone on with");
    return 0;
}

/* In a process and a mount namespace of its own: a file system of 3 MiB. */
enum { FULL_SAID = 10, FULL_NOT_SAID, FULL_NO_NAMESPACE, FULL_LOOKS_COMPLETE, FULL_OTHER };

static bool says(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return written;
}

/* Mounts of its own; who is not root is it in a user namespace, with ids that map to its own (to
 * ids without a map no file belongs, and none can be made). */
static bool own_mounts(void)
{
    char users[32], groups[32];
    snprintf(users, sizeof users, "0 %u 1", (unsigned)geteuid());
    snprintf(groups, sizeof groups, "0 %u 1", (unsigned)getegid());
    if (unshare(CLONE_NEWNS) == 0)
        return true;
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && says("/proc/self/setgroups", "deny") &&
           says("/proc/self/uid_map", users) && says("/proc/self/gid_map", groups);
}

static int on_full_disk(struct selftest_trial *t, struct selftest_disk *disk)
{
    struct selftest_trial inside = *t;
    struct selftest_bundle bundle;
    struct err e = {0}, left = {0};
    char folder[4096];
    if ((size_t)snprintf(folder, sizeof folder, "%s/full", t->work) >= sizeof folder)
        return FULL_OTHER;
    if (!own_mounts() || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mkdir(folder, 0700) != 0 ||
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "size=3m") != 0)
        return FULL_NO_NAMESPACE;
    inside.work = folder;
    inside.outcome = SELFTEST_PASS;
    if (selftest_acquire(&inside, disk, "b", NULL, &bundle, &e) == 0 ||
        strcmp(e.code, "evidence.no-space") != 0)
        return FULL_NOT_SAID;
    if (check_left(&inside, bundle.folder, &left) != 0)
        return FULL_OTHER;
    return inside.outcome == SELFTEST_PASS ? FULL_SAID : FULL_LOOKS_COMPLETE;
}

int selftest_no_space(struct selftest_trial *t, struct err *e)
{
    struct selftest_disk disk;
    int status = 0;
    if (selftest_disk_make(&disk, t->work, "d", 8 * MIB, e) != 0)
        return -1;
    pid_t child = fork();
    if (child < 0)
        return err_errno(e, errno, "evidence.selftest", "no process can be started");
    if (child == 0)
        _exit(on_full_disk(t, &disk));
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : FULL_OTHER;
    if (code == FULL_NO_NAMESPACE)
        selftest_leave(t, SELFTEST_NOT_RUN,
                       "this needs a file system of its own, which this user may not mount");
    else if (code == FULL_LOOKS_COMPLETE)
        selftest_fail(t, "what is left on a full file system looks complete");
    else if (code != FULL_SAID)
        selftest_fail(t, "that the file system was full was not said (%d)", code);
    else
        selftest_did(t, "8 MiB onto a file system of 3 MiB: said, and nothing looks complete");
    return 0;
}

int selftest_unchanged_image(struct selftest_trial *t, struct err *e)
{
    struct selftest_disk disk;
    struct selftest_bundle bundle;
    struct evidence_verdict verdict;
    if (selftest_disk_make(&disk, t->work, "d", 5 * MIB + 1, e) != 0 ||
        selftest_acquire(t, &disk, "b", NULL, &bundle, e) != 0)
        return -1;
    int result = evidence_verify(bundle.folder, NULL, &verdict, e);
    if (result == 0 && (!verdict.sound || !verdict.image_checked ||
                        memcmp(verdict.sha256, bundle.acquired.sha256, SHA256_LEN) != 0))
        selftest_fail(t, "a bundle that nobody touched is said to have changed");
    evidence_verdict_fini(&verdict);
    selftest_did(t, "a bundle as it was written: every file, every block, the image");
    return result;
}

static int flip(const char *path, off_t at, struct err *e)
{
    uint8_t byte = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool done = fd >= 0 && pread(fd, &byte, 1, at) == 1;
    byte ^= 0x10;
    done = done && pwrite(fd, &byte, 1, at) == 1;
    if (fd >= 0)
        close(fd);
    return done ? 0 : err_errno(e, errno, "evidence.write", "%s cannot be changed", path);
}

int selftest_changed_image(struct selftest_trial *t, struct err *e)
{
    static const char *const files[] = {"data/image-00001.gz", "data/image.chunks",
                                        "acquisition.json",    "map.txt",
                                        "manifest-sha256.txt", "bag-info.txt"};
    struct selftest_disk disk;
    struct selftest_bundle bundle;
    unsigned count = 0;
    if (selftest_disk_make(&disk, t->work, "d", 3 * MIB, e) != 0 ||
        selftest_acquire(t, &disk, "b", NULL, &bundle, e) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[4300];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", bundle.folder, files[i]);
        if (stat(path, &st) != 0)
            return err_errno(e, errno, "evidence.missing", "%s is not there", path);
        for (unsigned k = 0; k < 5; k++, count++) {
            struct evidence_verdict verdict;
            off_t at = (st.st_size - 1) * (off_t)k / 4;
            if (flip(path, at, e) != 0)
                return -1;
            int result = evidence_verify(bundle.folder, NULL, &verdict, e);
            if (result == 0 && (verdict.sound || verdict.problems_all == 0))
                selftest_fail(t, "byte %lld of %s was changed, and nothing was said", (long long)at,
                              files[i]);
            evidence_verdict_fini(&verdict);
            if (result != 0 || flip(path, at, e) != 0)
                return -1;
        }
    }
    selftest_did(t, "one bit changed in %u places of %zu files, one at a time", count,
                 ARRAY_LEN(files));
    return 0;
}

int selftest_changed_where(struct selftest_trial *t, struct err *e)
{
    struct selftest_disk disk;
    struct selftest_bundle bundle;
    struct evidence_acquire_options options = {.plain = true};
    char path[4300];
    if (selftest_disk_make(&disk, t->work, "d", 6 * MIB, e) != 0 ||
        selftest_acquire(t, &disk, "b", &options, &bundle, e) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/image-00001.raw", bundle.data);
    for (unsigned chunk = 0; chunk < 6; chunk++) {
        struct evidence_verdict verdict;
        char wanted[32];
        off_t at = (off_t)chunk * MIB + 1000 * (off_t)chunk;
        if (flip(path, at, e) != 0)
            return -1;
        int result = evidence_verify(bundle.folder, NULL, &verdict, e);
        snprintf(wanted, sizeof wanted, "chunk %u ", chunk);
        bool named = false;
        for (size_t i = 0; result == 0 && i < verdict.problem_count; i++)
            named = named || strstr(verdict.problems[i].text, wanted) ||
                    strstr(verdict.problems[i].where, wanted);
        if (result == 0 && (!named || verdict.damaged_chunks != 1))
            selftest_fail(t, "block %u was changed, and it is not the one that is named (%s, %s)",
                          chunk, verdict.problem_count ? verdict.problems[0].text : "",
                          verdict.problem_count ? verdict.problems[0].where : "");
        evidence_verdict_fini(&verdict);
        if (result != 0 || flip(path, at, e) != 0)
            return -1;
    }
    selftest_did(t, "one bit changed in each of 6 blocks: the block and its bytes are named");
    return 0;
}

static int write_out(struct selftest_trial *t, const struct selftest_bundle *bundle,
                     enum evidence_export_format format, const char *path, struct err *e)
{
    struct evidence_export_options options = {
        .bundle = bundle->folder, .target = path, .format = format, .workers = 2};
    struct evidence_exported exported;
    if (evidence_export(&options, &exported, e) != 0)
        return -1;
    if (memcmp(exported.sha256, bundle->acquired.sha256, SHA256_LEN) != 0)
        selftest_fail(t, "what was exported has another SHA-256");
    return 0;
}

/* Takes a file in again, and compares every sector with the disk. */
static int take_in(struct selftest_trial *t, const char *path, enum evidence_import_kind kind,
                   const char *name, const struct selftest_disk *disk, struct err *e)
{
    struct selftest_bundle back;
    struct evidence_imported in;
    const char *files[] = {path};
    uint64_t differing;
    snprintf(back.folder, sizeof back.folder, "%s/%s", t->work, name);
    snprintf(back.data, sizeof back.data, "%s/data", back.folder);
    struct evidence_import_options options = {.files = files,
                                              .file_count = 1,
                                              .kind = kind,
                                              .folder = back.folder,
                                              .given_by = "self-test",
                                              .plain = true,
                                              .workers = 2};
    if (evidence_import(&options, &in, e) != 0 ||
        selftest_differing(&back, disk, EVIDENCE_FILL_PATTERN, &differing, e) != 0)
        return -1;
    if (differing)
        selftest_fail(t, "%s: %" PRIu64 " sectors differ", name, differing);
    if (kind == EVIDENCE_IMPORT_E01 && !(in.md5_stored && in.md5_fits))
        selftest_fail(t, "%s: the MD5 that it says of itself does not fit", name);
    return 0;
}

int selftest_conversion(struct selftest_trial *t, struct err *e)
{
    struct selftest_disk disk;
    struct selftest_bundle packed;
    char raw[4200], ewf[4200];
    /* E01 holds whole sectors */
    if (selftest_disk_make(&disk, t->work, "d", 5 * MIB + 1024, e) != 0 ||
        selftest_acquire(t, &disk, "packed", NULL, &packed, e) != 0)
        return -1;
    snprintf(raw, sizeof raw, "%s/image.raw", t->work);
    snprintf(ewf, sizeof ewf, "%s/image.E01", t->work);
    if (write_out(t, &packed, EVIDENCE_EXPORT_RAW, raw, e) != 0 ||
        write_out(t, &packed, EVIDENCE_EXPORT_E01, ewf, e) != 0 ||
        take_in(t, raw, EVIDENCE_IMPORT_RAW, "from-raw", &disk, e) != 0 ||
        take_in(t, ewf, EVIDENCE_IMPORT_E01, "from-E01", &disk, e) != 0)
        return -1;
    selftest_did(t, "compressed bundle to raw and to E01, and both into plain bundles: every "
                    "sector compared, E01 read by libewf");
    return 0;
}
