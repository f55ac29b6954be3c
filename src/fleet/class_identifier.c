/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/class_identifier.h"
#include "fleet/match_package.h"

enum { IDENTIFIER_LIMIT = 2048 };

static int keep(struct arena *a, const struct buf *b, struct slice *out, struct err *e)
{
    if (buf_check(b, e) != 0)
        return -1;
    char *copy = arena_copy(a, b->len ? (const void *)b->data : "", b->len);
    if (!copy)
        return err_memory(e);
    *out = slice_of(copy, b->len);
    return 0;
}

static int keep_written(struct arena *a, const struct product_purl *purl, unsigned parts,
                        struct slice *out, struct err *e)
{
    struct buf b;
    buf_init(&b);
    product_purl_write(purl, parts, &b);
    int result = keep(a, &b, out, e);
    buf_fini(&b);
    return result;
}

int fleet_purl_epoch(struct arena *a, const struct fleet_purl *purl, struct slice *version,
                     struct err *e)
{
    struct slice epoch = purl->ok && slice_is(purl->parts->type, "rpm")
                             ? product_purl_qualifier(purl->parts, "epoch")
                             : slice_of(NULL, 0);
    if (epoch.len == 0 || version->len == 0 || memchr(version->data, ':', version->len))
        return 0;
    char *text = arena_printf(a, "%.*s:%.*s", SLICE_ARG(epoch), SLICE_ARG(*version));
    if (!text)
        return err_memory(e);
    *version = slice_str(text);
    return 0;
}

int fleet_purl_parse(struct arena *a, struct slice text, struct fleet_purl *out, struct err *e)
{
    struct err unfit = {0};
    struct product_purl *parts;
    *out = (struct fleet_purl){0};
    if (text.len == 0 || text.len > IDENTIFIER_LIMIT)
        return 0;
    parts = arena_new(a, 1, sizeof *parts);
    if (!parts)
        return err_memory(e);
    if (product_purl_parse(a, text, PRODUCT_PURL_LENIENT, parts, &unfit) != 0)
        return unfit.kind == ERR_MEMORY ? err_memory(e) : 0;
    out->parts = parts;
    out->version = parts->version;
    out->ok = true;
    struct product_purl source = *parts;
    source.name = fleet_package_source(parts, &out->source_version);
    if (keep_written(a, parts, 0, &out->base, e) != 0 ||
        keep_written(a, parts, PRODUCT_PURL_VERSION | PRODUCT_PURL_QUALIFIERS, &out->canonical,
                     e) != 0 ||
        (source.name.len && keep_written(a, &source, 0, &out->source, e) != 0))
        return -1;
    return fleet_purl_epoch(a, out, &out->version, e);
}

/* "1.*": what a range can read */
static int version_text(struct arena *a, const struct product_cpe_value *v, struct slice *out,
                        struct err *e)
{
    struct buf b;
    if (v->kind != PRODUCT_CPE_TEXT)
        return 0;
    buf_init(&b);
    buf_puts(&b, v->before == PRODUCT_CPE_STAR ? "*" : "");
    for (int i = 0; i < v->before; i++)
        buf_putc(&b, '?');
    buf_put_slice(&b, v->text);
    buf_puts(&b, v->after == PRODUCT_CPE_STAR ? "*" : "");
    for (int i = 0; i < v->after; i++)
        buf_putc(&b, '?');
    int result = keep(a, &b, out, e);
    buf_fini(&b);
    return result;
}

int fleet_cpe_parse(struct arena *a, struct slice text, struct fleet_cpe *out, struct err *e)
{
    struct err unfit = {0};
    struct product_cpe *name;
    struct buf b;
    *out = (struct fleet_cpe){0};
    if (text.len == 0 || text.len > IDENTIFIER_LIMIT)
        return 0;
    name = arena_new(a, 1, sizeof *name);
    if (!name)
        return err_memory(e);
    if (product_cpe_parse(a, text, PRODUCT_CPE_LENIENT, name, &unfit) != 0)
        return unfit.kind == ERR_MEMORY ? err_memory(e) : 0;
    out->name = name;
    buf_init(&b);
    out->ok = product_cpe_key(name, &b);
    int result = keep(a, &b, &out->product, e);
    buf_fini(&b);
    return result == 0 ? version_text(a, &name->at[PRODUCT_CPE_VERSION], &out->version, e) : -1;
}
