/* SPDX-License-Identifier: Apache-2.0 */
#include "base/output.h"

#include <errno.h>

struct slice output_slice(FILE *out, const struct buf *b)
{
    if (!b->failed)
        return buf_slice(b);
    (void)getc(out); /* reading what is for writing sets its error; nothing else does */
    return slice_of(NULL, 0);
}

void output_put(FILE *out, const struct buf *b)
{
    struct slice whole = output_slice(out, b);

    if (whole.len > 0)
        fwrite(whole.data, 1, whole.len, out);
}

void output_line(FILE *out, const struct buf *b)
{
    output_put(out, b);
    putc('\n', out);
}

int output_end(FILE *out, struct err *e)
{
    bool lost = ferror(out) && errno != EPIPE;

    if (fflush(out) != 0 && errno != EPIPE)
        return err_errno(e, errno, "base.output", "the output cannot be written");
    if (lost)
        return err_set(e, ERR_SYSTEM, "base.output", NULL,
                       "a part of the output could not be written");
    return 0;
}
