/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room pki: who gets a certificate, under which rules, and what became of it (ISO/IEC 27099,
 * RFC 5280, RFC 7030).
 *
 * All functions with a struct db work inside the caller's transaction and take its checks again
 * there. None of them signs: a signature is asked from the signer between two transactions.
 *
 *   worker   csr_parse, csr_check_possession (or pki_est_request)
 *   writer   pki_token_use, pki_issue_begin          row "intended" with the exact TBS; commit
 *   worker   signer_client_sign_certificate, pki_signature_check
 *   writer   pki_issue_finish                        row "active" with the certificate; commit
 *
 * A crash in between leaves rows that pki_intended_list finds: ask for the signature again (the
 * same TBS, the same serial) or pki_issue_abandon.
 */
#ifndef PKI_PKI_H
#define PKI_PKI_H

#include "base/clock.h"
#include "base/id.h"
#include "crypto/certificate.h"
#include "store/db.h"

struct pki_profiles;

/* What the room's functions need from outside; read-only. */
struct pki {
    const struct clock *clock;
    const struct random *random;
    const struct pki_profiles *profiles;
};

/* What a certificate stands for. */
enum pki_subject_kind {
    PKI_SUBJECT_AUTHORITY = 1,
    PKI_SUBJECT_DEVICE = 2,
    PKI_SUBJECT_OPERATOR = 3,
    PKI_SUBJECT_SERVER = 4,
    PKI_SUBJECT_PUBLICATION = 5,
};
const char *pki_subject_kind_name(enum pki_subject_kind kind); /* "device", … */

enum pki_status {
    PKI_INTENDED = 1, /* decided, not signed yet */
    PKI_ACTIVE = 2,
    PKI_REVOKED = 3,
    PKI_ABANDONED = 4, /* was intended, will never be delivered; its serial is revoked */
};
const char *pki_status_name(enum pki_status status);

enum { PKI_SERIAL_LEN = 16, PKI_KEY_NAME = 65 };

/* ---- profiles ---------------------------------------------------------------------------- */

/*
 * A profile decides every field of a certificate (acceptance 27099 rows 35 and 66). Profiles are
 * JSON, "tocsin-profile/v1": those of the program (root, issuing-ca, device, operator, server,
 * publication-signer) and further ones from files.
 */
struct pki_profile {
    char name[PKI_KEY_NAME];
    enum pki_subject_kind subject;
    int64_t validity;   /* microseconds */
    int64_t backdate;   /* notBefore lies that much before now, for clocks that are slow */
    int64_t renew_from; /* simplereenroll is refused earlier than that before notAfter; 0: ever */
    uint32_t key_usage; /* KEY_USAGE_… */
    uint32_t purposes;  /* PURPOSE_…; 0: no extendedKeyUsage */
    bool purposes_critical;
    bool is_ca;
    int path_length;       /* −1: none */
    bool host_names;       /* subjectAltName with DNS names and addresses, given by who approves */
    uint32_t kinds;        /* key kinds allowed: bits 1 << KEY_P256, … */
    bool same_key_renewal; /* renewal with the same key is allowed (row 34) */
};

struct pki_profiles *pki_profiles_new(struct err *e) MUST_CHECK; /* those of the program */
void pki_profiles_free(struct pki_profiles *profiles);
/* Adds or replaces one from JSON; strict: unknown members and values are "pki.profile". */
int pki_profiles_add(struct pki_profiles *profiles, struct slice json, struct err *e) MUST_CHECK;
/* Adds every *.json of a folder (none there: fine). */
int pki_profiles_add_folder(struct pki_profiles *profiles, const char *folder,
                            struct err *e) MUST_CHECK;
/* NULL with "pki.profile-unknown". */
const struct pki_profile *pki_profile_find(const struct pki_profiles *profiles, const char *name,
                                           struct err *e) MUST_CHECK;
/* In the order of their names; NULL behind the last. */
const struct pki_profile *pki_profile_at(const struct pki_profiles *profiles, size_t index);

/* ---- authorities ------------------------------------------------------------------------- */

enum pki_authority_kind { PKI_ROOT = 1, PKI_ISSUING = 2 };

