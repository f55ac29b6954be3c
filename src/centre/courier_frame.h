/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said on HOME/run/courier.sock. A frame is
 *
 *   u32 length of what follows | u8 version (1) | u8 operation | u32 job | fields
 *
 * big-endian; text and bytes have their length before them in 2 or 4 bytes (base/cursor.h). The
 * client numbers its jobs as it likes; the courier's answer carries the number back.
 *
 *   1 mail      id16 from16 to16 message32
 *   2 webhook   id16 url16 event16 signature16 u64 time (Unix seconds) body32
 *   3 status    -
 *   129 result  u8 state u32 code said16 peer16
 *   131 status  u32 waiting u32 in_flight u64 delivered u64 failed u64 unknown sandbox16
 *
 * Every job gets exactly one result; a connection that ends before it leaves the job's outcome
 * unknown. A frame that is not as above ends its connection.
 */
#ifndef CENTRE_COURIER_FRAME_H
#define CENTRE_COURIER_FRAME_H

#include "base/buf.h"
#include "base/err.h"

enum {
    COURIER_VERSION = 1,
    COURIER_MESSAGE_MAX = 4 * 1024 * 1024, /* bytes of a mail or a webhook's body */
    COURIER_FIELD_MAX = 2048,              /* bytes of each other field */
    COURIER_FRAME_MAX = COURIER_MESSAGE_MAX + 8 * COURIER_FIELD_MAX,
    COURIER_SAID_MAX = 500, /* bytes of what the other side said */
};

enum courier_operation {
    COURIER_MAIL = 1,
    COURIER_WEBHOOK = 2,
    COURIER_STATUS = 3,
    COURIER_RESULT = 129,
    COURIER_STATUS_ANSWER = 131,
};

/* What became of a delivery. The numbers are the protocol's and are stored: never renumber. */
enum courier_state {
    COURIER_DELIVERED = 1,       /* the other side took it: SMTP 2xx, HTTP 2xx */
    COURIER_REFUSED = 2,         /* for good: SMTP 5xx; HTTP 3xx, 4xx */
    COURIER_REFUSED_FOR_NOW = 3, /* SMTP 4xx; HTTP 408, 425, 429, 5xx */
    COURIER_UNREACHABLE = 4,     /* no such host, connection refused, no route */
    COURIER_TIMED_OUT = 5,       /* before the message was sent whole: it was not taken */
    COURIER_UNKNOWN = 6,         /* sent whole, and no answer: it may have been delivered */
    COURIER_PRIVATE = 7,         /* only at addresses that are not of the Internet */
    COURIER_NO_SESSION = 8,      /* greeting, TLS or log-in failed: not the recipient's refusal */
    COURIER_NOT_CONFIGURED = 9,  /* no mail server is configured */
    COURIER_BAD_JOB = 10,        /* the address or URL cannot be used */
    COURIER_BUSY = 11,           /* the courier has too much to do, or is stopping: not tried */
};

/* "delivered", "refused", "refused-for-now", … */
const char *courier_state_name(enum courier_state state);
/* May it be tried again under the same id without telling anyone twice? */
bool courier_state_retry(enum courier_state state);

struct courier_job {
    uint32_t number;
    enum courier_operation operation; /* mail, webhook or status */
    struct slice id;                  /* stable id of the intent */
    struct slice to;                  /* mail address, or URL */
    struct slice from;                /* mail: the envelope's sender, an address */
    struct slice event;               /* webhook: what happened, "advisory.published" */
    struct slice signature;           /* webhook: header Tocsin-Signature as it stands */
    uint64_t time;                    /* webhook: Unix seconds, covered by the signature */
    struct slice content;             /* the whole message, or the body (JSON) */
};

struct courier_result {
    enum courier_state state;
    unsigned code;                   /* SMTP reply code or HTTP status; 0: none came */
    char said[COURIER_SAID_MAX + 1]; /* the last line said, or what failed; printable UTF-8 */
    char peer[64];                   /* the address that was connected to; "" when none */
};

struct courier_status {
    uint32_t waiting, in_flight;
    uint64_t delivered, failed, unknown; /* since the courier started */
    char sandbox[200];                   /* what is in force */
};

/* Length of the first frame in bytes, without the 4 of the length; 0: more bytes are needed. -1
 * with "courier.frame" when it is over the limit. */
int courier_frame_length(struct slice bytes, size_t *length, struct err *e) MUST_CHECK;

/* Each put appends a whole frame; each read takes one without its length. */
void courier_job_put(struct buf *b, const struct courier_job *job);
/* The slices of job point into frame. -1 with "courier.frame". */
int courier_job_read(struct slice frame, struct courier_job *job, struct err *e) MUST_CHECK;

void courier_result_put(struct buf *b, uint32_t number, const struct courier_result *result);
void courier_status_put(struct buf *b, uint32_t number, const struct courier_status *status);

struct courier_answer {
    uint32_t number;
    enum courier_operation operation; /* COURIER_RESULT or COURIER_STATUS_ANSWER */
    struct courier_result result;
    struct courier_status status;
};
int courier_answer_read(struct slice frame, struct courier_answer *answer,
                        struct err *e) MUST_CHECK;

#endif
