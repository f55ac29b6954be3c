/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what the tests of section 6 see of one document, and how they say what they find.
 * A test must stand documents of any shape: the schema may have failed. Reading functions of
 * base/json.h take NULL and wrong types, and answer "not there".
 */
#ifndef CSAF_VALIDATION_H
#define CSAF_VALIDATION_H

#include "base/map.h"
#include "csaf/validate.h"

/* Where a full product name or a product group is defined. */
enum csaf_defined_in {
    CSAF_IN_BRANCH,       /* /product_tree/branches/…/product */
    CSAF_IN_LIST,         /* /product_tree/full_product_names */
    CSAF_IN_RELATIONSHIP, /* 2.0: /product_tree/relationships */
    CSAF_IN_PATH,         /* 2.1: /product_tree/product_paths */
    CSAF_IN_GROUPS,       /* a group: /product_tree/product_groups */
};

struct csaf_definition {
    struct slice id;
    const struct json_value *id_value; /* NULL: it has none */
    const struct json_value *value;    /* the full product name, or the group */
    const struct json_value *holder; /* the branch, relationship or path that holds it, or value */
    const struct csaf_definition *first; /* of the same id, itself when it is the first */
    enum csaf_defined_in in;
    size_t index; /* in v->products or v->groups */
};

/* What a product id or group id stands for where it is used. */
enum csaf_role {
    CSAF_USE_GROUP,      /* /product_tree/product_groups/…/product_ids */
    CSAF_USE_REFERENCE,  /* 2.0: relationships/…/product_reference; 2.1: beginning_… */
    CSAF_USE_RELATES_TO, /* 2.0: relates_to_product_reference; 2.1: next_product_reference */
    CSAF_USE_STATUS,     /* product_status */
    CSAF_USE_METRIC,     /* 2.0: scores; 2.1: metrics */
    CSAF_USE_REMEDIATION,
    CSAF_USE_THREAT,
    CSAF_USE_FLAG,
    CSAF_USE_NOTE, /* of the document or a vulnerability */
    CSAF_USE_ID,
    CSAF_USE_INVOLVEMENT,
    CSAF_USE_EXPLOITATION, /* first_known_exploitation_dates */
};

struct csaf_use {
    const struct json_value *value; /* the id where it is used */
    enum csaf_role role;
    const struct json_value *vulnerability; /* NULL: outside of vulnerabilities */
    const struct json_value *item; /* the object that uses it; for a status, the product_status */
    struct slice status;           /* CSAF_USE_STATUS: "known_affected" */
    const struct csaf_definition *defined; /* the id's first definition; NULL: nowhere */
};

/* Product ids, or group ids, that a document defines or uses: each once, with a number. */
struct csaf_ids {
    struct map numbers; /* id -> number + 1 */
    struct csaf_numbered {
        struct slice text;
        const struct csaf_definition *defined; /* first; NULL: nowhere */
    } * at;                                    /* by number */
    uint32_t count, room;
    /* the numbers that are tried first: behind the last, and where the last list began */
    uint32_t next, start;
};
enum { CSAF_NO_ID = UINT32_MAX };

struct csaf_reach;

/* csaf/validate/revision.h */
struct csaf_history {
    struct csaf_history_item *at;
    size_t count;
};

struct csaf_validation {
    struct csaf_validator *validator;
    enum csaf_version version;
    const struct json_doc *doc;
    const struct json_value *root, *document, *tracking, *product_tree, *vulnerabilities;
    int64_t now;
    bool schema_valid; /* the schema found nothing */

    /* the index; in the order of the text */
    struct csaf_definition *products; /* every full product name, also of an id defined before */
    size_t product_count;
    struct csaf_definition *groups;
    size_t group_count;
    const struct csaf_use *product_uses;
    size_t product_use_count;
    const struct csaf_use *group_uses;
    size_t group_use_count;
    struct csaf_ids product_ids, group_ids;
    /* by json_order: of a value that is in an id's place its number + 1, else 0 */
    uint32_t *id_numbers;

    struct csaf_reach *reach; /* csaf/validate/reach.h; NULL: not asked for yet */

    struct arena *arena;      /* of the test under way, for its own needs; then emptied */
    struct arena *kept_arena; /* the result's: findings' texts, and what outlives a test */
    struct err *e;            /* set: out of memory, the result is void */

    /* the test under way */
    const struct csaf_test *test;
    enum csaf_severity severity;          /* of csaf_find */
    struct csaf_finding *findings, *last; /* last: NULL when it was not kept */
    size_t kept, room, count, failures;
    const char *not_run;
    uint64_t schema_work; /* left for the schemas of extensions */

    bool has_paths;              /* a product is defined by others: a relationship, a path */
    struct csaf_history history; /* of csaf_history_sorted; empty until it is asked for */
};

/* Findings. The severity is that of the test's group (error, warning, info). */

