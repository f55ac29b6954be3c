/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin csaf diff: what changed for a reader. */
#include "base/file.h"
#include "base/output.h"
#include "base/utf8.h"
#include "cli/csaf.h"
#include "cli/say.h"
#include "csaf/diff.h"

enum { DOCUMENT_LIMIT = 150 << 20, SHOWN = 400 };

static void words(struct slice name, char *out, size_t size)
{
    csaf_reading_words(name, out, size);
}

static void say_value(const char *mark, enum say_style style, struct slice value)
{
    size_t len = utf8_cut(value, SHOWN);
    printf("    %s%s%s ", say_style_on(stdout, style), mark, say_style_off(stdout, style));
    say_text(stdout, slice_of(value.data, len));
    fputs(len < value.len ? "…\n" : "\n", stdout);
}

static void say_entry(const struct csaf_diff_entry *n)
{
    static const enum say_style styles[] = {SAY_GOOD, SAY_BAD, SAY_DOUBT};
    char what[40];
    words(slice_str(n->what), what, sizeof what);
    fputs("  ", stdout);
    say_styled(stdout, styles[n->kind], slice_str(csaf_diff_kind_name(n->kind)));
    printf(" %s", what);
    bool is_product = n->product.len && slice_is(slice_str(n->what), "product");
    if (n->product.len) {
        fputs(is_product ? " " : ": ", stdout);
        say_text(stdout, n->product);
    }
    fputc('\n', stdout);
    if (is_product)
        return;
    if (n->before.len)
        say_value("-", SAY_BAD, n->before);
    if (n->after.len)
        say_value("+", SAY_GOOD, n->after);
}

static void say_all(const struct csaf_diff *d)
{
    struct slice under = slice_of(NULL, 0);
    for (size_t i = 0; i < d->count; i++) {
        const struct csaf_diff_entry *n = &d->entries[i];
        if (i == 0 || !slice_equal(n->vulnerability, under)) {
            under = n->vulnerability;
            fputs(i ? "\n" : "", stdout);
            say_styled(stdout, SAY_STRONG, under.len ? under : slice_str("Document"));
            fputc('\n', stdout);
        }
        say_entry(n);
    }
    if (d->count == 0)
        puts("Nothing changed for a reader.");
}

static void write_side(struct json_writer *w, const char *name, const char *path,
                       const struct csaf_reading *r)
{
    json_write_name(w, name);
    json_write_object(w);
    json_member_string(w, "file", path);
    json_member_slice(w, "csaf_version", r->version);
    json_member_slice(w, "id", json_get_string(r->tracking, "id"));
    json_member_slice(w, "version", json_get_string(r->tracking, "version"));
    json_write_object_end(w);
}

static void write_all(const struct cli_args *args, struct csaf_reading *const sides[2],
                      const struct csaf_diff *d, struct buf *out)
{
    struct json_writer w;
    json_write_init(&w, out, 2);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-csaf-difference/v1");
    write_side(&w, "a", args->operands[0], sides[0]);
    write_side(&w, "b", args->operands[1], sides[1]);
    json_member_bool(&w, "same", d->count == 0);
    json_write_name(&w, "differences");
    json_write_array(&w);
    for (size_t i = 0; i < d->count; i++) {
        const struct csaf_diff_entry *n = &d->entries[i];
        json_write_object(&w);
        json_member_string(&w, "kind", csaf_diff_kind_name(n->kind));
        json_member_string(&w, "what", n->what);
        if (n->vulnerability.len)
            json_member_slice(&w, "vulnerability", n->vulnerability);
        if (n->product.len)
            json_member_slice(&w, "product", n->product);
        if (n->before.len)
            json_member_slice(&w, "before", n->before);
        if (n->after.len)
            json_member_slice(&w, "after", n->after);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
}

int csaf_diff_run(const struct cli_args *args)
{
    struct err e = {0};
    struct buf text[2];
    struct csaf_reading *sides[2] = {NULL, NULL};
    struct csaf_diff *d = NULL;
    int result = 3;
    for (int i = 0; i < 2; i++)
        buf_init(&text[i]);
    for (int i = 0; i < 2 && !err_is_set(&e); i++)
        if (file_read(args->operands[i], DOCUMENT_LIMIT, &text[i], &e) != 0 ||
            csaf_reading_open(&sides[i], buf_slice(&text[i]), &e) != 0)
            err_context(&e, "%s", args->operands[i]);
    if (!err_is_set(&e) && csaf_diff_make(&d, sides[0], sides[1], &e) == 0) {
        result = d->count ? 1 : 0;
        for (int i = 0; i < 2; i++)
            csaf_say_essential(args->operands[i], sides[i]->root);
        if (cli_flag(args, "json")) {
            struct buf out;
            buf_init(&out);
            write_all(args, sides, d, &out);
            output_line(stdout, &out);
            buf_fini(&out);
        } else {
            say_all(d);
        }
    } else {
        (void)say_fail(args, &e);
    }
    csaf_diff_free(d);
    for (int i = 0; i < 2; i++) {
        csaf_reading_free(sides[i]);
        buf_fini(&text[i]);
    }
    return say_end(args, result);
}
