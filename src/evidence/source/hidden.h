/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: sectors that a disk does not show (CFTT DA-AM-07): a host protected area, a
 * device configuration overlay, an accessible max address, capacity of an NVMe drive that no
 * namespace has. Only commands that read are sent: IDENTIFY DEVICE, READ NATIVE MAX ADDRESS (EXT),
 * DEVICE CONFIGURATION IDENTIFY, GET NATIVE MAX ADDRESS EXT (ACS-3); Identify (NVMe base
 * specification).
 */
#ifndef EVIDENCE_HIDDEN_H
#define EVIDENCE_HIDDEN_H

#include "evidence/source.h"

enum { HIDDEN_ATA_BLOCK = 512, HIDDEN_NVME_BLOCK = 4096 };

struct hidden_ata_command {
    uint8_t command;
    uint16_t features;
    bool wide;  /* 48-bit registers */
    bool reads; /* gives HIDDEN_ATA_BLOCK bytes; else registers */
};

struct hidden_ata_answer {
    uint8_t data[HIDDEN_ATA_BLOCK];
    uint64_t address; /* of the registers */
};

/* What is asked; tests have disks of their own. 0: answered; -1: the disk or the kernel refused. */
struct hidden_channel {
    int (*ata)(void *context, const struct hidden_ata_command *command,
               struct hidden_ata_answer *answer);
    /* Identify of the controller (cns 1) or the namespace (cns 0). */
    int (*nvme)(void *context, unsigned cns, uint8_t data[HIDDEN_NVME_BLOCK]);
    void *context;
};

/* Fills native_bytes and native_why, and what of the identity is empty still. */
void hidden_find(struct evidence_identity *identity, const struct hidden_channel *channel);

/* The device that fd is, by SG_IO and NVME_IOCTL_ADMIN_CMD. */
struct hidden_channel hidden_channel_of(int *fd);

/* The registers out of the sense data that came (SAT-4, ATA Status Return descriptor). false: there
 * are none, or the disk refused the command. */
bool hidden_sense_read(const uint8_t *sense, size_t len, uint64_t *address);

#endif
