/* SPDX-License-Identifier: Apache-2.0 */
/* One-time enrolment tokens: "tok_….SECRET", of which the database holds a salted hash. */
#include "base/encoding.h"
#include "pki/pki_internal.h"

#include <stdio.h>

enum { SALT_LEN = 16, SECRET_BYTES = 20, SECRET_TEXT = 27 };

static int secret_hash(struct slice salt, struct slice secret, uint8_t hash[SHA256_LEN],
                       struct err *e)
{
    const struct slice parts[] = {slice_str("tocsin-token/v1"), salt, secret};

    return sha256_slices(parts, ARRAY_LEN(parts), hash) == 0 ? 0 : digest_failed(e);
}

/* 160 random bits as 27 characters that need no quoting anywhere. */
static int draw_secret(const struct pki *pki, char secret[SECRET_TEXT + 1], struct err *e)
{
    uint8_t bytes[SECRET_BYTES];
    struct buf text;
    int result = -1;

    buf_init(&text);
    if (random_fill(pki->random, bytes, sizeof(bytes), e) == 0) {
        base64url_put(&text, slice_of(bytes, sizeof(bytes)));
        result = buf_check(&text, e);
    }
    if (result == 0)
        snprintf(secret, SECRET_TEXT + 1, "%s", buf_text(&text));
    buf_fini_secret(&text);
    secret_wipe(bytes, sizeof(bytes));
    return result;
}

int pki_token_create(struct db *db, const struct pki *pki, struct pki_token *token,
                     char text[PKI_TOKEN_TEXT], struct err *e)
{
    const struct pki_profile *profile = pki_profile_find(pki->profiles, token->profile, e);
    int64_t now = clock_now(pki->clock);
    char secret[SECRET_TEXT + 1] = "";
    uint8_t hash[SHA256_LEN];
    uint8_t salt[SALT_LEN];
    int result = -1;

    if (!profile)
        return -1;
    if (profile->is_ca)
        return err_set(e, ERR_DENIED, "pki.profile-authority", "ISO/IEC 27099 row 47",
                       "authorities are not enrolled with a token");
    if (token->expires_at <= now)
        return err_set(e, ERR_USAGE, "pki.token-expiry", NULL,
                       "the token would be over before it begins");
    if (id_new(pki->random, "tok", token->id, e) != 0 || draw_secret(pki, secret, e) != 0 ||
        random_fill(pki->random, salt, sizeof(salt), e) != 0 ||
        secret_hash(slice_of(salt, sizeof(salt)), slice_str(secret), hash, e) != 0)
        goto out;
    token->used_at = 0;
    token->withdrawn_at = 0;
    if (db_run(db, e, SQL_PKI_TOKEN_INSERT, DB_TEXT(token->id), DB_TEXT(token->organisation),
               DB_BOOL(token->exercise), DB_TEXT(token->profile),
               DB_TEXT(token->asset[0] ? token->asset : NULL), DB_BYTES(salt, sizeof(salt)),
               DB_BYTES(hash, sizeof(hash)), DB_INT(now), DB_INT(token->expires_at)) < 0)
        goto out;
    snprintf(text, PKI_TOKEN_TEXT, "%s.%s", token->id, secret);
    result = 0;
out:
    secret_wipe(secret, sizeof(secret));
    return result;
}

static int refused(struct err *e, const char *code, const char *text)
{
    return err_set(e, ERR_DENIED, code, "RFC 7030 section 3.2.3", "%s", text);
}

static int read_token(struct db_query *q, struct pki_token *token, struct slice *salt,
                      struct slice *hash, struct err *e)
{
    if (pki_copy_text(db_slice(q, 0), token->organisation, sizeof(token->organisation), e) != 0 ||
        pki_copy_text(db_slice(q, 2), token->profile, sizeof(token->profile), e) != 0 ||
        pki_copy_text(db_slice(q, 3), token->asset, sizeof(token->asset), e) != 0)
        return -1;
    token->exercise = db_bool(q, 1);
    *salt = db_blob(q, 4);
    *hash = db_blob(q, 5);
    token->expires_at = db_int(q, 6);
    token->used_at = db_int(q, 7);
    token->withdrawn_at = db_int(q, 8);
    return 0;
}

