/* SPDX-License-Identifier: Apache-2.0 */
#include "centre_bench_device.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/json.h"
#include "crypto/csr.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "crypto/pem.h"
#include "crypto/pkcs7.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIRMWARES = 50 }; /* classes of the devices on line */

static void need(int result, const struct err *e)
{
    if (result != 0)
        bench_die(e->code, e->text);
}

static void put_request(struct device *d, const char *what, const char *headers, struct slice body)
{
    buf_reset(&d->request);
    buf_printf(&d->request, "%s HTTP/1.1\r\nHost: localhost\r\n%s", what, headers);
    if (body.len)
        buf_printf(&d->request, "Content-Length: %zu\r\n", body.len);
    buf_puts(&d->request, "\r\n");
    buf_put_slice(&d->request, body);
}

void device_ask_certificate(struct device *d, struct slice token)
{
    const struct csr_wish wish = {.subject = {.common_name = "device"}};
    struct buf der, body, pair, headers;
    struct err e = {0};

    buf_init(&der);
    buf_init(&body);
    buf_init(&pair);
    buf_init(&headers);
    d->key = key_generate(KEY_P256, &e);
    need(d->key ? csr_build(d->key, &wish, &der, &e) : -1, &e);
    base64_put(&body, buf_slice(&der));
    buf_puts(&pair, "device:");
    buf_put_slice(&pair, token);
    buf_puts(&headers, "Content-Type: application/pkcs10\r\n"
                       "Content-Transfer-Encoding: base64\r\nAuthorization: Basic ");
    base64_put(&headers, buf_slice(&pair));
    buf_puts(&headers, "\r\n");
    put_request(d, "POST /.well-known/est/simpleenroll", buf_text(&headers), buf_slice(&body));
    buf_fini(&der);
    buf_fini(&body);
    buf_fini(&pair);
    buf_fini(&headers);
}

static void read_certificates(struct slice answer, struct certificate_list *list)
{
    struct err e = {0};
    struct buf der;

    buf_init(&der);
    certificate_list_init(list);
    if (base64_parse_lines(answer, &der) != 0)
        bench_die("EST answer", "no base64");
    need(pkcs7_certificates_parse(buf_slice(&der), list, &e), &e);
    if (list->count == 0)
        bench_die("EST answer", "no certificate");
    buf_fini(&der);
}

void device_take_certificate(struct device *d, struct slice answer)
{
    struct certificate_list list;
    struct certificate leaf;
    struct err e = {0};

    read_certificates(answer, &list);
    buf_put_slice(&d->certificate, list.items[0]);
    need(certificate_parse(&leaf, buf_slice(&d->certificate), &e), &e);
    snprintf(d->asset, sizeof(d->asset), "%.*s", SLICE_ARG(leaf.common_name));
    const struct slice start[] = {slice_str("tocsin-chain/v1\n"), slice_str(d->asset)};
    if (sha256_slices(start, 2, d->head) != 0)
        bench_die("no memory", "digest");
    certificate_list_fini(&list);
}

void device_read_issuer(struct slice answer, struct buf *der)
{
    struct certificate_list list;

    read_certificates(answer, &list);
    for (size_t i = 0; i < list.count; i++) {
        struct certificate c;
        struct err e = {0};
        need(certificate_parse(&c, list.items[i], &e), &e);
        if (c.issuer.len != c.subject.len ||
            memcmp(c.issuer.data, c.subject.data, c.issuer.len) != 0)
            buf_put_slice(der, list.items[i]);
    }
    certificate_list_fini(&list);
}

/* Signs the payload as an agent does: with its chain. */
static void put_signed(struct device *d, const char *what, struct slice payload,
                       struct slice issuer)
{
    const struct slice chain[] = {buf_slice(&d->certificate), issuer};
    const struct envelope_signer signer = envelope_signer_of_key(d->key, chain, 2);
    struct buf envelope;
    struct err e = {0};

    buf_init(&envelope);
    need(envelope_build(&envelope, payload, &signer, &e), &e);
    put_request(d, what, "Content-Type: application/json\r\n", buf_slice(&envelope));
    buf_fini(&envelope);
}

