/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bundle, a disclosure, an exhibit or a case as a folder from a stranger: whatever is in it,
 * there is a verdict, and what is not sound says why. The input is a ustar archive of the folder
 * (its checksums do not matter). Where it has no manifests they are made, so that what lies behind
 * a right hash is reached.
 */
#include "base/buf.h"
#include "base/encoding.h"
#include "base/err.h"
#include "evidence/bundle/folder.h"
#include "evidence/custody.h"
#include "evidence/disclose.h"
#include "evidence/mount.h"
#include "evidence/report.h"
#include "evidence/uco.h"
#include "evidence/verify.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BLOCK = 512, NAME = 100, FILES_MOST = 200, READ_MOST = 1 << 20 };

static char folder[64];

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static int take_away(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void clear(void)
{
    (void)nftw(folder, take_away, 8, FTW_DEPTH | FTW_PHYS);
}

static bool begin(void)
{
    const char *tmp = getenv("TMPDIR");
    if (!tmp)
        tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; /* memory, where there is */
    if (!folder[0]) {
        /* processes that a test forks and lets die use the folder of the one that made it */
        snprintf(folder, sizeof folder, "%.20s/tocsin-fuzz-XXXXXX", tmp);
        if (!mkdtemp(folder))
            return false;
        atexit(clear);
    } else {
        clear();
        if (mkdir(folder, 0700) != 0)
            return false;
    }
    return true;
}

static bool stays_inside(const char *name)
{
    return name[0] && name[0] != '/' && !strstr(name, "..") && strcmp(name, ".") != 0;
}

/* One file of the archive, with the folders above it. */
static void put(const char *name, char kind, const char *link, struct slice content)
{
    char path[sizeof folder + NAME + 2];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        (void)!mkdir(path, 0700);
        *slash = '/';
    }
    if (kind == '5')
        (void)!mkdir(path, 0700);
    else if (kind == '6')
        (void)!mkfifo(path, 0600);
    else if (kind == '2' && stays_inside(link))
        (void)!symlink(link, path);
    else if (kind == '0' || kind == 0) {
        FILE *file = fopen(path, "wx");
        if (!file)
            return;
        (void)!fwrite(content.data, 1, content.len, file);
        fclose(file);
    }
}

static void unpack(struct slice archive)
{
    size_t at = 0;
    for (int files = 0; files < FILES_MOST && archive.len - at >= BLOCK; files++) {
        const uint8_t *head = archive.data + at;
        char name[NAME + 1], link[NAME + 1];
        size_t size = 0;
        memcpy(name, head, NAME);
        memcpy(link, head + 157, NAME);
        name[NAME] = link[NAME] = 0;
        for (int i = 124; i < 135 && head[i] >= '0' && head[i] <= '7' && size < archive.len; i++)
            size = size << 3 | (size_t)(head[i] - '0');
        at += BLOCK;
        if (size > archive.len - at)
            size = archive.len - at;
        if (name[0] == '.' && name[1] == '/')
            memmove(name, name + 2, NAME - 1);
        if (stays_inside(name))
            put(name, (char)head[156], link, slice_of(archive.data + at, size));
        at += size + (BLOCK - size % BLOCK) % BLOCK;
        if (at > archive.len)
            break;
    }
}

static bool is_there(const char *name)
{
    char path[sizeof folder + NAME + 2];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return lstat(path, &st) == 0;
}

static struct buf lines; /* of the manifest under way */
static bool payload;     /* it is that of data/ */

static int add_line(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    const char *name = path + strlen(folder) + 1;
    char hex[2 * SHA256_LEN + 1];
    uint8_t sha[SHA256_LEN];
    uint64_t bytes;
    struct err none = {0};
    (void)st;
    if (kind == FTW_F && (payload ? strncmp(name, "data/", 5) == 0 : at->level == 1) &&
        evidence_file_digest(folder, name, sha, &bytes, &none) == 0) {
        hex_format(sha, sizeof sha, hex);
        buf_printf(&lines, "%s  %s\n", hex, name);
    }
    return 0;
}

