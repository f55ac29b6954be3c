/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ATA disk whose bytes are a file, by itself or behind a write blocker of some kind.
 *
 *   blocked_disk UIO MAP-BYTES SECTORS FILE KIND LOG [CODE]
 *
 * KIND: bare (no blocker), refuses (everything that writes, with sense data), locked (the same, and
 * says so in its mode page), drops (says that it is done, and does nothing), keeps (gives back what
 * was written, and the disk does not get it), later (the disk gets it when the program is told to
 * end), leaks (as refuses, but for the command CODE: hexadecimal, "ata" before ATA's), shrinks (as
 * refuses, with a sector less), faults (as refuses, and reads what is not there without an error).
 */
#include "user_disk.h"

#include <signal.h>

enum kind { BARE, REFUSES, LOCKED, DROPS, KEEPS, LATER, LEAKS, SHRINKS, FAULTS };
static const char *const kinds[] = {"bare",  "refuses", "locked",  "drops", "keeps",
                                    "later", "leaks",   "shrinks", "faults"};

static enum kind kind;
static uint64_t sectors;
static uint8_t *disk, *held; /* its bytes; what a blocker has been given instead */
static bool leaking[256], leaking_ata[256], leaks_now; /* by the command's code */

static uint64_t shown(void)
{
    return kind == SHRINKS ? sectors - 1 : sectors;
}

static void read_sectors(uint64_t from, uint64_t count, struct answer *a)
{
    if (count * SECTOR > sizeof a->data ||
        ((from > shown() || count > shown() - from) && kind != FAULTS)) {
        refuse(a, 0x05, 0x21);
        return;
    }
    a->len = count * SECTOR;
    if (from > shown() || count > shown() - from)
        memset(a->data, 0, a->len);
    else
        memcpy(a->data, (kind == KEEPS ? held : disk) + from * SECTOR, a->len);
}

/* Where something is written to; NULL: it is not, and the answer says so or does not. */
static uint8_t *place(uint64_t from, uint64_t count, struct answer *a)
{
    if (from > shown() || count > shown() - from) {
        refuse(a, 0x05, 0x21);
        return NULL;
    }
    if (kind == BARE || leaks_now)
        return disk + from * SECTOR;
    if (kind == KEEPS || kind == LATER)
        return held + from * SECTOR;
    if (kind != DROPS)
        refuse(a, 0x07, 0x27); /* write protected */
    return NULL;
}

static void write_sectors(uint64_t from, uint64_t count, struct answer *a)
{
    uint8_t *to = place(from, count, a);
    if (to)
        data_out(to, count * SECTOR);
}

static void write_same(uint64_t from, uint64_t count, struct answer *a)
{
    uint8_t one[SECTOR] = {0}, *to = place(from, count, a);
    if (to)
        data_out(one, sizeof one);
    for (uint64_t i = 0; to && i < count; i++)
        memcpy(to + i * SECTOR, one, SECTOR);
}

static void clear(uint64_t from, uint64_t count, struct answer *a)
{
    uint8_t *to = place(from, count, a);
    if (to)
        memset(to, 0, count * SECTOR);
}

static void unmap(struct answer *a)
{
    uint8_t list[24] = {0};
    data_out(list, sizeof list);
    clear(from_big(list + 8, 8), from_big(list + 16, 4), a);
}

static void compare_and_write(const uint8_t *cdb, struct answer *a)
{
    uint8_t both[2 * SECTOR], *to = place(from_big(cdb + 2, 8), 1, a);
    if (to && data_out(both, sizeof both) == sizeof both && memcmp(to, both, SECTOR) == 0)
        memcpy(to, both + SECTOR, SECTOR);
    else if (to)
        refuse(a, 0x0e, 0x1d);
}

static void or_write(uint64_t from, uint64_t count, struct answer *a)
{
    uint8_t one[SECTOR * 16] = {0}, *to = place(from, count, a);
    size_t len = to ? data_out(one, sizeof one) : 0;
    for (size_t i = 0; i < len && i < count * SECTOR; i++)
        to[i] |= one[i];
}

static void ata(const uint8_t *cdb, struct answer *a)
{
    bool twelve = cdb[0] == 0xa1;
    uint8_t command = twelve ? cdb[9] : cdb[14];
    const uint8_t *low = twelve ? cdb + 5 : NULL;
    uint64_t lba = twelve ? low[0] | (uint64_t)low[1] << 8 | (uint64_t)low[2] << 16
                          : cdb[8] | (uint64_t)cdb[10] << 8 | (uint64_t)cdb[12] << 16 |
                                (uint64_t)cdb[7] << 24 | (uint64_t)cdb[9] << 32;
    uint64_t count = twelve ? cdb[4] : (uint64_t)cdb[5] << 8 | cdb[6];
    uint8_t range[SECTOR] = {0};
    leaks_now = kind == LEAKS && leaking_ata[command];
    switch (command) {
    case 0xec: identify_as(a, "Sacrifice 16", "LAMB-1", "1.0", shown()); break;
    case 0x27: registers(a, shown() - 1, false); break;
    case 0x30:
    case 0x34:
    case 0xca:
    case 0x35:
    case 0x3d: write_sectors(lba, count, a); break;
    case 0x06:
        data_out(range, sizeof range);
        clear(range[0] | (uint64_t)range[1] << 8 | (uint64_t)range[2] << 16,
              range[6] | (uint64_t)range[7] << 8, a);
        break;
    case 0x37:
        if (kind != BARE)
            registers(a, 0, true);
        break;
    default: registers(a, 0, true);
    }
}

