/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/class.h"
#include "base/encoding.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "fleet/class_identifier.h"
#include "product/version.h"

#include <stdlib.h>

/* What is hashed in front of the canonical form. */
static const char domain[] = "tocsin-class/v1\n";

enum { ORDERS = FLEET_ORDERS + 2, VENDORS = FLEET_FORMS };

struct builder {
    struct fleet_class *class;
    struct arena *arena;
    struct fleet_identity *identities;
    size_t count;
    struct err *e;
};

static int keep(struct builder *b, struct slice s, struct slice *out)
{
    char *copy = arena_copy(b->arena, s.len ? (const void *)s.data : "", s.len);
    if (!copy)
        return err_memory(b->e);
    *out = slice_of(copy, s.len);
    return 0;
}

static int by_bytes(const void *x, const void *y)
{
    return slice_compare(*(const struct slice *)x, *(const struct slice *)y);
}

/* Sorts, drops doubles and empty ones, and keeps what is left. */
static int keep_set(struct builder *b, struct slice *all, size_t count, struct fleet_strings *out)
{
    qsort(all, count, sizeof *all, by_bytes);
    struct slice *kept = arena_new(b->arena, count + 1, sizeof *kept);
    if (!kept)
        return err_memory(b->e);
    out->at = kept;
    for (size_t i = 0; i < count; i++)
        if (all[i].len && (out->count == 0 || !slice_equal(kept[out->count - 1], all[i])))
            kept[out->count++] = all[i];
    return 0;
}

static int set_version(struct builder *b, struct slice text, struct slice *out)
{
    struct buf version;
    buf_init(&version);
    product_version_normalise(text, &version);
    int result = version.failed ? err_memory(b->e) : keep(b, buf_slice(&version), out);
    buf_fini(&version);
    return result;
}

static int set_name(struct builder *b, enum fleet_name_kind kind, struct slice text,
                    struct fleet_name *out)
{
    struct slice raw;
    if (keep(b, text, &raw) != 0)
        return -1;
    return fleet_name_normalise(b->arena, kind, raw, out, b->e);
}

/* Order number, SKU and what the names carried. */
static int set_orders(struct builder *b, struct fleet_identity *id, struct slice order,
                      struct slice sku)
{
    struct slice all[ORDERS];
    size_t count = 0;
    const struct slice given[] = {order, sku};
    for (size_t i = 0; i < 2; i++) {
        struct slice *number = &all[count++];
        if (fleet_order_normalise(b->arena, given[i], number, b->e) != 0)
            return -1;
        /* a thing has no wildcards in its number: there they are signs like others */
        uint8_t *at = (uint8_t *)(uintptr_t)number->data;
        size_t len = 0;
        for (size_t k = 0; k < number->len; k++)
            if (number->data[k] != '*' && number->data[k] != '?')
                at[len++] = number->data[k];
        number->len = len;
    }
    for (size_t i = 0; i < id->model.order_count && count < ORDERS; i++)
        all[count++] = id->model.orders[i];
    return keep_set(b, all, count, &id->orders);
}

static int set_hashes(struct builder *b, struct fleet_identity *id, const struct fleet_component *c)
{
    struct slice *all = arena_new(b->arena, c->hash_count + 1, sizeof *all);
    if (!all)
        return err_memory(b->e);
    for (size_t i = 0; i < c->hash_count; i++) {
        char *text = arena_printf(b->arena, "%.*s:%.*s", SLICE_ARG(c->hashes[i].algorithm),
                                  SLICE_ARG(c->hashes[i].value));
        if (!text)
            return err_memory(b->e);
        all[i] = slice_str(text);
    }
    return keep_set(b, all, c->hash_count, &id->hashes);
}

static int add_device(struct builder *b, const struct fleet_nameplate *n)
{
    struct fleet_identity *id = &b->identities[b->count++];
    id->kind = FLEET_DEVICE;
    id->pointer = "nameplate";
    if (set_name(b, FLEET_NAME_VENDOR, n->vendor, &id->vendor) != 0 ||
        set_name(b, FLEET_NAME_PRODUCT, n->model, &id->model) != 0 ||
        set_name(b, FLEET_NAME_PRODUCT, n->family, &id->family) != 0 ||
        set_name(b, FLEET_NAME_PRODUCT, n->product, &id->product) != 0 ||
        set_version(b, n->firmware, &id->version) != 0 ||
        set_version(b, n->hardware, &id->hardware) != 0 || set_orders(b, id, n->order, n->sku) != 0)
        return -1;
    struct slice label = n->model.len ? n->model : n->product.len ? n->product : n->order;
    return keep(b, label, &id->label);
}

