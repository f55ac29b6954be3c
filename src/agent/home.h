/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's folder. Everything that it knows stands here, each file written so that a crash
 * leaves the old or the new one:
 *   agent.conf            configuration, written by the owner (config.h)
 *   identity.pem          private key, certificate and chain in one file, mode 0600 (identity.h)
 *   enrol.key, renew.key  a key whose certificate has not arrived yet, mode 0600
 *   trust.json            the verified trust statement (trust.h)
 *   state.json            chain, checkpoint, what was acknowledged (state.h)
 *   notices/N.json        verified deliveries, newest ones kept
 *   outcomes/N-K.json     signed outcomes that wait to be sent (outbox.h)
 *   documents/HEX.json    advisories fetched for the hook
 *   evidence/             both sides of a journal that contradicts itself
 *   lock                  held by the one process that may change all this
 */
#ifndef AGENT_HOME_H
#define AGENT_HOME_H

#include "base/err.h"

#include <limits.h>
#include <stdint.h>

/* path = home/name. -1 with "agent.home" when it does not fit. */
int home_path(const char *home, const char *name, char path[PATH_MAX], struct err *e) MUST_CHECK;

/* Makes the folder (0700) and those inside, and removes what a killed process left half-written. */
int home_prepare(const char *home, struct err *e) MUST_CHECK;

/*
 * Takes the lock for this process and its life; *fd is to be closed at the end. ERR_CONFLICT
 * "agent.home-locked" when another holds it, ERR_NOT_FOUND "agent.home" when there is no such
 * folder.
 */
int home_lock(const char *home, int *fd, struct err *e) MUST_CHECK;

/*
 * The numbered files of a folder inside home ("notices"): names are a number, anything, then
 * ".json". Calls each(context, number, name) in rising order of number, then of name, until it
 * returns non-zero, which is then the answer; -1 with *e when the folder cannot be read or has more
 * than HOME_FILES_MAX.
 */
enum { HOME_FILES_MAX = 100000 };
int home_each(const char *home, const char *folder,
              int (*each)(void *context, uint64_t number, const char *name, struct err *e),
              void *context, struct err *e) MUST_CHECK;

#endif
