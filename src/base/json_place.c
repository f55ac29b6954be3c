/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line and column from an offset. Nothing is counted while parsing. A document of many lines whose
 * places are asked for gets a sparse table, so that each answer costs a step of the text only.
 */
#include "base/json_internal.h"
#include "base/memory.h"

enum { STEP = 1024 };

struct json_lines {
    size_t count;
    struct {
        uint32_t feeds; /* line feeds before the step */
        uint32_t start; /* where the line begins that the step begins in */
    } steps[];
};

/* Counts the line feeds in [from, to); *start is moved behind the last of them. */
static size_t count_feeds(const uint8_t *text, size_t from, size_t to, size_t *start)
{
    size_t feeds = 0;

    for (size_t i = from; i < to; i++) /* by the vector, where the compiler can */
        feeds += text[i] == '\n';
    if (feeds > 0)
        *start = (size_t)((const uint8_t *)memrchr(text + from, '\n', to - from) - text) + 1;
    return feeds;
}

void json_place_of(struct slice text, size_t offset, size_t *line, size_t *column)
{
    size_t start = 0;

    *line = 1 + count_feeds(text.data, 0, offset, &start);
    *column = offset - start + 1;
}

static struct json_lines *make_lines(struct slice text)
{
    size_t count = text.len / STEP + 1;
    struct json_lines *lines = mem_new(1, sizeof(*lines) + count * sizeof(lines->steps[0]));
    size_t feeds = 0;
    size_t start = 0;

    if (!lines)
        return NULL;
    lines->count = count;
    for (size_t i = 1; i < count; i++) {
        feeds += count_feeds(text.data, (i - 1) * STEP, i * STEP, &start);
        lines->steps[i].feeds = (uint32_t)feeds;
        lines->steps[i].start = (uint32_t)start;
    }
    return lines;
}

/* Threads may race to make it: one wins, the others throw theirs away. */
static const struct json_lines *lines_of(const struct json_doc *doc)
{
    struct json_doc *shared = (struct json_doc *)(uintptr_t)doc; /* only the cache in it changes */
    struct json_lines *lines = atomic_load_explicit(&shared->lines, memory_order_acquire);
    struct json_lines *none = NULL;

    if (lines || doc->text.len < 2 * (size_t)STEP)
        return lines;
    lines = make_lines(doc->text);
    if (!lines || atomic_compare_exchange_strong(&shared->lines, &none, lines))
        return lines;
    mem_free(lines);
    return none;
}

void json_place(const struct json_doc *doc, const struct json_value *v, size_t *line,
                size_t *column)
{
    size_t offset = json_offset(doc, v);
    const struct json_lines *lines = lines_of(doc);

    if (!lines) {
        json_place_of(doc->text, offset, line, column);
        return;
    }
    size_t step = offset / STEP;
    size_t start = lines->steps[step].start;
    *line = 1 + lines->steps[step].feeds + count_feeds(doc->text.data, step * STEP, offset, &start);
    *column = offset - start + 1;
}
