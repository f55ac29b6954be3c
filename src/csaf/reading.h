/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CSAF document of version 2.0 or 2.1 as a reader meets it: which products there are, by which
 * path, and in which groups. For showing and comparing, also of a document that is not valid: what
 * is missing is empty, of what is defined twice the first holds. What is wrong says
 * csaf/validate.h.
 *
 * All slices point into the document, which lives as long as the reading; read-only, may be shared.
 */
#ifndef CSAF_READING_H
#define CSAF_READING_H

#include "base/err.h"
#include "base/json.h"
#include "base/slice.h"

struct csaf_reading_branch {
    struct slice category; /* as written: "product_name" */
    struct slice name;
    const struct csaf_reading_branch *parent;
    size_t index;
};

struct csaf_reading_product;

/* "installed_on" and the product that it leads to. */
struct csaf_reading_step {
    struct slice category;
    struct slice id;
    const struct csaf_reading_product *product; /* NULL: the document defines no such product */
};

struct csaf_reading_product {
    struct slice id;
    struct slice name;                        /* full_product_name */
    const struct json_value *helper;          /* product_identification_helper, or NULL */
    const struct csaf_reading_branch *branch; /* innermost; NULL: not from branches */
    const struct csaf_reading_branch *family; /* innermost on its path that is a vendor, a family or
                                               * a name; NULL: none */
    struct slice begins_id;                   /* of a relationship (2.0) or product path (2.1) */
    const struct csaf_reading_product *begins;
    const struct csaf_reading_step *steps;
    size_t step_count; /* 0: neither */
    /* "Vendor / Product / Version", or "X installed on Y"; at most CSAF_READING_LABEL bytes. */
    struct slice label;
    /* What is left of the path below the family: the version; empty: nothing. */
    struct slice which;
    size_t index;
};

struct csaf_reading_group {
    struct slice id;
    struct slice summary;
    const struct csaf_reading_product **products;
    size_t count;
};

enum { CSAF_READING_LABEL = 240 };

struct csaf_reading {
    struct slice version; /* "2.0", "2.1", or what stands there */
    bool is_2_1;
    const struct json_value *root, *document, *tracking, *publisher, *vulnerabilities;
    const struct csaf_reading_product *products; /* in the order of the text */
    size_t product_count;
    size_t branch_count;
    const struct csaf_reading_group *groups;
    size_t group_count;
};

/*
 * 0 and *out for csaf_reading_free. text must outlive it. -1: no JSON ("json.…"), no object with
 * /document ("csaf.not-csaf"), ERR_LIMIT, ERR_MEMORY.
 */
int csaf_reading_open(struct csaf_reading **out, struct slice text, struct err *e) MUST_CHECK;
void csaf_reading_free(struct csaf_reading *r);

const struct csaf_reading_product *csaf_reading_product_find(const struct csaf_reading *r,
                                                             struct slice id);
const struct csaf_reading_group *csaf_reading_group_find(const struct csaf_reading *r,
                                                         struct slice id);

/* "installed on" for "installed_on": underscores are spaces; at most size - 1 bytes. */
void csaf_reading_words(struct slice name, char *out, size_t size);

#endif
