/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of assets, however long: it goes to the centre in pieces, each with the table's header.
 * What was interrupted is given again as a whole: the centre finds unchanged what is in already.
 */
#include "base/file.h"
#include "cli/api.h"
#include "cli/asset.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "fleet/inventory.h"

enum { TABLE_MAX = 1 << 30, ROWS_A_PIECE = 20000, PIECE_MAX = 8 << 20, PIECE_MS = 600000 };

struct import {
    const struct cli_args *args;
    struct api *api;
    struct buf target;
    struct buf piece;
    struct fleet_csv_cutter cutter;
    struct progress progress;
    int64_t imported, registered, unchanged, described, refused;
    struct buf refusals; /* with --json: members of the array */
};

static int64_t count_in(const struct json_value *answer, const char *name)
{
    int64_t count = 0;

    (void)json_int64(json_get(answer, name), &count);
    return count;
}

/* What the centre says of a line in the piece, as of the line in the table. */
static void say_refused(struct import *m, const struct json_value *row, int64_t line)
{
    struct slice text = json_get_string(row, "text");
    struct err e = {0};

    if (cli_flag(m->args, "json")) {
        struct json_writer w;
        if (m->refusals.len)
            buf_putc(&m->refusals, ',');
        json_write_init(&w, &m->refusals, 0);
        json_write_object(&w);
        json_member_int(&w, "line", line);
        json_member_slice(&w, "code", json_get_string(row, "code"));
        json_member_slice(&w, "text", text);
        json_write_object_end(&w);
        return;
    }
    progress_hide(&m->progress);
    err_set(&e, ERR_INPUT, "cli.row", NULL, "%.*s", SLICE_ARG(text));
    err_where(&e, "%s: line %lld", m->args->operands[0], (long long)line);
    (void)say_fail(m->args, &e);
}

static int send_piece(struct import *m, struct slice rows, size_t line, struct err *e)
{
    struct api_request request = {.method = "POST",
                                  .target = buf_text(&m->target),
                                  .content_type = "text/csv",
                                  .timeout_ms = PIECE_MS};
    struct api_answer answer;
    int result = -1;

    buf_reset(&m->piece);
    buf_put_slice(&m->piece, m->cutter.header);
    buf_put_slice(&m->piece, rows);
    if (buf_check(&m->piece, e) != 0)
        return -1;
    request.body = buf_slice(&m->piece);
    api_answer_init(&answer);
    if (api_send(m->api, &request, &answer, e) == 0) {
        m->imported += count_in(answer.root, "imported");
        m->registered += count_in(answer.root, "registered");
        m->unchanged += count_in(answer.root, "unchanged");
        m->described += count_in(answer.root, "described");
        json_each(row, json_get(answer.root, "refused"))
        {
            int64_t in_piece = count_in(row, "line") - (int64_t)m->cutter.header_lines;
            say_refused(m, row, in_piece - 1 + (int64_t)line);
            m->refused++;
        }
        result = buf_check(&m->refusals, e);
    }
    api_answer_fini(&answer);
    return result;
}

/* Rows in all, for the bar. */
static int count_rows(const struct fleet_csv_cutter *cutter, uint64_t *rows, struct err *e)
{
    struct fleet_csv_cutter copy = *cutter;
    struct slice all;
    size_t line;
    int64_t count = fleet_csv_cut_next(&copy, SIZE_MAX, &all, &line, e);

    *rows = count > 0 ? (uint64_t)count : 0;
    return count < 0 ? -1 : 0;
}

static int send_all(struct import *m, struct slice table, struct err *e)
{
    uint64_t all = 0, done = 0;
    struct slice rows;
    size_t line;
    int64_t count;

    if (fleet_csv_cut(&m->cutter, table, e) != 0 || count_rows(&m->cutter, &all, e) != 0)
        return -1;
    progress_start(&m->progress, "assets", all);
    do { /* a table without rows goes too: its header is checked */
        struct fleet_csv_cutter before = m->cutter;
        count = fleet_csv_cut_next(&m->cutter, ROWS_A_PIECE, &rows, &line, e);
        for (size_t most = ROWS_A_PIECE; count > 1 && rows.len > PIECE_MAX;) {
            m->cutter = before; /* long rows: fewer of them */
            most /= 2;
            count = fleet_csv_cut_next(&m->cutter, most, &rows, &line, e);
        }
        if (count < 0 || ((count > 0 || done == 0) && send_piece(m, rows, line, e) != 0)) {
            progress_end(&m->progress);
            return -1;
        }
        done += (uint64_t)count;
        progress_to(&m->progress, done);
    } while (count > 0);
    progress_end(&m->progress);
    return 0;
}

static int say_done(struct import *m)
{
    if (cli_flag(m->args, "json")) {
        struct json_doc *doc = NULL;
        struct json_writer w;
        struct err e = {0};
        struct buf text;
        buf_init(&text);
        json_write_init(&w, &text, 0);
        json_write_object(&w);
        json_write_name(&w, "refused");
        json_write_array(&w);
        if (m->refusals.len)
            json_write_raw(&w, buf_slice(&m->refusals));
        json_write_array_end(&w);
        json_member_int(&w, "imported", m->imported);
        json_member_int(&w, "registered", m->registered);
        json_member_int(&w, "unchanged", m->unchanged);
        json_member_int(&w, "described", m->described);
        json_write_object_end(&w);
        const struct json_limits limits = {.bytes = TABLE_MAX, .depth = 8, .values = TABLE_MAX};
        int result =
            buf_check(&text, &e) == 0 ? json_parse(&doc, buf_slice(&text), &limits, &e) : -1;
        if (result == 0)
            say_json(json_root(doc));
        json_doc_free(doc);
        buf_fini(&text);
        return result == 0 ? say_end(m->args, m->refused > 0) : say_fail(m->args, &e);
    }
    say_count(stdout, m->imported, "asset", "assets");
    printf(" imported, %lld refused", (long long)m->refused);
    if (m->unchanged)
        printf(" (%lld were in already, as they are)", (long long)m->unchanged);
    putchar('\n');
    return say_end(m->args, m->refused > 0);
}

int asset_import(const struct cli_args *args)
{
    struct import m = {.args = args};
    struct err e = {0};
    struct buf table;
    int result;

    buf_init(&m.target);
    buf_init(&m.piece);
    buf_init(&m.refusals);
    buf_init(&table);
    buf_puts(&m.target, "/v1/assets/import");
    api_put_query(&m.target, "organisation", cli_value(args, "organisation"));
    if (file_read(args->operands[0], TABLE_MAX, &table, &e) == 0 && buf_check(&m.target, &e) == 0 &&
        api_open(args, &m.api, &e) == 0 && send_all(&m, buf_slice(&table), &e) == 0) {
        result = say_done(&m);
    } else {
        err_where(&e, "%s", args->operands[0]);
        if (m.imported > 0 && !e.hint[0])
            err_hint(&e, "%lld assets are in; run the same command again for the others",
                     (long long)m.imported);
        result = say_fail(args, &e);
    }
    api_close(m.api);
    buf_fini(&table);
    buf_fini(&m.refusals);
    buf_fini(&m.piece);
    buf_fini(&m.target);
    return result;
}
