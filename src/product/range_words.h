/* SPDX-License-Identifier: Apache-2.0 */
/* Words in texts that people wrote: without case (ASCII), and without what stands around them. */
#ifndef PRODUCT_RANGE_WORDS_H
#define PRODUCT_RANGE_WORDS_H

#include "base/slice.h"

/* Without white space and commas in front, and those, ';' and ':' behind. */
struct slice product_text_trim(struct slice s);

/* prefix: in lower case */
bool product_text_starts(struct slice s, const char *prefix);
bool product_text_starts_with(struct slice s, struct slice prefix);

/* A remark that only takes away from a range: "only if web components are used". */
bool product_remark_narrows(struct slice remark);
/* A remark on other versions: "7.50 and 7.60 may also be affected if …". */
bool product_remark_on_others(struct slice remark);

#endif
