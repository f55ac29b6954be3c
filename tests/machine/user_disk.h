/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disks of tests that are programs: they answer the kernel's SCSI commands through
 * target_core_user, so that what is asked of /dev/sdX takes the way of any disk's. Every command
 * that comes is written to a log.
 */
#ifndef USER_DISK_H
#define USER_DISK_H

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

/* Where the data of the command that is being carried out lie. */
static uint8_t *user_map;
static struct tcmu_cmd_entry *user_entry;

static inline void big(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0; value >>= 8)
        to[i] = (uint8_t)value;
}

static inline uint64_t from_big(const uint8_t *from, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | from[i];
    return value;
}

static inline void put_word(uint8_t *data, unsigned word, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < 2 * count; i++, value >>= 8)
        data[2 * word + i] = (uint8_t)value;
}

/* Two bytes a word, swapped, filled with blanks. */
static inline void put_text(uint8_t *data, unsigned word, unsigned words, const char *text)
{
    for (unsigned i = 0; i < 2 * words; i++, text += *text != 0)
        data[2 * word + (i ^ 1)] = *text ? (uint8_t)*text : ' ';
}

static inline void refuse(struct answer *a, uint8_t key, uint8_t code)
{
    memset(a->sense, 0, sizeof a->sense);
    a->refused = true;
    a->sense[0] = 0x72;
    a->sense[1] = key;
    a->sense[2] = code;
}

/* The ATA Status Return descriptor of SAT-4. */
static inline void registers(struct answer *a, uint64_t address, bool failed)
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

/* IDENTIFY DEVICE of a disk with 48-bit addresses, a host protected area and an overlay. */
static inline void identify_as(struct answer *a, const char *model, const char *serial,
                               const char *firmware, uint64_t sectors)
{
    a->len = SECTOR;
    put_text(a->data, 10, 10, serial);
    put_text(a->data, 23, 4, firmware);
    put_text(a->data, 27, MODEL_ROOM / 2, model);
    put_word(a->data, 60, sectors, 2);
    put_word(a->data, 82, 1u << 10, 1);
    put_word(a->data, 83, 0x4000 | 1u << 10 | 1u << 11, 1);
    put_word(a->data, 100, sectors, 4);
}

/* The standard answer to INQUIRY, from eight characters of the vendor on. */
static inline void inquiry_as(struct answer *a, const char *names)
{
    a->len = 36;
    a->data[2] = 6;
    a->data[3] = 2;
    a->data[4] = 31;
    memcpy(a->data + 8, names, strlen(names));
}

static inline void page_of(struct answer *a, uint8_t page, const void *content, uint8_t len)
{
    a->len = 4 + (size_t)len;
    a->data[1] = page;
    a->data[3] = len;
    memcpy(a->data + 4, content, len);
}

static inline void capacity_as(bool longer, uint64_t sectors, bool thin, struct answer *a)
{
    a->len = longer ? 32 : 8;
    big(a->data, sectors - 1, longer ? 8 : 4);
    big(a->data + (longer ? 8 : 4), SECTOR, 4);
    if (longer && thin)
        a->data[14] = 0x80;
}

/* MODE SENSE (6) or (10), without pages. */
static inline void mode_as(bool ten, bool locked, struct answer *a)
{
    a->len = ten ? 8 : 4;
    a->data[ten ? 1 : 0] = ten ? 6 : 3;
    a->data[ten ? 3 : 2] = locked ? 0x80 : 0;
}

/* The data that came with the command, as many of them as there are. */
static inline size_t data_out(void *to, size_t room)
{
    size_t at = 0;
    for (uint32_t i = 0; i < user_entry->req.iov_cnt && at < room; i++) {
        struct kernel_iovec v = user_entry->req.iov[i];
        size_t len = v.iov_len < room - at ? v.iov_len : room - at;
        memcpy((uint8_t *)to + at, user_map + (size_t)v.iov_base, len);
        at += len;
    }
    return at;
}

typedef void carry_out_command(const uint8_t *cdb, struct answer *a);

static void serve_one(carry_out_command *carry_out, FILE *log)
{
    static struct answer a;
    struct tcmu_cmd_entry *entry = user_entry;
    const uint8_t *cdb = user_map + entry->req.cdb_off;
    memset(a.data, 0, SECTOR); /* no answer but that to READ is longer */
    a.len = 0;
    a.refused = false;
    carry_out(cdb, &a);
    if (cdb[0] == 0x85 || cdb[0] == 0xa1)
        fprintf(log, "ata %02x %02x%02x\n", cdb[cdb[0] == 0x85 ? 14 : 9], cdb[3], cdb[4]);
    else
        fprintf(log, "scsi %02x\n", cdb[0]);
    fflush(log);
    for (uint32_t i = 0, at = 0; i < entry->req.iov_cnt && !a.refused && at < a.len; i++) {
        struct kernel_iovec v = entry->req.iov[i];
        size_t len = v.iov_len < a.len - at ? v.iov_len : a.len - at;
        memcpy(user_map + (size_t)v.iov_base, a.data + at, len);
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

/* Answers until it is killed; gives an exit code when it cannot. */
static inline int serve(const char *uio, size_t bytes, const char *log_path,
                        carry_out_command *carry_out)
{
    int fd = open(uio, O_RDWR);
    FILE *log = fopen(log_path, "w");
    user_map = fd >= 0 ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (user_map == MAP_FAILED || !log)
        return 1;
    struct tcmu_mailbox *box = (void *)user_map;
    for (uint32_t events;;) {
        while (box->cmd_tail != __atomic_load_n(&box->cmd_head, __ATOMIC_ACQUIRE)) {
            user_entry = (void *)(user_map + box->cmdr_off + box->cmd_tail);
            uint32_t len = tcmu_hdr_get_len(user_entry->hdr.len_op);
            if (tcmu_hdr_get_op(user_entry->hdr.len_op) == TCMU_OP_CMD)
                serve_one(carry_out, log);
            __atomic_store_n(&box->cmd_tail, (box->cmd_tail + len) % box->cmdr_size,
                             __ATOMIC_RELEASE);
        }
        events = 0;
        if (write(fd, &events, sizeof events) != sizeof events ||
            read(fd, &events, sizeof events) != sizeof events)
            return 1;
    }
}

#endif
