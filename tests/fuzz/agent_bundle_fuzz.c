/* SPDX-License-Identifier: Apache-2.0 */
/* An archive from a stick: opened, its manifest read, every file in it read. */
#include "agent/bundle.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct bundle b;
    struct err e = {0};
    int fd = memfd_create("bundle", MFD_CLOEXEC);

    if (fd < 0 || file_write_all(fd, data, size) != 0)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (bundle_open(&b, path, &e) == 0) {
        for (size_t i = 0; i < b.count; i++) {
            struct buf text;
            struct err why = {0};
            buf_init(&text);
            if (bundle_read(&b, b.files[i].name, 1 << 20, &text, &why) == 1 &&
                text.len != b.files[i].size)
                abort();
            buf_fini(&text);
        }
    } else if (!err_is_set(&e)) {
        abort();
    }
    bundle_fini(&b);
    close(fd);
    return 0;
}
