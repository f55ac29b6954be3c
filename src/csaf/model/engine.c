/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/model/engine.h"
#include "base/memory.h"
#include "csaf/validate.h"

#include <pthread.h>
#include <stdio.h>

/* Tests whose findings refuse a document, and the code of the fault. */
static const struct {
    const char *id, *code;
} refusing[] = {
    {"6.1.1", "csaf.reference"}, {"6.1.2", "csaf.duplicate"}, {"6.1.3", "csaf.circular"},
    {"6.1.4", "csaf.reference"}, {"6.1.5", "csaf.duplicate"}, {"6.1.6", "csaf.contradiction"},
    {"6.1.14", "csaf.history"},  {"6.1.16", "csaf.history"},  {"6.1.17", "csaf.history"},
    {"6.1.18", "csaf.history"},  {"6.1.19", "csaf.history"},  {"6.1.20", "csaf.history"},
    {"6.1.21", "csaf.history"},  {"6.1.22", "csaf.history"},  {"6.1.23", "csaf.duplicate"},
    {"6.1.30", "csaf.history"},
};

static const char *code_of(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(refusing); i++)
        if (strcmp(refusing[i].id, id) == 0)
            return refusing[i].code;
    return NULL;
}

/* What faults of the schema are called; the others are "csaf.format". */
static const char *code_of_keyword(const char *keyword)
{
    static const struct {
        const char *keyword, *code;
    } codes[] = {
        {"required", "csaf.required"},
        {"type", "csaf.type"},
        {"minItems", "csaf.empty"},
        {"minLength", "csaf.empty"},
        {"minProperties", "csaf.empty"},
        {"enum", "csaf.enum"},
        {"const", "csaf.enum"},
        {"uniqueItems", "csaf.duplicate"},
        {"additionalProperties", "csaf.unknown"},
    };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (strcmp(codes[i].keyword, keyword) == 0)
            return codes[i].code;
    return "csaf.format";
}

/*
 * A thread's own validators: patterns are compiled once. [0] has the tests that refuse, [1] all
 * mandatory ones.
 */
struct engine {
    struct csaf_validator *validators[2];
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool have_key;

static void engine_free(void *context)
{
    struct engine *engine = context;
    csaf_validator_free(engine->validators[0]);
    csaf_validator_free(engine->validators[1]);
    mem_free(engine);
}

static void make_key(void)
{
    have_key = pthread_key_create(&key, engine_free) == 0;
}

static struct csaf_validator *make(bool all, struct err *e)
{
    const char *tests[ARRAY_LEN(refusing) + 1] = {NULL};
    const char *const mandatory[] = {"mandatory", NULL};

    for (size_t i = 0; i < ARRAY_LEN(refusing); i++)
        tests[i] = refusing[i].id;
    return csaf_validator_new(all ? &(struct csaf_validator_options){.presets = mandatory}
                                  : &(struct csaf_validator_options){.tests = tests},
                              e);
}

/* The thread's validator; NULL: memory. *own: there is no place to keep it, free it after use. */
static struct csaf_validator *validator(bool all, bool *own, struct err *e)
{
    pthread_once(&once, make_key);
    struct engine *engine = have_key ? pthread_getspecific(key) : NULL;
    *own = false;
    if (have_key && !engine) {
        engine = mem_new(1, sizeof *engine);
        if (engine && pthread_setspecific(key, engine) != 0) {
            mem_free(engine);
            engine = NULL;
        }
    }
    if (!engine) {
        *own = true;
        return make(all, e);
    }
    if (!engine->validators[all])
        engine->validators[all] = make(all, e);
    return engine->validators[all];
}

static void at_pointer(struct csaf_check *check, const struct csaf_finding *f, const char *code,
                       const char *section, bool fault)
{
    struct csaf_place place = {f->pointer, f->line, f->column};

    if (fault)
        csaf_fault_at(check, code, section, &place, f->hint, "%s", f->text);
    else
        csaf_warn_at(check, code, section, &place, f->hint, "%s", f->text);
}

static void take(struct csaf_check *check, const struct csaf_result *r)
{
    for (size_t i = 0; i < r->schema.kept; i++)
        at_pointer(check, &r->schema.at[i], code_of_keyword(r->schema.at[i].keyword), "JSON schema",
                   true);
    check->errors += r->schema.count - r->schema.kept;
    if (check->report)
        check->report->error_count = check->errors;
    if (!r->schema_valid)
        return; /* what tests find in a document of another shape follows from that */
    for (size_t t = 0; t < r->test_count; t++) {
        const struct csaf_test_result *test = &r->tests[t];
        const char *code = code_of(test->test->id);
        char section[40];
        snprintf(section, sizeof section, "section %s", test->test->id);
        for (size_t i = 0; i < test->findings.kept; i++)
            at_pointer(check, &test->findings.at[i], code ? code : "csaf.test", section,
                       code && test->findings.at[i].severity == CSAF_ERROR);
    }
}

int csaf_check_whole(struct csaf_check *check, enum csaf_version *version, struct err *e)
{
    struct csaf_result result;
    bool own;
    struct csaf_validator *v = validator(check->report != NULL, &own, e);

    if (!v)
        return -1;
    int rc = csaf_validate_parsed(v, check->document->json, &result, e);
    if (rc == 0) {
        *version = result.version;
        check->standard = result.version == CSAF_2_1 ? "CSAF 2.1" : "CSAF 2.0";
        if (!result.version)
            csaf_fault_as(check, &result.unreadable);
        else
            take(check, &result);
        csaf_result_free(&result);
    }
    if (own)
        csaf_validator_free(v);
    return rc;
}
