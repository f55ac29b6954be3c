/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of server-sent events (WHATWG HTML 9.2.6), pure and bounded. Lines end with LF, CR or
 * CRLF; ids with NUL are ignored as the standard says; an event over the limit is an error.
 */
#ifndef NET_SSE_PARSE_H
#define NET_SSE_PARSE_H

#include "base/buf.h"
#include "base/err.h"

enum {
    SSE_LINE_MAX = 1024 * 1024, /* bytes of one line */
    SSE_DATA_MAX = 1024 * 1024, /* bytes of one event's data */
    SSE_NAME_MAX = 256,         /* bytes of an id or event name */
};

struct sse_reader {
    struct buf line;
    struct buf data;
    struct buf id;      /* of the last complete event that had one; stays over events and streams */
    struct buf next_id; /* of the event being read: it counts when the event is complete */
    bool has_next_id;
    struct buf event; /* name; empty: "message" */
    unsigned retry_ms;
    bool started; /* the byte order mark, if any, is past */
    bool after_cr;
    bool has_data;
    bool fresh; /* the event given last is to be forgotten before the next */
};

void sse_reader_init(struct sse_reader *r);
void sse_reader_fini(struct sse_reader *r);
/* For a new stream: keeps the last id. */
void sse_reader_reset(struct sse_reader *r);

/*
 * Takes from in. 1: an event is complete (data, id, event of r, valid until the next call) and
 * *used bytes were taken; 0: all taken, none complete; -1 with "sse.limit" or memory.
 */
int sse_reader_feed(struct sse_reader *r, struct slice in, size_t *used, struct err *e) MUST_CHECK;

#endif
