/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Schema, draft 2020-12: what a document's shape must be, as a graph of read-only nodes, and
 * one walk that compares a document with it. Nodes are static tables (generated from a published
 * schema) or compiled from a schema's own text (base/json_schema_compile.h).
 *
 * Known keywords: type, enum, const, properties, required, additionalProperties, propertyNames,
 * patternProperties, minProperties, maxProperties, dependentRequired, items, prefixItems, contains,
 * minContains, maxContains, minItems, maxItems, uniqueItems, minLength, maxLength, pattern, format
 * (asserted), minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, allOf, anyOf,
 * oneOf, not, if/then/else, $ref, unevaluatedProperties.
 *
 * Costs: one visit a value and schema that applies to it; uniqueItems is linear (by hashes).
 * Patterns run with a limit on steps: a text for which it is reached does not match, and the fault
 * says so.
 */
#ifndef BASE_JSON_SCHEMA_H
#define BASE_JSON_SCHEMA_H

#include "base/json.h"
#include "base/json_pattern.h"

enum json_schema_types {
    JSON_SCHEMA_NULL = 1,
    JSON_SCHEMA_BOOLEAN = 2,
    JSON_SCHEMA_NUMBER = 4,
    JSON_SCHEMA_STRING = 8,
    JSON_SCHEMA_ARRAY = 16,
    JSON_SCHEMA_OBJECT = 32,
    JSON_SCHEMA_INTEGER = 64,
};

enum json_schema_format {
    JSON_FORMAT_NONE,
    JSON_FORMAT_DATE_TIME, /* RFC 3339 section 5.6 */
    JSON_FORMAT_DATE,
    JSON_FORMAT_TIME,
    JSON_FORMAT_URI, /* RFC 3986 section 3 */
    JSON_FORMAT_URI_REFERENCE,
    JSON_FORMAT_UUID,  /* RFC 4122 */
    JSON_FORMAT_EMAIL, /* RFC 5321 section 4.1.2, Mailbox without comments */
    JSON_FORMAT_HOSTNAME,
    JSON_FORMAT_IPV4,
    JSON_FORMAT_IPV6,
    JSON_FORMAT_JSON_POINTER, /* RFC 6901 */
    JSON_FORMAT_REGEX,
};

struct json_schema;

struct json_schema_member {
    struct slice name;
    const struct json_schema *schema; /* NULL: it is only required */
    bool required;
    uint32_t sum; /* json_name_sum of the name */
};

struct json_schema_patterned {
    unsigned pattern; /* number + 1 */
    const struct json_schema *schema;
};

/* Lists of schemas end with NULL. Zero of a member: the keyword is not there. */
struct json_schema {
    uint8_t types; /* json_schema_types; 0: any */
    uint8_t format;
    bool never;         /* the schema `false` */
    bool unique;        /* uniqueItems */
    bool closed;        /* additionalProperties: false */
    bool closed_behind; /* unevaluatedProperties: false */
    bool has_minimum, has_maximum, minimum_open, maximum_open;
    bool has_most; /* max_… are given */
    bool
        combined; /* never, constants, ref, all_of, any_of, one_of, negated or condition is given */
    unsigned pattern; /* number + 1 */
    uint32_t min_length, min_items, min_properties;
    uint32_t member_count, required_count;
    const struct json_schema_member *members; /* properties, and what is only required */
    const struct json_schema *items;          /* behind those of prefix */
    const struct slice *names;                /* enum or const of strings; ends with data NULL */
    /* combined of others, or seldom: behind the first 64 bytes */
    const struct slice *constants; /* enum or const of others: their JSON, canonical */
    const struct json_schema *ref;
    const struct json_schema *const *all_of;
    const struct json_schema *const *any_of;
    const struct json_schema *const *one_of;
    const struct json_schema *negated;
    const struct json_schema *condition, *when_true, *when_false;
    const struct json_schema *additional; /* additionalProperties as a schema */
    const struct json_schema *member_names;
    const struct json_schema_patterned *patterned; /* ends with pattern 0 */
    const struct json_schema *const *prefix;
    const struct json_schema *contains;
    uint32_t prefix_count, min_contains;
    uint32_t max_length, max_items, max_properties, max_contains; /* UINT32_MAX: no limit */
    double minimum, maximum, multiple_of;
};

/* A schema as a whole with the patterns that its nodes number. */
struct json_schema_set {
    const char *id; /* of the root */
    const struct json_schema *root;
    const struct json_pattern *patterns;
    size_t pattern_count;
};

/* A place where the document is not as it must be. */
struct json_schema_fault {
    const struct json_value *at;
    const char *keyword; /* "required", "type", … */
    struct slice member; /* the member that is missing, or may not be there; else empty */
    const char *text;    /* for people, valid during the call only */
};

struct json_schema_checker;

/* For one thread; patterns are compiled at their first use. NULL and e set: no memory. */
struct json_schema_checker *json_schema_checker_new(const struct json_schema_set *set,
                                                    struct err *e) MUST_CHECK;
void json_schema_checker_free(struct json_schema_checker *c);
/*
 * For schemas of strangers, which may ask for work that grows exponentially with their size: every
 * comparison of a value with a part of a schema takes one off *work, every pattern some more; when
 * nothing is left, json_schema_check gives ERR_LIMIT "json.schema-work". Several checkers may share
 * it. NULL, as at first: no limit.
 */
void json_schema_checker_limit(struct json_schema_checker *c, uint64_t *work);

/*
 * Compares value with schema (NULL: the set's root) and calls report for each fault, in the order
 * of the walk. 0: done, *valid says how it went; -1: it could not be found out (memory, report said
 * no). strict: every object whose properties are named is closed; what may not be there is reported
 * with the keyword "additionalProperties", and other faults of texts, numbers and lists are not
 * looked for.
 */
int json_schema_check(struct json_schema_checker *c, const struct json_value *value,
                      const struct json_schema *schema, bool strict,
                      int (*report)(void *context, const struct json_schema_fault *fault),
                      void *context, bool *valid, struct err *e) MUST_CHECK;

/* Does text have this format? */
bool json_format_valid(enum json_schema_format format, struct slice text);
/* Its name in schemas ("date-time") and what is expected, for people; NULL for none. */
const char *json_format_name(enum json_schema_format format);
const char *json_format_expected(enum json_schema_format format);

#endif
