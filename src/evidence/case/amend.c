/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/amend.h"
#include "evidence/custody.h"
#include "evidence/custody/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* The last two records that name it. */
struct naming {
    const char *member;
    uint8_t last[SHA256_LEN], before[SHA256_LEN];
    uint64_t record;
};

static int take(void *context, const struct evidence_custody_record *r, struct err *e)
{
    struct naming *n = context;
    uint8_t hash[SHA256_LEN];
    (void)e;
    if (evidence_hash_parse(json_get_string(json_get(r->root, "details"), n->member), hash) != 0)
        return 0;
    memcpy(n->before, n->last, sizeof n->before);
    memcpy(n->last, hash, sizeof n->last);
    n->record = r->number;
    return 0;
}

int evidence_amend_lock(struct evidence_amending *a, const char *holder, struct err *e)
{
    *a = (struct evidence_amending){.folder = open(holder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (a->folder < 0)
        return err_errno(e, errno, "evidence.described", "%s cannot be opened", holder);
    while (flock(a->folder, LOCK_EX) != 0)
        if (errno != EINTR)
            return err_errno(e, errno, "evidence.described", "%s cannot be locked", holder);
    return 0;
}

int evidence_amend_begin(struct evidence_amending *a, const char *holder, const char *file,
                         const char *member, struct slice before, struct err *e)
{
    struct naming n = {.member = member};
    uint8_t hash[SHA256_LEN];
    if (sha256(before, hash) != 0)
        return digest_failed(e);
    if (evidence_custody_read(holder, take, &n, e) != 0)
        return -1;
    memcpy(a->named, n.last, sizeof a->named);
    if (memcmp(hash, n.last, sizeof hash) == 0)
        return 0;
    a->broken_off = memcmp(hash, n.before, sizeof hash) == 0;
    if (a->broken_off)
        return 0;
    err_set(e, ERR_VERIFY, "evidence.described", "ISO/IEC 27037 section 6.1",
            "%s is not what record %" PRIu64 " names: it was changed without a record, and is not "
            "written over",
            file, n.record);
    return err_hint(e, "tocsin evidence custody verify; put back the file that the record names");
}

int evidence_amend_needs_record(const struct evidence_amending *a, struct slice content,
                                bool *needed, struct err *e)
{
    uint8_t hash[SHA256_LEN];
    if (sha256(content, hash) != 0)
        return digest_failed(e);
    bool there = memcmp(hash, a->named, sizeof hash) == 0;
    if (a->broken_off && !there) {
        err_set(e, ERR_VERIFY, "evidence.described", NULL,
                "another change was broken off behind its record and before its file");
        return err_hint(e, "do that one again first: tocsin evidence custody show says which");
    }
    *needed = !there;
    return 0;
}

void evidence_amend_end(struct evidence_amending *a)
{
    if (a->folder >= 0)
        close(a->folder);
    a->folder = -1;
}
