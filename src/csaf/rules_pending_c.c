/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that are still to be written: said to be so, never passed. */
#include "csaf/tests.h"

#define PENDING(number)                                                                            \
    void csaf_test_##number(struct csaf_validation *v)                                             \
    {                                                                                              \
        csaf_not_run(v, "not built yet");                                                          \
    }

PENDING(6_2_1)
PENDING(6_2_2)
PENDING(6_2_3)
PENDING(6_2_4)
PENDING(6_2_5)
PENDING(6_2_6)
PENDING(6_2_7)
PENDING(6_2_8)
PENDING(6_2_9)
PENDING(6_2_10)
PENDING(6_2_11)
PENDING(6_2_12)
PENDING(6_2_13)
PENDING(6_2_14)
PENDING(6_2_15)
PENDING(6_2_16)
PENDING(6_2_17)
PENDING(6_2_18)
PENDING(6_2_19)
PENDING(6_2_20)
PENDING(6_2_21)
PENDING(6_2_22)
PENDING(6_2_23)
PENDING(6_2_24)
PENDING(6_2_25)
PENDING(6_2_26)
PENDING(6_2_27)
PENDING(6_2_28)
PENDING(6_2_29)
PENDING(6_2_30)
