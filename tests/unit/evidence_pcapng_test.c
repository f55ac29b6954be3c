/* SPDX-License-Identifier: Apache-2.0 */
/* pcapng blocks: what is written reads back, and what is torn or altered is told from it. */
#include "evidence/capture/pcapng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static const uint8_t frame[60] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0, 0x45};

static void put_all(struct buf *b)
{
    buf_init(b);
    pcapng_put_head(b, &(struct pcapng_head){.system = "Linux 6",
                                             .application = "tocsin",
                                             .interface = "eth0",
                                             .filter = "udp",
                                             .link = 1,
                                             .snaplen = 262144});
    pcapng_put_packet(b, &(struct pcapng_packet){
                             .at = 1790000000123456789u, .data = frame, .kept = 57, .len = 1500});
    pcapng_put_statistics(b, &(struct pcapng_statistics){.at = 5,
                                                         .began = 1,
                                                         .received = 12,
                                                         .delivered = 1,
                                                         .dropped_by_kernel = UINT64_C(1) << 40,
                                                         .dropped_by_interface = 3,
                                                         .comment = "said"});
    assert_false(b->failed);
}

static void test_blocks(void **state)
{
    static const uint32_t kinds[] = {PCAPNG_SECTION, PCAPNG_INTERFACE, PCAPNG_PACKET,
                                     PCAPNG_STATISTICS};
    struct buf b;
    struct pcapng_block block;
    struct err e = {0};
    (void)state;
    put_all(&b);
    size_t at = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pcapng_read(slice_of(b.data + at, b.len - at), &block, &e), 1);
        assert_int_equal(block.type, kinds[i]);
        assert_int_equal(block.len % 4, 0);
        if (block.type == PCAPNG_PACKET)
            assert_true(block.at == 1790000000123456789u);
        at += block.len;
    }
    assert_int_equal(at, b.len);
    assert_true(block.has_kernel_dropped && block.kernel_dropped == UINT64_C(1) << 40);
    assert_true(block.has_interface_dropped && block.interface_dropped == 3);
    buf_fini(&b);
}

/* 27037 row 22: what was captured before a crash is told from what was being written */
static void test_torn(void **state)
{
    struct buf b;
    (void)state;
    put_all(&b);
    for (size_t len = 0; len < b.len; len++) {
        struct err e = {0};
        struct pcapng_block block;
        size_t at = 0;
        int one;
        while ((one = pcapng_read(slice_of(b.data + at, len - at), &block, &e)) == 1)
            at += block.len;
        assert_int_equal(one, 0); /* never an error, never more than is there */
        assert_true(at <= len);
    }
    buf_fini(&b);
}

/* An interface takes the tag out; the packet is kept as it was on the wire. */
static void test_tag(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b);
    pcapng_put_packet(&b, &(struct pcapng_packet){.data = frame,
                                                  .kept = 60,
                                                  .len = 60,
                                                  .has_tag = true,
                                                  .tag_type = 0x8100,
                                                  .tag = 0x2005});
    static const uint8_t tagged[] = {12, 0x81, 0x00, 0x20, 0x05, 8, 0, 0x45};
    assert_memory_equal(b.data + 28 + 11, tagged, sizeof tagged);
    assert_int_equal(b.data[20], 64);
    assert_int_equal(b.data[24], 64);
    buf_fini(&b);
}

static void test_altered(void **state)
{
    struct buf b;
    struct pcapng_block block;
    struct err e = {0};
    (void)state;
    put_all(&b);
    b.data[4] ^= 4; /* the length */
    int one = pcapng_read(buf_slice(&b), &block, &e);
    assert_int_equal(one, -1);
    assert_string_equal(e.code, "capture.pcapng");
    err_clear(&e);
    b.data[4] ^= 4;
    b.data[8] ^= 0xff; /* the byte order's mark */
    assert_int_equal(pcapng_read(buf_slice(&b), &block, &e), -1);
    err_clear(&e);
    b.data[0] = 99;
    assert_int_equal(pcapng_read(buf_slice(&b), &block, &e), -1);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_blocks), cmocka_unit_test(test_torn),
                                       cmocka_unit_test(test_tag), cmocka_unit_test(test_altered)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
