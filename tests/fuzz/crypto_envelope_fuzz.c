/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed envelopes from outside: what is taken names a format, its signature can be asked about,
 * and it is written again as it was.
 */
#include "crypto/certificate.h"
#include "crypto/envelope.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int sign(void *context, struct slice format, struct slice message, struct buf *signature,
                struct err *e)
{
    const struct envelope *envelope = context;

    (void)message;
    if (!slice_equal(format, envelope->format))
        abort();
    buf_put_slice(signature, buf_slice(&envelope->signature));
    return buf_check(signature, e);
}

/* With the same chain and signature the same bytes come out, when its first certificate is meant.
 */
static void write_again(struct envelope *envelope, struct slice text)
{
    struct envelope_signer signer = {.sign = sign,
                                     .context = envelope,
                                     .chain = envelope->chain,
                                     .chain_count = envelope->chain_count};
    struct err e = {0};
    struct buf again;

    buf_init(&again);
    if (envelope->chain_count > 0 &&
        envelope_verify_certificate(envelope, envelope->chain[0], &e) != 0 &&
        strcmp(e.code, "envelope.signer") != 0) {
        err_clear(&e);
        if (envelope_build(&again, buf_slice(&envelope->payload), &signer, &e) != 0 ||
            !slice_equal(buf_slice(&again), text))
            abort();
    }
    buf_fini(&again);
}

static void ask(const struct envelope *envelope, struct slice certificate)
{
    struct certificate c;
    struct err e = {0};
    uint8_t hash[32];

    if (envelope_verify_certificate(envelope, certificate, &e) != 0 && !err_is_set(&e))
        abort();
    err_clear(&e);
    if (certificate_parse(&c, certificate, &e) == 0)
        (void)!envelope_member_is(envelope, "format", envelope->format);
    (void)!hash_text_parse(envelope->format, hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of(data, size);
    struct envelope envelope;
    struct err e = {0};

    if (envelope_parse(&envelope, text, NULL, &e) != 0) {
        if (!err_is_set(&e))
            abort();
        return 0;
    }
    if (envelope.format.len == 0 || envelope.signature.len == 0 ||
        envelope.chain_count > ENVELOPE_CHAIN_MAX)
        abort();
    for (size_t i = 0; i < envelope.chain_count; i++)
        ask(&envelope, envelope.chain[i]);
    write_again(&envelope, text);
    envelope_fini(&envelope);
    return 0;
}
