/* SPDX-License-Identifier: Apache-2.0 */
/* The checkers of csaf/outside.h, by tocsin-prose. p must outlive them. */
#ifndef CLI_CSAF_PROSE_H
#define CLI_CSAF_PROSE_H

#include "csaf/outside.h"
#include "prose/client.h"

struct csaf_prose_checker csaf_prose_spelling(struct prose *p);
struct csaf_prose_checker csaf_prose_grammar(struct prose *p);

#endif