/* Block limits, and that sectors can be given up in every way. */
static void vital(uint8_t page, struct answer *a)
{
    uint8_t limits[60] = {0}, thin[4] = {0, 0xe0, 2};
    big(limits + 16, 1 << 16, 4);
    big(limits + 20, 1, 4);
    big(limits + 32, 1 << 16, 8);
    switch (page) {
    case 0x00: page_of(a, 0, "\0\x80\xb0\xb2", 4); break;
    case 0x80: page_of(a, 0x80, "LAMB-1", 6); break;
    case 0xb0: page_of(a, 0xb0, limits, sizeof limits); break;
    case 0xb2: page_of(a, 0xb2, thin, sizeof thin); break;
    default: refuse(a, 0x05, 0x24);
    }
}

static void carry_out(const uint8_t *cdb, struct answer *a)
{
    uint64_t at10 = from_big(cdb + 2, 4), at16 = from_big(cdb + 2, 8);
    uint64_t count10 = from_big(cdb + 7, 2), count12 = from_big(cdb + 6, 4),
             count16 = from_big(cdb + 10, 4);
    leaks_now = kind == LEAKS && leaking[cdb[0]];
    switch (cdb[0]) {
    case 0x00: /* TEST UNIT READY */
    case 0x1b: /* START STOP UNIT */
    case 0x35: /* SYNCHRONIZE CACHE */
    case 0x91: break;
    case 0x08: read_sectors(from_big(cdb + 1, 3) & 0x1fffff, cdb[4] ? cdb[4] : 256, a); break;
    case 0x28: read_sectors(at10, count10, a); break;
    case 0x88: read_sectors(at16, count16, a); break;
    case 0x0a: write_sectors(from_big(cdb + 1, 3) & 0x1fffff, cdb[4] ? cdb[4] : 256, a); break;
    case 0x2a:
    case 0x2e: write_sectors(at10, count10, a); break;
    case 0xaa:
    case 0xae: write_sectors(at10, count12, a); break;
    case 0x8a:
    case 0x8e: write_sectors(at16, count16, a); break;
    case 0x41: write_same(at10, count10, a); break;
    case 0x93: cdb[1] & 8 ? clear(at16, count16, a) : write_same(at16, count16, a); break;
    case 0x42: unmap(a); break;
    case 0x89: compare_and_write(cdb, a); break;
    case 0x8b: or_write(at16, count16, a); break;
    case 0x12:
        if (cdb[1] & 1)
            vital(cdb[2], a);
        else
            inquiry_as(a, kind == BARE ? "ATA     Sacrifice 16    1.0 "
                                       : "ACME    Bridge 3        0001");
        break;
    case 0x1a:
    case 0x5a: mode_as(cdb[0] == 0x5a, kind == LOCKED, a); break;
    case 0x25: capacity_as(false, shown(), true, a); break;
    case 0x9e:
        (cdb[1] & 0x1f) == 0x10 ? capacity_as(true, shown(), true, a) : refuse(a, 0x05, 0x20);
        break;
    case 0x85:
    case 0xa1: ata(cdb, a); break;
    default: refuse(a, 0x05, 0x20);
    }
}

/* The cable is pulled: now it writes what it was given. */
static void end(int number)
{
    (void)number;
    if (kind == LATER)
        memcpy(disk, held, sectors * SECTOR);
    _exit(0);
}

int main(int count, char **words)
{
    if (count < 7)
        return 2;
    sectors = strtoull(words[3], NULL, 0);
    while (kind < FAULTS && strcmp(words[5], kinds[kind]) != 0)
        kind++;
    for (char *code = count > 7 ? strtok(words[7], ",") : NULL; code; code = strtok(NULL, ",")) {
        bool ata = strncmp(code, "ata", 3) == 0;
        (ata ? leaking_ata : leaking)[strtoul(code + (ata ? 3 : 0), NULL, 16) & 0xff] = true;
    }
    int file = open(words[4], O_RDWR);
    disk = file >= 0 ? mmap(NULL, sectors * SECTOR, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
                     : MAP_FAILED;
    held = malloc(sectors * SECTOR);
    if (disk == MAP_FAILED || !held)
        return 1;
    memcpy(held, disk, sectors * SECTOR);
    signal(SIGTERM, end);
    return serve(words[1], strtoull(words[2], NULL, 0), words[6], carry_out);
}
