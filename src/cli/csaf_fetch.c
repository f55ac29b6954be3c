/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/csaf_fetch.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/memory.h"
#include "net/address.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Requests of one document at a time, bytes of an answer's head, URLs that are remembered. */
enum { PARALLEL = 8, HEAD_MOST = 64 << 10, REMEMBERED_MOST = 100000 };

enum state { IDLE, UNDER_WAY, DONE };

/* What is known of a URL. */
struct entry {
    enum state state;
    enum csaf_url_outcome outcome;
    int status;
    char reason[CSAF_REASON_ROOM];
    char url[]; /* NUL-terminated */
};

struct csaf_fetch {
    bool local;
    char *anchors;
    long request_ms, test_ms;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct map entries;
};

struct csaf_fetch *csaf_fetch_new(const struct csaf_fetch_options *options, struct err *e)
{
    if (options->anchors && access(options->anchors, R_OK) != 0) {
        err_set(e, ERR_SYSTEM, "csaf.anchors", NULL, "%s cannot be read", options->anchors);
        return NULL;
    }
    struct csaf_fetch *f = mem_new(1, sizeof *f);
    if (!f || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        mem_free(f);
        err_memory(e);
        return NULL;
    }
    f->local = options->local;
    f->request_ms = options->request_ms ? (long)options->request_ms : 10000;
    f->test_ms = options->test_ms ? (long)options->test_ms : 120000;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    map_init(&f->entries);
    if (options->anchors && !(f->anchors = mem_strdup(options->anchors))) {
        csaf_fetch_free(f);
        err_memory(e);
        return NULL;
    }
    return f;
}

void csaf_fetch_free(struct csaf_fetch *f)
{
    if (!f)
        return;
    const struct map_slot *slot;
    for (size_t at = 0; (slot = map_next(&f->entries, &at));)
        mem_free(slot->value);
    map_fini(&f->entries);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    curl_global_cleanup();
    mem_free(f->anchors);
    mem_free(f);
}

/* One request */

struct batch;

struct transfer {
    struct batch *batch;
    struct entry *entry; /* NULL: free */
    CURL *curl;
    bool get;       /* HEAD did not do */
    size_t head;    /* bytes */
    bool shortened; /* it has less time than a request should have */
    bool turned;    /* an address was refused */
    bool tried;     /* an address was not */
    char peer[64];  /* the address refused */
    char fault[CURL_ERROR_SIZE];
};

/* All requests of one test. */
struct batch {
    struct csaf_fetch *fetch;
    CURLM *multi;
    struct transfer transfers[PARALLEL];
    struct entry **mine;
    size_t count, next;
    size_t under_way;
    int64_t deadline;
};

static long left_ms(const struct batch *b)
{
    int64_t left = (b->deadline - clock_monotonic(&clock_system)) / 1000;

    return left <= 0 ? 0 : left < b->fetch->request_ms ? (long)left : b->fetch->request_ms;
}

static const struct csaf_fetch *fetch_of(const struct transfer *t)
{
    return t->batch->fetch;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *t = context;

    (void)purpose;
    if (!fetch_of(t)->local && !address_is_public(&address->addr)) {
        address_format(&address->addr, t->peer);
        t->turned = true;
        return CURL_SOCKET_BAD;
    }
    t->tried = true;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_head(char *data, size_t size, size_t count, void *context)
{
    struct transfer *t = context;

    (void)data;
    t->head += size * count;
    return t->head > HEAD_MOST ? 0 : size * count;
}

/* The head has said what was asked: the body is not wanted. */
static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    (void)data, (void)size, (void)count, (void)context;
    return 0;
}

static bool set_up(struct transfer *t, long ms)
{
    CURL *c = t->curl;
    const char *url = t->entry->url;

    curl_easy_reset(c);
    return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PRIVATE, t) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOBODY, t->get ? 0L : 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->fault) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, ms) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, ms) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_head) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERDATA, t) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, t) == CURLE_OK &&
           (!fetch_of(t)->anchors ||
            (curl_easy_setopt(c, CURLOPT_CAINFO, fetch_of(t)->anchors) == CURLE_OK &&
             curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK));
}

static void say(struct entry *entry, enum csaf_url_outcome outcome, const char *reason)
{
    entry->outcome = outcome;
    snprintf(entry->reason, sizeof entry->reason, "%s", reason);
}

