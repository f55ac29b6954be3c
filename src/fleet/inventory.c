/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/inventory.h"
#include "base/memory.h"
#include "fleet/inventory_source.h"
#include "product/range_words.h"

const struct fleet_inventory_limits fleet_inventory_limits_default = {
    .bytes = 4 << 20, .components = 50000, .value = 1024, .hashes = 16, .rows = 100000};

struct slice fleet_nameplate_model(const struct fleet_nameplate *plate)
{
    return plate->model.len ? plate->model : plate->product;
}

struct fleet_inventory *fleet_inventory_new(void)
{
    struct fleet_inventory *inventory = mem_new(1, sizeof *inventory);
    if (inventory)
        arena_init(&inventory->arena, 0);
    return inventory;
}

void fleet_inventory_free(struct fleet_inventory *inventory)
{
    if (!inventory)
        return;
    arena_fini(&inventory->arena);
    mem_free(inventory->components);
    mem_free(inventory);
}

static struct fleet_component *append(struct fleet_inventory *inventory, struct err *e)
{
    if (inventory->count == inventory->room) {
        size_t room = inventory->room ? inventory->room * 2 : 16;
        void *grown = mem_resize(inventory->components, room, sizeof *inventory->components);
        if (!grown) {
            err_memory(e);
            return NULL;
        }
        inventory->components = grown;
        inventory->room = room;
    }
    struct fleet_component *c = &inventory->components[inventory->count++];
    *c = (struct fleet_component){0};
    return c;
}

struct fleet_component *fleet_source_component(struct fleet_source *s)
{
    if (s->inventory->count >= s->limits->components) {
        err_set(s->e, ERR_LIMIT, "inventory.limit", NULL,
                "the inventory has more than %zu components", s->limits->components);
        return NULL;
    }
    return append(s->inventory, s->e);
}

static int copy(struct arena *a, struct slice text, struct slice *out, struct err *e)
{
    if (text.len == 0) {
        *out = slice_of(NULL, 0);
        return 0;
    }
    char *kept = arena_copy(a, text.data, text.len);
    if (!kept)
        return err_memory(e);
    *out = slice_of(kept, text.len);
    return 0;
}

int fleet_source_value(struct fleet_source *s, struct slice text, const struct json_value *v,
                       struct slice *out)
{
    while (text.len && memchr(" \t\r\n", text.data[0], 4))
        text = slice_of(text.data + 1, text.len - 1);
    while (text.len && memchr(" \t\r\n", text.data[text.len - 1], 4))
        text.len--;
    bool bad = text.len > s->limits->value;
    for (size_t i = 0; i < text.len && !bad; i++)
        bad = text.data[i] < ' ' && text.data[i] != '\t' && text.data[i] != '\n' &&
              text.data[i] != '\r';
    if (bad) {
        err_set(s->e, text.len > s->limits->value ? ERR_LIMIT : ERR_INPUT, "inventory.value",
                s->clause,
                text.len > s->limits->value ? "a value has %zu bytes; at most %zu are read"
                                            : "a value of %zu bytes has control characters",
                text.len, s->limits->value);
        if (v)
            json_err_where(s->doc, v, s->e);
        return -1;
    }
    return copy(s->arena ? s->arena : &s->inventory->arena, text, out, s->e);
}

int fleet_source_wrong(struct fleet_source *s, const struct json_value *v, const char *expected)
{
    err_set(s->e, ERR_INPUT, "inventory.type", s->clause, "this must be %s", expected);
    if (v)
        json_err_where(s->doc, v, s->e);
    return -1;
}

int fleet_source_member(struct fleet_source *s, const struct json_value *object, const char *name,
                        struct slice *out)
{
    const struct json_value *v = json_get(object, name);
    *out = slice_of(NULL, 0);
    if (!v)
        return 0;
    if (!json_is(v, JSON_STRING))
        return fleet_source_wrong(s, v, "a string");
    return fleet_source_value(s, json_string(v), v, out);
}

int fleet_source_array(struct fleet_source *s, const struct json_value *object, const char *name,
                       const struct json_value **array)
{
    *array = json_get(object, name);
    if (*array && !json_is(*array, JSON_ARRAY))
        return fleet_source_wrong(s, *array, "an array");
    return 0;
}

int fleet_hash_algorithm(struct arena *a, struct slice name, struct slice *out, struct err *e)
{
    char *text = arena_alloc(a, name.len + 2);
    size_t len = 0;
    if (!text)
        return err_memory(e);
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        c = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c == '_' ? '-' : c;
        /* "sha256", but not "sha3-256" */
        if (len == 3 && i == 3 && memcmp(text, "sha", 3) == 0 && c >= '0' && c <= '9' &&
            !(c == '3' && (name.len == 4 || name.data[4] == '-' || name.data[4] == '_')))
            text[len++] = '-';
        text[len++] = (char)c;
    }
    *out = slice_of(text, len);
    return 0;
}

