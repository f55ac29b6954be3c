/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/note.h"

#include "base/cursor.h"
#include "base/encoding.h"
#include "base/utf8.h"

#define CLAUSE "C2SP signed-note, Format"
#define DASH "\xE2\x80\x94 " /* U+2014 and a space */

enum { KEY_ID_LEN = 4, TIME_LEN = 8 };

static int syntax(struct err *e, size_t line, const char *text)
{
    err_set(e, ERR_INPUT, "note.syntax", CLAUSE, "not a signed note: %s", text);
    return err_where(e, "line %zu", line);
}

static size_t line_of(struct slice text, size_t offset)
{
    size_t line = 1;

    for (size_t i = 0; i < offset && i < text.len; i++)
        line += text.data[i] == '\n';
    return line;
}

static int parse_signature(struct note_signature *signature, struct slice line)
{
    struct cursor c;

    cursor_init(&c, line);
    if (!cursor_skip(&c, DASH))
        return -1;
    struct slice rest = slice_of(line.data + c.at, line.len - c.at);
    const uint8_t *space = rest.len ? memchr(rest.data, ' ', rest.len) : NULL;
    if (!space)
        return -1;
    signature->name = slice_of(rest.data, (size_t)(space - rest.data));
    signature->base64 = slice_of(space + 1, rest.len - signature->name.len - 1);
    return note_name_is(signature->name) ? 0 : -1;
}

/* The key id in front; -1 when it is no base64 or too short. */
static int decode(const struct slice base64, struct buf *bytes)
{
    return base64_parse(base64, bytes) == 0 && bytes->len > KEY_ID_LEN ? 0 : -1;
}

int note_parse(struct note *note, struct slice text, struct err *e)
{
    struct buf bytes;
    struct cursor c;
    size_t end = text.len, bad;
    int rc = -1;

    note->count = 0;
    if (text.len > NOTE_MAX)
        return err_set(e, ERR_LIMIT, "note.size", NULL, "a note of %zu bytes; at most %d are taken",
                       text.len, NOTE_MAX);
    bad = utf8_check(text);
    for (size_t i = 0; i < bad; i++)
        if (text.data[i] < 0x20 && text.data[i] != '\n')
            bad = i;
    if (bad < text.len)
        return syntax(e, line_of(text, bad),
                      "a byte that is no UTF-8 text, or a control character");
    if (text.len == 0 || text.data[text.len - 1] != '\n')
        return syntax(e, line_of(text, text.len), "the last line has no end");
    /* The last empty line is where the signatures begin. */
    while (end >= 2 && !(text.data[end - 1] == '\n' && text.data[end - 2] == '\n'))
        end--;
    if (end < 2)
        return syntax(e, 1, "there is no empty line in front of the signatures");
    note->text = slice_of(text.data, end - 1);
    cursor_init(&c, slice_of(text.data + end, text.len - end));
    buf_init(&bytes);
    while (cursor_left(&c) > 0) {
        size_t begin = c.at, number = line_of(text, end + begin);
        struct slice line = cursor_line(&c);
        struct note_signature *signature = &note->signatures[note->count];
        if (note->count == NOTE_SIGNATURES_MAX) {
            err_set(e, ERR_LIMIT, "note.size", NULL, "a note with more than %d signatures",
                    NOTE_SIGNATURES_MAX);
            goto out;
        }
        if (parse_signature(signature, line) != 0) {
            syntax(e, number, "a signature line is \"\xE2\x80\x94 name base64\"");
            goto out;
        }
        signature->line = slice_of(line.data, line.len + 1);
        buf_reset(&bytes);
        if (decode(signature->base64, &bytes) != 0) {
            if (bytes.failed)
                err_memory(e);
            else
                syntax(e, number, "a signature is no base64, or too short");
            goto out;
        }
        signature->id = (uint32_t)bytes.data[0] << 24 | (uint32_t)bytes.data[1] << 16 |
                        (uint32_t)bytes.data[2] << 8 | bytes.data[3];
        note->count++;
    }
    if (note->count == 0) {
        syntax(e, line_of(text, text.len), "there is no signature");
        goto out;
    }
    rc = 0;
out:
    buf_fini(&bytes);
    return rc;
}

static int verify_one(const struct note *note, const struct note_signature *signature,
                      const struct note_key *note_key, const struct key *key, uint64_t *time,
                      struct err *e)
{
    struct buf bytes, message;
    struct cursor c;
    int rc = -1;

