/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many certificates are issued a second on the production path: decided and recorded in one
 * durable transaction, signed by the real signer process over its socket, checked, stored in a
 * second durable transaction. Beside it the rate at which OpenSSL signs and verifies with P-256 on
 * one core, taken in turns in the same run; medians. Prints rows of a table.
 */
#include "base/file.h"
#include "crypto/csr.h"
#include "pki/pki.h"
#include "pki/setup.h"
#include "signer/signer.h"

#include <ftw.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 7, BATCH = 256, BATCHES = 4, SIGNERS = 2, OPERATIONS = 2000 };
#define ORG "org_00000000000000000000000000"
#define PASSPHRASE "bench"

static char home[64];
static struct db *db;
static struct signer_client *client;
static struct pki pki;
static struct buf spkis[ROUNDS * BATCHES * BATCH];

static void stop(const char *what, const struct err *e)
{
    fprintf(stderr, "pki_bench: %s: %s (%s)\n", what, e->text, e->code);
    exit(1);
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *f)
{
    (void)s;
    (void)kind;
    (void)f;
    return remove(path);
}

static double seconds(void)
{
    return (double)clock_monotonic(&clock_system) / 1e6;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), ascending);
    return values[count / 2];
}

/* One batch on its way. */
static struct pki_intended intended[BATCH];
static struct pki_signed checked[BATCH];
static atomic_size_t next_one;
static size_t batch_size = BATCH;

static void *sign_some(void *context)
{
    struct err e = {0};

    (void)context;
    for (size_t i; (i = atomic_fetch_add(&next_one, 1)) < batch_size;) {
        struct buf signature;
        buf_init(&signature);
        struct slice tbs = buf_slice(&intended[i].tbs);
        if (signer_client_sign_certificate(client, intended[i].key, tbs, &signature, &e) != 0 ||
            pki_signature_check(tbs, buf_slice(&intended[i].issuer_spki), buf_slice(&signature),
                                &checked[i], &e) != 0)
            stop("sign", &e);
        buf_fini(&signature);
    }
    return NULL;
}

static void issue_batch(size_t from, size_t size)
{
    pthread_t threads[SIGNERS];
    struct pki_issued issued;
    struct err e = {0};

    batch_size = size;
    if (db_begin(db, &e) != 0)
        stop("begin", &e);
    for (size_t i = 0; i < size; i++) {
        char asset[32];
        snprintf(asset, sizeof(asset), "ast_%zu", from + i);
        struct pki_request request = {.profile = "device",
                                      .organisation = ORG,
                                      .subject_id = asset,
                                      .spki = buf_slice(&spkis[from + i])};
        if (pki_issue_begin(db, &pki, &request, &intended[i], &e) != 0)
            stop("issue", &e);
    }
    if (db_commit(db, &e) != 0)
        stop("commit", &e);
    atomic_store(&next_one, 0);
    for (size_t i = 0; i < SIGNERS; i++)
        if (pthread_create(&threads[i], NULL, sign_some, NULL) != 0)
            exit(1);
    for (size_t i = 0; i < SIGNERS; i++)
        pthread_join(threads[i], NULL);
    pki_issued_init(&issued);
    if (db_begin(db, &e) != 0)
        stop("begin", &e);
    for (size_t i = 0; i < size; i++)
        if (pki_issue_finish(db, &pki, intended[i].id, &checked[i], &issued, &e) != 0)
            stop("finish", &e);
    if (db_commit(db, &e) != 0)
        stop("commit", &e);
    pki_issued_fini(&issued);
}

static double openssl_rate(EVP_PKEY *key, bool verify)
{
    uint8_t digest[32] = {7}, signature[80];
    size_t len = sizeof(signature);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    if (!context || EVP_PKEY_sign_init(context) != 1 ||
        EVP_PKEY_sign(context, signature, &len, digest, sizeof(digest)) != 1)
        exit(1);
    size_t made = len;
    if (verify && EVP_PKEY_verify_init(context) != 1)
        exit(1);
    double from = seconds();
    for (int i = 0; i < OPERATIONS; i++) {
        len = sizeof(signature);
        int done = verify ? EVP_PKEY_verify(context, signature, made, digest, sizeof(digest))
                          : EVP_PKEY_sign(context, signature, &len, digest, sizeof(digest));
        if (done != 1)
            exit(1);
    }
    double rate = OPERATIONS / (seconds() - from);
    EVP_PKEY_CTX_free(context);
    return rate;
}

