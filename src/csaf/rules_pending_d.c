/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that are still to be written: said to be so, never passed. */
#include "csaf/tests.h"

#define PENDING(number)                                                                            \
    void csaf_test_##number(struct csaf_validation *v)                                             \
    {                                                                                              \
        csaf_not_run(v, "not built yet");                                                          \
    }

PENDING(6_2_34)
PENDING(6_2_35)
PENDING(6_2_36)
PENDING(6_2_37)
PENDING(6_2_39_1)
PENDING(6_2_39_2)
PENDING(6_2_39_3)
PENDING(6_2_39_4)
PENDING(6_2_39_5)
PENDING(6_2_40)
PENDING(6_2_42)
PENDING(6_2_43)
PENDING(6_2_44)
PENDING(6_2_45)
PENDING(6_2_46)
PENDING(6_2_49)
PENDING(6_2_50_1)
PENDING(6_2_50_2)
PENDING(6_2_50_3)
PENDING(6_2_51)
PENDING(6_2_52)
PENDING(6_2_53)
PENDING(6_2_54_1)
PENDING(6_2_54_2)
PENDING(6_2_54_3)
PENDING(6_2_54_4)
