/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/listing_store.h"
#include "crypto/digest.h"
#include "fleet/name.h"

#include <stdio.h>

static int key_of(struct arena *a, enum fleet_name_kind kind, struct slice name, struct slice *key,
                  struct err *e)
{
    struct fleet_name normal;

    *key = slice_str("");
    if (fleet_name_normalise(a, kind, name, &normal, e) != 0)
        return -1;
    if (normal.count)
        *key = normal.forms[0].text;
    return 0;
}

int fleet_listing_key(struct arena *a, struct slice name, struct slice *key, struct err *e)
{
    return key_of(a, FLEET_NAME_PRODUCT, name, key, e);
}

/* ---- products ----------------------------------------------------------------------------------
 */

struct described {
    struct slice vendor, name, version;
};

/* What the branches above a product say of it; without branches, only its whole name is known. */
static struct described describe(const struct csaf_product *product)
{
    struct described d = {.name = slice_of(NULL, 0)};
    struct slice family = slice_of(NULL, 0);

    for (const struct csaf_branch *b = product->branch; b; b = b->parent) {
        if (b->category == CSAF_BRANCH_VENDOR)
            d.vendor = b->name;
        if (b->category == CSAF_BRANCH_PRODUCT_NAME && !d.name.len)
            d.name = b->name;
        if (b->category == CSAF_BRANCH_PRODUCT_FAMILY && !family.len)
            family = b->name;
        if ((b->category == CSAF_BRANCH_PRODUCT_VERSION ||
             b->category == CSAF_BRANCH_PRODUCT_VERSION_RANGE) &&
            !d.version.len)
            d.version = b->name;
    }
    if (!d.name.len)
        d.name = family.len ? family : product->name;
    return d;
}

/* Finds the product of these keys, or makes it. */
static int product_id(struct change *c, const struct described *d, char id[ID_TEXT], struct err *e)
{
    struct slice vendor_key;
    struct slice name_key;
    struct db_query q;

    if (key_of(c->arena, FLEET_NAME_VENDOR, d->vendor, &vendor_key, e) != 0 ||
        key_of(c->arena, FLEET_NAME_PRODUCT, d->name, &name_key, e) != 0)
        return -1;
    int found = db_find(&q, c->db, e, SQL_PRODUCT_BY_KEY, DB_SLICE(name_key), DB_SLICE(vendor_key));
    if (found == 1)
        snprintf(id, ID_TEXT, "%s", db_text(&q, 0));
    db_query_finish(&q);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (change_id(c, "prd", id, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_PRODUCT_KEEP, DB_TEXT(id),
                  DB_SLICE(d->vendor.len ? d->vendor : slice_str("")), DB_SLICE(d->name),
                  DB_SLICE(vendor_key), DB_SLICE(name_key)) < 0
               ? -1
               : 0;
}

int fleet_products_keep(struct change *c, const char *revision,
                        const struct csaf_document *document, size_t from, size_t count,
                        struct err *e)
{
    for (size_t i = from; i < document->product_count && i < from + count; i++) {
        const struct csaf_product *product = &document->products[i];
        const struct described d = describe(product);
        char id[ID_TEXT];
        if (product_id(c, &d, id, e) != 0 ||
            db_run(c->db, e, SQL_PRODUCT_NAMED_KEEP, DB_TEXT(revision), DB_INT((int64_t)i),
                   DB_TEXT(id), DB_SLICE(product->id), DB_SLICE(product->name),
                   DB_SLICE(d.version)) < 0)
            return -1;
    }
    return 0;
}

/* ---- components --------------------------------------------------------------------------------
 */

static int component_id(struct change *c, const struct fleet_identity *identity, char id[ID_TEXT],
                        struct err *e)
{
    uint8_t digest[32];
    struct db_query q;

    if (sha256(identity->canonical, digest) != 0)
        return err_memory(e);
    int found = db_find(&q, c->db, e, SQL_COMPONENT_BY_IDENTITY, DB_BYTES(digest, 32));
    if (found == 1)
        snprintf(id, ID_TEXT, "%s", db_text(&q, 0));
    db_query_finish(&q);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (change_id(c, "cmp", id, e) != 0)
        return -1;
    struct slice none = slice_of(NULL, 0);
    struct slice name = identity->label.len ? identity->label : slice_str("");
    return db_run(c->db, e, SQL_COMPONENT_KEEP, DB_TEXT(id), DB_BYTES(digest, 32),
                  DB_SLICE(identity->purl.len ? identity->purl : name), DB_SLICE(name),
                  DB_SLICE(identity->version.len ? identity->version : none),
                  DB_SLICE(identity->vendor.count ? identity->vendor.forms[0].text : none),
                  DB_SLICE(identity->purl.len ? identity->purl : none)) < 0
               ? -1
               : 0;
}

int fleet_components_keep(struct change *c, const struct fleet_class *class, size_t from,
                          size_t count, struct err *e)
{
    for (size_t i = from; i < class->count && i < from + count; i++) {
        char id[ID_TEXT];
        if (class->identities[i].kind != FLEET_SOFTWARE)
            continue;
        if (component_id(c, &class->identities[i], id, e) != 0 ||
            db_run(c->db, e, SQL_CLASS_COMPONENT_KEEP, DB_BYTES(class->digest, 32), DB_TEXT(id)) <
                0)
            return -1;
    }
    return 0;
}
