/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: epoch ':' version '-' revision, as Debian, rpm and Arch Linux write them. */
#ifndef PRODUCT_VERSION_EVR_H
#define PRODUCT_VERSION_EVR_H

#include "base/slice.h"

/* Splits at the first ':' and the last '-'; what is missing is empty. */
void product_evr_split(struct slice text, struct slice *epoch, struct slice *version,
                       struct slice *revision);

#endif
