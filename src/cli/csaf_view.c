/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin csaf view: a document for people. */
#include "base/clock.h"
#include "base/file.h"
#include "base/output.h"
#include "cli/csaf.h"
#include "cli/say.h"
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

/* Schema and mandatory tests of the document's version. */
static int check(struct slice text, struct csaf_result *verdict, struct err *e)
{
    struct csaf_validator *v =
        csaf_validator_new(&(struct csaf_validator_options){.now = clock_now(&clock_system)}, e);
    int result = v ? csaf_validate(v, text, verdict, e) : -1;
    csaf_validator_free(v);
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
    struct csaf_result verdict = {0};
    struct csaf_view_options options = {.verdict = &verdict};
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
        csaf_reading_open(&r, buf_slice(&text), &e) != 0 ||
        check(buf_slice(&text), &verdict, &e) != 0 || show(args, r, &options, &e) != 0) {
        err_context(&e, "%s", args->operands[0]);
        goto out;
    }
    result = verdict.valid ? 0 : 1;
out:
    if (err_is_set(&e)) {
        int said = say_fail(args, &e);
        result = e.kind == ERR_USAGE ? said : 3;
    }
    csaf_result_free(&verdict);
    csaf_reading_free(r);
    buf_fini(&text);
    return say_end(args, result);
}
