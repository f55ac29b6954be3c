/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/logical/mounts.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOUNTINFO_MOST = 64 << 20 };

/* "\040" and its like. */
static char *unescape(struct arena *arena, struct slice s)
{
    char *text = arena_alloc(arena, s.len + 1);
    size_t len = 0;
    if (!text)
        return NULL;
    for (size_t i = 0; i < s.len; i++) {
        bool octal = s.data[i] == '\\' && i + 3 < s.len && s.data[i + 1] >= '0' &&
                     s.data[i + 1] <= '3' && s.data[i + 2] >= '0' && s.data[i + 2] <= '7' &&
                     s.data[i + 3] >= '0' && s.data[i + 3] <= '7';
        if (octal)
            text[len++] = (char)((s.data[i + 1] - '0') << 6 | (s.data[i + 2] - '0') << 3 |
                                 (s.data[i + 3] - '0'));
        else
            text[len++] = (char)s.data[i];
        i += octal ? 3 : 0;
    }
    text[len] = 0;
    return text;
}

static struct slice word(struct slice *line)
{
    while (line->len > 0 && line->data[0] == ' ') {
        line->data++;
        line->len--;
    }
    const uint8_t *end = line->len > 0 ? memchr(line->data, ' ', line->len) : NULL;
    struct slice got = slice_of(line->data, end ? (size_t)(end - line->data) : line->len);
    line->data += got.len;
    line->len -= got.len;
    return got;
}

static bool numbers(struct slice s, char between, unsigned *high, unsigned *low)
{
    char text[32], *end;
    if (s.len == 0 || s.len >= sizeof text)
        return false;
    memcpy(text, s.data, s.len);
    text[s.len] = 0;
    *high = (unsigned)strtoul(text, &end, 10);
    if (!between)
        return *end == 0;
    if (*end != between)
        return false;
    *low = (unsigned)strtoul(end + 1, &end, 10);
    return *end == 0;
}

/* 1: a mount, 0: no such line. */
static int parse_line(struct arena *arena, struct slice line, struct evidence_mount *m,
                      struct err *e)
{
    struct slice id = word(&line), parent = word(&line), device = word(&line), root = word(&line),
                 point = word(&line), options = word(&line), next;
    if (!numbers(id, 0, &m->id, NULL) || !numbers(parent, 0, &m->parent, NULL) ||
        !numbers(device, ':', &m->major, &m->minor) || point.len == 0)
        return 0;
    do {
        next = word(&line);
        if (next.len == 0)
            return 0;
    } while (!slice_is(next, "-"));
    m->root = unescape(arena, root);
    m->point = unescape(arena, point);
    m->options = unescape(arena, options);
    m->type = unescape(arena, word(&line));
    m->source = unescape(arena, word(&line));
    m->super_options = unescape(arena, word(&line));
    return m->root && m->point && m->options && m->type && m->source && m->super_options
               ? 1
               : err_memory(e);
}

int evidence_mounts_parse(struct evidence_mounts *mounts, struct slice text, struct err *e)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    *mounts = (struct evidence_mounts){0};
    map_init(&mounts->by_point);
    arena_init(&mounts->arena, 0);
    mounts->all = arena_new(&mounts->arena, lines, sizeof *mounts->all);
    int result = mounts->all ? 0 : err_memory(e);
    while (result == 0 && text.len > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;
        struct evidence_mount *m = &mounts->all[mounts->count];
        int got = parse_line(&mounts->arena, slice_of(text.data, len), m, e);
        len += end != NULL;
        text = slice_of(text.data + len, text.len - len);
        if (got < 0)
            result = -1;
        else if (got > 0 && map_set(&mounts->by_point, slice_str(m->point), m) != 0)
            result = err_memory(e);
        else
            mounts->count += got > 0;
    }
    if (result != 0)
        evidence_mounts_fini(mounts);
    return result;
}

int evidence_mounts_read(struct evidence_mounts *mounts, struct err *e)
{
    struct buf text;
    struct err none = {0};
    buf_init(&text);
    if (file_read("/proc/self/mountinfo", MOUNTINFO_MOST, &text, &none) != 0)
        buf_reset(&text); /* without /proc, other file systems are told by their numbers alone */
    int result = evidence_mounts_parse(mounts, buf_slice(&text), e);
    buf_fini(&text);
    return result;
}

void evidence_mounts_fini(struct evidence_mounts *mounts)
{
    map_fini(&mounts->by_point);
    arena_fini(&mounts->arena);
    mounts->all = NULL;
    mounts->count = 0;
}

const struct evidence_mount *evidence_mounts_at(const struct evidence_mounts *mounts,
                                                struct slice point)
{
    return map_get(&mounts->by_point, point);
}
