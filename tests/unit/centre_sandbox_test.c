/* SPDX-License-Identifier: Apache-2.0 */
/* What a sandboxed process cannot do any more; each tried in a child of its own. */
#include "base/file.h"
#include "centre/sandbox.h"
#include "store/db.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char home[64];
static char inside[96];
static char report[200]; /* of the sandboxed child */

static bool as_centre; /* else as courier */

/* Exit code of act() in a sandboxed child, or minus the signal that ended it. */
static int in_sandbox(int (*act)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct err e = {0};
        int failed = as_centre ? sandbox_centre(home, NULL, report, sizeof(report), &e)
                               : sandbox_courier(home, report, sizeof(report), &e);
        if (failed) {
            fprintf(stderr, "%s\n", e.text);
            _exit(100);
        }
        _exit(act());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int landlock_is_there(void)
{
    return strstr(report, "no Landlock") == NULL;
}

static int report_is_full(void)
{
    return strstr(report, "no new privileges, no core dumps") && strstr(report, "seccomp") ? 0 : 1;
}

static int run_a_program(void)
{
    execl("/bin/true", "true", NULL);
    return 1;
}

static int trace_parent(void)
{
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
               ? 0
               : 1;
}

static int write_a_file(void)
{
    int fd = open(inside, O_WRONLY | O_CREAT, 0600);

    return fd < 0 && (errno == EACCES || errno == EPERM) ? 0 : 1;
}

static int read_a_secret(void)
{
    int fd = open("/proc/self/environ", O_RDONLY);

    return fd < 0 && errno == EACCES ? 0 : 1;
}

static int read_etc(void)
{
    return open("/etc/passwd", O_RDONLY) >= 0 ? 0 : 1;
}

static int packet_socket(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EPERM ? 0 : 1;
}

static int internet_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : 1;
}

static int write_outside(void)
{
    int fd = open("/tmp/tocsin-sandbox-outside", O_WRONLY | O_CREAT, 0600);

    return fd < 0 && (errno == EACCES || errno == EPERM) ? 0 : 1;
}

/* The database as the centre uses it: made, changed, read by another connection. */
static int use_database(void)
{
    struct db *writer = NULL, *reader = NULL;
    struct err e = {0};
    char url[96];

    snprintf(url, sizeof(url), "sqlite:%s/db", home);
    if (db_open(&writer, url, DB_WRITE, &e) != 0 || db_migrate(writer, 1, &e) != 0 ||
        db_begin(writer, &e) != 0 || db_commit(writer, &e) != 0 ||
        db_open(&reader, url, DB_READ, &e) != 0 || db_begin(reader, &e) != 0) {
        fprintf(stderr, "%s %s\n", e.text, e.where);
        return 1;
    }
    db_rollback(reader);
    db_close(reader);
    db_close(writer);
    return 0;
}

static void *nothing(void *context)
{
    return context;
}

static int start_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0 ? 0
                                                                                                : 1;
}

/* fsync, rename in place: how files of the home are written. */
static int replace_file(void)
{
    struct err e = {0};

    return file_write(inside, slice_str("x"), 0600, &e) == 0 &&
                   file_write(inside, slice_str("y"), 0600, &e) == 0
               ? 0
               : 1;
}

static int chmod_a_file(void)
{
    return chmod("/etc/passwd", 0644) < 0 && errno == EPERM ? 0 : 1;
}

static void test_what_is_denied(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(report_is_full), 0);
    assert_int_equal(in_sandbox(trace_parent), 0);
    assert_int_equal(in_sandbox(run_a_program), -SIGSYS);
    assert_int_equal(in_sandbox(packet_socket), 0);
    assert_int_equal(in_sandbox(chmod_a_file), 0);
}

static void test_what_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(internet_socket), 0);
    assert_int_equal(in_sandbox(read_etc), 0);
}

static void test_files(void **state)
{
    (void)state;
    if (in_sandbox(landlock_is_there) != 1) {
        printf("skipped: no Landlock in this kernel\n");
        skip();
    }
    assert_int_equal(in_sandbox(write_a_file), 0);
    assert_int_equal(in_sandbox(read_a_secret), 0);
}

static void test_centre(void **state)
{
    (void)state;
    as_centre = true;
    assert_int_equal(in_sandbox(report_is_full), 0);
    assert_int_equal(in_sandbox(run_a_program), -SIGSYS);
    assert_int_equal(in_sandbox(packet_socket), 0);
    assert_int_equal(in_sandbox(internet_socket), 0);
    assert_int_equal(in_sandbox(read_etc), 0);
    assert_int_equal(in_sandbox(start_thread), 0);
    assert_int_equal(in_sandbox(replace_file), 0);
    assert_int_equal(in_sandbox(use_database), 0);
    if (in_sandbox(landlock_is_there) == 1)
        assert_int_equal(in_sandbox(write_outside), 0);
    as_centre = false;
}

static int make_home(void **state)
{
    (void)state;
    snprintf(home, sizeof(home), "/tmp/tocsin-sandbox.XXXXXX");
    if (!mkdtemp(home))
        return -1;
    snprintf(inside, sizeof(inside), "%s/file", home);
    return 0;
}

static int remove_home(void **state)
{
    (void)state;
    static const char *const names[] = {"file", "db", "db-wal", "db-shm"};
    char path[96];

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", home, names[i]);
        unlink(path);
    }
    return rmdir(home);
}

int main(void)
{
    if (SANITIZED) {
        printf("skipped: a sanitizer needs what the sandbox takes away\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_denied),
        cmocka_unit_test(test_what_is_allowed),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_centre),
    };
    return cmocka_run_group_tests_name("centre_sandbox", tests, make_home, remove_home);
}
