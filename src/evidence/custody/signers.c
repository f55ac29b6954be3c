/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/signers.h"
#include "evidence/custody/record.h"

#include <string.h>

void evidence_signers_init(struct evidence_signers *s)
{
    map_init(&s->by_subject);
    arena_init(&s->arena, 0);
    s->vouched = 0;
}

void evidence_signers_fini(struct evidence_signers *s)
{
    map_fini(&s->by_subject);
    arena_fini(&s->arena);
}

static int know(struct evidence_signers *s, struct slice subject, const uint8_t hash[SHA256_LEN],
                struct err *e)
{
    const char *name = arena_copy(&s->arena, subject.data, subject.len);
    void *copy = arena_copy(&s->arena, hash, SHA256_LEN);
    if (!name || !copy || map_set(&s->by_subject, slice_of(name, subject.len), copy) != 0)
        return err_memory(e);
    return 0;
}

int evidence_signers_take(struct evidence_signers *s, const struct evidence_custody_record *record,
                          const struct evidence_signature *signature, struct err *e)
{
    struct slice subject = slice_str(signature->subject);
    const uint8_t *before = map_get(&s->by_subject, subject);
    uint8_t next[SHA256_LEN];
    if (before && memcmp(before, signature->certificate_sha256, SHA256_LEN) != 0)
        return err_set(e, ERR_VERIFY, "custody.key", NULL,
                       "%s signed it with another certificate than before, and no record "
                       "\"key-change\" says so",
                       signature->subject);
    if (!before && know(s, subject, signature->certificate_sha256, e) != 0)
        return -1;
    if (!slice_is(record->kind, "key-change"))
        return 0;
    struct slice who = json_string(evidence_path(record->root, "details.subject"));
    struct slice hash = json_string(evidence_path(record->root, "details.certificate_sha256"));
    if (who.len == 0 || evidence_hash_parse(hash, next) != 0)
        return err_set(e, ERR_VERIFY, "custody.key", NULL,
                       "it does not say whose key changes, and to which");
    if (!slice_equal(who, subject))
        s->vouched++;
    return know(s, who, next, e);
}
