/* SPDX-License-Identifier: Apache-2.0 */
/* Assets without agent, as a table: RFC 4180, docs/formats-inventory.md section 2. */
#include "base/memory.h"
#include "base/utf8.h"
#include "fleet/inventory_source.h"
#include "product/range_words.h"

static const char clause[] = "RFC 4180 section 2";

enum { FIELDS = 32 };

enum column {
    ASSET,
    VENDOR,
    MODEL,
    FAMILY,
    PRODUCT,
    FIRMWARE,
    SERIAL,
    ORDER,
    SKU,
    HARDWARE,
    OWNER,
    CONTACT,
    LOCATION,
    CRITICALITY,
    COLUMNS
};

static const char *const column_names[COLUMNS] = {
    "asset", "vendor", "model",    "family", "product", "firmware", "serial",
    "order", "sku",    "hardware", "owner",  "contact", "location", "criticality"};

struct reader {
    struct slice text;
    size_t at;
    size_t line;
    uint8_t comma;
    struct fleet_csv *csv;
    const struct fleet_inventory_limits *limits;
    struct slice fields[FIELDS];
    size_t count;
};

/* A quoted field: from behind its first quote. 0, -1 (bad row), -2 (memory). */
static int quoted(struct reader *r, struct slice *out, struct err *e)
{
    size_t start = r->at, quotes = 0;
    for (;; r->at++) {
        if (r->at == r->text.len)
            return err_set(e, ERR_INPUT, "inventory.csv", "RFC 4180 section 2 rule 5",
                           "a quoted field is not closed");
        uint8_t c = r->text.data[r->at];
        if (c == '\n')
            r->line++;
        if (c != '"')
            continue;
        if (r->at + 1 < r->text.len && r->text.data[r->at + 1] == '"') {
            quotes++;
            r->at++;
            continue;
        }
        break;
    }
    struct slice inner = slice_of(r->text.data + start, r->at - start);
    r->at++;
    if (quotes == 0) {
        *out = inner;
        return 0;
    }
    char *plain = arena_alloc(&r->csv->arena, inner.len);
    size_t len = 0;
    if (!plain) {
        err_memory(e);
        return -2;
    }
    for (size_t i = 0; i < inner.len; i++) {
        plain[len++] = (char)inner.data[i];
        i += inner.data[i] == '"';
    }
    *out = slice_of(plain, len);
    return 0;
}

static void skip_row(struct reader *r)
{
    while (r->at < r->text.len && r->text.data[r->at] != '\n')
        r->at++;
    if (r->at < r->text.len) {
        r->at++;
        r->line++;
    }
}

/* One row into r->fields. 0; -1: bad row, passed over; -2: memory. */
static int row(struct reader *r, struct err *e)
{
    int result = 0;
    r->count = 0;
    for (;;) {
        if (r->count == FIELDS) {
            err_set(e, ERR_INPUT, "inventory.csv", clause, "the row has more than %d fields",
                    FIELDS);
            skip_row(r);
            return -1;
        }
        struct slice *field = &r->fields[r->count++];
        if (r->at < r->text.len && r->text.data[r->at] == '"') {
            r->at++;
            result = quoted(r, field, e);
            if (result != 0) {
                skip_row(r);
                return result;
            }
        } else {
            size_t start = r->at;
            while (r->at < r->text.len && r->text.data[r->at] != r->comma &&
                   r->text.data[r->at] != '\n' && r->text.data[r->at] != '\r' &&
                   r->text.data[r->at] != '"')
                r->at++;
            *field = slice_of(r->text.data + start, r->at - start);
        }
        if (r->at == r->text.len)
            return 0;
        uint8_t c = r->text.data[r->at];
        if (c == r->comma) {
            r->at++;
            continue;
        }
        if (c == '\r' && r->at + 1 < r->text.len && r->text.data[r->at + 1] == '\n')
            c = r->text.data[++r->at];
        if (c == '\n') {
            r->at++;
            r->line++;
            return 0;
        }
        err_set(e, ERR_INPUT, "inventory.csv", clause,
                c == '"' ? "a quote stands inside a field that does not begin with one"
                         : "unexpected text behind a quoted field");
        skip_row(r);
        return -1;
    }
}

