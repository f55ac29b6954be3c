/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence_answer.h"
#include "base/buf.h"
#include "base/output.h"

#include <signal.h>

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
    (void)signal;
    stop = 1;
}

void evidence_stop_listen(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool evidence_stop_asked(void)
{
    return stop;
}

void evidence_answer_begin(struct evidence_answer *a, const char *bundle, bool complete)
{
    buf_init(&a->line);
    json_write_init(&a->w, &a->line, 0);
    json_write_object(&a->w);
    json_member_string(&a->w, "bundle", bundle);
    json_member_bool(&a->w, "complete", complete);
}

void evidence_answer_image(struct evidence_answer *a, uint64_t bytes, uint64_t stored_bytes,
                           const uint8_t sha256[SHA256_LEN], const uint8_t root[SHA256_LEN])
{
    json_member_int(&a->w, "bytes", (int64_t)bytes);
    json_member_int(&a->w, "stored_bytes", (int64_t)stored_bytes);
    json_member_hex(&a->w, "sha256", slice_of(sha256, SHA256_LEN));
    json_member_hex(&a->w, "tree_root", slice_of(root, SHA256_LEN));
}

void evidence_answer_end(struct evidence_answer *a)
{
    json_write_object_end(&a->w);
    output_line(stdout, &a->line);
    buf_fini(&a->line);
}
