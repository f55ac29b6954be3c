/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: notes of the document that have a title set by the standard. */
#ifndef CSAF_NOTES_H
#define CSAF_NOTES_H

#include "csaf/validate/validation.h"

/* The document's language is English or not stated. */
bool csaf_is_in_english(const struct csaf_validation *v);

/*
 * In an English document: exactly one note has the title, and it has the category (6.1.27.17,
 * 6.1.27.18, 6.1.55). Says what is wrong.
 */
void csaf_one_note_titled(struct csaf_validation *v, const char *title, const char *category);

#endif
