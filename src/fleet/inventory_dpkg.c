/* SPDX-License-Identifier: Apache-2.0 */
/* /var/lib/dpkg/status: paragraphs of "Field: value", continued by lines that begin with a space.
 */
#include "base/cursor.h"
#include "fleet/inventory_source.h"
#include "product/purl.h"
#include "product/range_words.h"

struct paragraph {
    struct slice package, version, architecture, status, source;
    size_t line; /* where it begins */
};

/* "gcc-12 (12.2.0-14)" as "gcc-12@12.2.0-14": the source package, which dpkg names only where it
 * differs from the binary one. */
static int source_of(struct fleet_source *s, const struct paragraph *p, struct slice *out)
{
    struct slice name = p->source.len ? p->source : p->package;
    const uint8_t *open = memchr(name.data, '(', name.len);
    if (!open) {
        *out = name;
        return 0;
    }
    struct slice version = slice_of(open + 1, name.len - (size_t)(open + 1 - name.data));
    const uint8_t *close = version.len ? memchr(version.data, ')', version.len) : NULL;
    version.len = close ? (size_t)(close - version.data) : version.len;
    name = product_text_trim(slice_of(name.data, (size_t)(open - name.data)));
    char *text =
        arena_printf(&s->inventory->arena, "%.*s@%.*s", SLICE_ARG(name), SLICE_ARG(version));
    if (!text)
        return err_memory(s->e);
    *out = slice_str(text);
    return 0;
}

static int add(struct fleet_source *s, const struct paragraph *p, struct slice distribution)
{
    static const char installed[] = " installed";
    size_t len = sizeof installed - 1;
    /* "install ok installed"; not "config-files", "half-configured" */
    if (p->package.len == 0 || p->version.len == 0 || p->status.len < len ||
        memcmp(p->status.data + p->status.len - len, installed, len) != 0)
        return 0;
    struct fleet_component *c = fleet_source_component(s);
    if (!c)
        return -1;
    struct slice source;
    if (source_of(s, p, &source) != 0)
        return -1;
    struct product_purl_qualifier qualifiers[2];
    struct product_purl purl = {.type = slice_str("deb"),
                                .space = distribution,
                                .name = p->package,
                                .version = p->version,
                                .qualifiers = qualifiers};
    if (p->architecture.len)
        qualifiers[purl.qualifier_count++] =
            (struct product_purl_qualifier){slice_str("arch"), p->architecture};
    qualifiers[purl.qualifier_count++] =
        (struct product_purl_qualifier){slice_str("upstream"), source};
    struct buf b;
    buf_init(&b);
    product_purl_write(&purl, PRODUCT_PURL_ALL, &b);
    int result = buf_check(&b, s->e);
    if (result == 0)
        result = fleet_source_value(s, buf_slice(&b), NULL, &c->purl);
    buf_fini(&b);
    if (result != 0 || fleet_source_value(s, p->package, NULL, &c->name) != 0 ||
        fleet_source_value(s, p->version, NULL, &c->version) != 0)
        return -1;
    char *pointer = arena_printf(&s->inventory->arena, "line %zu", p->line);
    if (!pointer)
        return err_memory(s->e);
    c->pointer = pointer;
    c->type = slice_str("package");
    return 0;
}

int fleet_inventory_dpkg(struct fleet_inventory **inventory, struct slice text,
                         struct slice distribution, const struct fleet_inventory_limits *limits,
                         struct err *e)
{
    static const struct {
        const char *name;
        size_t offset;
    } fields[] = {
        {"package:", offsetof(struct paragraph, package)},
        {"version:", offsetof(struct paragraph, version)},
        {"architecture:", offsetof(struct paragraph, architecture)},
        {"status:", offsetof(struct paragraph, status)},
        {"source:", offsetof(struct paragraph, source)},
    };
    *inventory = NULL;
    struct fleet_source s = {
        .limits = limits ? limits : &fleet_inventory_limits_default, .clause = "deb822(5)", .e = e};
    if (text.len > s.limits->bytes)
        return err_set(e, ERR_LIMIT, "inventory.limit", NULL,
                       "the file has %zu bytes; at most %zu are read", text.len, s.limits->bytes);
    s.inventory = fleet_inventory_new();
    if (!s.inventory)
        return err_memory(e);
    s.inventory->format = "dpkg";
    struct paragraph p = {.line = 1};
    size_t line = 0;
    const uint8_t *at = text.data, *end = text.data + text.len;
    while (at < end) {
        const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        struct slice row = slice_of(at, (size_t)((stop ? stop : end) - at));
        at = stop ? stop + 1 : end;
        line++;
        if (row.len == 0) {
            if (add(&s, &p, distribution) != 0)
                goto fail;
            p = (struct paragraph){.line = line + 1};
            continue;
        }
        if (row.data[0] == ' ' || row.data[0] == '\t')
            continue;
        if (!memchr(row.data, ':', row.len)) {
            err_set(e, ERR_INPUT, "inventory.format", s.clause,
                    "the line is neither a field nor the continuation of one");
            err_where(e, "line %zu", line);
            goto fail;
        }
        for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
            size_t len = strlen(fields[i].name);
            if (product_text_starts(row, fields[i].name)) {
                struct slice *value = (struct slice *)(void *)((uint8_t *)&p + fields[i].offset);
                *value = product_text_trim(slice_of(row.data + len, row.len - len));
            }
        }
    }
    if (add(&s, &p, distribution) != 0)
        goto fail;
    *inventory = s.inventory;
    return 0;
fail:
    fleet_inventory_free(s.inventory);
    return -1;
}
