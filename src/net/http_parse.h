/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 messages (RFC 9112, RFC 9110), read strictly and incrementally, for requests and
 * responses. Pure: no I/O, no clock. What two parsers could understand differently is refused, so
 * that no request can be smuggled past whoever stands between:
 *   bare LF or CR, NUL and other control bytes        http.bare-lf, http.bare-cr, http.control
 *   white space before the colon, folded lines        http.field-name, http.folded
 *   two Content-Lengths (even equal), "+3", "0x3"     http.content-length
 *   Content-Length with Transfer-Encoding             http.length-and-coding
 *   any coding but "chunked", exactly once            http.transfer-coding (501)
 *   missing, doubled or malformed Host                http.host
 *   targets with fragments, bad percent-encoding,
 *   dot or empty segments, encoded '/' '\' or NUL     http.target
 *   a second Authorization, Content-Type, Range, …    http.doubled-field
 *   over a limit                                      http.target-length (414),
 *                                                     http.head-length, http.fields (431)
 *   another version                                   http.version (505)
 * Every refusal sets struct err with such a code and the clause; the connection is to be closed.
 */
#ifndef NET_HTTP_PARSE_H
#define NET_HTTP_PARSE_H

#include "base/buf.h"
#include "base/err.h"

enum {
    HTTP_TARGET_MAX = 8 * 1024,            /* bytes of the request target */
    HTTP_HEAD_MAX = 16 * 1024,             /* bytes of all field lines together */
    HTTP_FIELDS_MAX = 100,                 /* field lines of one head */
    HTTP_METHOD_MAX = 20,                  /* bytes of a method */
    HTTP_REASON_MAX = 512,                 /* bytes of a status line's reason */
    HTTP_CHUNK_LINE_MAX = 256,             /* bytes of a chunk-size line with its extensions */
    HTTP_CHUNK_EXTENSIONS_MAX = 16 * 1024, /* bytes of all chunk extensions of one body */
    HTTP_TRAILER_MAX = 4 * 1024,           /* bytes of all trailer lines together; dropped */
    HTTP_TRAILER_FIELDS_MAX = 20,
    HTTP_EMPTY_LINES_MAX = 1, /* empty lines before a request line (RFC 9112 section 2.2) */
    HTTP_SEGMENTS_MAX = 32,   /* segments of a path */
};

enum http_step {
    HTTP_REFUSED = -1, /* *e is set; http_head.status says which answer fits */
    HTTP_MORE = 0,     /* all bytes are used up, more are needed */
    HTTP_DONE = 1,     /* the head, or the body, is complete */
    HTTP_DATA = 2      /* body only: a run of content bytes */
};

enum http_framing {
    HTTP_NO_BODY,
    HTTP_LENGTH,  /* Content-Length */
    HTTP_CHUNKED, /* Transfer-Encoding: chunked */
};

struct http_field {
    uint16_t name, name_len; /* offsets into http_head.bytes */
    uint16_t value, value_len;
};

/* A run of http_head.bytes. */
struct http_run {
    uint16_t at, len;
};

struct http_head {
    struct buf bytes; /* what was read of this head, without the line ends */
    bool response;
    bool allow_http10; /* set before reading: HTTP/1.0 requests are taken (old OCSP clients) */
    bool to_head;      /* set before reading a response to HEAD: it has no body */
    bool http10;
    bool keep_alive;      /* the sender lets the connection persist */
    bool expect_continue; /* Expect: 100-continue */
    enum http_framing framing;
    uint64_t content_length; /* with HTTP_LENGTH */
    int status;              /* response: its code; refused request: the answer's code */
    struct http_run method, target, reason;
    struct http_run path, query; /* parts of target; query without '?', valid when has_query */
    bool has_query;
    bool asterisk; /* OPTIONS * */
    struct http_run host;
    unsigned field_count;
    /* of the reader */
    unsigned char state;
    unsigned char empty_lines;
    size_t line;                               /* where the unfinished line begins in bytes */
    size_t fields_size;                        /* bytes of field lines so far */
    unsigned seen;                             /* which fields that may stand only once were seen */
    struct http_field fields[HTTP_FIELDS_MAX]; /* the last member: not cleared by a reset */
};

