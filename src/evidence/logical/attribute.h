/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: extended attributes whose bytes the kernel gives a meaning, as text. */
#ifndef EVIDENCE_ATTRIBUTE_H
#define EVIDENCE_ATTRIBUTE_H

#include "base/buf.h"
#include "base/json.h"

/*
 * system.posix_acl_access and _default (linux/posix_acl_xattr.h, version 2): appends entries joined
 * by commas, in the order of the attribute. false: it is not one, and nothing was appended.
 */
bool evidence_acl_text(struct slice value, struct buf *out);

struct evidence_capabilities {
    unsigned revision; /* 1 to 3 */
    bool effective;
    uint64_t permitted, inheritable;
    uint32_t rootid;
};

/* security.capability (linux/capability.h, struct vfs_ns_cap_data). false: it is not one. */
bool evidence_capabilities_read(struct slice value, struct evidence_capabilities *c);

#endif
