/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are lists and come in pages: {"items":[…],"next":cursor}. */
#ifndef CENTRE_PAGE_H
#define CENTRE_PAGE_H

#include "centre/routes.h"

struct page {
    struct worker *worker;
    struct route_call *call;
    struct json_writer w;
    struct buf text;
    struct err e;
    const char *after;
    int64_t limit;
    int64_t rows;               /* that the query gave, also those that the caller may not see */
    char organisation[ID_TEXT]; /* asked about; empty: all */
    char next[160];             /* cursor of the last row */
};

/* Reads what is asked for, and begins the answer. -1: e is set, and page_close says so. */
int page_open(struct page *p, struct worker *worker, struct route_call *call) MUST_CHECK;
/* Ends the answer; step: of the last query, -1 when it failed. */
void page_close(struct page *p, int step);

#endif