static double key_rate(struct key *key, bool verify)
{
    struct err e = {0};
    struct buf signature;

    buf_init(&signature);
    if (key_sign(key, slice_str("message"), &signature, &e) != 0)
        stop("sign", &e);
    double from = seconds();
    for (int i = 0; i < OPERATIONS; i++) {
        if (!verify)
            buf_reset(&signature);
        int done = verify ? key_verify(key, slice_str("message"), buf_slice(&signature), &e)
                          : key_sign(key, slice_str("message"), &signature, &e);
        if (done != 0)
            stop("sign", &e);
    }
    double rate = OPERATIONS / (seconds() - from);
    buf_fini(&signature);
    return rate;
}

static double spki_microseconds(void)
{
    struct err e = {0};
    double from = seconds();

    for (int i = 0; i < OPERATIONS; i++)
        key_free(key_from_spki(buf_slice(&spkis[i % BATCH]), &e));
    return (seconds() - from) / OPERATIONS * 1e6;
}

/* Revokes what was issued, and makes the list; milliseconds for the list, and its entries. */
static double list_milliseconds(size_t *entries)
{
    struct pki_record page[BATCH], revoked;
    struct pki_authority issuing;
    char after[ID_TEXT] = "";
    struct err e = {0};
    struct buf der;
    int count;

    *entries = 0;
    if (db_begin(db, &e) != 0)
        stop("begin", &e);
    do {
        count = pki_certificate_list(db, ORG, NULL, after, page, BATCH, &e);
        for (int i = 0; i < count; i++) {
            memcpy(after, page[i].id, sizeof(after));
            if (page[i].subject != PKI_SUBJECT_DEVICE)
                continue;
            if (pki_revoke(db, &pki, page[i].id, 4, 0, &revoked, &e) != 0)
                stop("revoke", &e);
            ++*entries;
        }
    } while (count == BATCH);
    if (count < 0 || db_commit(db, &e) != 0)
        stop("commit", &e);
    buf_init(&der);
    pki_authority_init(&issuing);
    if (pki_authority_current(db, PKI_ISSUING, &issuing, &e) != 0)
        stop("authority", &e);
    double from = seconds();
    if (pki_crl_issue(db, &pki, client, &pki_crl_plan_default, issuing.id, &der, &e) != 0)
        stop("list", &e);
    double took = (seconds() - from) * 1e3;
    pki_authority_fini(&issuing);
    buf_fini(&der);
    return took;
}

static pid_t start_signer(void)
{
    int ready[2];
    char byte;

    if (pipe(ready) != 0)
        exit(1);
    pid_t child = fork();
    if (child == 0) {
        const struct signer_options options = {
            .home = home, .ready_fd = ready[1], .allowed_uid = getuid()};
        close(ready[0]);
        _exit(signer_main(&options));
    }
    close(ready[1]);
    if (child < 0 || read(ready[0], &byte, 1) != 1)
        exit(1);
    close(ready[0]);
    return child;
}

