/* SPDX-License-Identifier: Apache-2.0 */
#include "net/fetch.h"
#include "net/address.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_MOST = 64 << 10 };

struct transfer {
    const struct net_fetch *request;
    struct buf *answer;
    size_t begun, head;
    bool over;   /* it is longer than it may be */
    bool turned; /* an address was refused */
    bool tried;  /* an address was not */
    char peer[64];
    char fault[CURL_ERROR_SIZE];
};

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *t = context;
    (void)purpose;
    if (!t->request->inside && !address_is_public(&address->addr)) {
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
    t->over = t->over || t->head > HEAD_MOST;
    return t->over ? 0 : size * count;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct transfer *t = context;
    size_t len = size * count;
    if (t->answer->len - t->begun + len > t->request->most)
        t->over = true;
    else
        buf_put(t->answer, data, len);
    return t->over || t->answer->failed ? 0 : len;
}

static bool set_up(CURL *c, struct transfer *t, struct curl_slist *headers)
{
    const struct net_fetch *r = t->request;
    return curl_easy_setopt(c, CURLOPT_URL, r->url) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->fault) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)r->ms) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)r->ms) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_head) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERDATA, t) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, t) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           (!r->body.data || (curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
                              curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body.data) == CURLE_OK &&
                              curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
                                               (curl_off_t)r->body.len) == CURLE_OK)) &&
           (!r->anchors || (curl_easy_setopt(c, CURLOPT_CAINFO, r->anchors) == CURLE_OK &&
                            curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK));
}

static int judge_fault(const struct transfer *t, CURLcode code, struct err *e)
{
    const struct net_fetch *r = t->request;
    switch (code) {
    case CURLE_OUT_OF_MEMORY: return err_memory(e);
    case CURLE_COULDNT_RESOLVE_HOST:
        return err_set(e, ERR_UNAVAILABLE, "net.away", NULL, "its host is not found");
    case CURLE_COULDNT_CONNECT:
        if (t->turned && !t->tried)
            return err_set(e, ERR_DENIED, "net.address", NULL,
                           "its address %s is not of the public Internet", t->peer);
        return err_set(e, ERR_UNAVAILABLE, "net.away", NULL, "its host takes no connection");
    case CURLE_OPERATION_TIMEDOUT:
        return err_set(e, ERR_UNAVAILABLE, "net.slow", NULL, "no whole answer within %u ms", r->ms);
    case CURLE_LOGIN_DENIED: /* before anything was sent: CURLOPT_DISALLOW_USERNAME_IN_URL */
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return err_set(e, ERR_USAGE, "net.url", NULL,
                       "it is no URL of http or https without a user name");
    case CURLE_PEER_FAILED_VERIFICATION:
        return err_set(e, ERR_VERIFY, "net.tls", NULL, "nobody vouches for its host: %s", t->fault);
    default:
        return err_set(e, ERR_UNAVAILABLE, "net.away", NULL, "%s",
                       t->fault[0] ? t->fault : curl_easy_strerror(code));
    }
}

int net_fetch_check_url(const char *url, struct err *e)
{
    CURLU *parts = curl_url();
    char *scheme = NULL, *user = NULL;
    if (!parts)
        return err_memory(e);
    CURLUcode code = curl_url_set(parts, CURLUPART_URL, url, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);
    bool good = code == CURLUE_OK &&
                (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
                curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_NO_USER;
    curl_free(scheme);
    curl_free(user);
    curl_url_cleanup(parts);
    if (code == CURLUE_OUT_OF_MEMORY)
        return err_memory(e);
    if (good)
        return 0;
    err_set(e, ERR_USAGE, "net.url", NULL, "it is no URL of http or https without a user name");
    return err_where(e, "%s", url);
}

static int ask(struct transfer *t, struct err *e)
{
    CURL *c = curl_easy_init();
    struct curl_slist *headers = NULL;
    char type[200];
    long status = 0;
    int result = -1;
    if (t->request->content_type) {
        snprintf(type, sizeof type, "Content-Type: %s", t->request->content_type);
        headers = curl_slist_append(NULL, type);
    }
    if (!c || (t->request->content_type && !headers) || !set_up(c, t, headers)) {
        err_memory(e);
        goto out;
    }
    CURLcode code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    if (t->answer->failed)
        err_memory(e);
    else if (t->over)
        err_set(e, ERR_LIMIT, "net.size", NULL, "its answer has over %zu bytes", t->request->most);
    else if (code != CURLE_OK)
        judge_fault(t, code, e);
    else if (status != 200)
        err_set(e, ERR_UNAVAILABLE, "net.status", "RFC 9110 section 15",
                "it answers with status %ld", status);
    else
        result = 0;
out:
    curl_slist_free_all(headers);
    curl_easy_cleanup(c);
    return result;
}

int net_fetch(const struct net_fetch *request, struct buf *answer, struct err *e)
{
    struct transfer t = {.request = request, .answer = answer, .begun = answer->len};
    sigset_t pipe, before;
    if (request->anchors && access(request->anchors, R_OK) != 0)
        return err_set(e, ERR_SYSTEM, "net.anchors", NULL, "%s cannot be read", request->anchors);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_memory(e);
    /* TLS writes where a peer may have gone: that is an answer, not an end of the program. */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    int result = ask(&t, e);
    if (!sigismember(&before, SIGPIPE)) {
        while (sigtimedwait(&pipe, NULL, &(struct timespec){0}) == SIGPIPE)
            ;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    curl_global_cleanup();
    return result != 0 ? err_where(e, "%s", request->url) : 0;
}