static int add_component(struct builder *b, const struct fleet_component *c)
{
    struct fleet_identity *id = &b->identities[b->count++];
    struct fleet_purl purl;
    struct fleet_cpe cpe;
    id->kind = FLEET_SOFTWARE;
    id->pointer = arena_strdup(b->arena, c->pointer ? c->pointer : "");
    if (!id->pointer)
        return err_memory(b->e);
    if (set_name(b, FLEET_NAME_VENDOR, c->vendor, &id->vendor) != 0 ||
        set_name(b, FLEET_NAME_PRODUCT, c->name, &id->model) != 0 ||
        set_name(b, FLEET_NAME_PRODUCT, c->group, &id->family) != 0 ||
        fleet_purl_parse(b->arena, c->purl, &purl, b->e) != 0 ||
        fleet_cpe_parse(b->arena, c->cpe, &cpe, b->e) != 0)
        return -1;
    if (purl.ok)
        id->purl = purl.canonical;
    if (cpe.ok) {
        char *text = arena_copy(b->arena, c->cpe.data, c->cpe.len);
        if (!text)
            return err_memory(b->e);
        for (size_t i = 0; i < c->cpe.len; i++)
            if (text[i] >= 'A' && text[i] <= 'Z')
                text[i] = (char)(text[i] + 32);
        id->cpe = slice_of(text, c->cpe.len);
    }
    /* a component whose version only its identifier names */
    struct slice version = c->version.len ? c->version : purl.ok ? purl.version : c->version;
    if (version.len == 0 && cpe.ok)
        version = cpe.version;
    if (fleet_purl_epoch(b->arena, &purl, &version, b->e) != 0)
        return -1;
    if (set_version(b, version, &id->version) != 0 ||
        set_orders(b, id, slice_of(NULL, 0), slice_of(NULL, 0)) != 0 || set_hashes(b, id, c) != 0)
        return -1;
    return keep(b, c->name, &id->label);
}

static void put_name(struct json_writer *w, const char *member, const struct fleet_name *name)
{
    if (name->count)
        json_member_slice(w, member, name->forms[0].text);
}

static void put_text(struct json_writer *w, const char *member, struct slice text)
{
    if (text.len)
        json_member_slice(w, member, text);
}

static void put_set(struct json_writer *w, const char *member, const struct fleet_strings *set)
{
    if (set->count == 0)
        return;
    json_write_name(w, member);
    json_write_array(w);
    for (size_t i = 0; i < set->count; i++)
        json_write_slice(w, set->at[i]);
    json_write_array_end(w);
}

/* One identity as canonical JSON: members in order, absent ones left out. */
static int put_identity(struct builder *b, struct fleet_identity *id)
{
    struct buf text;
    struct json_writer w;
    struct slice forms[VENDORS];
    buf_init(&text);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    put_text(&w, "cpe", id->cpe);
    put_name(&w, "family", &id->family);
    put_text(&w, "hardware", id->hardware);
    put_set(&w, "hashes", &id->hashes);
    json_member_string(&w, "kind", id->kind == FLEET_DEVICE ? "device" : "software");
    put_name(&w, "model", &id->model);
    put_set(&w, "orders", &id->orders);
    put_name(&w, "product", &id->product);
    put_text(&w, "purl", id->purl);
    /* the first form is the name; of the others the order says nothing */
    for (size_t i = 0; i < id->vendor.count; i++)
        forms[i] = id->vendor.forms[i].text;
    if (id->vendor.count) {
        qsort(forms + 1, id->vendor.count - 1, sizeof *forms, by_bytes);
        struct fleet_strings set = {forms, id->vendor.count};
        put_set(&w, "vendor", &set);
    }
    put_text(&w, "version", id->version);
    json_write_object_end(&w);
    int result = text.failed ? err_memory(b->e) : keep(b, buf_slice(&text), &id->canonical);
    buf_fini(&text);
    return result;
}

static int by_canonical(const void *x, const void *y)
{
    const struct fleet_identity *a = x, *b = y;
    return slice_compare(a->canonical, b->canonical);
}

