/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tocsin-paper: a paper (tocsin-paper/v1) on standard input, a PDF on standard output. A program of
 * its own, because what draws letters is large, and its input is other people's words.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "paper/names.h"
#include "paper/page.h"

#include <cairo-pdf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { INPUT_MOST = 64 << 20 };

static cairo_status_t put(void *context, const unsigned char *data, unsigned len)
{
    struct buf *out = context;
    buf_put(out, data, len);
    return out->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static int kind_of(struct slice name)
{
    for (int i = 0; i < PAPER_KINDS; i++)
        if (slice_is(name, paper_names[i]))
            return i;
    return -1;
}

static int read_block(struct paper *p, const struct json_value *v, struct err *e)
{
    struct slice cells[PAPER_CELLS] = {0};
    int kind = kind_of(json_get_string(v, "kind"));
    const struct json_value *list = json_get(v, "cells");
    unsigned count = (unsigned)json_count(list);
    int64_t code = 0, weight;
    if (kind < 0 || json_count(list) > PAPER_CELLS)
        return err_set(e, ERR_INPUT, "paper.block", NULL, "a block is of no known kind");
    for (unsigned i = 0; i < count; i++)
        cells[i] = json_string(json_at(list, i));
    (void)json_int64(json_get(v, "code"), &code);
    if (kind == PAPER_ROW || kind == PAPER_COLUMNS || kind == PAPER_FACT) {
        paper_row(p, count, cells);
    } else {
        paper_add(p, (enum paper_kind)kind, cells[0]);
    }
    if (p->failed)
        return err_memory(e);
    struct paper_block *b = &p->blocks[p->count - 1];
    b->kind = (enum paper_kind)kind;
    b->code = (uint8_t)code;
    for (unsigned i = 0; i < PAPER_CELLS; i++)
        b->weight[i] =
            json_int64(json_at(json_get(v, "weights"), i), &weight) && weight > 0 && weight < 256
                ? (uint8_t)weight
                : 1;
    return 0;
}

static int read_paper(struct paper *p, struct slice text, struct err *e)
{
    struct json_doc *doc = NULL;
    int result = json_parse(&doc, text, &(struct json_limits){INPUT_MOST, 8, 4000000}, e);
    const struct json_value *root = json_root(doc);
    if (result == 0 && !slice_is(json_get_string(root, "format"), "tocsin-paper/v1"))
        result = err_set(e, ERR_INPUT, "paper.format", NULL, "this is no tocsin-paper/v1");
    if (result == 0)
        result = time_parse(json_get_string(root, "date"), &p->date, e);
    json_each(block, json_get(root, "blocks")) if (result == 0) result = read_block(p, block, e);
    if (result == 0) {
        struct slice title = json_get_string(root, "title");
        char *copy = arena_copy(&p->arena, title.len ? (const char *)title.data : "", title.len);
        p->title = slice_of(copy, copy ? title.len : 0);
        result = copy ? 0 : err_memory(e);
    }
    json_doc_free(doc);
    return result;
}

static int write_pdf(const struct paper *p, struct buf *out, struct err *e)
{
    char date[TIME_TEXT];
    struct buf nothing;
    cairo_surface_t *draft, *surface;
    buf_init(&nothing);
    draft = cairo_pdf_surface_create_for_stream(put, &nothing, PAGE_WIDTH, PAGE_HEIGHT);
    cairo_t *cairo = cairo_create(draft);
    unsigned pages = page_write(cairo, p, 0); /* how many there will be */
    cairo_destroy(cairo);
    cairo_surface_destroy(draft);
    buf_fini(&nothing);
    surface = cairo_pdf_surface_create_for_stream(put, out, PAGE_WIDTH, PAGE_HEIGHT);
    time_format(p->date, date);
    struct buf title;
    buf_init(&title);
    buf_put_slice(&title, p->title);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, buf_text(&title));
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "tocsin " TOCSIN_VERSION);
    /* Said by who asks, so that the same paper is the same file. */
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, date);
    buf_fini(&title);
    cairo = cairo_create(surface);
    page_write(cairo, p, pages);
    cairo_status_t status = cairo_status(cairo);
    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    return status == CAIRO_STATUS_SUCCESS
               ? buf_check(out, e)
               : err_set(e, ERR_SYSTEM, "paper.cairo", NULL, "the PDF cannot be drawn: %s",
                         cairo_status_to_string(status));
}

int main(void)
{
    struct err e = {0};
    struct paper p;
    struct buf in, out;
    char line[1024];
    buf_init(&in);
    buf_init(&out);
    paper_init(&p, 0);
    int result = file_read("-", INPUT_MOST, &in, &e);
    if (result == 0)
        result = read_paper(&p, buf_slice(&in), &e);
    if (result == 0)
        result = write_pdf(&p, &out, &e);
    if (result == 0 && file_write_all(STDOUT_FILENO, out.data, out.len) != 0)
        result = err_errno(&e, errno, "paper.write", "the PDF cannot be written");
    if (result != 0) {
        err_line(&e, line, sizeof line);
        fprintf(stderr, "tocsin-paper: %s\n", line);
    }
    paper_fini(&p);
    buf_fini(&in);
    buf_fini(&out);
    return result == 0 ? 0 : 3;
}
