/* SPDX-License-Identifier: Apache-2.0 */
/* libtocsin-csaf: the validator behind include/tocsin/csaf.h. */
#include <tocsin/csaf.h>

#include "base/clock.h"
#include "base/memory.h"
#include "csaf/validate/validation.h"

struct tocsin_csaf_validator {
    const char **presets, **tests; /* end with NULL */
    size_t preset_count, test_count;
    struct csaf_extensions *extensions; /* NULL: none */
    bool has_time;
    int64_t now;
    struct csaf_validator *engine; /* made when it begins */
    char message[sizeof(struct err)];
};

struct tocsin_csaf_document {
    struct json_doc *doc; /* NULL: there is a problem */
    struct err unreadable;
    char problem[sizeof(struct err)];
};

struct tocsin_csaf_result {
    struct csaf_result result;
    char *asked;
    struct tocsin_csaf_test *tests;
    struct tocsin_csaf_finding *findings;
    size_t finding_count;
    char problem[sizeof(struct err)];
};

const char *tocsin_csaf_version(void)
{
    return TOCSIN_VERSION;
}

const char *tocsin_csaf_preset(size_t index)
{
    return csaf_preset_name(index);
}

/* Validators */

/* Keeps what an error says, with what to do about it. */
static int fail(struct tocsin_csaf_validator *v, const struct err *e)
{
    int len = err_line(e, v->message, sizeof v->message);

    if (e->hint[0] && len >= 0 && (size_t)len + 3 < sizeof v->message) {
        struct buf line;
        buf_init(&line);
        buf_printf(&line, "%s; %s", v->message, e->hint);
        if (!line.failed && line.len < sizeof v->message)
            memcpy(v->message, buf_text(&line), line.len + 1);
        buf_fini(&line);
    }
    if (e->kind == ERR_MEMORY)
        return TOCSIN_CSAF_NO_MEMORY;
    return e->kind == ERR_USAGE ? TOCSIN_CSAF_UNKNOWN : TOCSIN_CSAF_MALFORMED;
}

static int no_memory(struct tocsin_csaf_validator *v)
{
    struct err e = {0};
    err_memory(&e);
    return fail(v, &e);
}

static int too_late(struct tocsin_csaf_validator *v)
{
    struct err e = {0};
    err_set(&e, ERR_CONFLICT, "csaf.begun", NULL, "the validator has begun already");
    (void)fail(v, &e);
    return TOCSIN_CSAF_TOO_LATE;
}

struct tocsin_csaf_validator *tocsin_csaf_validator_new(void)
{
    return mem_new(1, sizeof(struct tocsin_csaf_validator));
}

static void free_names(const char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mem_free((void *)(uintptr_t)names[i]);
    mem_free(names);
}

void tocsin_csaf_validator_free(struct tocsin_csaf_validator *v)
{
    if (!v)
        return;
    csaf_validator_free(v->engine);
    csaf_extensions_free(v->extensions);
    free_names(v->presets, v->preset_count);
    free_names(v->tests, v->test_count);
    mem_free(v);
}

/* Appends a copy of name; the list keeps a NULL behind. */
static int add_name(struct tocsin_csaf_validator *v, const char ***names, size_t *count,
                    const char *name)
{
    const char **more = mem_resize(*names, *count + 2, sizeof *more);

    if (!more)
        return no_memory(v);
    *names = more;
    more[*count] = mem_strdup(name);
    more[*count + 1] = NULL;
    if (!more[*count])
        return no_memory(v);
    ++*count;
    return TOCSIN_CSAF_OK;
}

int tocsin_csaf_add_preset(struct tocsin_csaf_validator *v, const char *name)
{
    struct csaf_selection unused = {{0}};
    struct err e = {0};

    if (v->engine)
        return too_late(v);
    if (csaf_select_preset(&unused, name, &e) < 0)
        return fail(v, &e);
    return add_name(v, &v->presets, &v->preset_count, name);
}

