/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences, by the link grammar parser: English alone. */
#include "prose/checkers.h"

#include <link-grammar/link-includes.h>
#include <stdio.h>
#include <strings.h>

enum { SECONDS = 2, LINKAGES = 20, MEMORY = 256 << 20 };

static Dictionary dictionary;
static Parse_Options options;
static bool tried;

static void be_silent(lg_errinfo *info, void *data)
{
    (void)info, (void)data;
}

static bool is_ready(void)
{
    if (!tried) {
        tried = true;
        lg_error_set_handler(be_silent, NULL);
        dictionary = dictionary_create_lang("en");
        options = parse_options_create();
        if (options) {
            parse_options_set_verbosity(options, 0);
            parse_options_set_linkage_limit(options, LINKAGES);
            parse_options_set_max_parse_time(options, SECONDS);
            parse_options_set_max_memory(options, MEMORY);
            parse_options_set_min_null_count(options, 0);
            parse_options_set_max_null_count(options, 0);
            parse_options_set_spell_guess(options, 0); /* words are another test's */
        }
    }
    return dictionary && options;
}

void prose_parses(const char *language, struct prose_answer *answer)
{
    if (strncasecmp(language, "en", 2) != 0 || (language[2] && language[2] != '-')) {
        answer->verdict = PROSE_UNSUPPORTED;
        snprintf(answer->text, sizeof answer->text, "only English grammar is known here");
    } else if (!is_ready()) {
        answer->verdict = PROSE_NO_CHECKER;
        snprintf(answer->text, sizeof answer->text,
                 "there is no grammar of English (Debian: link-grammar-dictionaries-en)");
    } else {
        answer->verdict = PROSE_RIGHT;
    }
}

void prose_sentence(const char *language, const char *sentence, struct prose_answer *answer)
{
    prose_parses(language, answer);
    if (answer->verdict != PROSE_RIGHT)
        return;
    answer->verdict = PROSE_UNDECIDED;
    Sentence s = sentence_create(sentence, dictionary);
    if (!s)
        return;
    parse_options_reset_resources(options);
    if (sentence_split(s, options) == 0) {
        int found = sentence_parse(s, options);
        if (parse_options_resources_exhausted(options) || found < 0)
            answer->verdict = PROSE_UNDECIDED;
        else if (found == 0 || sentence_num_valid_linkages(s) == 0)
            answer->verdict = PROSE_WRONG;
        else
            answer->verdict = PROSE_RIGHT;
    }
    sentence_delete(s);
}