int fleet_source_hash(struct fleet_source *s, struct fleet_component *component,
                      struct slice algorithm, struct slice value)
{
    if (algorithm.len == 0 || algorithm.len > 32 || value.len < 32 || value.len > 256)
        return 0;
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i] | 0x20;
        if (!(c >= 'a' && c <= 'f') && !(value.data[i] >= '0' && value.data[i] <= '9'))
            return 0;
    }
    if (component->hash_count == s->limits->hashes)
        return err_set(s->e, ERR_LIMIT, "inventory.limit", s->clause,
                       "a component has more than %zu hashes", s->limits->hashes);
    struct arena *a = &s->inventory->arena;
    struct fleet_hash *hashes = arena_new(a, component->hash_count + 1, sizeof *hashes);
    char *lower = arena_copy(a, value.data, value.len);
    if (!hashes || !lower)
        return err_memory(s->e);
    for (size_t i = 0; i < component->hash_count; i++)
        hashes[i] = component->hashes[i];
    for (size_t i = 0; i < value.len; i++)
        if (lower[i] >= 'A' && lower[i] <= 'F')
            lower[i] = (char)(lower[i] + 32);
    struct fleet_hash *h = &hashes[component->hash_count];
    if (fleet_hash_algorithm(a, algorithm, &h->algorithm, s->e) != 0)
        return -1;
    h->value = slice_of(lower, value.len);
    component->hashes = hashes;
    component->hash_count++;
    return 0;
}

int fleet_source_pointer(struct fleet_source *s, const struct json_value *v, const char **out)
{
    struct buf b;
    buf_init(&b);
    json_pointer(s->doc, v, &b);
    char *kept =
        b.failed ? NULL : arena_copy(&s->inventory->arena, b.data ? b.data : (void *)"", b.len);
    buf_fini(&b);
    *out = kept;
    return kept ? 0 : err_memory(s->e);
}

struct reader {
    int (*read)(struct fleet_source *s, const struct json_value *root);
};
static const struct reader nameplate = {fleet_source_nameplate};
static const struct reader cyclonedx = {fleet_source_cyclonedx};
static const struct reader spdx = {fleet_source_spdx};

/* recognise: which of the JSON formats; NULL: none */
static const struct reader *recognise(const struct json_value *root)
{
    struct slice format = json_get_string(root, "format");
    if (slice_is(format, "tocsin-nameplate/v1") || slice_is(format, "tocsin-inventory/v1"))
        return &nameplate;
    if (slice_is(json_get_string(root, "bomFormat"), "CycloneDX"))
        return &cyclonedx;
    if (json_get_string(root, "spdxVersion").len)
        return &spdx;
    return NULL;
}

static int read_json(struct fleet_inventory **out, struct slice text,
                     const struct fleet_inventory_limits *limits, const struct reader *wanted,
                     const char *expected, struct err *e)
{
    *out = NULL;
    if (!limits)
        limits = &fleet_inventory_limits_default;
    struct json_limits json = {.bytes = limits->bytes, .depth = 64, .values = limits->bytes};
    struct json_doc *doc;
    if (json_parse(&doc, text, &json, e) != 0)
        return -1;
    struct fleet_source s = {.limits = limits, .doc = doc, .e = e};
    const struct json_value *root = json_root(doc);
    const struct reader *reader = recognise(root);
    int result = -1;
    if (!reader || (wanted && reader != wanted)) {
        err_set(e, ERR_INPUT, "inventory.format", NULL, "this is not %s", expected);
        json_err_where(doc, root, e);
        goto out;
    }
    s.inventory = fleet_inventory_new();
    if (!s.inventory) {
        err_memory(e);
        goto out;
    }
    result = reader->read(&s, root);
out:
    json_doc_free(doc);
    if (result == 0)
        *out = s.inventory;
    else
        fleet_inventory_free(s.inventory);
    return result;
}

int fleet_inventory_nameplate(struct fleet_inventory **inventory, struct slice text,
                              const struct fleet_inventory_limits *limits, struct err *e)
{
    return read_json(inventory, text, limits, &nameplate,
                     "a tocsin-nameplate/v1 or tocsin-inventory/v1 object", e);
}

int fleet_inventory_cyclonedx(struct fleet_inventory **inventory, struct slice text,
                              const struct fleet_inventory_limits *limits, struct err *e)
{
    return read_json(inventory, text, limits, &cyclonedx, "a CycloneDX document", e);
}

int fleet_inventory_spdx(struct fleet_inventory **inventory, struct slice text,
                         const struct fleet_inventory_limits *limits, struct err *e)
{
    return read_json(inventory, text, limits, &spdx, "an SPDX document", e);
}

int fleet_inventory_read(struct fleet_inventory **inventory, struct slice text,
                         const struct fleet_inventory_limits *limits, struct err *e)
{
    size_t i = 0;
    while (i < text.len && (text.data[i] == ' ' || (text.data[i] >= 9 && text.data[i] <= 13)))
        i++;
    if (product_text_starts(slice_of(text.data + i, text.len - i), "package:"))
        return fleet_inventory_dpkg(inventory, text, slice_str("debian"), limits, e);
    return read_json(inventory, text, limits, NULL,
                     "an inventory: nameplate, CycloneDX, SPDX or a dpkg status file", e);
}

