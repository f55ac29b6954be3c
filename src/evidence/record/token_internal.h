/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about time-stamp tokens share. */
#ifndef EVIDENCE_RECORD_TOKEN_INTERNAL_H
#define EVIDENCE_RECORD_TOKEN_INTERNAL_H

#include "evidence/record/token.h"

#include <openssl/x509.h>

struct evidence_roots {
    X509_STORE *store;
};

/* OpenSSL said no: for want of memory, or by its judgement. */
int evidence_token_refuse(struct err *e, const char *code, const char *clause, const char *text);
/* Whether what the signature does not cover is what it must be. */
int evidence_token_form(const struct evidence_token *t, X509 *certificate,
                        struct err *e) MUST_CHECK;
/* A name in one line, cut. */
void evidence_name_text(const X509_NAME *name, char text[EVIDENCE_NAME_TEXT]);

#endif
