/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a CSAF document says, in the form in which it is matched. A *target* is a product that the
 * tree describes; a *criterion* is what a vulnerability says of a product: one target, or with
 * relationships several that must all be there. Owns copies of all it needs: the document may be
 * freed. Read-only after building; may be shared by threads.
 */
#ifndef FLEET_CRITERIA_H
#define FLEET_CRITERIA_H

#include "csaf/document.h"
#include "fleet/class.h"
#include "fleet/name_sketch.h"
#include "fleet/name_vendor.h"
#include "product/cpe.h"
#include "product/purl.h"
#include "product/range.h"

struct fleet_place {
    const char *pointer; /* in the advisory, RFC 6901 */
    size_t line;
};

/* A name under which a product is looked up. */
struct fleet_target_form {
    struct slice text;
    unsigned rules;
    struct slice line;          /* "16" of "STEP 7 V16": only versions of this line; empty: any */
    struct fleet_sketch sketch; /* of the text */
};

enum { FLEET_TARGET_FORMS = 64 };

struct fleet_target {
    struct slice id;    /* product id */
    struct slice label; /* full product name */
    struct fleet_place place;
    struct fleet_name vendor;
    struct fleet_vendor vendors; /* with what else the vendor is called; count 0: none is named */
    struct fleet_name product;   /* product_name branch, or the full product name */
    struct fleet_name family;    /* product_family branch */
    struct slice except;         /* normal form of what the name excepts of its line; or empty */
    /* the forms under which the product is looked up */
    const struct fleet_target_form *forms;
    size_t form_count;
    struct product_range range;
    /* the range as the full product name words it, where that can be read: a second opinion, for
     * advisories that contradict themselves; kind OPAQUE: none */
    struct product_range worded;
    struct slice condition; /* under which the range holds, of a source that says so apart */
    struct slice range_text;
    struct fleet_place range_place;
    struct fleet_strings models; /* model numbers: helper's and those in the name; wildcards kept */
    struct fleet_strings skus;   /* like models */
    struct fleet_strings serials;       /* raw patterns; `?` one character, `*` any number */
    struct slice purl;                  /* canonical, without version and qualifiers */
    struct slice purl_full;             /* canonical, with them */
    struct slice cpe;                   /* "part:vendor:product", lower case */
    struct slice cpe_full;              /* as the advisory writes it */
    const struct product_purl *package; /* the purl's parts; NULL: none */
    const struct product_cpe *platform; /* the CPE's attributes; NULL: none */
    struct fleet_strings hashes;        /* "sha-256:0a1b…" */
    struct fleet_strings uris;
    bool whole;               /* no branches: vendor, product and version stand in one text */
    bool any_vendor;          /* the advisory names no vendor in particular ("multiple") */
    const uint32_t *criteria; /* that have it as an operand */
    size_t criterion_count;
    /* targets that are one product in several versions are a chain: 1 + the first of them, and the
     * next one (0: the last). leader 0: not known, compared by itself */
    uint32_t leader, next;
};

/* One product that has to be there. Of a relationship "A installed_on B" the first is A, and B says
 * in which relation it stands to what comes before it. */
struct fleet_operand {
    const struct fleet_target *target;
    enum csaf_relation relation; /* of all but the first */
};

/* Where a criterion is used: a claim of a vulnerability. */
struct fleet_use {
    uint32_t vulnerability;
    uint32_t claim;
};

/* Operands of a criterion at most; a chain of relationships that is longer is never decided. */
enum { FLEET_OPERANDS = 8 };

struct fleet_criterion {
    const struct fleet_operand *operands; /* all must hold */
    size_t operand_count;
    bool partial; /* there were more than FLEET_OPERANDS */
    const struct fleet_use *uses;
    size_t use_count;
    struct slice product; /* product id that the vulnerability names */
    struct slice label;
    struct fleet_place place;
};

struct fleet_remedy {
    enum csaf_remedy category;
    struct slice details;
    struct slice url;
    struct slice date;
    const uint32_t *criteria; /* indices, sorted; NULL: all */
    size_t count;
    bool everywhere;
};

struct fleet_claim {
    uint32_t criterion;
    enum csaf_status status;
    struct slice flag;   /* justification of known_not_affected; empty: none */
    struct slice impact; /* the same in words; empty: none */
    struct fleet_place place;
};

struct fleet_vulnerability {
    struct slice name; /* CVE or what stands for it */
    struct slice title;
    const struct fleet_claim *claims;
    size_t claim_count;
    const struct fleet_remedy *remedies;
    size_t remedy_count;
};

struct fleet_criteria {
    enum csaf_source source;
    struct slice namespace;
    struct slice id;
    struct slice version;
    struct slice title;
    const struct fleet_target *targets;
    size_t target_count;
    const struct fleet_criterion *criteria;
    size_t criterion_count;
    const struct fleet_vulnerability *vulnerabilities;
    size_t vulnerability_count;
    struct arena arena;
};

/* 0 and *out; -1 with ERR_MEMORY. */
int fleet_criteria_build(struct fleet_criteria **out, const struct csaf_document *document,
                         struct err *e) MUST_CHECK;
void fleet_criteria_free(struct fleet_criteria *criteria);

#endif
