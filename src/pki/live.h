/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live table: who is behind a certificate that a peer just showed (DESIGN section 4). Kept in
 * memory by the centre, filled from the database at start and told of every change after its
 * commit. Thread-safe: many readers, and a writer that holds them up for one entry at a time.
 */
#ifndef PKI_LIVE_H
#define PKI_LIVE_H

#include "crypto/key.h"
#include "pki/pki.h"

struct pki_live;

struct pki_live_entry {
    uint8_t fingerprint[32];
    char certificate[ID_TEXT];
    char organisation[ID_TEXT];
    char subject_id[ID_TEXT]; /* cut when a server's name is longer */
    enum pki_subject_kind subject;
    bool exercise;
    enum pki_status status;
    int64_t not_before, not_after;
    bool has_point; /* its key, once it was needed: a P-256 one, for digital signatures */
    uint8_t point[P256_POINT_LEN];
};

struct pki_live *pki_live_new(struct err *e) MUST_CHECK;
void pki_live_free(struct pki_live *live);

/* Puts in every certificate that is active and not over at `now`, in pages; number of them, or -1.
 * Opens no transaction: call it within one. */
int64_t pki_live_load(struct pki_live *live, struct db *db, int64_t now, struct err *e) MUST_CHECK;

/*
 * True and a copy, when the certificate is known, active and in time at `now` (microseconds). Else
 * false, and *why (may be NULL) one of "unknown", "revoked", "expired", "not-yet-valid"; for the
 * journal only.
 */
bool pki_live_find(struct pki_live *live, const uint8_t fingerprint[32], int64_t now,
                   struct pki_live_entry *entry, const char **why);
/* After pki_issue_finish committed. */
int pki_live_put(struct pki_live *live, const struct pki_live_entry *entry,
                 struct err *e) MUST_CHECK;
void pki_live_entry_of(const struct pki_issued *issued, struct pki_live_entry *entry);
/* Keeps the key of a certificate that was read: nobody need read it again. */
void pki_live_keep_point(struct pki_live *live, const uint8_t fingerprint[32],
                         const uint8_t point[P256_POINT_LEN]);
/* After pki_revoke committed; then close that peer's streams. False when it was not known. */
bool pki_live_revoke(struct pki_live *live, const uint8_t fingerprint[32]);
/* The same for every certificate of a subject (its asset was removed); the number. */
size_t pki_live_revoke_subject(struct pki_live *live, const char *subject_id);
/* Forgets what ended before `now`; the number. Call it now and then. */
size_t pki_live_sweep(struct pki_live *live, int64_t now);
size_t pki_live_count(struct pki_live *live);

#endif
