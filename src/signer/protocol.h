/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire between a client and the signer, over a Unix stream socket. Integers are big-endian.
 *
 *   frame    := u32 length of what follows, u8 version (1), body
 *   request  := u8 operation, fields
 *   answer   := u8 0, fields                                        done
 *             | u8 1, u8 kind (enum err_kind), code, clause, where, text, hint     refused
 *
 * text and bytes are fields of the form u32 length, bytes; the texts of a refusal u16 length,
 * bytes. A frame is at most SIGNER_FRAME_MAX long. One request is answered before the next is read.
 * A frame of another version, or one that does not parse, is refused, and the connection is closed.
 */
#ifndef SIGNER_PROTOCOL_H
#define SIGNER_PROTOCOL_H

#include "base/cursor.h"

enum { SIGNER_VERSION = 1, SIGNER_FRAME_MAX = 24 << 20, SIGNER_PROOF_MAX = 64 };

enum signer_operation {
    SIGNER_STATUS = 1,           /* → u8 locked, u32 keys, u64 signatures, u64 refusals, text */
    SIGNER_UNLOCK = 2,           /* passphrase */
    SIGNER_LOCK = 3,             /* */
    SIGNER_GENERATE = 4,         /* name, u8 purpose, u8 kind, origin → spki */
    SIGNER_PUBLIC_KEY = 5,       /* name → spki */
    SIGNER_INSTALL = 6,          /* name, certificate */
    SIGNER_SIGN_CERTIFICATE = 7, /* name, tbs → signature */
    SIGNER_SIGN_CRL = 8,         /* name, tbs → signature */
    SIGNER_SIGN_CHECKPOINT = 9,  /* name, origin, head, proof → signature */
    SIGNER_LAST_CHECKPOINT = 10, /* name, origin → head */
    SIGNER_OPEN_ORIGIN = 11,     /* name, origin */
    SIGNER_SIGN_PAYLOAD = 12,    /* name, format, payload → signature */
    SIGNER_ADD_LOG = 13,         /* name, origin, 32 bytes of log key */
    SIGNER_COSIGN = 14, /* name, origin, head, log signature, proof → u64 time, signature */
};
/* head := u64 size, 32 bytes of root; proof := u16 count, count × 32 bytes */

/* Appends version and room for the length; signer_frame_end fills it in. */
void signer_frame_begin(struct buf *b);
void signer_frame_end(struct buf *b);

/* Appends a whole answer frame. */
void signer_answer_refused(struct buf *b, const struct err *why);
/* An answer's body: 0 when it is done (in is then at its fields), else -1 and *e what was said. */
int signer_answer_read(struct cursor *in, struct err *e) MUST_CHECK;

/*
 * Reads one whole frame from fd into b (emptied first; the body without the version). deadline: as
 * clock_monotonic counts; 0: none. 1: read; 0: the peer closed in between; -1.
 */
int signer_frame_receive(int fd, struct buf *b, int64_t deadline, struct err *e) MUST_CHECK;
int signer_frame_send(int fd, struct slice frame, int64_t deadline, struct err *e) MUST_CHECK;

#endif
