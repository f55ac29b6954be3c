/* SPDX-License-Identifier: Apache-2.0 */
/* Matching on the spot: one device against all advisories of a bundle. */
#ifndef AGENT_OFFLINE_MATCH_H
#define AGENT_OFFLINE_MATCH_H

#include "agent/bundle.h"
#include "agent/offline.h"
#include "fleet/class.h"
#include "fleet/match.h"

struct offline_matcher {
    const struct fleet_class *class;
    struct slice serial; /* empty: not known */
    FILE *out;           /* lines for people; NULL: none */
    struct offline_found *found;
    struct fleet_options options; /* with the bundle's aliases, while it matches */
    struct buf results;           /* JSON array: the answer's results */
    struct buf report;            /* JSON array: the same with names and titles */
};

/* Matches every advisories/HEX.json; results and report are whole arrays afterwards. The worst is
 * printed first. */
int offline_match(struct offline_matcher *m, const struct bundle *bundle, struct err *e) MUST_CHECK;

/* Text from outside on a terminal: control characters as '?'. */
void offline_print(FILE *out, struct slice text);
void offline_put(struct buf *out, struct slice text);

#endif
