/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of JSON schemas, as ECMA-262 reads them. json_pattern.c has PCRE2 do it;
 * json_pattern_none.c stands in its place where PCRE2 is not to be asked for (the device's agent):
 * every text matches there, so that a schema says what shape a document has and no more.
 */
#ifndef BASE_JSON_PATTERN_H
#define BASE_JSON_PATTERN_H

#include "base/err.h"
#include "base/slice.h"

/* A pattern (ECMA-262), numbered from 0 among those of one set of schemas. */
struct json_pattern {
    const char *text;
    size_t len;
    const char *expected; /* for people: "a CVE id such as CVE-2026-12345"; NULL: the pattern */
};

/* Steps that one pattern may take on one text. */
enum { JSON_PATTERN_STEPS = 2000000 };

enum json_matched {
    JSON_MATCHED,
    JSON_NOT_MATCHED,
    JSON_TOO_INVOLVED, /* the steps were not enough */
    JSON_MATCH_FAILED, /* no memory */
};

/* For one thread; each is compiled when it is first needed. list must outlive it. */
struct json_patterns;
struct json_patterns *json_patterns_new(const struct json_pattern *list, size_t count,
                                        struct err *e) MUST_CHECK;
void json_patterns_free(struct json_patterns *p);
enum json_matched json_patterns_match(struct json_patterns *p, size_t number, struct slice text,
                                      uint32_t steps) MUST_CHECK;

/*
 * Does text match one pattern, compiled for this once? -1 with ERR_INPUT "json.pattern" when it is
 * no pattern, ERR_LIMIT when it is too involved for this text, ERR_MEMORY.
 */
int json_pattern_matches(const char *pattern, struct slice text, bool *matches,
                         struct err *e) MUST_CHECK;

#endif
