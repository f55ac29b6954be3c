/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SPDX licence expressions (SPDX 3.0.1, annex B), read part by part, and the lists of licences:
 * SPDX's own with its exceptions, and AboutCode's ScanCode LicenseDB.
 */
#ifndef CSAF_LICENSE_H
#define CSAF_LICENSE_H

#include "base/compiler.h"
#include "base/err.h"
#include "base/slice.h"

enum csaf_license_kind {
    CSAF_LICENSE_ID,           /* "MIT", "GPL-2.0-only" */
    CSAF_LICENSE_REF,          /* "LicenseRef-..." */
    CSAF_LICENSE_EXCEPTION,    /* behind WITH: "Classpath-exception-2.0" */
    CSAF_LICENSE_ADDITION_REF, /* behind WITH: "AdditionRef-..." */
};

struct csaf_license_part {
    enum csaf_license_kind kind;
    struct slice id; /* without "+" */
    size_t offset;
    bool or_later;      /* followed by "+" */
    bool from_document; /* "DocumentRef-...:" stands before it, which CSAF forbids */
};

/* Where the reading of an expression is. Start with {.text = expression}. */
struct csaf_license_walk {
    struct slice text;
    size_t at;
    size_t open; /* parentheses */
    int state;
};

/*
 * The next licence or exception of the expression: 1; 0 at its end; -1 with "csaf.license" when the
 * expression is not one, the place is "offset N". Time grows with the text alone, however deep its
 * parentheses are.
 */
int csaf_license_next(struct csaf_license_walk *walk, struct csaf_license_part *part,
                      struct err *e) MUST_CHECK;

/*
 * 6.1.54: whether the whole expression keeps to the grammar, and to CSAF's rule that it has no
 * DocumentRef. Licences that no list has are allowed here.
 */
int csaf_license_check(struct slice expression, struct err *e) MUST_CHECK;

enum csaf_license_list {
    CSAF_LICENSE_UNLISTED, /* of another list, or of nobody's: a LicenseRef that is not ScanCode's
                            */
    CSAF_LICENSE_MISSING,  /* names SPDX's list or ScanCode's, which does not have it */
    CSAF_LICENSE_SPDX,
    CSAF_LICENSE_SCANCODE,
};

/*
 * The list that has the part, and whether it is deprecated there. Ids without prefix are SPDX's;
 * "LicenseRef-scancode-KEY" and "AdditionRef-scancode-KEY" ScanCode's. Case means nothing, but in
 * the prefixes (annex B). A licence in an exception's place is missing, and the other way round.
 */
enum csaf_license_list csaf_license_find(const struct csaf_license_part *part, bool *deprecated);

/* The id as its list writes it ("Apache-2.0" for "apache-2.0"); NULL: not listed, or by ScanCode.
 */
const char *csaf_license_spelling(const struct csaf_license_part *part);

#endif
