/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: one function a test of section 6, named by its number. */
#ifndef CSAF_TESTS_H
#define CSAF_TESTS_H

#include "csaf/validation.h"

#define TEST(versions, group, id, number, title) void csaf_test_##number(struct csaf_validation *v);
#include "csaf/tests.def"
#undef TEST

#endif
