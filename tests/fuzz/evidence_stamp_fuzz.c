/* SPDX-License-Identifier: Apache-2.0 */
/* What a time-stamp authority answers, tokens, and signatures of persons. */
#include "crypto/signed_data.h"
#include "evidence/seal/cms.h"
#include "evidence/seal/stamp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static const char stamped[] = "stamped bytes\n";

static void check_token(struct slice token, struct err *e)
{
    const struct evidence_stamp_wish wish = {.stamped = slice_str(stamped)};
    struct evidence_stamp stamp;
    struct buf pem;
    if (evidence_stamp_check(token, slice_str(stamped), NULL, NULL, &stamp, e) == 0) {
        demand(stamp.policy[0] && stamp.serial[0] && !stamp.chain_checked);
        err_clear(e);
        (void)!evidence_stamp_check(token, slice_str("others"), NULL, NULL, &stamp, e);
        demand(err_is_set(e)); /* one token is of one content */
        err_clear(e);
        demand(evidence_stamp_check(token, slice_str(stamped), &wish, NULL, &stamp, e) != 0);
    } else {
        demand(err_is_set(e));
    }
    err_clear(e);
    buf_init(&pem);
    (void)!evidence_stamp_chain(token, &pem, e);
    buf_fini(&pem);
    err_clear(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_of(data, size), token, again;
    struct evidence_signature by;
    struct err e = {0};
    struct buf whole;

    if (evidence_stamp_token(in, &token, &e) == 0) {
        buf_init(&whole);
        evidence_stamp_answer(token, &whole);
        if (buf_check(&whole, &e) == 0) {
            demand(evidence_stamp_token(buf_slice(&whole), &again, &e) == 0);
            demand(slice_equal(token, again));
        }
        err_clear(&e);
        check_token(token, &e);
        buf_fini(&whole);
    } else {
        demand(err_is_set(&e));
    }
    err_clear(&e);
    check_token(in, &e);
    if (evidence_cms_verify(slice_str(stamped), in, NULL, &by, &e) == 0)
        demand(by.subject[0] && by.signed_at != 0 && !by.chain_checked);
    else
        demand(err_is_set(&e));
    return 0;
}
