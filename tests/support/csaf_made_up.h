/* SPDX-License-Identifier: Apache-2.0 */
/* An Internet and a language that are made up, for tests that ask outside of the document: of what
 * is asked, some is right and some is not, always the same. */
#ifndef CSAF_MADE_UP_H
#define CSAF_MADE_UP_H

#include "csaf/outside.h"

#include <stdio.h>

static int made_up_resolve(void *context, struct csaf_url *urls, size_t count, struct err *e)
{
    (void)context, (void)e;
    for (size_t i = 0; i < count; i++) {
        urls[i].outcome = (enum csaf_url_outcome)(urls[i].url.len % 3);
        urls[i].status = urls[i].outcome == CSAF_URL_RESOLVES ? 200 : 0;
        snprintf(urls[i].reason, sizeof urls[i].reason, "its length is %zu", urls[i].url.len);
    }
    return 0;
}

static int made_up_language(void *context, struct slice language, struct csaf_prose_answer *answer,
                            struct err *e)
{
    (void)context, (void)language, (void)e;
    answer->verdict = CSAF_PROSE_RIGHT;
    return 0;
}

/* Each text whose length is a multiple of three is wrong, and right without its last byte. */
static int made_up_check(void *context, struct slice language, struct slice text, bool want_right,
                         struct csaf_prose_answer *answer, struct err *e)
{
    (void)context, (void)language, (void)e;
    answer->verdict = text.len % 3 == 0 ? CSAF_PROSE_WRONG : CSAF_PROSE_RIGHT;
    if (want_right && text.len > 0 && text.len < sizeof answer->text)
        snprintf(answer->text, sizeof answer->text, "%.*s", (int)text.len - 1,
                 (const char *)text.data);
    return 0;
}

static const struct csaf_resolver made_up_resolver = {NULL, made_up_resolve};
static const struct csaf_prose_checker made_up_prose = {NULL, made_up_language, made_up_check};

/* For a struct csaf_validator_options. */
#define MADE_UP_OUTSIDE                                                                            \
    .network = true, .resolver = &made_up_resolver, .spelling = &made_up_prose,                    \
    .grammar = &made_up_prose

#endif
