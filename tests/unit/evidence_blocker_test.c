/* SPDX-License-Identifier: Apache-2.0 */
/* 27037 row 24: the mark of a test disk, and what follows from the report of a test. */
#include "evidence/blocker/testing.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct blocker_mark good_mark(uint64_t bytes)
{
    struct blocker_mark m = {.sector = 512, .bytes = bytes, .prepared = 1, .identified = true};
    memset(m.id, 0x11, sizeof m.id);
    memset(m.seed, 0x22, sizeof m.seed);
    memset(m.without, 5, sizeof m.without);
    memcpy(m.model, "Model", 6);
    memcpy(m.serial, "Serial", 7);
    blocker_areas_place(bytes, m.areas);
    return m;
}

/* A mark is one as it was written, or none: each byte of it counts. */
static void each_byte(void **state)
{
    uint8_t block[BLOCKER_MARK_BYTES];
    struct blocker_mark mark = good_mark(64 << 20), read;
    struct err e = {0};
    (void)state;
    assert_int_equal(blocker_mark_write(&mark, block, &e), 0);
    assert_int_equal(blocker_mark_read(slice_of(block, sizeof block), &read, &e), 0);
    assert_memory_equal(&mark, &read, sizeof mark);
    for (size_t i = 0; i < sizeof block; i++) {
        err_clear(&e);
        block[i] ^= 1;
        assert_int_equal(blocker_mark_read(slice_of(block, sizeof block), &read, &e), -1);
        assert_string_equal(e.code, "blocker.mark");
        block[i] ^= 1;
    }
    err_clear(&e);
    assert_int_equal(blocker_mark_read(slice_of(block, sizeof block - 1), &read, &e), -1);
}

/* What a mark with the right sum may not say: areas that are not those of the size, a text that
 * would steer a terminal, a disk that cannot be. */
static void lies(void **state)
{
    uint8_t block[BLOCKER_MARK_BYTES];
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct blocker_mark mark = good_mark(64 << 20), read;
        struct err e = {0};
        switch (i) {
        case 0: mark.areas[0].from = 0; break;
        case 1: mark.areas[2].bytes += 512; break;
        case 2: mark.model[2] = '\x1b'; break;
        case 3: memset(mark.serial, 'x', sizeof mark.serial); break;
        case 4: mark.sector = 513; break;
        case 5: mark.bytes = 1 << 20; break;
        case 6: mark.prepared = -1; break;
        default: mark.attached_by[100] = 'x';
        }
        assert_int_equal(blocker_mark_write(&mark, block, &e), 0);
        assert_int_equal(blocker_mark_read(slice_of(block, sizeof block), &read, &e), -1);
        assert_string_equal(e.code, "blocker.mark");
    }
}

/* On disks of every size: within the disk, apart from each other and from the mark, to its end. */
static void areas(void **state)
{
    (void)state;
    for (uint64_t bytes = BLOCKER_LEAST; bytes < (UINT64_C(1) << 62);
         bytes += bytes / 3 / 512 * 512 + 512) {
        struct blocker_area a[BLOCKER_AREAS];
        blocker_areas_place(bytes, a);
        assert_true(a[0].from >= BLOCKER_MARK_BYTES);
        for (size_t i = 0; i < BLOCKER_AREAS; i++) {
            assert_true(a[i].bytes >= BLOCKER_AREA && a[i].bytes < BLOCKER_AREA + BLOCKER_SLOT);
            assert_int_equal(a[i].from % BLOCKER_SLOT, 0);
            assert_true(i == 0 || a[i - 1].from + a[i - 1].bytes <= a[i].from);
        }
        assert_true(a[2].from + a[2].bytes == bytes);
    }
}

/* No two commands share a slot, none lies behind the area, and the one of the look afterwards is
 * nobody's. */
static void commands(void **state)
{
    (void)state;
    uint64_t taken = 0;
    for (size_t i = 0; i < blocker_command_count; i++) {
        uint64_t slot = UINT64_C(1) << blocker_commands[i].number;
        assert_true(blocker_commands[i].number < BLOCKER_SLOTS - 1);
        assert_false(taken & slot);
        taken |= slot;
    }
}

static void verdicts(void **state)
{
    static const struct {
        struct blocker_counts counts;
        enum evidence_blocker_verdict verdict;
    } cases[] = {
        {{0}, EVIDENCE_BLOCKER_NOT_SHOWN},
        {{.attempts = 9, .kernel = 9}, EVIDENCE_BLOCKER_NOT_SHOWN},
        {{.attempts = 9, .refused = 9}, EVIDENCE_BLOCKER_NOT_SHOWN}, /* none does anything anyway */
        {{.attempts = 9, .refused = 9, .asked = 3}, EVIDENCE_BLOCKER_NOT_SHOWN}, /* discards only */
        {{.attempts = 9, .refused = 9, .asked = 3, .writes = 1}, EVIDENCE_BLOCKER_HOLDS},
        {{.attempts = 9, .accepted = 9, .asked = 9, .writes = 9}, EVIDENCE_BLOCKER_HOLDS},
        {{.attempts = 9, .refused = 8, .changed = 1, .asked = 8, .writes = 8},
         EVIDENCE_BLOCKER_DOES_NOT_HOLD},
        {{.attempts = 9, .asked = 9, .writes = 9, .elsewhere = true},
         EVIDENCE_BLOCKER_DOES_NOT_HOLD},
        {{.attempts = 9, .asked = 9, .writes = 9, .failed = 1}, EVIDENCE_BLOCKER_DOES_NOT_HOLD},
        {{.asked = 9, .writes = 9, .looked = true, .as_prepared = true, .reached = true},
         EVIDENCE_BLOCKER_HOLDS},
        {{.asked = 9, .writes = 9, .looked = true, .as_prepared = true},
         EVIDENCE_BLOCKER_NOT_SHOWN},
        {{.asked = 9, .writes = 9, .looked = true, .reached = true},
         EVIDENCE_BLOCKER_DOES_NOT_HOLD},
        {{.changed = 1, .looked = true, .as_prepared = true, .reached = true},
         EVIDENCE_BLOCKER_DOES_NOT_HOLD},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char why[400] = "";
        assert_int_equal(blocker_judge(&cases[i].counts, why), cases[i].verdict);
        assert_true(strlen(why) > 10);
    }
}

/* Reports as the program writes them. */
static void reports(void **state)
{
    static const struct {
        const char *name;
        enum evidence_blocker_verdict verdict;
        bool confirmed;
    } cases[] = {{"changed", EVIDENCE_BLOCKER_DOES_NOT_HOLD, false},
                 {"holds", EVIDENCE_BLOCKER_HOLDS, false},
                 {"afterwards", EVIDENCE_BLOCKER_DOES_NOT_HOLD, true}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct evidence_blocker_report report;
        struct json_doc *doc = NULL;
        struct err e = {0};
        struct buf text;
        char path[200];
        snprintf(path, sizeof path, "tests/fuzz/corpus/evidence_blocker/%s", cases[i].name);
        buf_init(&text);
        assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
        assert_int_equal(evidence_blocker_report_read(buf_slice(&text), &doc, &report, &e), 0);
        assert_int_equal(report.verdict, cases[i].verdict);
        assert_int_equal(report.confirmed, cases[i].confirmed);
        assert_true(slice_is(report.given, "ACME WB-3 no. 117") && report.attempts == 6);
        json_doc_free(doc);
        buf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_byte), cmocka_unit_test(lies),     cmocka_unit_test(areas),
        cmocka_unit_test(commands),  cmocka_unit_test(verdicts), cmocka_unit_test(reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
