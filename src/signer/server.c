/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "signer/protocol.h"
#include "signer/rule.h"
#include "signer/sandbox.h"
#include "signer/signer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PEERS_MAX = 32,          /* connections at once */
    PEER_STACK = 512 * 1024, /* bytes a thread */
    REQUEST_SECONDS = 30,    /* for one frame once it has begun */
};

struct signer_server {
    struct vault *vault;
    int listener;
    int signals;
    unsigned allowed_uid;
    pthread_mutex_t turn;
    pthread_cond_t gone;
    int peers[PEERS_MAX]; /* descriptors; -1: free */
    size_t peer_count;
};

struct peer {
    struct signer_server *server;
    int fd;
    size_t place;
};

static void serve_peer(struct peer *p)
{
    struct buf request, answer;
    struct err e = {0};

    buf_init(&request);
    buf_init(&answer);
    for (;;) {
        struct pollfd waiting = {.fd = p->fd, .events = POLLIN};
        int ready = poll(&waiting, 1, -1);
        if (ready < 0 && errno == EINTR)
            continue;
        int64_t deadline = clock_monotonic(&clock_system) + REQUEST_SECONDS * INT64_C(1000000);
        int got = signer_frame_receive(p->fd, &request, deadline, &e);
        if (got == 0)
            break;
        buf_reset(&answer);
        if (got < 0)
            signer_answer_refused(&answer, &e);
        else
            signer_operation_run(p->server->vault, buf_slice(&request), &answer);
        secret_wipe(request.data, request.len); /* it may have been a passphrase */
        deadline = clock_monotonic(&clock_system) + REQUEST_SECONDS * INT64_C(1000000);
        if (answer.failed || signer_frame_send(p->fd, buf_slice(&answer), deadline, &e) != 0 ||
            got < 0)
            break;
        if (answer.room > 1 << 20 || request.room > 1 << 20) { /* do not keep the largest */
            buf_fini_secret(&request);
            buf_fini(&answer);
        }
    }
    if (err_is_set(&e))
        log_err(LOG_LEVEL_WARNING, "signer.peer", &e);
    buf_fini_secret(&request);
    buf_fini(&answer);
}

static void *run_peer(void *context)
{
    struct peer *p = context;
    struct signer_server *server = p->server;

    serve_peer(p);
    pthread_mutex_lock(&server->turn);
    server->peers[p->place] = -1;
    server->peer_count--;
    close(p->fd);
    pthread_cond_signal(&server->gone);
    pthread_mutex_unlock(&server->turn);
    mem_free(p);
    return NULL;
}

static bool is_allowed(const struct signer_server *server, int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || len != sizeof(peer))
        return false;
    if (peer.uid == server->allowed_uid)
        return true;
    log_warning("signer.refused-peer", LOG_I("uid", peer.uid));
    return false;
}

static bool start_peer(struct signer_server *server, int fd)
{
    pthread_attr_t attributes;
    pthread_t thread;
    size_t place = 0;
    struct peer *p = mem_new(1, sizeof(*p));

    if (!p)
        return false;
    pthread_mutex_lock(&server->turn);
    while (place < PEERS_MAX && server->peers[place] != -1)
        place++;
    bool room = place < PEERS_MAX;
    if (room) {
        server->peers[place] = fd;
        server->peer_count++;
    }
    pthread_mutex_unlock(&server->turn);
    *p = (struct peer){.server = server, .fd = fd, .place = place};
    bool started = false;
    if (room && pthread_attr_init(&attributes) == 0) {
        started = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
                  pthread_attr_setstacksize(&attributes, PEER_STACK) == 0 &&
                  pthread_create(&thread, &attributes, run_peer, p) == 0;
        pthread_attr_destroy(&attributes);
    }
    if (!started) {
        if (room) {
            pthread_mutex_lock(&server->turn);
            server->peers[place] = -1;
            server->peer_count--;
            pthread_mutex_unlock(&server->turn);
        }
        mem_free(p);
    }
    return started;
}

static void accept_peers(struct signer_server *server)
{
    struct pollfd waiting[2] = {{.fd = server->listener, .events = POLLIN},
                                {.fd = server->signals, .events = POLLIN}};

    for (;;) {
        int ready = poll(waiting, 2, -1);
        if (ready < 0 && errno != EINTR)
            return;
        if (ready <= 0)
            continue;
        if (waiting[1].revents)
            return;
        int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        if (!is_allowed(server, fd) || !start_peer(server, fd))
            close(fd);
    }
}

/* Wakes every peer's thread and waits until the last is gone. */
static void dismiss_peers(struct signer_server *server)
{
    pthread_mutex_lock(&server->turn);
    for (size_t i = 0; i < PEERS_MAX; i++)
        if (server->peers[i] != -1)
            shutdown(server->peers[i], SHUT_RDWR);
    while (server->peer_count > 0)
        pthread_cond_wait(&server->gone, &server->turn);
    pthread_mutex_unlock(&server->turn);
}

