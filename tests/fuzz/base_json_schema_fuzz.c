/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_schema_compile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *context, const struct json_schema_fault *fault)
{
    if (!fault->at || !fault->keyword || !fault->text[0])
        abort();
    ++*(size_t *)context;
    return 0;
}

static void check(const struct json_schema_set *set, const struct json_doc *doc)
{
    for (int strict = 0; strict < 2; strict++) {
        struct err e = {0};
        bool valid = false;
        size_t faults = 0;
        struct json_schema_checker *c = json_schema_checker_new(set, &e);
        if (!c)
            abort();
        if (json_schema_check(c, json_root(doc), NULL, strict, count, &faults, &valid, &e) < 0) {
            if (!err_is_set(&e))
                abort();
        } else if (valid != (faults == 0)) {
            abort();
        }
        json_schema_checker_free(c);
    }
}

/*
 * A schema in the first line, a document behind it. Whatever both are: a schema is refused with a
 * reason or compiled, and the document has faults or is valid.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t nothing[1];
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    size_t len = end ? (size_t)(end - data) : size;
    struct slice text = end ? slice_of(end + 1, size - len - 1) : slice_of(nothing, 0);
    struct json_doc *schema, *doc;
    struct json_schema_set set;
    struct arena arena;
    struct err e = {0};

    if (json_parse(&schema, slice_of(size ? data : nothing, len), NULL, &e) < 0)
        return 0;
    arena_init(&arena, 0);
    if (json_schema_compile(&arena, schema, NULL, &set, &e) < 0) {
        if (!err_is_set(&e) || !e.code[0])
            abort();
    } else if (json_parse(&doc, text, NULL, &e) == 0) {
        check(&set, doc);
        json_doc_free(doc);
    }
    arena_fini(&arena);
    json_doc_free(schema);
    return 0;
}
