/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what taking the evidence changes of the machine (ISO/IEC 27037 sections 5.4 and
 * 7.1.3.1; ACPO principle 2): measured by what the kernel counts, before and after.
 */
#ifndef EVIDENCE_FOOTPRINT_H
#define EVIDENCE_FOOTPRINT_H

#include "base/json.h"

struct footprint_reading {
    bool has_io, has_cache, has_log;
    uint64_t read_bytes, written_bytes; /* by read and write calls, children that ended included */
    uint64_t disk_read_bytes, disk_written_bytes;
    uint64_t cached_bytes, free_bytes, dirty_bytes; /* of the machine's memory */
    uint64_t log_messages;                          /* of the kernel, since it started */
};

void footprint_read(struct footprint_reading *reading);

struct footprint_counts { /* what the collectors counted */
    uint64_t files_read, sockets, processes, touched;
};

/* An object. */
void footprint_write(struct json_writer *w, const struct footprint_reading *before,
                     const struct footprint_reading *after, const struct footprint_counts *counts);

#endif
