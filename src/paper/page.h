/* SPDX-License-Identifier: Apache-2.0 */
/* Inside tocsin-paper: pages of A4, and what is written on them from top to bottom. */
#ifndef PAPER_PAGE_H
#define PAPER_PAGE_H

#include "paper/paper.h"

#include <cairo.h>
#include <pango/pangocairo.h>

struct page_book {
    cairo_t *cairo;
    double y;        /* where the next line begins, from the top */
    unsigned number; /* of the page, from 1 */
    unsigned all;    /* pages, for the foot; 0: they are being counted */
    struct slice foot;
    const struct paper_block *head; /* of the table under way, written again on each page */
};

/* Writes all of p; gives the number of pages. */
unsigned page_write(cairo_t *cairo, const struct paper *p, unsigned all);

#define PAGE_WIDTH 595.28
#define PAGE_HEIGHT 841.89

#endif