int tocsin_csaf_add_test(struct tocsin_csaf_validator *v, const char *id)
{
    struct csaf_selection unused = {{0}};
    struct err e = {0};

    if (v->engine)
        return too_late(v);
    if (csaf_select_test(&unused, id, &e) < 0)
        return fail(v, &e);
    return add_name(v, &v->tests, &v->test_count, id);
}

int tocsin_csaf_add_extension(struct tocsin_csaf_validator *v, const void *text, size_t size)
{
    struct err e = {0};

    if (v->engine)
        return too_late(v);
    if (!v->extensions)
        v->extensions = csaf_extensions_new();
    if (!v->extensions)
        return no_memory(v);
    if (csaf_extensions_add(v->extensions, slice_of(text, size), &e) < 0)
        return fail(v, &e);
    return TOCSIN_CSAF_OK;
}

int tocsin_csaf_set_time(struct tocsin_csaf_validator *v, time_t now)
{
    if (v->engine)
        return too_late(v);
    v->now = (int64_t)now * 1000000;
    v->has_time = true;
    return TOCSIN_CSAF_OK;
}

const char *tocsin_csaf_message(const struct tocsin_csaf_validator *v)
{
    return v->message;
}

static int begin(struct tocsin_csaf_validator *v)
{
    struct err e = {0};
    struct csaf_validator_options options = {.presets = v->presets,
                                             .tests = v->tests,
                                             .extensions = v->extensions,
                                             .now =
                                                 v->has_time ? v->now : clock_now(&clock_system)};

    if (v->engine)
        return TOCSIN_CSAF_OK;
    v->engine = csaf_validator_new(&options, &e);
    return v->engine ? TOCSIN_CSAF_OK : fail(v, &e);
}

/* Documents */

int tocsin_csaf_document_parse(const void *text, size_t size, struct tocsin_csaf_document **out)
{
    struct tocsin_csaf_document *d = mem_new(1, sizeof *d);

    if (!d)
        return TOCSIN_CSAF_NO_MEMORY;
    if (json_parse(&d->doc, slice_of(text, size), &csaf_validate_limits, &d->unreadable) < 0) {
        d->doc = NULL;
        if (d->unreadable.kind == ERR_MEMORY) {
            mem_free(d);
            return TOCSIN_CSAF_NO_MEMORY;
        }
        err_line(&d->unreadable, d->problem, sizeof d->problem);
    }
    *out = d;
    return TOCSIN_CSAF_OK;
}

void tocsin_csaf_document_free(struct tocsin_csaf_document *d)
{
    if (!d)
        return;
    json_doc_free(d->doc);
    mem_free(d);
}

const char *tocsin_csaf_document_problem(const struct tocsin_csaf_document *d)
{
    return d->doc ? NULL : d->problem;
}

const char *tocsin_csaf_document_string(const struct tocsin_csaf_document *d, const char *pointer,
                                        size_t *size)
{
    const struct json_value *v = d->doc ? json_resolve(d->doc, slice_str(pointer)) : NULL;

    if (!json_is(v, JSON_STRING))
        return NULL;
    struct slice text = json_string(v);
    *size = text.len;
    return text.data ? (const char *)text.data : "";
}

/* Results */

static void take_findings(struct tocsin_csaf_result *r, const struct csaf_findings *list,
                          const char *id, const char *title, const char *group)
{
    for (size_t i = 0; i < list->kept; i++) {
        const struct csaf_finding *f = &list->at[i];
        r->findings[r->finding_count++] =
            (struct tocsin_csaf_finding){.test = id,
                                         .title = title,
                                         .group = group,
                                         .severity = (enum tocsin_csaf_severity)f->severity,
                                         .pointer = f->pointer,
                                         .line = f->line,
                                         .column = f->column,
                                         .message = f->text,
                                         .suggestion = f->hint};
    }
}