struct pki_authority {
    char id[ID_TEXT];
    char organisation[ID_TEXT];
    bool exercise;
    enum pki_authority_kind kind;
    char key[PKI_KEY_NAME]; /* its name at the signer */
    bool current;           /* issues; others only revoke and sign lists */
    int64_t not_after;
    struct buf certificate; /* DER */
    struct buf crl_url;     /* text for CRLDistributionPoints; empty: none */
    struct buf issuer_url;  /* text for caIssuers; empty: none */
};
void pki_authority_init(struct pki_authority *a);
void pki_authority_fini(struct pki_authority *a);

/* The current authority of that kind; "pki.no-authority". */
int pki_authority_current(struct db *db, enum pki_authority_kind kind, struct pki_authority *a,
                          struct err *e) MUST_CHECK;
/* By id; 1 found, 0 none. */
int pki_authority_find(struct db *db, const char *id, struct pki_authority *a,
                       struct err *e) MUST_CHECK;
/* The ids of all authorities, newest first, at most `room`; the number, or -1. */
int pki_authority_ids(struct db *db, char (*ids)[ID_TEXT], size_t room, struct err *e) MUST_CHECK;

/*
 * The certificates a relying party needs (row 38): all current and earlier roots that are in time,
 * then issuing CAs, then link certificates (row 17). anchors_only: the roots alone.
 */
int pki_authority_certificates(struct db *db, int64_t now, bool anchors_only,
                               struct certificate_list *list, struct err *e) MUST_CHECK;

/*
 * What goes behind a certificate of the current issuing authority when it is shown to others (TLS,
 * envelopes): the authority's own, then the links to earlier roots. No root: who knows only an
 * earlier one would stop at it.
 */
int pki_authority_chain(struct db *db, int64_t now, struct certificate_list *list,
                        struct err *e) MUST_CHECK;

/*
 * The certificate of the publication key that is valid now, then its issuer's and the links: what
 * an envelope's "chain" holds. "pki.no-publication-certificate".
 */
int pki_publication_chain(struct db *db, int64_t now, struct certificate_list *list,
                          struct err *e) MUST_CHECK;

/* ---- issuance ---------------------------------------------------------------------------- */

struct pki_request {
    const char *profile;
    const char *organisation; /* whose; "org_…" */
    bool exercise;
    const char *subject_id;        /* "ast_…", "opr_…"; for servers any name */
    struct slice spki;             /* whose possession was proven (csr_check_possession) */
    const char *const *host_names; /* for profiles with host names: DNS names or IP addresses */
    size_t host_count;
    const char *renews; /* id of the certificate that this one follows; NULL: a first one */
    const char *token;  /* id of the token used; NULL: none */
    int64_t not_after;  /* earlier end than the profile's; 0: the profile's */
};

struct pki_intended {
    char id[ID_TEXT]; /* "crt_…" */
    char authority[ID_TEXT];
    char key[PKI_KEY_NAME]; /* whom to ask for the signature */
    char subject_id[ID_TEXT * 8];
    char profile[PKI_KEY_NAME];
    uint8_t serial[PKI_SERIAL_LEN];
    uint8_t tbs_hash[32];
    int64_t not_before, not_after;
    bool same_key;  /* the subject had a certificate for this key before: renewal, not rekey */
    struct buf tbs; /* the exact TBSCertificate */
    struct buf issuer_spki; /* to check the signature with */
};
void pki_intended_init(struct pki_intended *i);
void pki_intended_fini(struct pki_intended *i);

/*
 * Decides and records: profile known and in force, key of an allowed kind, not blocked, not held by
 * another subject (row 32); a renewal follows the rules of row 34; serial of 128 random bits,
 * unique for the issuer; validity inside the issuer's. Errors: "pki.profile-unknown",
 * "pki.key-kind", "pki.key-blocked", "pki.key-taken", "pki.renew-…", "pki.host-name",
 * "pki.issuer-expired",
 * "pki.issuer-not-yet-valid", "pki.lint" (the TBS did not pass the check that every TBS passes
 * before it is recorded, row 36).
 */
int pki_issue_begin(struct db *db, const struct pki *pki, const struct pki_request *request,
                    struct pki_intended *intended, struct err *e) MUST_CHECK;

