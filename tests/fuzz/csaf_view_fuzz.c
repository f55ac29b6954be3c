/* SPDX-License-Identifier: Apache-2.0 */
#include "../support/view_check.h"
#include "csaf/view.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the JSON: refused with a reason, or shown with nothing of it unescaped. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct csaf_validator *validator;
    struct csaf_reading *r;
    struct csaf_result verdict;
    struct err e = {0};
    if (!validator &&
        !(validator = csaf_validator_new(&(struct csaf_validator_options){.now = 0}, &e)))
        abort();
    if (csaf_reading_open(&r, slice_of(data, size), &e) != 0) {
        if (!err_is_set(&e) || e.code[0] == 0)
            abort();
        return 0;
    }
    if (csaf_validate(validator, slice_of(data, size), &verdict, &e) != 0)
        abort();
    for (int format = 0; format < 3; format++) {
        struct csaf_view_options options = {.format = (enum csaf_view_format)format,
                                            .verdict = &verdict};
        struct buf out;
        const char *wrong = NULL;
        buf_init(&out);
        if (csaf_view(r, &options, &out, &e) == 0) {
            wrong = view_check_characters(buf_slice(&out));
            if (!wrong && format == CSAF_VIEW_HTML)
                wrong = view_check_html(buf_slice(&out), NULL);
            if (!wrong && format == CSAF_VIEW_MARKDOWN)
                wrong = view_check_markdown(buf_slice(&out));
        }
        if (wrong) {
            fprintf(stderr, "format %d: %s\n%s\n", format, wrong, buf_text(&out));
            abort();
        }
        buf_fini(&out);
    }
    csaf_result_free(&verdict);
    csaf_reading_free(r);
    return 0;
}
