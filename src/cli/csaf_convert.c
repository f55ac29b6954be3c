/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin csaf convert: the document to standard output or a file, what is to be said to standard
 * error; with --json one report on standard output. */
#include "base/clock.h"
#include "base/file.h"
#include "base/output.h"
#include "cli/csaf.h"
#include "cli/say.h"
#include "csaf/convert.h"

enum { DOCUMENT_LIMIT = 150 << 20 };

static struct csaf_convert_options options_of(const struct cli_args *args)
{
    return (struct csaf_convert_options){
        .now = clock_now(&clock_system),
        .tlp_from_text = cli_flag(args, "tlp-from-text"),
        .cwe_latest = cli_flag(args, "cwe-latest"),
        .multiplier = cli_flag(args, "multiplier"),
        .quiet_other = cli_flag(args, "quiet-other"),
        .whole_numbers = cli_flag(args, "whole-numbers"),
        .escape_question = cli_flag(args, "escape-question"),
        .escape_star = cli_flag(args, "escape-star"),
        .keep_branches = cli_flag(args, "keep-branches"),
        .keep_hash_names = cli_flag(args, "keep-hash-names"),
        .keep_ids = cli_flag(args, "keep-ids"),
        .no_calculator = cli_flag(args, "no-calculator"),
        .no_license = cli_flag(args, "no-license"),
        .no_fixed_products = cli_flag(args, "no-fixed-products"),
    };
}

/* Into a buffer, since standard error has none and there may be many. */
static void put_finding(struct buf *b, const struct csaf_convert_finding *f)
{
    static const enum say_style styles[] = {SAY_DOUBT, SAY_BAD, SAY_BAD};
    enum say_style style = styles[f->kind];
    buf_printf(b, "%s%s%s: ", say_style_on(stderr, style), csaf_convert_kind_name(f->kind),
               say_style_off(stderr, style));
    say_clean(b, slice_str(f->text), false);
    buf_printf(b, " (line %zu column %zu%s", f->line, f->column, f->pointer[0] ? ", " : "");
    say_clean(b, slice_str(f->pointer), false);
    buf_printf(b, "; %s)\n", f->rule);
    if (f->value.data && f->value.len) {
        buf_printf(b, "  %s", say_style_on(stderr, SAY_FAINT));
        say_clean(b, f->value, false);
        buf_printf(b, "%s\n", say_style_off(stderr, SAY_FAINT));
    }
}

static void say_findings(const char *path, const struct csaf_conversion *c)
{
    struct buf b;
    buf_init(&b);
    for (size_t i = 0; i < c->finding_count; i++) {
        put_finding(&b, &c->findings[i]);
        if (b.len > 65536 || i + 1 == c->finding_count) {
            output_put(stderr, &b);
            buf_reset(&b);
        }
    }
    buf_fini(&b);
    if (c->finding_count == 0)
        return;
    fputs("tocsin: csaf convert: ", stderr);
    say_text(stderr, slice_str(path));
    fputs(": ", stderr);
    say_count(stderr, (int64_t)c->warnings, "warning", "warnings");
    fputs(", ", stderr);
    say_count(stderr, (int64_t)c->losses, "loss", "losses");
    fputs(", ", stderr);
    say_count(stderr, (int64_t)c->faults, "fault", "faults");
    fputc('\n', stderr);
}

static void write_report(const char *path, const struct csaf_conversion *c, bool with_document,
                         struct buf *out)
{
    struct json_writer w;
    json_write_init(&w, out, 2);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-csaf-conversion/v1");
    json_member_string(&w, "file", path);
    json_member_string(&w, "from", "2.0");
    json_member_string(&w, "to", "2.1");
    json_member_bool(&w, "valid", c->valid);
    json_member_int(&w, "warnings", (int64_t)c->warnings);
    json_member_int(&w, "losses", (int64_t)c->losses);
    json_member_int(&w, "faults", (int64_t)c->faults);
    json_write_name(&w, "findings");
    json_write_array(&w);
    for (size_t i = 0; i < c->finding_count; i++) {
        const struct csaf_convert_finding *f = &c->findings[i];
        json_write_object(&w);
        json_member_string(&w, "kind", csaf_convert_kind_name(f->kind));
        json_member_string(&w, "rule", f->rule);
        json_member_string(&w, "instance_path", f->pointer);
        json_member_int(&w, "line", (int64_t)f->line);
        json_member_int(&w, "column", (int64_t)f->column);
        json_member_string(&w, "message", f->text);
        if (f->value.data)
            json_member_slice(&w, "value", f->value);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    if (with_document) {
        struct slice text = c->text;
        text.len--; /* without the line's end */
        json_write_name(&w, "document");
        json_write_raw(&w, text);
    }
    json_write_object_end(&w);
}

static int put(const struct cli_args *args, const struct csaf_conversion *c, struct err *e)
{
    const char *path = args->operands[0], *out = cli_value(args, "out");
    if (out && file_write(out, c->text, 0644, e) != 0)
        return -1;
    if (cli_flag(args, "json")) {
        struct buf report;
        buf_init(&report);
        write_report(path, c, !out, &report);
        output_line(stdout, &report);
        buf_fini(&report);
    } else {
        say_findings(path, c);
        if (!out)
            fwrite(c->text.data, 1, c->text.len, stdout);
    }
    return 0;
}

int csaf_convert_run(const struct cli_args *args)
{
    struct err e = {0};
    struct buf text;
    struct csaf_conversion *c = NULL;
    struct csaf_convert_options options = options_of(args);
    int result = 3;
    buf_init(&text);
    if (file_read(args->operands[0], DOCUMENT_LIMIT, &text, &e) != 0 ||
        csaf_convert(&c, buf_slice(&text), &options, &e) != 0) {
        err_context(&e, "%s", args->operands[0]);
        (void)say_fail(args, &e);
    } else if (put(args, c, &e) != 0) {
        (void)say_fail(args, &e);
    } else {
        result = c->losses || c->faults ? 1 : 0;
    }
    csaf_conversion_free(c);
    buf_fini(&text);
    return say_end(args, result);
}
