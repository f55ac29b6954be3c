/* SPDX-License-Identifier: Apache-2.0 */
#include "paper/page.h"
#include "base/visible.h"

#include <stdio.h>

#define LEFT 62.0
#define TOP 62.0
#define BOTTOM 66.0
#define COLUMN_GAP 9.0
static const double width = PAGE_WIDTH - 2 * LEFT;
static const double end_of_page = PAGE_HEIGHT - BOTTOM;

static const char *const fonts[PAPER_KINDS] = {[PAPER_TITLE] = "Liberation Serif,Serif Bold 19",
                                               [PAPER_SUBTITLE] = "Liberation Serif,Serif 12",
                                               [PAPER_HEADING] = "Liberation Serif,Serif Bold 13",
                                               [PAPER_SUBHEADING] =
                                                   "Liberation Serif,Serif Bold 11.5",
                                               [PAPER_TEXT] = "Liberation Serif,Serif 10.5",
                                               [PAPER_SMALL] = "Liberation Serif,Serif 9.5",
                                               [PAPER_GOOD] = "Liberation Serif,Serif 10.5",
                                               [PAPER_BAD] = "Liberation Serif,Serif 10.5",
                                               [PAPER_DOUBT] = "Liberation Serif,Serif 10.5",
                                               [PAPER_FACT] = "Liberation Serif,Serif 10.5",
                                               [PAPER_ITEM] = "Liberation Serif,Serif 10.5",
                                               [PAPER_COLUMNS] = "Liberation Serif,Serif Bold 9.5",
                                               [PAPER_ROW] = "Liberation Serif,Serif 9.5",
                                               [PAPER_SIGN] = "Liberation Serif,Serif 9.5",
                                               [PAPER_PAGE] = "Liberation Serif,Serif 9.5"};

static PangoLayout *layout_of(cairo_t *cairo, const char *font, struct slice text, double wide)
{
    PangoLayout *layout = pango_cairo_create_layout(cairo);
    PangoFontDescription *description = pango_font_description_from_string(font);
    struct buf shown;
    pango_cairo_context_set_resolution(pango_layout_get_context(layout), 72); /* points */
    pango_layout_context_changed(layout);
    buf_init(&shown);
    visible_put(&shown, text, true);
    pango_layout_set_font_description(layout, description);
    pango_layout_set_width(layout, (int)(wide * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_text(layout, buf_text(&shown), (int)shown.len);
    /* A hyphen that is not in the text has no place in a hash. */
    PangoAttrList *attributes = pango_attr_list_new();
    pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE));
    pango_layout_set_attributes(layout, attributes);
    pango_attr_list_unref(attributes);
    pango_font_description_free(description);
    buf_fini(&shown);
    return layout;
}

static void line(cairo_t *cairo, double x, double y, double wide, double thick, double grey)
{
    cairo_set_source_rgb(cairo, grey, grey, grey);
    cairo_set_line_width(cairo, thick);
    cairo_move_to(cairo, x, y);
    cairo_line_to(cairo, x + wide, y);
    cairo_stroke(cairo);
    cairo_set_source_rgb(cairo, 0, 0, 0);
}

static void put_foot(struct page_book *b)
{
    char number[48];
    double y = PAGE_HEIGHT - 44;
    line(b->cairo, LEFT, y, width, 0.4, 0.4);
    snprintf(number, sizeof number, "Page %u of %u", b->number, b->all);
    PangoLayout *layout = layout_of(b->cairo, "Liberation Serif,Serif 8", b->foot, width - 90);
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    cairo_move_to(b->cairo, LEFT, y + 5);
    pango_cairo_show_layout(b->cairo, layout);
    g_object_unref(layout);
    layout = layout_of(b->cairo, "Liberation Serif,Serif 8", slice_str(number), 90);
    pango_layout_set_alignment(layout, PANGO_ALIGN_RIGHT);
    cairo_move_to(b->cairo, LEFT + width - 90, y + 5);
    pango_cairo_show_layout(b->cairo, layout);
    g_object_unref(layout);
}

static void put_columns(struct page_book *b, const struct paper_block *block);