static void judge_fault(struct transfer *t, CURLcode code)
{
    struct entry *entry = t->entry;

    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: say(entry, CSAF_URL_FAILS, "its host is not found"); break;
    case CURLE_COULDNT_CONNECT:
        if (t->turned && !t->tried) {
            entry->outcome = CSAF_URL_NOT_ASKED;
            snprintf(entry->reason, sizeof entry->reason,
                     "its address %s is not of the public Internet", t->peer);
        } else {
            say(entry, CSAF_URL_FAILS, "its host takes no connection");
        }
        break;
    case CURLE_OPERATION_TIMEDOUT:
        if (t->shortened)
            break; /* the time of all of them was over before its own */
        entry->outcome = CSAF_URL_FAILS;
        snprintf(entry->reason, sizeof entry->reason, "no answer within %ld ms",
                 fetch_of(t)->request_ms);
        break;
    case CURLE_LOGIN_DENIED: /* before anything was sent: CURLOPT_DISALLOW_USERNAME_IN_URL */
        say(entry, CSAF_URL_NOT_ASKED, "it holds a user name");
        break;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        say(entry, CSAF_URL_FAILS, "it is no URL of http or https");
        break;
    default: say(entry, CSAF_URL_FAILS, t->fault[0] ? t->fault : curl_easy_strerror(code));
    }
}

/* What has come of a request. False: it is asked again, by GET. */
static bool judge(struct transfer *t, CURLcode code)
{
    long status = 0;

    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    bool answered = status >= 200 && (code == CURLE_OK || code == CURLE_WRITE_ERROR);
    if (!t->get && ((answered && status >= 400) || code == CURLE_GOT_NOTHING))
        return false; /* many servers answer HEAD in ways of their own */
    if (!answered) {
        judge_fault(t, code == CURLE_OK ? CURLE_WEIRD_SERVER_REPLY : code);
        return true;
    }
    t->entry->status = (int)status;
    t->entry->outcome = status < 400 ? CSAF_URL_RESOLVES : CSAF_URL_FAILS;
    return true;
}

/* -1: no memory. */
static int begin(struct batch *b, struct transfer *t, struct entry *entry, bool get)
{
    *t = (struct transfer){.batch = b, .entry = entry, .get = get, .curl = t->curl};
    if (!t->curl)
        t->curl = curl_easy_init();
    long ms = left_ms(b);
    t->shortened = ms < b->fetch->request_ms;
    if (!t->curl || !set_up(t, ms > 0 ? ms : 1) ||
        curl_multi_add_handle(b->multi, t->curl) != CURLM_OK) {
        t->entry = NULL;
        return -1;
    }
    b->under_way++;
    return 0;
}

static int begin_some(struct batch *b)
{
    for (size_t i = 0; i < PARALLEL && b->next < b->count && left_ms(b) > 0; i++)
        if (!b->transfers[i].entry && begin(b, &b->transfers[i], b->mine[b->next++], false) < 0)
            return -1;
    return 0;
}

static int take_ended(struct batch *b)
{
    int waiting;

    for (CURLMsg *m; (m = curl_multi_info_read(b->multi, &waiting));) {
        struct transfer *t = NULL;
        CURLcode code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        curl_multi_remove_handle(b->multi, m->easy_handle);
        b->under_way--;
        if (code == CURLE_OUT_OF_MEMORY)
            return -1;
        if (!judge(t, code) && left_ms(b) > 0) {
            if (begin(b, t, t->entry, true) < 0)
                return -1;
            continue;
        }
        t->entry = NULL;
    }
    return 0;
}

static int run(struct batch *b)
{
    int running;

    b->multi = curl_multi_init();
    if (!b->multi)
        return -1;
    for (;;) {
        if (begin_some(b) < 0)
            return -1;
        if (b->under_way == 0)
            return 0;
        if (curl_multi_perform(b->multi, &running) != CURLM_OK || take_ended(b) < 0)
            return -1;
        if (b->under_way > 0 && curl_multi_poll(b->multi, NULL, 0, 200, NULL) != CURLM_OK)
            return -1;
    }
}

