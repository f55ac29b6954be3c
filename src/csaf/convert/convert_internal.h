/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The converter's own: a tree of nodes that can be changed, each of which knows where in the
 * original it comes from. Everything lives in one arena. A failure (memory, a limit) is remembered
 * in the converter and checked at the end of each part.
 */
#ifndef CSAF_CONVERT_INTERNAL_H
#define CSAF_CONVERT_INTERNAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/map.h"
#include "csaf/convert.h"

enum { JSON_POINTER_DEPTH = 80 }; /* over json_limits_advisory.depth */

enum convert_category { /* of a branch, as bits; legacy is none any more */
                        BRANCH_ARCHITECTURE = 1 << 0,
                        BRANCH_HOST_NAME = 1 << 1,
                        BRANCH_LANGUAGE = 1 << 2,
                        BRANCH_PATCH_LEVEL = 1 << 3,
                        BRANCH_PLATFORM = 1 << 4,
                        BRANCH_FAMILY = 1 << 5,
                        BRANCH_NAME = 1 << 6,
                        BRANCH_VERSION = 1 << 7,
                        BRANCH_RANGE = 1 << 8,
                        BRANCH_SERVICE_PACK = 1 << 9,
                        BRANCH_SPECIFICATION = 1 << 10,
                        BRANCH_VENDOR = 1 << 11,
                        BRANCH_CATEGORIES = 12,
};

struct node {
    const uint8_t *name;       /* of a member */
    const struct node *home;   /* parent in the original; NULL: root, or made by a rule */
    const struct node *source; /* made by a rule: the node that gave rise to it */
    struct node *next;
    union {
        struct slice text; /* string (decoded) or number (as written) */
        struct {
            struct node *first, *last;
        } in; /* array, object */
    };
    uint32_t name_len;
    uint32_t index;  /* among the elements of home */
    uint32_t offset; /* in the text */
    uint16_t mask;   /* of a branch: categories at and below it */
    uint8_t type;    /* enum json_type */
};

struct convert_product {
    struct slice id;
    struct node *node;   /* full_product_name_t */
    struct node *branch; /* that holds it, or NULL */
    struct node *group;  /* nearest product_name or product_family at or above, or NULL */
    const struct convert_product *begins; /* of a relationship: product_reference */
    size_t index;                         /* in the order of the text */
    uint32_t stamp;                       /* turn in which what follows was set */
    uint32_t status;                      /* bits of convert_status */
    uint8_t fix;                          /* bits: see convert_remediation.c */
    uint32_t seen;                        /* turn in which it was met */
};

struct convert_group {
    struct slice id;
    struct convert_product **products;
    size_t count;
};

struct converter {
    struct csaf_conversion result;
    struct csaf_convert_options options;
    struct arena arena;
    struct buf out;
    struct json_doc *json;
    struct slice input;
    struct node *root;
    struct node *document;
    struct slice released;         /* current_release_date of the original */
    bool english;                  /* the language is English or not said */
    struct map products;           /* id -> convert_product */
    struct map groups;             /* id -> convert_group */
    struct convert_product **list; /* in the order of the text */
    size_t product_count, product_room;
    struct csaf_convert_finding *findings;
    size_t finding_count, finding_room;
    size_t *lines; /* offset of each line's first byte */
    size_t line_count;
    uint32_t turn;     /* see convert_product.seen */
    uint32_t stamp;    /* see convert_product.stamp */
    size_t references; /* to products, groups resolved; see CSAF_REFERENCES */
    struct err *e;
};

/* --- the tree: convert_tree.c --- */

struct slice node_name(const struct node *n);
struct node *node_get(const struct node *object, const char *name); /* NULL: none, or no object */
struct slice node_text(const struct node *n);                       /* of a string; else empty */
struct slice node_get_text(const struct node *object, const char *name);
bool node_is(const struct node *n, enum json_type type); /* NULL: false */
bool node_empty(const struct node *container);

/* New nodes; NULL and the failure remembered when memory is short. source: where it comes from. */
struct node *node_new(struct converter *c, enum json_type type, const struct node *source);
struct node *node_string(struct converter *c, struct slice text, const struct node *source);
struct node *node_copy(struct converter *c, const struct node *n); /* with all below */

/* All take NULL for the child and then do nothing. */
void node_append(struct node *container, struct node *child);
void node_prepend(struct node *container, struct node *child);
void node_insert_after(struct node *container, struct node *before, struct node *child);
/* Adds or replaces; name is static or lives in the arena. */
void node_set(struct node *object, const char *name, struct node *child);
void node_set_text(struct converter *c, struct node *object, const char *name, struct slice text,
                   const struct node *source);
