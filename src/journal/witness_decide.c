/* SPDX-License-Identifier: Apache-2.0 */
/* The decision of a witness, and the requests it is about. Pure. */
#include "journal/witness.h"

#include "base/cursor.h"
#include "base/encoding.h"
#include "crypto/digest.h"

#define CLAUSE "C2SP tlog-witness, add-checkpoint"

static int syntax(struct err *e, size_t line, const char *text)
{
    err_set(e, ERR_INPUT, "witness.syntax", CLAUSE, "not an add-checkpoint request: %s", text);
    return err_where(e, "line %zu", line);
}

int witness_request_parse(struct witness_request *request, struct slice body, struct err *e)
{
    struct cursor c;
    struct slice line;
    size_t number = 1;

    if (body.len > WITNESS_REQUEST_MAX)
        return err_set(e, ERR_LIMIT, "witness.size", NULL, "a request of %zu bytes; at most %d",
                       body.len, WITNESS_REQUEST_MAX);
    request->proof_count = 0;
    cursor_init(&c, body);
    line = cursor_line(&c);
    if (c.failed || line.len < 4 || memcmp(line.data, "old ", 4) != 0 ||
        !note_number_parse(slice_of(line.data + 4, line.len - 4), &request->old_size))
        return syntax(e, number, "the first line is \"old \" and a size");
    for (;;) {
        line = cursor_line(&c);
        number++;
        if (!c.failed && line.len == 0)
            break;
        if (c.failed)
            return syntax(e, number, "the proof ends with an empty line");
        if (request->proof_count == WITNESS_PROOF_MAX)
            return syntax(e, number, "a proof has at most 63 lines");
        if (!note_hash_parse(line, request->proof[request->proof_count]))
            return syntax(e, number, "a line of the proof is base64 of 32 bytes");
        request->proof_count++;
    }
    request->note_text = slice_of(body.data + c.at, body.len - c.at);
    if (note_parse(&request->note, request->note_text, e) != 0 ||
        checkpoint_parse(&request->checkpoint, request->note.text, e) != 0)
        return err_context(e, "the checkpoint that begins in line %zu", number + 1);
    return 0;
}

void witness_request_put(struct buf *b, uint64_t old_size, const uint8_t (*proof)[MERKLE_HASH],
                         size_t n, struct slice note)
{
    buf_printf(b, "old %llu\n", (unsigned long long)old_size);
    for (size_t i = 0; i < n; i++) {
        base64_put(b, slice_of(proof[i], MERKLE_HASH));
        buf_putc(b, '\n');
    }
    buf_putc(b, '\n');
    buf_put_slice(b, note);
}

/* Not the request's fault: nothing was decided. */
static enum witness_verdict failed(struct err *e, const struct err *cause)
{
    *e = *cause;
    return WITNESS_FAILED;
}

enum witness_verdict witness_decide(const struct witness_request *request,
                                    const struct note_key *log, const struct witness_head *head,
                                    struct err *e)
{
    const struct checkpoint *checkpoint = &request->checkpoint;
    struct err cause = {0};
    uint8_t empty[MERKLE_HASH];
    int is_signed;

    if (!log) {
        err_set(e, ERR_NOT_FOUND, "witness.unknown-log", CLAUSE,
                "this witness does not know the log \"%.*s\"", SLICE_ARG(checkpoint->origin));
        return WITNESS_UNKNOWN_LOG;
    }
    is_signed = note_verify(&request->note, log, NULL, &cause);
    if (is_signed < 0 && cause.kind != ERR_VERIFY)
        return failed(e, &cause);
    if (is_signed != 1) {
        err_set(e, ERR_VERIFY, "witness.unsigned", CLAUSE,
                is_signed == 0 ? "the checkpoint is not signed by the key of \"%s\""
                               : "the signature of \"%s\" on the checkpoint does not hold",
                log->name);
        return WITNESS_UNSIGNED;
    }
    if (request->old_size > checkpoint->size) {
        err_set(e, ERR_INPUT, "witness.old-size", CLAUSE,
                "the old size %llu is larger than the checkpoint's %llu",
                (unsigned long long)request->old_size, (unsigned long long)checkpoint->size);
        return WITNESS_BAD_REQUEST;
    }
    if (request->old_size != head->size) {
        err_set(e, ERR_CONFLICT, "witness.old-size", CLAUSE,
                "the last head that was cosigned has the size %llu, not %llu",
                (unsigned long long)head->size, (unsigned long long)request->old_size);
        return WITNESS_CONFLICT;
    }
    /* Nothing cosigned yet: the empty tree is what went before. */
    if (head->size == 0 && merkle_empty_root(empty) != 0) {
        digest_failed(&cause);
        return failed(e, &cause);
    }
    if (merkle_verify_consistency(head->size, head->size == 0 ? empty : head->root,
                                  checkpoint->size, checkpoint->root, request->proof,
                                  request->proof_count, &cause) != 0) {
        if (cause.kind != ERR_VERIFY)
            return failed(e, &cause);
        err_set(e, ERR_VERIFY, "witness.inconsistent", CLAUSE,
                "the checkpoint of size %llu does not continue the cosigned head of size %llu: "
                "another history",
                (unsigned long long)checkpoint->size, (unsigned long long)head->size);
        return WITNESS_INCONSISTENT;
    }
    return WITNESS_COSIGN;
}
