/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_parse.h"
#include "net/http_chars.h"

enum head_state { START_LINE, FIELD_LINE, COMPLETE, BROKEN };

/* Fields that may stand only once. */
enum {
    SEEN_HOST = 1,
    SEEN_LENGTH = 2,
    SEEN_CODING = 4,
    SEEN_EXPECT = 8,
    SEEN_OTHERS = 16, /* and the bits above it: singletons[] */
};

static const char *const singletons[] = {
    "authorization", "content-type", "origin",        "range",    "last-event-id",
    "if-range",      "if-match",     "content-range", "location", "content-encoding",
};

/* Longest start line: a request's or a status line's, with some room for the version. */
enum { START_LINE_MAX = HTTP_METHOD_MAX + HTTP_TARGET_MAX + 16 };

void http_head_init(struct http_head *h, bool response)
{
    memset(h, 0, sizeof(*h));
    h->response = response;
}

void http_head_fini(struct http_head *h)
{
    buf_fini(&h->bytes);
}

void http_head_reset(struct http_head *h)
{
    struct buf bytes = h->bytes;
    bool response = h->response;
    bool allow_http10 = h->allow_http10;

    buf_reset(&bytes);
    memset(h, 0, offsetof(struct http_head, fields));
    h->bytes = bytes;
    h->response = response;
    h->allow_http10 = allow_http10;
}

bool http_head_empty(const struct http_head *h)
{
    return h->state == START_LINE && h->bytes.len == 0 && h->empty_lines == 0;
}

struct slice http_head_run(const struct http_head *h, struct http_run run)
{
    return slice_of(h->bytes.data + run.at, run.len);
}

struct slice http_head_name(const struct http_head *h, unsigned field)
{
    return slice_of(h->bytes.data + h->fields[field].name, h->fields[field].name_len);
}

struct slice http_head_value(const struct http_head *h, unsigned field)
{
    return slice_of(h->bytes.data + h->fields[field].value, h->fields[field].value_len);
}

