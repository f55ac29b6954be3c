/* SPDX-License-Identifier: Apache-2.0 */
/* The syntax of tocsin.conf: whatever comes, a tree or a fault with its place; and every value that
 * was read is written so that it is read again. */
#include "centre/config_internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(const struct config_value *value)
{
    struct config_entry *entries;
    struct err e = {0};
    struct arena a;
    struct buf b;

    arena_init(&a, 0);
    buf_init(&b);
    buf_puts(&b, "x = ");
    config_text_put(&b, value->text);
    if (config_text_parse(&a, buf_slice(&b), &entries, &e) != 0 || !entries || entries->next ||
        !slice_equal(entries->values->text, value->text))
        abort();
    buf_fini(&b);
    arena_fini(&a);
}

static void check_types(const struct config_value *value)
{
    struct config *config = NULL;
    struct err e = {0};

    if (config_defaults(&config, "/h", &e) != 0)
        abort();
    for (size_t i = 0; i < config_key_count; i++) {
        struct config_value alone = {.text = value->text};
        struct err fault = {0};
        if (config_value_read(&config->arena, "/h", &config_keys[i], false, &alone, config, NULL,
                              &fault) != 0 &&
            !fault.code[0])
            abort();
    }
    struct buf b;
    buf_init(&b);
    config_put(&b, config, true);
    buf_fini(&b);
    config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_entry *entries;
    struct err e = {0};
    struct arena a;
    unsigned values = 0;

    arena_init(&a, 0);
    if (config_text_parse(&a, slice_of(data, size), &entries, &e) != 0 && !e.where[0] &&
        e.kind != ERR_MEMORY)
        abort();
    for (const struct config_entry *s = err_is_set(&e) ? NULL : entries; s; s = s->next) {
        const struct config_entry *inner = s->is_section ? s->children : s;
        for (; inner; inner = s->is_section ? inner->next : NULL) {
            for (const struct config_value *v = inner->values; v; v = v->next) {
                check_value(v);
                if (values++ < 2)
                    check_types(v);
            }
        }
    }
    arena_fini(&a);
    return 0;
}
