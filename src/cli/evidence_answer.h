/* SPDX-License-Identifier: Apache-2.0 */
/* What verbs that take or hand on evidence do alike: they can be stopped, and answer programs. */
#ifndef CLI_EVIDENCE_ANSWER_H
#define CLI_EVIDENCE_ANSWER_H

#include "base/json.h"
#include "crypto/digest.h"

/* Ctrl-C and SIGTERM do not end the program from now on, but are asked for. */
void evidence_stop_listen(void);
bool evidence_stop_asked(void);

/* The answer with --json: one line, one object. */
struct evidence_answer {
    struct buf line;
    struct json_writer w;
};
/* Begins with "bundle" and whether it is complete. */
void evidence_answer_begin(struct evidence_answer *a, const char *bundle, bool complete);
/* Members of an image that was written. */
void evidence_answer_image(struct evidence_answer *a, uint64_t bytes, uint64_t stored_bytes,
                           const uint8_t sha256[SHA256_LEN], const uint8_t root[SHA256_LEN]);
/* Writes it to standard output. */
void evidence_answer_end(struct evidence_answer *a);

#endif
