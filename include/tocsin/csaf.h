/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libtocsin-csaf: advisories of CSAF 2.0 and 2.1 against their JSON schema and the tests of section
 * 6 of the standard.
 *
 *     struct tocsin_csaf_validator *v = tocsin_csaf_validator_new();
 *     struct tocsin_csaf_result *r;
 *     size_t i;
 *     if (v && tocsin_csaf_add_preset(v, "full") == 0 &&
 *         tocsin_csaf_validate(v, text, size, &r) == 0) {
 *         const struct tocsin_csaf_finding *f;
 *         for (i = 0; (f = tocsin_csaf_result_finding(r, i)) != NULL; i++)
 *             printf("%lu:%lu %s %s\n", (unsigned long)f->line, (unsigned long)f->column,
 *                    f->test, f->message);
 *         tocsin_csaf_result_free(r);
 *     }
 *     tocsin_csaf_validator_free(v);
 *
 * Compile and link with `pkg-config --cflags --libs tocsin-csaf` (--static for the archive).
 *
 * Ownership. What a ..._new, ..._parse or ..._validate gives belongs to the caller, who frees it
 * with the function named beside it; NULL may be freed. Strings and structures that are read from
 * an object belong to it and live as long as it does; none is ever NULL unless it says so. All
 * text is UTF-8, ended by a zero byte.
 *
 * Threads. The library keeps no state of its own. A validator serves one thread at a time; as many
 * as one likes work side by side. Documents and results are not changed once they are there: any
 * number of threads may read one, also validate one document.
 *
 * Errors. A function that can fail returns a tocsin_csaf_status; what stands behind its pointers
 * is then untouched. A document that is bad is not a failure but an answer: it is in the result.
 * When memory runs out there is no result at all, never a wrong one. The library does not print,
 * exit, abort, change the locale or install handlers; it opens no file and no connection.
 *
 * Versions. Within one soname functions, members and enumerators are only added, structures only
 * at their end (they are made by the library alone). Presets and tests follow the standard: their
 * number may grow; a preset may gain tests with a new edition.
 */
#ifndef TOCSIN_CSAF_H
#define TOCSIN_CSAF_H

#include <stddef.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TOCSIN_CSAF_API __attribute__((visibility("default")))
#define TOCSIN_CSAF_CHECK __attribute__((warn_unused_result))
#else
#define TOCSIN_CSAF_API
#define TOCSIN_CSAF_CHECK
#endif

/* What a function returns: 0, or why not. */
enum tocsin_csaf_status {
    TOCSIN_CSAF_OK = 0,
    TOCSIN_CSAF_NO_MEMORY = -1, /* nothing was done; it may be tried again */
    TOCSIN_CSAF_UNKNOWN = -2,   /* no preset or test of this name */
    TOCSIN_CSAF_MALFORMED = -3, /* no schema or metadata of an extension */
    TOCSIN_CSAF_TOO_LATE = -4   /* the validator has begun: what it asks is settled */
};

enum tocsin_csaf_severity {
    TOCSIN_CSAF_ERROR = 0,   /* of the schema and the mandatory tests */
    TOCSIN_CSAF_WARNING = 1, /* of the recommended (2.0: optional) tests */
    TOCSIN_CSAF_INFO = 2     /* of the informative tests */
};

enum tocsin_csaf_outcome {
    TOCSIN_CSAF_FAILED = 0,
    TOCSIN_CSAF_PASSED = 1,
    TOCSIN_CSAF_NOT_RUN = 2 /* could not be run here: neither passed nor failed */
};

struct tocsin_csaf_validator; /* what is asked for, and what is prepared for it */
struct tocsin_csaf_document;  /* a text that has been read */
struct tocsin_csaf_result;    /* what is known of one document */

/* One test that was asked for. */
struct tocsin_csaf_test {
    const char *id;    /* "6.1.1" */
    const char *title; /* "Missing Definition of Product ID" */
    const char *group; /* "mandatory", "recommended" (2.0: "optional"), "informative" */
    enum tocsin_csaf_outcome outcome;
    const char *not_run;  /* why it was not run; else NULL */
    size_t finding_count; /* all of them, also those that are not kept (over 1,000 of one test) */
};

/* Something in the document that is not as it should be. */
struct tocsin_csaf_finding {
    const char *test;  /* the test's id, or "schema" */
    const char *title; /* the test's, or "JSON schema" */
    const char *group; /* the test's, or "schema" */
    enum tocsin_csaf_severity severity;
    const char *pointer;    /* RFC 6901, of the value; of a missing member: as if it were there */
    size_t line, column;    /* from 1, columns in bytes; of the value, or of what lacks it */
    const char *message;    /* one sentence without full stop */
    const char *suggestion; /* what would be right; NULL: nothing to suggest */
};

/* The library's version, "0.1.0". */
TOCSIN_CSAF_API const char *tocsin_csaf_version(void);

/* The name of the index-th preset ("mandatory", "basic", "full", ...); NULL behind the last. */
TOCSIN_CSAF_API const char *tocsin_csaf_preset(size_t index);

/* --- Validators ------------------------------------------------------------------------------- */

