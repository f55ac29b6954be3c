/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/courier_frame.h"
#include "base/cursor.h"

#include <stdio.h>

const char *courier_state_name(enum courier_state state)
{
    switch (state) {
    case COURIER_DELIVERED: return "delivered";
    case COURIER_REFUSED: return "refused";
    case COURIER_REFUSED_FOR_NOW: return "refused-for-now";
    case COURIER_UNREACHABLE: return "unreachable";
    case COURIER_TIMED_OUT: return "timed-out";
    case COURIER_UNKNOWN: return "unknown";
    case COURIER_PRIVATE: return "private-address";
    case COURIER_NO_SESSION: return "no-session";
    case COURIER_NOT_CONFIGURED: return "not-configured";
    case COURIER_BAD_JOB: return "bad-job";
    case COURIER_BUSY: return "busy";
    }
    return "unknown";
}

bool courier_state_retry(enum courier_state state)
{
    return state == COURIER_REFUSED_FOR_NOW || state == COURIER_UNREACHABLE ||
           state == COURIER_TIMED_OUT || state == COURIER_NO_SESSION || state == COURIER_BUSY;
}

int courier_frame_length(struct slice bytes, size_t *length, struct err *e)
{
    struct cursor c;

    *length = 0;
    if (bytes.len < 4)
        return 0;
    cursor_init(&c, bytes);
    uint32_t said = cursor_u32(&c);
    if (said < 6 || said > COURIER_FRAME_MAX)
        return err_set(e, ERR_INPUT, "courier.frame", NULL, "a frame of %u bytes is not allowed",
                       said);
    if (bytes.len - 4 >= said)
        *length = said;
    return 0;
}

/* Leaves room for the length and writes what every frame begins with; the place of the length. */
static size_t begin(struct buf *b, enum courier_operation operation, uint32_t number)
{
    size_t at = b->len;

    cursor_put_u32(b, 0);
    buf_putc(b, COURIER_VERSION);
    buf_putc(b, (int)operation);
    cursor_put_u32(b, number);
    return at;
}

static void end(struct buf *b, size_t at)
{
    if (b->failed)
        return;
    uint32_t length = (uint32_t)(b->len - at - 4);
    for (unsigned i = 0; i < 4; i++)
        b->data[at + i] = (uint8_t)(length >> (24 - 8 * i));
}

void courier_job_put(struct buf *b, const struct courier_job *job)
{
    size_t at = begin(b, job->operation, job->number);

    if (job->operation != COURIER_STATUS)
        cursor_put_slice16(b, job->id);
    if (job->operation == COURIER_MAIL) {
        cursor_put_slice16(b, job->from);
        cursor_put_slice16(b, job->to);
        cursor_put_slice32(b, job->content);
    } else if (job->operation == COURIER_WEBHOOK) {
        cursor_put_slice16(b, job->to);
        cursor_put_slice16(b, job->event);
        cursor_put_slice16(b, job->signature);
        cursor_put_u64(b, job->time);
        cursor_put_slice32(b, job->content);
    }
    end(b, at);
}

static int frame_fault(struct err *e, const char *what)
{
    return err_set(e, ERR_INPUT, "courier.frame", NULL, "%s", what);
}

static bool short_enough(const struct courier_job *job)
{
    return job->id.len && job->id.len <= COURIER_FIELD_MAX && job->to.len <= COURIER_FIELD_MAX &&
           job->from.len <= COURIER_FIELD_MAX && job->event.len <= COURIER_FIELD_MAX &&
           job->signature.len <= COURIER_FIELD_MAX && job->content.len <= COURIER_MESSAGE_MAX;
}

int courier_job_read(struct slice frame, struct courier_job *job, struct err *e)
{
    struct cursor c;

    memset(job, 0, sizeof(*job));
    cursor_init(&c, frame);
    if (cursor_u8(&c) != COURIER_VERSION)
        return frame_fault(e, "a frame of another version");
    job->operation = (enum courier_operation)cursor_u8(&c);
    job->number = cursor_u32(&c);
    switch (job->operation) {
    case COURIER_STATUS: return cursor_finish(&c, "a courier frame", e);
    case COURIER_MAIL:
        job->id = cursor_take16(&c);
        job->from = cursor_take16(&c);
        job->to = cursor_take16(&c);
        job->content = cursor_take32(&c);
        break;
    case COURIER_WEBHOOK:
        job->id = cursor_take16(&c);
        job->to = cursor_take16(&c);
        job->event = cursor_take16(&c);
        job->signature = cursor_take16(&c);
        job->time = cursor_u64(&c);
        job->content = cursor_take32(&c);
        break;
    default: return frame_fault(e, "a frame of an unknown operation");
    }
    if (cursor_finish(&c, "a courier frame", e) != 0)
        return -1;
    return short_enough(job) ? 0 : frame_fault(e, "a field of a frame is empty or too long");
}

void courier_result_put(struct buf *b, uint32_t number, const struct courier_result *result)
{
    size_t at = begin(b, COURIER_RESULT, number);

    buf_putc(b, (int)result->state);
    cursor_put_u32(b, result->code);
    cursor_put_slice16(b, slice_str(result->said));
    cursor_put_slice16(b, slice_str(result->peer));
    end(b, at);
}

void courier_status_put(struct buf *b, uint32_t number, const struct courier_status *status)
{
    size_t at = begin(b, COURIER_STATUS_ANSWER, number);

    cursor_put_u32(b, status->waiting);
    cursor_put_u32(b, status->in_flight);
    cursor_put_u64(b, status->delivered);
    cursor_put_u64(b, status->failed);
    cursor_put_u64(b, status->unknown);
    cursor_put_slice16(b, slice_str(status->sandbox));
    end(b, at);
}

static void copy_text(char *out, size_t room, struct slice text)
{
    size_t len = text.len < room - 1 ? text.len : room - 1;

    if (len)
        memcpy(out, text.data, len);
    out[len] = '\0';
}

int courier_answer_read(struct slice frame, struct courier_answer *answer, struct err *e)
{
    struct courier_result *result = &answer->result;
    struct courier_status *status = &answer->status;
    struct cursor c;

    memset(answer, 0, sizeof(*answer));
    cursor_init(&c, frame);
    if (cursor_u8(&c) != COURIER_VERSION)
        return frame_fault(e, "a frame of another version");
    answer->operation = (enum courier_operation)cursor_u8(&c);
    answer->number = cursor_u32(&c);
    if (answer->operation == COURIER_RESULT) {
        result->state = (enum courier_state)cursor_u8(&c);
        result->code = cursor_u32(&c);
        copy_text(result->said, sizeof(result->said), cursor_take16(&c));
        copy_text(result->peer, sizeof(result->peer), cursor_take16(&c));
        if (!c.failed && (result->state < COURIER_DELIVERED || result->state > COURIER_BUSY))
            return frame_fault(e, "a result of an unknown state");
    } else if (answer->operation == COURIER_STATUS_ANSWER) {
        status->waiting = cursor_u32(&c);
        status->in_flight = cursor_u32(&c);
        status->delivered = cursor_u64(&c);
        status->failed = cursor_u64(&c);
        status->unknown = cursor_u64(&c);
        copy_text(status->sandbox, sizeof(status->sandbox), cursor_take16(&c));
    } else {
        return frame_fault(e, "a frame of an unknown operation");
    }
    return cursor_finish(&c, "a courier frame", e);
}