/* Which column each field is; -1 when the header does not fit. */
static int header(struct reader *r, int columns[FIELDS], struct err *e)
{
    bool seen[COLUMNS] = {false};
    for (size_t i = 0; i < r->count; i++) {
        struct slice name = product_text_trim(r->fields[i]);
        columns[i] = -1;
        for (int c = 0; c < COLUMNS; c++)
            if (name.len == strlen(column_names[c]) && product_text_starts(name, column_names[c]))
                columns[i] = c;
        if (columns[i] < 0) {
            err_set(e, ERR_INPUT, "inventory.csv", "docs/formats-inventory.md section 2",
                    "\"%.*s\" is no known column", (int)(name.len < 60 ? name.len : 60),
                    (const char *)name.data);
            err_where(e, "line 1, field %zu", i + 1);
            return err_hint(e, "known are asset, vendor, model, family, product, firmware, serial, "
                               "order, sku, hardware, owner, contact, location, criticality");
        }
        if (seen[columns[i]])
            return err_set(e, ERR_INPUT, "inventory.csv", clause, "the column \"%s\" stands twice",
                           column_names[columns[i]]);
        seen[columns[i]] = true;
    }
    if (!seen[ASSET])
        return err_set(e, ERR_INPUT, "inventory.csv", "docs/formats-inventory.md section 2",
                       "the column \"asset\" is missing");
    return 0;
}

/* The row's inventory; a bad one sets *bad. -1: memory. A million small rows share one arena. */
static int fill(struct reader *r, const int columns[FIELDS], size_t wanted,
                struct fleet_csv_row *out, struct err *bad, struct err *e)
{
    if (r->count != wanted) {
        err_set(bad, ERR_INPUT, "inventory.csv", "RFC 4180 section 2 rule 4",
                "the row has %zu fields, the header %zu", r->count, wanted);
        return 0;
    }
    out->inventory = arena_new(&r->csv->arena, 1, sizeof *out->inventory);
    if (!out->inventory)
        return err_memory(e);
    out->inventory->format = "CSV";
    struct fleet_nameplate *n = &out->inventory->nameplate;
    struct slice *const targets[COLUMNS] = {
        &out->asset,  &n->vendor,    &n->model,      &n->family,       &n->product,
        &n->firmware, &n->serial,    &n->order,      &n->sku,          &n->hardware,
        &out->owner,  &out->contact, &out->location, &out->criticality};
    struct fleet_source s = {.inventory = out->inventory,
                             .arena = &r->csv->arena,
                             .limits = r->limits,
                             .clause = clause,
                             .e = bad};
    for (size_t i = 0; i < r->count; i++) {
        if (utf8_check(r->fields[i]) != r->fields[i].len) {
            err_set(bad, ERR_INPUT, "inventory.csv", "RFC 3629 section 3",
                    "the field \"%s\" is not UTF-8", column_names[columns[i]]);
            return 0;
        }
        if (fleet_source_value(&s, r->fields[i], NULL, targets[columns[i]]) != 0)
            return bad->kind == ERR_MEMORY ? err_memory(e) : 0;
    }
    if (out->asset.len == 0)
        err_set(bad, ERR_INPUT, "inventory.required", "docs/formats-inventory.md section 2",
                "the row names no asset");
    else if (n->model.len == 0 && n->product.len == 0 && n->order.len == 0)
        err_set(bad, ERR_INPUT, "inventory.required", "docs/formats-inventory.md section 2",
                "the row has neither model nor product nor order number");
    out->inventory->has_nameplate = true;
    return 0;
}

