/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: names of users and groups out of passwd(5) and group(5), read by ourselves: the
 * machine's resolver would load its libraries and may ask the network.
 */
#ifndef EVIDENCE_OWNERS_H
#define EVIDENCE_OWNERS_H

#include "base/buf.h"

#include <stdint.h>

struct evidence_owner {
    uint32_t id;
    const char *name;
};

struct evidence_owners {
    struct evidence_owner *users, *groups;
    size_t user_count, group_count;
    struct buf user_text, group_text;
};

/* Files below folder ("/etc"); what is not there or cannot be read gives no names. */
int evidence_owners_init(struct evidence_owners *owners, const char *folder,
                         struct err *e) MUST_CHECK;
void evidence_owners_fini(struct evidence_owners *owners);
/* NULL: none. */
const char *evidence_owners_user(const struct evidence_owners *owners, uint32_t uid);
const char *evidence_owners_group(const struct evidence_owners *owners, uint32_t gid);

#endif