int fleet_inventory_value(struct fleet_inventory **out, const struct json_doc *doc,
                          const struct json_value *object,
                          const struct fleet_inventory_limits *limits, struct err *e)
{
    *out = NULL;
    struct fleet_source s = {.limits = limits ? limits : &fleet_inventory_limits_default,
                             .doc = doc,
                             .inventory = fleet_inventory_new(),
                             .e = e};
    if (!s.inventory)
        return err_memory(e);
    if (fleet_source_nameplate(&s, object) != 0) {
        fleet_inventory_free(s.inventory);
        return -1;
    }
    *out = s.inventory;
    return 0;
}

static int copy_component(struct fleet_inventory *inventory, struct fleet_component *to,
                          const struct fleet_component *from, struct err *e)
{
    struct arena *a = &inventory->arena;
    const struct slice *source[] = {&from->type,   &from->group, &from->name, &from->version,
                                    &from->vendor, &from->purl,  &from->cpe,  &from->serial};
    struct slice *target[] = {&to->type,   &to->group, &to->name, &to->version,
                              &to->vendor, &to->purl,  &to->cpe,  &to->serial};
    for (size_t i = 0; i < ARRAY_LEN(source); i++)
        if (copy(a, *source[i], target[i], e) != 0)
            return -1;
    struct fleet_hash *hashes = arena_new(a, from->hash_count + 1, sizeof *hashes);
    char *pointer = arena_strdup(a, from->pointer ? from->pointer : "");
    if (!hashes || !pointer)
        return err_memory(e);
    for (size_t i = 0; i < from->hash_count; i++)
        if (copy(a, from->hashes[i].algorithm, &hashes[i].algorithm, e) != 0 ||
            copy(a, from->hashes[i].value, &hashes[i].value, e) != 0)
            return -1;
    to->hashes = hashes;
    to->hash_count = from->hash_count;
    to->pointer = pointer;
    return 0;
}

int fleet_inventory_merge(struct fleet_inventory *inventory, const struct fleet_inventory *more,
                          struct err *e)
{
    struct fleet_nameplate *to = &inventory->nameplate;
    const struct fleet_nameplate *from = &more->nameplate;
    const struct slice *source[] = {&from->vendor,  &from->model,    &from->family,
                                    &from->product, &from->firmware, &from->serial,
                                    &from->order,   &from->sku,      &from->hardware};
    struct slice *target[] = {&to->vendor, &to->model, &to->family, &to->product, &to->firmware,
                              &to->serial, &to->order, &to->sku,    &to->hardware};
    if (more->has_nameplate) {
        inventory->has_nameplate = true;
        for (size_t i = 0; i < ARRAY_LEN(source); i++)
            if (target[i]->len == 0 && copy(&inventory->arena, *source[i], target[i], e) != 0)
                return -1;
    }
    for (size_t i = 0; i < more->count; i++) {
        struct fleet_component *c = append(inventory, e);
        if (!c || copy_component(inventory, c, &more->components[i], e) != 0)
            return -1;
    }
    if (!inventory->format)
        inventory->format = more->format;
    return 0;
}

static void member(struct json_writer *w, const char *name, struct slice value)
{
    if (value.len)
        json_member_slice(w, name, value);
}

void fleet_inventory_write(struct json_writer *w, const struct fleet_inventory *inventory)
{
    json_write_name(w, "components");
    json_write_array(w);
    for (size_t i = 0; i < inventory->count; i++) {
        const struct fleet_component *c = &inventory->components[i];
        json_write_object(w);
        member(w, "cpe", c->cpe);
        member(w, "group", c->group);
        if (c->hash_count) {
            json_write_name(w, "hashes");
            json_write_array(w);
            for (size_t k = 0; k < c->hash_count; k++) {
                struct buf text;
                buf_init(&text);
                buf_put_slice(&text, c->hashes[k].algorithm);
                buf_putc(&text, ':');
                buf_put_slice(&text, c->hashes[k].value);
                if (text.failed)
                    w->out->failed = true;
                json_write_slice(w, buf_slice(&text));
                buf_fini(&text);
            }
            json_write_array_end(w);
        }
        member(w, "name", c->name);
        member(w, "purl", c->purl);
        member(w, "serial", c->serial);
        member(w, "type", c->type);
        member(w, "vendor", c->vendor);
        member(w, "version", c->version);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    if (!inventory->has_nameplate)
        return;
    const struct fleet_nameplate *n = &inventory->nameplate;
    json_write_name(w, "nameplate");
    json_write_object(w);
    member(w, "family", n->family);
    member(w, "firmware", n->firmware);
    member(w, "hardware", n->hardware);
    member(w, "model", n->model);
    member(w, "order", n->order);
    member(w, "product", n->product);
    member(w, "serial", n->serial);
    member(w, "sku", n->sku);
    member(w, "vendor", n->vendor);
    json_write_object_end(w);
}
