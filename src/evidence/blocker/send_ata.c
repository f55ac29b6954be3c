/* SPDX-License-Identifier: Apache-2.0 */
/* ATA commands (ACS-4) as a bridge takes them: ATA PASS-THROUGH of SAT-4, by SG_IO. */
#include "evidence/blocker/attempt.h"

#include <stdio.h>
#include <string.h>

enum {
    PASS_THROUGH_16 = 0x85,
    PASS_THROUGH_12 = 0xa1,
    PIO_OUT = 5,
    DMA = 6,
    NO_DATA = 3,
    WRITE_SECTORS = 0x30,
    WRITE_SECTORS_EXT = 0x34,
    WRITE_DMA = 0xca,
    DATA_SET_MANAGEMENT = 0x06,
    READ_NATIVE_MAX_EXT = 0x27,
    ATA_BLOCK = 512,
    REACH_28 = 0x0fffffff,
};

struct registers {
    uint8_t command, protocol;
    uint16_t features, count;
    uint64_t lba;
    bool wide;    /* 48-bit registers */
    bool answers; /* the registers are wanted back, as sense data */
    bool logical; /* the count is of logical sectors that are not ATA_BLOCK long */
};

/* One way for the data, whose length the count says in blocks. */
static uint8_t transfer_of(const struct registers *r)
{
    if (r->answers || r->protocol == NO_DATA)
        return r->answers ? 0x20 : 0;
    return (uint8_t)(0x06 | (r->logical ? 0x10 : 0));
}

static uint8_t by_16(const struct registers *r, uint8_t cdb[16])
{
    cdb[0] = PASS_THROUGH_16;
    cdb[1] = (uint8_t)(r->protocol << 1 | r->wide);
    cdb[2] = transfer_of(r);
    if (r->wide) {
        blocker_put_big(cdb + 3, r->features, 2);
        blocker_put_big(cdb + 5, r->count, 2);
        cdb[7] = (uint8_t)(r->lba >> 24);
        cdb[9] = (uint8_t)(r->lba >> 32);
        cdb[11] = (uint8_t)(r->lba >> 40);
    } else {
        cdb[4] = (uint8_t)r->features;
        cdb[6] = (uint8_t)r->count;
    }
    cdb[8] = (uint8_t)r->lba;
    cdb[10] = (uint8_t)(r->lba >> 8);
    cdb[12] = (uint8_t)(r->lba >> 16);
    cdb[13] = (uint8_t)(0x40 | (r->wide ? 0 : (r->lba >> 24 & 0x0f)));
    cdb[14] = r->command;
    return 16;
}

static uint8_t by_12(const struct registers *r, uint8_t cdb[16])
{
    cdb[0] = PASS_THROUGH_12;
    cdb[1] = (uint8_t)(r->protocol << 1);
    cdb[2] = transfer_of(r);
    cdb[3] = (uint8_t)r->features;
    cdb[4] = (uint8_t)r->count;
    cdb[5] = (uint8_t)r->lba;
    cdb[6] = (uint8_t)(r->lba >> 8);
    cdb[7] = (uint8_t)(r->lba >> 16);
    cdb[8] = (uint8_t)(0x40 | (r->lba >> 24 & 0x0f));
    cdb[9] = r->command;
    return 12;
}

/* Ranges that are not wanted any more: 48 bits where, 16 how many, little-endian. */
static void trim_list(uint8_t *list, uint64_t lba, uint64_t sectors)
{
    uint64_t entry = lba | sectors << 48;
    memset(list, 0, ATA_BLOCK);
    for (int i = 0; i < 8; i++)
        list[i] = (uint8_t)(entry >> 8 * i);
}

void blocker_send_ata(const struct blocker_command *c, const struct blocker_target *t,
                      struct blocker_answer *a)
{
    uint32_t sector = t->disk->sector;
    uint8_t cdb[16] = {0};
    struct registers r = {
        .command = c->code,
        .protocol = c->code == WRITE_SECTORS || c->code == WRITE_SECTORS_EXT ? PIO_OUT : DMA,
        .count = (uint16_t)(t->bytes / sector),
        .lba = t->from / sector,
        .logical = sector != ATA_BLOCK && c->code != DATA_SET_MANAGEMENT,
        .wide = c->code != WRITE_SECTORS && c->code != WRITE_DMA};
    struct blocker_scsi s = {.cdb = cdb, .data = t->data, .data_len = t->bytes};
    if (!r.wide && r.lba + r.count > REACH_28) {
        snprintf(a->why, sizeof a->why, "the command names no sector so far behind");
        return;
    }
    if (c->code == DATA_SET_MANAGEMENT) {
        trim_list(t->data, r.lba, BLOCKER_SLOT / sector);
        r.lba = 0;
        r.features = r.count = 1;
        s.data_len = ATA_BLOCK;
    }
    s.cdb_len = c->variant == 12 ? by_12(&r, cdb) : by_16(&r, cdb);
    blocker_scsi_send(t->disk, &s, a);
}

/* The registers that came back (SAT-4, ATA Status Return descriptor). */
static bool address_of(const struct blocker_scsi *s, uint64_t *address)
{
    const uint8_t *d = s->sense + 8;
    if (s->sense_len < 22 || (s->sense[0] & 0x7f) != 0x72 || d[0] != 0x09 || d[13] & 0x21)
        return false;
    *address = d[7] | (uint64_t)d[9] << 8 | (uint64_t)d[11] << 16 | (uint64_t)d[6] << 24 |
               (uint64_t)d[8] << 32 | (uint64_t)d[10] << 40;
    return true;
}

/* Until the next power cycle, and to what it is already: nothing is hidden if it is carried out. */
void blocker_send_set_max(const struct blocker_command *c, const struct blocker_target *t,
                          struct blocker_answer *a)
{
    uint8_t cdb[16] = {0};
    uint64_t native = 0, last = t->disk->bytes / t->disk->sector - 1;
    struct registers r = {
        .command = READ_NATIVE_MAX_EXT, .protocol = NO_DATA, .wide = true, .answers = true};
    struct blocker_scsi s = {.cdb = cdb, .cdb_len = by_16(&r, cdb)};
    blocker_scsi_send(t->disk, &s, a);
    if (a->outcome == BLOCKER_NOT_POSSIBLE || a->outcome == BLOCKER_KERNEL)
        return;
    if (!address_of(&s, &native) || native != last) {
        *a = (struct blocker_answer){0};
        snprintf(a->why, sizeof a->why,
                 native ? "the disk hides sectors: it would change what it shows"
                        : "READ NATIVE MAX ADDRESS, which goes before it, is not answered");
        return;
    }
    memset(cdb, 0, sizeof cdb);
    r = (struct registers){.command = c->code, .protocol = NO_DATA, .wide = true, .lba = native};
    s.cdb_len = by_16(&r, cdb);
    blocker_scsi_send(t->disk, &s, a);
}
