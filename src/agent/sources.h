/* SPDX-License-Identifier: Apache-2.0 */
/* Where a device learns what it is and what it runs: the files that agent.conf names. */
#ifndef AGENT_SOURCES_H
#define AGENT_SOURCES_H

#include "agent/config.h"
#include "fleet/inventory.h"

enum {
    SOURCES_FILE_MAX = 64 << 20, /* bytes of one source */
    SOURCES_DMI_MAX = 4096       /* bytes of one DMI value */
};

/*
 * Reads all sources into one inventory; values of the nameplate file win over those of the others.
 * A source that cannot be read or is not as its format says fails the whole: half an inventory
 * would call the missing half absent. An inventory without any source is empty.
 */
int sources_read(struct fleet_inventory **inventory, const struct agent_config *config,
                 struct err *e) MUST_CHECK;

/* True when nothing is configured: there is nothing to tell the centre. */
bool sources_none(const struct agent_config *config);

#endif
