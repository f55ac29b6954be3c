/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of a wrapped bundle's archive: what is read has a name that stays where it belongs, and
 * is read again from what is written of it. */
#include "evidence/wrap/header.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *name)
{
    if (!name[0] || name[0] == '/' || strstr(name, "//") || strlen(name) > 256)
        abort();
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t len = strcspn(part, "/");
        if (len == 0 || (len == 1 && part[0] == '.') || (len == 2 && memcmp(part, "..", 2) == 0))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (; size >= WRAP_BLOCK; data += WRAP_BLOCK, size -= WRAP_BLOCK) {
        struct wrap_member member, again;
        uint8_t block[WRAP_BLOCK];
        struct err e = {0};
        if (wrap_header_read(data, &member, &e) != 1)
            continue;
        check_name(member.name);
        if (wrap_header_write(&member, block, &e) != 0)
            continue; /* parted elsewhere than at its last place */
        if (wrap_header_read(block, &again, &e) != 1 || strcmp(member.name, again.name) != 0 ||
            member.bytes != again.bytes || member.mode != again.mode)
            abort();
    }
    return 0;
}