/* A manifest of the files that stand there, where the archive has none. */
static void list(const char *manifest, bool of_payload)
{
    struct err e = {0};
    if (is_there(manifest))
        return;
    buf_init(&lines);
    payload = of_payload;
    (void)nftw(folder, add_line, 8, FTW_PHYS);
    if (buf_check(&lines, &e) == 0)
        put(manifest, '0', "", buf_slice(&lines));
    buf_fini(&lines);
}

/* What content alone can bring about is a verdict; only want of memory or a limit is a failure. */
static void no_failure(const struct err *e)
{
    demand(err_is_set(e));
    demand(e->kind == ERR_MEMORY || e->kind == ERR_LIMIT);
}

static void disclosure(void)
{
    struct evidence_disclosure verdict;
    struct err e = {0};
    if (evidence_disclosure_verify(folder, NULL, NULL, &verdict, &e) != 0)
        no_failure(&e);
    else
        demand(verdict.sound == (verdict.problem_count == 0) && !verdict.vouched &&
               !verdict.stamp_vouched);
    evidence_disclosure_fini(&verdict);
}

static void bundle(void)
{
    const struct evidence_verify_options options = {.workers = 1};
    struct evidence_verdict verdict, again;
    struct err e = {0};
    if (evidence_verify(folder, &options, &verdict, &e) != 0) {
        no_failure(&e);
    } else {
        demand(verdict.sound == (verdict.problems_all == 0));
        for (size_t i = 0; i < verdict.seal_count; i++)
            demand(!verdict.seals[i].signature.chain_checked);
        if (verdict.sound && verdict.has_image) { /* whatever was found sound is so twice */
            const struct evidence_verify_options tree = {.workers = 1, .tree_only = true};
            struct err none = {0};
            if (evidence_verify(folder, &tree, &again, &none) == 0)
                demand(again.sound && again.image_bytes == verdict.image_bytes);
            evidence_verdict_fini(&again);
        }
    }
    evidence_verdict_fini(&verdict);
}

static void image(void)
{
    struct err e = {0};
    struct evidence_mount *m = evidence_mount_open(folder, NULL, NULL, &e);
    if (!m) {
        demand(err_is_set(&e));
        return;
    }
    static uint8_t out[65536];
    uint64_t bytes = evidence_mount_bytes(m), all = bytes < READ_MOST ? bytes : READ_MOST;
    for (uint64_t at = 0; at < all;) {
        ssize_t n = evidence_mount_read(m, at, out, sizeof out);
        demand(n != 0 && n <= (ssize_t)sizeof out);
        at += n > 0 ? (uint64_t)n : sizeof out;
    }
    demand(evidence_mount_read(m, bytes, out, sizeof out) == 0);
    evidence_mount_close(m);
}

static void told(void)
{
    const struct evidence_report_options options = {.path = folder, .no_verify = true};
    struct evidence_reported reported = {0};
    struct paper paper;
    struct buf graph;
    struct err e = {0};
    paper_init(&paper, 0);
    demand(evidence_report(&options, &paper, &reported, &e) == 0 || err_is_set(&e));
    paper_fini(&paper);
    err_clear(&e);
    buf_init(&graph);
    demand(evidence_uco_folder(folder, &(struct evidence_uco_told){0}, &graph, &e) == 0 ||
           err_is_set(&e));
    buf_fini(&graph);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!begin())
        return 0;
    unpack(slice_of(data, size));
    if (is_there("disclosure.json")) {
        disclosure();
        return 0;
    }
    if (is_there("acquisition.json")) {
        list("manifest-sha256.txt", true);
        list("tagmanifest-sha256.txt", false);
        bundle();
        image();
    } else {
        struct evidence_custody_state state;
        struct err e = {0};
        if (evidence_custody_verify(folder, NULL, &state, &e) != 0)
            demand(err_is_set(&e));
        else
            demand(state.sound == (state.problems_all == 0));
        evidence_custody_state_fini(&state);
    }
    told();
    return 0;
}
