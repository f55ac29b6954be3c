/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: one function a test of section 6, named by its number. */
#ifndef CSAF_TESTS_H
#define CSAF_TESTS_H

#include "csaf/facts/registry.h"
#include "csaf/validate/validation.h"

#define TEST(versions, group, id, number, title) void csaf_test_##number(struct csaf_validation *v);
#include "csaf/validate/tests.def"

/*
 * Exactly one note of the document has the term's title in this language, and this category. Not
 * run when no translation is recorded.
 */
void csaf_one_note(struct csaf_validation *v, enum csaf_term term, const char *category,
                   struct slice lang);

#endif