static void turn_page(struct page_book *b)
{
    const struct paper_block *head = b->head;
    put_foot(b);
    cairo_show_page(b->cairo);
    b->number++;
    b->y = TOP;
    if (head) {
        b->head = NULL;
        put_columns(b, head);
        b->head = head;
    }
}

static void need(struct page_book *b, double height)
{
    if (b->y + height > end_of_page && b->y > TOP + 1)
        turn_page(b);
}

struct cell {
    PangoLayout *layout;
    double x;
    int next; /* line */
};

/* Lines of several cells beside each other, over as many pages as they take. */
static void put_cells(struct page_book *b, struct cell *cells, unsigned count)
{
    bool more = true;
    while (more) {
        double deepest = b->y;
        bool some = false;
        more = false;
        for (unsigned i = 0; i < count; i++) {
            double y = b->y;
            int lines = pango_layout_get_line_count(cells[i].layout);
            for (; cells[i].next < lines; cells[i].next++) {
                PangoLayoutLine *text =
                    pango_layout_get_line_readonly(cells[i].layout, cells[i].next);
                PangoRectangle box;
                pango_layout_line_get_extents(text, NULL, &box);
                double high = (double)box.height / PANGO_SCALE;
                if (y + high > end_of_page)
                    break;
                /* right-to-left text stands at the right edge */
                double slack = pango_layout_get_width(cells[i].layout) - box.width;
                bool right = text->resolved_dir == PANGO_DIRECTION_RTL && slack > 0;
                cairo_move_to(b->cairo, cells[i].x + (right ? slack / PANGO_SCALE : 0),
                              y - (double)box.y / PANGO_SCALE);
                pango_cairo_show_layout_line(b->cairo, text);
                y += high;
                some = true;
            }
            more = more || cells[i].next < lines;
            deepest = y > deepest ? y : deepest;
        }
        b->y = deepest;
        if (more && !some && b->y <= TOP + 1)
            break; /* a line that is higher than a page: no such font */
        if (more)
            turn_page(b);
    }
    for (unsigned i = 0; i < count; i++)
        g_object_unref(cells[i].layout);
}

static double height_of(PangoLayout *layout)
{
    int high;
    pango_layout_get_size(layout, NULL, &high);
    return (double)high / PANGO_SCALE;
}

static void put_table_line(struct page_book *b, const struct paper_block *block, const char *font)
{
    struct cell cells[PAPER_CELLS];
    unsigned sum = 0;
    double x = LEFT, high = 0;
    for (unsigned i = 0; i < block->cells; i++)
        sum += block->weight[i];
    for (unsigned i = 0; i < block->cells; i++) {
        double wide = (width - COLUMN_GAP * (block->cells - 1)) *
                      (sum ? (double)block->weight[i] / sum : 1.0 / block->cells);
        bool code = block->kind == PAPER_ROW && block->code & 1u << i;
        cells[i] =
            (struct cell){.layout = layout_of(b->cairo, code ? "Liberation Mono,Monospace 7" : font,
                                              block->cell[i], wide),
                          .x = x};
        if (height_of(cells[i].layout) > high)
            high = height_of(cells[i].layout);
        x += wide + COLUMN_GAP;
    }
    need(b, high < (end_of_page - TOP) / 3 ? high + 4 : 30);
    put_cells(b, cells, block->cells);
}

static void put_columns(struct page_book *b, const struct paper_block *block)
{
    need(b, 200); /* a head does not stand alone at a page's foot */
    put_table_line(b, block, fonts[PAPER_COLUMNS]);
    line(b->cairo, LEFT, b->y + 1.5, width, 0.75, 0);
    b->y += 4;
}

static void put_one(struct page_book *b, const struct paper_block *block, double indent,
                    const char *font)
{
    struct cell cell = {.layout = layout_of(b->cairo, font, block->cell[0], width - indent),
                        .x = LEFT + indent};
    put_cells(b, &cell, 1);
}

