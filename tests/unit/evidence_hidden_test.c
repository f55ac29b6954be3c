/* SPDX-License-Identifier: Apache-2.0 */
/* 27037 row 27: sectors that a disk hides, on disks whose answers are known. */
#include "evidence/source/hidden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { SHOWN = 1000000 };

struct disk {
    bool ata, wide, hpa, ama, dco, refuses, locked;
    bool nvme;
    uint64_t native, accessible, overlay, unused;
    unsigned asked[256]; /* how often each command was sent */
};

static void put(uint8_t *data, unsigned word, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < 2 * count; i++, value >>= 8)
        data[2 * word + i] = (uint8_t)value;
}

static int ata(void *context, const struct hidden_ata_command *c, struct hidden_ata_answer *answer)
{
    struct disk *d = context;
    d->asked[c->command]++;
    if (!d->ata)
        return -1;
    switch (c->command) {
    case 0xec:
        put(answer->data, 82, d->hpa ? 1u << 10 : 0, 1);
        put(answer->data, 83, (d->wide ? 1u << 10 : 0) | (d->dco ? 1u << 11 : 0), 1);
        put(answer->data, d->wide ? 100 : 60, SHOWN, d->wide ? 4 : 2);
        put(answer->data, 119, 0x4000 | (d->ama ? 1u << 8 : 0), 1);
        put(answer->data, 128, d->locked ? 7 : 0, 1);
        memcpy(answer->data + 20, "ESIRLA  ", 8); /* "SERIAL", two bytes a word swapped */
        return 0;
    case 0x27:
    case 0xf8:
        assert_int_equal(c->command == 0x27, d->wide);
        answer->address = d->native - 1;
        return d->refuses ? -1 : 0;
    case 0x78: answer->address = d->accessible - 1; return d->refuses ? -1 : 0;
    case 0xb1:
        assert_int_equal(c->features, 0xc2); /* others of this command change the disk */
        put(answer->data, 3, d->overlay - 1, 4);
        return d->refuses ? -1 : 0;
    default: fail_msg("command %02x is sent, which may change something", c->command); return -1;
    }
}

static int nvme(void *context, unsigned cns, uint8_t data[HIDDEN_NVME_BLOCK])
{
    struct disk *d = context;
    if (!d->nvme)
        return -1;
    memset(data, 0, HIDDEN_NVME_BLOCK);
    if (cns == 1) {
        put(data, 140, 1ull << 40, 4);
        put(data, 148, d->unused, 4);
    }
    return 0;
}

static struct evidence_identity look(struct disk *d)
{
    struct evidence_identity identity;
    struct hidden_channel channel = {ata, nvme, d};
    memset(&identity, 0, sizeof identity);
    hidden_find(&identity, &channel);
    return identity;
}

static bool says(struct evidence_identity i, const char *text)
{
    return strstr(i.native_why, text) != NULL;
}

static void test_ata(void **state)
{
    struct disk d = {.ata = true, .wide = true, .hpa = true, .native = SHOWN};
    (void)state;
    struct evidence_identity i = look(&d);
    assert_true(says(i, "a host protected area hides nothing"));
    assert_false(says(i, "HIDDEN"));
    assert_int_equal(i.native_bytes, 512ull * SHOWN);
    assert_string_equal(i.serial, "SERIAL");
    d.native = SHOWN + 2048;
    i = look(&d);
    assert_true(says(i, "HIDDEN by a host protected area: 2048 sectors from 1000000 on"));
    assert_int_equal(i.native_bytes, 512ull * (SHOWN + 2048));
    d.dco = true;
    d.overlay = SHOWN + 4096;
    i = look(&d);
    assert_true(says(i, "HIDDEN by a configuration overlay: 4096 sectors"));
    assert_int_equal(i.native_bytes, 512ull * (SHOWN + 4096));
    d = (struct disk){.ata = true, .wide = true, .ama = true, .accessible = SHOWN + 8};
    i = look(&d);
    assert_true(says(i, "no host protected area") &&
                says(i, "HIDDEN by an accessible max address: 8 sectors"));
    assert_int_equal(d.asked[0x27] + d.asked[0xb1], 0); /* what it has not is not asked for */
    d = (struct disk){.ata = true, .hpa = true, .native = SHOWN + 1, .locked = true};
    i = look(&d);
    assert_true(says(i, "1 sectors") && says(i, "LOCKED"));
}

static void test_refused(void **state)
{
    struct disk d = {
        .ata = true, .wide = true, .hpa = true, .ama = true, .dco = true, .refuses = true};
    (void)state;
    struct evidence_identity i = look(&d);
    assert_true(says(i, "host protected area not checked") &&
                says(i, "accessible max address not checked") &&
                says(i, "configuration overlay not checked"));
    d = (struct disk){0};
    i = look(&d);
    assert_true(says(i, "not checked: "));
    assert_int_equal(i.native_bytes, 0);
}

static void test_nvme(void **state)
{
    struct disk d = {.nvme = true};
    (void)state;
    assert_true(says(look(&d), "all of the drive's 1099511627776 bytes"));
    d.unused = 4096;
    assert_true(says(look(&d), "HIDDEN: 4096 of 1099511627776 bytes belong to no namespace"));
    assert_int_equal(d.asked[0xec], 0);
}

static void test_sense(void **state)
{
    /* READ NATIVE MAX ADDRESS EXT answered 0x0123456789ab */
    uint8_t sense[22] = {0x72, 1, 0, 0x1d, 0,    0,    0,    14,   9,    12,   1,
                         0,    0, 0, 0x45, 0xab, 0x23, 0x89, 0x01, 0x67, 0x40, 0x50};
    uint64_t address = 0;
    (void)state;
    assert_true(hidden_sense_read(sense, sizeof sense, &address));
    assert_int_equal(address, 0x0123456789ab);
    sense[10] = 0; /* 28 bits: four of them in the device register */
    sense[20] = 0x4d;
    assert_true(hidden_sense_read(sense, sizeof sense, &address));
    assert_int_equal(address, 0x0d6789ab);
    sense[21] = 0x51; /* error: the command was aborted */
    assert_false(hidden_sense_read(sense, sizeof sense, &address));
    sense[21] = 0x50;
    for (size_t len = 0; len < sizeof sense; len++)
        assert_false(hidden_sense_read(sense, len, &address));
    sense[0] = 0x70;
    assert_false(hidden_sense_read(sense, sizeof sense, &address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ata), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_nvme), cmocka_unit_test(test_sense)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
