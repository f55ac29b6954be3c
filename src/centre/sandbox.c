/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers of Debian 12; the kernel says by its version what it knows. */
enum {
    ACCESS_REFER = 1 << 13,
    ACCESS_TRUNCATE = 1 << 14,
    ACCESS_BIND_TCP = 1 << 0,
    SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0,
    SCOPE_SIGNAL = 1 << 1,
};

/* linux/landlock.h of a newer kernel. An older one refuses bytes behind what it knows if not 0. */
struct ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

static const uint64_t read_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t write_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                                     LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                     LANDLOCK_ACCESS_FS_MAKE_SYM | ACCESS_TRUNCATE;
/* What has a meaning for a plain file, not only for a folder. */
static const uint64_t file_access =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE;

/* What no process of ours does: a call means that somebody else's code runs in it. */
static const char *const deadly[] = {
    "execve",
    "execveat",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "keyctl",
    "add_key",
    "request_key",
    "open_by_handle_at",
    "unshare",
    "setns",
    "reboot",
    "swapon",
    "io_uring_setup",
};

struct report {
    char *text;
    size_t size, at;
};

static void PRINTF_LIKE(2, 3) note(struct report *r, const char *format, ...)
{
    va_list args;

    if (r->at + 2 < r->size && r->at) {
        memcpy(r->text + r->at, ", ", 3);
        r->at += 2;
    }
    va_start(args, format);
    int n = vsnprintf(r->text + r->at, r->size - r->at, format, args);
    va_end(args);
    if (n > 0)
        r->at += (size_t)n < r->size - r->at ? (size_t)n : r->size - r->at - 1;
}

static int give_up_privileges(struct report *r, struct err *e)
{
    const struct rlimit none = {0, 0};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_errno(e, errno, "sandbox.privileges", "cannot give up new privileges");
    note(r, "no new privileges");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        return err_errno(e, errno, "sandbox.core", "cannot give up core dumps");
    note(r, "no core dumps");
    return 0;
}

static int allow_path(int ruleset, const char *path, uint64_t access, struct err *e)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = access};
    struct stat st;

    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return errno == ENOENT ? 0
                               : err_errno(e, errno, "sandbox.landlock", "cannot open %s", path);
    if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rule.allowed_access &= file_access;
    int failed = rule.allowed_access &&
                 syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0;
    int reason = errno;
    close(rule.parent_fd);
    return failed ? err_errno(e, reason, "sandbox.landlock", "a rule for %s", path) : 0;
}

static int allow_paths(int ruleset, const char *const *paths, uint64_t access, struct err *e)
{
    for (; paths && *paths; paths++)
        if (allow_path(ruleset, *paths, access, e) != 0)
            return -1;
    return 0;
}

/* All rights over files that this version of Landlock knows. */
static uint64_t known_access(long version)
{
    uint64_t access = (1 << 13) - 1;

    if (version >= 2)
        access |= ACCESS_REFER;
    if (version >= 3)
        access |= ACCESS_TRUNCATE;
    return access;
}

static int enter_landlock(const struct sandbox *s, struct report *r, struct err *e)
{
    long version =
        syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
    struct ruleset attr = {0};
    size_t size = sizeof(attr.handled_access_fs);
    int result = -1;

    if (version < 1) {
        note(r, "no Landlock in this kernel");
        return 0;
    }
    attr.handled_access_fs = known_access(version);
    if (version >= 4) {
        attr.handled_access_net = s->may_bind_tcp ? 0 : ACCESS_BIND_TCP;
        size = sizeof(attr) - sizeof(attr.scoped);
    }
    if (version >= 6) {
        attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
        size = sizeof(attr);
    }
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
    if (ruleset < 0)
        return err_errno(e, errno, "sandbox.landlock", "Landlock refuses our rules");
    uint64_t known = attr.handled_access_fs;
    if (allow_paths(ruleset, s->readable, read_access & known, e) == 0 &&
        allow_paths(ruleset, s->writable, write_access & known, e) == 0 &&
        allow_paths(ruleset, s->removable, LANDLOCK_ACCESS_FS_REMOVE_FILE, e) == 0) {
        result = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
        if (result != 0)
            err_errno(e, errno, "sandbox.landlock", "Landlock cannot be entered");
    }
    close(ruleset);
    if (result == 0)
        note(r, "Landlock %ld", version);
    return result == 0 ? 0 : -1;
}

/* A name that this architecture does not have is no rule. */
static int add_rule(scmp_filter_ctx filter, uint32_t action, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);

    if (number == __NR_SCMP_ERROR || number < 0)
        return 0;
    return seccomp_rule_add(filter, action, number, 0);
}

static int add_rules(scmp_filter_ctx filter, const struct sandbox *s)
{
    int socket_call = seccomp_syscall_resolve_name("socket");

    for (size_t i = 0; i < ARRAY_LEN(deadly); i++)
        if (add_rule(filter, SCMP_ACT_KILL_PROCESS, deadly[i]) != 0)
            return -1;
    for (const char *const *name = s->system_calls; *name; name++)
        if (add_rule(filter, SCMP_ACT_ALLOW, *name) != 0)
            return -1;
    for (const int *family = s->socket_families; *family >= 0; family++) {
        const struct scmp_arg_cmp first = {
            .arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)*family};
        if (seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, socket_call, 1, &first) != 0)
            return -1;
    }
    return 0;
}

static int enter_seccomp(const struct sandbox *s, struct report *r, struct err *e)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int result;

    if (!filter)
        return err_memory(e);
    result = add_rules(filter, s);
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    if (result != 0)
        return err_errno(e, -result, "sandbox.seccomp", "the system call filter was refused");
    note(r, "seccomp");
    return 0;
}

int sandbox_enter(const struct sandbox *sandbox, char *report, size_t size, struct err *e)
{
    struct report r = {.text = report, .size = size};

    report[0] = '\0';
    if (give_up_privileges(&r, e) != 0 || enter_landlock(sandbox, &r, e) != 0 ||
        enter_seccomp(sandbox, &r, e) != 0)
        return -1;
    return 0;
}
