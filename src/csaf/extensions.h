/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: extensions of CSAF 2.1 (section 2.4). */
#ifndef CSAF_EXTENSIONS_H
#define CSAF_EXTENSIONS_H

#include "csaf/tests.h"

/* Where lists of extensions may stand, for csaf_visit; ends with NULL. */
extern const char *const csaf_extension_paths[];

#endif
