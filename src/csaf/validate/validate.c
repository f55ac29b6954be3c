/* SPDX-License-Identifier: Apache-2.0 */
/* One document: its version, the schema, then the tests that were asked for. */
#include "csaf/validate.h"
#include "base/memory.h"
#include "base/suggest.h"
#include "csaf/validate/extensions.h"
#include "csaf/validate/findings.h"
#include "csaf/facts/schema_tables.h"
#include "csaf/source.h"
#include "csaf/validate/validator.h"

const struct json_limits csaf_validate_limits = {
    .bytes = 150u << 20, .depth = 128, .values = 50000000};

static int choose(struct csaf_validator *v, const struct csaf_validator_options *o, struct err *e)
{
    static const char *const by_default[] = {"mandatory", NULL};
    const char *const *presets = o->presets;
    const char *const *tests = o->tests;

    if ((!presets || !*presets) && (!tests || !*tests))
        presets = by_default;
    for (; presets && *presets; presets++) {
        if (csaf_select_preset(&v->selection, *presets, e) < 0)
            return -1;
        buf_printf(&v->asked, "%s%s", v->asked.len ? "+" : "", *presets);
    }
    for (; tests && *tests; tests++) {
        if (csaf_select_test(&v->selection, *tests, e) < 0)
            return -1;
        buf_printf(&v->asked, "%s%s", v->asked.len ? "+" : "", *tests);
    }
    return buf_check(&v->asked, e);
}

struct csaf_validator *csaf_validator_new(const struct csaf_validator_options *options,
                                          struct err *e)
{
    struct csaf_validator *v = mem_new(1, sizeof *v);

    if (!v) {
        err_memory(e);
        return NULL;
    }
    buf_init(&v->asked);
    v->network = options->network;
    v->resolver = options->resolver;
    v->spelling = options->spelling;
    v->grammar = options->grammar;
    v->now = options->now;
    v->watch = options->watch;
    v->watch_context = options->watch_context;
    v->extensions = options->extensions;
    v->schemas[0] = json_schema_checker_new(&csaf_schema_2_0, e);
    if (v->schemas[0])
        v->schemas[1] = json_schema_checker_new(&csaf_schema_2_1, e);
    if (!v->schemas[1] || choose(v, options, e) < 0) {
        csaf_validator_free(v);
        return NULL;
    }
    return v;
}

void csaf_validator_free(struct csaf_validator *v)
{
    if (!v)
        return;
    json_schema_checker_free(v->schemas[0]);
    json_schema_checker_free(v->schemas[1]);
    csaf_extension_schemas_free(v);
    buf_fini(&v->asked);
    mem_free(v);
}

const char *csaf_validator_asked(const struct csaf_validator *v)
{
    return buf_text(&v->asked);
}

/* The text is JSON, but has no object "document": what is it, then? */
static void no_document(const struct json_doc *doc, struct err *unreadable)
{
    static const char *const sources[] = {[CSAF_SOURCE_OSV] = "an advisory in OSV format",
                                          [CSAF_SOURCE_CVE] = "a CVE record",
                                          [CSAF_SOURCE_OPENVEX] = "an OpenVEX document",
                                          [CSAF_SOURCE_CYCLONEDX] = "a CycloneDX document"};
    const struct json_value *root = json_root(doc);
    enum csaf_source source = csaf_source_detect(root);
    struct suggestion near;

    err_set(unreadable, ERR_INPUT, "csaf.not-csaf", "CSAF 2.1 section 3.2",
            "this is no CSAF document: it has no object \"document\"");
    json_err_where(doc, root, unreadable);
    suggest_init(&near, slice_str("document"));
    if (json_is(root, JSON_OBJECT))
        json_each(member, root) suggest_offer(&near, json_name(member));
    if (source != CSAF_SOURCE_CSAF)
        err_hint(unreadable, "it is %s, whose rules are not those of CSAF", sources[source]);
    else if (json_get(root, "document"))
        err_hint(unreadable, "\"document\" is there, but it is no object");
    else if (near.found.data)
        err_hint(unreadable, "is \"document\" meant where it says \"%.*s\"?",
                 SLICE_ARG(near.found));
    else if (json_is(root, JSON_ARRAY))
        err_hint(unreadable, "it is a list: each document is a file of its own");
}

/* Which version the document says that it is; 0 and unreadable set: none that is known. */
static enum csaf_version recognise(const struct json_doc *doc, struct err *unreadable)
{
    const struct json_value *root = json_root(doc);
    const struct json_value *document = json_get(root, "document");
    const struct json_value *named = json_get(document, "csaf_version");

