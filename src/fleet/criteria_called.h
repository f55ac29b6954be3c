/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what else a product's name in an advisory calls it. Names of advisories list
 * several models, put remarks behind them and describe the thing; this takes them apart. Pure.
 */
#ifndef FLEET_CRITERIA_CALLED_H
#define FLEET_CRITERIA_CALLED_H

#include "fleet/name.h"

enum { FLEET_CALLED = 48 };

struct fleet_called {
    struct slice text; /* raw, to be normalised as a product's name */
    unsigned rules;    /* what was left out to get there */
};

struct fleet_called_list {
    struct fleet_called at[FLEET_CALLED];
    size_t count;
};

/*
 * Of "D60 devices running firmware" "D60 devices", of "XRM334 (24 V DC)" "XRM334", of "AFF660/665"
 * "AFF665", of "PageWriter TC10 TC20 Cardiographs" "PageWriter TC20" and "TC20", and so on. The
 * name itself is not among them. At most FLEET_CALLED. In the arena; 0, or -1 (ERR_MEMORY).
 */
int fleet_called_make(struct arena *a, struct slice called, struct fleet_called_list *out,
                      struct err *e) MUST_CHECK;

/*
 * "SIMATIC PCS 7 V8.2 and earlier": *front is the name, *version "V8.2 and earlier". false: the
 * name ends otherwise.
 */
bool fleet_called_version(struct slice called, struct slice *front, struct slice *version);

#endif
