/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: certificates that vouch for others, and what people read of one. */
#ifndef EVIDENCE_ROOTS_H
#define EVIDENCE_ROOTS_H

#include "crypto/certificate.h"

/* All certificates of a PEM file, behind those in the list; none is "evidence.certificates". */
int evidence_roots_read(const char *path, struct certificate_list *list, struct err *e) MUST_CHECK;

/* The subject as text (crypto/name.h), cut at a character's end. */
void evidence_subject(struct slice name_der, char out[256]);

#endif
