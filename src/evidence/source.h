/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is acquired: a block device, a partition, a file, or a range of one. It is opened for
 * reading only, and nothing here writes to it (ISO/IEC 27037 section 7.1.3; CFTT DA-AO-24).
 */
#ifndef EVIDENCE_SOURCE_H
#define EVIDENCE_SOURCE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum evidence_source_kind { EVIDENCE_SOURCE_DEVICE, EVIDENCE_SOURCE_FILE };

/* What is known of it; a text that is empty could not be read. */
struct evidence_identity {
    char model[80], vendor[80], serial[80], firmware[40];
    char bus[24];          /* "usb", "ata", "nvme", "virtio", "loop" */
    int read_only;         /* the kernel's flag: 1 set, 0 not, -1 not known */
    int removable;         /* likewise */
    uint64_t native_bytes; /* with what it hides; 0: not checked */
    char native_why[400];  /* what hides what, or why it was not checked */
};

struct evidence_source;

/* Stands between a source and who reads it: the self-test's failing disk. */
struct evidence_stand_in {
    /* As evidence_source_read; may call evidence_source_read_real. */
    size_t (*read)(void *context, const struct evidence_source *s, uint64_t offset, void *data,
                   size_t len, int *why);
    uint64_t (*size_now)(void *context);
    void *context;
};

/* A call that read, or bytes that were not read as the file system says that nothing is there. */
struct evidence_call {
    uint64_t offset; /* in the range */
    size_t asked, got;
    int why; /* errno of a call that failed; else 0 */
    bool hole;
};

/* Is told every call, before it and behind it, on the thread that reads. */
struct evidence_listener {
    void (*begins)(void *context);
    void (*ends)(void *context, const struct evidence_call *call);
    void *context;
};

struct evidence_source {
    enum evidence_source_kind kind;
    const char *path;
    uint64_t from;      /* where the range begins in the file or device, in bytes */
    uint64_t bytes;     /* of the range */
    uint64_t all_bytes; /* of the file or device when it was opened */
    uint32_t sector; /* logical sector, in bytes: the least that is read at a time after an error */
    uint32_t physical; /* physical sector, in bytes */
    struct evidence_identity identity;
    uint32_t direct;   /* what fd wants places, lengths and memory aligned to */
    int fd, cached_fd; /* by O_DIRECT, or -1; through the host's cache */
    const struct evidence_stand_in *stand_in; /* NULL but in the self-test */
    struct evidence_listener listener;        /* ends NULL: nobody listens */
};

/* What of it is wanted; zeroed: everything. */
struct evidence_range {
    uint64_t from, bytes; /* bytes 0: to the end */
};

/*
 * Opens path for reading. range may be NULL. path is borrowed. -1: "evidence.source": not there,
 * neither file nor block device, mounted for writing and not forced; "evidence.range".
 */
int evidence_source_open(struct evidence_source *s, const char *path,
                         const struct evidence_range *range, struct err *e) MUST_CHECK;
void evidence_source_close(struct evidence_source *s);

/*
 * Reads len bytes at offset (in the range) into data, which is aligned to 4096 bytes. Gives how
 * many of them are good before something stopped it; *why is its errno, or 0 where the source ended
 * before its time. All of them: *why is 0. Never more than the range.
 */
size_t evidence_source_read(const struct evidence_source *s, uint64_t offset, void *data,
                            size_t len, int *why);

/* The same, whatever stands in. */
size_t evidence_source_read_real(const struct evidence_source *s, uint64_t offset, void *data,
                                 size_t len, int *why);

/* Tells the listener of bytes that are not read, as they lie in a hole. */
void evidence_source_skip(const struct evidence_source *s, uint64_t offset, size_t len);

/* The next byte at or behind offset that is not in a hole, or the end of the range. */
uint64_t evidence_source_hole_end(const struct evidence_source *s, uint64_t offset);

/* The size now, which a device that was pulled out or a file that is written to changes. */
uint64_t evidence_source_size_now(const struct evidence_source *s);

#endif
