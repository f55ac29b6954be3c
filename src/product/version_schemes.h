/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what stands behind the table of schemes. A scheme that is its key alone is
 * compared by its keys (version.c); the ones that are compared most, and those whose order is not
 * total, have a comparison of their own.
 */
#ifndef PRODUCT_VERSION_SCHEMES_H
#define PRODUCT_VERSION_SCHEMES_H

#include "product/version.h"

bool product_firmware_valid(struct slice text);
enum product_order product_firmware_compare(struct slice a, struct slice b);
bool product_firmware_key(struct slice text, struct product_key *k);

/* Semantic Versioning 2.0.0, with "v" or "=" in front allowed and missing parts as zero. */
bool product_semver_valid(struct slice text);
enum product_order product_semver_compare(struct slice a, struct slice b);
bool product_semver_key(struct slice text, struct product_key *k);
/* pub of Dart: what stands behind '+' counts, too. */
bool product_dart_key(struct slice text, struct product_key *k);
/* NuGet: a fourth number; labels without case. */
bool product_nuget_key(struct slice text, struct product_key *k);

/* Debian Policy section 5.6.12: epoch, upstream version, revision. */
bool product_deb_valid(struct slice text);
enum product_order product_deb_compare(struct slice a, struct slice b);
bool product_deb_key(struct slice text, struct product_key *k);

/* rpm: epoch:version-release, each by rpmvercmp with '~' and '^'. */
bool product_rpm_valid(struct slice text);
enum product_order product_rpm_compare(struct slice a, struct slice b);
bool product_rpm_key(struct slice text, struct product_key *k);

/* pacman: epoch:version-release, by its own descendant of rpmvercmp. */
bool product_alpm_valid(struct slice text);
enum product_order product_alpm_compare(struct slice a, struct slice b);
bool product_alpm_key(struct slice text, struct product_key *k);

/* Alpine: apk-tools. */
bool product_apk_key(struct slice text, struct product_key *k);
/* Gentoo: Package Manager Specification section 3.3. */
bool product_gentoo_key(struct slice text, struct product_key *k);

/* PEP 440 (PyPA version specifiers). */
bool product_pypi_key(struct slice text, struct product_key *k);
/* Appends the normal form of PEP 440 ("1.0alpha" is "1.0a0"); false: no version. */
bool product_pypi_normalise(struct slice text, struct buf *out);

/* Maven POM reference, "Version Order Specification". */
bool product_maven_key(struct slice text, struct product_key *k);

/* RubyGems: Gem::Version. */
bool product_gem_key(struct slice text, struct product_key *k);

/* Composer: version numbers with stability. */
bool product_composer_key(struct slice text, struct product_key *k);

/* Conan 2: items of numbers and texts, pre-release, build. */
bool product_conan_valid(struct slice text);
enum product_order product_conan_compare(struct slice a, struct slice b);
bool product_conan_key(struct slice text, struct product_key *k);

/* OpenSSL: letters for patches up to 1.1.1, three numbers from 3.0. */
bool product_openssl_key(struct slice text, struct product_key *k);

/* Numbers and dots; what follows them does not count. A missing number is zero. */
bool product_intdot_key(struct slice text, struct product_key *k);
/* Haskell PVP: numbers and dots, 1.0 before 1.0.0. */
bool product_hackage_key(struct slice text, struct product_key *k);
/* Perl: decimal (1.002003) and dotted (v1.2.3) numbers. */
bool product_cpan_key(struct slice text, struct product_key *k);
/* RFC 3339 section 5.6, by the instant. */
bool product_datetime_key(struct slice text, struct product_key *k);
/* Bytes as they are. */
bool product_lexicographic_key(struct slice text, struct product_key *k);

/* Runs of digits as numbers of any length. */
int product_digits_compare(struct slice a, struct slice b);

#endif
