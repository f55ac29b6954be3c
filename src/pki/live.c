/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/live.h"
#include "base/map.h"
#include "base/memory.h"
#include "pki/pki_internal.h"

#include <pthread.h>

enum { PAGE = 1000 };

struct pki_live {
    pthread_rwlock_t turn;
    struct map by_fingerprint; /* struct pki_live_entry, its own fingerprint is the key */
};

struct pki_live *pki_live_new(struct err *e)
{
    struct pki_live *live = mem_new(1, sizeof(*live));

    if (!live) {
        err_memory(e);
        return NULL;
    }
    pthread_rwlock_init(&live->turn, NULL);
    map_init(&live->by_fingerprint);
    return live;
}

void pki_live_free(struct pki_live *live)
{
    if (!live)
        return;
    size_t at = 0;
    for (const struct map_slot *slot; (slot = map_next(&live->by_fingerprint, &at)) != NULL;)
        mem_free(slot->value);
    map_fini(&live->by_fingerprint);
    pthread_rwlock_destroy(&live->turn);
    mem_free(live);
}

static struct slice key_of(const struct pki_live_entry *entry)
{
    return slice_of(entry->fingerprint, sizeof(entry->fingerprint));
}

bool pki_live_find(struct pki_live *live, const uint8_t fingerprint[32], int64_t now,
                   struct pki_live_entry *entry, const char **why)
{
    const char *reason = NULL;

    pthread_rwlock_rdlock(&live->turn);
    const struct pki_live_entry *found = map_get(&live->by_fingerprint, slice_of(fingerprint, 32));
    if (!found)
        reason = "unknown";
    else if (found->status != PKI_ACTIVE)
        reason = "revoked";
    else if (now > found->not_after)
        reason = "expired";
    else if (now < found->not_before)
        reason = "not-yet-valid";
    if (found)
        *entry = *found;
    pthread_rwlock_unlock(&live->turn);
    if (why)
        *why = reason;
    return reason == NULL;
}

int pki_live_put(struct pki_live *live, const struct pki_live_entry *entry, struct err *e)
{
    struct pki_live_entry *copy = mem_new(1, sizeof(*copy));
    int result = 0;

    if (!copy)
        return err_memory(e);
    *copy = *entry;
    pthread_rwlock_wrlock(&live->turn);
    struct pki_live_entry *old = map_get(&live->by_fingerprint, key_of(copy));
    if (old && old->status == PKI_REVOKED) {
        mem_free(copy); /* told late: a revocation is never taken back */
    } else if (old) {
        *old = *copy;
        mem_free(copy);
    } else if (map_set(&live->by_fingerprint, key_of(copy), copy) != 0) {
        mem_free(copy);
        result = err_memory(e);
    }
    pthread_rwlock_unlock(&live->turn);
    return result;
}

void pki_live_entry_of(const struct pki_issued *issued, struct pki_live_entry *entry)
{
    size_t len = strlen(issued->subject_id);

    *entry = (struct pki_live_entry){.subject = issued->subject,
                                     .exercise = issued->exercise,
                                     .status = PKI_ACTIVE,
                                     .not_before = issued->not_before,
                                     .not_after = issued->not_after};
    memcpy(entry->fingerprint, issued->fingerprint, sizeof(entry->fingerprint));
    memcpy(entry->certificate, issued->id, sizeof(entry->certificate));
    memcpy(entry->organisation, issued->organisation, sizeof(entry->organisation));
    memcpy(entry->subject_id, issued->subject_id, len < ID_TEXT ? len : ID_TEXT - 1);
}

void pki_live_keep_point(struct pki_live *live, const uint8_t fingerprint[32],
                         const uint8_t point[P256_POINT_LEN])
{
    pthread_rwlock_wrlock(&live->turn);
    struct pki_live_entry *found = map_get(&live->by_fingerprint, slice_of(fingerprint, 32));
    if (found && !found->has_point) {
        memcpy(found->point, point, P256_POINT_LEN);
        found->has_point = true;
    }
    pthread_rwlock_unlock(&live->turn);
}

