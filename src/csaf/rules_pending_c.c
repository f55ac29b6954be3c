/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that are still to be written: said to be so, never passed. */
#include "csaf/tests.h"

#define PENDING(number)                                                                            \
    void csaf_test_##number(struct csaf_validation *v)                                             \
    {                                                                                              \
        csaf_not_run(v, "not built yet");                                                          \
    }
