/* SPDX-License-Identifier: Apache-2.0 */
#include "net/sse_parse.h"

void sse_reader_init(struct sse_reader *r)
{
    *r = (struct sse_reader){0};
    r->line.limit = SSE_LINE_MAX;
    r->data.limit = SSE_DATA_MAX + 1; /* with the line end that is cut off */
}

void sse_reader_fini(struct sse_reader *r)
{
    buf_fini(&r->line);
    buf_fini(&r->data);
    buf_fini(&r->id);
    buf_fini(&r->next_id);
    buf_fini(&r->event);
}

static void forget_event(struct sse_reader *r)
{
    buf_reset(&r->data);
    buf_reset(&r->event);
    r->has_data = false;
    r->fresh = false;
}

void sse_reader_reset(struct sse_reader *r)
{
    forget_event(r);
    buf_reset(&r->line);
    r->has_next_id = false;
    r->started = false;
    r->after_cr = false;
}

static int too_long(struct err *e, const char *what)
{
    return err_set(e, ERR_LIMIT, "sse.limit", "WHATWG HTML 9.2.6", "an event's %s is too long",
                   what);
}

static int put(struct buf *b, struct slice s, const char *what, struct err *e)
{
    buf_put_slice(b, s);
    if (!b->failed)
        return 0;
    if (b->limit && b->len + s.len > b->limit)
        return too_long(e, what);
    return err_memory(e);
}

static int set_name(struct buf *b, struct slice value, const char *what, struct err *e)
{
    if (value.len > SSE_NAME_MAX)
        return too_long(e, what);
    buf_reset(b);
    return put(b, value, what, e);
}

static void set_retry(struct sse_reader *r, struct slice value)
{
    unsigned retry = 0;

    if (value.len == 0 || value.len > 9)
        return;
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return;
        retry = retry * 10 + value.data[i] - '0';
    }
    r->retry_ms = retry;
}

static int take_field(struct sse_reader *r, struct slice name, struct slice value, struct err *e)
{
    if (slice_is(name, "data")) {
        r->has_data = true;
        if (put(&r->data, value, "data", e) != 0)
            return -1;
        return put(&r->data, slice_str("\n"), "data", e);
    }
    if (slice_is(name, "event"))
        return set_name(&r->event, value, "name", e);
    if (slice_is(name, "id") && (value.len == 0 || !memchr(value.data, 0, value.len))) {
        r->has_next_id = true;
        return set_name(&r->next_id, value, "id", e);
    }
    if (slice_is(name, "retry"))
        set_retry(r, value);
    return 0;
}

/* 1: the empty line behind an event with data. */
static int take_line(struct sse_reader *r, struct slice line, struct err *e)
{
    if (!r->started) {
        r->started = true;
        if (line.len >= 3 && memcmp(line.data, "\xef\xbb\xbf", 3) == 0)
            line = slice_of(line.data + 3, line.len - 3);
    }
    if (line.len == 0) {
        if (r->has_next_id && set_name(&r->id, buf_slice(&r->next_id), "id", e) != 0)
            return -1;
        r->has_next_id = false;
        if (!r->has_data) {
            buf_reset(&r->event);
            return 0;
        }
        r->data.len--; /* the last line end */
        r->data.data[r->data.len] = 0;
        r->fresh = true;
        return 1;
    }
    if (line.data[0] == ':')
        return 0;
    const uint8_t *colon = memchr(line.data, ':', line.len);
    if (!colon)
        return take_field(r, line, slice_of(line.data + line.len, 0), e);
    struct slice name = slice_of(line.data, (size_t)(colon - line.data));
    struct slice value = slice_of(colon + 1, line.len - name.len - 1);
    if (value.len && value.data[0] == ' ')
        value = slice_of(value.data + 1, value.len - 1);
    return take_field(r, name, value, e);
}

static size_t line_end(struct slice in, size_t at)
{
    while (at < in.len && in.data[at] != '\n' && in.data[at] != '\r')
        at++;
    return at;
}

int sse_reader_feed(struct sse_reader *r, struct slice in, size_t *used, struct err *e)
{
    size_t at = 0;

    if (r->fresh)
        forget_event(r);
    while (at < in.len) {
        if (r->after_cr && in.data[at] == '\n') {
            r->after_cr = false;
            at++;
            continue;
        }
        r->after_cr = false;
        size_t end = line_end(in, at);
        struct slice line = slice_of(in.data + at, end - at);
        if (r->line.len > 0 || end == in.len) {
            if (put(&r->line, line, "line", e) != 0)
                return -1;
            line = buf_slice(&r->line);
        }
        if (end == in.len)
            break;
        r->after_cr = in.data[end] == '\r';
        at = end + 1;
        int complete = take_line(r, line, e);
        buf_reset(&r->line);
        if (complete != 0) {
            *used = at;
            return complete;
        }
    }
    *used = in.len;
    return 0;
}
