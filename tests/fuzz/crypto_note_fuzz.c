/* SPDX-License-Identifier: Apache-2.0 */
/* Notes, checkpoints and verifier keys: whatever parses is written again as it was. */
#include "crypto/note.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of(data, size);
    struct checkpoint checkpoint;
    struct note_key key;
    struct note note;
    struct err e = {0};
    struct buf again;

    buf_init(&again);
    if (note_parse(&note, text, &e) == 0) {
        buf_put_slice(&again, note.text);
        buf_putc(&again, '\n');
        for (size_t i = 0; i < note.count; i++)
            buf_put_slice(&again, note.signatures[i].line);
        if (!again.failed && !slice_equal(buf_slice(&again), text))
            abort();
        err_clear(&e);
        if (checkpoint_parse(&checkpoint, note.text, &e) == 0) {
            buf_reset(&again);
            checkpoint_put(&again, checkpoint.origin, checkpoint.size, checkpoint.root);
            buf_put_slice(&again, checkpoint.extensions);
            if (!again.failed && !slice_equal(buf_slice(&again), note.text))
                abort();
        }
    }
    err_clear(&e);
    if (note_key_parse(&key, text, &e) == 0) {
        buf_reset(&again);
        note_key_put(&again, &key);
        if (!again.failed && !slice_equal(buf_slice(&again), text))
            abort();
        err_clear(&e);
        if (note_parse(&note, slice_str("a\n\n\xE2\x80\x94 n AAAAAAA=\n"), &e) == 0)
            (void)!note_verify(&note, &key, NULL, &e);
    }
    buf_fini(&again);
    return 0;
}
