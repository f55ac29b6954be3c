/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of a document as words and sentences (tests 6.3.8 and 6.3.16). */
#ifndef CSAF_ADVICE_PROSE_H
#define CSAF_ADVICE_PROSE_H

#include "base/map.h"
#include "csaf/validate/validation.h"

typedef void csaf_prose_visit(struct csaf_validation *v, const struct json_value *value,
                              void *context);

/* What people wrote in sentences or as headings: what both tests look at. */
void csaf_prose_texts(struct csaf_validation *v, csaf_prose_visit *visit, void *context);
/* Names and organisations of acknowledgments. */
void csaf_prose_people(struct csaf_validation *v, csaf_prose_visit *visit, void *context);
/* What names products, programs and the publisher. */
void csaf_prose_names(struct csaf_validation *v, csaf_prose_visit *visit, void *context);

/*
 * Whether the checker can check the document's language: true, *language is it. Else the test has
 * its outcome: not run without a language or a checker, failed when the language is not supported.
 */
bool csaf_prose_language(struct csaf_validation *v, const struct csaf_prose_checker *checker,
                         const char *checker_name, struct slice *language);

enum csaf_word_form {
    CSAF_WORD_LOWER,
    CSAF_WORD_CAPITALISED, /* the first letter alone */
    CSAF_WORD_SHOUTED,     /* all capitals, or so but for an s at the end: "CVEs" */
    CSAF_WORD_MIXED,       /* "FortiOS" */
};

/* Walks over the words of a text: {.rest = text}. */
struct csaf_words {
    struct slice rest; /* behind the run under way */
    struct slice run;  /* without blanks; what is left of it */
    bool code;         /* between two backticks */
};

struct csaf_word {
    char text[128]; /* letters, and ' between them */
    size_t len;
    enum csaf_word_form form;
};

/*
 * The next word of three letters or more. Passes over what is no prose: runs with digits, paths,
 * URLs, file names, addresses, assignments, code in backticks; and words of over 120 bytes.
 */
bool csaf_word_next(struct csaf_words *w, struct csaf_word *word);

/* False: it is in the set already, or there is no memory. key is copied. */
bool csaf_text_add(struct csaf_validation *v, struct map *set, struct slice key);

#endif
