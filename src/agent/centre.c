/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/centre.h"
#include "agent/backoff.h"

int centre_identity(const struct agent *a, struct tls_identity **identity, struct err *e)
{
    struct tls_identity_config config = {.key = key_evp(a->identity.key),
                                         .generation = (uint64_t)a->trust.generation};
    struct buf chain, anchors;
    int result = -1;

    buf_init(&chain);
    buf_init(&anchors);
    certificate_list_write_pem(&a->identity.chain, &chain);
    certificate_list_write_pem(&a->trust.anchors, &anchors);
    config.chain_pem = buf_slice(&chain);
    config.anchors_pem = buf_slice(&anchors);
    if (buf_check(&chain, e) == 0 && buf_check(&anchors, e) == 0)
        result = tls_identity_new(identity, &config, e);
    buf_fini(&chain);
    buf_fini(&anchors);
    return result;
}

int agent_centre_init(struct centre *c, const struct agent *a, struct err *e)
{
    struct http_client_config config = {
        .url = a->config.centre[0] ? a->config.centre : a->trust.device,
        .server_name = a->config.server_name[0] ? a->config.server_name : NULL,
        .timeout_ms = (unsigned)a->config.request_timeout_s * 1000,
        .user_agent = "tocsin-agent/" TOCSIN_VERSION,
    };
    int result = -1;

    memset(c, 0, sizeof(*c));
    c->retry_after_ms = -1;
    if (!config.url[0]) {
        err_set(e, ERR_USAGE, "agent.centre", "docs/formats.md 5",
                "nobody says where the centre is: the trust statement names no device door");
        return err_hint(e, "set \"centre\" in %.150s/agent.conf", a->home);
    }
    if (centre_identity(a, &config.identity, e) != 0)
        return -1;
    if (http_client_new(&c->stream, &config, e) == 0 &&
        http_client_new(&c->requests, &config, e) == 0)
        result = 0;
    tls_identity_free(config.identity);
    if (result != 0)
        centre_fini(c);
    return result;
}

void centre_fini(struct centre *c)
{
    http_client_free(c->stream);
    http_client_free(c->requests);
    memset(c, 0, sizeof(*c));
}

int centre_change_identity(struct centre *c, const struct agent *a, struct err *e)
{
    struct tls_identity *identity;

    if (centre_identity(a, &identity, e) != 0)
        return -1;
    http_client_set_identity(c->stream, identity);
    http_client_set_identity(c->requests, identity);
    http_client_disconnect(c->requests);
    tls_identity_free(identity);
    return 0;
}

int centre_request(struct centre *c, const struct http_request *request, struct http_response *r,
                   const struct clock *clock, struct err *e)
{
    c->status = 0;
    c->retry_after_ms = -1;
    if (http_client_request(c->requests, request, r, e) != 0)
        return -1;
    c->status = r->status;
    struct slice wait = http_head_find(r->head, "Retry-After");
    if (wait.data)
        c->retry_after_ms = backoff_retry_after(wait, clock_now(clock));
    if (r->status >= 200 && r->status < 300)
        return 0;
    return http_client_problem(r, e);
}

int centre_get(struct centre *c, const char *target, size_t limit, struct http_response *r,
               const struct clock *clock, struct err *e)
{
    struct http_request request = {.method = "GET", .target = target, .response_limit = limit};

    return centre_request(c, &request, r, clock, e);
}

int centre_send(struct centre *c, const char *method, const char *target, struct slice json,
                struct http_response *r, const struct clock *clock, struct err *e)
{
    struct http_request request = {.method = method,
                                   .target = target,
                                   .content_type = "application/json",
                                   .body = json,
                                   /* the centre takes the same envelope twice for one */
                                   .idempotent = true};

    return centre_request(c, &request, r, clock, e);
}

bool centre_may_retry(const struct centre *c, const struct err *e)
{
    if (c->status == 0)
        return e->kind != ERR_MEMORY && e->kind != ERR_USAGE && e->kind != ERR_INTERNAL;
    return (c->status >= 300 && c->status < 400) || c->status == 408 || c->status == 425 ||
           c->status == 429 || c->status >= 500;
}
