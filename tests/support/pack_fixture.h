/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole proof pack without a centre: two publications and an addition for one advisory, ten
 * devices that did all that devices do, a journal with its heads, a CA and a witness. Made with the
 * journal's own library, so that verifiers have something real to read, and to refuse.
 *
 * The devices: 1 answers everything; 2 is silent; 3 answers and is revoked later; 4 is removed; 5
 * leaves, fixed; 6 answers two notices with one receipt; 7 fetches and does not sign; 8 has left
 * before; 9 joins later (addition); 10 has another serial number (class 2, revision).
 */
#ifndef TESTS_PACK_FIXTURE_H
#define TESTS_PACK_FIXTURE_H

#include "base/buf.h"
#include "crypto/note.h"

enum pack_witnessing {
    PACK_WITNESSED,         /* the pack's head is cosigned */
    PACK_WITNESSED_EARLIER, /* an earlier head is, after the first publication */
    PACK_NOT_WITNESSED,
};

struct pack_options {
    const char *keys;    /* folder with keys, shared by runs; NULL: fresh ones */
    unsigned extra;      /* devices of a third class, each with its receipt */
    bool without_silent; /* the operator rewrites history: device 2 was never there */
    enum pack_witnessing witnessing;
    const char *customer; /* a pack for one organisation: device 6's owner; NULL: the whole */
    /*
     * What an operator with all keys may try, each consistent in itself; NULL: nothing.
     *   revoked-before     device 3's certificate is revoked before its receipt is accepted
     *   receipt-head       device 9 saw a head of another history
     *   later-head         device 9 saw a head that was made after its receipt
     *   other-signer       device 1's receipt is signed by device 6
     *   forged             device 1's receipt has a signature of another key
     *   chain              device 1 signs a head that its notices do not lead to
     *   only               an addition means another device than it says
     *   member-count       an entry says one member more
     *   publication-count  a publication and its act say one device more
     *   meaning            a notice's meaning is not that of its statements
     *   refused            device 1's receipt was refused, not accepted
     *   clock              an act says an earlier time than the one in front of it
     *   foreign-ca         device 1's certificate is of another CA
     *   other-name         device 1's certificate names another asset
     *   expired            device 1's certificate ended before its receipt
     *   publisher-revoked  the publication-signer was revoked before the first publication
     *   twice              a class stands twice in one publication
     *   removed-before     device 4 was removed before anything was published
     */
    const char *lie;
};

struct pack_made {
    struct buf root;    /* PEM */
    struct buf kept;    /* a checkpoint that an outsider kept after the first publication */
    struct buf witness; /* vkey */
    struct buf proof;   /* tlog-proof of the first publication's act */
};

void pack_fixture_make(const char *path, const struct pack_options *options,
                       struct pack_made *made);
void pack_made_fini(struct pack_made *made);

#endif
