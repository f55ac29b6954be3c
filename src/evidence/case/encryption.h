/* SPDX-License-Identifier: Apache-2.0 */
/* What is encrypted, and whether it is open now (acceptance row 21). Reads alone; no program of the
 * host is run. */
#ifndef EVIDENCE_ENCRYPTION_H
#define EVIDENCE_ENCRYPTION_H

#include "base/json.h"

struct evidence_encryption {
    size_t found, open; /* volumes with a header; volumes that this machine has decrypted now */
};

/*
 * device: a block device or file whose headers are looked at (LUKS 1 and 2, BitLocker, at its
 * beginning and at every MiB of its first GiB, where partitions begin); NULL: none. this_machine:
 * what device mapper has open here. Member "seen" goes into the open object: a list, or the text
 * that nothing was seen.
 */
int evidence_encryption_look(const char *device, bool this_machine, struct json_writer *w,
                             struct evidence_encryption *out, struct err *e) MUST_CHECK;

#endif
