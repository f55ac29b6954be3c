/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/match_same.h"
#include "base/map.h"
#include "base/memory.h"

static void put_number(struct buf *out, size_t number)
{
    uint32_t n = (uint32_t)number;
    buf_put(out, &n, sizeof n);
}

static void put_part(struct buf *out, struct slice part)
{
    put_number(out, part.len);
    buf_put_slice(out, part);
}

static void put_parts(struct buf *out, const struct fleet_strings *parts)
{
    put_number(out, parts->count);
    for (size_t i = 0; i < parts->count; i++)
        put_part(out, parts->at[i]);
}

static void put_name(struct buf *out, const struct fleet_name *name)
{
    put_number(out, name->count);
    for (size_t i = 0; i < name->count; i++) {
        put_number(out, name->forms[i].rules);
        put_part(out, name->forms[i].text);
    }
}

/* A canonical package URL without "@version": '@' stands encoded everywhere else. */
static void put_purl(struct buf *out, struct slice purl)
{
    const uint8_t *at = purl.len ? memchr(purl.data, '@', purl.len) : NULL;
    if (!at) {
        put_part(out, purl);
        put_part(out, slice_of(NULL, 0));
        return;
    }
    size_t from = (size_t)(at - purl.data), to = from;
    while (to < purl.len && purl.data[to] != '?' && purl.data[to] != '#')
        to++;
    put_part(out, slice_of(purl.data, from));
    put_part(out, slice_of(purl.data + to, purl.len - to));
}

/* A CPE name of 2.3 without its version, the sixth of its fields; another one whole. */
static void put_cpe(struct buf *out, struct slice cpe)
{
    size_t from = cpe.len, to = cpe.len, colons = 0;
    bool known = cpe.len > 8 && memcmp(cpe.data, "cpe:2.3:", 8) == 0;
    for (size_t i = 0; known && i < cpe.len; i++) {
        if (cpe.data[i] == '\\') {
            i++;
            continue;
        }
        if (cpe.data[i] != ':')
            continue;
        colons++;
        from = colons == 5 ? i + 1 : from;
        to = colons == 6 ? i : to;
    }
    put_part(out, slice_of(cpe.data, from));
    put_part(out, slice_of(to < cpe.len ? cpe.data + to : NULL, cpe.len - to));
}

void fleet_same_identity(struct buf *out, const struct fleet_identity *id)
{
    buf_putc(out, (int)id->kind);
    put_name(out, &id->vendor);
    put_name(out, &id->model);
    put_name(out, &id->family);
    put_name(out, &id->product);
    put_parts(out, &id->orders);
    put_purl(out, id->purl);
    put_cpe(out, id->cpe);
    put_parts(out, &id->hashes);
}

void fleet_same_target(struct buf *out, const struct fleet_target *t)
{
    buf_putc(out, t->whole);
    buf_putc(out, t->any_vendor);
    buf_putc(out, t->product.family);
    put_part(out, t->product.raw);
    put_name(out, &t->vendor);
    put_name(out, &t->product);
    put_name(out, &t->family);
    put_part(out, t->except);
    put_number(out, t->form_count);
    for (size_t i = 0; i < t->form_count; i++) {
        put_number(out, t->forms[i].rules);
        put_part(out, t->forms[i].text);
        put_part(out, t->forms[i].line);
    }
    put_parts(out, &t->models);
    put_parts(out, &t->skus);
    put_parts(out, &t->hashes);
    put_purl(out, t->purl);
    put_purl(out, t->purl_full);
    put_part(out, t->cpe);
    put_cpe(out, t->cpe_full);
    put_part(out, t->range.model);
}

int fleet_same_targets(struct fleet_target *targets, size_t count, struct err *e)
{
    struct map last; /* text -> last target of the chain so far */
    struct arena texts;
    struct buf text;
    int result = 0;

    map_init(&last);
    arena_init(&texts, 0);
    buf_init(&text);
    for (size_t i = 0; result == 0 && i < count; i++) {
        struct fleet_target *t = &targets[i], *before;
        if (t->criterion_count == 0)
            continue;
        buf_reset(&text);
        fleet_same_target(&text, t);
        result = buf_check(&text, e);
        if (result != 0)
            break;
        before = map_get(&last, buf_slice(&text));
        t->leader = before ? before->leader : (uint32_t)i + 1;
        if (before)
            before->next = (uint32_t)i;
        char *key = arena_copy(&texts, text.data, text.len);
        if (!key || map_set(&last, slice_of(key, text.len), t) != 0)
            result = err_memory(e);
    }
    buf_fini(&text);
    arena_fini(&texts);
    map_fini(&last);
    return result;
}