bool pki_live_revoke(struct pki_live *live, const uint8_t fingerprint[32])
{
    pthread_rwlock_wrlock(&live->turn);
    struct pki_live_entry *found = map_get(&live->by_fingerprint, slice_of(fingerprint, 32));
    if (found)
        found->status = PKI_REVOKED;
    pthread_rwlock_unlock(&live->turn);
    return found != NULL;
}

size_t pki_live_revoke_subject(struct pki_live *live, const char *subject_id)
{
    const struct map_slot *slot;
    size_t count = 0;
    size_t at = 0;

    pthread_rwlock_wrlock(&live->turn);
    while ((slot = map_next(&live->by_fingerprint, &at)) != NULL) {
        struct pki_live_entry *entry = slot->value;
        if (strcmp(entry->subject_id, subject_id) == 0 && entry->status == PKI_ACTIVE) {
            entry->status = PKI_REVOKED;
            count++;
        }
    }
    pthread_rwlock_unlock(&live->turn);
    return count;
}

static int read_entry(struct db_query *q, struct pki_live_entry *entry, struct err *e)
{
    struct slice subject = db_slice(q, 2);

    *entry = (struct pki_live_entry){.status = PKI_ACTIVE};
    if (pki_copy_text(db_slice(q, 0), entry->certificate, sizeof(entry->certificate), e) != 0 ||
        pki_copy_text(db_slice(q, 1), entry->organisation, sizeof(entry->organisation), e) != 0)
        return -1;
    if (subject.len)
        memcpy(entry->subject_id, subject.data, subject.len < ID_TEXT ? subject.len : ID_TEXT - 1);
    entry->subject = (enum pki_subject_kind)db_int(q, 3);
    entry->exercise = db_bool(q, 4);
    if (!db_blob_copy(q, 5, entry->fingerprint, sizeof(entry->fingerprint)))
        return err_set(e, ERR_INTERNAL, "pki.database", NULL, "a certificate's row is damaged");
    entry->not_before = db_int(q, 6);
    entry->not_after = db_int(q, 7);
    return 0;
}

int64_t pki_live_load(struct pki_live *live, struct db *db, int64_t now, struct err *e)
{
    char after[ID_TEXT] = "";
    int64_t loaded = 0;
    int64_t count;

    do {
        struct pki_live_entry entry = {0};
        struct db_query q;
        int more =
            db_find(&q, db, e, SQL_PKI_CERTIFICATE_LIVE, DB_INT(now), DB_TEXT(after), DB_INT(PAGE));
        count = 0;
        for (; more == 1; more = db_step(&q, e)) {
            if (read_entry(&q, &entry, e) != 0 || pki_live_put(live, &entry, e) != 0) {
                more = -1;
                break;
            }
            count++;
        }
        db_query_finish(&q);
        if (more < 0)
            return -1;
        memcpy(after, entry.certificate, sizeof(after));
        loaded += count;
    } while (count == PAGE);
    return loaded;
}

size_t pki_live_sweep(struct pki_live *live, int64_t now)
{
    struct pki_live_entry *over[PAGE];
    size_t swept = 0;
    size_t count;

    do { /* no changes while walking: collect a page, then remove it */
        size_t at = 0;
        count = 0;
        pthread_rwlock_wrlock(&live->turn);
        for (const struct map_slot *slot;
             count < PAGE && (slot = map_next(&live->by_fingerprint, &at)) != NULL;) {
            struct pki_live_entry *entry = slot->value;
            if (entry->not_after < now)
                over[count++] = entry;
        }
        for (size_t i = 0; i < count; i++) {
            map_remove(&live->by_fingerprint, key_of(over[i]));
            mem_free(over[i]);
        }
        pthread_rwlock_unlock(&live->turn);
        swept += count;
    } while (count == PAGE);
    return swept;
}

size_t pki_live_count(struct pki_live *live)
{
    pthread_rwlock_rdlock(&live->turn);
    size_t count = live->by_fingerprint.count;
    pthread_rwlock_unlock(&live->turn);
    return count;
}
