/* SPDX-License-Identifier: Apache-2.0 */
#include "net/peers.h"
#include "base/memory.h"
#include "crypto/digest.h"

#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <time.h>

int peers_init(struct peers *p, unsigned loops, struct err *e)
{
    *p = (struct peers){.loops = loops};
    map_init(&p->certificates);
    map_init(&p->addresses);
    int problem = pthread_mutex_init(&p->lock, NULL);
    return problem ? err_errno(e, problem, "net.lock", "no lock") : 0;
}

void peers_fini(struct peers *p)
{
    map_fini(&p->certificates);
    map_fini(&p->addresses);
    pthread_mutex_destroy(&p->lock);
}

static int64_t time_of(const ASN1_TIME *time)
{
    struct tm parts;

    if (ASN1_TIME_to_tm(time, &parts) != 1)
        return 0;
    return (int64_t)timegm(&parts) * 1000000;
}

/* The subject's text into memory; "" when it cannot be written. */
static char *subject_of(X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    char *copy = NULL;
    long len = 0;

    if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
                                  XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
        len = BIO_get_mem_data(bio, &text);
    copy = mem_new(1, (size_t)len + 1);
    if (copy && len > 0)
        memcpy(copy, text, (size_t)len);
    BIO_free(bio);
    return copy;
}

static void free_record(struct peer_record *record)
{
    mem_free((void *)record->peer.der.data);
    mem_free((void *)record->peer.subject);
    mem_free(record);
}

static struct peer_record *new_record(const struct peers *p, X509 *certificate, uint8_t *take_der,
                                      size_t der_len, const uint8_t fingerprint[32])
{
    struct peer_record *record =
        mem_new(1, sizeof(*record) + p->loops * sizeof(record->of_loop[0]));

    if (!record) {
        mem_free(take_der);
        return NULL;
    }
    record->peer.der = slice_of(take_der, der_len);
    memcpy(record->peer.fingerprint, fingerprint, 32);
    record->peer.subject = subject_of(certificate);
    record->peer.not_before = time_of(X509_get0_notBefore(certificate));
    record->peer.not_after = time_of(X509_get0_notAfter(certificate));
    atomic_init(&record->references, 1);
    atomic_init(&record->connections, 0);
    if (!record->peer.subject) {
        free_record(record);
        return NULL;
    }
    return record;
}

static struct peer_record *find_locked(struct peers *p, const uint8_t fingerprint[32])
{
    struct peer_record *record = map_get(&p->certificates, slice_of(fingerprint, 32));

    return record ? peer_record_ref(record) : NULL;
}

struct peer_record *peers_find(struct peers *p, const uint8_t fingerprint[32])
{
    pthread_mutex_lock(&p->lock);
    struct peer_record *record = find_locked(p, fingerprint);
    pthread_mutex_unlock(&p->lock);
    return record;
}

struct peer_record *peers_get(struct peers *p, X509 *certificate)
{
    uint8_t fingerprint[32];
    struct peer_record *record;
    int len = i2d_X509(certificate, NULL);
    uint8_t *der = len > 0 ? mem_new(1, (size_t)len) : NULL;
    unsigned char *end = der;

    if (!der || i2d_X509(certificate, &end) != len ||
        sha256(slice_of(der, (size_t)len), fingerprint) != 0) {
        mem_free(der);
        ERR_clear_error();
        return NULL;
    }
    record = peers_find(p, fingerprint);
    if (record) {
        mem_free(der);
        return record;
    }
    record = new_record(p, certificate, der, (size_t)len, fingerprint);
    if (!record)
        return NULL;
    pthread_mutex_lock(&p->lock);
    struct peer_record *other = find_locked(p, fingerprint); /* somebody was faster */
    if (!other && map_set(&p->certificates, slice_of(record->peer.fingerprint, 32), record) == 0) {
        pthread_mutex_unlock(&p->lock);
        return record;
    }
    pthread_mutex_unlock(&p->lock);
    free_record(record);
    return other;
}

struct peer_record *peer_record_ref(struct peer_record *record)
{
    if (record)
        atomic_fetch_add(&record->references, 1);
    return record;
}

void peers_release(struct peers *p, struct peer_record *record)
{
    if (!record)
        return;
    unsigned now = atomic_load(&record->references);
    while (now > 1)
        if (atomic_compare_exchange_weak(&record->references, &now, now - 1))
            return;
    /* perhaps the last one: under the lock, so that nobody finds it meanwhile */
    pthread_mutex_lock(&p->lock);
    bool last = atomic_fetch_sub(&record->references, 1) == 1;
    if (last)
        map_remove(&p->certificates, slice_of(record->peer.fingerprint, 32));
    pthread_mutex_unlock(&p->lock);
    if (last)
        free_record(record);
}

/* IPv4 as a mapped address; of IPv6 the network of 64 bits, which one host may have to itself. */
static void address_key(const struct sockaddr *address, uint8_t key[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    memset(key, 0, 16);
    if (address->sa_family == AF_INET) {
        memcpy(key, mapped, sizeof(mapped));
        memcpy(key + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        const struct in6_addr *in =
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        memcpy(key, in, IN6_IS_ADDR_V4MAPPED(in) ? 16 : 8);
    }
}

struct address_record *peers_enter(struct peers *p, const struct sockaddr *address, size_t *count)
{
    uint8_t key[16];
    struct address_record *record;

    address_key(address, key);
    pthread_mutex_lock(&p->lock);
    record = map_get(&p->addresses, slice_of(key, sizeof(key)));
    if (!record) {
        record = mem_new(1, sizeof(*record));
        if (record) {
            memcpy(record->key, key, sizeof(key));
            if (map_set(&p->addresses, slice_of(record->key, sizeof(key)), record) != 0) {
                mem_free(record);
                record = NULL;
            }
        }
    }
    if (record)
        *count = atomic_fetch_add(&record->references, 1) + 1;
    pthread_mutex_unlock(&p->lock);
    return record;
}

void peers_leave(struct peers *p, struct address_record *record)
{
    if (!record)
        return;
    pthread_mutex_lock(&p->lock);
    bool last = atomic_fetch_sub(&record->references, 1) == 1;
    if (last)
        map_remove(&p->addresses, slice_of(record->key, sizeof(record->key)));
    pthread_mutex_unlock(&p->lock);
    if (last)
        mem_free(record);
}
