/* SPDX-License-Identifier: Apache-2.0 */
/* The rules between the constraints of a `vers:` text (core specification, canonical form). */
#include "base/map.h"
#include "product/vers_internal.h"

static void check_version(const struct product_vers *v, const struct product_vers_constraint *c,
                          struct vers_findings *f)
{
    if (c->version.len == 0)
        return;
    if (!v->scheme->valid(c->version)) {
        product_vers_find(f, PRODUCT_VERS_VERSION, c->at, c->len,
                          "this is no version of the range's type");
        return;
    }
    if (strcmp(v->scheme->name, "datetime") == 0 && (memchr(c->version.data, 't', c->version.len) ||
                                                     memchr(c->version.data, 'z', c->version.len)))
        product_vers_find(f, PRODUCT_VERS_FORM, c->at, c->len,
                          "the canonical form of a time has capital T and Z");
}

static void check_order(const struct product_vers *v, struct vers_findings *f)
{
    for (size_t i = 1; i < v->count; i++) {
        const struct product_vers_constraint *c = &v->constraints[i];
        enum product_order order =
            product_version_compare(v->scheme, v->constraints[i - 1].version, c->version);
        if (order == PRODUCT_EQUAL)
            product_vers_find(f, PRODUCT_VERS_DUPLICATE, c->at, c->len,
                              "this version is there twice");
        else if (order == PRODUCT_GREATER)
            product_vers_find(f, PRODUCT_VERS_ORDER, c->at, c->len,
                              "the constraints are not sorted by version");
    }
}

/* Where no order is known, the same text twice is still the same version twice. */
static int check_texts(const struct product_vers *v, struct vers_findings *f, struct err *e)
{
    struct map seen;
    int result = 0;
    if (v->count < 2)
        return 0;
    map_init(&seen);
    for (size_t i = 0; i < v->count && result == 0; i++) {
        const struct product_vers_constraint *c = &v->constraints[i];
        if (map_get(&seen, c->version))
            product_vers_find(f, PRODUCT_VERS_DUPLICATE, c->at, c->len,
                              "this version is there twice");
        else if (map_set(&seen, c->version, (void *)c) != 0)
            result = err_memory(e);
    }
    map_fini(&seen);
    return result;
}

static void check_sequence(const struct product_vers *v, struct vers_findings *f)
{
    const struct product_vers_constraint *before = NULL; /* ignoring '!=' */
    const struct product_vers_constraint *bound = NULL;  /* ignoring '=', too */
    for (size_t i = 0; i < v->count; i++) {
        const struct product_vers_constraint *c = &v->constraints[i];
        enum product_comparator op = c->comparator;
        if (op == PRODUCT_IS_NOT)
            continue;
        if (before && before->comparator == PRODUCT_IS && product_vers_downward(op) &&
            !(bound && product_vers_upward(bound->comparator)))
            product_vers_find(f, PRODUCT_VERS_SEQUENCE, c->at, c->len,
                              "a single version cannot be followed by '<' or '<='");
        else if (bound && product_vers_upward(bound->comparator) && product_vers_upward(op))
            product_vers_find(f, PRODUCT_VERS_SEQUENCE, c->at, c->len,
                              "'>' or '>=' must be followed by '<' or '<='");
        else if (bound && product_vers_downward(bound->comparator) && product_vers_downward(op))
            product_vers_find(f, PRODUCT_VERS_SEQUENCE, c->at, c->len,
                              "'<' or '<=' must be followed by '>' or '>='");
        else if (bound && product_vers_upward(bound->comparator) && op == PRODUCT_IS)
            product_vers_find(f, PRODUCT_VERS_REDUNDANT, c->at, c->len,
                              "this single version lies within the interval around it");
        before = c;
        if (op != PRODUCT_IS)
            bound = c;
    }
}

int product_vers_check(const struct product_vers *v, bool vls, struct vers_findings *f,
                       struct err *e)
{
    bool ordered = v->supported && !vls, readable = true;
    for (size_t i = 0; i < f->count; i++)
        readable = readable && f->item[i].fault > PRODUCT_VERS_SPECIAL;
    /* of a text that is none, it says nothing that its pieces are no versions */
    for (size_t i = 0; i < v->count && ordered && readable; i++)
        check_version(v, &v->constraints[i], f);
    if (ordered)
        check_order(v, f);
    else if (check_texts(v, f, e) != 0)
        return -1;
    check_sequence(v, f);
    return 0;
}
