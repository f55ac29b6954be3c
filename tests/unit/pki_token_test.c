/* SPDX-License-Identifier: Apache-2.0 */
/* One-time enrolment tokens. */
#include "pki_fixture.h"
#include "base/file.h"

#include <pthread.h>

static struct pki_token wish(int64_t expires_at)
{
    struct pki_token token = {.expires_at = expires_at};

    snprintf(token.organisation, sizeof(token.organisation), ORG);
    snprintf(token.profile, sizeof(token.profile), "device");
    return token;
}

static void make(struct fixture *f, struct pki_token *token, char text[PKI_TOKEN_TEXT])
{
    struct err e = {0};

    assert_int_equal(db_begin(f->db, &e), 0);
    assert_int_equal(pki_token_create(f->db, &f->pki, token, text, &e), 0);
    assert_int_equal(db_commit(f->db, &e), 0);
}

static int use(struct fixture *f, const char *text, struct pki_token *token, struct err *e)
{
    err_clear(e);
    assert_int_equal(db_begin(f->db, e), 0);
    int result = pki_token_use(f->db, &f->pki, slice_str(text), token, e);
    struct err ignored = {0};
    if (result == 0)
        assert_int_equal(db_commit(f->db, &ignored), 0);
    else
        db_rollback(f->db);
    return result;
}

static void once(void **state)
{
    struct fixture f;
    struct pki_token token, found;
    struct err e = {0};
    char text[PKI_TOKEN_TEXT], wrong[PKI_TOKEN_TEXT];

    (void)state;
    fixture_open_empty(&f);
    token = wish(f.now + DAY);
    snprintf(token.asset, sizeof(token.asset), "ast_bound");
    make(&f, &token, text);
    assert_int_equal(strlen(text), ID_TEXT - 1 - 1 + 1 + 27);
    assert_true(strncmp(text, token.id, strlen(token.id)) == 0);

    snprintf(wrong, sizeof(wrong), "%s", text);
    wrong[strlen(wrong) - 1] = wrong[strlen(wrong) - 1] == 'A' ? 'B' : 'A';
    assert_int_equal(use(&f, wrong, &found, &e), -1);
    assert_string_equal(e.code, "pki.token-secret");
    assert_int_equal(e.kind, ERR_DENIED);
    assert_string_equal(found.id, token.id);
    static const char *const nonsense[] = {"",
                                           ".",
                                           "x",
                                           "tok_",
                                           "tok_00000000000000000000000000.x",
                                           "tok_00000000000000000000000000",
                                           ("a very long text that is longer than any token could "
                                            "ever be, to be sure of it.x")};
    for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
        assert_int_equal(use(&f, nonsense[i], &found, &e), -1);
        assert_string_equal(e.code, "pki.token-unknown");
        assert_int_equal(e.kind, ERR_DENIED);
    }
    assert_int_equal(use(&f, text, &found, &e), 0);
    assert_string_equal(found.id, token.id);
    assert_string_equal(found.asset, "ast_bound");
    assert_string_equal(found.organisation, ORG);
    assert_string_equal(found.profile, "device");
    assert_int_equal(use(&f, text, &found, &e), -1);
    assert_string_equal(e.code, "pki.token-used");
    assert_int_equal(use(&f, wrong, &found, &e), -1); /* says no more than before */
    assert_string_equal(e.code, "pki.token-secret");
    fixture_close(&f);
}

