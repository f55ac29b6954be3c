/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that are still to be written: said to be so, never passed. */
#include "csaf/validate/tests.h"

#define PENDING(number)                                                                            \
    void csaf_test_##number(struct csaf_validation *v)                                             \
    {                                                                                              \
        csaf_not_run(v, "not built yet");                                                          \
    }

PENDING(6_3_6)
PENDING(6_3_7)
PENDING(6_3_8)
PENDING(6_3_16)
