/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: dates in the place of versions: "April/17/2023", "january 20 2017", "8/30/2024".
 */
#ifndef PRODUCT_RANGE_DATE_H
#define PRODUCT_RANGE_DATE_H

#include "product/version.h"

/*
 * The length of a date at the beginning of s: one that names its month, with a year and perhaps a
 * day, three numbers with slashes, "2023-04-17" or "20230417". 0: none.
 */
size_t range_date_at(struct slice s);

/*
 * Orders dates, however they are written. A month without its day is before
 * the next month and has no order against its own days. "04/05/2023", where day and month cannot
 * be told, and what is no date have no order.
 */
extern const struct product_scheme range_date_scheme;

#endif
