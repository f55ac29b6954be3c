/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz harness without libFuzzer: every corpus file as it is, then a fixed number of
 * mutations of each (bit flips, cuts, doubled runs, foreign bytes) from a fixed seed. So that every
 * build, with any compiler, runs every harness.
 *
 * With --memory: every corpus file while each of our allocations fails, one run each (a sample of
 * FAULT_TIMES × 40, or all with FAULT_EVERY). What a harness demands may then not hold, as it
 * cannot tell an error for want of memory from another; that nothing crashes, it may not.
 */
#undef abort

#include "base/buf.h"
#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAMPLE = 40, UNMET = 77 };

void fuzz_abort(void) __attribute__((noreturn));
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state = 0x9e3779b97f4a7c15U;

static uint64_t draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return below ? state % below : 0;
}

static size_t mutate(uint8_t *data, size_t len, size_t room)
{
    for (uint64_t changes = 1 + draw(4); changes > 0 && len > 0; changes--) {
        size_t at = draw(len);
        switch (draw(5)) {
        case 0: data[at] ^= (uint8_t)(1U << draw(8)); break;
        case 1: data[at] = (uint8_t)draw(256); break;
        case 2: len = at; break;
        case 3: {
            size_t run = draw(len - at) + 1;
            if (len + run <= room) {
                memmove(data + at + run, data + at, len - at);
                len += run;
            }
            break;
        }
        default: {
            static const char marks[] = "\"\\{}[]:,0-\n\r\x80\xff\0";
            data[at] = (uint8_t)marks[draw(sizeof(marks))];
        }
        }
    }
    return len;
}

static void run_exactly(const uint8_t *data, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1); /* so that sanitizers see one byte past the end */

    if (!exact)
        exit(1);
    if (len)
        memcpy(exact, data, len);
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
}

/* What abort() is in the harnesses (meson.build). */
void fuzz_abort(void)
{
    if (mem_has_failed())
        _exit(UNMET);
    abort();
}

/* In a process of its own: 0 when it ended, -1 when it crashed. */
static int run_short_of_memory(struct slice content, long after)
{
    int status = 0;
    pid_t child = fork();

    if (child < 0)
        exit(1);
    if (child == 0) {
        mem_fail_after(after);
        run_exactly(content.data, content.len);
        _exit(0);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == UNMET) ? 0 : -1;
}

static int run_faults(const char *path)
{
    const char *times = getenv("FAULT_TIMES");
    const char *every = getenv("FAULT_EVERY");
    long sample = SAMPLE * (times ? strtol(times, NULL, 10) : 1);
    struct buf content;
    struct err e = {0};
    int result = 0;

    buf_init(&content);
    if (file_read(path, 1 << 20, &content, &e) != 0) {
        fprintf(stderr, "%s\n", e.text);
        buf_fini(&content);
        return -1;
    }
    run_exactly(content.data, content.len); /* what is made once is made */
    mem_fail_after(-1);
    run_exactly(content.data, content.len);
    long all = mem_allocations();
    long step = every && *every && *every != '0' ? 1 : all / sample + 1;
    for (long after = 0; after < all; after += step)
        if (run_short_of_memory(buf_slice(&content), after) != 0) {
            fprintf(stderr, "%s: crashes when allocation %ld of %ld fails\n", path, after, all);
            result = -1;
        }
    buf_fini(&content);
    return result;
}

static bool faults; /* --memory */

static int run_file(const char *path, unsigned mutations)
{
    struct buf content;
    struct err e = {0};

    buf_init(&content);
    if (file_read(path, 1 << 20, &content, &e) != 0) {
        fprintf(stderr, "%s\n", e.text);
        buf_fini(&content);
        return -1;
    }
    size_t len = content.len;
    run_exactly(content.data, len);
    uint8_t *work = malloc(2 * len + 16);
    if (!work)
        exit(1);
    for (unsigned i = 0; i < mutations; i++) {
        if (len)
            memcpy(work, content.data, len);
        run_exactly(work, mutate(work, len, 2 * len + 16));
    }
    free(work);
    buf_fini(&content);
    return 0;
}

static int run(const char *path, unsigned mutations)
{
    return faults ? run_faults(path) : run_file(path, mutations);
}

int main(int argc, char **argv)
{
    unsigned files = 0;
    const char *wanted = getenv("FUZZ_MUTATIONS");
    unsigned asked = 0;
    unsigned mutations = wanted ? (unsigned)strtoul(wanted, NULL, 10) : 500;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--memory") == 0) {
            faults = true;
            continue;
        }
        DIR *folder = opendir(argv[i]);
        if (!folder) {
            asked++;
            files += run(argv[i], mutations) == 0;
            continue;
        }
        for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
            char path[PATH_MAX];
            if (entry->d_name[0] == '.')
                continue;
            snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
            asked++;
            files += run(path, mutations) == 0;
        }
        closedir(folder);
    }
    if (files == 0) {
        fprintf(stderr, "no corpus file was run\n");
        return 1;
    }
    printf("%u of %u corpus files\n", files, asked);
    return files == asked ? 0 : 1;
}
