/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/api.h"
#include "base/file.h"
#include "base/id.h"
#include "base/memory.h"
#include "centre/config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    ANSWER_LIMIT = 64 << 20,
    ANSWER_VALUES = 50000000,
    TIMEOUT_MS = 120000,
    PEM_LIMIT = 1 << 20,
    ATTEMPTS = 5,
    PAUSE_MS_MAX = 5000,
    PAGE = 1000,
};

struct api {
    struct http_client *client;
    struct tls_identity *identity;
    char *address; /* for messages */
    bool local;
};

/* ---- where to ---- */

static int read_pem(const char *option, const char *path, struct buf *pem, struct err *e)
{
    if (!path) {
        err_set(e, ERR_USAGE, "cli.remote", NULL, "with --url, --%s is needed too", option);
        return err_hint(e, "--cert and --key say who you are, --ca whom you believe");
    }
    if (file_read(path, PEM_LIMIT, pem, e) != 0)
        return err_context(e, "--%s", option);
    return 0;
}

static int load_identity(const struct cli_args *args, struct tls_identity **identity, struct err *e)
{
    struct buf cert;
    struct buf key;
    struct buf anchors;
    int result = -1;

    buf_init(&cert);
    buf_init_secret(&key);
    buf_init(&anchors);
    if (read_pem("cert", cli_value(args, "cert"), &cert, e) == 0 &&
        read_pem("key", cli_value(args, "key"), &key, e) == 0 &&
        read_pem("ca", cli_value(args, "ca"), &anchors, e) == 0) {
        const struct tls_identity_config config = {.chain_pem = buf_slice(&cert),
                                                   .key_pem = buf_slice(&key),
                                                   .anchors_pem = buf_slice(&anchors)};
        result = tls_identity_new(identity, &config, e);
    }
    buf_fini(&cert);
    buf_fini_secret(&key);
    buf_fini(&anchors);
    return result;
}

void api_put_socket(const struct cli_args *args, struct buf *path)
{
    struct config *config = NULL;
    struct err ignored = {0};
    char file[PATH_MAX];

    /* whoever may not read the configuration, or finds faults in it, gets the usual place */
    snprintf(file, sizeof(file), "%s/tocsin.conf", cli_home(args));
    if (file_kind(file) == 1 && config_load(&config, file, &ignored) == 0)
        buf_puts(path, config->door_local_socket);
    else
        buf_printf(path, "%s/run/local.sock", cli_home(args));
    if (ignored.kind == ERR_MEMORY)
        path->failed = true;
    config_free(config);
}

static int choose_address(struct api *api, const struct cli_args *args, struct err *e)
{
    const char *url = cli_value(args, "url");
    struct buf text;

    if (url && strncmp(url, "https://", 8) != 0) {
        err_set(e, ERR_USAGE, "cli.remote", NULL, "'%s' is no https:// address", url);
        return err_hint(e, "without --url the centre on this machine is meant");
    }
    if (!url && (cli_value(args, "cert") || cli_value(args, "key") || cli_value(args, "ca"))) {
        err_set(e, ERR_USAGE, "cli.remote", NULL,
                "--cert, --key and --ca are for a centre elsewhere");
        return err_hint(e, "add --url https://host:port");
    }
    buf_init(&text);
    if (url)
        buf_puts(&text, url);
    if (!url) {
        buf_puts(&text, "unix:");
        api_put_socket(args, &text);
    }
    api->local = !url;
    api->address = text.failed ? NULL : mem_strdup(buf_text(&text));
    buf_fini(&text);
    return api->address ? 0 : err_memory(e);
}

int api_open(const struct cli_args *args, struct api **out, struct err *e)
{
    struct api *api = mem_new(1, sizeof(*api));

    *out = NULL;
    if (!api)
        return err_memory(e);
    if (choose_address(api, args, e) != 0 ||
        (!api->local && load_identity(args, &api->identity, e) != 0))
        goto failed;
    const struct http_client_config config = {.url = api->address,
                                              .identity = api->identity,
                                              .timeout_ms = TIMEOUT_MS,
                                              .user_agent = "tocsin/" TOCSIN_VERSION};
    if (http_client_new(&api->client, &config, e) != 0)
        goto failed;
    *out = api;
    return 0;
failed:
    api_close(api);
    return -1;
}

