/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/client.h"
#include "base/memory.h"
#include "signer/protocol.h"
#include "signer/rule.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS_MOST = 8, /* the signer serves 32; callers over that wait here for their turn */
    DEADLINE_DEFAULT = 10 * 1000000,
};

struct signer_client {
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    int64_t deadline;
    struct vault *vault; /* in this process; NULL: over the socket */
    pthread_mutex_t turn;
    pthread_cond_t free_place;
    int idle[CONNECTIONS_MOST];
    size_t idle_count;
    size_t used; /* connections that calls hold now */
};

static struct signer_client *new_client(struct err *e)
{
    struct signer_client *client = mem_new(1, sizeof(*client));

    if (!client) {
        err_memory(e);
        return NULL;
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&client->turn, NULL);
    pthread_cond_init(&client->free_place, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return client;
}

struct signer_client *signer_client_new(const char *socket_path, int64_t deadline, struct err *e)
{
    struct signer_client *client = new_client(e);

    if (!client)
        return NULL;
    client->deadline = deadline > 0 ? deadline : DEADLINE_DEFAULT;
    if (snprintf(client->path, sizeof(client->path), "%s", socket_path) >=
        (int)sizeof(client->path)) {
        err_set(e, ERR_USAGE, "signer.socket", NULL, "the path of the socket %s is too long",
                socket_path);
        signer_client_free(client);
        return NULL;
    }
    return client;
}

struct signer_client *signer_client_new_in_process(const char *home, struct slice passphrase,
                                                   struct err *e)
{
    struct signer_client *client = new_client(e);

    if (!client)
        return NULL;
    client->vault = vault_open(home, e);
    if (client->vault && vault_unlock(client->vault, passphrase, e) == 0)
        return client;
    signer_client_free(client);
    return NULL;
}

void signer_client_free(struct signer_client *client)
{
    if (!client)
        return;
    for (size_t i = 0; i < client->idle_count; i++)
        close(client->idle[i]);
    vault_free(client->vault);
    pthread_cond_destroy(&client->free_place);
    pthread_mutex_destroy(&client->turn);
    mem_free(client);
}

static int unreachable(const struct signer_client *client, int why, struct err *e)
{
    struct err system = {0};

    err_errno(&system, why, "signer.unreachable", "the signer at %s does not answer", client->path);
    system.kind = ERR_UNAVAILABLE;
    if (!err_is_set(e))
        *e = system;
    return err_hint(e, "see whether it runs: tocsin status");
}

static int connect_new(const struct signer_client *client, struct err *e)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return unreachable(client, errno, e);
    memcpy(address.sun_path, client->path, sizeof(client->path));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        unreachable(client, errno, e);
        close(fd);
        return -1;
    }
    return fd;
}

/* Waits for a place. *fd: a connection that was idle, or -1 to make one. -1: the deadline passed.
 */
static int take_place(struct signer_client *client, int64_t deadline, int *fd, struct err *e)
{
    const struct timespec until = {.tv_sec = deadline / 1000000,
                                   .tv_nsec = deadline % 1000000 * 1000};
    int waited = 0;

    pthread_mutex_lock(&client->turn);
    while (client->used == CONNECTIONS_MOST && waited == 0)
        waited = pthread_cond_timedwait(&client->free_place, &client->turn, &until);
    bool free_place = client->used < CONNECTIONS_MOST;
    *fd = free_place && client->idle_count > 0 ? client->idle[--client->idle_count] : -1;
    if (free_place)
        client->used++;
    pthread_mutex_unlock(&client->turn);
    if (free_place)
        return 0;
    return err_set(e, ERR_UNAVAILABLE, "signer.deadline", NULL,
                   "the signer has more to do than it can in time; nothing was sent to it");
}

/* fd -1: it is of no use any more. */
static void give_back(struct signer_client *client, int fd)
{
    pthread_mutex_lock(&client->turn);
    client->used--;
    if (fd >= 0)
        client->idle[client->idle_count++] = fd;
    pthread_cond_signal(&client->free_place);
    pthread_mutex_unlock(&client->turn);
}

