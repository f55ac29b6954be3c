/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: the commands by which a host can change a disk, each sent to a slot of its own in
 * each area of a test disk, and what came of it. Never sent: what erases, formats, locks or
 * reprograms a disk, or leaves sectors behind that cannot be read.
 */
#ifndef EVIDENCE_BLOCKER_ATTEMPT_H
#define EVIDENCE_BLOCKER_ATTEMPT_H

#include "evidence/blocker/disk.h"

enum blocker_outcome {
    BLOCKER_NOT_POSSIBLE, /* it cannot be sent here; why says so */
    BLOCKER_KERNEL,       /* the kernel refused it: the blocker was not asked */
    BLOCKER_REFUSED,
    BLOCKER_ACCEPTED, /* it was said to be done, and nothing is changed */
    BLOCKER_CHANGED,
    BLOCKER_OUTCOMES
};
extern const char *const blocker_outcome_names[BLOCKER_OUTCOMES];

/* What answered a command, and how. */
struct blocker_answer {
    enum blocker_outcome outcome;
    int error; /* errno of the call; 0: it went */
    bool has_sense;
    uint8_t key, asc, ascq; /* of SCSI sense data */
    bool has_status;
    uint16_t status; /* of SCSI (without sense), or of NVMe */
    bool silent;     /* no answer came in time */
    char why[160];
};

enum blocker_group { BLOCKER_BLOCK, BLOCKER_SCSI, BLOCKER_ATA, BLOCKER_NVME, BLOCKER_GROUPS };
extern const char *const blocker_group_names[BLOCKER_GROUPS];

enum blocker_effect {
    BLOCKER_WRITES,   /* puts data there */
    BLOCKER_DISCARDS, /* says that data there are not wanted any more */
    BLOCKER_SETTLES,  /* changes no data (a capacity set to what it is, a cache written) */
};

/* Where a command is sent to, and what with. */
struct blocker_target {
    const struct blocker_disk *disk;
    uint64_t from;  /* byte; the beginning of a slot */
    uint32_t bytes; /* of what is written: BLOCKER_UNIT, a multiple of the sector */
    uint8_t *data;  /* other bytes than the pattern's, each; aligned, a slot long */
};

enum { BLOCKER_UNIT = 4096 };

struct blocker_command {
    uint8_t number; /* its slot; never given to another one, as marks name it */
    const char *name;
    enum blocker_group group;
    enum blocker_effect effect;
    uint8_t code; /* of its set of commands; variant: what else tells it apart */
    uint16_t variant;
    void (*send)(const struct blocker_command *command, const struct blocker_target *target,
                 struct blocker_answer *answer);
};

extern const struct blocker_command blocker_commands[];
extern const size_t blocker_command_count;

/* The doors, a file each; they fill the answer as far as it is theirs (never BLOCKER_CHANGED). */
typedef void blocker_send(const struct blocker_command *command,
                          const struct blocker_target *target, struct blocker_answer *answer);
blocker_send blocker_send_write, blocker_send_range, blocker_send_scsi, blocker_send_ata,
    blocker_send_set_max, blocker_send_nvme, blocker_send_flush;

/* An errno of the kernel's as an outcome. */
void blocker_answer_errno(struct blocker_answer *answer, int error);

/* A SCSI command by SG_IO. */
struct blocker_scsi {
    const uint8_t *cdb;
    uint8_t cdb_len;
    void *data;
    uint32_t data_len;
    bool reads; /* data comes from the disk */
    uint8_t sense[64];
    uint8_t sense_len;
};
void blocker_scsi_send(const struct blocker_disk *d, struct blocker_scsi *s,
                       struct blocker_answer *answer);
void blocker_put_big(uint8_t *to, uint64_t value, unsigned bytes);

/* ---- all of them ---- */

struct blocker_tried {
    bool done;
    uint64_t from;
    struct blocker_answer answer;
    bool later; /* found changed not behind it at once, but when the areas were read again */
};

struct blocker_trial {
    struct blocker_disk *disk;
    struct evidence_blocker_watch watch;
    struct blocker_tried tried[BLOCKER_SLOTS][BLOCKER_AREAS]; /* by number */
    bool elsewhere; /* something changed that no command was sent to */
    uint64_t elsewhere_at;
    struct blocker_seen seen; /* at the end */
};

/* Sends every command that this disk can be sent, reads the slot after each and the areas after
 * each group. -1: "evidence.stopped", memory; what a disk answers is no error. */
int blocker_trial_run(struct blocker_trial *t, struct err *e) MUST_CHECK;

#endif