static void ends(void **state)
{
    struct fixture f;
    struct pki_token token, found, list[4];
    struct err e = {0};
    char text[PKI_TOKEN_TEXT];

    (void)state;
    fixture_open_empty(&f);
    token = wish(f.now + HOUR);
    make(&f, &token, text);
    f.now += HOUR;
    assert_int_equal(use(&f, text, &found, &e), -1);
    assert_string_equal(e.code, "pki.token-expired");
    token = wish(f.now + HOUR);
    make(&f, &token, text);
    err_clear(&e);
    assert_int_equal(db_begin(f.db, &e), 0);
    assert_int_equal(pki_token_withdraw(f.db, &f.pki, token.id, &e), 0);
    assert_int_equal(pki_token_withdraw(f.db, &f.pki, token.id, &e), -1);
    err_clear(&e);
    assert_int_equal(db_commit(f.db, &e), 0);
    assert_int_equal(use(&f, text, &found, &e), -1);
    assert_string_equal(e.code, "pki.token-withdrawn");
    err_clear(&e);
    assert_int_equal(pki_token_list(f.db, ORG, "", list, 4, &e), 2);
    assert_int_equal(pki_token_list(f.db, NULL, "", list, 4, &e), 2);
    assert_int_equal(pki_token_list(f.db, OTHER, "", list, 4, &e), 0);
    assert_int_equal(pki_token_list(f.db, ORG, list[0].id, list, 4, &e), 1);
    token = wish(f.now);
    assert_int_equal(db_begin(f.db, &e), 0);
    assert_int_equal(pki_token_create(f.db, &f.pki, &token, text, &e), -1);
    assert_string_equal(e.code, "pki.token-expiry");
    err_clear(&e);
    token = wish(f.now + HOUR);
    snprintf(token.profile, sizeof(token.profile), "issuing-ca");
    assert_int_equal(pki_token_create(f.db, &f.pki, &token, text, &e), -1);
    assert_string_equal(e.code, "pki.profile-authority");
    db_rollback(f.db);
    fixture_close(&f);
}

/* The secret is not in the database's files. */
static void only_a_hash_is_kept(void **state)
{
    struct fixture f;
    struct pki_token token;
    struct err e = {0};
    struct buf file;
    char text[PKI_TOKEN_TEXT], path[DATABASE_URL + 8];

    (void)state;
    if (fixture_engine != DB_SQLITE)
        skip();
    fixture_open_empty(&f);
    token = wish(f.now + HOUR);
    make(&f, &token, text);
    static const char *const endings[] = {"", "-wal"};
    bool id_seen = false;
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        buf_init(&file);
        snprintf(path, sizeof(path), "%s%s", f.url + strlen("sqlite:"), endings[i]);
        assert_int_equal(file_read(path, 1 << 26, &file, &e), 0);
        id_seen |= memmem(file.data, file.len, token.id, strlen(token.id)) != NULL;
        assert_null(memmem(file.data, file.len, strchr(text, '.') + 1, 27));
        buf_fini(&file);
    }
    assert_true(id_seen);
    fixture_close(&f);
}

struct race {
    struct fixture *f;
    const char *text;
    pthread_barrier_t *start;
    int result;
};

static void *race_for_it(void *context)
{
    struct race *r = context;
    struct pki_token found;
    struct err e = {0};
    struct db *db;

    r->result = 2;
    if (db_open(&db, r->f->url, DB_WRITE, &e) != 0)
        return NULL;
    pthread_barrier_wait(r->start);
    if (db_begin(db, &e) == 0) {
        r->result = pki_token_use(db, &r->f->pki, slice_str(r->text), &found, &e);
        if (r->result == 0 && db_commit(db, &e) != 0)
            r->result = 2;
    }
    db_close(db);
    return NULL;
}

/* "used twice at the same instant on two connections (one wins)" */
static void one_wins(void **state)
{
    struct fixture f;
    struct pki_token token;
    char text[PKI_TOKEN_TEXT];

    (void)state;
    fixture_open_empty(&f);
    for (int round = 0; round < 20; round++) {
        pthread_barrier_t start;
        pthread_t threads[4];
        struct race races[4];
        int winners = 0;
        token = wish(f.now + DAY);
        make(&f, &token, text);
        pthread_barrier_init(&start, NULL, 4);
        for (int i = 0; i < 4; i++) {
            races[i] = (struct race){&f, text, &start, 2};
            assert_int_equal(pthread_create(&threads[i], NULL, race_for_it, &races[i]), 0);
        }
        for (int i = 0; i < 4; i++) {
            pthread_join(threads[i], NULL);
            assert_int_not_equal(races[i].result, 2);
            winners += races[i].result == 0;
        }
        assert_int_equal(winners, 1);
        pthread_barrier_destroy(&start);
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once),
        cmocka_unit_test(ends),
        cmocka_unit_test(only_a_hash_is_kept),
        cmocka_unit_test(one_wins),
    };
    return RUN_ON_BOTH_ENGINES(tests);
}
