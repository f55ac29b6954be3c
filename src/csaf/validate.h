/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CSAF validator: a document against the JSON schema of its version, and against the tests of
 * CSAF 2.0 section 6 and CSAF 2.1 section 6. A validator belongs to one thread; a result stands on
 * its own.
 */
#ifndef CSAF_VALIDATE_H
#define CSAF_VALIDATE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "csaf/document.h"
#include "csaf/outside.h"

struct csaf_validation;

/* Section 6.1, 6.2 (2.0: "optional", 2.1: "recommended") and 6.3. */
enum csaf_group_of_tests { CSAF_TEST_MANDATORY, CSAF_TEST_RECOMMENDED, CSAF_TEST_INFORMATIVE };
const char *csaf_group_of_tests_name(enum csaf_group_of_tests group, enum csaf_version version);

enum csaf_severity { CSAF_ERROR, CSAF_WARNING, CSAF_INFO };

/* One test of the standard. */
struct csaf_test {
    const char *id;    /* "6.1.1" */
    const char *title; /* as the standard calls it */
    enum csaf_group_of_tests group;
    unsigned versions; /* csaf_version, or-ed */
    void (*run)(struct csaf_validation *v);
};

/* Bits of a selection. */
enum { CSAF_TESTS_MOST = 256 };

/* All tests in the order of the standard; those of 2.0 and 2.1 with the same id and meaning are
 * one. */
extern const struct csaf_test csaf_tests[];
extern const size_t csaf_test_count;

/* The test of this id in this version, or NULL. */
const struct csaf_test *csaf_test_find(const char *id, enum csaf_version version);

struct csaf_finding {
    enum csaf_severity severity;
    const char *pointer; /* RFC 6901, of the value; of a missing member: as if it were there */
    size_t line, column; /* of the value, or of the object that lacks it */
    const char *text;    /* one sentence without full stop */
    const char *hint;    /* what would be right; NULL: nothing to suggest */
    const char *keyword; /* of the schema: "required"; else NULL */
};

/* Findings kept of one test, and of the schema; the count goes on. */
enum { CSAF_FINDINGS_KEPT = 1000 };

struct csaf_findings {
    const struct csaf_finding *at;
    size_t kept;
    size_t count;
};

struct csaf_test_result {
    const struct csaf_test *test;
    bool passed;
    const char *not_run; /* why it was not run; NULL: it was */
    struct csaf_findings findings;
};

struct csaf_result {
    enum csaf_version version; /* 0: no CSAF document */
    bool valid;                /* schema and every mandatory test that was asked for */
    bool schema_valid;
    struct err unreadable; /* set: not JSON, not CSAF, or over a limit; then nothing below */
    struct csaf_findings schema;
    const struct csaf_test_result *tests; /* those asked for, in the order of csaf_tests */
    size_t test_count;
    struct arena arena;
};

/*
 * Extensions of CSAF 2.1 whose schemas and metadata are at hand (tests 6.1.60.2, 6.1.60.3, 6.2.20).
 * Read-only once filled; any number of validators may share it.
 */
struct csaf_extensions;
struct csaf_extensions *csaf_extensions_new(void) MUST_CHECK; /* NULL: no memory */
void csaf_extensions_free(struct csaf_extensions *x);
/*
 * Adds an extension's content schema or its metadata; which, its "$schema" says. text is copied. -1
 * with ERR_INPUT: it is neither, or not as its metaschema says; ERR_MEMORY.
 */
int csaf_extensions_add(struct csaf_extensions *x, struct slice text, struct err *e) MUST_CHECK;

/* What is asked for. */
struct csaf_validator_options {
    const char *const *presets; /* names joined by '+' allowed; ends with NULL; NULL: none */
    const char *const *tests;   /* ids; ends with NULL */
    /* With neither: the schema and all mandatory tests. */
    /* Tests 6.3.6 and 6.3.7 may ask other hosts, through the resolver. */
    bool network;
    /* All three must outlive the validator; NULL: the tests that need it are not run. */
    const struct csaf_resolver *resolver;
    const struct csaf_prose_checker *spelling; /* 6.3.8 */
    const struct csaf_prose_checker *grammar;  /* 6.3.16 */
    const struct csaf_extensions *extensions; /* must outlive the validator; NULL: none known */
    int64_t now;                              /* microseconds: what is "in the future" and "old" */
    /* Told of each test that begins, and of NULL when all are done; NULL: nobody watches. */
    void (*watch)(void *context, const struct csaf_test *test);
    void *watch_context;
};

struct csaf_validator;

/* NULL: an unknown preset or test (ERR_USAGE with the nearest name as hint), or memory. */
struct csaf_validator *csaf_validator_new(const struct csaf_validator_options *options,
                                          struct err *e) MUST_CHECK;
void csaf_validator_free(struct csaf_validator *v);

/* Names of the presets by number; NULL behind the last. */
const char *csaf_preset_name(size_t index);

/*
 * Validates text. 0: *result says how it went, for csaf_result_free; a text that is no CSAF
 * document has result->unreadable set and valid false. -1: no memory; nothing is known then.
 */
int csaf_validate(struct csaf_validator *v, struct slice text, struct csaf_result *result,
                  struct err *e) MUST_CHECK;
/* The same for what is parsed already (with csaf_validate_limits). */
int csaf_validate_parsed(struct csaf_validator *v, const struct json_doc *doc,
                         struct csaf_result *result, struct err *e) MUST_CHECK;
void csaf_result_free(struct csaf_result *result);

/* 150 MiB as CSAF says; nesting of 128, so that test 6.1.34 can count more than 30 branches. */
extern const struct json_limits csaf_validate_limits;

/* What was asked for: "mandatory", "basic", "full", "6.1.1+6.1.2". */
const char *csaf_validator_asked(const struct csaf_validator *v);

/* One object of JSON, as docs/csaf.md describes it; file may be NULL. */
void csaf_result_json(const struct csaf_result *result, const char *file, const char *asked,
                      struct json_writer *w);

#endif
