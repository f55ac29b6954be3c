/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/est.h"
#include "agent/backoff.h"
#include "base/encoding.h"
#include "crypto/csr.h"
#include "crypto/pem.h"
#include "crypto/pkcs7.h"

#include <stdio.h>

/* The body of a certs-only answer: base64 with line breaks (RFC 8951 section 3.1). */
static int read_certificates(struct slice body, struct certificate_list *list, struct err *e)
{
    struct buf der;
    int result = -1;

    buf_init(&der);
    if (base64_parse_lines(body, &der) == 0)
        result = pkcs7_certificates_parse(buf_slice(&der), list, e);
    else if (buf_check(&der, e) == 0)
        err_set(e, ERR_INPUT, "est.answer", "RFC 8951 section 3.1",
                "the centre's answer is not base64");
    buf_fini(&der);
    return result;
}

int est_authorities(struct http_client *client, struct certificate_list *list, struct err *e)
{
    struct http_request request = {
        .method = "GET", .target = "/.well-known/est/cacerts", .response_limit = EST_ANSWER_MAX};
    struct http_response r;
    int result = -1;

    http_response_init(&r);
    if (http_client_request(client, &request, &r, e) == 0)
        result = r.status == 200 ? read_certificates(buf_slice(&r.body), list, e)
                                 : http_client_problem(&r, e);
    http_response_fini(&r);
    return result;
}

/* One attribute of a Name as text for name_parts; empty when it is not there. */
static void get_part(struct slice name, const uint8_t oid[3], char text[NAME_PART_MAX + 1])
{
    struct slice value = name_attribute(name, slice_of(oid, 3));

    if (value.len > NAME_PART_MAX)
        value.len = 0;
    if (value.len)
        memcpy(text, value.data, value.len);
    text[value.len] = '\0';
}

static int build_request(const struct est_request *request, struct buf *body, struct err *e)
{
    static const uint8_t oids[5][3] = {
        {0x55, 4, 6}, {0x55, 4, 10}, {0x55, 4, 11}, {0x55, 4, 3}, {0x55, 4, 5}};
    char parts[5][NAME_PART_MAX + 1] = {"", "", "", "", ""};
    struct csr_wish wish = {.dns_count = 0};
    struct buf der;
    int result;

    if (request->subject.len)
        for (size_t i = 0; i < 5; i++)
            get_part(request->subject, oids[i], parts[i]);
    else
        snprintf(parts[3], sizeof(parts[3]), "%s", request->common_name);
    wish.subject = (struct name_parts){.country = parts[0],
                                       .organisation = parts[1],
                                       .organisational_unit = parts[2],
                                       .common_name = parts[3],
                                       .serial_number = parts[4]};
    buf_init(&der);
    result = csr_build(request->key, &wish, &der, e);
    if (result == 0) {
        base64_put(body, buf_slice(&der));
        buf_putc(body, '\n');
        result = buf_check(body, e);
    }
    buf_fini(&der);
    return result;
}

/* RFC 7617: user, colon, password. */
static int build_basic(const struct est_request *request, struct buf *header, struct err *e)
{
    struct buf pair;
    int result;

    buf_init(&pair);
    buf_put_slice(&pair, request->user);
    buf_putc(&pair, ':');
    buf_put_slice(&pair, request->password);
    buf_puts(header, "Basic ");
    base64_put(header, buf_slice(&pair));
    result = buf_check(&pair, e) == 0 ? buf_check(header, e) : -1;
    buf_fini_secret(&pair);
    return result;
}

static int judge(const struct est_request *request, const struct http_response *r,
                 struct certificate_list *list, struct err *e)
{
    struct slice wait = http_head_find(r->head, "Retry-After");

    *request->status = r->status;
    if (wait.data)
        *request->retry_after_ms = backoff_retry_after(wait, request->now);
    if (r->status == 200)
        return read_certificates(buf_slice(&r->body), list, e);
    if (r->status == 202)
        return err_set(e, ERR_UNAVAILABLE, "est.pending", "RFC 7030 section 4.2.3",
                       "the centre has taken the request but not decided it yet");
    return http_client_problem(r, e);
}

int est_enrol(struct http_client *client, const struct est_request *request,
              struct certificate_list *list, struct err *e)
{
    struct http_client_header headers[2] = {{"Content-Transfer-Encoding", "base64"}};
    struct http_request http = {.method = "POST",
                                .headers = headers,
                                .header_count = 1,
                                .content_type = "application/pkcs10",
                                .response_limit = EST_ANSWER_MAX};
    char target[64];
    struct buf body, basic;
    struct http_response r;
    int result = -1;

    *request->retry_after_ms = -1;
    snprintf(target, sizeof(target), "/.well-known/est/%s", request->operation);
    http.target = target;
    buf_init(&body);
    buf_init(&basic);
    http_response_init(&r);
    if (build_request(request, &body, e) != 0)
        goto out;
    if (request->password.len) {
        if (build_basic(request, &basic, e) != 0)
            goto out;
        headers[http.header_count++] =
            (struct http_client_header){"Authorization", buf_text(&basic)};
    }
    http.body = buf_slice(&body);
    if (http_client_request(client, &http, &r, e) == 0)
        result = judge(request, &r, list, e);
out:
    http_response_fini(&r);
    buf_fini_secret(&basic);
    buf_fini(&body);
    return result;
}
