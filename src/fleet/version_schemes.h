/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the comparisons behind the table of schemes. All take versions that are valid. */
#ifndef FLEET_VERSION_SCHEMES_H
#define FLEET_VERSION_SCHEMES_H

#include "fleet/version.h"

bool fleet_generic_valid(struct slice text);
enum fleet_order fleet_generic_compare(struct slice a, struct slice b);

/* Semantic Versioning 2.0.0, with "v" in front allowed and missing parts as zero. */
bool fleet_semver_valid(struct slice text);
enum fleet_order fleet_semver_compare(struct slice a, struct slice b);

/* Debian Policy section 5.6.12: epoch, upstream version, revision. */
bool fleet_deb_valid(struct slice text);
enum fleet_order fleet_deb_compare(struct slice a, struct slice b);

/* rpm: epoch:version-release, each by rpmvercmp with '~' and '^'. */
bool fleet_rpm_valid(struct slice text);
enum fleet_order fleet_rpm_compare(struct slice a, struct slice b);

/* Runs of digits as numbers of any length. */
int fleet_digits_compare(struct slice a, struct slice b);

#endif