static int listen_at(const char *path, struct err *e)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
        (int)sizeof(address.sun_path))
        return err_set(e, ERR_USAGE, "signer.socket", NULL, "the path of the socket %s is too long",
                       path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(e, errno, "signer.socket", "cannot make a socket");
    unlink(path); /* of a signer that was killed: ours holds the lock */
    mode_t before = umask(0177);
    int bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    int why = errno;
    umask(before);
    if (bound != 0 || listen(fd, PEERS_MAX) != 0) {
        err_errno(e, bound != 0 ? why : errno, "signer.socket", "cannot listen at %s", path);
        close(fd);
        return -1;
    }
    return fd;
}

static int catch_signals(struct err *e)
{
    sigset_t stop;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    if (pthread_sigmask(SIG_BLOCK, &stop, NULL) != 0)
        return err_errno(e, errno, "signer.signals", "cannot hold back signals");
    int fd = signalfd(-1, &stop, SFD_CLOEXEC);
    return fd >= 0 ? fd : err_errno(e, errno, "signer.signals", "cannot wait for signals");
}

/* Opens the keys when a passphrase file is there. */
static int unlock_from_file(struct vault *v, const struct signer_options *options, struct err *e)
{
    char path[PATH_MAX];
    struct buf text;
    int result = -1;

    snprintf(path, sizeof(path), "%s/passphrase", v->folder);
    const char *file = options->passphrase_file ? options->passphrase_file : path;
    if (!options->passphrase_file && file_kind(path) == 0) {
        log_warning("signer.locked", LOG_S("unlock", "tocsin signer unlock"));
        return 0;
    }
    buf_init(&text);
    if (file_read(file, VAULT_PASSPHRASE_MAX + 2, &text, e) == 0) {
        struct slice passphrase = buf_slice(&text);
        while (passphrase.len > 0 && (passphrase.data[passphrase.len - 1] == '\n' ||
                                      passphrase.data[passphrase.len - 1] == '\r'))
            passphrase.len--;
        result = vault_unlock(v, passphrase, e);
    }
    buf_fini_secret(&text);
    return result;
}

/* OpenSSL reads its configuration at its first use: that has to be before files are out of reach.
 */
static int warm_up(struct err *e)
{
    struct key *key = key_generate(KEY_ED25519, e);

    if (!key)
        return -1;
    key_free(key);
    return digest_sha256() ? 0 : digest_failed(e);
}

static int serve(struct signer_server *server, const struct signer_options *options, struct err *e)
{
    char path[PATH_MAX];

    if (options->socket_path)
        snprintf(path, sizeof(path), "%s", options->socket_path);
    else if (snprintf(path, sizeof(path), "%s/run/signer.sock", options->home) >= (int)sizeof(path))
        return err_set(e, ERR_USAGE, "signer.socket", NULL, "the path of the home is too long");
    server->signals = catch_signals(e);
    server->vault = server->signals >= 0 ? vault_open(options->home, e) : NULL;
    if (!server->vault || warm_up(e) != 0 || unlock_from_file(server->vault, options, e) != 0)
        return -1;
    server->listener = listen_at(path, e);
    if (server->listener < 0)
        return -1;
    if (options->without_sandbox)
        snprintf(server->vault->sandbox, sizeof(server->vault->sandbox),
                 "none: it was switched off");
    else if (signer_sandbox_enter(server->vault->folder, server->vault->sandbox,
                                  sizeof(server->vault->sandbox), e) != 0)
        return -1;
    log_info("signer.ready", LOG_I("keys", server->vault->count),
             LOG_I("locked", server->vault->locked), LOG_S("sandbox", server->vault->sandbox));
    if (options->ready_fd >= 0) {
        if (write(options->ready_fd, "r", 1) != 1)
            log_warning("signer.ready", LOG_S("what", "nobody waits for it"));
        close(options->ready_fd);
    }
    accept_peers(server);
    dismiss_peers(server);
    return 0;
}

int signer_main(const struct signer_options *options)
{
    struct signer_server server = {
        .listener = -1, .signals = -1, .allowed_uid = options->allowed_uid};
    struct err e = {0};

    pthread_mutex_init(&server.turn, NULL);
    pthread_cond_init(&server.gone, NULL);
    for (size_t i = 0; i < PEERS_MAX; i++)
        server.peers[i] = -1;
    umask(0077);
    int result = serve(&server, options, &e);
    if (result != 0)
        log_err(LOG_LEVEL_ERROR, "signer.failed", &e);
    else
        log_info("signer.stopped", LOG_I("signatures", atomic_load(&server.vault->signatures)));
    if (server.listener >= 0)
        close(server.listener);
    if (server.signals >= 0)
        close(server.signals);
    vault_free(server.vault);
    pthread_cond_destroy(&server.gone);
    pthread_mutex_destroy(&server.turn);
    return result == 0 ? 0 : 3;
}
