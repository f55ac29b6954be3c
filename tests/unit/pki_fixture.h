/* SPDX-License-Identifier: Apache-2.0 */
/* A centre's keys and database for the tests of pki: real files, a clock that the test moves. */
#ifndef PKI_FIXTURE_H
#define PKI_FIXTURE_H

#include "../support/database.h"

#include "base/memory.h"
#include "crypto/chain.h"
#include "crypto/crl.h"
#include "crypto/csr.h"
#include "pki/est.h"
#include "pki/live.h"
#include "pki/pki.h"
#include "pki/setup.h"
#include "signer/signer.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define ORG "org_00000000000000000000000000"
#define OTHER "org_11111111111111111111111111"
#define DAY INT64_C(86400000000)
#define HOUR INT64_C(3600000000)

/* Which engine the tests run on now. */
static enum db_engine fixture_engine;

struct fixture {
    char home[64];
    char url[DATABASE_URL];
    struct db *db;
    struct signer_client *signer;
    struct pki pki;
    struct clock clock;
    int64_t now;
    struct pki_setup setup;
};

static inline int64_t fixture_now(void *context)
{
    return *(int64_t *)context;
}

static inline int fixture_remove(const char *path, const struct stat *s, int kind, struct FTW *f)
{
    (void)s;
    (void)kind;
    (void)f;
    return remove(path);
}

static inline void add_organisation(struct db *db, const char *id, int64_t now)
{
    struct err e = {0};

    assert_int_equal(db_begin(db, &e), 0);
    assert_int_equal(db_run(db, &e, SQL_ORGANISATION_INSERT, DB_TEXT(id), DB_BOOL(false),
                            DB_INT(now), DB_TEXT(NULL)),
                     1);
    assert_int_equal(db_commit(db, &e), 0);
}

/* Home, database and signer, without any authority yet. */
static inline void fixture_open_empty(struct fixture *f)
{
    struct err e = {0};

    *f = (struct fixture){.now = INT64_C(1800000000123456)};
    snprintf(f->home, sizeof(f->home), "/tmp/pki-test-XXXXXX");
    assert_non_null(mkdtemp(f->home));
    f->clock = (struct clock){.now = fixture_now, .monotonic = fixture_now, .context = &f->now};
    f->pki = (struct pki){.clock = &f->clock, .random = &random_system};
    f->pki.profiles = pki_profiles_new(&e);
    assert_non_null(f->pki.profiles);
    assert_true(database_fresh(fixture_engine, f->url));
    f->db = database_open(f->url);
    assert_int_equal(signer_init_home(f->home, slice_str("open sesame"), &e), 0);
    f->signer = signer_client_new_in_process(f->home, slice_str("open sesame"), &e);
    assert_non_null(f->signer);
    add_organisation(f->db, ORG, f->now);
    add_organisation(f->db, OTHER, f->now);
    f->setup = (struct pki_setup){.organisation = ORG,
                                  .organisation_name = "Example",
                                  .crl_url = "http://centre.example/pki/%s.crl",
                                  .issuer_url = "http://centre.example/pki/%s.cer"};
}

static inline void fixture_open(struct fixture *f)
{
    struct err e = {0};

    fixture_open_empty(f);
    if (pki_setup(f->db, &f->pki, f->signer, &f->setup, &e) != 0)
        fail_msg("%s: %s", e.code, e.text);
}

static inline void fixture_close(struct fixture *f)
{
    db_close(f->db);
    signer_client_free(f->signer);
    pki_profiles_free((struct pki_profiles *)(uintptr_t)f->pki.profiles);
    nftw(f->home, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* The tests on SQLite, and again on PostgreSQL where it is installed; the number that failed. */
#define RUN_ON_BOTH_ENGINES(tests)                                                                 \
    ({                                                                                             \
        char postgres_url[DATABASE_URL];                                                           \
        fixture_engine = DB_SQLITE;                                                                \
        int failed = cmocka_run_group_tests_name("SQLite", (tests), NULL, NULL);                   \
        fixture_engine = DB_POSTGRES;                                                              \
        if (database_fresh(DB_POSTGRES, postgres_url))                                             \
            failed += cmocka_run_group_tests_name("PostgreSQL", (tests), NULL, NULL);              \
        failed;                                                                                    \
    })

/* The SubjectPublicKeyInfo of a new key. */
static inline void new_spki(struct buf *spki, enum key_kind kind)
{
    struct err e = {0};
    struct key *key = key_generate(kind, &e);

    assert_non_null(key);
    buf_reset(spki);
    assert_int_equal(key_to_spki(key, spki, &e), 0);
    key_free(key);
}

static inline struct pki_request device_request(const char *asset, const struct buf *spki)
{
    return (struct pki_request){
        .profile = "device", .organisation = ORG, .subject_id = asset, .spki = buf_slice(spki)};
}

/* Issues and expects success. */
static inline void issue(struct fixture *f, const struct pki_request *request,
                         struct pki_issued *issued)
{
    struct err e = {0};

    if (pki_issue(f->db, &f->pki, f->signer, request, issued, &e) != 0)
        fail_msg("%s: %s (%s)", e.code, e.text, e.where);
}

/* Issues and expects this refusal. */
static inline void refuse(struct fixture *f, const struct pki_request *request, const char *code)
{
    struct pki_issued issued;
    struct err e = {0};

    pki_issued_init(&issued);
    assert_int_equal(pki_issue(f->db, &f->pki, f->signer, request, &issued, &e), -1);
    assert_string_equal(e.code, code);
    pki_issued_fini(&issued);
}

/* 0 when der chains to the anchors now, over everything that cacerts gives. */
static inline int chains(struct fixture *f, struct slice der, const struct slice *anchors,
                         size_t count, uint32_t purposes, struct err *e)
{
    struct certificate_list all;

    certificate_list_init(&all);
    assert_int_equal(pki_authority_certificates(f->db, f->now, false, &all, e), 0);
    int result =
        certificate_verify_chain(der, all.items, all.count, anchors, count, f->now, purposes, e);
    certificate_list_fini(&all);
    return result;
}

#endif
