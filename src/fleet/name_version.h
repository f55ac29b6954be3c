/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: versions that stand in the name of what an inventory lists. */
#ifndef FLEET_NAME_VERSION_H
#define FLEET_NAME_VERSION_H

#include "base/slice.h"

struct fleet_named_version {
    struct slice front; /* the name without it */
    struct slice line;  /* its numbers: "5.6" */
    struct slice text;  /* all of it: "v5.6 sp2 hf1" */
    bool rough;         /* a line of versions only: "V5.6" may be V5.6 SP1 */
};

/*
 * "step 7 v5.6 sp2 hf1", "experion pks r510.2", and of software "pi vision 2021": of a product's
 * normal form. false: none stands at its end. A single number behind a v is none: it belongs to the
 * names of devices ("cp 1242 7 v2").
 */
bool fleet_name_version(struct slice form, bool software, struct fleet_named_version *out);

#endif