/* Everything but using it up. The secret comes first: without it the rest is nobody's business. */
static int check_token(struct db *db, struct slice secret, int64_t now, struct pki_token *token,
                       struct err *e)
{
    struct slice salt, stored;
    uint8_t hash[SHA256_LEN];
    struct db_query q;
    int result = -1;
    int found = db_find(&q, db, e, SQL_PKI_TOKEN_FIND, DB_TEXT(token->id));

    if (found == 0)
        refused(e, "pki.token-unknown", "there is no such token");
    if (found != 1) {
        token->id[0] = '\0';
    } else if (read_token(&q, token, &salt, &stored, e) == 0 &&
               secret_hash(salt, secret, hash, e) == 0) {
        if (!constant_time_equal(stored, slice_of(hash, sizeof(hash))))
            refused(e, "pki.token-secret", "the token's secret is wrong");
        else if (token->used_at != 0)
            refused(e, "pki.token-used", "the token was used before");
        else if (token->withdrawn_at != 0)
            refused(e, "pki.token-withdrawn", "the token was withdrawn");
        else if (token->expires_at <= now)
            refused(e, "pki.token-expired", "the token is over");
        else
            result = 0;
    }
    db_query_finish(&q);
    return result;
}

int pki_token_use(struct db *db, const struct pki *pki, struct slice text, struct pki_token *token,
                  struct err *e)
{
    int64_t now = clock_now(pki->clock);
    const uint8_t *dot = text.len ? memchr(text.data, '.', text.len) : NULL;
    size_t id_len = dot ? (size_t)(dot - text.data) : 0;

    *token = (struct pki_token){0};
    if (!dot || text.len >= PKI_TOKEN_TEXT || !id_is(slice_of(text.data, id_len), "tok"))
        return refused(e, "pki.token-unknown", "that is no token");
    memcpy(token->id, text.data, id_len);
    struct slice secret = slice_of(dot + 1, text.len - id_len - 1);
    if (check_token(db, secret, now, token, e) != 0)
        return -1;
    int64_t changed = db_run(db, e, SQL_PKI_TOKEN_USE, DB_TEXT(token->id), DB_INT(now));
    if (changed < 0)
        return -1;
    if (changed == 0)
        return refused(e, "pki.token-used", "the token was used before");
    token->used_at = now;
    return 0;
}

int pki_token_withdraw(struct db *db, const struct pki *pki, const char *id, struct err *e)
{
    int64_t changed =
        db_run(db, e, SQL_PKI_TOKEN_WITHDRAW, DB_TEXT(id), DB_INT(clock_now(pki->clock)));

    if (changed < 0)
        return -1;
    if (changed == 0)
        return err_set(e, ERR_CONFLICT, "pki.token-used", NULL, "there is no unused token %.40s",
                       id);
    return 0;
}

int pki_token_list(struct db *db, const char *organisation, const char *after,
                   struct pki_token *tokens, size_t room, struct err *e)
{
    struct db_query q;
    size_t count = 0;
    int more = organisation
                   ? db_find(&q, db, e, SQL_PKI_TOKEN_LIST_ORGANISATION, DB_TEXT(after),
                             DB_INT((int64_t)room), DB_TEXT(organisation))
                   : db_find(&q, db, e, SQL_PKI_TOKEN_LIST, DB_TEXT(after), DB_INT((int64_t)room));

    for (; more == 1 && count < room; more = db_step(&q, e)) {
        struct pki_token *t = &tokens[count++];
        *t = (struct pki_token){.exercise = db_bool(&q, 2),
                                .expires_at = db_int(&q, 5),
                                .used_at = db_int(&q, 6),
                                .withdrawn_at = db_int(&q, 7)};
        if (pki_copy_text(db_slice(&q, 0), t->id, sizeof(t->id), e) != 0 ||
            pki_copy_text(db_slice(&q, 1), t->organisation, sizeof(t->organisation), e) != 0 ||
            pki_copy_text(db_slice(&q, 3), t->profile, sizeof(t->profile), e) != 0 ||
            pki_copy_text(db_slice(&q, 4), t->asset, sizeof(t->asset), e) != 0) {
            more = -1;
            break;
        }
    }
    db_query_finish(&q);
    return more < 0 ? -1 : (int)count;
}
