/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/list.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/say.h"

#include <libsmartcols/libsmartcols.h>
#include <string.h>

enum { CUT_LEAST = 20 };

struct list {
    const char *name;
    const struct list_column *columns;
    size_t column_count;
    struct libscols_table *table; /* NULL: JSON */
    bool *seen;                   /* by column: some row has it */
    size_t *widths;               /* by column: of its widest cell */
    struct buf text;              /* JSON that is not written yet; else one cell */
    struct json_writer json;
    bool opened; /* JSON: the array has begun */
    size_t count;
};

static int table_new(struct list *list, struct err *e)
{
    list->table = scols_new_table();
    list->seen = mem_new(list->column_count, sizeof(*list->seen));
    list->widths = mem_new(list->column_count, sizeof(*list->widths));
    if (!list->table || !list->seen || !list->widths)
        return err_memory(e);
    scols_table_enable_colors(list->table, say_has_colour(stdout));
    for (size_t i = 0; i < list->column_count; i++) {
        unsigned flags = list->columns[i].flags;
        list->widths[i] = strlen(list->columns[i].heading);
        int wanted =
            ((flags & LIST_RIGHT) ? SCOLS_FL_RIGHT : 0) | ((flags & LIST_CUT) ? SCOLS_FL_TRUNC : 0);
        if (!scols_table_new_column(list->table, list->columns[i].heading, 0, wanted))
            return err_memory(e);
    }
    return 0;
}

int list_new(struct list **out, const char *name, const struct list_column *columns, size_t count,
             bool as_json, struct err *e)
{
    struct list *list = mem_new(1, sizeof(*list));

    *out = NULL;
    if (!list)
        return err_memory(e);
    list->name = name;
    list->columns = columns;
    list->column_count = count;
    buf_init(&list->text);
    if (!as_json && table_new(list, e) != 0) {
        list_free(list);
        return -1;
    }
    if (as_json) {
        json_write_init(&list->json, &list->text, 2);
        json_write_object(&list->json);
    }
    *out = list;
    return 0;
}

void list_free(struct list *list)
{
    if (!list)
        return;
    scols_unref_table(list->table);
    mem_free(list->seen);
    mem_free(list->widths);
    buf_fini(&list->text);
    mem_free(list);
}

void list_head(struct list *list, const struct json_value *answer)
{
    json_each(member, answer)
    {
        if (slice_is(json_name(member), "items") || slice_is(json_name(member), "next"))
            continue;
        json_write_name_slice(&list->json, json_name(member));
        json_write_value(&list->json, member);
    }
}

static void open_array(struct list *list)
{
    if (list->opened)
        return;
    json_write_name(&list->json, list->name);
    json_write_array(&list->json);
    list->opened = true;
}

size_t list_count(const struct list *list)
{
    return list->count;
}

const struct json_value *list_find(const struct json_value *row, const char *name)
{
    const char *dot;

    while (row && (dot = strchr(name, '.'))) {
        row = json_get_slice(row, slice_of(name, (size_t)(dot - name)));
        name = dot + 1;
    }
    return row ? json_get(row, name) : NULL;
}

void list_put_value(struct buf *b, const struct json_value *value)
{
    bool first = true;

    if (!value)
        return;
    switch (json_type(value)) {
    case JSON_STRING: say_clean(b, json_string(value), false); break;
    case JSON_NUMBER: buf_put_slice(b, json_number(value)); break;
    case JSON_TRUE: buf_puts(b, "yes"); break;
    case JSON_FALSE: buf_puts(b, "no"); break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        json_each(item, value)
        {
            if (!first)
                buf_puts(b, ", ");
            first = false;
            if (json_is(value, JSON_OBJECT)) {
                say_clean(b, json_name(item), false);
                buf_putc(b, ' ');
            }
            list_put_value(b, item);
        }
        break;
    case JSON_NULL: break;
    }
}

static const char *colour_of(enum say_style style)
{
    switch (style) {
    case SAY_GOOD: return "green";
    case SAY_BAD: return "red";
    case SAY_DOUBT: return "yellow";
    case SAY_FAINT: return "darkgray";
    default: return NULL;
    }
}

/* "2026-11-22T00:51:44.734923Z" without the microseconds, which nobody reads in a table. */
static void shorten_time(struct buf *cell)
{
    static const char form[] = "0000-00-00T00:00:00.000000Z";

    if (cell->len != sizeof(form) - 1)
        return;
    for (size_t i = 0; i < cell->len; i++) {
        bool digit = cell->data[i] >= '0' && cell->data[i] <= '9';
        if (form[i] == '0' ? !digit : cell->data[i] != (uint8_t)form[i])
            return;
    }
    cell->len = strlen("0000-00-00T00:00:00");
    buf_putc(cell, 'Z');
}

