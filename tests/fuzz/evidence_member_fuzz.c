/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks as gzip members: hostile ones are refused or have exactly the length that they should;
 * what is packed is unpacked as it was. The first byte says which, the next two the length. */
#include "base/memory.h"
#include "evidence/bundle/member.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void unpack(struct evidence_unpacker *u, struct slice member, size_t len)
{
    struct err e = {0};
    uint8_t *out = malloc(len ? len : 1); /* of exactly this size: a byte behind it is found */
    if (out && evidence_member_unpack(u, member, out, len, &e) == 0 &&
        evidence_member_unpack(u, member, out, len, &e) != 0)
        abort(); /* the second time, zeros are known by their member */
    free(out);
}

static void round_trip(struct evidence_unpacker *u, struct slice chunk)
{
    struct err e = {0};
    bool stored;
    struct evidence_packer *packer = evidence_packer_new(&e);
    uint8_t *member = malloc(evidence_member_stored_bytes(chunk.len));
    uint8_t *out = malloc(chunk.len + 1);
    for (int twice = 0; packer && member && out && twice < 2; twice++) {
        size_t len = evidence_member_pack(packer, chunk, evidence_is_zero(chunk), member, &stored);
        if (len > evidence_member_stored_bytes(chunk.len) ||
            evidence_member_unpack(u, slice_of(member, len), out, chunk.len, &e) != 0 ||
            (chunk.len && memcmp(out, chunk.data, chunk.len) != 0))
            abort();
    }
    free(member);
    free(out);
    evidence_packer_free(packer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {0};
    if (size < 3)
        return 0;
    struct evidence_unpacker *u = evidence_unpacker_new(&e);
    if (!u)
        return 0;
    struct slice rest = slice_of(data + 3, size - 3);
    if (data[0] % 2)
        round_trip(u, rest);
    else
        unpack(u, rest, (size_t)data[1] << 8 | data[2]);
    evidence_unpacker_free(u);
    return 0;
}
