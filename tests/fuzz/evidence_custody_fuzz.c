/* SPDX-License-Identifier: Apache-2.0 */
/* A custody record, a head and an answer of a time server, as somebody else wrote them. */
#include "evidence/custody/clock.h"
#include "evidence/custody/record.h"
#include "evidence/custody/state.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fold(const struct evidence_custody_record *r)
{
    const struct evidence_kind *kind = evidence_kind_of(r->kind);
    struct evidence_custody_state state;
    struct evidence_folding folding = {.state = &state};
    struct err e = {0}, why = {0};
    if (kind && evidence_kind_check(kind, r->root, &why) != 0 && !err_is_set(&why))
        abort();
    evidence_state_init(&state);
    for (int i = 0; i < 3; i++) { /* more than one, so that lists grow and shrink */
        struct err no = {0};
        if (evidence_state_allows(&state, r, &no) != 0 && !err_is_set(&no))
            abort();
        if (evidence_state_take(&folding, r, &e) != 0 && !err_is_set(&e))
            abort();
    }
    evidence_custody_state_fini(&state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of(data, size);
    struct evidence_custody_record record;
    struct evidence_ntp_answer answer;
    struct evidence_head head;
    struct json_doc *doc = NULL;
    struct err e = {0}, no_head = {0}, no_time = {0};
    if (evidence_custody_record_read(text, &record, &doc, &e) == 0)
        fold(&record);
    else if (!err_is_set(&e))
        abort();
    json_doc_free(doc);
    if (evidence_head_read(text, &head, &no_head) != 0 && !err_is_set(&no_head))
        abort();
    if (evidence_ntp_read(data, size, 0, 0, 0, &answer, &no_time) != 0 && !err_is_set(&no_time))
        abort();
    return 0;
}