/* A signature that was checked; only pki_signature_check makes one. */
struct pki_signed {
    uint8_t tbs_hash[32];
    enum signature_algorithm algorithm;
    uint8_t signature[KEY_SIGNATURE_MAX];
    size_t signature_len;
};
/* Outside any transaction: 0 when signature is issuer's over tbs. "pki.signature" else. */
int pki_signature_check(struct slice tbs, struct slice issuer_spki, struct slice signature,
                        struct pki_signed *checked, struct err *e) MUST_CHECK;

struct pki_issued {
    char id[ID_TEXT];
    char organisation[ID_TEXT];
    char subject_id[ID_TEXT * 8];
    char profile[PKI_KEY_NAME];
    enum pki_subject_kind subject;
    bool exercise;
    uint8_t serial[PKI_SERIAL_LEN];
    uint8_t fingerprint[32];
    int64_t not_before, not_after;
    struct buf certificate; /* DER */
};
void pki_issued_init(struct pki_issued *i);
void pki_issued_fini(struct pki_issued *i);

/*
 * Stores the certificate and makes it active, when its recorded TBS is the one that was checked.
 * "pki.not-intended" when the row is not in that state (any more), "pki.tbs-changed".
 */
int pki_issue_finish(struct db *db, const struct pki *pki, const char *id,
                     const struct pki_signed *checked, struct pki_issued *issued,
                     struct err *e) MUST_CHECK;
/* Gives an intended one up; its serial goes on the CRL, because a signature may exist somewhere. */
int pki_issue_abandon(struct db *db, const struct pki *pki, const char *id,
                      struct err *e) MUST_CHECK;

/* Intended rows with id > after ("" from the start), oldest id first: up to `room` ids. */
int pki_intended_list(struct db *db, const char *after, char (*ids)[ID_TEXT], size_t room,
                      struct err *e) MUST_CHECK;
/* One of them again, as pki_issue_begin gave it. 1 found, 0 not in that state. */
int pki_intended_load(struct db *db, const char *id, struct pki_intended *intended,
                      struct err *e) MUST_CHECK;

/* ---- certificates as stored -------------------------------------------------------------- */

struct pki_record {
    char id[ID_TEXT];
    char organisation[ID_TEXT];
    char authority[ID_TEXT];
    char subject_id[ID_TEXT * 8];
    char profile[PKI_KEY_NAME];
    char renews[ID_TEXT]; /* "" none */
    enum pki_subject_kind subject;
    enum pki_status status;
    bool exercise;
    uint8_t serial[PKI_SERIAL_LEN];
    uint8_t fingerprint[32];
    int64_t not_before, not_after, created_at, issued_at, revoked_at, invalid_since;
    int reason; /* crl_reason, when revoked */
};
/* 1 found, 0 none. der may be NULL; else the certificate is appended (nothing while intended). */
int pki_certificate_find(struct db *db, const char *id, struct pki_record *record, struct buf *der,
                         struct err *e) MUST_CHECK;
int pki_certificate_by_fingerprint(struct db *db, const uint8_t fingerprint[32],
                                   struct pki_record *record, struct buf *der,
                                   struct err *e) MUST_CHECK;
/* 1: there is an active one with this fingerprint, 0: not. */
int pki_certificate_is_active(struct db *db, const uint8_t fingerprint[32],
                              struct err *e) MUST_CHECK;
/*
 * What a token was used for, by this very key: a device whose answer was lost asks again, and has
 * proven again that the key is its own. 1 found (any status), 0 none.
 */
int pki_certificate_by_token_key(struct db *db, const char *token, const uint8_t spki_hash[32],
                                 struct pki_record *record, struct buf *der,
                                 struct err *e) MUST_CHECK;
/* A page by id behind `after`; organisation NULL: all, subject_id NULL: all. Number, or -1. */
int pki_certificate_list(struct db *db, const char *organisation, const char *subject_id,
                         const char *after, struct pki_record *records, size_t room,
                         struct err *e) MUST_CHECK;

/* A key that may never (again) get a certificate, by the SHA-256 of its SPKI (row 32). */
int pki_block_key(struct db *db, const struct pki *pki, const uint8_t spki_hash[32],
                  const char *reason, struct err *e) MUST_CHECK;

/* ---- revocation and lists ---------------------------------------------------------------- */

/*
 * Revokes an active certificate for a crl_reason (row 41; certificateHold and removeFromCRL are
 * refused, "pki.reason"); invalid_since 0: not said. keyCompromise also blocks the key. *record is
 * as it is afterwards: tell the live table by its fingerprint. "pki.already-revoked".
 */