static bool same_text(struct slice text, const char *lower, size_t len)
{
    if (text.len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (http_char_lower(text.data[i]) != http_char_lower((uint8_t)lower[i]))
            return false;
    return true;
}

struct slice http_head_find(const struct http_head *h, const char *name)
{
    size_t len = strlen(name);

    for (unsigned i = 0; i < h->field_count; i++)
        if (same_text(http_head_name(h, i), name, len))
            return http_head_value(h, i);
    return (struct slice){0};
}

unsigned http_head_count(const struct http_head *h, const char *name)
{
    size_t len = strlen(name);
    unsigned count = 0;

    for (unsigned i = 0; i < h->field_count; i++)
        count += same_text(http_head_name(h, i), name, len);
    return count;
}

/* The next element of a comma-separated list, trimmed; false at the end. */
static bool next_element(struct slice list, size_t *at, struct slice *element)
{
    if (*at > list.len)
        return false;
    const uint8_t *comma = *at < list.len ? memchr(list.data + *at, ',', list.len - *at) : NULL;
    size_t end = comma ? (size_t)(comma - list.data) : list.len;
    size_t from = *at;
    *at = end + 1;
    while (from < end && (list.data[from] == ' ' || list.data[from] == '\t'))
        from++;
    while (end > from && (list.data[end - 1] == ' ' || list.data[end - 1] == '\t'))
        end--;
    *element = slice_of(list.data + from, end - from);
    return true;
}

static bool lists_token(struct slice list, const char *token)
{
    struct slice element;

    for (size_t at = 0; next_element(list, &at, &element);)
        if (same_text(element, token, strlen(token)))
            return true;
    return false;
}

bool http_head_has_token(const struct http_head *h, const char *name, const char *token)
{
    size_t len = strlen(name);

    for (unsigned i = 0; i < h->field_count; i++)
        if (same_text(http_head_name(h, i), name, len) && lists_token(http_head_value(h, i), token))
            return true;
    return false;
}

static int refuse(struct http_head *h, int status, struct err *e, const char *code,
                  const char *clause, const char *text)
{
    h->state = BROKEN;
    h->status = status;
    return err_set(e, status == 414 || status == 431 ? ERR_LIMIT : ERR_USAGE, code, clause, "%s",
                   text);
}

static struct http_run run_of(const struct http_head *h, struct slice part)
{
    return (struct http_run){(uint16_t)(part.data - h->bytes.data), (uint16_t)part.len};
}

/* "HTTP/d.d" */
static bool is_version(struct slice text)
{
    return text.len == 8 && memcmp(text.data, "HTTP/", 5) == 0 && text.data[5] >= '0' &&
           text.data[5] <= '9' && text.data[6] == '.' && text.data[7] >= '0' && text.data[7] <= '9';
}

static int read_version(struct http_head *h, struct slice text, struct err *e)
{
    if (!is_version(text))
        return refuse(h, 400, e, "http.start-line", "RFC 9112 section 2.3",
                      "the HTTP version is malformed");
    if (memcmp(text.data, "HTTP/1.1", 8) == 0)
        return 0;
    if (h->allow_http10 && memcmp(text.data, "HTTP/1.0", 8) == 0) {
        h->http10 = true;
        return 0;
    }
    return refuse(h, 505, e, "http.version", "RFC 9110 section 2.5",
                  "only HTTP/1.1 is spoken here");
}

static int read_target(struct http_head *h, struct slice target, struct err *e)
{
    struct slice authority, path, query;

    if (target.len > HTTP_TARGET_MAX)
        return refuse(h, 414, e, "http.target-length", "RFC 9112 section 3",
                      "the request target is longer than 8 KiB");
    h->target = run_of(h, target);
    if (slice_is(target, "*") && slice_is(http_head_run(h, h->method), "OPTIONS")) {
        h->asterisk = true;
        h->path = h->target;
        return 0;
    }
    if (http_target_split(target, &authority, &path, &query, &h->has_query, e) != 0) {
        h->state = BROKEN;
        h->status = 400;
        return -1;
    }
    if (authority.data)
        h->host = run_of(h, authority); /* compared with Host at the end of the head */
    h->path = run_of(h, path);
    if (h->has_query)
        h->query = run_of(h, query);
    return 0;
}

static int read_request_line(struct http_head *h, struct slice line, struct err *e)
{
    const uint8_t *first = memchr(line.data, ' ', line.len);
    const uint8_t *last = memrchr(line.data, ' ', line.len);

    if (!first || first == last)
        return refuse(h, 400, e, "http.start-line", "RFC 9112 section 3",
                      "the request line is not 'METHOD target HTTP/1.1'");
    struct slice method = slice_of(line.data, (size_t)(first - line.data));
    struct slice target = slice_of(first + 1, (size_t)(last - first) - 1);
    struct slice version = slice_of(last + 1, line.len - (size_t)(last - line.data) - 1);
    if (!http_is_token(method) || method.len > HTTP_METHOD_MAX)
        return refuse(h, 400, e, "http.method", "RFC 9110 section 9.1",
                      "the method is not a token of at most 20 bytes");
    h->method = run_of(h, method);
    if (read_version(h, version, e) != 0)
        return -1;
    if (slice_is(method, "CONNECT"))
        return refuse(h, 501, e, "http.method", "RFC 9110 section 9.3.6",
                      "this server is no proxy");
    return read_target(h, target, e);
}

static int read_status_line(struct http_head *h, struct slice line, struct err *e)
{
    const char *clause = "RFC 9112 section 4";

    if (line.len < 13 || line.data[8] != ' ' || line.data[12] != ' ')
        return refuse(h, 400, e, "http.start-line", clause,
                      "the status line is not 'HTTP/1.1 code reason'");
    if (read_version(h, slice_of(line.data, 8), e) != 0)
        return -1;
    int status = 0;
    for (size_t i = 9; i < 12; i++) {
        if (line.data[i] < '0' || line.data[i] > '9')
            return refuse(h, 400, e, "http.start-line", clause, "the status code is no number");
        status = status * 10 + line.data[i] - '0';
    }
    struct slice reason = slice_of(line.data + 13, line.len - 13);
    if (status < 100 || status > 599 || reason.len > HTTP_REASON_MAX ||
        !http_is_field_value(reason))
        return refuse(h, 400, e, "http.start-line", clause,
                      "the status code or reason is not valid");
    h->status = status;
    h->reason = run_of(h, reason);
    return 0;
}

static int read_length(struct http_head *h, struct slice value, struct err *e)
{
    const char *clause = "RFC 9110 section 8.6";
    uint64_t length = 0;

    if (h->seen & SEEN_LENGTH)
        return refuse(h, 400, e, "http.content-length", clause, "Content-Length stands twice");
    h->seen |= SEEN_LENGTH;
    if (value.len == 0 || value.len > 18 || (value.len > 1 && value.data[0] == '0'))
        return refuse(h, 400, e, "http.content-length", clause,
                      "Content-Length is not a plain decimal number");
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return refuse(h, 400, e, "http.content-length", clause,
                          "Content-Length is not a plain decimal number");
        length = length * 10 + value.data[i] - '0';
    }
    h->content_length = length;
    return 0;
}

