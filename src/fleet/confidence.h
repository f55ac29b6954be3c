/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How sure a match must be so that a device is told (CSAF 2.0 section 9.1.13): 0 to 100, or a word.
 * Of what is said of a class, the surest statement that asks for something counts.
 */
#ifndef FLEET_CONFIDENCE_H
#define FLEET_CONFIDENCE_H

#include "base/err.h"
#include "base/slice.h"

enum {
    FLEET_CONFIDENCE_ANY = 0,
    FLEET_CONFIDENCE_STRONG = 85, /* identities that may exclude: FLEET_SURE */
    FLEET_CONFIDENCE_EXACT = 95,  /* a hash, a package URL, a number, a CPE, or the very names */
};

/* "any", "strong", "exact", or a whole number from 0 to 100; ERR_USAGE "fleet.confidence". */
int fleet_confidence_parse(struct slice text, int *confidence, struct err *e) MUST_CHECK;

/* Of a statement's body (JSON array); 0 when nothing is asked. -1: it is damaged. */
int fleet_confidence_of(struct slice statements, struct err *e) MUST_CHECK;

#endif