int pki_revoke(struct db *db, const struct pki *pki, const char *id, int reason,
               int64_t invalid_since, struct pki_record *record, struct err *e) MUST_CHECK;
/* All active ones of a subject (the asset was removed); the number, and ids up to room. */
int pki_revoke_subject(struct db *db, const struct pki *pki, const char *organisation,
                       const char *subject_id, int reason, struct pki_record *records, size_t room,
                       struct err *e) MUST_CHECK;

struct pki_crl_plan {
    int64_t period;  /* nextUpdate − thisUpdate; default 7 days */
    int64_t refresh; /* made anew when less than that is left of it; default 3 days */
    int64_t delay;   /* longest time from a revocation to its list; default 60 s */
};
extern const struct pki_crl_plan pki_crl_plan_default;

/*
 * Which authority needs a new list now (row 40, 44): none yet, the last runs out, or a revocation
 * is waiting. 1 and its id, 0 none, -1. *again (may be NULL): when to ask again at the latest.
 */
int pki_crl_due(struct db *db, const struct pki *pki, const struct pki_crl_plan *plan,
                char authority[ID_TEXT], int64_t *again, struct err *e) MUST_CHECK;

struct pki_crl_intended {
    char authority[ID_TEXT];
    char key[PKI_KEY_NAME];
    int64_t number;
    int64_t this_update, next_update;
    size_t entries;
    struct buf tbs; /* the exact TBSCertList */
    struct buf issuer_spki;
};
void pki_crl_intended_init(struct pki_crl_intended *i);
void pki_crl_intended_fini(struct pki_crl_intended *i);

enum { PKI_CRL_ENTRIES_MAX = 300000 };

/*
 * Builds the next list of an authority (full, version 2, cRLNumber one more than ever before) and
 * records it. An earlier one that was never signed is given again as it was. "pki.crl-too-large"
 * over PKI_CRL_ENTRIES_MAX.
 */
int pki_crl_begin(struct db *db, const struct pki *pki, const struct pki_crl_plan *plan,
                  const char *authority, struct pki_crl_intended *intended,
                  struct err *e) MUST_CHECK;
/* der: the list is appended. */
int pki_crl_finish(struct db *db, const struct pki *pki, const char *authority, int64_t number,
                   const struct pki_signed *checked, struct buf *der, struct err *e) MUST_CHECK;
/* The newest signed list. 1 found, 0 none. number may be NULL. */
int pki_crl_latest(struct db *db, const char *authority, int64_t *number, struct buf *der,
                   struct err *e) MUST_CHECK;

/* ---- enrolment tokens -------------------------------------------------------------------- */

enum { PKI_TOKEN_TEXT = 64 };

struct pki_token {
    char id[ID_TEXT]; /* "tok_…" */
    char organisation[ID_TEXT];
    char profile[PKI_KEY_NAME];
    char asset[ID_TEXT]; /* "" : a new asset may register itself with it */
    bool exercise;
    int64_t expires_at;
    int64_t used_at;      /* 0: not yet */
    int64_t withdrawn_at; /* 0: not */
};
/* id is drawn; text: what the device is given, shown once: "tok_….SECRET". Only a salted hash of
 * the secret is kept. */
int pki_token_create(struct db *db, const struct pki *pki, struct pki_token *token,
                     char text[PKI_TOKEN_TEXT], struct err *e) MUST_CHECK;
/*
 * Uses a token up: found, unused, in time, right secret. Two transactions cannot both succeed. All
 * refusals are ERR_DENIED; the code says which ("pki.token-unknown", "-secret", "-used",
 * "-expired",
 * "-withdrawn"), for the journal only: tell the outside nothing but "refused". token->id is set
 * whenever the id was known.
 */
int pki_token_use(struct db *db, const struct pki *pki, struct slice text, struct pki_token *token,
                  struct err *e) MUST_CHECK;
int pki_token_withdraw(struct db *db, const struct pki *pki, const char *id,
                       struct err *e) MUST_CHECK;
/* A page by id; organisation NULL: all. */
int pki_token_list(struct db *db, const char *organisation, const char *after,
                   struct pki_token *tokens, size_t room, struct err *e) MUST_CHECK;

#endif