static int table_row(struct list *list, const struct json_value *row, struct err *e)
{
    struct libscols_line *line = scols_table_new_line(list->table, NULL);

    if (!line)
        return err_memory(e);
    for (size_t i = 0; i < list->column_count; i++) {
        const struct json_value *value = list_find(row, list->columns[i].name);
        buf_reset(&list->text);
        list_put_value(&list->text, value);
        shorten_time(&list->text);
        if (say_columns(buf_slice(&list->text)) > list->widths[i])
            list->widths[i] = say_columns(buf_slice(&list->text));
        if (list->text.failed || scols_line_set_data(line, i, buf_text(&list->text)) != 0)
            return err_memory(e);
        if (list->text.len)
            list->seen[i] = true;
        const char *colour = colour_of(say_style_of(buf_slice(&list->text)));
        if (colour && scols_cell_set_color(scols_line_get_cell(line, i), colour) != 0)
            return err_memory(e);
    }
    return 0;
}

/* What is written so far goes out, so that long lists do not fill the memory. */
static int flush_json(struct list *list, struct err *e)
{
    if (buf_check(&list->text, e) != 0)
        return -1;
    fwrite(buf_text(&list->text), 1, list->text.len, stdout);
    buf_reset(&list->text);
    return 0;
}

int list_row(void *context, const struct json_value *row, struct err *e)
{
    struct list *list = context;

    list->count++;
    if (list->table)
        return table_row(list, row, e);
    open_array(list);
    json_write_value(&list->json, row);
    return list->text.len > 65536 ? flush_json(list, e) : 0;
}

static void hide(struct list *list, size_t column)
{
    struct libscols_column *c = scols_table_get_column(list->table, column);

    scols_column_set_flags(c, scols_column_get_flags(c) | SCOLS_FL_HIDDEN);
    list->widths[column] = 0;
}

static void hide_empty(struct list *list)
{
    for (size_t i = 0; i < list->column_count; i++)
        if (!list->seen[i] && list->columns[i].flags & LIST_SPARSE)
            hide(list, i);
}

/* What the table needs when columns that may be cut are as narrow as they can be read. */
static size_t least_width(const struct list *list)
{
    size_t width = 0;

    for (size_t i = 0; i < list->column_count; i++) {
        bool is_cut = list->columns[i].flags & LIST_CUT && list->widths[i] > CUT_LEAST;
        if (list->widths[i])
            width += (is_cut ? CUT_LEAST : list->widths[i]) + 1;
    }
    return width ? width - 1 : 0;
}

/* On a terminal; what is left out is named, for --json has it. */
static void hide_spare(struct list *list, struct buf *hidden)
{
    size_t width = say_width(stdout);

    for (size_t i = list->column_count; width && i-- > 0 && least_width(list) > width;) {
        if (!list->widths[i] || !(list->columns[i].flags & LIST_SPARE))
            continue;
        hide(list, i);
        buf_printf(hidden, "%s%s", hidden->len ? ", " : "", list->columns[i].heading);
    }
}

static int sort_rows(struct list *list)
{
    for (size_t i = 0; i < list->column_count; i++) {
        struct libscols_column *column = scols_table_get_column(list->table, i);
        if (list->columns[i].flags & LIST_SORTED)
            return scols_column_set_cmpfunc(column, scols_cmpstr_cells, NULL) == 0
                       ? scols_sort_table(list->table, column)
                       : -1;
    }
    return 0;
}

int list_print(struct list *list, const char *nothing, struct err *e)
{
    if (!list->table) {
        open_array(list);
        json_write_array_end(&list->json);
        json_write_object_end(&list->json);
        buf_putc(&list->text, '\n');
        return flush_json(list, e);
    }
    if (list->count == 0) {
        puts(nothing);
        return 0;
    }
    buf_reset(&list->text);
    hide_empty(list);
    hide_spare(list, &list->text);
    if (sort_rows(list) != 0 || scols_print_table(list->table) != 0)
        return err_set(e, ERR_SYSTEM, "cli.table", NULL, "the table cannot be written");
    if (list->text.len) {
        buf_puts(&list->text, " are left out: the terminal is narrow, and --json has all");
        say_wrapped(stdout, output_slice(stdout, &list->text), 0);
    }
    return 0;
}

int list_all(const struct cli_args *args, const struct list_of *of)
{
    struct list *list = NULL;
    struct api *api = NULL;
    struct err e = {0};
    int64_t limit;
    int result = 3;

    if (cli_number(args, "limit", 1, INT64_C(1000000000), 0, &limit, &e) == 0 &&
        api_open(args, &api, &e) == 0 &&
        list_new(&list, of->name, of->columns, of->column_count, cli_flag(args, "json"), &e) == 0 &&
        api_pages(api,
                  &(struct api_list){.target = of->target, .cursor = of->cursor, .limit = limit},
                  list_row, list, &e) == 0 &&
        list_print(list, of->nothing, &e) == 0)
        result = say_end(args, 0);
    list_free(list);
    api_close(api);
    return err_is_set(&e) ? say_fail(args, &e) : result;
}