    if (slice_is(json_string(named), "2.0"))
        return CSAF_2_0;
    if (slice_is(json_string(named), "2.1"))
        return CSAF_2_1;
    if (!json_is(root, JSON_OBJECT) || !json_is(document, JSON_OBJECT)) {
        no_document(doc, unreadable);
    } else if (!named) {
        err_set(unreadable, ERR_INPUT, "csaf.not-csaf", "CSAF 2.1 section 3.2.2",
                "this is no CSAF document: it does not say its csaf_version");
        json_err_where(doc, document, unreadable);
        err_hint(unreadable, "add \"csaf_version\": \"2.0\" or \"2.1\" to \"document\"");
    } else if (!json_is(named, JSON_STRING)) {
        err_set(unreadable, ERR_INPUT, "csaf.version", "CSAF 2.1 section 3.2.2",
                "csaf_version must be a text, \"2.0\" or \"2.1\"");
        json_err_where(doc, named, unreadable);
        err_hint(unreadable, "put it in double quotes");
    } else {
        err_set(unreadable, ERR_INPUT, "csaf.version", "CSAF 2.1 section 3.2.2",
                "CSAF version %.*s is not known here; \"2.0\" and \"2.1\" are",
                (int)(json_text(doc, named).len < 40 ? json_text(doc, named).len : 40),
                (const char *)json_text(doc, named).data);
        json_err_where(doc, named, unreadable);
    }
    return 0;
}

static struct csaf_findings findings_of(const struct csaf_validation *v)
{
    return (struct csaf_findings){v->findings, v->kept, v->count};
}

static void watch(const struct csaf_validator *v, const struct csaf_test *test)
{
    if (v->watch)
        v->watch(v->watch_context, test);
}

static int run_tests(struct csaf_validation *v, struct csaf_result *result)
{
    const struct csaf_selection *s = &v->validator->selection;
    size_t count = 0, asked = 0;

    for (size_t i = 0; i < ARRAY_LEN(s->bits); i++)
        asked += (size_t)__builtin_popcountll(s->bits[i]);
    struct csaf_test_result *tests = arena_new(v->kept_arena, asked, sizeof *tests);
    if (!tests)
        return err_memory(v->e);
    for (size_t i = 0; i < csaf_test_count; i++) {
        const struct csaf_test *test = &csaf_tests[i];
        if (!(s->bits[i / 64] >> (i % 64) & 1) || !(test->versions & v->version))
            continue;
        v->test = test;
        csaf_find_begin(v, (enum csaf_severity)test->group);
        watch(v->validator, test);
        test->run(v);
        if (err_is_set(v->e))
            return -1;
        struct csaf_test_result *r = &tests[count++];
        r->test = test;
        r->not_run = v->not_run ? arena_strdup(v->kept_arena, v->not_run) : NULL;
        if (v->not_run && !r->not_run)
            return err_memory(v->e);
        arena_reset(v->arena);
        r->passed = !v->not_run && v->failures == 0;
        r->findings = findings_of(v);
        if (test->group == CSAF_TEST_MANDATORY && v->failures > 0)
            result->valid = false;
    }
    watch(v->validator, NULL);
    result->tests = tests;
    result->test_count = count;
    return 0;
}

static int check_schema(struct csaf_validation *v, struct csaf_result *result)
{
    struct json_schema_checker *checker = v->validator->schemas[v->version == CSAF_2_1];

    csaf_find_begin(v, CSAF_ERROR);
    if (json_schema_check(checker, v->root, NULL, false, csaf_find_fault, v, &result->schema_valid,
                          v->e) < 0)
        return -1;
    result->schema = findings_of(v);
    v->schema_valid = result->schema_valid;
    result->valid = result->schema_valid;
    return 0;
}

int csaf_validate_parsed(struct csaf_validator *validator, const struct json_doc *doc,
                         struct csaf_result *result, struct err *e)
{
    *result = (struct csaf_result){0};
    arena_init(&result->arena, 0);
    result->version = recognise(doc, &result->unreadable);
    if (!result->version)
        return 0;
    struct arena scratch; /* of one test after the other */
    arena_init(&scratch, 0);
    struct csaf_validation v = {.validator = validator,
                                .version = result->version,
                                .doc = doc,
                                .root = json_root(doc),
                                .now = validator->now,
                                .arena = &scratch,
                                .kept_arena = &result->arena,
                                .e = e};
    v.document = json_get(v.root, "document");
    v.tracking = json_get(v.document, "tracking");
    v.product_tree = json_get(v.root, "product_tree");
    v.vulnerabilities = json_get(v.root, "vulnerabilities");
    int rc = csaf_index(&v);
    if (rc == 0)
        rc = check_schema(&v, result);
    if (rc == 0)
        rc = run_tests(&v, result);
    csaf_index_fini(&v);
    arena_fini(&scratch);
    if (rc != 0) {
        csaf_result_free(result);
        return -1;
    }
    return 0;
}

int csaf_validate(struct csaf_validator *validator, struct slice text, struct csaf_result *result,
                  struct err *e)
{
    struct json_doc *doc;
    struct err unreadable = {0};

    if (json_parse(&doc, text, &csaf_validate_limits, &unreadable) < 0) {
        *result = (struct csaf_result){0};
        arena_init(&result->arena, 0);
        if (unreadable.kind == ERR_MEMORY) {
            *e = unreadable;
            return -1;
        }
        result->unreadable = unreadable;
        return 0;
    }
    int rc = csaf_validate_parsed(validator, doc, result, e);
    json_doc_free(doc);
    return rc;
}

void csaf_result_free(struct csaf_result *result)
{
    arena_fini(&result->arena);
    *result = (struct csaf_result){0};
}
