/* SPDX-License-Identifier: Apache-2.0 */
/* A result as JSON (docs/formats.md section 8.1). */
#include "csaf/validate.h"

#include <stdio.h>

static void write_finding(const struct csaf_finding *f, struct json_writer *w)
{
    json_write_object(w);
    json_member_string(w, "instance_path", f->pointer);
    json_member_int(w, "line", (int64_t)f->line);
    json_member_int(w, "column", (int64_t)f->column);
    json_member_string(w, "message", f->text);
    if (f->hint)
        json_member_string(w, "suggestion", f->hint);
    if (f->keyword)
        json_member_string(w, "keyword", f->keyword);
    json_write_object_end(w);
}

static void write_findings(const struct csaf_findings *findings, const char *name,
                           enum csaf_severity severity, struct json_writer *w)
{
    json_write_name(w, name);
    json_write_array(w);
    for (size_t i = 0; i < findings->kept; i++)
        if (findings->at[i].severity == severity)
            write_finding(&findings->at[i], w);
    json_write_array_end(w);
}

static void write_more(const struct csaf_findings *findings, struct json_writer *w)
{
    if (findings->count > findings->kept)
        json_member_int(w, "findings_left_out", (int64_t)(findings->count - findings->kept));
}

static void write_test(const struct csaf_test_result *t, enum csaf_version version,
                       struct json_writer *w)
{
    json_write_object(w);
    json_member_string(w, "id", t->test->id);
    json_member_string(w, "group", csaf_group_of_tests_name(t->test->group, version));
    if (t->not_run) {
        json_write_name(w, "passed");
        json_write_null(w);
        json_member_string(w, "not_run", t->not_run);
    } else {
        json_member_bool(w, "passed", t->passed);
    }
    write_findings(&t->findings, "errors", CSAF_ERROR, w);
    write_findings(&t->findings, "warnings", CSAF_WARNING, w);
    write_findings(&t->findings, "infos", CSAF_INFO, w);
    write_more(&t->findings, w);
    json_write_object_end(w);
}

/* What is no document of a known version keeps no schema; the same members say so. */
static void write_unreadable(const struct err *e, struct json_writer *w)
{
    size_t line = 1, column = 1;
    const char *begin = strchr(e->where, '('), *end = strrchr(e->where, ')');

    if (sscanf(e->where, "line %zu column %zu", &line, &column) != 2)
        line = column = 1;
    json_write_name(w, "schema");
    json_write_object(w);
    json_member_bool(w, "valid", false);
    json_write_name(w, "errors");
    json_write_array(w);
    json_write_object(w);
    json_member_slice(w, "instance_path",
                      begin && end > begin ? slice_of(begin + 1, (size_t)(end - begin - 1))
                                           : slice_str(""));
    json_member_int(w, "line", (int64_t)line);
    json_member_int(w, "column", (int64_t)column);
    json_member_string(w, "message", e->text);
    if (e->hint[0])
        json_member_string(w, "suggestion", e->hint);
    json_write_object_end(w);
    json_write_array_end(w);
    json_write_object_end(w);
    json_write_name(w, "tests");
    json_write_array(w);
    json_write_array_end(w);
}

void csaf_result_json(const struct csaf_result *result, const char *file, const char *asked,
                      struct json_writer *w)
{
    json_write_object(w);
    json_member_string(w, "format", "tocsin-csaf-validation/v1");
    if (file)
        json_member_string(w, "file", file);
    json_member_string(w, "csaf_version",
                       result->version ? csaf_version_name(result->version) : NULL);
    json_member_string(w, "preset", asked);
    json_member_bool(w, "valid", result->valid);
    if (!result->version) {
        json_write_name(w, "unreadable");
        json_write_object(w);
        json_member_string(w, "code", result->unreadable.code);
        json_member_string(w, "message", result->unreadable.text);
        json_member_string(w, "where", result->unreadable.where);
        json_member_string(w, "clause", result->unreadable.clause);
        json_write_object_end(w);
        write_unreadable(&result->unreadable, w);
        json_write_object_end(w);
        return;
    }
    json_write_name(w, "schema");
    json_write_object(w);
    json_member_bool(w, "valid", result->schema_valid);
    write_findings(&result->schema, "errors", CSAF_ERROR, w);
    write_more(&result->schema, w);
    json_write_object_end(w);
    json_write_name(w, "tests");
    json_write_array(w);
    for (size_t i = 0; i < result->test_count; i++)
        write_test(&result->tests[i], result->version, w);
    json_write_array_end(w);
    json_write_object_end(w);
}
