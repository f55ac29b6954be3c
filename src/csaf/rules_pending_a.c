/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that are still to be written: said to be so, never passed. */
#include "csaf/tests.h"

#define PENDING(number)                                                                            \
    void csaf_test_##number(struct csaf_validation *v)                                             \
    {                                                                                              \
        csaf_not_run(v, "not built yet");                                                          \
    }

PENDING(6_1_3)
PENDING(6_1_8)
PENDING(6_1_9)
PENDING(6_1_10)
PENDING(6_1_11)
PENDING(6_1_12)
PENDING(6_1_13)
PENDING(6_1_15)
PENDING(6_1_23)
PENDING(6_1_24)
PENDING(6_1_25)
PENDING(6_1_26)
PENDING(6_1_27_13)
PENDING(6_1_28)
PENDING(6_1_31)
