/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what holds a custody log: a case, an exhibit's folder, a bundle. */
#ifndef EVIDENCE_HOLDER_H
#define EVIDENCE_HOLDER_H

#include "evidence/custody.h"

/* An identifier of an exhibit is a file's name too: letters, digits, '.', '_', '-', at most 63. */
bool evidence_holder_is(struct slice text);

enum evidence_holder_kind {
    EVIDENCE_HOLDER_NONE,
    EVIDENCE_HOLDER_CASE,
    EVIDENCE_HOLDER_EXHIBIT,
    EVIDENCE_HOLDER_BUNDLE
};
/* By the file that says what it is; where that is gone, by what else lies there, so that its log is
 * still looked at. */
enum evidence_holder_kind evidence_holder_kind(const char *folder);

/* The identifier that a log of it begins with: that of acquisition.json or exhibit.json, else made
 * of the folder's name. */
void evidence_holder_name(const char *folder, char name[EVIDENCE_HOLDER]);

/* Each bundle that a holder is or has, exhibits of a case included, in the order of their names.
 * What each() says other than 0 ends it and is returned. */
int evidence_holder_bundles(const char *folder,
                            int (*each)(void *context, const char *bundle, struct err *e),
                            void *context, struct err *e) MUST_CHECK;
/* Each holder in a case: itself, its exhibits, their bundles. Of another holder: it and its
 * bundles.
 */
int evidence_holder_all(const char *folder,
                        int (*each)(void *context, const char *holder, struct err *e),
                        void *context, struct err *e) MUST_CHECK;

/* Row 44: may it be worked on? ERR_DENIED "custody.gate", … */
int evidence_gate(const char *holder, const struct evidence_custody_state *state,
                  struct err *e) MUST_CHECK;

#endif
