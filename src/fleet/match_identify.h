/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: is a component the product that an advisory means, how surely, and by which rule?
 * Cheap: nothing is written down here; match_explain.c says it in words afterwards.
 */
#ifndef FLEET_MATCH_IDENTIFY_H
#define FLEET_MATCH_IDENTIFY_H

#include "fleet/match.h"
#include "fleet/name_vendor.h"

/* How two things were found to be one; the order is that of how specific a rule is. */
enum fleet_identity_rule {
    FLEET_BY_NOTHING,
    FLEET_BY_PREFIX,        /* the advisory's name is the beginning of ours */
    FLEET_BY_LESS_SPECIFIC, /* our name is the beginning of the advisory's */
    FLEET_BY_FAMILY,
    FLEET_BY_DEVICE_FIRMWARE, /* firmware installed on a device that is there */
    FLEET_BY_MISSPELT_PRODUCT,
    FLEET_BY_SUFFIX,           /* one side puts the family in front of the model */
    FLEET_BY_PATTERN,          /* "RLC-4XX" */
    FLEET_BY_MODEL_IN_VERSION, /* the advisory has the model where a version was due */
    FLEET_BY_NAME,
    FLEET_BY_ABBREVIATED_MODEL,
    FLEET_BY_MODEL_PATTERN, /* wildcards in a model number or SKU */
    FLEET_BY_MODEL,
    FLEET_BY_CPE,
    FLEET_BY_PURL,
    FLEET_BY_HASH,
};

enum fleet_vendor_rule {
    FLEET_VENDOR_DIFFERENT,
    FLEET_VENDOR_MISSING, /* one side names none */
    FLEET_VENDOR_PREFIX,  /* one is the beginning of the other */
    FLEET_VENDOR_MISSPELT,
    FLEET_VENDOR_ALIAS,
    FLEET_VENDOR_EQUAL,
};

enum { FLEET_SUBJECT_FORMS = 32, FLEET_SUBJECT_ORDERS = 16 };

/* A pattern begins with at least so many plain letters and digits: by these it is found. */
enum { FLEET_LITERAL_START = 4 };

/* Which value of the inventory a form came from. */
enum fleet_form_source {
    FLEET_FROM_MODEL,
    FLEET_FROM_PRODUCT,
    FLEET_FROM_FAMILY_MODEL, /* family and model together */
    FLEET_FROM_VENDOR_MODEL, /* vendor and name together, for advisories that name no vendor */
    FLEET_FROM_FAMILY,       /* the family alone: less than the model */
};

struct fleet_subject_form {
    struct slice text;
    struct slice compact; /* see fleet_name_compact */
    unsigned rules;
    enum fleet_form_source source;
    struct slice line; /* "4" of "PCS neo V4", without which this form is: only versions of it */
    struct fleet_sketch sketch; /* of the text */
};

/* A component, prepared for many comparisons; lives in the arena it was made in. */
struct fleet_subject {
    const struct fleet_identity *identity;
    struct fleet_vendor vendor;             /* the identity's, with what else it is called */
    struct slice component;                 /* how reasons name it */
    const struct fleet_subject_form *forms; /* at most FLEET_SUBJECT_FORMS */
    size_t form_count;
    const struct slice *orders; /* order numbers, then names read as such; FLEET_SUBJECT_ORDERS */
    size_t order_count;
    size_t real_orders; /* of them that are order numbers */
    struct slice purl_base;
    struct slice purl_source; /* of the source package that it was built from; empty: not said */
    struct slice source_version;
    struct slice cpe;
    const struct product_purl *package; /* NULL: no purl */
    const struct product_cpe *platform; /* NULL: no CPE */
    struct slice named; /* the version in its name, for when the inventory has no other; or empty */
    bool named_rough;   /* that is a line of versions only */
    bool distribution;  /* a package of a distribution, which mends without a new version */
    bool model_missing; /* a device that says no more than its family or product line */
};

struct fleet_identified {
    int confidence; /* 0 to 100 */
    enum fleet_identity_rule rule;
    enum fleet_vendor_rule vendor;
    unsigned rules;         /* enum fleet_name_rule, of both sides */
    struct slice alias;     /* reason of an alias that was needed */
    struct slice advisory;  /* the value that met, in the advisory */
    struct slice inventory; /* and in the inventory */
    struct slice vendor_advisory, vendor_inventory;
    struct slice line;   /* of the form that met: see struct fleet_target_form */
    bool any_version;    /* the rule already says that the version fits (hash, model in version) */
    bool only_unknown;   /* whatever the version: nothing but "unknown" follows */
    bool order_conflict; /* names met, but the order numbers are of siblings */
    bool order_open;     /* the advisory tells models apart by order numbers that we do not have */
    bool edition_open; /* the advisory's CPE names an update, edition or platform, ours does not */
    const char *open;  /* what of a package's qualifiers cannot be told; then only_unknown, too */
    const char *other; /* BY_NOTHING: why what has the same identifier is something else */
    struct slice version; /* to be compared instead of the component's own; empty: that one */
    bool sku_missing;     /* the advisory limits to SKUs, and the inventory names none */
};

/* A name without its spaces, except between two digits: "win cc" and "wincc" are near. */
int fleet_name_compact(struct arena *a, struct slice form, struct slice *out,
                       struct err *e) MUST_CHECK;

/* 0, or -1 (ERR_MEMORY). The identity must outlive the subject. */
int fleet_subject_prepare(struct arena *a, const struct fleet_identity *identity,
                          struct fleet_subject *out, struct err *e) MUST_CHECK;

/* Are two vendors one? cost (may be NULL): what that takes from a confidence. */
enum fleet_vendor_rule fleet_vendor_compare(const struct fleet_vendor *a,
                                            const struct fleet_vendor *b,
                                            const struct fleet_aliases *aliases, int *cost);

/* The best identification of a subject as a target; confidence 0 when there is none. Deterministic:
 * it depends on nothing but its arguments. */
void fleet_identify(const struct fleet_target *target, const struct fleet_subject *subject,
                    const struct fleet_aliases *aliases, struct fleet_identified *out);

#endif
