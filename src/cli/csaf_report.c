/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/csaf_report.h"
#include "base/buf.h"
#include "base/output.h"
#include "cli/say.h"

/* Findings shown of one test; the others are counted. */
enum { SHOWN = 10 };

static const char *const severity_names[] = {"error", "warning", "note"};
static const enum say_style severity_styles[] = {SAY_BAD, SAY_DOUBT, SAY_FAINT};

/* Is it said already, by a fault of the schema at the same place or around it? */
static bool follows_from(const struct csaf_findings *schema, const char *pointer)
{
    for (size_t i = 0; i < schema->kept; i++) {
        size_t len = strlen(schema->at[i].pointer);
        if (len > 0 && strncmp(schema->at[i].pointer, pointer, len) == 0 &&
            (pointer[len] == '\0' || pointer[len] == '/'))
            return true;
    }
    return false;
}

static void show(FILE *out, const struct csaf_finding *f, const char *rule)
{
    fprintf(out, "  %zu:%zu  ", f->line, f->column);
    say_styled(out, severity_styles[f->severity], slice_str(severity_names[f->severity]));
    fputs("  ", out);
    say_text(out, slice_str(f->text));
    fputs("\n      ", out);
    struct buf where;
    buf_init(&where);
    buf_printf(&where, "%s  (%s)", f->pointer[0] ? f->pointer : "the document", rule);
    say_styled(out, SAY_FAINT, output_slice(out, &where));
    buf_fini(&where);
    fputc('\n', out);
    if (f->hint) {
        fputs("      → ", out);
        say_text(out, slice_str(f->hint));
        fputc('\n', out);
    }
}

static void show_more(FILE *out, size_t count, const char *rule)
{
    if (count > 0)
        fprintf(out, "      %zu more of %s\n", count, rule);
}

static void show_schema(FILE *out, const struct csaf_result *r)
{
    char rule[60];

    snprintf(rule, sizeof rule, "JSON schema of CSAF %s", csaf_version_name(r->version));
    for (size_t i = 0; i < r->schema.kept && i < SHOWN; i++)
        show(out, &r->schema.at[i], rule);
    if (r->schema.count > SHOWN)
        show_more(out, r->schema.count - SHOWN, "the JSON schema");
}

/* Findings of one severity; gives how many were left out because the schema said it. */
static size_t show_tests(FILE *out, const struct csaf_result *r, enum csaf_severity severity)
{
    size_t following = 0;

    for (size_t t = 0; t < r->test_count; t++) {
        const struct csaf_test_result *test = &r->tests[t];
        size_t shown = 0, left = test->findings.count - test->findings.kept;
        char rule[200];
        snprintf(rule, sizeof rule, "%s %s", test->test->id, test->test->title);
        for (size_t i = 0; i < test->findings.kept; i++) {
            const struct csaf_finding *f = &test->findings.at[i];
            if (f->severity != severity)
                continue;
            if (follows_from(&r->schema, f->pointer))
                following++;
            else if (shown++ < SHOWN)
                show(out, f, rule);
        }
        if (shown > SHOWN)
            show_more(out, shown - SHOWN + left, test->test->id);
    }
    return following;
}

static size_t count(const struct csaf_result *r, enum csaf_severity severity)
{
    size_t found = severity == CSAF_ERROR ? r->schema.count : 0;
    for (size_t t = 0; t < r->test_count; t++) {
        const struct csaf_findings *f = &r->tests[t].findings;
        size_t here = 0;
        for (size_t i = 0; i < f->kept; i++)
            here += f->at[i].severity == severity;
        found += here == f->kept ? f->count : here; /* what was left out is of the same kind */
    }
    return found;
}

static void heading(FILE *out, const char *file, const struct csaf_result *r, const char *asked)
{
    size_t errors = count(r, CSAF_ERROR), warnings = count(r, CSAF_WARNING),
           notes = count(r, CSAF_INFO);

    say_styled(out, SAY_STRONG, slice_str(file));
    fputs(": ", out);
    say_styled(out, r->valid ? SAY_GOOD : SAY_BAD, slice_str(r->valid ? "valid" : "not valid"));
    fprintf(out, " (CSAF %s; ", csaf_version_name(r->version));
    say_text(out, slice_str(asked));
    fputc(')', out);
    if (errors)
        fprintf(out, ", %zu error%s", errors, errors == 1 ? "" : "s");
    if (warnings)
        fprintf(out, ", %zu warning%s", warnings, warnings == 1 ? "" : "s");
    if (notes)
        fprintf(out, ", %zu note%s", notes, notes == 1 ? "" : "s");
    fputc('\n', out);
}

void csaf_report_write(FILE *out, const char *file, const struct csaf_result *r, const char *asked,
                       bool quiet)
{
    size_t following = 0, not_run = 0, findings = 0;

    if (!r->version) {
        char line[1200];
        err_line(&r->unreadable, line, sizeof line);
        say_styled(out, SAY_STRONG, slice_str(file));
        fputs(": ", out);
        say_styled(out, SAY_BAD, slice_str("not valid"));
        fputs(": ", out);
        say_text(out, slice_str(line));
        fputc('\n', out);
        if (r->unreadable.hint[0]) {
            fputs("      → ", out);
            say_text(out, slice_str(r->unreadable.hint));
            fputc('\n', out);
        }
        return;
    }
    for (size_t t = 0; t < r->test_count; t++) {
        not_run += r->tests[t].not_run != NULL;
        findings += r->tests[t].findings.count;
    }
    if (quiet && r->valid && findings == 0)
        return;
    heading(out, file, r, asked);
    show_schema(out, r);
    for (enum csaf_severity s = CSAF_ERROR; s <= CSAF_INFO; s++)
        following += show_tests(out, r, s);
    if (following)
        fprintf(out, "      %zu finding%s of tests follow%s from what the schema says above\n",
                following, following == 1 ? "" : "s", following == 1 ? "s" : "");
    for (size_t t = 0; t < r->test_count && not_run; t++)
        if (r->tests[t].not_run) {
            fprintf(out, "  not run: %s %s: ", r->tests[t].test->id, r->tests[t].test->title);
            say_text(out, slice_str(r->tests[t].not_run));
            fputc('\n', out);
        }
}