void api_close(struct api *api)
{
    if (!api)
        return;
    http_client_free(api->client);
    tls_identity_free(api->identity);
    mem_free(api->address);
    mem_free(api);
}

bool api_is_local(const struct api *api)
{
    return api->local;
}

/* ---- one request ---- */

void api_answer_init(struct api_answer *answer)
{
    *answer = (struct api_answer){0};
    http_response_init(&answer->response);
}

void api_answer_fini(struct api_answer *answer)
{
    json_doc_free(answer->doc);
    http_response_fini(&answer->response);
    *answer = (struct api_answer){0};
}

/* How long to wait before asking again; 0: do not. What a busy centre refused, it did not do. */
static long pause_before_retry(const struct api *api, const struct api_answer *answer,
                               const struct err *e, unsigned attempt)
{
    struct slice after = http_client_header(api->client, "Retry-After");
    long pause = 100L << attempt;

    if (answer->response.status != 503 || attempt + 1 >= ATTEMPTS)
        return 0;
    if (strcmp(e->code, "centre.busy") != 0 && strncmp(e->code, "net.", 4) != 0)
        return 0;
    if (after.len > 0 && after.len < 4 && after.data[0] >= '0' && after.data[0] <= '9')
        pause = (after.data[0] - '0') * 1000L + 50;
    return pause < PAUSE_MS_MAX ? pause : PAUSE_MS_MAX;
}

static int parse_answer(struct api_answer *answer, size_t limit, struct err *e)
{
    const struct json_limits limits = {.bytes = limit, .depth = 64, .values = ANSWER_VALUES};
    struct slice type = http_head_find(answer->response.head, "Content-Type");

    if (type.len < 16 || strncasecmp((const char *)type.data, "application/json", 16) != 0)
        return 0;
    if (json_parse(&answer->doc, buf_slice(&answer->response.body), &limits, e) != 0)
        return err_context(e, "the centre's answer");
    answer->root = json_root(answer->doc);
    return 0;
}

static int send_once(struct api *api, const struct http_request *wire, struct api_answer *answer,
                     struct err *e)
{
    json_doc_free(answer->doc);
    answer->doc = NULL;
    answer->root = NULL;
    if (http_client_request(api->client, wire, &answer->response, e) != 0) {
        if (api->local && strcmp(e->code, "client.connect") == 0)
            err_hint(e, "is the centre running? tocsin serve --home DIR; see also --home");
        return -1;
    }
    if (answer->response.status < 200 || answer->response.status > 299)
        return http_client_problem(&answer->response, e);
    return wire->write_body ? 0 : parse_answer(answer, wire->response_limit, e);
}

int api_send(struct api *api, const struct api_request *request, struct api_answer *answer,
             struct err *e)
{
    bool is_get = strcmp(request->method, "GET") == 0;
    char key[ID_TEXT] = "";
    const struct http_client_header headers[] = {
        {"Accept", "application/json, application/problem+json, */*;q=0.5"},
        {"Idempotency-Key", key}};

    if (!request->target[0]) /* it did not fit into memory */
        return err_memory(e);
    if (!is_get && id_new(&random_system, "key", key, e) != 0)
        return -1;
    const struct http_request wire = {
        .method = request->method,
        .target = request->target,
        .headers = headers,
        .header_count = is_get ? 1 : 2,
        .content_type = request->content_type,
        .body = request->body,
        .response_limit = request->answer_limit ? request->answer_limit : ANSWER_LIMIT,
        .write_body = request->write_body,
        .write_context = request->write_context,
        .timeout_ms = request->timeout_ms ? request->timeout_ms : TIMEOUT_MS,
        .idempotent = true,
    };
    for (unsigned attempt = 0;; attempt++) {
        if (send_once(api, &wire, answer, e) == 0)
            return 0;
        long pause = pause_before_retry(api, answer, e, attempt);
        if (pause == 0)
            return -1;
        const struct timespec time = {.tv_sec = pause / 1000, .tv_nsec = pause % 1000 * 1000000};
        nanosleep(&time, NULL);
        err_clear(e);
    }
}

