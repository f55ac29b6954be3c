/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests 6.3.6, 6.3.7, 6.3.8 and 6.3.16 have to know that no document says: whether a URL
 * resolves, and whether a word or a sentence is right in a language. The validator opens no socket
 * and holds no dictionary; who has a means of finding out hands it over. What is handed over is
 * called from the thread that validates: when validators of several threads share it, it guards
 * itself.
 */
#ifndef CSAF_OUTSIDE_H
#define CSAF_OUTSIDE_H

#include "base/compiler.h"
#include "base/err.h"
#include "base/slice.h"

/* Distinct URLs that one test asks for; those behind them are said not to have been asked. */
enum { CSAF_URLS_MOST = 1000, CSAF_REASON_ROOM = 160 };

enum csaf_url_outcome {
    CSAF_URL_NOT_ASKED, /* nothing is known; reason says why */
    CSAF_URL_RESOLVES,  /* an answer with a status from 200 to 399 */
    CSAF_URL_FAILS,     /* an answer with another status, or none: reason says why */
};

struct csaf_url {
    struct slice url; /* as the document writes it, without fragment */
    enum csaf_url_outcome outcome;
    int status;                    /* of the answer; 0: there was none */
    char reason[CSAF_REASON_ROOM]; /* half a sentence: "there is no such host" */
};

struct csaf_resolver {
    void *context;
    /*
     * Fills in what is behind each url. Takes a bounded time, and says CSAF_URL_NOT_ASKED of what
     * there was none left for. -1: no memory.
     */
    int (*resolve)(void *context, struct csaf_url *urls, size_t count, struct err *e);
};

enum csaf_prose_verdict {
    CSAF_PROSE_RIGHT,
    CSAF_PROSE_WRONG,       /* text: what would be right; may be empty */
    CSAF_PROSE_UNDECIDED,   /* not within the limits: no mistake */
    CSAF_PROSE_UNSUPPORTED, /* not in this language; text: why, and what would change that */
    CSAF_PROSE_NO_CHECKER,  /* nothing can be checked at all; text: why */
};

struct csaf_prose_answer {
    enum csaf_prose_verdict verdict;
    char text[CSAF_REASON_ROOM];
};

/* A checker of words (6.3.8) or of sentences (6.3.16). language: a tag of BCP 47, as the document
 * says it; text: UTF-8. -1: no memory. */
struct csaf_prose_checker {
    void *context;
    /* RIGHT: the language is supported; else UNSUPPORTED or NO_CHECKER. */
    int (*supports)(void *context, struct slice language, struct csaf_prose_answer *answer,
                    struct err *e);
    /* want_right: a suggestion is asked for, which may take its time. */
    int (*check)(void *context, struct slice language, struct slice text, bool want_right,
                 struct csaf_prose_answer *answer, struct err *e);
};

#endif
