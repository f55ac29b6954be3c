/* SPDX-License-Identifier: Apache-2.0 */
/* Files appear whole or not at all; errors and log lines are one harmless line each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char folder[64];

static bool no_flag, no_links; /* as file systems of sticks have neither */

/* In the place of the library's. */
int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    if (no_flag && flags) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    if (no_links) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/tocsin-file-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static const char *in_folder(const char *name)
{
    static char path[16][256];
    static unsigned next;
    char *out = path[next++ % 16];

    snprintf(out, 256, "%s/%s", folder, name);
    return out;
}

static size_t count_entries(const char *path)
{
    DIR *d = opendir(path);
    size_t count = 0;

    assert_non_null(d);
    for (struct dirent *entry = readdir(d); entry; entry = readdir(d))
        count += entry->d_name[0] != '.';
    closedir(d);
    return count;
}

static void assert_holds(const char *path, const char *content)
{
    struct err e = {0};
    struct buf b;

    buf_init(&b);
    assert_int_equal(file_read(path, 1 << 20, &b, &e), 0);
    assert_string_equal(buf_text(&b), content);
    buf_fini(&b);
}

static void a_file_is_replaced_whole(void **state)
{
    const char *path = in_folder("replaced");
    struct err e = {0};
    struct stat s;

    (void)state;
    assert_int_equal(file_write(path, slice_str("one"), 0600, &e), 0);
    assert_int_equal(file_write(path, slice_str("two"), 0600, &e), 0);
    assert_holds(path, "two");
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 07777, 0600);
    assert_int_equal(count_entries(folder), 1); /* nothing is left beside it */
    assert_int_equal(file_write(in_folder("no/such/folder"), slice_str("x"), 0600, &e), -1);
    assert_string_equal(e.code, "base.file-create");
    err_clear(&e);
    assert_int_equal(mkdir(in_folder("occupied"), 0700), 0);
    assert_int_equal(file_write(in_folder("occupied"), slice_str("x"), 0600, &e), -1);
    assert_int_equal(count_entries(folder), 2);
    rmdir(in_folder("occupied"));
    unlink(path);
}