int api_get(struct api *api, const char *target, struct api_answer *answer, struct err *e)
{
    const struct api_request request = {.method = "GET", .target = target};

    return api_send(api, &request, answer, e);
}

int api_post(struct api *api, const char *target, const struct buf *json, struct api_answer *answer,
             struct err *e)
{
    const struct api_request request = {.method = "POST",
                                        .target = target,
                                        .content_type = "application/json",
                                        .body = buf_slice(json)};

    if (buf_check(json, e) != 0)
        return -1;
    return api_send(api, &request, answer, e);
}

/* ---- lists ---- */

static int page_target(struct buf *page, const struct api_list *list, const char *at, int64_t limit,
                       struct err *e)
{
    char number[24];

    buf_reset(page);
    if (!list->target[0]) /* as in api_send */
        return err_memory(e);
    buf_puts(page, list->target);
    if (*at)
        api_put_query(page, list->cursor ? list->cursor : "after", at);
    snprintf(number, sizeof(number), "%lld", (long long)limit);
    api_put_query(page, "limit", number);
    return buf_check(page, e);
}

/* The cursor of the next page into after; false: this was the last one. */
static bool next_page(const struct json_value *root, struct buf *after)
{
    const struct json_value *next = json_get(root, "next");
    int64_t number;

    buf_reset(after);
    if (json_is(next, JSON_STRING))
        buf_put_slice(after, json_string(next));
    else if (json_int64(next, &number))
        buf_printf(after, "%lld", (long long)number);
    return after->len > 0;
}

/* 1: the caller has enough, 0: all rows of this page were seen, -1. */
static int take_page(const struct json_value *root, int64_t limit, int64_t *seen, api_row *row,
                     void *context, struct err *e)
{
    const struct json_value *rows = json_get(root, "items");

    if (!json_is(rows, JSON_ARRAY))
        return err_set(e, ERR_INTERNAL, "cli.answer", NULL, "the centre's answer has no list");
    json_each(item, rows)
    {
        int verdict = row(context, item, e);
        if (verdict != 0)
            return verdict;
        (*seen)++;
        if (limit > 0 && *seen >= limit)
            return 1;
    }
    return 0;
}

int api_pages(struct api *api, const struct api_list *list, api_row *row, void *context,
              struct err *e)
{
    struct api_answer answer;
    struct buf at;
    struct buf page;
    int64_t seen = 0;
    int verdict = 0;

    api_answer_init(&answer);
    buf_init(&at);
    buf_init(&page);
    buf_puts(&at, list->first ? list->first : "");
    while (verdict == 0) {
        int64_t left = list->limit > 0 ? list->limit - seen : PAGE;
        if (page_target(&page, list, buf_text(&at), left < PAGE ? left : PAGE, e) != 0 ||
            api_get(api, buf_text(&page), &answer, e) != 0) {
            verdict = -1;
            break;
        }
        verdict = take_page(answer.root, list->limit, &seen, row, context, e);
        if (verdict == 0 && !next_page(answer.root, &at))
            break;
    }
    api_answer_fini(&answer);
    buf_fini(&at);
    buf_fini(&page);
    return verdict < 0 ? -1 : 0;
}

/* ---- targets ---- */

static void put_encoded(struct buf *b, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        bool plain = (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') ||
                     (*at >= 'a' && *at <= 'z') || *at == '-' || *at == '.' || *at == '_' ||
                     *at == '~'; /* RFC 3986 section 2.3 */
        if (plain) {
            buf_putc(b, *at);
        } else {
            buf_putc(b, '%');
            buf_putc(b, digits[*at >> 4]);
            buf_putc(b, digits[*at & 15]);
        }
    }
}

void api_put_segment(struct buf *target, const char *segment)
{
    put_encoded(target, segment);
}

void api_put_query(struct buf *target, const char *name, const char *value)
{
    if (!value)
        return;
    buf_putc(target, target->len && memchr(target->data, '?', target->len) ? '&' : '?');
    put_encoded(target, name);
    buf_putc(target, '=');
    put_encoded(target, value);
}