static void put_notice(struct page_book *b, const struct paper_block *block)
{
    PangoLayout *layout = layout_of(b->cairo, fonts[block->kind], block->cell[0], width - 20);
    double high = height_of(layout) + 8;
    static const double colours[PAPER_KINDS][3] = {[PAPER_GOOD] = {0.11, 0.37, 0.23},
                                                   [PAPER_BAD] = {0.54, 0.05, 0.18},
                                                   [PAPER_DOUBT] = {0.48, 0.36, 0}};
    const double *c = colours[block->kind];
    bool fits = high < end_of_page - TOP;
    b->y += 4;
    need(b, high);
    if (fits) { /* one that is longer than a page goes without its frame */
        cairo_set_source_rgb(b->cairo, c[0], c[1], c[2]);
        cairo_rectangle(b->cairo, LEFT, b->y, 3.5, high);
        cairo_fill(b->cairo);
        cairo_set_line_width(b->cairo, 0.6);
        cairo_rectangle(b->cairo, LEFT, b->y, width, high);
        cairo_stroke(b->cairo);
        cairo_set_source_rgb(b->cairo, 0, 0, 0);
    }
    b->y += 4;
    struct cell cell = {.layout = layout, .x = LEFT + 12};
    put_cells(b, &cell, 1);
    b->y += 8;
}

static void put_fact(struct page_book *b, const struct paper_block *block)
{
    const double name = 142;
    struct cell cells[2] = {
        {.layout = layout_of(b->cairo, fonts[PAPER_FACT], block->cell[0], name - COLUMN_GAP),
         .x = LEFT},
        {.layout =
             layout_of(b->cairo, block->code ? "Liberation Mono,Monospace 7.5" : fonts[PAPER_FACT],
                       block->cell[1], width - name),
         .x = LEFT + name}};
    need(b, 28);
    put_cells(b, cells, 2);
    b->y += 1.5;
}

static void put_block(struct page_book *b, const struct paper_block *block)
{
    if (block->kind != PAPER_ROW)
        b->head = NULL;
    switch (block->kind) {
    case PAPER_TITLE: put_one(b, block, 0, fonts[block->kind]); break;
    case PAPER_SUBTITLE:
        put_one(b, block, 0, fonts[block->kind]);
        line(b->cairo, LEFT, b->y + 5, width, 1.4, 0);
        b->y += 16;
        break;
    case PAPER_HEADING:
        b->y += 15;
        need(b, 90);
        put_one(b, block, 0, fonts[block->kind]);
        line(b->cairo, LEFT, b->y + 1, width, 0.75, 0);
        b->y += 6;
        break;
    case PAPER_SUBHEADING:
        b->y += 8;
        need(b, 70);
        put_one(b, block, 0, fonts[block->kind]);
        b->y += 2;
        break;
    case PAPER_GOOD:
    case PAPER_BAD:
    case PAPER_DOUBT: put_notice(b, block); break;
    case PAPER_FACT: put_fact(b, block); break;
    case PAPER_ITEM: {
        struct cell cells[2] = {
            {.layout = layout_of(b->cairo, fonts[PAPER_ITEM], slice_str("\xe2\x80\x93"), 10),
             .x = LEFT + 4},
            {.layout = layout_of(b->cairo, fonts[PAPER_ITEM], block->cell[0], width - 16),
             .x = LEFT + 16}};
        need(b, 26);
        put_cells(b, cells, 2);
        b->y += 1.5;
        break;
    }
    case PAPER_COLUMNS:
        b->y += 4;
        put_columns(b, block);
        b->head = block;
        break;
    case PAPER_ROW:
        put_table_line(b, block, fonts[PAPER_ROW]);
        line(b->cairo, LEFT, b->y + 1.2, width, 0.3, 0.7);
        b->y += 3;
        break;
    case PAPER_SIGN:
        need(b, 60);
        b->y += 38;
        line(b->cairo, LEFT, b->y, 260, 0.75, 0);
        b->y += 2;
        put_one(b, block, 0, fonts[block->kind]);
        break;
    case PAPER_PAGE:
        if (b->y > TOP + 1)
            turn_page(b);
        break;
    default:
        need(b, 26);
        put_one(b, block, 0, fonts[block->kind]);
        b->y += 5;
    }
}

unsigned page_write(cairo_t *cairo, const struct paper *p, unsigned all)
{
    struct page_book b = {.cairo = cairo, .y = TOP, .number = 1, .all = all, .foot = p->title};
    for (size_t i = 0; i < p->count; i++)
        put_block(&b, &p->blocks[i]);
    put_foot(&b);
    cairo_show_page(cairo);
    return b.number;
}
