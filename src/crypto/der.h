/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DER (ITU-T X.690 section 10), read through the bounded cursor and written into a buffer.
 *
 * Reading: a document remembers its first fault (offset and reason); every reader entered from it
 * shares that memory, so a whole structure is read straight on and der_finish is asked once. After
 * a fault all reads give empty slices. Refused: indefinite and non-minimal lengths, lengths over 4
 * bytes, tag numbers over 30, non-minimal integers, booleans other than 00 and FF, bit strings with
 * set padding bits, times that are not in the form of RFC 5280 section 4.1.2.5.
 */
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

#include "base/buf.h"
#include "base/cursor.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_T61_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_UNIVERSAL_STRING = 0x1c,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};

/* [number] primitive and constructed. */
#define DER_CONTEXT(number) (0x80 | (number))
#define DER_CONTEXT_CONSTRUCTED(number) (0xa0 | (number))

struct der_document {
    const uint8_t *start;
    const char *reason; /* of the first fault; NULL: none */
    size_t at;          /* its offset */
};

struct der {
    struct der_document *document;
    struct cursor in;
};

/* A reader over the whole of bytes; document outlives every reader made from it. */
struct der der_open(struct der_document *document, struct slice bytes);

/* The next element's tag byte; -1 at the end or after a fault. */
int der_peek(const struct der *r);
bool der_at_end(const struct der *r);

/* The contents, or the whole element (with tag and length), of the next element, which must carry
 * that tag. */
struct slice der_take(struct der *r, int tag);
struct slice der_take_whole(struct der *r, int tag);
/* The next element whatever it is: whole, with *tag and *contents (both may be NULL). */
struct slice der_take_any(struct der *r, int *tag, struct slice *contents);
/* A reader over the contents of the next element. */
struct der der_enter(struct der *r, int tag);
/* A reader over some contents found before (an OCTET STRING that holds DER). */
struct der der_inside(struct der *r, struct slice contents);
/* Faults when something is left. */
void der_end(struct der *r);

/* Contents of an INTEGER, as they stand: minimal two's complement, at least one byte. */
struct slice der_integer(struct der *r);
/* A non-negative INTEGER (or ENUMERATED, [n]: any primitive tag) that fits. */
uint64_t der_unsigned(struct der *r, int tag);
bool der_boolean(struct der *r);
struct slice der_oid(struct der *r);
/* A BIT STRING of whole bytes. */
struct slice der_bit_string(struct der *r);
/* A BIT STRING of at most 32 named bits: bit 0 is the least significant of the answer. */
uint32_t der_named_bits(struct der *r);
/* UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 wants, in microseconds. */
int64_t der_time(struct der *r);

/* Marks a fault found by the caller (a version that is not known) at the reader's place. */
void der_fault(struct der *r, const char *reason);

/*
 * 0 when nothing was wrong and r is at its end; else -1 with ERR_INPUT "der.syntax", the reason,
 * `what` and the offset.
 */
int der_finish(struct der *r, const char *what, struct err *e) MUST_CHECK;

/* Writing: failures stay in the buffer (buf_check). */
void der_put(struct buf *b, int tag, struct slice contents);
/* A constructed element: what is written between the two becomes its contents. */
size_t der_begin(struct buf *b, int tag);
void der_close(struct buf *b, size_t begun);
/* An INTEGER from big-endian bytes taken as unsigned. */
void der_put_integer(struct buf *b, struct slice magnitude);
void der_put_unsigned(struct buf *b, int tag, uint64_t value);
void der_put_boolean(struct buf *b, bool value);
void der_put_bit_string(struct buf *b, struct slice bytes);
/* Named bits, least significant of `bits` first, without trailing zeroes (X.690 section 11.2.2). */
void der_put_named_bits(struct buf *b, uint32_t bits);
/* An OID from its contents octets. */
#define DER_PUT_OID(b, oid) der_put((b), DER_OID, slice_of((oid), sizeof(oid)))
/* UTCTime through 2049, GeneralizedTime from 2050; whole seconds. */
void der_put_time(struct buf *b, int64_t time);
/* GeneralizedTime in any year. */
void der_put_generalized_time(struct buf *b, int64_t time);

/* Dotted text of an OID's contents: "2.5.29.15"; false when it does not fit or is malformed. */
bool der_oid_text(struct slice oid, char *text, size_t size);

#endif
