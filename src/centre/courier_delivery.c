/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/courier_delivery.h"
#include "base/file.h"
#include "base/memory.h"
#include "centre/courier_address.h"
#include "net/address.h"
#include "centre/mail.h"

#include <curl/curl.h>
#include <stdio.h>
#include <unistd.h>

enum { ANCHORS_MAX = 4 * 1024 * 1024, PASSWORD_MAX = 1024 };

/* One delivery under way; on its thread's stack. */
struct delivery {
    const struct courier_means *means;
    const struct courier_job *job;
    const atomic_bool *cut;
    CURL *curl;
    struct curl_slist *recipients, *headers;
    size_t sent;                     /* bytes of a mail that libcurl has taken */
    size_t answered;                 /* bytes of a webhook's answer */
    unsigned tried, turned_down;     /* addresses connected to; addresses that are not allowed */
    bool final;                      /* the answer to the whole mail has come */
    unsigned code;                   /* of the last answer */
    char said[COURIER_SAID_MAX + 1]; /* the last line of it */
    char peer[64];
    char fault[CURL_ERROR_SIZE];
};

/* ---- what all share ---------------------------------------------------------------------- */

static int read_password(struct courier_means *means, const char *path, struct err *e)
{
    if (file_read(path, PASSWORD_MAX, &means->password, e) != 0)
        return err_context(e, "mail password-file");
    size_t len = strcspn(buf_text(&means->password), "\r\n");
    if (len == 0 || strlen(buf_text(&means->password)) != means->password.len)
        return err_set(e, ERR_INPUT, "courier.password", NULL,
                       "the first line of the file %s is no password", path);
    memset(means->password.data + len, 0, means->password.len - len);
    means->password.len = len;
    return 0;
}

static int read_anchors(const char *path, struct buf *anchors, struct err *e)
{
    if (!*path)
        return 0;
    if (file_read(path, ANCHORS_MAX, anchors, e) != 0)
        return err_context(e, "ca-file");
    return 0;
}

int courier_means_init(struct courier_means *means, const struct config *config, struct err *e)
{
    memset(means, 0, sizeof(*means));
    means->config = config;
    buf_init(&means->password);
    buf_init(&means->mail_anchors);
    buf_init(&means->webhook_anchors);
    if (*config->mail_hello)
        snprintf(means->hello, sizeof(means->hello), "%s", config->mail_hello);
    else if (gethostname(means->hello, sizeof(means->hello) - 1) != 0 || !*means->hello)
        snprintf(means->hello, sizeof(means->hello), "localhost");
    if ((*config->mail_password_file && read_password(means, config->mail_password_file, e) != 0) ||
        read_anchors(config->mail_ca_file, &means->mail_anchors, e) != 0 ||
        read_anchors(config->webhook_ca_file, &means->webhook_anchors, e) != 0) {
        courier_means_fini(means);
        return -1;
    }
    return 0;
}

void courier_means_fini(struct courier_means *means)
{
    buf_fini_secret(&means->password);
    buf_fini(&means->mail_anchors);
    buf_fini(&means->webhook_anchors);
}

/* ---- what libcurl asks us ------------------------------------------------------------------ */

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct delivery *d = context;

    (void)purpose;
    /* The mail server is the operator's own choice; where a webhook leads is not. */
    if (d->job->operation != COURIER_MAIL &&
        !courier_address_is_allowed(&address->addr,
                                    &d->means->config->courier_allow_private_addresses)) {
        address_format(&address->addr, d->peer);
        d->turned_down++;
        return CURL_SOCKET_BAD;
    }
    d->tried++;
    address_format(&address->addr, d->peer);
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t give_mail(char *out, size_t size, size_t count, void *context)
{
    struct delivery *d = context;
    size_t left = d->job->content.len - d->sent;
    size_t len = size * count < left ? size * count : left;

    if (len)
        memcpy(out, d->job->content.data + d->sent, len);
    d->sent += len;
    return len;
}

static void keep_said(struct delivery *d, const char *line, size_t len)
{
    size_t at = 0;

    while (len && (line[len - 1] == '\n' || line[len - 1] == '\r' || line[len - 1] == ' '))
        len--;
    for (size_t i = 0; i < len && at < COURIER_SAID_MAX; i++)
        d->said[at++] = line[i] >= ' ' && line[i] < 0x7f ? line[i] : '?';
    d->said[at] = '\0';
}

