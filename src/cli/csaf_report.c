/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/csaf_report.h"
#include "cli/csaf.h"
#include "csaf/document.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
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

/* Faults of the schema that are one mistake made again and again: the same keyword at places that
 * differ in their numbers only. */
struct kind {
    size_t count, shown;
};

/* The keyword, a space, and the place with stars for numbers; empty: no memory. */
static struct slice kind_of(const struct csaf_finding *f, struct arena *arena)
{
    struct buf text;
    buf_init(&text);
    buf_printf(&text, "%s ", f->keyword);
    for (const char *at = f->pointer; *at;) {
        size_t digits = at[0] == '/' ? strspn(at + 1, "0123456789") : 0;
        if (digits && (at[1 + digits] == '/' || at[1 + digits] == '\0')) {
            buf_puts(&text, "/*");
            at += 1 + digits;
        } else {
            buf_putc(&text, *at++);
        }
    }
    const char *copy = text.failed ? NULL : arena_copy(arena, text.data, text.len);
    size_t len = copy ? text.len : 0;
    buf_fini(&text);
    return slice_of(copy ? copy : "", len);
}

/* One mistake made a thousand times shall not hide the others. */
static void show_schema(FILE *out, const struct csaf_result *r)
{
    enum { SAME = 3 };
    struct arena arena;
    struct map kinds;
    size_t others = r->schema.count - r->schema.kept;
    char rule[60];

    snprintf(rule, sizeof rule, "JSON schema of CSAF %s", csaf_version_name(r->version));
    arena_init(&arena, 0);
    map_init(&kinds);
    struct slice *names = arena_new(&arena, r->schema.kept + 1, sizeof *names);
    for (size_t i = 0; names && i < r->schema.kept; i++) {
        names[i] = kind_of(&r->schema.at[i], &arena);
        struct kind *kind = map_get(&kinds, names[i]);
        if (!kind && kinds.count < SHOWN && (kind = arena_new(&arena, 1, sizeof *kind)) &&
            map_set(&kinds, names[i], kind) != 0)
            kind = NULL;
        if (kind)
            kind->count++;
        else
            others++;
    }
    for (size_t i = 0; names && i < r->schema.kept; i++) {
        struct kind *kind = map_get(&kinds, names[i]);
        if (!kind || kind->shown > (kind->count == SAME + 1 ? SAME : SAME - 1))
            continue;
        show(out, &r->schema.at[i], rule);
        if (++kind->shown == SAME && kind->count > SAME + 1) {
            size_t keyword = strlen(r->schema.at[i].keyword) + 1;
            fprintf(out, "      %zu more like it at ", kind->count - SAME);
            say_text(out, slice_of(names[i].data + keyword, names[i].len - keyword));
            fputc('\n', out);
        }
    }
    show_more(out, names ? others : r->schema.count, "the JSON schema");
    map_fini(&kinds);
    arena_fini(&arena);
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
    if (strcmp(file, "-") == 0)
        file = "standard input";
    size_t following = 0, not_run = 0, findings = 0;

    if (!r->version) {
        char line[1200];
        err_line(&r->unreadable, line, sizeof line);
        say_styled(out, SAY_STRONG, slice_str(file));
        fputs(": ", out);
        say_styled(out, SAY_BAD,
                   slice_str(r->unreadable.kind == ERR_LIMIT ? "refused" : "not valid"));
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

void csaf_say_essential(const char *path, const struct json_value *root)
{
    struct csaf_extensions_met met = csaf_extensions_find(root, "essential");

    if (met.count == 0)
        return;
    fputs("warning: ", stderr);
    say_text(stderr, slice_str(path));
    fprintf(stderr,
            ": what %zu extension%s say%s is crucial to understand it, and is not known here: ",
            met.count, met.count == 1 ? "" : "s", met.count == 1 ? "s" : "");
    for (size_t i = 0; i < met.named_count; i++) {
        fputs(i ? ", " : "", stderr);
        say_text(stderr, met.named[i]);
    }
    fputs(met.count > met.named_count ? ", …\n" : "\n", stderr);
}