/* at: the value that is wrong; never NULL. */
void csaf_find(struct csaf_validation *v, const struct json_value *at, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* The member `under` of at is missing, or stands for more: pointer is at's with "/under" behind. */
void csaf_find_under(struct csaf_validation *v, const struct json_value *at, const char *under,
                     const char *format, ...) PRINTF_LIKE(4, 5);
/* Does not make the test fail. */
void csaf_find_warning(struct csaf_validation *v, const struct json_value *at, const char *format,
                       ...) PRINTF_LIKE(3, 4);
/* What would be right, for the last finding. */
void csaf_suggest(struct csaf_validation *v, const char *format, ...) PRINTF_LIKE(2, 3);
/* The test cannot be run here; reason is static or of the arena. Never silently passed. */
void csaf_not_run(struct csaf_validation *v, const char *reason);
/* Memory ran out: the whole result is void. */
void csaf_no_memory(struct csaf_validation *v);

/* Looking things up */

/* The member when it is an array, else NULL. */
static inline const struct json_value *csaf_array(const struct json_value *object, const char *name)
{
    const struct json_value *member = json_get(object, name);
    return json_is(member, JSON_ARRAY) ? member : NULL;
}
/* The member when it is an object, else NULL. */
static inline const struct json_value *csaf_object(const struct json_value *object,
                                                   const char *name)
{
    const struct json_value *member = json_get(object, name);
    return json_is(member, JSON_OBJECT) ? member : NULL;
}
/* Each item of the vulnerabilities, of whatever type. */
#define csaf_each_vulnerability(item, v) json_each(item, csaf_array((v)->root, "vulnerabilities"))

/*
 * The number in v->product_ids (v->group_ids) of the id that a value is, or CSAF_NO_ID: it is no
 * string, or no such id. A look into a table where the index knows the place as one of an id.
 */
uint32_t csaf_product_number(const struct csaf_validation *v, const struct json_value *id);
uint32_t csaf_group_number(const struct csaf_validation *v, const struct json_value *id);
/* The first definition of the product whose id this value is; NULL: nowhere. */
const struct csaf_definition *csaf_defined_product(const struct csaf_validation *v,
                                                   const struct json_value *id);

/* /document/category, /document/tracking/status, /document/lang, …; empty when absent. */
struct slice csaf_category(const struct csaf_validation *v);
/* Is the category exactly this profile ("csaf_vex")? */
bool csaf_is_profile(const struct csaf_validation *v, const char *profile);
struct slice csaf_tracking_status_of(const struct csaf_validation *v);
/* The TLP label: 2.0 "WHITE", 2.1 "CLEAR"; empty when absent. */
struct slice csaf_tlp_label(const struct csaf_validation *v);

/* Is it https, and does it end with the file name that section 5.1 gives this document? */
bool csaf_is_canonical_url(struct csaf_validation *v, struct slice url);
/* The "url" of the reference that is the document's canonical URL (6.2.11), or NULL. */
const struct json_value *csaf_canonical_url(struct csaf_validation *v);

/* A date-time in microseconds (RFC 3339); false: no string, or no date-time. */
bool csaf_time_of(const struct json_value *value, int64_t *time);

/*
 * Calls visit for each value at path, from root: "vulnerabilities[].threats[].date". Names by '.',
 * "[]" for each element; "branches[]*" for each branch at any depth. Missing values are passed
 * over.
 */
void csaf_visit(struct csaf_validation *v, const char *path,
                void (*visit)(struct csaf_validation *v, const struct json_value *value,
                              void *context),
                void *context);
/* The same for each of a list ended by NULL. */
void csaf_visit_all(struct csaf_validation *v, const char *const *paths,
                    void (*visit)(struct csaf_validation *v, const struct json_value *value,
                                  void *context),
                    void *context);

/* Does text match an ECMA-262 pattern (a table's own)? -1: no memory, or the pattern is none. */
int csaf_pattern_matches(struct csaf_validation *v, const char *pattern, struct slice text,
                         bool *matches) MUST_CHECK;

/* Text as messages quote it: with quotation marks, cut to 60 characters, one line. */
const char *csaf_quote(struct csaf_validation *v, struct slice text);
/* The same, uncut: where the standard wants the value itself in the message. */
const char *csaf_quote_whole(struct csaf_validation *v, struct slice text);

/* Builds the index. -1: no memory. */
int csaf_index(struct csaf_validation *v) MUST_CHECK;
void csaf_index_fini(struct csaf_validation *v);

/* Tests that a preset or a list of ids names, as a set of bits over csaf_tests. */
struct csaf_selection {
    uint64_t bits[CSAF_TESTS_MOST / 64];
};
int csaf_select_preset(struct csaf_selection *s, const char *name, struct err *e) MUST_CHECK;
int csaf_select_test(struct csaf_selection *s, const char *id, struct err *e) MUST_CHECK;

#endif
