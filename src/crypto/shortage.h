/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL answers "no" to a question also when it had not the memory to find out. Such a no is no
 * verdict: a signature is not false, and a chain not untrusted, because a machine was short.
 */
#ifndef CRYPTO_SHORTAGE_H
#define CRYPTO_SHORTAGE_H

#include "base/err.h"

#include <openssl/types.h>

/* Empties OpenSSL's queue of errors. True when memory ran out, by what stands in it. */
bool crypto_short_of_memory(void);

/*
 * Asks once more about a chain that X509_verify_cert has just refused, with its certificates read
 * anew: OpenSSL 3.0 forgets to say that memory was short while it looked for an issuer, or read an
 * extension, and remembers what it then took the certificate for. True: the chain holds after all.
 */
bool crypto_chain_ask_again(X509_STORE_CTX *refused);

/*
 * Has OpenSSL read now all that it reads of a trust anchor at its first use, and remembers for
 * ever. False when it cannot.
 */
bool crypto_anchor_prepare(X509 *anchor);

#endif