static void a_new_file_never_replaces(void **state)
{
    const char *path = in_folder("new");
    struct err e = {0};
    struct stat s;

    (void)state;
    assert_int_equal(file_create(path, slice_str("first"), 0640, &e), 0);
    assert_int_equal(file_create(path, slice_str("second"), 0640, &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_string_equal(e.code, "base.file-exists");
    assert_non_null(strstr(e.text, path));
    assert_holds(path, "first");
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_nlink, 1);
    assert_int_equal(count_entries(folder), 1);
    unlink(path);
}

static void reading_stops_at_the_limit(void **state)
{
    static uint8_t bytes[200000];
    const char *path = in_folder("long");
    struct err e = {0};
    struct buf b;

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    assert_int_equal(file_write(path, slice_of(bytes, sizeof(bytes)), 0600, &e), 0);
    buf_init(&b);
    assert_int_equal(file_read(path, sizeof(bytes), &b, &e), 0);
    assert_int_equal(b.len, sizeof(bytes));
    buf_reset(&b);
    assert_int_equal(file_read(path, sizeof(bytes) - 1, &b, &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_string_equal(e.code, "base.file-limit");
    buf_reset(&b);
    err_clear(&e);
    assert_int_equal(file_read(in_folder("absent"), 10, &b, &e), -1);
    assert_string_equal(e.code, "base.file-open");
    assert_non_null(strstr(e.text, "No such file"));
    err_clear(&e);
    assert_int_equal(file_read(folder, 10, &b, &e), -1);
    assert_string_equal(e.code, "base.file-read");
    err_clear(&e);
    buf_reset(&b); /* a device that never ends */
    assert_int_equal(file_read("/dev/zero", 1 << 20, &b, &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    buf_fini(&b);
    unlink(path);
}

static void folders_are_made_with_their_parents(void **state)
{
    static char long_name[PATH_MAX + 10];
    struct err e = {0};

    (void)state;
    assert_int_equal(file_make_folder(in_folder("a/b/c"), 0700, &e), 0);
    assert_int_equal(file_make_folder(in_folder("a/b/c/"), 0700, &e), 0);
    assert_int_equal(file_kind(in_folder("a/b/c")), 2);
    assert_int_equal(file_write(in_folder("a/file"), slice_str(""), 0600, &e), 0);
    assert_int_equal(file_kind(in_folder("a/file")), 1);
    assert_int_equal(file_kind(in_folder("a/none")), 0);
    assert_int_equal(file_make_folder(in_folder("a/file"), 0700, &e), -1);
    assert_string_equal(e.code, "base.folder");
    err_clear(&e);
    assert_int_equal(file_make_folder(in_folder("a/file/b"), 0700, &e), -1);
    err_clear(&e);
    assert_int_equal(file_make_folder("", 0700, &e), -1);
    assert_string_equal(e.code, "base.file-name");
    err_clear(&e);
    memset(long_name, 'x', sizeof(long_name) - 1);
    assert_int_equal(file_make_folder(long_name, 0700, &e), -1);
    assert_string_equal(e.code, "base.file-name");
    err_clear(&e);
    assert_int_equal(file_write(long_name, slice_str(""), 0600, &e), -1);
    assert_string_equal(e.code, "base.file-name");
}

/* The first error is the root cause; what comes later does not cover it. */
static void the_first_error_stays(void **state)
{
    struct err e = {0};
    char line[256];

    (void)state;
    assert_false(err_is_set(&e));
    assert_int_equal(err_set(&e, ERR_INPUT, "a.first", "RFC 1 section 2", "%s", "the cause"), -1);
    assert_int_equal(err_set(&e, ERR_SYSTEM, "b.second", NULL, "later"), -1);
    assert_int_equal(err_errno(&e, ENOENT, "b.third", "later"), -1);
    assert_int_equal(err_memory(&e), -1);
    assert_string_equal(e.code, "a.first");
    assert_string_equal(e.text, "the cause");
    err_line(&e, line, sizeof(line));
    assert_string_equal(line, "the cause (RFC 1 section 2)");
    err_where(&e, "line %d", 3);
    err_where(&e, "line %d", 4);
    err_context(&e, "file %s", "x.json");
    assert_string_equal(e.where, "file x.json: line 3");
    err_line(&e, line, sizeof(line));
    assert_string_equal(line, "the cause (file x.json: line 3; RFC 1 section 2)");
    err_hint(&e, "do this");
    err_hint(&e, "do that");
    assert_string_equal(e.hint, "do this");
    assert_int_equal(err_exit_code(e.kind), 1);
    assert_int_equal(err_http_status(e.kind), 422);
    err_clear(&e);
    err_errno(&e, EACCES, "c.system", "cannot open %s", "y");
    assert_string_equal(e.text, "cannot open y: Permission denied");
    err_line(&e, line, sizeof(line));
    assert_string_equal(line, "cannot open y: Permission denied");
    err_context(&e, "first");
    err_context(&e, "then");
    assert_string_equal(e.where, "then: first");
}

static void errors_are_cut_and_made_harmless(void **state)
{
    static char long_text[1000];
    struct err e = {0};

    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    err_set(&e, ERR_INPUT, long_text, long_text, "%s", long_text);
    err_where(&e, "%s", long_text);
    err_hint(&e, "%s", long_text);
    err_context(&e, "%s", long_text);
    assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
    assert_int_equal(strlen(e.where), sizeof(e.where) - 1);
    assert_int_equal(strlen(e.hint), sizeof(e.hint) - 1);
    err_clear(&e);
    err_set(&e, ERR_INPUT, "x", NULL,
            "\x1b[31mred\x7f\n\xC2\x9B"
            "2J \xFF caf\xC3\xA9");
    assert_string_equal(e.text, "?[31mred???2J ? caf\xC3\xA9");
    err_clear(&e);
    for (size_t i = 0; i + 2 < sizeof(long_text);
         i += 2) /* cut between the two bytes of a letter */
        memcpy(long_text + i, "\xC3\xA9", 2);
    err_set(&e, ERR_INPUT, "x", NULL, "%s", long_text);
    assert_string_equal(e.text + sizeof(e.text) - 4, "\xC3\xA9?");
}

/* What comes out on standard error when fields are logged. */
static void log_to(struct buf *out, enum log_level least, enum log_level level, const char *text)
{
    const char *path = in_folder("log");
    struct err e = {0};
    int saved = dup(STDERR_FILENO);
    int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

    assert_true(saved >= 0 && file >= 0);
    dup2(file, STDERR_FILENO);
    log_setup("test", least);
    log_line(level, "a.thing", LOG_S("text", text), LOG_I("count", -5));
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(file);
    buf_reset(out);
    assert_int_equal(file_read(path, 1 << 20, out, &e), 0);
    unlink(path);
}

static void a_log_line_is_one_line(void **state)
{
    static const char *const cases[][2] = {
        {"plain", "text=plain count=-5\n"},
        {"", "text=\"\" count=-5\n"},
        {"two words", "text=\"two words\" count=-5\n"},
        {"a\nb\"c\\d=e", "text=\"a\\u000ab\\\"c\\\\d=e\" count=-5\n"},
        {"\x1b[2J\x7f", "text=\"\\u001b[2J\\u007f\" count=-5\n"},
        {"caf\xC3\xA9", "text=\"caf\xC3\xA9\" count=-5\n"},
        {"\xC2\x9B"
         "2J",
         "text=\"\\u009b2J\" count=-5\n"},
        {"\xFFx", "text=\"\\ufffdx\" count=-5\n"},
    };
    struct buf out;

    (void)state;
    buf_init(&out);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        log_to(&out, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, cases[i][0]);
        const char *head = strstr(buf_text(&out), "Z warning test a.thing ");
        assert_non_null(head);
        assert_string_equal(head + strlen("Z warning test a.thing "), cases[i][1]);
    }
    log_to(&out, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, "not shown");
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

static void a_new_name_takes_nobodys(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct err e = {0};
        const char *from = in_folder("from"), *to = in_folder("to"), *link = in_folder("link");
        const char *deep = in_folder("deep"), *there = in_folder("there");
        no_flag = i > 0;
        no_links = i > 1;
        assert_int_equal(file_write(from, slice_str("new"), 0600, &e), 0);
        assert_int_equal(file_write(to, slice_str("old"), 0600, &e), 0);
        assert_int_equal(file_rename_new(AT_FDCWD, from, AT_FDCWD, to), -1);
        assert_int_equal(errno, EEXIST);
        assert_int_equal(symlink("nowhere", link), 0); /* a name too */
        assert_int_equal(file_rename_new(AT_FDCWD, from, AT_FDCWD, link), -1);
        assert_int_equal(errno, EEXIST);
        assert_holds(from, "new");
        assert_holds(to, "old");
        assert_int_equal(unlink(to), 0);
        assert_int_equal(file_rename_new(AT_FDCWD, from, AT_FDCWD, to), 0);
        assert_int_equal(file_kind(from), 0);
        assert_holds(to, "new");
        assert_int_equal(mkdir(deep, 0700), 0);
        assert_int_equal(mkdir(there, 0700), 0);
        assert_int_equal(file_rename_new(AT_FDCWD, deep, AT_FDCWD, there), -1);
        assert_int_equal(errno, EEXIST);
        assert_int_equal(rmdir(there), 0);
        assert_int_equal(file_rename_new(AT_FDCWD, deep, AT_FDCWD, there), 0);
        assert_int_equal(file_kind(there), 2);
        assert_int_equal(file_rename_new(AT_FDCWD, deep, AT_FDCWD, from), -1);
        assert_int_equal(errno, ENOENT);
        assert_int_equal(rmdir(there) || unlink(to) || unlink(link), 0);
    }
    no_flag = no_links = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_name_takes_nobodys),
        cmocka_unit_test(a_file_is_replaced_whole),
        cmocka_unit_test(a_new_file_never_replaces),
        cmocka_unit_test(reading_stops_at_the_limit),
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(errors_are_cut_and_made_harmless),
        cmocka_unit_test(a_log_line_is_one_line),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
