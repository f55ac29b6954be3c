/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps share: reporting, lists, members of lines, looking up. */
#include "journal/pack_check.h"

#include "base/encoding.h"
#include "base/memory.h"
#include "crypto/digest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- reporting --------------------------------------------------------------------------- */

static struct err *new_failure(struct pack_check *c)
{
    struct pack_report *report = c->report;

    c->failed = true;
    report->answer = PACK_REFUSED;
    report->failures_all++;
    if (report->failure_count == PACK_FAILURES_SHOWN)
        return NULL;
    return &report->failures[report->failure_count++].error;
}

static void fill_failure(struct err *e, const char *code, unsigned step, const char *file,
                         uint64_t line, const char *text)
{
    err_clear(e);
    err_set(e, ERR_VERIFY, code, NULL, "%s", text);
    snprintf(e->clause, sizeof e->clause, "tocsin formats section 6.2 step %u", step);
    if (line)
        err_where(e, "%s line %llu", file, (unsigned long long)line);
    else
        err_where(e, "%s", file);
}

int pack_fail(struct pack_check *c, const char *code, unsigned step, const char *file,
              uint64_t line, const char *format, ...)
{
    struct err *e = new_failure(c);
    char text[sizeof e->text];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (e)
        fill_failure(e, code, step, file, line, text);
    return 0;
}

bool pack_is_failure(const struct err *cause)
{
    return cause->kind == ERR_INPUT || cause->kind == ERR_VERIFY || cause->kind == ERR_LIMIT ||
           cause->kind == ERR_DENIED || cause->kind == ERR_USAGE;
}

int pack_fail_cause(struct pack_check *c, const char *code, unsigned step, const char *file,
                    uint64_t line, const char *what, const struct err *cause, struct err *e)
{
    char text[sizeof cause->text + sizeof cause->where + 64];

    if (!pack_is_failure(cause)) {
        *e = *cause;
        return -1;
    }
    snprintf(text, sizeof text, "%s%s%s%s%s%s", what ? what : "", what ? ": " : "", cause->text,
             cause->where[0] ? " (" : "", cause->where, cause->where[0] ? ")" : "");
    return pack_fail(c, code, step, file, line, "%s", text);
}

int pack_wrong(struct err *e, const char *code, const char *format, ...)
{
    char text[sizeof e->text];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_set(e, ERR_VERIFY, code, NULL, "%s", text);
}

void *pack_list_grow(void **items, size_t *count, size_t *room, size_t size, struct err *e)
{
    if (*count == *room) {
        size_t more = *room ? *room * 2 : 16;
        void *grown = mem_resize(*items, more, size);
        if (!grown) {
            err_memory(e);
            return NULL;
        }
        *items = grown;
        *room = more;
    }
    uint8_t *item = (uint8_t *)*items + *count * size;
    memset(item, 0, size);
    (*count)++;
    return item;
}

/* ---- members of lines -------------------------------------------------------------------- */

int pack_get_hash(const struct json_value *v, const char *name, uint8_t out[32], const char *code,
                  struct err *e)
{
    struct slice text = json_get_string(v, name);

    if (text.data && hash_text_parse(text, out) == 0)
        return 0;
    return pack_wrong(e, code, "\"%s\" is not \"sha256:\" and 64 digits", name);
}

int pack_get_count(const struct json_value *v, const char *name, uint64_t *out, const char *code,
                   struct err *e)
{
    int64_t number;

    if (!json_int64(json_get(v, name), &number) || number < 0)
        return pack_wrong(e, code, "\"%s\" is not a count or index", name);
    *out = (uint64_t)number;
    return 0;
}

int pack_get_id(const struct json_value *v, const char *name, const char *prefix,
                struct pack_id *out, const char *code, struct err *e)
{
    struct slice text = json_get_string(v, name);

    if (!text.data || !id_is(text, prefix))
        return pack_wrong(e, code, "\"%s\" is not an id %s_…", name, prefix);
    memcpy(out->text, text.data + text.len - sizeof out->text, sizeof out->text);
    return 0;
}

int pack_get_salt(const struct json_value *v, uint8_t out[32], const char *code, struct err *e)
{
    struct slice text = json_get_string(v, "salt");

    if (text.data && hex_parse(text, out, 32) == 0)
        return 0;
    return pack_wrong(e, code, "\"salt\" is not 64 hexadecimal digits");
}

int pack_get_time(const struct json_value *v, const char *name, int64_t *out, const char *code,
                  struct err *e)
{
    struct slice text = json_get_string(v, name);
    struct err ignored = {0};

