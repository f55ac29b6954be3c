/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a home: keys, database, journal, authorities, the first operator.
 *
 *   HOME/tocsin.conf          the configuration (written with all defaults when it is not there)
 *   HOME/data/tocsin.db       the database, unless the configuration names another
 *   HOME/signer/              keys, of the signer process alone
 *   HOME/tls/server.pem,.key  the doors' certificate
 *   HOME/trust/root.pem       the trust anchor: what devices are given
 *   HOME/trust/journal.vkey   the journal's verifier key
 *   HOME/operators/admin.pem,.key   the first operator, for remote use
 *   HOME/run/                 sockets
 */
#ifndef CENTRE_INIT_H
#define CENTRE_INIT_H

#include "base/err.h"
#include "base/slice.h"

struct centre_init_options {
    const char *home;
    const char *name;        /* of the organisation that runs the centre; 1 to 64 characters */
    struct slice passphrase; /* for the signer's keys; data NULL: one is drawn and kept in a file */
    long uid;                /* user id of the first administrator at the local socket */
};

struct centre_init_result {
    char organisation[40];
    char operator[40];
    char origin[256];
    char fingerprint[72]; /* of the root certificate, "sha256:…" */
};

/* 0; -1, among others "centre.home-exists": nothing that is there is overwritten. */
int centre_init(const struct centre_init_options *options, struct centre_init_result *result,
                struct err *e) MUST_CHECK;

/* The database of a home; a relative path in its configuration is below the home already. */
struct config;
int centre_database_url(const struct config *config, char url[512], struct err *e) MUST_CHECK;

#endif
