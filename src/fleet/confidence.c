/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/confidence.h"
#include "base/json.h"
#include "fleet/remediation.h"

int fleet_confidence_parse(struct slice text, int *confidence, struct err *e)
{
    static const struct {
        const char *word;
        int confidence;
    } words[] = {{"any", FLEET_CONFIDENCE_ANY},
                 {"strong", FLEET_CONFIDENCE_STRONG},
                 {"exact", FLEET_CONFIDENCE_EXACT}};
    int number = 0;

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (slice_is(text, words[i].word)) {
            *confidence = words[i].confidence;
            return 0;
        }
    for (size_t i = 0; i < text.len && i < 4 && number >= 0; i++)
        number =
            text.data[i] >= '0' && text.data[i] <= '9' ? number * 10 + (text.data[i] - '0') : -1;
    if (text.len == 0 || text.len > 3 || number < 0 || number > 100) {
        err_set(e, ERR_USAGE, "fleet.confidence", "CSAF 2.0 section 9.1.13",
                "\"%.*s\" is no confidence", (int)(text.len < 40 ? text.len : 40),
                (const char *)text.data);
        return err_hint(e, "it is any, strong, exact, or a whole number from 0 to 100");
    }
    *confidence = number;
    return 0;
}

int fleet_confidence_of(struct slice statements, struct err *e)
{
    struct json_doc *doc = NULL;
    int64_t surest = 0;

    if (json_parse(&doc, statements, NULL, e) != 0)
        return -1;
    json_each(statement, json_root(doc))
    {
        int64_t confidence = 0;
        if (fleet_status_asks(json_get_string(statement, "status")) &&
            json_int64(json_get(statement, "confidence"), &confidence) && confidence > surest)
            surest = confidence;
    }
    json_doc_free(doc);
    return surest > 100 ? 100 : (int)surest;
}
