/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collect, acquire or neither (ISO/IEC 27037 sections 6.5, 7.1.2, 7.1.3): two short trees of
 * questions, one for what is powered on and one for what is off. The path that was taken is stored.
 * And what to look for at each kind of source, and in which order to take them.
 */
#ifndef EVIDENCE_DECISION_H
#define EVIDENCE_DECISION_H

#include "base/json.h"

struct evidence_question {
    const char *id, *text;
    const char *yes, *no; /* the next question, or "=collect", "=acquire", "=neither" */
    const char *advice_yes, *advice_no; /* what to do on the way; may be NULL */
};

/* answer(): "yes", "no", or NULL: not answered. */
typedef const char *evidence_answer(void *context, const char *question);

/*
 * Walks the tree of power ("on", "off", "none"); members "path" (and "advice") go into the open
 * object. Gives what it suggests; NULL with *open set to the first question without an answer;
 * NULL with e set: ERR_USAGE "evidence.decision" for an answer that is neither yes nor no.
 */
const char *evidence_decide(const char *power, evidence_answer *answer, void *context,
                            struct json_writer *w, const struct evidence_question **open,
                            struct err *e);

/* What is looked for at a kind of source; NULL behind the last, or no such kind. */
const char *evidence_source_question(const char *source_type, size_t index);

struct evidence_candidate {
    const char *name;
    int volatility; /* 1 registers … 8 archival media (RFC 3227 section 2.1) */
    int relevance;  /* 1 low … 3 high */
    int effort;     /* 1 low … 3 high */
};
/* "NAME,VOLATILITY,RELEVANCE,EFFORT" with the words of evidence_volatility_word and low, medium,
 * high. ERR_USAGE "evidence.plan". name: borrowed from buffer (bytes: room). */
int evidence_candidate_parse(const char *text, struct evidence_candidate *c, char *name,
                             size_t room, struct err *e);
const char *evidence_volatility_word(int volatility);
/* Most volatile first, then most relevant, then least effort; equal ones as they were given. */
void evidence_candidates_sort(struct evidence_candidate *list, size_t count);

#endif
