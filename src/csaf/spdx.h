/* SPDX-License-Identifier: Apache-2.0 */
/* License expressions of SPDX (ISO/IEC 5962, annex D), as far as texts are searched for them. */
#ifndef CSAF_SPDX_H
#define CSAF_SPDX_H

#include "base/slice.h"

/*
 * Is text a license expression made of licenses that documents are commonly put under, or of
 * LicenseRef- names? (Any word would be one by its form alone.) At most 16 words.
 */
bool csaf_spdx_expression(struct slice text);

#endif
