/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may see what: the one place that decides, for lists, proofs and publications alike. It goes
 * by ownership and release (organisation, audience, TLP), never by what an inventory claims.
 *
 *   the owner's organisation, and the one that runs the centre    everything of it
 *   an organisation in the object's audience                      what is released to the audience
 *   everyone                          TLP:CLEAR (WHITE), TLP:GREEN and unlabelled
 *   who is concerned                  also TLP:AMBER: what an organisation must know of its own
 *   nobody else                       TLP:AMBER+STRICT, TLP:RED (FIRST TLP 2.0)
 *
 * Exercise and live never mix: an exercise object is seen by exercise viewers and by the centre.
 */
#ifndef STORE_MAY_SEE_H
#define STORE_MAY_SEE_H

#include "store/db.h"

struct viewer {
    const char *organisation; /* "org_…"; "" for strangers */
    bool everywhere;          /* acts for the organisation that runs the centre */
    bool exercise;            /* of an exercise organisation */
    bool concerned;           /* its own assets are concerned by the object */
};

struct shown {
    const char *organisation; /* that owns it */
    const char *audience;     /* "aud_…" that it is released to; NULL or "": none in particular */
    const char *tlp;          /* label as CSAF writes it, any version; NULL or "": none */
    bool exercise;
};

/* 1: may see, 0: may not, -1: the database failed (asked only when an audience is named). */
int may_see(struct db *db, const struct viewer *viewer, const struct shown *shown,
            struct err *e) MUST_CHECK;

#endif