static unsigned three_digits(const char *text, size_t len)
{
    unsigned code = 0;

    if (len < 3)
        return 0;
    for (unsigned i = 0; i < 3; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        code = code * 10 + (unsigned)(text[i] - '0');
    }
    return code;
}

/* A line of the mail server's. What it says to QUIT (221, or after the message) is nothing. */
static size_t take_mail_line(char *line, size_t size, size_t count, void *context)
{
    struct delivery *d = context;
    size_t len = size * count;
    unsigned code = three_digits(line, len);

    if (d->final || code == 0 || code == 221)
        return len;
    d->code = code;
    keep_said(d, line, len);
    /* A whole message is answered once; 354 came before its first byte. */
    d->final = d->sent == d->job->content.len && code != 354 && (len < 4 || line[3] != '-');
    return len;
}

static size_t take_http_line(char *line, size_t size, size_t count, void *context)
{
    struct delivery *d = context;
    size_t len = size * count;

    if (len > 9 && memcmp(line, "HTTP/1.", 7) == 0) {
        d->code = three_digits(line + 9, len - 9);
        keep_said(d, line, len);
    }
    return len;
}

static size_t take_http_body(char *data, size_t size, size_t count, void *context)
{
    struct delivery *d = context;

    (void)data;
    d->answered += size * count;
    return d->answered > (size_t)d->means->config->webhook_answer_limit ? 0 : size * count;
}

/* ---- preparing ----------------------------------------------------------------------------- */

static void answer(struct courier_result *result, enum courier_state state, const char *said)
{
    memset(result, 0, sizeof(*result));
    result->state = state;
    snprintf(result->said, sizeof(result->said), "%s", said);
}

/* Printable ASCII without blanks around: may stand as a header's value. */
static bool is_header_value(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < ' ' || text.data[i] >= 0x7f)
            return false;
    return text.len == 0 || (text.data[0] != ' ' && text.data[text.len - 1] != ' ');
}

static bool set_anchors(CURL *curl, const struct buf *anchors)
{
    struct curl_blob blob = {.data = anchors->data, .len = anchors->len, .flags = CURL_BLOB_NOCOPY};

    return anchors->len == 0 || (curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK &&
                                 curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK);
}

static int look_whether_cut(void *context, curl_off_t down_total, curl_off_t down,
                            curl_off_t up_total, curl_off_t up)
{
    const struct delivery *d = context;

    (void)down_total, (void)down, (void)up_total, (void)up;
    return atomic_load(d->cut);
}

static bool set_common(struct delivery *d, int64_t timeout)
{
    CURL *c = d->curl;
    long ms = (long)(timeout / 1000);

    return curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_ERRORBUFFER, d->fault) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, ms) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, ms) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT, ms / 1000 + 1) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, d) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, look_whether_cut) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_XFERINFODATA, d) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERDATA, d) == CURLE_OK;
}

static bool set_mail(struct delivery *d)
{
    const struct config *config = d->means->config;
    bool ipv6 = strchr(config->mail_host, ':') != NULL && config->mail_host[0] != '[';
    CURL *c = d->curl;
    char url[1024], from[MAIL_ADDRESS_MAX + 3], to[MAIL_ADDRESS_MAX + 3];

    snprintf(url, sizeof(url), "smtp%s://%s%s%s:%lld/%s",
             config->mail_tls == CONFIG_MAIL_TLS ? "s" : "", ipv6 ? "[" : "", config->mail_host,
             ipv6 ? "]" : "", (long long)config->mail_port, d->means->hello);
    snprintf(from, sizeof(from), "<%.*s>", SLICE_ARG(d->job->from));
    snprintf(to, sizeof(to), "<%.*s>", SLICE_ARG(d->job->to));
    d->recipients = curl_slist_append(NULL, to);
    if (!d->recipients || !set_common(d, config->mail_timeout) ||
        !set_anchors(c, &d->means->mail_anchors))
        return false;
    if (*config->mail_user &&
        (curl_easy_setopt(c, CURLOPT_USERNAME, config->mail_user) != CURLE_OK ||
         curl_easy_setopt(c, CURLOPT_PASSWORD, buf_text(&d->means->password)) != CURLE_OK))
        return false;
    return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_USE_SSL,
                            (long)(config->mail_tls == CONFIG_MAIL_STARTTLS ? CURLUSESSL_ALL
                                                                            : CURLUSESSL_NONE)) ==
               CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_MAIL_FROM, from) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_MAIL_RCPT, d->recipients) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_READFUNCTION, give_mail) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_READDATA, d) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)d->job->content.len) ==
               CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_mail_line) == CURLE_OK;
}