    buf_init(&bytes);
    buf_init(&message);
    if (decode(signature->base64, &bytes) != 0) {
        err_memory(e); /* note_parse has decoded it before */
        goto out;
    }
    cursor_init(&c, buf_slice(&bytes));
    cursor_take(&c, KEY_ID_LEN);
    *time = 0;
    if (note_key->type == NOTE_COSIGNATURE) {
        *time = cursor_u64(&c);
        cosignature_message(&message, *time, note->text);
        if (buf_check(&message, e) != 0)
            goto out;
    }
    struct slice raw = cursor_take(&c, ED25519_SIGNATURE_LEN);
    if (c.failed || cursor_left(&c) != 0 || *time > INT64_MAX) {
        err_set(e, ERR_VERIFY, "note.signature", "C2SP signed-note, Signatures",
                "the signature of \"%s\" has a wrong length or time", note_key->name);
        goto out;
    }
    if (key_verify(key, note_key->type == NOTE_COSIGNATURE ? buf_slice(&message) : note->text, raw,
                   e) != 0) {
        if (e->kind == ERR_VERIFY) {
            err_clear(e);
            err_set(e, ERR_VERIFY, "note.signature", "C2SP signed-note, Signatures",
                    "the signature of \"%s\" does not hold for this text", note_key->name);
        }
        goto out;
    }
    rc = 0;
out:
    buf_fini(&bytes);
    buf_fini(&message);
    return rc;
}

int note_verify(const struct note *note, const struct note_key *note_key, uint64_t *time,
                struct err *e)
{
    struct key *key = NULL;
    int found = 0;

    if (time)
        *time = 0;
    for (size_t i = 0; i < note->count; i++) {
        const struct note_signature *signature = &note->signatures[i];
        uint64_t made;
        if (signature->id != note_key->id || !slice_is(signature->name, note_key->name))
            continue;
        if (!key && !(key = key_from_ed25519(note_key->public_key, e)))
            return -1;
        if (verify_one(note, signature, note_key, key, &made, e) != 0) {
            found = -1;
            break;
        }
        found = 1;
        if (time && made > *time)
            *time = made;
    }
    key_free(key);
    return found;
}

/* ---- signing ----------------------------------------------------------------------------- */

static void put_line(struct buf *b, const struct note_key *key, const uint64_t *time,
                     struct slice signature)
{
    struct buf bytes;

    buf_init(&bytes);
    cursor_put_u32(&bytes, key->id);
    if (time)
        cursor_put_u64(&bytes, *time);
    buf_put_slice(&bytes, signature);
    buf_printf(b, DASH "%s ", key->name);
    if (bytes.failed)
        b->failed = true;
    else
        base64_put(b, buf_slice(&bytes));
    buf_putc(b, '\n');
    buf_fini(&bytes);
}

void note_put_signature(struct buf *b, const struct note_key *key, struct slice signature)
{
    put_line(b, key, NULL, signature);
}

void cosignature_put(struct buf *b, const struct note_key *key, uint64_t time,
                     struct slice signature)
{
    put_line(b, key, &time, signature);
}

void cosignature_message(struct buf *b, uint64_t time, struct slice text)
{
    buf_printf(b, "cosignature/v1\ntime %llu\n", (unsigned long long)time);
    buf_put_slice(b, text);
}

/* private_key must be the one that `key` names: else nobody could verify the line. */
static int check_pair(const struct note_key *key, const struct key *private_key, struct err *e)
{
    uint8_t public_key[ED25519_PUBLIC_LEN];

    if (key_to_ed25519(private_key, public_key, e) != 0)
        return -1;
    if (memcmp(public_key, key->public_key, sizeof public_key) != 0)
        return err_set(e, ERR_USAGE, "note.key", NULL,
                       "the private key is not the one that \"%s\" names", key->name);
    return 0;
}

static int sign_line(struct buf *b, struct slice message, const struct note_key *key,
                     const struct key *private_key, const uint64_t *time, struct err *e)
{
    struct buf signature;
    int rc = -1;

    buf_init(&signature);
    if (check_pair(key, private_key, e) == 0 &&
        key_sign(private_key, message, &signature, e) == 0 && buf_check(&signature, e) == 0) {
        put_line(b, key, time, buf_slice(&signature));
        rc = buf_check(b, e);
    }
    buf_fini(&signature);
    return rc;
}

int note_sign(struct buf *b, struct slice text, const struct note_key *key,
              const struct key *private_key, struct err *e)
{
    return sign_line(b, text, key, private_key, NULL, e);
}

int cosignature_sign(struct buf *b, struct slice text, uint64_t time, const struct note_key *key,
                     const struct key *private_key, struct err *e)
{
    struct buf message;
    int rc = -1;

    if (time == 0 || time > INT64_MAX)
        return err_set(e, ERR_USAGE, "note.time", "C2SP tlog-cosignature, Format",
                       "a cosignature says when it was made");
    buf_init(&message);
    cosignature_message(&message, time, text);
    if (buf_check(&message, e) == 0)
        rc = sign_line(b, buf_slice(&message), key, private_key, &time, e);
    buf_fini(&message);
    return rc;
}
