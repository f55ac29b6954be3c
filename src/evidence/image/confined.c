/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/image/confined.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MEMORY = 1 << 30 };

struct frame {
    uint32_t kind;
    uint32_t len;
};

void evidence_child_say(const struct evidence_child *child, enum evidence_message_kind kind,
                        struct slice first, struct slice second)
{
    struct frame f = {.kind = kind, .len = (uint32_t)(first.len + second.len)};
    if (first.len + second.len > EVIDENCE_MESSAGE_MOST ||
        file_write_all(child->out, &f, sizeof f) != 0 ||
        (first.len && file_write_all(child->out, first.data, first.len) != 0) ||
        (second.len && file_write_all(child->out, second.data, second.len) != 0))
        _exit(3);
}

void evidence_child_fact(const struct evidence_child *child, const char *name, uint64_t first,
                         uint64_t second, const char *text)
{
    uint8_t head[16 + 64] = {0};
    size_t len = strlen(name) < 63 ? strlen(name) : 63;
    memcpy(head, &first, 8);
    memcpy(head + 8, &second, 8);
    memcpy(head + 16, name, len);
    evidence_child_say(child, EVIDENCE_MESSAGE_FACT, slice_of(head, 16 + len + 1), slice_str(text));
}

bool evidence_message_fact(struct slice payload, uint64_t *first, uint64_t *second,
                           const char **name, struct slice *text)
{
    if (payload.len < 17)
        return false;
    const uint8_t *end = memchr(payload.data + 16, 0, payload.len - 16);
    if (!end)
        return false;
    memcpy(first, payload.data, 8);
    memcpy(second, payload.data + 8, 8);
    *name = (const char *)payload.data + 16;
    end++;
    *text = slice_of(end, payload.len - (size_t)(end - payload.data));
    return true;
}

void evidence_child_failed(const struct evidence_child *child, const char *why)
{
    evidence_child_say(child, EVIDENCE_MESSAGE_FAILED, slice_str(why), slice_of(NULL, 0));
}

/* Nothing of the file system but the given files. A kernel without Landlock: seccomp alone. */
static void keep_files(const int *files, size_t count)
{
    struct landlock_ruleset_attr rules = {.handled_access_fs = (1ull << 13) - 1};
    long ruleset = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules.handled_access_fs, 0);
    if (ruleset < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        struct landlock_path_beneath_attr rule = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
                                                  .parent_fd = files[i]};
        (void)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    (void)syscall(SYS_landlock_restrict_self, ruleset, 0);
    close((int)ruleset);
}

static const int allowed_calls[] = {
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(sched_getaffinity),
};

static bool keep_calls(int out, bool reopens)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool well = filter != NULL;
    for (size_t i = 0; well && i < ARRAY_LEN(allowed_calls); i++)
        well = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0) == 0;
    well = well && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
                                    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)out, 0)) == 0;
    /* memory that can be run is not to be had */
    well = well && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                                    SCMP_A2(SCMP_CMP_MASKED_EQ, 4 /* PROT_EXEC */, 0)) == 0;
    well = well && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                    SCMP_A2(SCMP_CMP_MASKED_EQ, 4, 0)) == 0;
    if (reopens)
        well = well &&
               seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                                SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, 0)) == 0;
    well = well && seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return well;
}

static void limit(int what, rlim_t most)
{
    struct rlimit l = {.rlim_cur = most, .rlim_max = most};
    (void)setrlimit((__rlimit_resource_t)what, &l);
}

static void run_child(const struct evidence_child *child, bool reopens,
                      void (*function)(const struct evidence_child *))
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NPROC, 0);
    if (!SANITIZED)
        limit(RLIMIT_AS, (rlim_t)MEMORY * 4);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        _exit(3);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    keep_files(child->files, child->file_count);
    if (!keep_calls(child->out, reopens)) {
        evidence_child_failed(child, "the kernel does not offer seccomp, and foreign formats are "
                                     "not read without");
        _exit(3);
    }
    function(child);
    evidence_child_say(child, EVIDENCE_MESSAGE_END, slice_of(NULL, 0), slice_of(NULL, 0));
    _exit(0);
}

int evidence_confined_start(struct evidence_confined *c, const int *files, size_t file_count,
                            bool reopens, void (*function)(const struct evidence_child *child),
                            struct err *e)
{
    int ends[2];
    *c = (struct evidence_confined){.fd = -1, .payload = mem_new(EVIDENCE_MESSAGE_MOST + 1, 1)};
    if (!c->payload)
        return err_memory(e);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(e, errno, "evidence.confined", "no pipe could be made");
    (void)fcntl(ends[1], F_SETPIPE_SZ, EVIDENCE_MESSAGE_MOST);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct evidence_child child = {.files = files, .file_count = file_count, .out = ends[1]};
        close(ends[0]);
        run_child(&child, reopens, function);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return err_errno(e, errno, "evidence.confined", "no process could be started");
    }
    c->pid = pid;
    c->fd = ends[0];
    return 0;
}

static bool read_all(int fd, void *out, size_t len)
{
    uint8_t *at = out;
    while (len > 0) {
        ssize_t n = read(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

int evidence_confined_next(struct evidence_confined *c, struct evidence_message *m, struct err *e)
{
    struct frame f;
    if (!read_all(c->fd, &f, sizeof f) || f.kind < EVIDENCE_MESSAGE_FACT ||
        f.kind > EVIDENCE_MESSAGE_END || f.len > EVIDENCE_MESSAGE_MOST ||
        !read_all(c->fd, c->payload, f.len)) {
        err_set(e, ERR_INPUT, "evidence.confined", NULL,
                "the process that reads this format ended before its time: the file is not as its "
                "format says, or needs more memory than is allowed");
        return -1;
    }
    c->payload[f.len] = 0;
    *m = (struct evidence_message){.kind = (enum evidence_message_kind)f.kind,
                                   .payload = slice_of(c->payload, f.len)};
    return 0;
}

void evidence_confined_end(struct evidence_confined *c)
{
    if (c->pid > 0) {
        close(c->fd);
        kill(c->pid, SIGKILL); /* it keeps nothing */
        while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    mem_free(c->payload);
    *c = (struct evidence_confined){.fd = -1};
}
