/* SPDX-License-Identifier: Apache-2.0 */
/* Collectors that hang, fail or are refused; a machine of files; answers of netlink, bent. */
#include "base/file.h"
#include "evidence/live/netlink.h"
#include "evidence/live/run.h"
#include "evidence/logical/attribute.h"
#include "evidence/logical/content.h"
#include "evidence/logical/mounts.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int setup(void **state)
{
    char path[128];
    struct err e = {0};
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/tocsin-live-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/data/live", folder);
    return file_make_folder(path, 0700, &e);
}

static void put_file(const char *path, const char *text)
{
    char full[512];
    struct err e = {0};
    snprintf(full, sizeof full, "%s/%s", folder, path);
    char *slash = strrchr(full, '/');
    *slash = 0;
    assert_int_equal(file_make_folder(full, 0755, &e), 0);
    *slash = '/';
    assert_int_equal(file_write(full, slice_str(text), 0644, &e), 0);
}

static void get_file(const char *path, struct buf *text)
{
    char full[512];
    struct err e = {0};
    snprintf(full, sizeof full, "%s/%s", folder, path);
    buf_init(text);
    assert_int_equal(file_read(full, 1 << 20, text, &e), 0);
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* Ten items, of which the third and seventh never end; each is a line of the output. */
static int hanging(struct live_room *room, struct err *e)
{
    struct live_output out;
    int result = live_output_open(&out, room, ".jsonl", e);
    for (uint64_t i = 0; i < 10 && result == 0; i++) {
        struct json_writer w;
        if (!live_item(room, i, "item %d", (int)i))
            continue;
        if (i == 3) { /* in the middle of a line */
            assert_int_equal(live_output_put(&out, "{\"torn", 6, e), 0);
        }
        while (i == 3 || i == 7)
            pause();
        live_line_begin(&out, &w);
        json_member_int(&w, "item", (int64_t)i);
        result = live_line_end(&out, &w, e);
        if (result == 0)
            result = live_output_flush(&out, e);
    }
    return live_output_close(&out, result, e);
}

static int stuck(struct live_room *room, struct err *e)
{
    (void)e;
    snprintf(room->shared->at, sizeof room->shared->at, "the place");
    for (;;)
        pause();
    return -1;
}

static int dying(struct live_room *room, struct err *e)
{
    (void)room, (void)e;
    abort();
    return -1;
}

static int failing(struct live_room *room, struct err *e)
{
    (void)room;
    return err_set(e, ERR_SYSTEM, "evidence.test", NULL, "it cannot");
}

static int refused(struct live_room *room, struct err *e)
{
    (void)e;
    live_nothing(room, "the kernel says no");
    return 0;
}

static void run(int (*function)(struct live_room *, struct err *), bool by_items,
                struct live_outcome *out)
{
    struct evidence_live_options o = {.folder = folder, .deadline_seconds = 1};
    struct live_collector c = {"test", "", "", 1, by_items, function};
    struct evidence_live_done done = {0};
    struct err e = {0};
    assert_int_equal(live_run(&o, &c, 1, out, &done, &e), 0);
    assert_true(out->ended.monotonic > out->started.monotonic);
}

/* nothing hangs: the item alone is given up, and said */
static void test_hanging(void **state)
{
    struct live_outcome out;
    struct buf text;
    (void)state;
    run(hanging, true, &out);
    assert_int_equal(out.state, EVIDENCE_LIVE_PARTLY);
    assert_int_equal(out.given_up_count, 2);
    assert_string_equal(out.given_up[0].at, "item 3");
    assert_string_equal(out.given_up[1].at, "item 7");
    get_file("data/live/01-test.jsonl", &text);
    assert_string_equal(buf_text(&text),
                        "{\"item\":0}\n{\"item\":1}\n{\"item\":2}\n{\"item\":4}\n"
                        "{\"item\":5}\n{\"item\":6}\n{\"item\":8}\n{\"item\":9}\n");
    buf_fini(&text);
}

static void test_states(void **state)
{
    struct live_outcome out;
    (void)state;
    run(stuck, false, &out);
    assert_int_equal(out.state, EVIDENCE_LIVE_GIVEN_UP);
    assert_non_null(strstr(out.why, "the place"));
    run(dying, false, &out);
    assert_int_equal(out.state, EVIDENCE_LIVE_FAILED);
    assert_non_null(strstr(out.why, "signal 6"));
    run(failing, false, &out);
    assert_int_equal(out.state, EVIDENCE_LIVE_FAILED);
    assert_non_null(strstr(out.why, "it cannot"));
    run(refused, false, &out);
    assert_int_equal(out.state, EVIDENCE_LIVE_REFUSED);
    assert_string_equal(out.why, "the kernel says no");
}

static const struct live_collector *find(const char *name)
{
    for (size_t i = 0; i < live_collector_count; i++)
        if (strcmp(live_collectors[i].name, name) == 0)
            return &live_collectors[i];
    return NULL;
}

/* 27037 row 21: an open volume is told before power-off. The machine is one of files. */
static void test_encryption(void **state)
{
    char root[128];
    struct evidence_live_options o = {.folder = folder, .root = root};
    struct evidence_live_done done = {0};
    struct live_outcome out;
    struct err e = {0};
    struct buf text;
    (void)state;
    snprintf(root, sizeof root, "%s/root", folder);
    put_file("root/sys/block/dm-0/dm/uuid", "CRYPT-LUKS2-0123456789abcdef-secret\n");
    put_file("root/sys/block/dm-0/dm/name", "secret\n");
    put_file("root/sys/block/dm-0/dev", "253:0\n");
    put_file("root/sys/block/dm-0/size", "2048\n");
    put_file("root/sys/block/dm-0/slaves/sda3/x", "");
    put_file("root/sys/block/dm-1/dm/uuid", "LVM-abc\n");
    put_file("root/sys/block/sda/size", "4096\n");
    put_file("root/proc/self/mountinfo",
             "30 1 253:0 / /srv/with\\040blank rw - ext4 /dev/mapper/secret rw\n"
             "31 1 0:50 / /home/a rw - fuse.gocryptfs /home/.a rw\n");
    put_file("root/proc/keys", "1 --alswrv 1 perm 1f3f0000 0 0 keyring _ses: 1\n");
    assert_int_equal(live_run(&o, find("encryption"), 8, &out, &done, &e), 0);
    assert_int_equal(out.state, EVIDENCE_LIVE_DONE);
    assert_int_equal(done.warning_count, 2);
    assert_non_null(strstr(done.warnings[0], "encrypted volume secret (/dev/dm-0 on sda3)"));
    assert_non_null(strstr(done.warnings[0], "before power-off"));
    assert_non_null(strstr(done.warnings[1], "/home/a (fuse.gocryptfs)"));
    get_file("data/live/08-encryption.jsonl", &text);
    assert_non_null(strstr(buf_text(&text), "\"format\":\"LUKS2\""));
    assert_non_null(strstr(buf_text(&text), "\"mounted_at\":[\"/srv/with blank\"]"));
    assert_non_null(strstr(buf_text(&text), "_ses"));
    buf_fini(&text);
}

/* A module that one of the kernel's lists leaves out. */
static void test_hidden_module(void **state)
{
    char root[128];
    struct evidence_live_options o = {.folder = folder, .root = root};
    struct evidence_live_done done = {0};
    struct live_outcome out;
    struct err e = {0};
    (void)state;
    snprintf(root, sizeof root, "%s/root", folder);
    put_file("root/proc/modules", "open 4096 0 - Live 0x0\nhid 1 0 - Live 0x0\n");
    put_file("root/sys/module/open/initstate", "live\n");
    put_file("root/sys/module/hidden/initstate", "live\n");
    put_file("root/sys/module/builtin/parameters", "");
    assert_int_equal(live_run(&o, find("modules"), 6, &out, &done, &e), 0);
    assert_int_equal(done.warning_count, 1);
    assert_non_null(strstr(done.warnings[0], "module hidden "));
}

static void test_acl(void **state)
{
    static const uint8_t good[] = {2, 0, 0,   0, 1, 0, 6,    0, 255, 255, 255, 255, 2,   0,
                                   4, 0, 210, 4, 0, 0, 0x20, 0, 0,   0,   255, 255, 255, 255};
    struct buf out;
    (void)state;
    buf_init(&out);
    assert_true(evidence_acl_text(slice_of(good, sizeof good), &out));
    assert_string_equal(buf_text(&out), "user::rw-,user:1234:r--,other::---");
    for (size_t len = 0; len < sizeof good; len++) {
        buf_reset(&out);
        assert_int_equal(evidence_acl_text(slice_of(good, len), &out), len >= 4 && len % 8 == 4);
    }
    uint8_t bad[sizeof good];
    memcpy(bad, good, sizeof good);
    bad[4] = 3; /* no such tag */
    assert_false(evidence_acl_text(slice_of(bad, sizeof bad), &out));
    buf_fini(&out);
    struct evidence_capabilities c;
    static const uint8_t v3[24] = {1, 0, 0, 3, 0, 0x20, 0x20, 0, 0,   0, 0, 0,
                                   1, 0, 0, 0, 0, 0,    0,    0, 232, 3, 0, 0};
    assert_true(evidence_capabilities_read(slice_of(v3, 24), &c));
    assert_true(c.effective && c.permitted == 0x100202000 && c.rootid == 1000 && c.revision == 3);
    for (size_t len = 0; len < 24; len++)
        assert_false(evidence_capabilities_read(slice_of(v3, len), &c));
}

static int count(void *context, uint16_t type, struct slice payload, struct err *e)
{
    (void)e;
    *(unsigned *)context += type == 24 && payload.len == 4;
    return 0;
}

static void test_netlink(void **state)
{
    uint8_t two[56] = {20, 0, 0, 0, 24, 0, 2, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4};
    struct err e = {0};
    unsigned seen = 0;
    int error = 0;
    (void)state;
    memcpy(two + 20, two, 20);
    two[40] = 16, two[44] = 3, two[48] = 9; /* NLMSG_DONE */
    assert_int_equal(netlink_messages(slice_of(two, 56), 9, count, &seen, &error, &e), 1);
    assert_int_equal(seen, 2);
    seen = 0; /* of another sequence: not ours */
    assert_int_equal(netlink_messages(slice_of(two, 40), 8, count, &seen, &error, &e), 0);
    assert_int_equal(seen, 0);
    two[0] = 200; /* longer than what came */
    assert_int_equal(netlink_messages(slice_of(two, 56), 9, count, &seen, &error, &e), -1);
    assert_string_equal(e.code, "evidence.netlink");
    struct netlink_attributes a;
    static const uint8_t attributes[] = {5, 0, 3, 0, 7, 0, 0, 0, 8, 0, 4, 0x80, 1, 0, 0, 0};
    assert_true(netlink_attributes_read(slice_of(attributes, 16), &a));
    assert_int_equal(netlink_number(a.by_type[3], 0), 7);
    assert_int_equal(netlink_number(a.by_type[4], 0), 1); /* the flag of nesting is no part of it */
    assert_false(netlink_attributes_read(slice_of(attributes, 14), &a));
}

static void test_mounts(void **state)
{
    struct evidence_mounts m;
    struct err e = {0};
    (void)state;
    assert_int_equal(
        evidence_mounts_parse(
            &m,
            slice_str("25 1 8:1 / / rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw\n"
                      "rubbish\n\n"
                      "26 25 0:5 / /a\\040b\\012 rw - tmpfs none rw,size=1k\n"
                      "27 25 0:6 / /cut rw - \n"),
            &e),
        0);
    assert_non_null(evidence_mounts_at(&m, slice_str("/a b\n")));
    assert_string_equal(evidence_mounts_at(&m, slice_str("/a b\n"))->type, "tmpfs");
    assert_string_equal(evidence_mounts_at(&m, slice_str("/"))->source, "/dev/sda1");
    evidence_mounts_fini(&m);
}

/* Holes cost who makes them nothing: all files together have so many of them hashed. */
static void test_holes(void **state)
{
    atomic_ullong left = 5 << 20;
    const struct evidence_content_options options = {
        .folder = folder, .below = "data/files", .holes_most = 1ull << 40, .holes_left = &left};
    uint8_t *part = malloc(EVIDENCE_CONTENT_PART);
    char path[128];
    struct err e = {0};
    (void)state;
    snprintf(path, sizeof path, "%s/sparse", folder);
    for (uint64_t number = 0; number < 2; number++) {
        struct evidence_entry entry = {.number = number};
        entry.fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_int_equal(pwrite(entry.fd, "x", 1, 4 << 20), 1);
        assert_int_equal(statx(entry.fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &entry.st), 0);
        int reading = dup(entry.fd);
        assert_int_equal(evidence_content_take(&options, &entry, reading, part, &e), 0);
        if (!entry.content.sparse) { /* a file system without holes */
            number = 2;
        } else {
            assert_int_equal(entry.content.extents_only, number == 1);
            assert_true(number == 1 ? entry.content.bytes < 1 << 20
                                    : entry.content.bytes == (4 << 20) + 1);
        }
        close(reading);
        evidence_entry_fini(&entry);
    }
    assert_true(left < 5 << 20);
    free(part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hanging, setup, teardown),
        cmocka_unit_test_setup_teardown(test_states, setup, teardown),
        cmocka_unit_test_setup_teardown(test_encryption, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hidden_module, setup, teardown),
        cmocka_unit_test(test_acl),
        cmocka_unit_test(test_netlink),
        cmocka_unit_test(test_mounts),
        cmocka_unit_test_setup_teardown(test_holes, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
