/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pack as one input: bytes of an archive. The verifier must end with an answer. Most of what a
 * fuzzer makes dies at the first hash; the deeper readers are reached by a pack of the corpus that
 * is changed behind its signatures (tests/scenario/pack_mutations.py does that on purpose).
 */
#include "journal/pack_verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pack_policy policy = {.threads = 1};
    struct pack_report report;
    struct err e = {0};
    struct buf text;
    char path[64];
    int fd = memfd_create("pack", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (pack_verify(path, &policy, &report, &e) == 0) {
        if (report.answer == PACK_PROVEN) /* without an anchor nothing is proven */
            abort();
        buf_init(&text);
        pack_report_text(&report, &text);
        pack_report_json(&report, &text);
        buf_fini(&text);
        pack_report_fini(&report);
    }
    close(fd);
    return 0;
}