static int read_rows(struct reader *r, struct err *e)
{
    int columns[FIELDS];
    size_t room = 0;
    int result = row(r, e);
    if (result != 0) {
        err_where(e, "line 1");
        return -1;
    }
    if (header(r, columns, e) != 0)
        return -1;
    size_t wanted = r->count;
    while (r->at < r->text.len) {
        size_t line = r->line;
        struct err bad = {0};
        result = row(r, &bad);
        if (result == -2)
            return err_memory(e);
        if (result == 0 && r->count == 1 && r->fields[0].len == 0)
            continue; /* an empty line */
        if (r->csv->count == r->limits->rows)
            return err_set(e, ERR_LIMIT, "inventory.limit", NULL, "the file has more than %zu rows",
                           r->limits->rows);
        if (r->csv->count == room) {
            room = room ? room * 2 : 64;
            void *grown = mem_resize(r->csv->rows, room, sizeof *r->csv->rows);
            if (!grown)
                return err_memory(e);
            r->csv->rows = grown;
        }
        struct fleet_csv_row *out = &r->csv->rows[r->csv->count++];
        *out = (struct fleet_csv_row){.line = line};
        if (result == 0 && fill(r, columns, wanted, out, &bad, e) != 0)
            return -1;
        if (err_is_set(&bad)) {
            err_where(&bad, "line %zu", line);
            struct err *kept = arena_new(&r->csv->arena, 1, sizeof *kept);
            if (!kept)
                return err_memory(e);
            *kept = bad;
            *out = (struct fleet_csv_row){.line = line, .err = kept};
            r->csv->bad++;
        }
    }
    return 0;
}

static void start(struct reader *r)
{
    struct slice text = r->text;

    r->line = 1;
    r->comma = ',';
    if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
        r->at = 3;
    const uint8_t *stop = text.len ? memchr(text.data, '\n', text.len) : NULL;
    size_t first = stop ? (size_t)(stop - text.data) : text.len;
    if (first && memchr(text.data, ';', first) && !memchr(text.data, ',', first))
        r->comma = ';';
}

int fleet_csv_read(struct fleet_csv **csv, struct slice text,
                   const struct fleet_inventory_limits *limits, struct err *e)
{
    *csv = NULL;
    if (!limits)
        limits = &fleet_inventory_limits_default;
    /* a table of many assets may be larger than one asset's inventory */
    if (text.len > limits->rows * limits->value)
        return err_set(e, ERR_LIMIT, "inventory.limit", NULL, "the file has %zu bytes", text.len);
    struct fleet_csv *out = mem_new(1, sizeof *out);
    if (!out)
        return err_memory(e);
    arena_init(&out->arena, 0);
    struct reader r = {.text = text, .csv = out, .limits = limits};
    start(&r);
    if (read_rows(&r, e) != 0) {
        fleet_csv_free(out);
        return -1;
    }
    *csv = out;
    return 0;
}

void fleet_csv_free(struct fleet_csv *csv)
{
    if (!csv)
        return;
    mem_free(csv->rows);
    arena_fini(&csv->arena);
    mem_free(csv);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

int fleet_csv_cut(struct fleet_csv_cutter *cutter, struct slice text, struct err *e)
{
    struct fleet_csv scratch = {0};
    struct reader r = {.text = text, .csv = &scratch};
    struct err bad = {0};

    arena_init(&scratch.arena, 0);
    start(&r);
    int result = row(&r, &bad); /* a bad header is refused by whoever reads the first piece */
    arena_fini(&scratch.arena);
    *cutter = (struct fleet_csv_cutter){.text = text,
                                        .header = slice_of(text.data, r.at),
                                        .header_lines = r.line - 1,
                                        .at = r.at,
                                        .line = r.line};
    return result == -2 ? err_memory(e) : 0;
}

int64_t fleet_csv_cut_next(struct fleet_csv_cutter *cutter, size_t most, struct slice *rows,
                           size_t *line, struct err *e)
{
    struct fleet_csv scratch = {0};
    struct reader r = {.text = cutter->text, .csv = &scratch};
    int64_t count = 0;
    int result = 0;

    arena_init(&scratch.arena, 0);
    start(&r);
    r.at = cutter->at;
    r.line = *line = cutter->line;
    while (result != -2 && r.at < r.text.len && (size_t)count < most) {
        struct err bad = {0};
        result = row(&r, &bad);
        count++;
    }
    arena_fini(&scratch.arena);
    *rows = slice_of(r.text.data + cutter->at, r.at - cutter->at);
    cutter->at = r.at;
    cutter->line = r.line;
    return result == -2 ? err_memory(e) : count;
}