/* Takes the member out and gives it, or NULL. */
struct node *node_take(struct node *object, const char *name);

#define node_each(child, container)                                                                \
    for (struct node *child = node_is_container(container) ? (container)->in.first : NULL; child;  \
         child = child->next)
static inline bool node_is_container(const struct node *n)
{
    return n && (n->type == JSON_ARRAY || n->type == JSON_OBJECT);
}

/* Keeps the elements for which keep says so. */
void node_filter(struct converter *c, struct node *container,
                 bool (*keep)(struct converter *c, struct node *element));
/* Drops elements equal to an earlier one, told under rule; gives how many. */
size_t node_unique(struct converter *c, struct node *array, const char *rule, const char *what);

/* Reads the original by the shape of CSAF 2.0: convert_shape.c. -1: set in c->e. */
int convert_read(struct converter *c) MUST_CHECK;
/* The branch bit of a category's name; 0: none. */
unsigned convert_category(struct slice name);

/* --- what is told: convert.c --- */
void convert_tell(struct converter *c, enum csaf_convert_kind kind, const char *rule,
                  const struct node *n, const char *format, ...) PRINTF_LIKE(5, 6);
void convert_tell_value(struct converter *c, enum csaf_convert_kind kind, const char *rule,
                        const struct node *n, struct slice value, const char *format, ...)
    PRINTF_LIKE(6, 7);
bool convert_failed(const struct converter *c);
struct slice convert_slice(struct converter *c, struct buf *b); /* copied; b is ended */
void convert_pointer(const struct node *n, struct buf *out);    /* into the original */
void convert_pointer_token(struct buf *out, struct slice name);

/* --- the parts, in this order --- */
void convert_document(struct converter *c);   /* convert_document.c */
void convert_branches(struct converter *c);   /* convert_branches.c */
void convert_products(struct converter *c);   /* convert_product.c: index, paths */
bool convert_cpe_is_valid(struct slice text); /* convert_cpe.c */
void convert_helper(struct converter *c, struct node *product); /* convert_identification.c */
void convert_vulnerabilities(struct converter *c);              /* convert_vulnerability.c */
void convert_notes(struct converter *c);                        /* convert_note.c */
void convert_profile(struct converter *c);                      /* convert_profile.c */

/* Of the written result: whether it is valid, and faults for what the schema and the mandatory
 * tests of 2.1 find in it. verdict.c */
void convert_judge(struct converter *c);

/* Parts of a vulnerability. */
void convert_cwe(struct converter *c, struct node *vulnerability);
void convert_ids(struct converter *c, struct node *vulnerability);
void convert_metrics(struct converter *c, struct node *vulnerability);
void convert_ssvc(struct converter *c, struct node *vulnerability);
void convert_remediations(struct converter *c, struct node *vulnerability);
/* The vulnerability's metrics, made when there are none. */
struct node *convert_metrics_of(struct converter *c, struct node *vulnerability);
/* An array of the ids of the products that it affects, each once. */
struct node *convert_affected(struct converter *c, const struct node *vulnerability,
                              const struct node *source);

/* The products of an object with product_ids and group_ids, each once; the count may be 0. */
struct convert_product **convert_targets(struct converter *c, const struct node *object,
                                         size_t *count);
/* Counts references to products that are followed; over CSAF_REFERENCES it fails. */
void convert_count(struct converter *c, size_t more);
struct convert_product *convert_product_find(const struct converter *c, struct slice id);

/* A range: its last constraint. convert_range.c */
struct convert_range {
    bool understood;     /* vers or vls */
    struct slice scheme; /* "vers:x/", or empty */
    size_t constraints;
    struct slice last_comparator; /* "<", ">=", "" */
    struct slice last_version;
    struct slice before; /* all up to the last constraint, with its '|' */
};
struct convert_range convert_range_read(struct slice text);
/*
 * What differs from a VERS range or its constraints only in spaces ("< V7.4 SP1"), or by the type
 * "all" that takes no constraint, in the form that CSAF 2.1 asks for ("<V7.4%20SP1"). Empty: it is
 * so already, or is something else.
 */
struct slice convert_range_canonical(struct converter *c, struct slice text);
/* A version out of a range, as a product_version says it: "%20" is a space. */
struct slice convert_range_version(struct converter *c, struct slice version);

#endif
