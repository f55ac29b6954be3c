/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a date and time: what is read is written, and read again to the same instant. */
#include "base/clock.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {0};
    char text[TIME_TEXT];
    int64_t time = 0;
    int64_t again = 0;

    if (time_parse(slice_of(data, size), &time, &e) != 0) {
        if (!e.code[0] || !e.clause[0])
            abort();
        return 0;
    }
    time_format(time, text);
    if (time_parse(slice_str(text), &again, &e) != 0)
        abort();
    /* what an offset carries out of the years 0000 to 9999 is written as their edge */
    bool edge =
        strcmp(text, "0000-01-01T00:00:00Z") == 0 || strcmp(text, "9999-12-31T23:59:59Z") == 0;
    if (again != time && !edge)
        abort();
    return 0;
}
