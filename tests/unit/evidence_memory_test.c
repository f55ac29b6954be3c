/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a machine: what /proc/kcore and /proc/iomem say, images of LiME and AVML, cut and bent.
 */
#include "evidence/live/memory_image.h"
#include "evidence/live/memory_map.h"
#include "base/buf.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct kcore {
    Elf64_Ehdr file;
    Elf64_Phdr segments[5];
};

static void make_kcore(struct kcore *k)
{
    memset(k, 0, sizeof *k);
    memcpy(k->file.e_ident, ELFMAG, SELFMAG);
    k->file.e_ident[EI_CLASS] = ELFCLASS64;
    k->file.e_type = ET_CORE;
    k->file.e_phoff = sizeof k->file;
    k->file.e_phentsize = sizeof(Elf64_Phdr);
    k->file.e_phnum = 5;
    k->segments[0] = (Elf64_Phdr){.p_type = PT_NOTE, .p_filesz = 100};
    k->segments[1] =
        (Elf64_Phdr){.p_type = PT_LOAD, .p_paddr = (Elf64_Addr)-1, .p_filesz = 1 << 30};
    k->segments[2] = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_paddr = 0x100000, .p_filesz = 0x700000, .p_offset = 0x10000};
    /* the kernel's text, which is in the memory above already */
    k->segments[3] = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_paddr = 0x200000, .p_filesz = 0x100000, .p_offset = 0x9000000};
    k->segments[4] =
        (Elf64_Phdr){.p_type = PT_LOAD, .p_paddr = 0x1000, .p_filesz = 0x9e000, .p_offset = 0x5000};
}

static void test_kcore(void **state)
{
    static struct memory_map kcore, ram, joined, missing;
    struct kcore k;
    struct err e = {0};
    (void)state;
    make_kcore(&k);
    assert_int_equal(memory_map_kcore(slice_of(&k, sizeof k), &kcore, &e), 0);
    assert_int_equal(kcore.count, 3);
    memory_map_iomem(slice_str("00000000-00000fff : Reserved\n"
                               "00001000-0009efff : System RAM\n"
                               "000a0000-000fffff : PCI Bus 0000:00\n"
                               "  000c0000-000c7fff : System RAM\n" /* inside of another: not it */
                               "00100000-004fffff : System RAM\n"
                               "  00200000-002fffff : Kernel code\n"
                               "00700000-00bfffff : System RAM\n"),
                     &ram);
    assert_int_equal(ram.count, 3);
    memory_map_join(&kcore, &ram, &joined);
    /* each physical byte once, and none that kcore has not */
    assert_int_equal(joined.count, 3);
    assert_int_equal(joined.all[0].physical, 0x1000);
    assert_int_equal(joined.all[0].bytes, 0x9e000);
    assert_int_equal(joined.all[0].offset, 0x5000);
    assert_int_equal(joined.all[1].physical, 0x100000);
    assert_int_equal(joined.all[1].bytes, 0x400000);
    assert_int_equal(joined.all[1].offset, 0x10000);
    assert_int_equal(joined.all[2].physical, 0x700000);
    assert_int_equal(joined.all[2].bytes, 0x100000);
    assert_int_equal(joined.all[2].offset, 0x610000);
    /* and what it has not is told */
    memory_map_missing(&joined, &ram, &missing);
    uint64_t gone = 0, all = 0;
    for (size_t i = 0; i < missing.count; i++)
        gone += missing.all[i].bytes;
    for (size_t i = 0; i < joined.count; i++)
        all += joined.all[i].bytes;
    for (size_t i = 0; i < ram.count; i++)
        all -= ram.all[i].bytes;
    assert_int_equal(all + gone, 0);
    assert_int_equal(missing.all[missing.count - 1].physical, 0x800000);
    assert_int_equal(missing.all[missing.count - 1].bytes, 0x400000);
    memory_map_missing(&ram, &ram, &missing);
    assert_int_equal(missing.count, 0);
    /* without the right to see iomem the kernel gives zeros: all of kcore, the text once */
    memory_map_iomem(slice_str("00000000-00000000 : System RAM\n"), &ram);
    assert_int_equal(ram.count, 0);
    memory_map_join(&kcore, &ram, &joined);
    assert_int_equal(joined.count, 2);
    assert_int_equal(joined.all[1].bytes, 0x700000);
}

