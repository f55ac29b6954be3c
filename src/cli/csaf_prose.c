/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/csaf_prose.h"

#include <stdio.h>

static int ask(struct prose *p, enum prose_operation operation, struct slice language,
               struct slice text, struct csaf_prose_answer *answer, struct err *e)
{
    struct prose_answer given;

    if (prose_ask(p, operation, language, text, &given, e) < 0)
        return -1;
    switch (given.verdict) {
    case PROSE_RIGHT: answer->verdict = CSAF_PROSE_RIGHT; break;
    case PROSE_WRONG: answer->verdict = CSAF_PROSE_WRONG; break;
    case PROSE_UNDECIDED: answer->verdict = CSAF_PROSE_UNDECIDED; break;
    case PROSE_UNSUPPORTED: answer->verdict = CSAF_PROSE_UNSUPPORTED; break;
    case PROSE_NO_CHECKER: answer->verdict = CSAF_PROSE_NO_CHECKER; break;
    }
    _Static_assert(sizeof given.text <= sizeof answer->text, "an answer fits");
    memcpy(answer->text, given.text, sizeof given.text);
    return 0;
}

static int spells(void *context, struct slice language, struct csaf_prose_answer *answer,
                  struct err *e)
{
    return ask(context, PROSE_SPELLS, language, slice_str(""), answer, e);
}

static int check_word(void *context, struct slice language, struct slice word, bool want_right,
                      struct csaf_prose_answer *answer, struct err *e)
{
    return ask(context, want_right ? PROSE_NEAREST : PROSE_WORD, language, word, answer, e);
}

static int parses(void *context, struct slice language, struct csaf_prose_answer *answer,
                  struct err *e)
{
    return ask(context, PROSE_PARSES, language, slice_str(""), answer, e);
}

static int check_sentence(void *context, struct slice language, struct slice sentence,
                          bool want_right, struct csaf_prose_answer *answer, struct err *e)
{
    (void)want_right; /* a parser knows that it does not understand, not what was meant */
    return ask(context, PROSE_SENTENCE, language, sentence, answer, e);
}

struct csaf_prose_checker csaf_prose_spelling(struct prose *p)
{
    return (struct csaf_prose_checker){p, spells, check_word};
}

struct csaf_prose_checker csaf_prose_grammar(struct prose *p)
{
    return (struct csaf_prose_checker){p, parses, check_sentence};
}
