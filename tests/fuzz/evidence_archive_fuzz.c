/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of published test images. */
#include "evidence/selftest/archive.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct taking {
    uint64_t bytes;
};

enum { MOST = 16 << 20 };

static int take(void *context, struct slice piece, struct err *e)
{
    struct taking *t = context;
    t->bytes += piece.len;
    return t->bytes < MOST ? 0 : err_set(e, ERR_LIMIT, "test.most", NULL, "enough");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct selftest_archive archive;
    struct selftest_member member;
    struct err e = {0};
    if (selftest_archive_open(&archive, slice_of(data, size), &e) != 0)
        return 0;
    for (int i = 0; i < 100 && selftest_archive_next(&archive, &member, &e) == 1; i++) {
        struct taking t = {0};
        if (member.name.data < data || member.name.data + member.name.len > data + size ||
            member.packed.data < data || member.packed.data + member.packed.len > data + size)
            abort();
        if (selftest_member_unpack(&member, take, &t, &e) == 0 && t.bytes != member.bytes)
            abort();
        err_clear(&e);
    }
    return 0;
}
