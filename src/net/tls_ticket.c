/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_ticket.h"
#include "base/memory.h"
#include "net/tls_identity.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

struct ticket_key {
    uint8_t name[16];
    uint8_t cipher[32];
    uint8_t mac[32];
    int64_t made; /* monotonic; 0: none */
};

struct tls_tickets {
    atomic_uint references;
    pthread_mutex_t lock;
    struct ticket_key keys[2]; /* [0] makes tickets, both open them */
    int64_t rotate;            /* microseconds */
    const struct random *random;
    const struct clock *clock;
    EVP_CIPHER *cipher;
};

static int new_key(struct tls_tickets *t, struct ticket_key *key, struct err *e)
{
    if (random_fill(t->random, key->name, sizeof(key->name), e) != 0 ||
        random_fill(t->random, key->cipher, sizeof(key->cipher), e) != 0 ||
        random_fill(t->random, key->mac, sizeof(key->mac), e) != 0)
        return -1;
    key->made = clock_monotonic(t->clock) | 1;
    return 0;
}

int tls_tickets_new(struct tls_tickets **tickets, unsigned rotate_s, const struct random *random,
                    const struct clock *clock, struct err *e)
{
    struct tls_tickets *t = mem_new(1, sizeof(*t));

    *tickets = NULL;
    if (!t)
        return err_memory(e);
    atomic_init(&t->references, 1);
    pthread_mutex_init(&t->lock, NULL);
    t->rotate = (int64_t)rotate_s * 1000000;
    t->random = random;
    t->clock = clock;
    t->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    if (!t->cipher) {
        tls_err(e, "net.tls-ticket", "there is no AES-256-CBC");
        goto fail;
    }
    if (new_key(t, &t->keys[0], e) != 0)
        goto fail;
    *tickets = t;
    return 0;
fail:
    tls_tickets_free(t);
    return -1;
}

struct tls_tickets *tls_tickets_ref(struct tls_tickets *tickets)
{
    if (tickets)
        atomic_fetch_add(&tickets->references, 1);
    return tickets;
}

void tls_tickets_free(struct tls_tickets *t)
{
    if (!t || atomic_fetch_sub(&t->references, 1) != 1)
        return;
    EVP_CIPHER_free(t->cipher);
    pthread_mutex_destroy(&t->lock);
    mem_free_secret(t, sizeof(*t));
}

/* Under the lock: a new key when the old one has made tickets long enough. */
static int rotate(struct tls_tickets *t)
{
    struct ticket_key next;
    struct err e = {0};
    int64_t age = clock_monotonic(t->clock) - t->keys[0].made;

    if (!t->rotate || age < t->rotate)
        return 0;
    if (new_key(t, &next, &e) != 0)
        return -1;
    explicit_bzero(&t->keys[1], sizeof(t->keys[1]));
    if (age < 2 * t->rotate)
        t->keys[1] = t->keys[0];
    t->keys[0] = next;
    explicit_bzero(&next, sizeof(next));
    return 0;
}

/* The key to make a ticket with, or the one that it names: 1, or 0 when there is none. */
static int choose_key(struct tls_tickets *t, const unsigned char *name, int making,
                      struct ticket_key *key)
{
    int result = 0;

    pthread_mutex_lock(&t->lock);
    if (rotate(t) == 0) {
        for (int i = 0; i < 2 && !result; i++) {
            if (!t->keys[i].made || (making && i > 0) ||
                (!making && memcmp(name, t->keys[i].name, sizeof(t->keys[i].name)) != 0))
                continue;
            *key = t->keys[i];
            result = 1;
        }
    }
    pthread_mutex_unlock(&t->lock);
    return result;
}

static int ticket_key_call(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                           EVP_MAC_CTX *mac, int making)
{
    struct tls_tickets *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct ticket_key key;
    struct err e = {0};
    int result = choose_key(t, name, making, &key);

    if (result == 0)
        return making ? -1 : 0;
    if (making) {
        memcpy(name, key.name, sizeof(key.name));
        if (random_fill(t->random, iv, 16, &e) != 0)
            result = -1;
    }
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac, sizeof(key.mac)),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    if (result > 0 && (EVP_CipherInit_ex2(cipher, t->cipher, key.cipher, iv, making, NULL) != 1 ||
                       EVP_MAC_CTX_set_params(mac, params) != 1))
        result = -1;
    explicit_bzero(&key, sizeof(key));
    /* 2: opened, and a fresh one is due: each ticket is for one use (RFC 8446 appendix C.4) */
    return result > 0 && !making ? 2 : result;
}

static void free_with_context(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index,
                              long argl, void *argp)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)argl;
    (void)argp;
    tls_tickets_free(pointer);
}

static int owner_index;
static pthread_once_t owner_once = PTHREAD_ONCE_INIT;

static void make_owner_index(void)
{
    owner_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_with_context);
}

int tls_tickets_apply(struct tls_tickets *tickets, SSL_CTX *context, struct err *e)
{
    pthread_once(&owner_once, make_owner_index);
    if (owner_index < 0 || SSL_CTX_set_ex_data(context, owner_index, tickets) != 1)
        return tls_err(e, "net.tls-ticket", "session tickets cannot be set up");
    tls_tickets_ref(tickets);
    SSL_CTX_set_app_data(context, tickets);
    if (SSL_CTX_set_tlsext_ticket_key_evp_cb(context, ticket_key_call) != 1)
        return tls_err(e, "net.tls-ticket", "session tickets cannot be set up");
    return 0;
}