/* The structures that the caller reads. */
static int lay_out(struct tocsin_csaf_result *r)
{
    size_t count = r->result.schema.kept;

    for (size_t i = 0; i < r->result.test_count; i++)
        count += r->result.tests[i].findings.kept;
    r->tests = mem_new(r->result.test_count + 1, sizeof *r->tests);
    r->findings = mem_new(count + 1, sizeof *r->findings);
    if (!r->tests || !r->findings)
        return -1;
    take_findings(r, &r->result.schema, "schema", "JSON schema", "schema");
    for (size_t i = 0; i < r->result.test_count; i++) {
        const struct csaf_test_result *t = &r->result.tests[i];
        const char *group = csaf_group_of_tests_name(t->test->group, r->result.version);
        r->tests[i] = (struct tocsin_csaf_test){.id = t->test->id,
                                                .title = t->test->title,
                                                .group = group,
                                                .outcome = t->not_run  ? TOCSIN_CSAF_NOT_RUN
                                                           : t->passed ? TOCSIN_CSAF_PASSED
                                                                       : TOCSIN_CSAF_FAILED,
                                                .not_run = t->not_run,
                                                .finding_count = t->findings.count};
        take_findings(r, &t->findings, t->test->id, t->test->title, group);
    }
    if (!r->result.version)
        err_line(&r->result.unreadable, r->problem, sizeof r->problem);
    return 0;
}

int tocsin_csaf_validate_document(struct tocsin_csaf_validator *v,
                                  const struct tocsin_csaf_document *document,
                                  struct tocsin_csaf_result **out)
{
    struct err e = {0};
    int status = begin(v);

    if (status != TOCSIN_CSAF_OK)
        return status;
    struct tocsin_csaf_result *r = mem_new(1, sizeof *r);
    if (!r)
        return no_memory(v);
    if (!document->doc)
        r->result.unreadable = document->unreadable;
    else if (csaf_validate_parsed(v->engine, document->doc, &r->result, &e) < 0)
        status = fail(v, &e);
    if (status == TOCSIN_CSAF_OK) {
        r->asked = mem_strdup(csaf_validator_asked(v->engine));
        if (!r->asked || lay_out(r) < 0)
            status = no_memory(v);
    }
    if (status == TOCSIN_CSAF_OK)
        *out = r;
    else
        tocsin_csaf_result_free(r);
    return status;
}

int tocsin_csaf_validate(struct tocsin_csaf_validator *v, const void *text, size_t size,
                         struct tocsin_csaf_result **result)
{
    struct tocsin_csaf_document *d;

    if (tocsin_csaf_document_parse(text, size, &d) != TOCSIN_CSAF_OK)
        return no_memory(v);
    int status = tocsin_csaf_validate_document(v, d, result);
    tocsin_csaf_document_free(d);
    return status;
}

void tocsin_csaf_result_free(struct tocsin_csaf_result *r)
{
    if (!r)
        return;
    csaf_result_free(&r->result);
    mem_free(r->asked);
    mem_free(r->tests);
    mem_free(r->findings);
    mem_free(r);
}

int tocsin_csaf_result_valid(const struct tocsin_csaf_result *r)
{
    return r->result.valid;
}

int tocsin_csaf_result_schema_valid(const struct tocsin_csaf_result *r)
{
    return r->result.schema_valid;
}

const char *tocsin_csaf_result_problem(const struct tocsin_csaf_result *r)
{
    return r->result.version ? NULL : r->problem;
}

const char *tocsin_csaf_result_csaf_version(const struct tocsin_csaf_result *r)
{
    return r->result.version ? csaf_version_name(r->result.version) : NULL;
}

const struct tocsin_csaf_test *tocsin_csaf_result_test(const struct tocsin_csaf_result *r,
                                                       size_t index)
{
    return index < r->result.test_count ? &r->tests[index] : NULL;
}

const struct tocsin_csaf_finding *tocsin_csaf_result_finding(const struct tocsin_csaf_result *r,
                                                             size_t index)
{
    return index < r->finding_count ? &r->findings[index] : NULL;
}

char *tocsin_csaf_result_json(const struct tocsin_csaf_result *r, const char *file)
{
    struct buf line;
    struct json_writer w;

    buf_init(&line);
    json_write_init(&w, &line, 0);
    csaf_result_json(&r->result, file, r->asked, &w);
    char *text = line.failed ? NULL : mem_strdup(buf_text(&line));
    buf_fini(&line);
    return text;
}

void tocsin_csaf_free(char *text)
{
    mem_free(text);
}
