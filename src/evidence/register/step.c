/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/record.h"
#include "evidence/register.h"

#include <stdio.h>

int register_step_read(struct slice record, struct register_step *step, struct register_name *name,
                       struct err *e)
{
    struct evidence_custody_record r;
    struct json_doc *doc = NULL;

    if (evidence_custody_record_read(record, &r, &doc, e) != 0)
        return -1;
    step->number = r.number;
    step->at = r.at;
    memcpy(step->digest, r.sha256, SHA256_LEN);
    snprintf(step->kind, sizeof(step->kind), "%.*s", SLICE_ARG(r.kind));
    snprintf(name->log, sizeof(name->log), "%.*s", SLICE_ARG(json_get_string(r.root, "log")));
    snprintf(name->holder, sizeof(name->holder), "%.*s",
             SLICE_ARG(json_get_string(r.root, "holder")));
    snprintf(name->subject, sizeof(name->subject), "%.*s",
             SLICE_ARG(json_string(evidence_path(r.root, "actor.subject"))));
    int result = 0;
    if (r.number > 1 &&
        evidence_hash_parse(json_get_string(r.root, "previous"), step->previous) != 0)
        result =
            err_set(e, ERR_INPUT, "custody.record", NULL,
                    "record %llu does not say which one it follows", (unsigned long long)r.number);
    json_doc_free(doc);
    return result;
}
