/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Releases of distributions, as package URLs name them in `distro`: "debian-12", "bookworm",
 * "debian-12.4", "3.18.4", "el8", "SUSE Linux Enterprise Server 15 SP4".
 */
#ifndef PRODUCT_DISTRO_H
#define PRODUCT_DISTRO_H

#include "base/slice.h"

enum { PRODUCT_DISTRO_TEXT = 64 };

struct product_distro {
    const char *family;                /* "debian"; NULL: a word that is not known here */
    char release[PRODUCT_DISTRO_TEXT]; /* "12", "15 sp4"; "": not said */
};

/* space: the namespace of the purl, which stands for a family when the text names none. false: the
 * text is empty or too long. */
bool product_distro_read(struct slice text, struct slice space, struct product_distro *out);

enum product_distro_relation {
    PRODUCT_DISTRO_SAME, /* one release, as far as both say */
    PRODUCT_DISTRO_OPEN, /* cannot be told */
    PRODUCT_DISTRO_OTHER,
};
/* "12" and "12.4" are the same; so are "3.18" and "3.18.4". */
enum product_distro_relation product_distro_compare(const struct product_distro *a,
                                                    const struct product_distro *b);

#endif
