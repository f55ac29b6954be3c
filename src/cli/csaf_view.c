/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin csaf view: a document for people. */
#include "base/file.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/csaf.h"
#include "cli/say.h"
#include "csaf/document.h"
#include "csaf/view.h"

#include <stdio.h>
#include <unistd.h>

enum { DOCUMENT_LIMIT = 150 << 20, TEXT_WIDTH = 100 };

static int format_of(const struct cli_args *args, enum csaf_view_format *format, struct err *e)
{
    static const char *const names[] = {"text", "html", "markdown"};
    const char *wanted = cli_value(args, "format");
    *format = CSAF_VIEW_TEXT;
    for (size_t i = 0; wanted && i < ARRAY_LEN(names); i++)
        if (strcmp(wanted, names[i]) == 0) {
            *format = (enum csaf_view_format)i;
            wanted = NULL;
        }
    if (wanted)
        return err_set(e, ERR_USAGE, "cli.option", NULL,
                       "--format is text, html or markdown, not \"%s\"", wanted);
    return 0;
}

/* What the checks of CSAF 2.0 find is told at the top of the view. */
static int check(struct csaf_reading *r, struct slice text, struct err *e)
{
    if (!slice_is(r->version, "2.0"))
        return 0;
    struct csaf_report *report = mem_new(1, sizeof *report);
    struct csaf_document *d = NULL;
    struct err found = {0};
    int result = 0;
    if (!report)
        return err_memory(e);
    if (csaf_load_report(&d, text, report, &found) != 0 && found.kind == ERR_MEMORY)
        result = err_memory(e);
    for (size_t i = 0; result == 0 && i < report->error_count && i < CSAF_FINDINGS; i++) {
        char line[900];
        err_line(&report->errors[i], line, sizeof line);
        result = csaf_reading_problem(r, line, e);
    }
    csaf_free(d);
    mem_free(report);
    return result;
}

static int show(const struct cli_args *args, const struct csaf_reading *r,
                struct csaf_view_options *options, struct err *e)
{
    const char *path = cli_value(args, "out");
    struct buf out;
    buf_init(&out);
    int result = csaf_view(r, options, &out, e);
    if (result == 0 && path)
        result = file_write(path, buf_slice(&out), 0644, e);
    else if (result == 0)
        output_put(stdout, &out);
    buf_fini(&out);
    return result;
}

int csaf_view_run(const struct cli_args *args)
{
    struct err e = {0};
    struct buf text;
    struct csaf_reading *r = NULL;
    struct csaf_view_options options = {0};
    int64_t width = 0;
    int result = 3;
    bool to_file = cli_value(args, "out") != NULL;
    buf_init(&text);
    if (format_of(args, &options.format, &e) != 0 ||
        cli_number(args, "width", 40, 500, to_file ? TEXT_WIDTH : (int64_t)say_width(stdout),
                   &width, &e) != 0)
        goto out;
    options.width = (size_t)width;
    options.colour = !to_file && say_has_colour(stdout);
    if (file_read(args->operands[0], DOCUMENT_LIMIT, &text, &e) != 0 ||
        csaf_reading_open(&r, buf_slice(&text), &e) != 0 || check(r, buf_slice(&text), &e) != 0 ||
        show(args, r, &options, &e) != 0) {
        err_context(&e, "%s", args->operands[0]);
        goto out;
    }
    result = r->problem_count ? 1 : 0;
out:
    if (err_is_set(&e)) {
        int said = say_fail(args, &e);
        result = e.kind == ERR_USAGE ? said : 3;
    }
    csaf_reading_free(r);
    buf_fini(&text);
    return say_end(args, result);
}