static void end(struct batch *b)
{
    for (size_t i = 0; i < PARALLEL; i++)
        if (b->transfers[i].curl) {
            if (b->transfers[i].entry)
                curl_multi_remove_handle(b->multi, b->transfers[i].curl);
            curl_easy_cleanup(b->transfers[i].curl);
        }
    curl_multi_cleanup(b->multi);
}

/* TLS writes where a peer may have gone: that is an answer, not an end of the program. */
static int run_quietly(struct batch *b)
{
    sigset_t pipe, before;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    int result = run(b);
    end(b);
    if (!sigismember(&before, SIGPIPE)) {
        while (sigtimedwait(&pipe, NULL, &(struct timespec){0}) == SIGPIPE)
            ;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    return result;
}

/* The URL's entry, new or not; NULL: no memory, or *full. The lock is held. */
static struct entry *entry_of(struct csaf_fetch *f, struct slice url, bool *full)
{
    struct entry *entry = map_get(&f->entries, url);

    *full = !entry && f->entries.count >= REMEMBERED_MOST;
    if (entry || *full)
        return entry;
    entry = mem_new(1, sizeof *entry + url.len + 1);
    if (!entry)
        return NULL;
    memcpy(entry->url, url.data, url.len);
    if (map_set(&f->entries, slice_of(entry->url, url.len), entry) < 0) {
        mem_free(entry);
        return NULL;
    }
    return entry;
}

/* Finds each URL's entry, and takes those that nobody asks for. The lock is held. */
static int share_out(struct csaf_fetch *f, struct csaf_url *urls, size_t count,
                     struct entry **entries, struct batch *b)
{
    for (size_t i = 0; i < count; i++) {
        bool full;
        urls[i].outcome = CSAF_URL_NOT_ASKED;
        if (memchr(urls[i].url.data, 0, urls[i].url.len)) {
            urls[i].outcome = CSAF_URL_FAILS;
            snprintf(urls[i].reason, sizeof urls[i].reason, "it is no URL of http or https");
            continue;
        }
        entries[i] = entry_of(f, urls[i].url, &full);
        if (!entries[i] && !full)
            return -1;
        if (full)
            snprintf(urls[i].reason, sizeof urls[i].reason, "%d others were asked in this run",
                     REMEMBERED_MOST);
        if (entries[i] && entries[i]->state == IDLE) {
            entries[i]->state = UNDER_WAY;
            b->mine[b->count++] = entries[i];
        }
    }
    return 0;
}

static void give_out(struct csaf_fetch *f, struct csaf_url *urls, size_t count,
                     struct entry **entries)
{
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = entries[i];
        while (entry && entry->state == UNDER_WAY)
            pthread_cond_wait(&f->changed, &f->lock); /* another thread's: it ends in time */
        if (!entry)
            continue;
        urls[i].outcome = entry->state == DONE ? entry->outcome : CSAF_URL_NOT_ASKED;
        urls[i].status = entry->status;
        snprintf(urls[i].reason, sizeof urls[i].reason, "%s",
                 entry->state == DONE ? entry->reason : "no time was left for it");
    }
}

static int resolve(void *context, struct csaf_url *urls, size_t count, struct err *e)
{
    struct csaf_fetch *f = context;
    struct entry **entries = mem_new(2 * count, sizeof *entries);
    struct batch b = {.fetch = f,
                      .deadline = clock_monotonic(&clock_system) + (int64_t)f->test_ms * 1000};

    if (!entries)
        return err_memory(e);
    b.mine = entries + count;
    pthread_mutex_lock(&f->lock);
    int result = share_out(f, urls, count, entries, &b);
    pthread_mutex_unlock(&f->lock);
    if (result == 0 && b.count > 0)
        result = run_quietly(&b);
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < b.count; i++) { /* neither an outcome: another document may ask */
        struct entry *entry = b.mine[i];
        entry->state = entry->status || entry->reason[0] ? DONE : IDLE;
    }
    pthread_cond_broadcast(&f->changed);
    if (result == 0)
        give_out(f, urls, count, entries);
    pthread_mutex_unlock(&f->lock);
    mem_free(entries);
    return result < 0 ? err_memory(e) : 0;
}

struct csaf_resolver csaf_fetch_resolver(struct csaf_fetch *f)
{
    return (struct csaf_resolver){.context = f, .resolve = resolve};
}
