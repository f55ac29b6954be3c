/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ATA disk that hides sectors, behind a write blocker: answers the kernel's SCSI commands
 * through target_core_user, so that what is asked of /dev/sdX takes the way of any disk's. Each
 * sector holds its own number. Every command that comes is written to a log.
 *
 *   hidden_disk UIO MAP-BYTES SHOWN NATIVE OVERLAY LOG
 *
 * Sectors that can be read, that READ NATIVE MAX tells, that the configuration overlay tells; 0:
 * the disk refuses to answer.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define iovec kernel_iovec /* which the C library has too */
#include <linux/target_core_user.h>
#undef iovec

enum { SECTOR = 512, GOOD = 0, CHECK_CONDITION = 2, MODEL_ROOM = 40 };

struct answer {
    uint8_t data[2 << 20];
    size_t len;
    bool refused;
    uint8_t sense[22];
};

static uint64_t shown, native, overlay;

static void big(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0; value >>= 8)
        to[i] = (uint8_t)value;
}

static uint64_t from_big(const uint8_t *from, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | from[i];
    return value;
}

static void put_word(uint8_t *data, unsigned word, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < 2 * count; i++, value >>= 8)
        data[2 * word + i] = (uint8_t)value;
}

/* Two bytes a word, swapped, filled with blanks. */
static void put_text(uint8_t *data, unsigned word, unsigned words, const char *text)
{
    for (unsigned i = 0; i < 2 * words; i++, text += *text != 0)
        data[2 * word + (i ^ 1)] = *text ? (uint8_t)*text : ' ';
}

static void refuse(struct answer *a, uint8_t key, uint8_t code)
{
    memset(a->sense, 0, sizeof a->sense);
    a->refused = true;
    a->sense[0] = 0x72;
    a->sense[1] = key;
    a->sense[2] = code;
}

/* The ATA Status Return descriptor of SAT-4. */
static void registers(struct answer *a, uint64_t address, bool failed)
{
    refuse(a, failed ? 0x0b : 0x01, 0);
    uint8_t *d = a->sense + 8;
    a->sense[3] = failed ? 0 : 0x1d;
    a->sense[7] = 14;
    d[0] = 0x09;
    d[1] = 12;
    d[2] = 1;
    d[3] = failed ? 0x04 : 0;
    for (unsigned i = 0; i < 3; i++) {
        d[7 + 2 * i] = (uint8_t)(address >> 8 * i);
        d[6 + 2 * i] = (uint8_t)(address >> (24 + 8 * i));
    }
    d[12] = 0x40;
    d[13] = failed ? 0x51 : 0x50;
}

static void identify(struct answer *a)
{
    a->len = SECTOR;
    put_text(a->data, 10, 10, "HIDES-4711");
    put_text(a->data, 23, 4, "HF.12345");
    put_text(a->data, 27, MODEL_ROOM / 2, "Hideaway Disk 4000 with a long name");
    put_word(a->data, 60, shown, 2);
    put_word(a->data, 82, 1u << 10, 1);
    put_word(a->data, 83, 0x4000 | 1u << 10 | 1u << 11, 1);
    put_word(a->data, 100, shown, 4);
}

static void ata(const uint8_t *cdb, struct answer *a)
{
    uint16_t features = (uint16_t)(cdb[3] << 8 | cdb[4]);
    if (cdb[14] == 0xec)
        identify(a);
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
    static const char names[] = "ACME    WriteBlocker 12 0007", serial[] = "BLOCKER-9";
    if (!(cdb[1] & 1)) {
        a->len = 36;
        a->data[2] = 6;
        a->data[3] = 2;
        a->data[4] = 31;
        memcpy(a->data + 8, names, sizeof names - 1);
    } else if (cdb[2] == 0) {
        a->len = 6;
        a->data[3] = 2;
        a->data[5] = 0x80;
    } else if (cdb[2] == 0x80) {
        a->len = 4 + sizeof serial - 1;
        a->data[1] = 0x80;
        a->data[3] = sizeof serial - 1;
        memcpy(a->data + 4, serial, sizeof serial - 1);
    } else
        refuse(a, 0x05, 0x24);
}