static void set_up(void)
{
    const struct pki_setup setup = {.organisation = ORG,
                                    .organisation_name = "Bench",
                                    .crl_url = "http://centre.example/pki/%s.crl",
                                    .issuer_url = "http://centre.example/pki/%s.cer"};
    struct err e = {0};
    char path[128];

    snprintf(home, sizeof(home), "/tmp/pki-bench-XXXXXX");
    if (!mkdtemp(home))
        exit(1);
    pki = (struct pki){.clock = &clock_system, .random = &random_system};
    pki.profiles = pki_profiles_new(&e);
    snprintf(path, sizeof(path), "sqlite:%s/tocsin.db", home);
    if (!pki.profiles || db_open(&db, path, DB_WRITE, &e) != 0 ||
        db_migrate(db, clock_now(&clock_system), &e) != 0 || db_begin(db, &e) != 0 ||
        db_run(db, &e, SQL_ORGANISATION_INSERT, DB_TEXT(ORG), DB_BOOL(false), DB_INT(1),
               DB_TEXT(NULL)) < 0 ||
        db_commit(db, &e) != 0 || signer_init_home(home, slice_str(PASSPHRASE), &e) != 0)
        stop("set up", &e);
    client = signer_client_new_in_process(home, slice_str(PASSPHRASE), &e);
    if (!client || pki_setup(db, &pki, client, &setup, &e) != 0)
        stop("authorities", &e);
    signer_client_free(client);
    snprintf(path, sizeof(path), "%s/signer/passphrase", home);
    if (file_write(path, slice_str(PASSPHRASE), 0600, &e) != 0)
        stop("passphrase", &e);
    snprintf(path, sizeof(path), "%s/run/signer.sock", home);
    client = signer_client_new(path, 0, &e);
    if (!client)
        stop("client", &e);
    for (size_t i = 0; i < ARRAY_LEN(spkis); i++) { /* the devices' own work */
        struct key *key = key_generate(KEY_P256, &e);
        buf_init(&spkis[i]);
        if (!key || key_to_spki(key, &spkis[i], &e) != 0)
            stop("key", &e);
        key_free(key);
    }
    for (size_t i = 0; i < BATCH; i++)
        pki_intended_init(&intended[i]);
}

int main(void)
{
    double issue[ROUNDS], single[ROUNDS], sign[ROUNDS], verify[ROUNDS], ours[ROUNDS],
        ours_verify[ROUNDS], spki[ROUNDS];
    struct err e = {0};
    size_t next = 0;

    set_up();
    pid_t signer = start_signer();
    EVP_PKEY *evp = EVP_EC_gen("P-256");
    struct key *key = key_generate(KEY_P256, &e);
    for (size_t round = 0; round < ROUNDS; round++) {
        sign[round] = openssl_rate(evp, false);
        verify[round] = openssl_rate(evp, true);
        ours[round] = key_rate(key, false);
        ours_verify[round] = key_rate(key, true);
        spki[round] = spki_microseconds();
        double from = seconds();
        for (size_t b = 0; b + 1 < BATCHES; b++, next += BATCH)
            issue_batch(next, BATCH);
        issue[round] = (BATCHES - 1) * BATCH / (seconds() - from);
        from = seconds();
        for (size_t i = 0; i < 64; i++)
            issue_batch(next + i, 1);
        single[round] = 64 / (seconds() - from);
        next += BATCH;
    }
    double sign_rate = median(sign, ROUNDS), verify_rate = median(verify, ROUNDS);
    double issue_rate = median(issue, ROUNDS);
    printf("pki: certificates issued, durable, batches of %d | %.0f/s | P-256 signatures %.0f/s | "
           "%.2f | goal >= 3000/s\n",
           BATCH, issue_rate, sign_rate, issue_rate / sign_rate);
    printf("pki: certificates issued one by one, durable | %.0f/s | P-256 signatures %.0f/s | %.2f "
           "| -\n",
           median(single, ROUNDS), sign_rate, median(single, ROUNDS) / sign_rate);
    printf("crypto: P-256 signatures | %.0f/s | OpenSSL, one context %.0f/s | %.2f | >= 0.9\n",
           median(ours, ROUNDS), sign_rate, median(ours, ROUNDS) / sign_rate);
    printf("crypto: P-256 verifications | %.0f/s | OpenSSL, one context %.0f/s | %.2f | >= 0.9\n",
           median(ours_verify, ROUNDS), verify_rate, median(ours_verify, ROUNDS) / verify_rate);
    printf("crypto: public key from SubjectPublicKeyInfo | %.1f us | d2i_PUBKEY 150 us | - | -\n",
           median(spki, ROUNDS));
    size_t entries;
    double list = list_milliseconds(&entries);
    printf("pki: list of %zu revoked certificates built, signed, stored | %.0f ms | - | - | -\n",
           entries, list);
    kill(signer, SIGTERM);
    waitpid(signer, NULL, 0);
    db_close(db);
    signer_client_free(client);
    key_free(key);
    EVP_PKEY_free(evp);
    nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
