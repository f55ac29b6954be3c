/* SPDX-License-Identifier: Apache-2.0 */
#include "paper/paper.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "paper/names.h"

#include <stdarg.h>
#include <stdio.h>

const char *const paper_names[PAPER_KINDS] = {
    [PAPER_TITLE] = "title",     [PAPER_SUBTITLE] = "subtitle",
    [PAPER_HEADING] = "heading", [PAPER_SUBHEADING] = "subheading",
    [PAPER_TEXT] = "text",       [PAPER_SMALL] = "small",
    [PAPER_GOOD] = "good",       [PAPER_BAD] = "bad",
    [PAPER_DOUBT] = "doubt",     [PAPER_FACT] = "fact",
    [PAPER_ITEM] = "item",       [PAPER_COLUMNS] = "columns",
    [PAPER_ROW] = "row",         [PAPER_SIGN] = "sign",
    [PAPER_PAGE] = "page"};

void paper_init(struct paper *p, int64_t date)
{
    *p = (struct paper){.date = date};
    arena_init(&p->arena, 0);
}

void paper_fini(struct paper *p)
{
    arena_fini(&p->arena);
    mem_free(p->blocks);
    *p = (struct paper){0};
}

int paper_check(const struct paper *p, struct err *e)
{
    return p->failed ? err_memory(e) : 0;
}

static struct paper_block *add(struct paper *p, enum paper_kind kind)
{
    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : 64;
        struct paper_block *more = mem_resize(p->blocks, room, sizeof *more);
        if (!more) {
            p->failed = true;
            return NULL;
        }
        p->blocks = more;
        p->room = room;
    }
    p->blocks[p->count] = (struct paper_block){.kind = kind};
    return &p->blocks[p->count++];
}

static struct slice keep(struct paper *p, struct slice text)
{
    char *copy = arena_copy(&p->arena, text.len ? (const char *)text.data : "", text.len);
    if (!copy) {
        p->failed = true;
        return slice_of(NULL, 0);
    }
    return slice_of(copy, text.len);
}

/* Of one line: what somebody wrote into it makes no line of its own. */
static struct slice keep_line(struct paper *p, struct slice text)
{
    struct slice kept = keep(p, text);
    for (size_t i = 0; i < kept.len; i++)
        if (kept.data[i] == '\n' || kept.data[i] == '\r' || kept.data[i] == '\t')
            ((uint8_t *)(uintptr_t)kept.data)[i] = ' '; /* the arena's, and ours */
    return kept;
}

void paper_add(struct paper *p, enum paper_kind kind, struct slice text)
{
    struct paper_block *b = add(p, kind);
    if (!b)
        return;
    b->cells = 1;
    b->cell[0] = keep_line(p, text);
    if (kind == PAPER_TITLE)
        p->title = b->cell[0];
    if (kind == PAPER_SUBTITLE && p->title.len) {
        const char *both =
            arena_printf(&p->arena, "%.*s: %.*s", SLICE_ARG(p->title), SLICE_ARG(b->cell[0]));
        p->failed = p->failed || !both;
        p->title = both ? slice_str(both) : p->title;
    }
}

void paper_say(struct paper *p, enum paper_kind kind, const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    paper_add(p, kind, slice_str(text));
}

static void fact(struct paper *p, const char *name, struct slice value, uint8_t code)
{
    struct paper_block *b = value.len ? add(p, PAPER_FACT) : NULL;
    if (!b)
        return;
    b->cells = 2;
    b->cell[0] = keep_line(p, slice_str(name));
    b->cell[1] = keep(p, value);
    b->code = code;
}

void paper_fact(struct paper *p, const char *name, struct slice value)
{
    fact(p, name, value, 0);
}

void paper_fact_code(struct paper *p, const char *name, struct slice value)
{
    fact(p, name, value, 2);
}

void paper_fact_say(struct paper *p, const char *name, const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    fact(p, name, slice_str(text), 0);
}

void paper_columns(struct paper *p, unsigned count, const char *const *names,
                   const uint8_t *weights, uint8_t code)
{
    struct paper_block *b = add(p, PAPER_COLUMNS);
    if (!b)
        return;
    b->cells = count < PAPER_CELLS ? count : PAPER_CELLS;
    b->code = code;
    for (unsigned i = 0; i < b->cells; i++) {
        b->cell[i] = keep(p, slice_str(names[i]));
        b->weight[i] = weights[i];
    }
}

void paper_row(struct paper *p, unsigned count, const struct slice *cells)
{
    const struct paper_block *before = p->count ? &p->blocks[p->count - 1] : NULL;
    uint8_t weight[PAPER_CELLS] = {0}, code = before ? before->code : 0;
    if (before)
        memcpy(weight, before->weight, sizeof weight);
    struct paper_block *b = add(p, PAPER_ROW);
    if (!b)
        return;
    b->cells = count < PAPER_CELLS ? count : PAPER_CELLS;
    b->code = code;
    memcpy(b->weight, weight, sizeof weight);
    for (unsigned i = 0; i < b->cells; i++)
        b->cell[i] = keep(p, cells[i]);
}

void paper_json(const struct paper *p, struct buf *out)
{
    struct json_writer w;
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-paper/v1");
    json_member_slice(&w, "title", p->title);
    json_member_time(&w, "date", p->date);
    json_write_name(&w, "blocks");
    json_write_array(&w);
    for (size_t i = 0; i < p->count; i++) {
        const struct paper_block *b = &p->blocks[i];
        json_write_object(&w);
        json_member_string(&w, "kind", paper_names[b->kind]);
        if (b->code)
            json_member_int(&w, "code", b->code);
        json_write_name(&w, "cells");
        json_write_array(&w);
        for (unsigned c = 0; c < b->cells; c++)
            json_write_slice(&w, b->cell[c].data ? b->cell[c] : slice_of("", 0));
        json_write_array_end(&w);
        if (b->kind == PAPER_COLUMNS || b->kind == PAPER_ROW) {
            json_write_name(&w, "weights");
            json_write_array(&w);
            for (unsigned c = 0; c < b->cells; c++)
                json_write_int(&w, b->weight[c]);
            json_write_array_end(&w);
        }
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    buf_putc(out, '\n');
}
