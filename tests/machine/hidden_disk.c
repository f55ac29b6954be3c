/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ATA disk that hides sectors, behind a write blocker. Each sector holds its own number.
 *
 *   hidden_disk UIO MAP-BYTES SHOWN NATIVE OVERLAY LOG
 *
 * Sectors that can be read, that READ NATIVE MAX tells, that the configuration overlay tells; 0:
 * the disk refuses to answer.
 */
#include "user_disk.h"

static uint64_t shown, native, overlay;

static void ata(const uint8_t *cdb, struct answer *a)
{
    uint16_t features = (uint16_t)(cdb[3] << 8 | cdb[4]);
    if (cdb[14] == 0xec)
        identify_as(a, "Hideaway Disk 4000 with a long name", "HIDES-4711", "HF.12345", shown);
    else if (cdb[14] == 0x27 && native > 0)
        registers(a, native - 1, false);
    else if (cdb[14] == 0xb1 && features == 0xc2 && overlay > 0) {
        a->len = SECTOR;
        put_word(a->data, 3, overlay - 1, 4);
    } else
        registers(a, 0, true);
}

static void read_sectors(uint64_t from, uint64_t count, struct answer *a)
{
    if (from > shown || count > shown - from || count * SECTOR > sizeof a->data) {
        refuse(a, 0x05, 0x21);
        return;
    }
    a->len = count * SECTOR;
    for (size_t at = 0; at < a->len; at += sizeof from) {
        uint64_t number = from + at / SECTOR;
        memcpy(a->data + at, &number, sizeof number);
    }
}

static void inquiry(const uint8_t *cdb, struct answer *a)
{
    if (!(cdb[1] & 1))
        inquiry_as(a, "ACME    WriteBlocker 12 0007");
    else if (cdb[2] == 0)
        page_of(a, 0, "\0\x80", 2);
    else if (cdb[2] == 0x80)
        page_of(a, 0x80, "BLOCKER-9", 9);
    else
        refuse(a, 0x05, 0x24);
}

static void carry_out(const uint8_t *cdb, struct answer *a)
{
    switch (cdb[0]) {
    case 0x00: /* TEST UNIT READY */
    case 0x1b: /* START STOP UNIT */
    case 0x35: /* SYNCHRONIZE CACHE */ break;
    case 0x08: read_sectors(from_big(cdb + 1, 3) & 0x1fffff, cdb[4] ? cdb[4] : 256, a); break;
    case 0x28: read_sectors(from_big(cdb + 2, 4), from_big(cdb + 7, 2), a); break;
    case 0x88: read_sectors(from_big(cdb + 2, 8), from_big(cdb + 10, 4), a); break;
    case 0x0a:
    case 0x2a:
    case 0x8a: refuse(a, 0x07, 0x27); break; /* write protected */
    case 0x12: inquiry(cdb, a); break;
    case 0x1a:
    case 0x5a: mode_as(cdb[0] == 0x5a, true, a); break;
    case 0x25: capacity_as(false, shown, false, a); break;
    case 0x9e:
        (cdb[1] & 0x1f) == 0x10 ? capacity_as(true, shown, false, a) : refuse(a, 0x05, 0x20);
        break;
    case 0x85: ata(cdb, a); break;
    default: refuse(a, 0x05, 0x20);
    }
}

int main(int count, char **words)
{
    if (count != 7)
        return 2;
    shown = strtoull(words[3], NULL, 0);
    native = strtoull(words[4], NULL, 0);
    overlay = strtoull(words[5], NULL, 0);
    return serve(words[1], strtoull(words[2], NULL, 0), words[6], carry_out);
}
