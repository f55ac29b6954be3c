/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed notes, checkpoints and cosignatures of transparency logs (C2SP signed-note,
 * tlog-checkpoint, tlog-cosignature). Signature types: Ed25519 (0x01) for the log itself,
 * cosignature/v1 (0x04) for witnesses; lines of other types and of unknown keys are passed over.
 */
#ifndef CRYPTO_NOTE_H
#define CRYPTO_NOTE_H

#include "base/buf.h"
#include "crypto/key.h"

enum {
    NOTE_MAX = 65536,         /* bytes of a note */
    NOTE_NAME_MAX = 255,      /* bytes of a key name or origin */
    NOTE_SIGNATURES_MAX = 64, /* lines; the specification asks for 16 at least */
    NOTE_VKEY_MAX = NOTE_NAME_MAX + 1 + 8 + 1 + 44 + 1,
};

enum note_type { NOTE_ED25519 = 0x01, NOTE_COSIGNATURE = 0x04 };

/* A verifier key ("vkey"). Plain data, may be copied. */
struct note_key {
    char name[NOTE_NAME_MAX + 1];
    uint32_t id;
    enum note_type type;
    uint8_t public_key[ED25519_PUBLIC_LEN];
};

/* A key name: not empty, UTF-8, no space (of Unicode), no '+', no control character. */
bool note_name_is(struct slice name);
/* -1: ERR_USAGE "note.name". */
int note_key_init(struct note_key *key, struct slice name, enum note_type type,
                  const uint8_t public_key[ED25519_PUBLIC_LEN], struct err *e) MUST_CHECK;
/* "name+hex(id)+base64(type ‖ key)"; -1: ERR_INPUT "note.vkey". */
int note_key_parse(struct note_key *key, struct slice vkey, struct err *e) MUST_CHECK;
void note_key_put(struct buf *b, const struct note_key *key);

struct note_signature {
    struct slice name;
    uint32_t id;
    struct slice base64; /* as it stands in the line: id ‖ signature */
    struct slice line;   /* the whole line with its newline */
};

/* Slices of the input, which must outlive it. */
struct note {
    struct slice text; /* with its last newline, without the blank line */
    struct note_signature signatures[NOTE_SIGNATURES_MAX];
    size_t count;
};

/* -1: ERR_INPUT "note.syntax" with the line. A note without any signature line is refused. */
int note_parse(struct note *note, struct slice text, struct err *e) MUST_CHECK;

/*
 * Looks for this key's signatures. 1: there is one and it holds; *time, when time is not NULL, is
 * the newest cosignature's (Unix seconds; 0 for type 0x01). 0: none of this key. -1: one is there
 * and does not hold (ERR_VERIFY "note.signature"): the note is to be refused.
 */
int note_verify(const struct note *note, const struct note_key *key, uint64_t *time,
                struct err *e) MUST_CHECK;

/* Appends "— name base64(id ‖ signature)\n". */
void note_put_signature(struct buf *b, const struct note_key *key, struct slice signature);
/* Signs text (type 0x01) and appends the line; private_key is the Ed25519 key that key names. */
int note_sign(struct buf *b, struct slice text, const struct note_key *key,
              const struct key *private_key, struct err *e) MUST_CHECK;

/* What a cosigner signs: "cosignature/v1\ntime T\n" and the text. */
void cosignature_message(struct buf *b, uint64_t time, struct slice text);
/* Cosigns (type 0x04) at `time` (Unix seconds, not 0) and appends the line. */
int cosignature_sign(struct buf *b, struct slice text, uint64_t time, const struct note_key *key,
                     const struct key *private_key, struct err *e) MUST_CHECK;
/* The same from a signature made elsewhere over cosignature_message. */
void cosignature_put(struct buf *b, const struct note_key *key, uint64_t time,
                     struct slice signature);

/* A size, index or time as these texts write it: decimal, no zero too many, below 2^63. */
bool note_number_parse(struct slice text, uint64_t *number);
/* A SHA-256 hash as these texts write it: base64 of 32 bytes. */
bool note_hash_parse(struct slice text, uint8_t hash[32]);

/* The body of a checkpoint. */
struct checkpoint {
    struct slice origin;
    uint64_t size;
    uint8_t root[32];
    struct slice extensions; /* further lines, whole; mostly empty */
};

/* Appends the note text of a checkpoint: origin, size, root. */
void checkpoint_put(struct buf *b, struct slice origin, uint64_t size, const uint8_t root[32]);
/* Reads a note's text; -1: ERR_INPUT "checkpoint.syntax". Size 0 must have the empty tree's root.
 */
int checkpoint_parse(struct checkpoint *checkpoint, struct slice text, struct err *e) MUST_CHECK;

/*
 * A whole checkpoint note: parses, and demands a valid signature of `log`, whose origin it must
 * name (origin empty: the key's name). ERR_VERIFY "checkpoint.unsigned", "checkpoint.origin".
 */
int checkpoint_read(struct note *note, struct checkpoint *checkpoint, struct slice text,
                    const struct note_key *log, struct slice origin, struct err *e) MUST_CHECK;

/*
 * How many of these witnesses have cosigned the note; each counted once. -1 when one's signature is
 * there and does not hold.
 */
int checkpoint_cosigned(const struct note *note, const struct note_key *witnesses, size_t count,
                        struct err *e) MUST_CHECK;

#endif