void device_say_inventory(struct device *d, struct slice issuer)
{
    char now[TIME_TEXT];
    struct buf payload;

    buf_init(&payload);
    time_format(clock_now(&clock_system), now);
    buf_printf(&payload,
               "{\"asset\":\"%s\",\"at\":\"%s\",\"components\":[],"
               "\"format\":\"tocsin-inventory/v1\",\"nameplate\":{\"firmware\":\"V1.%u\","
               "\"model\":\"BW-400\",\"serial\":\"S%06u\",\"vendor\":\"Bench Works\"}}",
               d->asset, now, d->number % FIRMWARES, d->number);
    put_signed(d, "PUT /v1/inventory", buf_slice(&payload), issuer);
    buf_fini(&payload);
}

void device_ask_stream(struct device *d)
{
    char headers[100];

    snprintf(headers, sizeof(headers), "Accept: text/event-stream\r\nLast-Event-ID: %llu\r\n",
             (unsigned long long)d->n);
    put_request(d, "GET /v1/stream", headers, slice_of(NULL, 0));
}

void device_follow_chain(struct device *d)
{
    struct json_doc *doc = NULL;
    struct buf notice;
    uint8_t digest[32];
    struct err e = {0};
    int64_t n = 0;

    buf_init(&notice);
    need(json_parse(&doc, buf_slice(&d->delivery), NULL, &e), &e);
    if (!json_int64(json_get(json_root(doc), "n"), &n) || n < 0 || (uint64_t)n != d->n + 1 ||
        base64_parse(json_get_string(json_root(doc), "notice"), &notice) != 0)
        bench_die("delivery", "out of order");
    const struct slice said[] = {slice_str("tocsin-notice/v1\n"), buf_slice(&notice)};
    if (sha256_slices(said, 2, digest) != 0)
        bench_die("no memory", "digest");
    const struct slice next[] = {slice_of(d->head, 32), slice_of(digest, 32)};
    uint8_t head[32];
    if (sha256_slices(next, 2, head) != 0)
        bench_die("no memory", "digest");
    memcpy(d->head, head, 32);
    d->n = (uint64_t)n;
    json_doc_free(doc);
    buf_fini(&notice);
}

/* Size and root of the checkpoint that the stream brought last: lines two and three of the note. */
static void read_checkpoint(struct device *d, unsigned long long *size, char root[HASH_TEXT])
{
    struct json_doc *doc = NULL;
    uint8_t bytes[32] = {0};
    struct err e = {0};
    struct buf binary;

    *size = 0;
    buf_init(&binary);
    if (d->checkpoint.len == 0)
        bench_die("checkpoint", "none came over the stream");
    need(json_parse(&doc, buf_slice(&d->checkpoint), NULL, &e), &e);
    struct slice note = json_string(json_root(doc));
    const uint8_t *second = memchr(note.data, '\n', note.len);
    const uint8_t *third =
        second ? memchr(second + 1, '\n', note.len - (size_t)(second + 1 - note.data)) : NULL;
    if (!third)
        bench_die("checkpoint", "too short");
    *size = strtoull((const char *)second + 1, NULL, 10);
    if (base64_parse(slice_of(third + 1, 44), &binary) != 0 || binary.len != 32)
        bench_die("checkpoint", "no root");
    memcpy(bytes, binary.data, 32);
    hash_text_format(bytes, root);
    json_doc_free(doc);
    buf_fini(&binary);
}

void device_say_receipt(struct device *d, struct slice issuer, const char *origin)
{
    char root[HASH_TEXT], head[HASH_TEXT], now[TIME_TEXT];
    unsigned long long size;
    struct buf payload;

    buf_init(&payload);
    read_checkpoint(d, &size, root);
    hash_text_format(d->head, head);
    time_format(clock_now(&clock_system), now);
    buf_printf(&payload,
               "{\"asset\":\"%s\",\"at\":\"%s\",\"checkpoint\":{\"root\":\"%s\",\"size\":%llu},"
               "\"format\":\"tocsin-receipt/v1\",\"head\":\"%s\",\"n\":%llu,\"origin\":\"%s\"}",
               d->asset, now, root, size, head, (unsigned long long)d->n, origin);
    put_signed(d, "POST /v1/receipts", buf_slice(&payload), issuer);
    buf_fini(&payload);
}
