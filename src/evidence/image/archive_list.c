/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of an archive judged and listed; what comes in was said by the confined process. */
#include "base/clock.h"
#include "base/utf8.h"
#include "evidence/image/archive_read.h"

#include <ctype.h>
#include <string.h>

enum { SECOND = 1000000, FAR_YEAR = 253402300799 / 1000 };

void evidence_listing_init(struct evidence_listing *l, struct buf *out)
{
    *l = (struct evidence_listing){.out = out};
    map_init(&l->names);
    map_init(&l->folded);
    arena_init(&l->arena, 0);
}

void evidence_listing_fini(struct evidence_listing *l)
{
    map_fini(&l->names);
    map_fini(&l->folded);
    arena_fini(&l->arena);
}

/* Text up to its NUL, taken off rest; data NULL: there is none. */
static struct slice take_text(struct slice *rest)
{
    const uint8_t *end = rest->len ? memchr(rest->data, 0, rest->len) : NULL;
    if (!end)
        return slice_of(NULL, 0);
    struct slice text = slice_of(rest->data, (size_t)(end - rest->data));
    *rest = slice_of(end + 1, rest->len - text.len - 1);
    return text;
}

static bool leads_up(struct slice name)
{
    for (size_t at = 0; at <= name.len;) {
        size_t len = 0;
        while (at + len < name.len && name.data[at + len] != '/' && name.data[at + len] != '\\')
            len++;
        if (len == 2 && memcmp(name.data + at, "..", 2) == 0)
            return true;
        at += len + 1;
    }
    return false;
}

static bool is_absolute(struct slice name)
{
    return name.len > 0 && (name.data[0] == '/' || name.data[0] == '\\' ||
                            (name.len > 1 && name.data[1] == ':' && isalpha(name.data[0])));
}

static bool has_control(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] < 0x20 || name.data[i] == 0x7f)
            return true;
    return false;
}

/* 1: it was there, 0: it is new. */
static int seen(struct evidence_listing *l, struct map *names, struct slice name, bool fold,
                struct err *e)
{
    uint8_t *key = arena_alloc(&l->arena, name.len + 1);
    if (!key)
        return err_memory(e);
    for (size_t i = 0; i < name.len; i++)
        key[i] = fold ? (uint8_t)tolower(name.data[i]) : name.data[i];
    struct slice k = slice_of(key, name.len);
    if (map_get(names, k))
        return 1;
    return map_set(names, k, l) < 0 ? err_memory(e) : 0;
}

static void problem(struct json_writer *w, bool *refused, const char *text)
{
    *refused = true;
    json_write_string(w, text);
}

static int write_problems(struct evidence_listing *l, struct json_writer *w, struct slice name,
                          const struct evidence_entry_wire *wire, struct slice why, bool *refused,
                          struct err *e)
{
    int same = seen(l, &l->names, name, false, e);
    int folded = same < 0 ? -1 : seen(l, &l->folded, name, true, e);
    if (folded < 0)
        return -1;
    json_write_name(w, "problems");
    json_write_array(w);
    if (name.len == 0)
        problem(w, refused, "it has no name");
    if (utf8_check(name) != name.len)
        problem(w, refused, "its name is not UTF-8");
    if (is_absolute(name))
        problem(w, refused, "its name is absolute");
    if (leads_up(name))
        problem(w, refused, "its name leads out of the archive's folder");
    if (has_control(name))
        problem(w, refused, "its name has control characters");
    if (same)
        problem(w, refused, "there is another entry of that name");
    else if (folded)
        problem(w, refused, "there is another entry whose name differs in case only");
    if (wire->kind == EVIDENCE_ENTRY_LINK || wire->kind == EVIDENCE_ENTRY_HARD_LINK)
        problem(w, refused, "it is a link, which is not followed");
    if (wire->kind == EVIDENCE_ENTRY_SPECIAL)
        problem(w, refused, "it is a device, a pipe or a socket");
    if (why.len)
        problem(w, refused, (const char *)why.data);
    json_write_array_end(w);
    return 0;
}

int evidence_listing_add(struct evidence_listing *l, struct slice payload, struct err *e)
{
    static const char *const kinds[] = {"file", "folder", "symbolic link", "hard link", "special"};
    struct evidence_entry_wire wire;
    struct json_writer w;
    bool refused = false;
    if (payload.len < sizeof wire)
        goto nonsense;
    memcpy(&wire, payload.data, sizeof wire);
    struct slice rest = slice_of(payload.data + sizeof wire, payload.len - sizeof wire);
    struct slice name = take_text(&rest), link = take_text(&rest), why = take_text(&rest);
    if (!name.data || !link.data || !why.data || wire.kind >= ARRAY_LEN(kinds))
        goto nonsense;
    json_write_init(&w, l->out, 0);
    json_write_object(&w);
    json_member_slice(&w, "name", name);
    if (utf8_check(name) != name.len)
        json_member_hex(&w, "name_bytes", name);
    json_member_string(&w, "kind", kinds[wire.kind]);
    if (link.len)
        json_member_slice(&w, "target", link);
    if (wire.modified != INT64_MIN && wire.modified > -FAR_YEAR && wire.modified / 1000 < FAR_YEAR)
        json_member_time(&w, "modified", wire.modified * SECOND);
    if (wire.kind == EVIDENCE_ENTRY_FILE && wire.bytes <= INT64_MAX)
        json_member_int(&w, "bytes", (int64_t)wire.bytes);
    if (wire.hashed)
        json_member_hex(&w, "sha256", slice_of(wire.sha256, sizeof wire.sha256));
    if (write_problems(l, &w, name, &wire, why, &refused, e) != 0)
        return -1;
    json_write_object_end(&w);
    buf_putc(l->out, '\n');
    l->entries++;
    l->refused += refused;
    return buf_check(l->out, e);
nonsense:
    return err_set(e, ERR_INPUT, "evidence.confined", NULL,
                   "the process that reads the archive said something that cannot be");
}