static bool add_header(struct delivery *d, const char *name, struct slice value)
{
    char line[COURIER_FIELD_MAX + 64];

    snprintf(line, sizeof(line), "%s: %.*s", name, SLICE_ARG(value));
    struct curl_slist *longer = curl_slist_append(d->headers, line);
    if (longer)
        d->headers = longer;
    return longer != NULL;
}

static bool set_webhook(struct delivery *d)
{
    const struct config *config = d->means->config;
    char url[COURIER_FIELD_MAX + 1], time[24];
    CURL *c = d->curl;

    snprintf(url, sizeof(url), "%.*s", SLICE_ARG(d->job->to));
    snprintf(time, sizeof(time), "%llu", (unsigned long long)d->job->time);
    return add_header(d, "Content-Type", slice_str("application/json")) &&
           add_header(d, "Tocsin-Event-Id", d->job->id) &&
           add_header(d, "Tocsin-Event", d->job->event) &&
           add_header(d, "Tocsin-Timestamp", slice_str(time)) &&
           (d->job->signature.len == 0 || add_header(d, "Tocsin-Signature", d->job->signature)) &&
           /* libcurl would wait for "100 Continue" before a larger body */
           add_header(d, "Expect", slice_str("")) && set_common(d, config->webhook_timeout) &&
           set_anchors(c, &d->means->webhook_anchors) &&
           curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR,
                            config->webhook_plain_http ? "https,http" : "https") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTPHEADER, d->headers) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)d->job->content.len) ==
               CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_POSTFIELDS,
                            d->job->content.len ? (const char *)d->job->content.data : "") ==
               CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_http_line) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_http_body) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, d) == CURLE_OK;
}

/* Scheme, host and nothing hidden: no user name in it, no fragment. NULL when fine. */
static const char *url_fault(const struct courier_job *job, bool plain_http, char host[300])
{
    CURLU *url = curl_url();
    char text[COURIER_FIELD_MAX + 1], *scheme = NULL, *name = NULL, *port = NULL, *part = NULL;
    const char *fault = NULL;

    host[0] = '\0';
    snprintf(text, sizeof(text), "%.*s", SLICE_ARG(job->to));
    if (!url)
        return "out of memory";
    if (!is_header_value(job->to) ||
        memchr(job->to.data ? job->to.data : (const uint8_t *)"", ' ', job->to.len))
        fault = "the URL holds blanks or characters that are not ASCII";
    else if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK ||
             curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
             curl_url_get(url, CURLUPART_HOST, &name, 0) != CURLUE_OK ||
             curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
        fault = "the URL cannot be read";
    else if (strcmp(scheme, "https") != 0 && !(plain_http && strcmp(scheme, "http") == 0))
        fault = plain_http ? "the URL must begin with https:// or http://"
                           : "the URL must begin with https://";
    else if (curl_url_get(url, CURLUPART_USER, &part, 0) == CURLUE_OK)
        fault = "the URL holds a user name";
    else
        snprintf(host, 300, "%s:%s", name, port);
    curl_free(scheme);
    curl_free(name);
    curl_free(port);
    curl_free(part);
    curl_url_cleanup(url);
    return fault;
}

void courier_delivery_host(const struct courier_job *job, char host[300])
{
    if (job->operation == COURIER_MAIL)
        snprintf(host, 300, "mail");
    else if (url_fault(job, true, host) != NULL)
        host[0] = '\0';
}

/* What stands against trying it at all; NULL: nothing. */
static const char *job_fault(const struct courier_means *means, const struct courier_job *job,
                             enum courier_state *state)
{
    char host[300];

    *state = COURIER_BAD_JOB;
    if (!is_header_value(job->id) || !is_header_value(job->event) ||
        !is_header_value(job->signature))
        return "an id, event or signature that cannot stand in a header";
    if (job->operation == COURIER_WEBHOOK)
        return url_fault(job, means->config->webhook_plain_http, host);
    if (job->content.len == 0)
        return "the mail is empty";
    if (!mail_address_is(job->to))
        return "the recipient's mail address cannot be used";
    if (!mail_address_is(job->from))
        return "the sender's mail address cannot be used";
    *state = COURIER_NOT_CONFIGURED;
    return *means->config->mail_host ? NULL : "no mail server is configured";
}

