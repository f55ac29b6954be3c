/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP parser: the first byte chooses request or response and how the rest is cut; whatever
 * the cuts, the outcome must be the same as in one piece.
 */
#include "net/http_parse.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    enum http_step step;
    size_t used;
    uint64_t content;
    char code[48];
};

static void check_runs(const struct http_head *h)
{
    for (unsigned i = 0; i < h->field_count; i++) {
        if (!http_is_token(http_head_name(h, i)) || !http_is_field_value(http_head_value(h, i)))
            abort();
        if ((size_t)h->fields[i].value + h->fields[i].value_len > h->bytes.len)
            abort();
    }
    if (h->framing != HTTP_NO_BODY && !h->response && http_head_count(h, "content-length") &&
        http_head_count(h, "transfer-encoding"))
        abort();
    if (!h->response && !h->http10 && http_head_count(h, "host") != 1)
        abort();
}

static struct outcome read_all(struct slice in, bool response, bool http10, size_t piece)
{
    struct outcome o = {.step = HTTP_MORE};
    struct http_head h;
    struct http_body body = {0};
    struct err e = {0};
    bool in_body = false;

    http_head_init(&h, response);
    h.allow_http10 = http10;
    for (;;) {
        size_t len = piece < in.len - o.used ? piece : in.len - o.used;
        size_t used = 0;
        struct slice part = slice_of(in.data + o.used, len), run = {0};
        o.step = in_body ? http_body_feed(&body, part, &used, &run, &e)
                         : http_head_feed(&h, part, &used, &e);
        if (used > len)
            abort();
        o.used += used;
        if (o.step == HTTP_REFUSED)
            break;
        if (o.step == HTTP_DATA)
            o.content += run.len;
        if (o.step == HTTP_DONE && in_body)
            break;
        if (o.step == HTTP_DONE) {
            check_runs(&h);
            http_body_init(&body, &h);
            in_body = true;
        } else if (o.used == in.len && o.step == HTTP_MORE) {
            break;
        }
    }
    if (o.step == HTTP_REFUSED) {
        memcpy(o.code, e.code, sizeof(o.code));
        o.used = 0; /* where a refusal is noticed depends on the cuts */
    }
    if (in_body && body.total != o.content)
        abort();
    http_head_fini(&h);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    bool response = data[0] & 1;
    bool http10 = data[0] & 2;
    size_t piece = (size_t)(data[0] >> 2) + 1;
    struct slice in = slice_of(data + 1, size - 1);
    struct outcome whole = read_all(in, response, http10, SIZE_MAX);
    struct outcome cut = read_all(in, response, http10, piece);

    if (whole.step != cut.step || whole.used != cut.used || strcmp(whole.code, cut.code) != 0 ||
        (whole.step == HTTP_DONE && whole.content != cut.content))
        abort();
    struct slice authority, path, query;
    struct err e = {0};
    struct buf out;
    bool has_query;
    buf_init(&out);
    if (http_target_split(in, &authority, &path, &query, &has_query, &e) == 0) {
        if (path.len == 0 || path.data[0] != '/' || memmem(path.data, path.len, "/../", 4))
            abort();
        if (http_decode(path, false, &out, &e) == 0 && memchr(out.data, 0, out.len))
            abort();
        buf_reset(&out);
        if (http_query_find(query, "id", &out, &e) < 0 && !err_is_set(&e))
            abort();
    }
    buf_fini(&out);
    return 0;
}