/* One try over one connection. *stale: it was closed before anything came back. */
static int exchange(int fd, struct slice request, struct buf *answer, int64_t deadline, bool *stale,
                    struct err *e)
{
    *stale = true;
    if (signer_frame_send(fd, request, deadline, e) != 0)
        return -1;
    int got = signer_frame_receive(fd, answer, deadline, e);
    if (got == 1)
        return 0;
    if (got == 0)
        return err_set(e, ERR_UNAVAILABLE, "signer.unreachable", NULL,
                       "the signer closed the connection without an answer");
    *stale = false;
    return -1;
}

/*
 * Sends a request and reads the answer. A connection that was idle may have died with an earlier
 * signer: every operation may be repeated (the signer gives the same answer, or a new signature
 * over the same bytes), so it is tried once more on a new one.
 */
static int call_socket(struct signer_client *client, struct slice request, struct buf *answer,
                       struct err *e)
{
    int64_t deadline = clock_monotonic(&clock_system) + client->deadline;

    for (;;) {
        struct err why = {0};
        bool stale;
        int fd;
        if (take_place(client, deadline, &fd, e) != 0)
            return -1;
        bool was_idle = fd >= 0;
        if (!was_idle)
            fd = connect_new(client, e);
        if (fd >= 0 && exchange(fd, request, answer, deadline, &stale, &why) == 0) {
            give_back(client, fd);
            return 0;
        }
        if (fd >= 0)
            close(fd);
        give_back(client, -1);
        if (fd < 0)
            return -1;
        if (was_idle && stale && strcmp(why.code, "signer.deadline") != 0)
            continue;
        *e = why;
        return -1;
    }
}

/* Runs a request; on success *fields stands at the answer's fields, which live in answer. */
static int call(struct signer_client *client, struct buf *request, struct buf *answer,
                struct cursor *fields, struct err *e)
{
    int result = -1;

    signer_frame_end(request);
    if (buf_check(request, e) != 0)
        return -1;
    if (request->len - 4 > SIGNER_FRAME_MAX)
        return err_set(e, ERR_LIMIT, "signer.frame", NULL, "a request of %zu bytes; at most %d",
                       request->len, SIGNER_FRAME_MAX);
    if (client->vault) {
        struct cursor whole;
        cursor_init(&whole, buf_slice(request));
        cursor_take(&whole, 5);
        signer_operation_run(client->vault, cursor_take(&whole, cursor_left(&whole)), answer);
        if (buf_check(answer, e) != 0)
            return -1;
        cursor_init(fields, buf_slice(answer));
        cursor_take(fields, 5);
        result = 0;
    } else {
        result = call_socket(client, buf_slice(request), answer, e);
        cursor_init(fields, buf_slice(answer));
    }
    return result == 0 ? signer_answer_read(fields, e) : -1;
}

static void begin(struct buf *request, struct buf *answer, enum signer_operation operation)
{
    buf_init(request);
    buf_init(answer);
    signer_frame_begin(request);
    buf_putc(request, (int)operation);
}

static void end(struct buf *request, struct buf *answer)
{
    buf_fini_secret(request);
    buf_fini(answer);
}

static void put_text(struct buf *request, const char *text)
{
    cursor_put_slice32(request, slice_str(text));
}

static int finish(const struct cursor *fields, struct err *e)
{
    return cursor_finish(fields, "the signer's answer", e);
}

/* For operations whose answer is one run of bytes (into out, may be NULL), or nothing. */
static int call_simple(struct signer_client *client, struct buf *request, struct buf *answer,
                       bool wants_bytes, struct buf *out, struct err *e)
{
    struct slice bytes = {0};
    struct cursor fields;
    int result = call(client, request, answer, &fields, e);

    if (result == 0 && wants_bytes)
        bytes = cursor_take32(&fields);
    if (result == 0)
        result = finish(&fields, e);
    if (result == 0 && out) {
        buf_put_slice(out, bytes);
        result = buf_check(out, e);
    }
    end(request, answer);
    return result;
}

