/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/note.h"

#include "base/cursor.h"
#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/merkle.h"

#define CLAUSE "C2SP tlog-checkpoint, Note text"

bool note_number_parse(struct slice text, uint64_t *number)
{
    uint64_t value = 0;

    if (text.len == 0 || text.len > 19 || (text.len > 1 && text.data[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text.data[i] - '0'); /* 19 digits fit 64 bits */
    }
    if (value > INT64_MAX)
        return false;
    *number = value;
    return true;
}

/* The value of a base64 digit; 64 when it is none. */
static uint32_t digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Proofs are long rows of these: read in place, without the heap that base64_parse needs. */
bool note_hash_parse(struct slice text, uint8_t hash[32])
{
    uint32_t held = 0;
    size_t out = 0;

    if (text.len != 44 || text.data[43] != '=')
        return false;
    for (size_t i = 0; i < 43; i++) {
        uint32_t value = digit(text.data[i]);
        if (value == 64)
            return false;
        held = held << 6 | value;
        if (i % 4 == 3) {
            hash[out++] = (uint8_t)(held >> 16);
            hash[out++] = (uint8_t)(held >> 8);
            hash[out++] = (uint8_t)held;
        }
    }
    if (held & 3) /* bits behind the end must be zero: one text a hash */
        return false;
    hash[out++] = (uint8_t)(held >> 10);
    hash[out] = (uint8_t)(held >> 2);
    return true;
}

void checkpoint_put(struct buf *b, struct slice origin, uint64_t size, const uint8_t root[32])
{
    buf_put_slice(b, origin);
    buf_printf(b, "\n%llu\n", (unsigned long long)size);
    base64_put(b, slice_of(root, 32));
    buf_putc(b, '\n');
}

static int syntax(struct err *e, unsigned line, const char *text)
{
    err_set(e, ERR_INPUT, "checkpoint.syntax", CLAUSE, "not a checkpoint: %s", text);
    return err_where(e, "line %u", line);
}

int checkpoint_parse(struct checkpoint *checkpoint, struct slice text, struct err *e)
{
    struct cursor c;
    uint8_t empty[32];

    cursor_init(&c, text);
    checkpoint->origin = cursor_line(&c);
    if (c.failed || checkpoint->origin.len == 0 || checkpoint->origin.len > NOTE_NAME_MAX)
        return syntax(e, 1, "the first line is the log's origin, of at most 255 bytes");
    struct slice line = cursor_line(&c);
    if (c.failed || !note_number_parse(line, &checkpoint->size))
        return syntax(e, 2, "the second line is the tree's size in decimal");
    line = cursor_line(&c);
    if (c.failed || !note_hash_parse(line, checkpoint->root))
        return syntax(e, 3, "the third line is the root hash, base64 of 32 bytes");
    checkpoint->extensions = slice_of(text.data + c.at, text.len - c.at);
    for (unsigned number = 4; cursor_left(&c) > 0; number++) {
        line = cursor_line(&c);
        if (c.failed || line.len == 0)
            return syntax(e, number, "extension lines are not empty and end with a newline");
    }
    if (checkpoint->size == 0) {
        if (merkle_empty_root(empty) != 0)
            return digest_failed(e);
        if (memcmp(empty, checkpoint->root, sizeof empty) != 0)
            return syntax(e, 3, "an empty tree's root is SHA-256 of nothing");
    }
    return 0;
}

int checkpoint_read(struct note *note, struct checkpoint *checkpoint, struct slice text,
                    const struct note_key *log, struct slice origin, struct err *e)
{
    if (note_parse(note, text, e) != 0 || checkpoint_parse(checkpoint, note->text, e) != 0)
        return -1;
    if (origin.len == 0)
        origin = slice_str(log->name);
    if (!slice_equal(checkpoint->origin, origin))
        return err_set(e, ERR_VERIFY, "checkpoint.origin", CLAUSE,
                       "the checkpoint is of the log \"%.*s\", not of \"%.*s\"",
                       SLICE_ARG(checkpoint->origin), SLICE_ARG(origin));
    switch (note_verify(note, log, NULL, e)) {
    case 1: return 0;
    case 0:
        return err_set(e, ERR_VERIFY, "checkpoint.unsigned", "C2SP tlog-checkpoint, Signatures",
                       "the checkpoint of \"%.*s\" is not signed by the log's key %08x",
                       SLICE_ARG(checkpoint->origin), log->id);
    default: return -1;
    }
}

int checkpoint_cosigned(const struct note *note, const struct note_key *witnesses, size_t count,
                        struct err *e)
{
    int cosigned = 0;

    for (size_t i = 0; i < count; i++) {
        bool again = false;
        /* One key under two names is one witness: cosignatures do not commit to the name. */
        for (size_t j = 0; j < i && !again; j++)
            again =
                memcmp(witnesses[i].public_key, witnesses[j].public_key, ED25519_PUBLIC_LEN) == 0;
        if (again || witnesses[i].type != NOTE_COSIGNATURE)
            continue;
        int found = note_verify(note, &witnesses[i], NULL, e);
        if (found < 0)
            return -1;
        cosigned += found;
    }
    return cosigned;
}