/* ---- judging ------------------------------------------------------------------------------- */

/* What a failure before the message was sent whole means. */
static enum courier_state state_of_failure(const struct delivery *d, CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return COURIER_TIMED_OUT;
    case CURLE_COULDNT_CONNECT:
        return d->turned_down && !d->tried ? COURIER_PRIVATE : COURIER_UNREACHABLE;
    case CURLE_COULDNT_RESOLVE_HOST: return COURIER_UNREACHABLE;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING: return d->code ? COURIER_UNREACHABLE : COURIER_NO_SESSION;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT: return COURIER_BAD_JOB;
    case CURLE_ABORTED_BY_CALLBACK: /* told to stop */
    case CURLE_OUT_OF_MEMORY: return COURIER_BUSY;
    default: return COURIER_NO_SESSION;
    }
}

static bool may_have_been_taken(const struct delivery *d)
{
    long bytes = 0;

    if (d->job->operation == COURIER_MAIL)
        return d->code == 354 && d->sent == d->job->content.len;
    return curl_easy_getinfo(d->curl, CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK && bytes > 0;
}

static enum courier_state judge_mail(const struct delivery *d, CURLcode code)
{
    /* 530 and its kin refuse us, not the recipient (RFC 4954 section 6). */
    bool us = d->code == 530 || d->code == 534 || d->code == 535 || d->code == 538;

    if (d->final && d->code < 300)
        return COURIER_DELIVERED;
    if (!d->final && may_have_been_taken(d))
        return COURIER_UNKNOWN;
    /* SEND_ERROR is also how libcurl says that MAIL, RCPT or DATA was answered with "no". */
    if (!us && d->code >= 400 && (d->final || code == CURLE_SEND_ERROR))
        return d->code >= 500 ? COURIER_REFUSED : COURIER_REFUSED_FOR_NOW;
    return us ? COURIER_NO_SESSION : state_of_failure(d, code);
}

static enum courier_state judge_webhook(const struct delivery *d, CURLcode code)
{
    if (d->code >= 200 && d->code < 300)
        return COURIER_DELIVERED;
    if (d->code == 408 || d->code == 425 || d->code == 429 || d->code >= 500)
        return COURIER_REFUSED_FOR_NOW;
    if (d->code >= 300)
        return COURIER_REFUSED;
    return may_have_been_taken(d) ? COURIER_UNKNOWN : state_of_failure(d, code);
}

static void judge(const struct delivery *delivery, CURLcode code, struct courier_result *result)
{
    bool mail = delivery->job->operation == COURIER_MAIL;

    memset(result, 0, sizeof(*result));
    result->state = mail ? judge_mail(delivery, code) : judge_webhook(delivery, code);
    result->code = delivery->code;
    snprintf(result->peer, sizeof(result->peer), "%s", delivery->peer);
    bool answered = result->state == COURIER_DELIVERED || result->state == COURIER_REFUSED ||
                    result->state == COURIER_REFUSED_FOR_NOW;
    if (answered || (result->state == COURIER_NO_SESSION && delivery->code >= 400))
        snprintf(result->said, sizeof(result->said), "%s", delivery->said);
    else if (result->state == COURIER_PRIVATE)
        snprintf(result->said, sizeof(result->said),
                 "%s is not an address of the Internet, and not allowed by configuration",
                 delivery->peer);
    else
        snprintf(result->said, sizeof(result->said), "%s",
                 *delivery->fault ? delivery->fault : curl_easy_strerror(code));
}

void courier_deliver(const struct courier_means *means, const struct courier_job *job,
                     const atomic_bool *cut, struct courier_result *result)
{
    struct delivery d = {.means = means, .job = job, .cut = cut};
    enum courier_state state;
    const char *fault = job_fault(means, job, &state);

    if (fault) {
        answer(result, state, fault);
        return;
    }
    d.curl = curl_easy_init();
    if (d.curl && (job->operation == COURIER_MAIL ? set_mail(&d) : set_webhook(&d)))
        judge(&d, curl_easy_perform(d.curl), result);
    else
        answer(result, COURIER_BUSY, "the courier is out of memory");
    curl_easy_cleanup(d.curl);
    curl_slist_free_all(d.recipients);
    curl_slist_free_all(d.headers);
}