static int read_coding(struct http_head *h, struct slice value, struct err *e)
{
    const char *clause = "RFC 9112 section 6.1";
    unsigned chunked = 0;
    struct slice element;

    if (h->seen & SEEN_CODING)
        return refuse(h, 400, e, "http.transfer-coding", clause, "Transfer-Encoding stands twice");
    h->seen |= SEEN_CODING;
    for (size_t at = 0; next_element(value, &at, &element);) {
        if (!http_is_token(element))
            return refuse(h, 400, e, "http.transfer-coding", clause,
                          "Transfer-Encoding is malformed");
        if (!same_text(element, "chunked", 7))
            return refuse(h, 501, e, "http.transfer-coding", clause,
                          "no transfer coding but 'chunked' is understood");
        chunked++;
    }
    if (chunked != 1)
        return refuse(h, 400, e, "http.transfer-coding", clause, "'chunked' is applied twice");
    return 0;
}

static int read_expect(struct http_head *h, struct slice value, struct err *e)
{
    if (h->response)
        return 0;
    if ((h->seen & SEEN_EXPECT) || !same_text(value, "100-continue", 12))
        return refuse(h, 417, e, "http.expect", "RFC 9110 section 10.1.1",
                      "only one '100-continue' can be expected");
    h->seen |= SEEN_EXPECT;
    h->expect_continue = true;
    return 0;
}

static int read_host(struct http_head *h, struct slice value, struct err *e)
{
    const char *clause = "RFC 9112 section 3.2";

    if (h->response)
        return 0;
    if (h->seen & SEEN_HOST)
        return refuse(h, 400, e, "http.host", clause, "Host stands twice");
    h->seen |= SEEN_HOST;
    if (!http_authority_valid(value))
        return refuse(h, 400, e, "http.host", clause, "Host is not a host with an optional port");
    if (h->host.len && !same_text(value, (const char *)h->bytes.data + h->host.at, h->host.len))
        return refuse(h, 400, e, "http.host", clause,
                      "Host is another than the one in the request target");
    h->host = run_of(h, value);
    return 0;
}

static int read_connection(struct http_head *h, struct slice value)
{
    if (lists_token(value, "close"))
        h->keep_alive = false;
    return 0;
}

/* Fields that decide how the message is read; most others pass by their length alone. */
static int read_known_field(struct http_head *h, struct slice name, struct slice value,
                            struct err *e)
{
    switch (name.len) {
    case 4:
        if (same_text(name, "host", 4))
            return read_host(h, value, e);
        break;
    case 6:
        if (same_text(name, "expect", 6))
            return read_expect(h, value, e);
        break;
    case 10:
        if (same_text(name, "connection", 10))
            return read_connection(h, value);
        break;
    case 14:
        if (same_text(name, "content-length", 14))
            return read_length(h, value, e);
        break;
    case 17:
        if (same_text(name, "transfer-encoding", 17))
            return read_coding(h, value, e);
        break;
    default: break;
    }
    for (unsigned i = 0; i < ARRAY_LEN(singletons); i++) {
        unsigned bit = (unsigned)SEEN_OTHERS << i;
        if (!same_text(name, singletons[i], strlen(singletons[i])))
            continue;
        if (h->seen & bit)
            return refuse(h, 400, e, "http.doubled-field", "RFC 9110 section 5.3",
                          "a field that has only one value stands twice");
        h->seen |= bit;
    }
    return 0;
}

static int read_field(struct http_head *h, struct slice line, struct err *e)
{
    size_t name_len = 0;

    if (line.data[0] == ' ' || line.data[0] == '\t')
        return refuse(h, 400, e, "http.folded", "RFC 9112 section 5.2",
                      "a field line is folded, or begins with white space");
    if (h->field_count == HTTP_FIELDS_MAX)
        return refuse(h, 431, e, "http.fields", "RFC 6585 section 5",
                      "there are more than 100 field lines");
    while (name_len < line.len && http_char_is(line.data[name_len], HTTP_CHAR_TOKEN))
        name_len++;
    if (name_len == 0 || name_len == line.len || line.data[name_len] != ':')
        return refuse(h, 400, e, "http.field-name", "RFC 9112 section 5.1",
                      "a field line is not 'name: value' with the colon right behind the name");
    size_t from = name_len + 1;
    size_t end = line.len;
    while (from < end && (line.data[from] == ' ' || line.data[from] == '\t'))
        from++;
    while (end > from && (line.data[end - 1] == ' ' || line.data[end - 1] == '\t'))
        end--;
    struct slice name = slice_of(line.data, name_len);
    struct slice value = slice_of(line.data + from, end - from);
    if (!http_is_field_value(value))
        return refuse(h, 400, e, "http.control", "RFC 9110 section 5.5",
                      "a field value has a control byte");
    struct http_field *field = &h->fields[h->field_count++];
    struct http_run name_run = run_of(h, name), value_run = run_of(h, value);
    *field = (struct http_field){name_run.at, name_run.len, value_run.at, value_run.len};
    return read_known_field(h, name, value, e);
}

