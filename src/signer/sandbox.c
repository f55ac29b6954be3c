/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Landlock's numbers, from the kernel's documentation (userspace-api/landlock): the headers of
 * Debian 12 know versions 1 and 2 only.
 */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
enum {
    LANDLOCK_ASK_VERSION = 1,
    LANDLOCK_PATH_BENEATH = 1,
    RIGHT_WRITE_FILE = 1 << 1,
    RIGHT_READ_FILE = 1 << 2,
    RIGHT_READ_FOLDER = 1 << 3,
    RIGHT_REMOVE_FILE = 1 << 5,
    RIGHT_MAKE_FILE = 1 << 8,
    RIGHTS_OF_V1 = (1 << 13) - 1,
    RIGHT_REFER = 1 << 13,    /* version 2 */
    RIGHT_TRUNCATE = 1 << 14, /* version 3 */
    RIGHT_IOCTL = 1 << 15,    /* version 5 */
    RIGHTS_OF_TCP = 3,        /* version 4: bind, connect */
    SCOPES = 3,               /* version 6: abstract sockets, signals */
};
struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scoped;
};
struct path_rule {
    uint64_t allowed;
    int32_t folder;
} __attribute__((packed));

static int allow_folder(int ruleset, const char *folder, uint64_t rights, struct err *e)
{
    struct path_rule rule = {.allowed = rights};
    int fd = open(folder, O_PATH | O_CLOEXEC);

    if (fd < 0)
        return err_errno(e, errno, "signer.landlock", "cannot open %s", folder);
    rule.folder = fd;
    long done = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_PATH_BENEATH, &rule, 0);
    int why = errno;
    close(fd);
    return done == 0 ? 0 : err_errno(e, why, "signer.landlock", "cannot keep %s", folder);
}

/* The version in force, 0 when the kernel has none, or -1. */
static int enter_landlock(const char *folder, struct err *e)
{
    struct ruleset rules = {.files = RIGHTS_OF_V1};
    uint64_t rights = RIGHT_WRITE_FILE | RIGHT_READ_FILE | RIGHT_READ_FOLDER | RIGHT_REMOVE_FILE |
                      RIGHT_MAKE_FILE;
    size_t size = sizeof(rules.files);
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_ASK_VERSION);

    if (version < 1)
        return 0;
    if (version >= 2)
        rules.files |= RIGHT_REFER;
    if (version >= 3) {
        rules.files |= RIGHT_TRUNCATE;
        rights |= RIGHT_TRUNCATE;
    }
    if (version >= 4) {
        rules.network = RIGHTS_OF_TCP;
        size = 2 * sizeof(uint64_t);
    }
    if (version >= 5)
        rules.files |= RIGHT_IOCTL;
    if (version >= 6) {
        rules.scoped = SCOPES;
        size = sizeof(rules);
    }
    long ruleset = syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (ruleset < 0)
        return err_errno(e, errno, "signer.landlock", "cannot make Landlock's rules");
    int result = allow_folder((int)ruleset, folder, rights, e);
    if (result == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        result = err_errno(e, errno, "signer.landlock", "cannot enter Landlock");
    close((int)ruleset);
    return result == 0 ? (int)version : -1;
}

/* What reading keys, waiting for requests, threads and memory need. No socket is opened any more.
 */
static const int allowed_calls[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(getsockopt),
    SCMP_SYS(shutdown),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(close),
    SCMP_SYS(openat),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(lseek),
    SCMP_SYS(fcntl),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(uname),
};

static bool add_calls(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < sizeof(allowed_calls) / sizeof(allowed_calls[0]); i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0) != 0)
            return false;
    /* threads, but no processes; memory, but nothing that can be run */
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, 4 /* PROT_EXEC */, 0)) == 0;
}

static int enter_seccomp(struct err *e)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int result = 0;

    if (!filter)
        return err_memory(e);
    if (!add_calls(filter) || seccomp_load(filter) != 0)
        result = err_set(e, ERR_SYSTEM, "signer.seccomp", NULL,
                         "the kernel does not take the list of system calls");
    seccomp_release(filter);
    return result;
}

int signer_sandbox_enter(const char *folder, char *text, unsigned long size, struct err *e)
{
    const struct rlimit none = {0};

    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_errno(e, errno, "signer.sandbox", "cannot give up privileges");
    int landlock = enter_landlock(folder, e);
    if (landlock < 0 || enter_seccomp(e) != 0)
        return -1;
    if (landlock > 0)
        snprintf(text, size, "seccomp, landlock %d, no core dumps, no new privileges", landlock);
    else
        snprintf(text, size,
                 "seccomp, no core dumps, no new privileges (this kernel has no Landlock)");
    return 0;
}