    if (text.data && time_parse(text, out, &ignored) == 0)
        return 0;
    return pack_wrong(e, code, "\"%s\" is not a time", name);
}

static bool is_among(struct slice name, const char *const *names)
{
    for (; names && *names; names++)
        if (slice_is(name, *names))
            return true;
    return false;
}

int pack_members_are(const struct json_value *v, const char *const *required,
                     const char *const *optional, const char *code, struct err *e)
{
    if (!json_is(v, JSON_OBJECT))
        return pack_wrong(e, code, "an object is expected");
    for (const char *const *name = required; *name; name++)
        if (!json_get(v, *name))
            return pack_wrong(e, code, "the member \"%s\" is not there", *name);
    json_each(member, v)
    {
        struct slice name = json_name(member);
        if (!is_among(name, required) && !is_among(name, optional))
            return pack_wrong(e, code, "there is no member \"%.*s\" in this format",
                              (int)(name.len > 64 ? 64 : name.len), (const char *)name.data);
    }
    return 0;
}

/* ---- looking up -------------------------------------------------------------------------- */

static int act_by_index(const void *key, const void *item)
{
    uint64_t index = *(const uint64_t *)key, other = ((const struct pack_act *)item)->index;

    return (index > other) - (index < other);
}

const struct pack_act *pack_act_find(const struct pack_check *c, uint64_t index)
{
    if (c->acts.count == 0)
        return NULL;
    return bsearch(&index, c->acts.items, c->acts.count, sizeof *c->acts.items, act_by_index);
}

const struct pack_act *pack_act_search(const struct pack_check *c, enum pack_act_kind kind,
                                       const uint8_t fact[32])
{
    for (size_t i = 0; i < c->acts.count; i++)
        if (c->acts.items[i].kind == kind && memcmp(c->acts.items[i].fact, fact, 32) == 0)
            return &c->acts.items[i];
    return NULL;
}

static int certificate_by_hash(const void *key, const void *item)
{
    return memcmp(key, ((const struct pack_certificate *)item)->hash, 32);
}

const struct pack_certificate *pack_certificate_find(const struct pack_check *c,
                                                     const uint8_t hash[32])
{
    if (c->certificates.count == 0)
        return NULL;
    return bsearch(hash, c->certificates.items, c->certificates.count,
                   sizeof *c->certificates.items, certificate_by_hash);
}

struct pack_publication *pack_publication_find(struct pack_check *c, struct slice id)
{
    for (size_t i = 0; i < c->publications.count; i++)
        if (slice_is(id, c->publications.items[i].id))
            return &c->publications.items[i];
    return NULL;
}

uint32_t pack_notice_number(const struct pack_check *c, const uint8_t digest[32])
{
    size_t low = 0, high = c->notices.count;

    while (low < high) { /* the first with that digest */
        size_t middle = low + (high - low) / 2;
        if (memcmp(c->notices.items[middle].digest, digest, 32) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == c->notices.count || memcmp(c->notices.items[low].digest, digest, 32) != 0)
        return UINT32_MAX;
    return c->notices.items[low].entry;
}

int pack_covered_order(const void *a, const void *b)
{
    const struct pack_covered *x = a, *y = b;
    int order = pack_id_compare(&x->asset, &y->asset);

    if (order == 0)
        order = (x->n > y->n) - (x->n < y->n);
    if (order == 0)
        order = (x->notice > y->notice) - (x->notice < y->notice);
    return order;
}

struct pack_covered *pack_covered_find(struct pack_check *c, const struct pack_id *asset,
                                       uint64_t n, uint32_t notice)
{
    const struct pack_covered key = {.asset = *asset, .n = n, .notice = notice};

    if (c->covered.count == 0)
        return NULL;
    return bsearch(&key, c->covered.items, c->covered.count, sizeof key, pack_covered_order);
}

int pack_fact(enum pack_act_kind kind, const struct slice *values, size_t count, uint8_t fact[32],
              struct err *e)
{
    enum { PARTS_MAX = 8 };
    uint8_t lengths[PARTS_MAX][4];
    struct slice parts[1 + 2 * PARTS_MAX];
    const uint8_t what = (uint8_t)kind;
    size_t used = 0;

    parts[used++] = slice_of(&what, 1);
    for (size_t i = 0; i < count && i < PARTS_MAX; i++) { /* so that no two lists give one text */
        for (unsigned byte = 0; byte < 4; byte++)
            lengths[i][byte] = (uint8_t)(values[i].len >> (24 - 8 * byte));
        parts[used++] = slice_of(lengths[i], 4);
        parts[used++] = values[i];
    }
    return sha256_slices(parts, used, fact) == 0 ? 0 : digest_failed(e);
}
