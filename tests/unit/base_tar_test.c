/* SPDX-License-Identifier: Apache-2.0 */
/* Archives (docs/formats.md section 6): what is written is read, by others too; all else refused.
 */
#include "base/tar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static void make(struct buf *out)
{
    struct tar_writer w;
    struct err e = {0};
    char many[1025];

    memset(many, 'x', sizeof many);
    tar_write_init(&w, tar_sink_buf, out);
    assert_int_equal(tar_write_file(&w, "manifest.json", slice_str("{}"), &e), 0);
    assert_int_equal(tar_write_file(&w, "advisories/a.json", slice_of(many, 512), &e), 0);
    assert_int_equal(tar_write_file(&w, "empty", slice_of("", 0), &e), 0);
    assert_int_equal(tar_write_begin(&w, "pieces", 1025, &e), 0);
    assert_int_equal(tar_write_data(&w, slice_of(many, 1000), &e), 0);
    assert_int_equal(tar_write_data(&w, slice_of(many, 25), &e), 0);
    assert_int_equal(tar_write_end(&w, &e), 0);
    assert_int_equal(tar_write_finish(&w, &e), 0);
    assert_int_equal(out->len % TAR_BLOCK, 0);
}

/* Reads all; the number of files, or -1 with the code. */
static int read_all(struct slice archive, struct err *e)
{
    struct tar_reader r;
    struct tar_entry entry;
    int files = 0, rc;

    tar_read_init(&r, tar_fetch_slice, &archive);
    while ((rc = tar_read_next(&r, &entry, e)) == 1) {
        assert_true(entry.offset + entry.size <= archive.len);
        files++;
    }
    assert_int_equal(tar_read_next(&r, &entry, e), 0);
    return rc == 0 ? files : -1;
}

static void round_trip(void **state)
{
    static const struct {
        const char *name;
        uint64_t size;
    } expected[] = {
        {"manifest.json", 2}, {"advisories/a.json", 512}, {"empty", 0}, {"pieces", 1025}};
    struct buf archive;
    struct tar_reader r;
    struct tar_entry entry;
    struct err e = {0};

    (void)state;
    buf_init(&archive);
    make(&archive);
    struct slice bytes = buf_slice(&archive);
    tar_read_init(&r, tar_fetch_slice, &bytes);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(tar_read_next(&r, &entry, &e), 1);
        assert_string_equal(entry.name, expected[i].name);
        assert_int_equal(entry.size, expected[i].size);
        if (i == 3)
            assert_int_equal(archive.data[entry.offset + 1024], 'x');
    }
    assert_int_equal(tar_read_next(&r, &entry, &e), 0);
    buf_fini(&archive);
}

/* "any tar opens them" */
static void tar_opens_it(void **state)
{
    char path[] = "/tmp/journal-tar-XXXXXX", command[200];
    struct buf archive;
    int fd = mkstemp(path);

    (void)state;
    buf_init(&archive);
    make(&archive);
    struct err e = {0};
    assert_int_equal(tar_sink_fd(&fd, buf_slice(&archive), &e), 0);
    snprintf(command, sizeof command,
             "test \"$(tar -tf %s | tr '\\n' ' ')\" = "
             "'manifest.json advisories/a.json empty pieces ' && "
             "test \"$(tar -xOf %s pieces | wc -c)\" = 1025",
             path, path);
    assert_int_equal(system(command), 0);
    struct tar_reader r;
    struct tar_entry entry;
    tar_read_init(&r, tar_fetch_fd, &fd);
    for (int i = 0; i < 4; i++)
        assert_int_equal(tar_read_next(&r, &entry, &e), 1);
    assert_int_equal(tar_read_next(&r, &entry, &e), 0);
    close(fd);
    unlink(path);
    buf_fini(&archive);
}

/* Every byte of every header and padding matters: no archive has a second form. */
static void any_changed_byte_is_refused(void **state)
{
    struct buf archive;

    (void)state;
    buf_init(&archive);
    make(&archive);
    for (size_t i = 0; i < archive.len; i++) {
        struct err e = {0};
        bool content = (i >= 512 && i < 514) || (i >= 1536 && i < 2048) || (i >= 3072 && i < 4097);
        archive.data[i] ^= 0x01;
        int files = read_all(buf_slice(&archive), &e);
        archive.data[i] ^= 0x01;
        if (content)
            assert_int_equal(files, 4);
        else if (files >= 0)
            fail_msg("byte %zu", i);
    }
    buf_fini(&archive);
}

static void cut_or_longer_is_refused(void **state)
{
    struct buf archive;

    (void)state;
    buf_init(&archive);
    make(&archive);
    for (size_t len = 0; len < archive.len; len++) {
        struct err e = {0};
        assert_int_equal(read_all(slice_of(archive.data, len), &e), -1);
    }
    buf_putc(&archive, 0);
    struct err e = {0};
    assert_int_equal(read_all(buf_slice(&archive), &e), -1);
    assert_string_equal(e.code, "tar.end");
    buf_fini(&archive);
}

static void names(void **state)
{
    static const char *const good[] = {"a", "a/b", "a..b", "..a", "a.", "x y", "-"};
    static const char *const bad[] = {"",    "/a",   "a/",  "a//b", ".",    "..",
                                      "./a", "a/..", "../", "a\\b", "a\nb", "\xC3\xA4"};
    char longest[102];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(tar_name_is(slice_str(good[i])));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(tar_name_is(slice_str(bad[i])));
    memset(longest, 'n', sizeof longest);
    assert_true(tar_name_is(slice_of(longest, 100)));
    assert_false(tar_name_is(slice_of(longest, 101)));
}

static void a_writer_keeps_its_word(void **state)
{
    struct tar_writer w;
    struct buf out;

    (void)state;
    buf_init(&out);
    struct err e = {0};
    tar_write_init(&w, tar_sink_buf, &out);
    assert_int_equal(tar_write_begin(&w, "../x", 1, &e), -1);
    err_clear(&e);
    assert_int_equal(tar_write_begin(&w, "x", TAR_FILE_MAX + 1, &e), -1);
    assert_string_equal(e.code, "tar.size");
    err_clear(&e);
    assert_int_equal(tar_write_begin(&w, "x", 3, &e), 0);
    assert_int_equal(tar_write_data(&w, slice_str("abcd"), &e), -1);
    err_clear(&e);
    assert_int_equal(tar_write_data(&w, slice_str("ab"), &e), 0);
    assert_int_equal(tar_write_end(&w, &e), -1);
    err_clear(&e);
    assert_int_equal(tar_write_finish(&w, &e), -1);
    err_clear(&e);
    assert_int_equal(tar_write_data(&w, slice_str("c"), &e), 0);
    assert_int_equal(tar_write_end(&w, &e), 0);
    assert_int_equal(tar_write_finish(&w, &e), 0);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(tar_opens_it),
        cmocka_unit_test(any_changed_byte_is_refused),
        cmocka_unit_test(cut_or_longer_is_refused),
        cmocka_unit_test(names),
        cmocka_unit_test(a_writer_keeps_its_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
