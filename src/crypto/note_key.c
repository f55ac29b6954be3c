/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/note.h"

#include "base/cursor.h"
#include "base/encoding.h"
#include "base/utf8.h"
#include "crypto/digest.h"

#define CLAUSE "C2SP signed-note, Verifier keys"

static bool is_unicode_space(uint32_t point)
{
    return point == 0x20 || (point >= 0x09 && point <= 0x0D) || point == 0x85 || point == 0xA0 ||
           point == 0x1680 || (point >= 0x2000 && point <= 0x200A) || point == 0x2028 ||
           point == 0x2029 || point == 0x202F || point == 0x205F || point == 0x3000;
}

bool note_name_is(struct slice name)
{
    const uint8_t *at = name.data, *end = name.data + name.len;

    if (name.len == 0 || name.len > NOTE_NAME_MAX)
        return false;
    while (at < end) {
        size_t len = utf8_length(at, end);
        if (len == 0)
            return false;
        uint32_t point = utf8_decode(at, len);
        if (point < 0x20 || point == 0x7F || point == '+' || is_unicode_space(point))
            return false;
        at += len;
    }
    return true;
}

static int key_id(const struct note_key *key, uint32_t *id)
{
    const uint8_t type = (uint8_t)key->type;
    const struct slice parts[4] = {slice_str(key->name), slice_of("\n", 1), slice_of(&type, 1),
                                   slice_of(key->public_key, sizeof key->public_key)};
    uint8_t digest[SHA256_LEN];

    if (sha256_slices(parts, 4, digest) != 0)
        return -1;
    *id = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 |
          digest[3];
    return 0;
}

int note_key_init(struct note_key *key, struct slice name, enum note_type type,
                  const uint8_t public_key[ED25519_PUBLIC_LEN], struct err *e)
{
    if (!note_name_is(name))
        return err_set(e, ERR_USAGE, "note.name", "C2SP signed-note, Format",
                       "a key name is 1 to %d bytes of UTF-8 without spaces, '+' and control "
                       "characters",
                       NOTE_NAME_MAX);
    *key = (struct note_key){.type = type};
    memcpy(key->name, name.data, name.len);
    memcpy(key->public_key, public_key, ED25519_PUBLIC_LEN);
    return key_id(key, &key->id) == 0 ? 0 : digest_failed(e);
}

/* Splits at the first '+': base64 may hold more of them, a name holds none. */
static bool take_part(struct slice *rest, struct slice *part)
{
    const uint8_t *plus = rest->len ? memchr(rest->data, '+', rest->len) : NULL;

    if (!plus)
        return false;
    *part = slice_of(rest->data, (size_t)(plus - rest->data));
    *rest = slice_of(plus + 1, rest->len - part->len - 1);
    return true;
}

int note_key_parse(struct note_key *key, struct slice vkey, struct err *e)
{
    struct slice name, hex, rest = vkey;
    struct buf bytes;
    uint8_t id[4];
    int rc = -1;

    buf_init(&bytes);
    if (!take_part(&rest, &name) || !take_part(&rest, &hex) || !note_name_is(name) ||
        hex.len != 8 || hex_parse(hex, id, sizeof id) != 0 || base64_parse(rest, &bytes) != 0 ||
        bytes.len < 1) {
        if (!bytes.failed)
            err_set(e, ERR_INPUT, "note.vkey", CLAUSE,
                    "not a verifier key: \"name+%%08x+base64\" is expected");
        else
            err_memory(e);
        goto out;
    }
    if ((bytes.data[0] != NOTE_ED25519 && bytes.data[0] != NOTE_COSIGNATURE) ||
        bytes.len != 1 + ED25519_PUBLIC_LEN) {
        err_set(e, ERR_INPUT, "note.vkey", CLAUSE,
                "the verifier key \"%.*s\" is of type 0x%02x with %zu bytes; Ed25519 keys of the "
                "types 0x01 and 0x04 are taken",
                SLICE_ARG(name), bytes.data[0], bytes.len - 1);
        goto out;
    }
    if (note_key_init(key, name, (enum note_type)bytes.data[0], bytes.data + 1, e) != 0)
        goto out;
    if (key->id != ((uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3])) {
        err_set(e, ERR_INPUT, "note.vkey", CLAUSE,
                "the verifier key \"%.*s\" does not have the id that it says (%08x)",
                SLICE_ARG(name), key->id);
        err_hint(e, "a character of the key was changed in copying");
        goto out;
    }
    rc = 0;
out:
    buf_fini(&bytes);
    return rc;
}

void note_key_put(struct buf *b, const struct note_key *key)
{
    uint8_t bytes[1 + ED25519_PUBLIC_LEN];

    bytes[0] = (uint8_t)key->type;
    memcpy(bytes + 1, key->public_key, ED25519_PUBLIC_LEN);
    buf_printf(b, "%s+%08x+", key->name, key->id);
    base64_put(b, slice_of(bytes, sizeof bytes));
}
