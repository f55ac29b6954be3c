/* SPDX-License-Identifier: Apache-2.0 */
/* `tocsin match --unmatched`: what advisories speak of and no inventory has, with what is near. */
#ifndef CLI_MATCH_UNMATCHED_H
#define CLI_MATCH_UNMATCHED_H

#include "base/json.h"
#include "fleet/candidates.h"

/* Comparisons that one advisory may cost; of products beyond that it is only said how many. */
enum { UNMATCHED_LOOKS = 20000000 };

/* Writes one block of lines, or (json not NULL) one object into an open array, for each product of
 * the advisory that a vulnerability names and no component is. name_of says how to call an
 * inventory. */
void unmatched_report(const struct fleet_components *pool, const struct fleet_criteria *criteria,
                      const struct fleet_options *options, const char *(*name_of)(void *, size_t),
                      void *context, struct json_writer *json);

#endif