/* The part of an identifier that all versions share: up to the n-th of a mark, or the whole. */
static struct slice up_to(struct slice s, uint8_t mark, unsigned n)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] == mark && --n == 0)
            return slice_of(s.data, i);
    return s;
}

static int check_same(struct builder *b, struct slice *keys, size_t count)
{
    size_t run = 1;
    if (count)
        qsort(keys, count, sizeof *keys, by_bytes);
    for (size_t i = 1; i < count; i++) {
        run = slice_equal(keys[i], keys[i - 1]) ? run + 1 : 1;
        if (keys[i].len && run > FLEET_SAME)
            return err_set(b->e, ERR_LIMIT, "class.limit", "docs/formats-inventory.md section 5",
                           "more than %d components are called \"%.*s\"", FLEET_SAME,
                           (int)(keys[i].len < 100 ? keys[i].len : 100),
                           (const char *)keys[i].data);
    }
    return 0;
}

/* See FLEET_SAME: by name, by package, by CPE product. */
static int check_repetition(struct builder *b)
{
    if (b->count <= FLEET_SAME)
        return 0;
    struct slice *keys = mem_new(b->count, sizeof *keys);
    int result = keys ? 0 : err_memory(b->e);
    for (int kind = 0; result == 0 && kind < 3; kind++) {
        for (size_t i = 0; i < b->count; i++) {
            const struct fleet_identity *id = &b->identities[i];
            bool formatted = id->cpe.len > 8 && memcmp(id->cpe.data, "cpe:2.3:", 8) == 0;
            keys[i] = kind == 0   ? id->model.count ? id->model.forms[0].text : slice_of(NULL, 0)
                        : kind == 1 ? up_to(up_to(id->purl, '?', 1), '@', 1)
                                  : up_to(id->cpe, ':', formatted ? 5 : 4);
        }
        result = check_same(b, keys, b->count);
    }
    mem_free(keys);
    return result;
}

/* Sorts, drops doubles, writes the whole and hashes it. */
static int finish(struct builder *b)
{
    if (check_repetition(b) != 0)
        return -1;
    for (size_t i = 0; i < b->count; i++)
        if (put_identity(b, &b->identities[i]) != 0)
            return -1;
    qsort(b->identities, b->count, sizeof *b->identities, by_canonical);
    size_t kept = 0;
    for (size_t i = 0; i < b->count; i++)
        if (kept == 0 ||
            !slice_equal(b->identities[kept - 1].canonical, b->identities[i].canonical))
            b->identities[kept++] = b->identities[i];
    b->class->identities = b->identities;
    b->class->count = kept;
    struct buf text;
    buf_init(&text);
    buf_puts(&text, "{\"components\":[");
    for (size_t i = 0; i < kept; i++) {
        if (i)
            buf_putc(&text, ',');
        buf_put_slice(&text, b->identities[i].canonical);
    }
    buf_puts(&text, "],\"format\":\"tocsin-class/v1\"}");
    int result = text.failed ? err_memory(b->e) : keep(b, buf_slice(&text), &b->class->canonical);
    buf_fini(&text);
    if (result != 0)
        return -1;
    const struct slice parts[] = {slice_str(domain), b->class->canonical};
    if (sha256_slices(parts, 2, b->class->digest) != 0)
        return digest_failed(b->e);
    return 0;
}

static int start(struct builder *b, size_t room, struct err *e)
{
    b->e = e;
    b->class = mem_new(1, sizeof *b->class);
    if (!b->class)
        return err_memory(e);
    b->arena = &b->class->arena;
    arena_init(b->arena, 0);
    b->identities = arena_new(b->arena, room + 1, sizeof *b->identities);
    return b->identities ? 0 : err_memory(e);
}

int fleet_class_build(struct fleet_class **out, const struct fleet_inventory *inventory,
                      struct err *e)
{
    struct builder b = {0};
    *out = NULL;
    if (start(&b, inventory->count + 1, e) != 0)
        goto fail;
    if (inventory->has_nameplate && add_device(&b, &inventory->nameplate) != 0)
        goto fail;
    for (size_t i = 0; i < inventory->count; i++)
        if (add_component(&b, &inventory->components[i]) != 0)
            goto fail;
    if (finish(&b) != 0)
        goto fail;
    *out = b.class;
    return 0;
fail:
    fleet_class_free(b.class);
    return -1;
}