int signer_client_status(struct signer_client *client, struct signer_status *status, struct err *e)
{
    struct buf request, answer;
    struct cursor fields;

    *status = (struct signer_status){.locked = true};
    begin(&request, &answer, SIGNER_STATUS);
    int result = call(client, &request, &answer, &fields, e);
    if (result == 0) {
        status->locked = cursor_u8(&fields) != 0;
        status->keys = cursor_u32(&fields);
        status->signatures = cursor_u64(&fields);
        status->refusals = cursor_u64(&fields);
        struct slice sandbox = cursor_take32(&fields);
        snprintf(status->sandbox, sizeof(status->sandbox), "%.*s", SLICE_ARG(sandbox));
        result = finish(&fields, e);
    }
    end(&request, &answer);
    return result;
}

int signer_client_unlock(struct signer_client *client, struct slice passphrase, struct err *e)
{
    struct buf request, answer;

    begin(&request, &answer, SIGNER_UNLOCK);
    cursor_put_slice32(&request, passphrase);
    return call_simple(client, &request, &answer, false, NULL, e);
}

int signer_client_lock(struct signer_client *client, struct err *e)
{
    struct buf request, answer;

    begin(&request, &answer, SIGNER_LOCK);
    return call_simple(client, &request, &answer, false, NULL, e);
}

int signer_client_generate_key(struct signer_client *client, const char *name,
                               enum signer_purpose purpose, enum key_kind kind, const char *origin,
                               struct buf *spki, struct err *e)
{
    struct buf request, answer;

    begin(&request, &answer, SIGNER_GENERATE);
    put_text(&request, name);
    buf_putc(&request, (int)purpose);
    buf_putc(&request, (int)kind);
    put_text(&request, origin);
    return call_simple(client, &request, &answer, true, spki, e);
}

int signer_client_public_key(struct signer_client *client, const char *name, struct buf *spki,
                             struct err *e)
{
    struct buf request, answer;

    begin(&request, &answer, SIGNER_PUBLIC_KEY);
    put_text(&request, name);
    return call_simple(client, &request, &answer, true, spki, e);
}

int signer_client_install_certificate(struct signer_client *client, const char *name,
                                      struct slice der, struct err *e)
{
    struct buf request, answer;

    begin(&request, &answer, SIGNER_INSTALL);
    put_text(&request, name);
    cursor_put_slice32(&request, der);
    return call_simple(client, &request, &answer, false, NULL, e);
}

static int sign_tbs(struct signer_client *client, enum signer_operation operation, const char *name,
                    struct slice tbs, struct buf *signature, struct err *e)
{
    struct buf request, answer;

    begin(&request, &answer, operation);
    put_text(&request, name);
    cursor_put_slice32(&request, tbs);
    return call_simple(client, &request, &answer, true, signature, e);
}

int signer_client_sign_certificate(struct signer_client *client, const char *name, struct slice tbs,
                                   struct buf *signature, struct err *e)
{
    return sign_tbs(client, SIGNER_SIGN_CERTIFICATE, name, tbs, signature, e);
}

int signer_client_sign_crl(struct signer_client *client, const char *name, struct slice tbs,
                           struct buf *signature, struct err *e)
{
    return sign_tbs(client, SIGNER_SIGN_CRL, name, tbs, signature, e);
}

static void put_head(struct buf *request, const struct signer_head *head)
{
    cursor_put_u64(request, head->size);
    buf_put(request, head->root, sizeof(head->root));
}

static void put_proof(struct buf *request, const uint8_t (*proof)[32], size_t proof_len)
{
    if (proof_len > SIGNER_PROOF_MAX) {
        request->failed = true;
        return;
    }
    cursor_put_u16(request, (uint16_t)proof_len);
    for (size_t i = 0; i < proof_len; i++)
        buf_put(request, proof[i], sizeof(proof[i]));
}

/* Takes an Ed25519 signature and what must be the end of the answer. */
static int take_signature(struct cursor *fields, uint8_t signature[ED25519_SIGNATURE_LEN],
                          struct err *e)
{
    struct slice bytes = cursor_take32(fields);

    if (finish(fields, e) != 0)
        return -1;
    if (bytes.len != ED25519_SIGNATURE_LEN)
        return err_set(e, ERR_INTERNAL, "signer.answer", NULL, "a signature of %zu bytes",
                       bytes.len);
    memcpy(signature, bytes.data, bytes.len);
    return 0;
}