/* response: status lines are expected instead of request lines. Keeps allow_http10 false. */
void http_head_init(struct http_head *h, bool response);
void http_head_fini(struct http_head *h);
/* Ready for the next message; keeps the memory, response and allow_http10; to_head is false. */
void http_head_reset(struct http_head *h);
/* True when nothing of a message was read yet. */
bool http_head_empty(const struct http_head *h);

/*
 * Reads from in as far as the head goes; *used is how much was taken. Copies what it takes: in may
 * be reused at once. HTTP_MORE, HTTP_DONE (then framing and all runs are valid until the next
 * reset) or HTTP_REFUSED with *e and h->status (400, 413, 414, 417, 431, 501 or 505; 0 when it is
 * memory).
 * A response to HEAD (to_head), and 1xx, 204 and 304, have no body whatever the fields say
 * (RFC 9112 section 6.3). Any other response without a length is refused (http.no-length): a body
 * that ends with the connection cannot be told from a cut one.
 */
enum http_step http_head_feed(struct http_head *h, struct slice in, size_t *used,
                              struct err *e) MUST_CHECK;

struct slice http_head_run(const struct http_head *h, struct http_run run);
struct slice http_head_name(const struct http_head *h, unsigned field);
struct slice http_head_value(const struct http_head *h, unsigned field);
/* First field of that name (any case), or the slice with data NULL. */
struct slice http_head_find(const struct http_head *h, const char *name);
/* How many fields of that name there are. */
unsigned http_head_count(const struct http_head *h, const char *name);
/* True when a field of that name lists the token (RFC 9110 section 5.6.1), in any case. */
bool http_head_has_token(const struct http_head *h, const char *name, const char *token);

struct http_body {
    enum http_framing framing;
    unsigned char state;
    uint64_t left;  /* of the length, or of this chunk */
    uint64_t total; /* content bytes given out */
    size_t line;    /* bytes of the unfinished line */
    size_t extensions;
    size_t trailers;
    unsigned trailer_fields;
    unsigned digits;
    uint64_t size; /* the chunk size being read */
};

/* The body that belongs to a complete head. */
void http_body_init(struct http_body *b, const struct http_head *h);

/*
 * Takes from in: HTTP_DATA with *data (a part of in; content bytes), HTTP_DONE, HTTP_MORE or
 * HTTP_REFUSED. Call again with the rest until it is not HTTP_DATA. Trailers are checked and
 * dropped (RFC 9112 section 7.1.2).
 */
enum http_step http_body_feed(struct http_body *b, struct slice in, size_t *used,
                              struct slice *data, struct err *e) MUST_CHECK;

/*
 * Splits a target into path and query and checks it as said above; text is not changed. For an
 * absolute-form target, authority is what stands there, else its data is NULL. 0, or -1 with
 * "http.target".
 */
int http_target_split(struct slice target, struct slice *authority, struct slice *path,
                      struct slice *query, bool *has_query, struct err *e) MUST_CHECK;

/* A Host or authority: reg-name, IPv4 or [IPv6], optional port. */
bool http_authority_valid(struct slice text);

/*
 * Appends the percent-decoded text; form: '+' is a space (query parameters). Decoded control
 * bytes and bad UTF-8 are refused. 0, or -1 with "http.target" (or memory).
 */
int http_decode(struct slice text, bool form, struct buf *out, struct err *e) MUST_CHECK;

/*
 * One query parameter, decoded and appended to out. 1: found, 0: not there, -1: there more than
 * once, badly encoded or without memory.
 */
int http_query_find(struct slice query, const char *name, struct buf *out,
                    struct err *e) MUST_CHECK;

/* The standard reason of a status code; "" for an unknown one. */
const char *http_reason(int status);

/* Byte classes of RFC 9110 5.6.2 (tchar) and 5.5 (VCHAR, obs-text, SP, HTAB). */
bool http_is_token(struct slice text);
bool http_is_field_value(struct slice text);

#endif
