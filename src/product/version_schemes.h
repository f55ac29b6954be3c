/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the comparisons behind the table of schemes. All take versions that are valid. */
#ifndef PRODUCT_VERSION_SCHEMES_H
#define PRODUCT_VERSION_SCHEMES_H

#include "product/version.h"

bool product_generic_valid(struct slice text);
enum product_order product_generic_compare(struct slice a, struct slice b);

/* Semantic Versioning 2.0.0, with "v" in front allowed and missing parts as zero. */
bool product_semver_valid(struct slice text);
enum product_order product_semver_compare(struct slice a, struct slice b);

/* Debian Policy section 5.6.12: epoch, upstream version, revision. */
bool product_deb_valid(struct slice text);
enum product_order product_deb_compare(struct slice a, struct slice b);

/* rpm: epoch:version-release, each by rpmvercmp with '~' and '^'. */
bool product_rpm_valid(struct slice text);
enum product_order product_rpm_compare(struct slice a, struct slice b);

/* Runs of digits as numbers of any length. */
int product_digits_compare(struct slice a, struct slice b);

#endif