int signer_client_sign_checkpoint(struct signer_client *client, const char *name,
                                  const char *origin, const struct signer_head *head,
                                  const uint8_t (*proof)[32], size_t proof_len,
                                  uint8_t signature[ED25519_SIGNATURE_LEN], struct err *e)
{
    struct buf request, answer;
    struct cursor fields;

    begin(&request, &answer, SIGNER_SIGN_CHECKPOINT);
    put_text(&request, name);
    put_text(&request, origin);
    put_head(&request, head);
    put_proof(&request, proof, proof_len);
    int result = call(client, &request, &answer, &fields, e);
    if (result == 0)
        result = take_signature(&fields, signature, e);
    end(&request, &answer);
    return result;
}

int signer_client_last_checkpoint(struct signer_client *client, const char *name,
                                  const char *origin, struct signer_head *head, struct err *e)
{
    struct buf request, answer;
    struct cursor fields;

    begin(&request, &answer, SIGNER_LAST_CHECKPOINT);
    put_text(&request, name);
    put_text(&request, origin);
    int result = call(client, &request, &answer, &fields, e);
    if (result == 0) {
        head->size = cursor_u64(&fields);
        cursor_copy(&fields, head->root, sizeof(head->root));
        result = finish(&fields, e);
    }
    end(&request, &answer);
    return result;
}

int signer_client_open_origin(struct signer_client *client, const char *name, const char *origin,
                              struct err *e)
{
    struct buf request, answer;

    begin(&request, &answer, SIGNER_OPEN_ORIGIN);
    put_text(&request, name);
    put_text(&request, origin);
    return call_simple(client, &request, &answer, false, NULL, e);
}

static int sign_payload(struct signer_client *client, const char *name, const char *format,
                        struct slice payload, struct buf *signature, struct err *e)
{
    struct buf request, answer;

    begin(&request, &answer, SIGNER_SIGN_PAYLOAD);
    put_text(&request, name);
    put_text(&request, format);
    cursor_put_slice32(&request, payload);
    return call_simple(client, &request, &answer, true, signature, e);
}

int signer_client_sign_publication(struct signer_client *client, const char *name,
                                   struct slice payload, struct buf *signature, struct err *e)
{
    return sign_payload(client, name, "tocsin-publication/v1", payload, signature, e);
}

int signer_client_sign_bundle(struct signer_client *client, const char *name, struct slice payload,
                              struct buf *signature, struct err *e)
{
    return sign_payload(client, name, "tocsin-bundle/v1", payload, signature, e);
}

int signer_client_sign_trust(struct signer_client *client, const char *name, struct slice payload,
                             struct buf *signature, struct err *e)
{
    return sign_payload(client, name, "tocsin-trust/v1", payload, signature, e);
}

int signer_client_sign_pack(struct signer_client *client, const char *name, struct slice payload,
                            struct buf *signature, struct err *e)
{
    return sign_payload(client, name, "tocsin-pack/v1", payload, signature, e);
}

int signer_client_add_log(struct signer_client *client, const char *name, const char *origin,
                          const uint8_t log_key[ED25519_PUBLIC_LEN], struct err *e)
{
    struct buf request, answer;

    begin(&request, &answer, SIGNER_ADD_LOG);
    put_text(&request, name);
    put_text(&request, origin);
    buf_put(&request, log_key, ED25519_PUBLIC_LEN);
    return call_simple(client, &request, &answer, false, NULL, e);
}

int signer_client_cosign(struct signer_client *client, const char *name, const char *origin,
                         const struct signer_head *head,
                         const uint8_t log_signature[ED25519_SIGNATURE_LEN],
                         const uint8_t (*proof)[32], size_t proof_len, uint64_t *time,
                         uint8_t signature[ED25519_SIGNATURE_LEN], struct err *e)
{
    struct buf request, answer;
    struct cursor fields;

    begin(&request, &answer, SIGNER_COSIGN);
    put_text(&request, name);
    put_text(&request, origin);
    put_head(&request, head);
    buf_put(&request, log_signature, ED25519_SIGNATURE_LEN);
    put_proof(&request, proof, proof_len);
    int result = call(client, &request, &answer, &fields, e);
    if (result == 0) {
        *time = cursor_u64(&fields);
        result = take_signature(&fields, signature, e);
    }
    end(&request, &answer);
    return result;
}
