/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that are still to be written: said to be so, never passed. */
#include "csaf/tests.h"

#define PENDING(number)                                                                            \
    void csaf_test_##number(struct csaf_validation *v)                                             \
    {                                                                                              \
        csaf_not_run(v, "not built yet");                                                          \
    }

PENDING(6_1_46)
PENDING(6_1_47)
PENDING(6_1_48)
PENDING(6_1_49)
PENDING(6_1_54)
PENDING(6_1_60_1)
PENDING(6_1_60_2)
PENDING(6_1_60_3)