/* NULL: no memory. Asks for the schema and all mandatory tests until presets or tests are added. */
TOCSIN_CSAF_API struct tocsin_csaf_validator *tocsin_csaf_validator_new(void) TOCSIN_CSAF_CHECK;
TOCSIN_CSAF_API void tocsin_csaf_validator_free(struct tocsin_csaf_validator *validator);

/*
 * Settings: before the first validation; afterwards TOCSIN_CSAF_TOO_LATE. The schema is always
 * compared first.
 */

/* A preset as CSAF 2.1 section 6.4 names them, or several joined by '+'. */
TOCSIN_CSAF_API int tocsin_csaf_add_preset(struct tocsin_csaf_validator *validator,
                                           const char *name) TOCSIN_CSAF_CHECK;

/* A test by its number ("6.1.14"), or all below one ("6.1"). */
TOCSIN_CSAF_API int tocsin_csaf_add_test(struct tocsin_csaf_validator *validator,
                                         const char *id) TOCSIN_CSAF_CHECK;

/* The content schema or the metadata of an extension (CSAF 2.1 section 2.4); text is copied. */
TOCSIN_CSAF_API int tocsin_csaf_add_extension(struct tocsin_csaf_validator *validator,
                                              const void *text, size_t size) TOCSIN_CSAF_CHECK;

/* What is "now" for tests of dates; without: the time of the first validation. */
TOCSIN_CSAF_API int tocsin_csaf_set_time(struct tocsin_csaf_validator *validator,
                                         time_t now) TOCSIN_CSAF_CHECK;

/* What the last call that failed with this validator has to say; empty: none has. */
TOCSIN_CSAF_API const char *tocsin_csaf_message(const struct tocsin_csaf_validator *validator);

/* --- Documents -------------------------------------------------------------------------------- */

/*
 * Reads a text, which must stay unchanged as long as the document. TOCSIN_CSAF_NO_MEMORY is the
 * only failure: what is no JSON, or over a limit (150 MiB of text, 128 levels of nesting,
 * 50,000,000 values), is a document with a problem.
 */
TOCSIN_CSAF_API int
tocsin_csaf_document_parse(const void *text, size_t size,
                           struct tocsin_csaf_document **document) TOCSIN_CSAF_CHECK;
TOCSIN_CSAF_API void tocsin_csaf_document_free(struct tocsin_csaf_document *document);

/* Why it could not be read, with the place; NULL: it could. */
TOCSIN_CSAF_API const char *
tocsin_csaf_document_problem(const struct tocsin_csaf_document *document);

/*
 * The string at a JSON pointer (RFC 6901), such as "/document/tracking/id": decoded, *size bytes,
 * not ended by a zero byte. NULL: there is none, or it is no string.
 */
TOCSIN_CSAF_API const char *tocsin_csaf_document_string(const struct tocsin_csaf_document *document,
                                                        const char *pointer, size_t *size);

/* --- Results ---------------------------------------------------------------------------------- */

/* Reads a text and validates it; the text may go as soon as the function returns. */
TOCSIN_CSAF_API int tocsin_csaf_validate(struct tocsin_csaf_validator *validator, const void *text,
                                         size_t size,
                                         struct tocsin_csaf_result **result) TOCSIN_CSAF_CHECK;

/* The same for what has been read; the result does not need the document any more. */
TOCSIN_CSAF_API int
tocsin_csaf_validate_document(struct tocsin_csaf_validator *validator,
                              const struct tocsin_csaf_document *document,
                              struct tocsin_csaf_result **result) TOCSIN_CSAF_CHECK;
TOCSIN_CSAF_API void tocsin_csaf_result_free(struct tocsin_csaf_result *result);

/* 1: the schema and all mandatory tests that were asked for and could be run hold; else 0. */
TOCSIN_CSAF_API int tocsin_csaf_result_valid(const struct tocsin_csaf_result *result);

/* 1: the document is as its schema says; else 0. */
TOCSIN_CSAF_API int tocsin_csaf_result_schema_valid(const struct tocsin_csaf_result *result);

/* Why the text is no CSAF document at all; NULL: it is one. Then there is neither test nor
 * finding. */
TOCSIN_CSAF_API const char *tocsin_csaf_result_problem(const struct tocsin_csaf_result *result);

/* "2.0" or "2.1", as the document says; NULL: there is a problem. */
TOCSIN_CSAF_API const char *
tocsin_csaf_result_csaf_version(const struct tocsin_csaf_result *result);

/* The index-th of the tests that were asked for, in the order of the standard; NULL behind the
 * last. */
TOCSIN_CSAF_API const struct tocsin_csaf_test *
tocsin_csaf_result_test(const struct tocsin_csaf_result *result, size_t index);

/* The index-th finding: those of the schema, then those of each test; NULL behind the last. */
TOCSIN_CSAF_API const struct tocsin_csaf_finding *
tocsin_csaf_result_finding(const struct tocsin_csaf_result *result, size_t index);

/*
 * The result as one line of JSON, as `tocsin csaf validate --json` prints it. file: the name to
 * give the document in it; NULL: none. NULL: no memory. For tocsin_csaf_free.
 */
TOCSIN_CSAF_API char *tocsin_csaf_result_json(const struct tocsin_csaf_result *result,
                                              const char *file) TOCSIN_CSAF_CHECK;
TOCSIN_CSAF_API void tocsin_csaf_free(char *text);

#ifdef __cplusplus
}
#endif

#endif