static int finish_head(struct http_head *h, struct err *e)
{
    bool length = h->seen & SEEN_LENGTH;
    bool coding = h->seen & SEEN_CODING;

    h->state = COMPLETE;
    if (!h->response && !h->http10 && !(h->seen & SEEN_HOST))
        return refuse(h, 400, e, "http.host", "RFC 9112 section 3.2", "there is no Host");
    if (length && coding)
        return refuse(h, 400, e, "http.length-and-coding", "RFC 9112 section 6.3",
                      "Content-Length stands beside Transfer-Encoding");
    if (coding && h->http10)
        return refuse(h, 400, e, "http.transfer-coding", "RFC 9112 section 6.1",
                      "HTTP/1.0 knows no Transfer-Encoding");
    h->framing = coding ? HTTP_CHUNKED : length ? HTTP_LENGTH : HTTP_NO_BODY;
    if (h->http10) {
        h->keep_alive = false;
        h->expect_continue = false;
    }
    if (!h->response)
        return 0;
    if (h->to_head || h->status < 200 || h->status == 204 || h->status == 304)
        h->framing = HTTP_NO_BODY;
    else if (h->framing == HTTP_NO_BODY)
        return refuse(h, 400, e, "http.no-length", "RFC 9112 section 6.3",
                      "the response does not say how long it is");
    return 0;
}

/* A whole line, without its end, stands in bytes from h->line on. */
static int read_line(struct http_head *h, struct err *e)
{
    struct slice line = slice_of(h->bytes.data + h->line, h->bytes.len - h->line);

    if (line.len && memchr(line.data, '\r', line.len))
        return refuse(h, 400, e, "http.bare-cr", "RFC 9112 section 2.2",
                      "a line has a CR that is not its end");
    if (h->state == START_LINE) {
        if (line.len == 0) {
            if (h->response || ++h->empty_lines > HTTP_EMPTY_LINES_MAX)
                return refuse(h, 400, e, "http.start-line", "RFC 9112 section 2.2",
                              "the start line is empty");
            return 0;
        }
        h->state = FIELD_LINE;
        h->keep_alive = true;
        if (memchr(line.data, 0, line.len))
            return refuse(h, 400, e, "http.control", "RFC 9112 section 3",
                          "the start line has a NUL");
        return h->response ? read_status_line(h, line, e) : read_request_line(h, line, e);
    }
    if (line.len == 0)
        return finish_head(h, e);
    return read_field(h, line, e);
}

/* Is the unfinished line, with `more` further bytes, still within the limits? */
static int check_room(struct http_head *h, size_t more, struct err *e)
{
    size_t line = h->bytes.len - h->line + more;

    if (h->state == START_LINE && line > START_LINE_MAX)
        return refuse(h, h->response ? 400 : 414, e, "http.target-length", "RFC 9112 section 3",
                      "the start line is too long");
    /* with the LF still to come; the empty line at the end is not counted */
    if (h->state == FIELD_LINE && h->fields_size + line + 1 > HTTP_HEAD_MAX + 2)
        return refuse(h, 431, e, "http.head-length", "RFC 6585 section 5",
                      "the field lines are longer than 16 KiB together");
    return 0;
}

static int take_line(struct http_head *h, const uint8_t *from, size_t len, bool whole,
                     struct err *e)
{
    if (check_room(h, len, e) != 0)
        return -1;
    buf_put(&h->bytes, from, len);
    if (buf_check(&h->bytes, e) != 0) {
        h->state = BROKEN;
        h->status = 0;
        return -1;
    }
    if (!whole)
        return 0;
    if (h->bytes.len == h->line || h->bytes.data[h->bytes.len - 1] != '\r')
        return refuse(h, 400, e, "http.bare-lf", "RFC 9112 section 2.2",
                      "a line ends with LF alone");
    h->bytes.len--;
    if (h->state == FIELD_LINE)
        h->fields_size += h->bytes.len - h->line + 2;
    if (read_line(h, e) != 0)
        return -1;
    h->line = h->bytes.len;
    return 0;
}

enum http_step http_head_feed(struct http_head *h, struct slice in, size_t *used, struct err *e)
{
    size_t at = 0;

    *used = 0;
    if (h->state == BROKEN) {
        refuse(h, h->status, e, "http.start-line", NULL, "the message was refused before");
        return HTTP_REFUSED;
    }
    while (h->state != COMPLETE && at < in.len) {
        const uint8_t *from = in.data + at;
        const uint8_t *end = memchr(from, '\n', in.len - at);
        size_t len = end ? (size_t)(end - from) : in.len - at;
        if (take_line(h, from, len, end != NULL, e) != 0)
            return HTTP_REFUSED;
        at += len + (end != NULL);
    }
    *used = at;
    return h->state == COMPLETE ? HTTP_DONE : HTTP_MORE;
}
