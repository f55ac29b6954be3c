/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that are still to be written: said to be so, never passed. */
#include "csaf/tests.h"

#define PENDING(number)                                                                            \
    void csaf_test_##number(struct csaf_validation *v)                                             \
    {                                                                                              \
        csaf_not_run(v, "not built yet");                                                          \
    }

PENDING(6_3_1)
PENDING(6_3_2)
PENDING(6_3_3)
PENDING(6_3_4)
PENDING(6_3_6)
PENDING(6_3_7)
PENDING(6_3_8)
PENDING(6_3_9)
PENDING(6_3_10)
PENDING(6_3_11)
PENDING(6_3_12)
PENDING(6_3_13)
PENDING(6_3_14)
PENDING(6_3_15)
PENDING(6_3_16)
PENDING(6_3_17)
PENDING(6_3_18)
PENDING(6_3_19_1)
PENDING(6_3_19_2)
PENDING(6_3_19_3)
PENDING(6_3_19_4)
PENDING(6_3_19_5)
PENDING(6_3_20)
PENDING(6_3_21_1)
PENDING(6_3_21_2)
PENDING(6_3_21_3)
PENDING(6_3_21_4)
PENDING(6_3_21_5)
PENDING(6_3_21_6)
PENDING(6_3_21_7)
PENDING(6_3_21_8)
PENDING(6_3_21_9)
PENDING(6_3_22)
