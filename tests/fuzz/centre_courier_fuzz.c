/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the courier, both directions: read or refused; what was read is written back alike. */
#include "base/cursor.h"
#include "centre/courier_delivery.h"
#include "centre/mail.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_job(struct slice frame)
{
    struct courier_job job;
    struct err e = {0};
    struct buf b;
    char host[300];

    if (courier_job_read(frame, &job, &e) != 0) {
        if (!e.code[0])
            abort();
        return;
    }
    buf_init(&b);
    courier_job_put(&b, &job);
    if (b.len != frame.len + 4 || memcmp(b.data + 4, frame.data, frame.len) != 0)
        abort();
    buf_fini(&b);
    courier_delivery_host(&job, host);
    if (mail_address_is(job.to) && job.to.len && memchr(job.to.data, '\r', job.to.len))
        abort();
}

static void check_answer(struct slice frame)
{
    struct courier_answer answer;
    struct err e = {0};

    if (courier_answer_read(frame, &answer, &e) != 0 && !e.code[0])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of(data, size);
    struct err e = {0};
    size_t length;

    while (courier_frame_length(rest, &length, &e) == 0 && length > 0) {
        struct slice frame = slice_of(rest.data + 4, length);
        check_job(frame);
        check_answer(frame);
        rest = slice_of(rest.data + 4 + length, rest.len - 4 - length);
    }
    return 0;
}
