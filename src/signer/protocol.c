/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/protocol.h"
#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

void signer_frame_begin(struct buf *b)
{
    cursor_put_u32(b, 0);
    buf_putc(b, SIGNER_VERSION);
}

void signer_frame_end(struct buf *b)
{
    if (b->failed || b->len < 4)
        return;
    size_t len = b->len - 4;
    for (size_t i = 0; i < 4; i++)
        b->data[i] = (uint8_t)(len >> (24 - 8 * i));
}

void signer_answer_refused(struct buf *b, const struct err *why)
{
    signer_frame_begin(b);
    buf_putc(b, 1);
    buf_putc(b, (int)why->kind);
    cursor_put_slice16(b, slice_str(why->code));
    cursor_put_slice16(b, slice_str(why->clause));
    cursor_put_slice16(b, slice_str(why->where));
    cursor_put_slice16(b, slice_str(why->text));
    cursor_put_slice16(b, slice_str(why->hint));
    signer_frame_end(b);
}

static void take_text(struct cursor *in, char *text, size_t size)
{
    struct slice s = cursor_take16(in);

    snprintf(text, size, "%.*s", SLICE_ARG(s));
}

int signer_answer_read(struct cursor *in, struct err *e)
{
    struct err said = {0};
    uint8_t status = cursor_u8(in);

    if (!in->failed && status == 0)
        return 0;
    uint8_t kind = cursor_u8(in);
    take_text(in, said.code, sizeof(said.code));
    take_text(in, said.clause, sizeof(said.clause));
    take_text(in, said.where, sizeof(said.where));
    take_text(in, said.text, sizeof(said.text));
    take_text(in, said.hint, sizeof(said.hint));
    if (cursor_finish(in, "the signer's answer", e) != 0)
        return -1;
    if (status != 1 || kind == ERR_NONE || kind > ERR_INTERNAL)
        return err_set(e, ERR_INTERNAL, "signer.answer", NULL,
                       "the signer gave an answer of an unknown kind");
    said.kind = (enum err_kind)kind;
    if (!err_is_set(e))
        *e = said;
    return -1;
}

/* 1: ready; 0: the deadline has passed; -1: poll failed. */
static int wait_for(int fd, short events, int64_t deadline)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = events};
        int timeout = -1;
        if (deadline) {
            int64_t left = deadline - clock_monotonic(&clock_system);
            if (left <= 0)
                return 0;
            timeout = left / 1000 + 1 > INT_MAX ? INT_MAX : (int)(left / 1000 + 1);
        }
        int ready = poll(&p, 1, timeout);
        if (ready > 0)
            return 1;
        if (ready < 0 && errno != EINTR)
            return -1;
    }
}

static int late(struct err *e)
{
    return err_set(e, ERR_UNAVAILABLE, "signer.deadline", NULL,
                   "the signer did not answer in time; whether it signed is not known");
}

/* 1: all read; 0: closed before the first byte; -1. */
static int receive_all(int fd, uint8_t *at, size_t len, int64_t deadline, struct err *e)
{
    size_t have = 0;

    while (have < len) {
        ssize_t got = recv(fd, at + have, len - have, MSG_DONTWAIT);
        if (got > 0) {
            have += (size_t)got;
        } else if (got == 0) {
            if (have == 0)
                return 0;
            return err_set(e, ERR_UNAVAILABLE, "signer.unreachable", NULL,
                           "the connection to the signer was closed in the middle of a message");
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            int ready = wait_for(fd, POLLIN, deadline);
            if (ready == 0)
                return late(e);
            if (ready < 0)
                return err_errno(e, errno, "signer.unreachable", "cannot wait for the signer");
        } else if (errno != EINTR) {
            int why = errno;
            return err_set(e, ERR_UNAVAILABLE, "signer.unreachable", NULL,
                           "the connection to the signer is lost (%s)",
                           why == ECONNRESET ? "reset" : "failed");
        }
    }
    return 1;
}

int signer_frame_receive(int fd, struct buf *b, int64_t deadline, struct err *e)
{
    uint8_t head[5];
    struct cursor c;

    buf_reset(b);
    int got = receive_all(fd, head, sizeof(head), deadline, e);
    if (got != 1)
        return got;
    cursor_init(&c, slice_of(head, sizeof(head)));
    uint32_t len = cursor_u32(&c);
    uint8_t version = cursor_u8(&c);
    if (version != SIGNER_VERSION)
        return err_set(e, ERR_INPUT, "signer.version", NULL,
                       "a message of version %u; this program speaks %d", version, SIGNER_VERSION);
    if (len < 2 || len > SIGNER_FRAME_MAX)
        return err_set(e, ERR_LIMIT, "signer.frame", NULL, "a message of %u bytes; at most %d", len,
                       SIGNER_FRAME_MAX);
    uint8_t *at = buf_extend(b, len - 1);
    if (!at)
        return buf_check(b, e);
    got = receive_all(fd, at, len - 1, deadline, e);
    if (got == 0)
        return err_set(e, ERR_UNAVAILABLE, "signer.unreachable", NULL,
                       "the connection to the signer was closed in the middle of a message");
    return got;
}

int signer_frame_send(int fd, struct slice frame, int64_t deadline, struct err *e)
{
    size_t sent = 0;

    while (sent < frame.len) {
        ssize_t done = send(fd, frame.data + sent, frame.len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (done >= 0) {
            sent += (size_t)done;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            int ready = wait_for(fd, POLLOUT, deadline);
            if (ready == 0)
                return late(e);
            if (ready < 0)
                return err_errno(e, errno, "signer.unreachable", "cannot wait for the signer");
        } else if (errno != EINTR) {
            return err_set(e, ERR_UNAVAILABLE, "signer.unreachable", NULL,
                           "the connection to the signer is lost");
        }
    }
    return 0;
}
