/* SPDX-License-Identifier: Apache-2.0 */
#include "prose/checkers.h"

#include <stddef.h>

const char *const prose_terms_english[] = {
    NULL,
};