static void capacity(bool longer, struct answer *a)
{
    a->len = longer ? 32 : 8;
    big(a->data, shown - 1, longer ? 8 : 4);
    big(a->data + (longer ? 8 : 4), SECTOR, 4);
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
    case 0x1a: /* MODE SENSE (6), (10) */
        a->len = 4;
        a->data[0] = 3;
        a->data[2] = 0x80;
        break;
    case 0x5a:
        a->len = 8;
        a->data[1] = 6;
        a->data[3] = 0x80;
        break;
    case 0x25: capacity(false, a); break;
    case 0x9e: (cdb[1] & 0x1f) == 0x10 ? capacity(true, a) : refuse(a, 0x05, 0x20); break;
    case 0x85: ata(cdb, a); break;
    default: refuse(a, 0x05, 0x20);
    }
}

static void serve(uint8_t *map, struct tcmu_cmd_entry *entry, FILE *log)
{
    static struct answer a;
    const uint8_t *cdb = map + entry->req.cdb_off;
    memset(a.data, 0, SECTOR); /* no answer but that to READ is longer */
    a.len = 0;
    a.refused = false;
    carry_out(cdb, &a);
    if (cdb[0] == 0x85)
        fprintf(log, "ata %02x %02x%02x\n", cdb[14], cdb[3], cdb[4]);
    else
        fprintf(log, "scsi %02x\n", cdb[0]);
    fflush(log);
    for (uint32_t i = 0, at = 0; i < entry->req.iov_cnt && !a.refused && at < a.len; i++) {
        struct kernel_iovec v = entry->req.iov[i];
        size_t len = v.iov_len < a.len - at ? v.iov_len : a.len - at;
        memcpy(map + (size_t)v.iov_base, a.data + at, len);
        at += (uint32_t)len;
    }
    memset(&entry->rsp, 0, sizeof entry->rsp);
    entry->rsp.scsi_status = a.refused ? CHECK_CONDITION : GOOD;
    if (a.refused)
        memcpy(entry->rsp.sense_buffer, a.sense, sizeof a.sense);
    else if (a.len > 0) {
        entry->hdr.uflags |= TCMU_UFLAG_READ_LEN;
        entry->rsp.read_len = (uint32_t)a.len;
    }
}

int main(int count, char **words)
{
    if (count != 7)
        return 2;
    int fd = open(words[1], O_RDWR);
    size_t bytes = strtoull(words[2], NULL, 0);
    shown = strtoull(words[3], NULL, 0);
    native = strtoull(words[4], NULL, 0);
    overlay = strtoull(words[5], NULL, 0);
    FILE *log = fopen(words[6], "w");
    uint8_t *map =
        fd >= 0 ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (map == MAP_FAILED || !log)
        return 1;
    struct tcmu_mailbox *box = (void *)map;
    for (uint32_t events;;) {
        while (box->cmd_tail != __atomic_load_n(&box->cmd_head, __ATOMIC_ACQUIRE)) {
            struct tcmu_cmd_entry *entry = (void *)(map + box->cmdr_off + box->cmd_tail);
            uint32_t len = tcmu_hdr_get_len(entry->hdr.len_op);
            if (tcmu_hdr_get_op(entry->hdr.len_op) == TCMU_OP_CMD)
                serve(map, entry, log);
            __atomic_store_n(&box->cmd_tail, (box->cmd_tail + len) % box->cmdr_size,
                             __ATOMIC_RELEASE);
        }
        events = 0;
        if (write(fd, &events, sizeof events) != sizeof events ||
            read(fd, &events, sizeof events) != sizeof events)
            return 1;
    }
}
