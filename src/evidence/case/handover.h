/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handover (ISO/IEC 27037 section 6.1): who gives signs what is given, with its hashes; who
 * receives has it hashed again, and then signs, or refuses. Both records stand in the log that
 * travels with it; a copy of the receiver's goes back to the giver as a receipt. No network: a
 * handover is files.
 */
#ifndef EVIDENCE_HANDOVER_H
#define EVIDENCE_HANDOVER_H

#include "evidence/custody/doing.h"

struct evidence_giving {
    const char *to, *to_organisation; /* to: needed */
    const char *packaging, *seal_number, *carrier, *tracking;
};

/* Hashes everything first: "evidence.damaged" when it is not sound. id: the handover's, filled. */
int evidence_handover_give(const char *holder, const struct evidence_giving *giving,
                           struct evidence_doing *doing, char id[40],
                           struct evidence_appended *told, struct err *e) MUST_CHECK;

struct evidence_receiving {
    const char *handover; /* NULL: the only open one */
    const char *condition, *seal_number;
    const char *refuse;  /* why it is not taken over; NULL: it is, when it is what was given */
    const char *receipt; /* folder into which the record is copied for who gave it; may be NULL */
    const char *roots;   /* who vouches for the certificates; may be NULL */
};

struct evidence_received {
    bool taken; /* else it was refused, and that is recorded */
    bool apart; /* not in its log, which does not hold together, but in the receipt alone */
    char handover[40], why[400];
};

/*
 * Nobody signs on a log that does not hold together: what arrives with one is refused in a record
 * apart, which is the receipt. ERR_VERIFY "custody.unsound": there is no folder for it.
 */
int evidence_handover_receive(const char *holder, const struct evidence_receiving *receiving,
                              struct evidence_doing *doing, struct evidence_received *received,
                              struct evidence_appended *told, struct err *e) MUST_CHECK;

/*
 * The receiver's word, come back in a folder: is it about this handover, signed, and of what was
 * given? It is kept in custody/receipts/ and named in the log.
 */
int evidence_handover_receipt(const char *holder, const char *folder, const char *roots,
                              struct evidence_doing *doing, bool *taken,
                              struct evidence_appended *told, struct err *e) MUST_CHECK;

#endif