static void test_kcore_bad(void **state)
{
    static struct memory_map map;
    struct kcore k;
    (void)state;
    for (size_t len = 0; len < sizeof k; len++) { /* cut anywhere: refused, or what is whole */
        struct err e = {0};
        make_kcore(&k);
        assert_int_equal(memory_map_kcore(slice_of(&k, len), &map, &e), -1);
        assert_string_equal(e.code, "evidence.kcore");
    }
    struct err e = {0};
    make_kcore(&k);
    k.file.e_phoff = UINT64_MAX - 3;
    assert_int_equal(memory_map_kcore(slice_of(&k, sizeof k), &map, &e), -1);
    err_clear(&e);
    make_kcore(&k);
    for (size_t i = 1; i < 5; i++)
        k.segments[i].p_filesz = UINT64_MAX;
    assert_int_equal(memory_map_kcore(slice_of(&k, sizeof k), &map, &e), -1);
}

static int read_slice(void *context, uint64_t offset, uint8_t *data, size_t len, size_t *got,
                      struct err *e)
{
    const struct slice *s = context;
    (void)e;
    *got = offset < s->len ? s->len - (size_t)offset : 0;
    if (*got > len)
        *got = len;
    memcpy(data, s->data + offset, *got);
    return 0;
}

static void make_image(struct buf *out, bool avml)
{
    for (size_t i = 0; i < 2; i++) {
        uint8_t head[MEMORY_HEADER], part[200] = {7};
        memory_header_write(0x1000 + 0x10000 * i, 0x1000 + 0x10000 * i + 199, head);
        if (avml) {
            memcpy(head, "VMLA", 4); /* 0x4c4d5641, little-endian */
            head[0] = 0x41, head[1] = 0x56, head[2] = 0x4d, head[3] = 0x4c;
            head[4] = 2;
        }
        buf_put(out, head, sizeof head);
        if (avml) { /* the mark, a frame that is not compressed, one that is (a length alone) */
            buf_put(out, "\xff\x06\0\0sNaPpY", 10);
            buf_put(out, "\x01\x68\0\0\0\0\0\0", 8);
            buf_put(out, part, 100);
            buf_put(out, "\0\x08\0\0\0\0\0\0\x64xyz", 12);
            buf_put(out, "\x82\0\0\0\0\0\0\0", 8);
        } else {
            buf_put(out, part, sizeof part);
        }
    }
}

static void test_images(void **state)
{
    (void)state;
    for (int avml = 0; avml < 2; avml++) {
        struct buf image;
        struct memory_checked checked;
        struct err e = {0};
        buf_init(&image);
        make_image(&image, avml);
        struct slice s = buf_slice(&image);
        assert_int_equal(memory_image_check(read_slice, &s, s.len, &checked, &e), 0);
        assert_int_equal(checked.format, avml ? MEMORY_AVML : MEMORY_LIME);
        assert_int_equal(checked.ranges, 2);
        assert_int_equal(checked.bytes, 400);
        size_t second = s.len / 2;
        for (size_t len = 0; len < s.len; len++) { /* cut anywhere but between the ranges */
            struct slice cut = slice_of(s.data, len);
            err_clear(&e);
            int result = memory_image_check(read_slice, &cut, len, &checked, &e);
            assert_int_equal(result, len == second ? 0 : -1);
            if (result != 0) {
                assert_string_equal(e.code, "evidence.memory-image");
                assert_non_null(strstr(e.where, "offset"));
            }
        }
        for (size_t at = 0; at < 32; at++) { /* every bit of a header but the reserved bytes */
            image.data[at] ^= 0x80;
            err_clear(&e);
            int result = memory_image_check(read_slice, &s, s.len, &checked, &e);
            assert_int_equal(result, at < 24 ? -1 : 0);
            image.data[at] ^= 0x80;
        }
        buf_fini(&image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kcore),
                                       cmocka_unit_test(test_kcore_bad),
                                       cmocka_unit_test(test_images)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
