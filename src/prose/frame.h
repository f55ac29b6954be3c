/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes over the pipes between a program and tocsin-prose, which holds the dictionaries. One
 * question, one answer, in turn:
 *
 *   question   OP LANGUAGE LENGTH \n, then LENGTH bytes of UTF-8 (OP: one letter, see below)
 *   answer     VERDICT LENGTH \n, then LENGTH bytes
 *
 * A process of its own, because the libraries read what strangers wrote, end the process when
 * memory runs out, and have sentences that they think about for minutes: here that costs one
 * sentence.
 */
#ifndef PROSE_FRAME_H
#define PROSE_FRAME_H

enum prose_operation {
    PROSE_SPELLS = 'L',  /* is the language supported? no bytes */
    PROSE_WORD = 'w',    /* is it a word? */
    PROSE_NEAREST = 'W', /* the same; an answer "wrong" has the nearest word */
    PROSE_PARSES = 'G',  /* is there a grammar of the language? no bytes */
    PROSE_SENTENCE = 'S',
};

enum prose_verdict {
    PROSE_RIGHT = 'r',
    PROSE_WRONG = 'x',
    PROSE_UNDECIDED = 'u',   /* not within the limits */
    PROSE_UNSUPPORTED = 'n', /* not in this language; the bytes say why */
    PROSE_NO_CHECKER = 'o',  /* in no language; the bytes say why */
};

enum { PROSE_TEXT_MOST = 4096, PROSE_LANGUAGE_MOST = 40, PROSE_ANSWER_MOST = 159 };

struct prose_answer {
    enum prose_verdict verdict;
    char text[PROSE_ANSWER_MOST + 1];
};

#endif
