/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/chain.h"
#include "crypto/digest.h"

static int digest_two(struct slice first, struct slice second, uint8_t out[32], struct err *e)
{
    struct slice parts[] = {first, second};

    return sha256_slices(parts, 2, out) == 0 ? 0 : digest_failed(e);
}

int agent_chain_begin(struct slice asset, uint8_t head[32], struct err *e)
{
    return digest_two(slice_str("tocsin-chain/v1\n"), asset, head, e);
}

int agent_chain_add(uint8_t head[32], const uint8_t digest[32], struct err *e)
{
    uint8_t next[32];

    if (digest_two(slice_of(head, 32), slice_of(digest, 32), next, e) != 0)
        return -1;
    memcpy(head, next, sizeof(next));
    return 0;
}

int agent_notice_digest(struct slice notice, uint8_t digest[32], struct err *e)
{
    return digest_two(slice_str("tocsin-notice/v1\n"), notice, digest, e);
}