static int known_name(struct builder *b, const struct json_value *v, const char *member,
                      struct fleet_name *out)
{
    struct slice text;
    if (keep(b, json_get_string(v, member), &text) != 0)
        return -1;
    if (text.len)
        fleet_name_known(text, out);
    return 0;
}

static int known_set(struct builder *b, const struct json_value *array, struct fleet_strings *out)
{
    struct slice *all = arena_new(b->arena, json_count(array) + 1, sizeof *all);
    if (!all)
        return err_memory(b->e);
    out->at = all;
    json_each(v, array) if (keep(b, json_string(v), &all[out->count++]) != 0) return -1;
    return 0;
}

static int known_identity(struct builder *b, const struct json_value *v, size_t index)
{
    struct fleet_identity *id = &b->identities[b->count++];
    *id = (struct fleet_identity){0};
    id->kind = slice_is(json_get_string(v, "kind"), "device") ? FLEET_DEVICE : FLEET_SOFTWARE;
    id->pointer =
        id->kind == FLEET_DEVICE ? "nameplate" : arena_printf(b->arena, "/components/%zu", index);
    if (!id->pointer)
        return err_memory(b->e);
    struct fleet_strings vendor = {0};
    if (known_name(b, v, "model", &id->model) != 0 ||
        known_name(b, v, "family", &id->family) != 0 ||
        known_name(b, v, "product", &id->product) != 0 ||
        keep(b, json_get_string(v, "version"), &id->version) != 0 ||
        keep(b, json_get_string(v, "hardware"), &id->hardware) != 0 ||
        keep(b, json_get_string(v, "purl"), &id->purl) != 0 ||
        keep(b, json_get_string(v, "cpe"), &id->cpe) != 0 ||
        known_set(b, json_get(v, "orders"), &id->orders) != 0 ||
        known_set(b, json_get(v, "hashes"), &id->hashes) != 0 ||
        known_set(b, json_get(v, "vendor"), &vendor) != 0)
        return -1;
    for (size_t i = 0; i < vendor.count && i < FLEET_FORMS; i++)
        id->vendor.forms[id->vendor.count++] = (struct fleet_form){vendor.at[i], 0};
    if (vendor.count)
        id->vendor.raw = vendor.at[0];
    id->label = id->model.count     ? id->model.forms[0].text
                : id->product.count ? id->product.forms[0].text
                : id->orders.count  ? id->orders.at[0]
                                    : id->purl;
    return 0;
}

int fleet_identity_parse(struct arena *a, struct slice canonical, struct fleet_identity *out,
                         struct err *e)
{
    struct builder b = {.arena = a, .identities = out, .e = e};
    struct json_doc *doc;
    if (json_parse(&doc, canonical, NULL, e) != 0)
        return -1;
    int result = known_identity(&b, json_root(doc), 0);
    json_doc_free(doc);
    return result;
}

int fleet_class_parse(struct fleet_class **out, struct slice canonical, struct err *e)
{
    static const struct json_limits limits = {.bytes = 64 << 20, .depth = 8, .values = 4 << 20};
    struct builder b = {0};
    struct json_doc *doc;
    *out = NULL;
    if (json_parse(&doc, canonical, &limits, e) != 0)
        return -1;
    const struct json_value *root = json_root(doc), *components = json_get(root, "components");
    if (start(&b, json_count(components), e) != 0)
        goto fail;
    size_t index = 0;
    json_each(v, components) if (known_identity(&b, v, index++) != 0) goto fail;
    if (finish(&b) != 0)
        goto fail;
    if (!slice_equal(b.class->canonical, canonical)) {
        err_set(e, ERR_INPUT, "class.format", "docs/formats-inventory.md section 3",
                "the text is not the canonical form of a class");
        goto fail;
    }
    json_doc_free(doc);
    *out = b.class;
    return 0;
fail:
    json_doc_free(doc);
    fleet_class_free(b.class);
    return -1;
}

void fleet_class_free(struct fleet_class *class)
{
    if (!class)
        return;
    arena_fini(&class->arena);
    mem_free(class);
}

void fleet_class_format(const uint8_t digest[32], char text[FLEET_CLASS_TEXT])
{
    memcpy(text, "sha256:", 7);
    hex_format(digest, 32, text + 7);
}
