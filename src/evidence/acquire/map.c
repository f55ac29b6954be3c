/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/acquire/map.h"
#include "base/memory.h"

#include <inttypes.h>
#include <string.h>

int evidence_map_init(struct evidence_map *m, uint64_t bytes, struct err *e)
{
    *m = (struct evidence_map){.bytes = bytes, .room = 16};
    m->extents = mem_new(m->room, sizeof *m->extents);
    if (!m->extents)
        return err_memory(e);
    m->extents[0] = (struct evidence_extent){0, bytes, EVIDENCE_NOT_TRIED};
    m->count = bytes > 0;
    return 0;
}

void evidence_map_fini(struct evidence_map *m)
{
    mem_free(m->extents);
    *m = (struct evidence_map){0};
}

/* The extent that offset lies in. */
static size_t find(const struct evidence_map *m, uint64_t offset)
{
    size_t low = 0, high = m->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (m->extents[middle].from <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static int make_room(struct evidence_map *m, size_t more, struct err *e)
{
    if (m->count + more > EVIDENCE_MAP_MOST)
        return err_set(e, ERR_LIMIT, "evidence.map", NULL,
                       "the source changes between readable and unreadable over %d times",
                       EVIDENCE_MAP_MOST);
    if (m->count + more <= m->room)
        return 0;
    void *grown = mem_resize(m->extents, m->room * 2, sizeof *m->extents);
    if (!grown)
        return err_memory(e);
    m->extents = grown;
    m->room *= 2;
    return 0;
}

/* Makes a boundary at offset, which is inside of the map. */
static void split(struct evidence_map *m, uint64_t offset)
{
    size_t i = find(m, offset);
    struct evidence_extent *x = &m->extents[i];
    if (offset >= m->bytes || x->from == offset)
        return;
    memmove(x + 1, x, (m->count - i) * sizeof *x);
    m->count++;
    x[0].bytes = offset - x[0].from;
    x[1].from = offset;
    x[1].bytes -= x[0].bytes;
}

int evidence_map_set(struct evidence_map *m, uint64_t from, uint64_t bytes,
                     enum evidence_state state, struct err *e)
{
    if (bytes == 0)
        return 0;
    if (make_room(m, 2, e) != 0)
        return -1;
    split(m, from);
    split(m, from + bytes);
    size_t first = find(m, from), end = first;
    while (end < m->count && m->extents[end].from < from + bytes)
        end++;
    struct evidence_extent all = {from, bytes, state};
    if (first > 0 && m->extents[first - 1].state == state) {
        first--;
        all.from = m->extents[first].from;
        all.bytes += m->extents[first].bytes;
    }
    if (end < m->count && m->extents[end].state == state)
        all.bytes += m->extents[end++].bytes;
    m->extents[first] = all;
    memmove(m->extents + first + 1, m->extents + end, (m->count - end) * sizeof *m->extents);
    m->count -= end - first - 1;
    return 0;
}

enum evidence_state evidence_map_at(const struct evidence_map *m, uint64_t offset)
{
    return m->count ? m->extents[find(m, offset)].state : EVIDENCE_NOT_TRIED;
}

bool evidence_map_next(const struct evidence_map *m, uint64_t offset, enum evidence_state state,
                       struct evidence_extent *extent)
{
    if (offset >= m->bytes)
        return false;
    for (size_t i = find(m, offset); i < m->count; i++)
        if (m->extents[i].state == state) {
            *extent = m->extents[i];
            if (extent->from < offset) {
                extent->bytes -= offset - extent->from;
                extent->from = offset;
            }
            return true;
        }
    return false;
}

uint64_t evidence_map_sum(const struct evidence_map *m, enum evidence_state state)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->count; i++)
        sum += m->extents[i].state == state ? m->extents[i].bytes : 0;
    return sum;
}

void evidence_map_write(const struct evidence_map *m, struct buf *text)
{
    bool whole = evidence_map_sum(m, EVIDENCE_NOT_TRIED) == 0 &&
                 evidence_map_sum(m, EVIDENCE_NOT_TRIMMED) == 0;
    buf_puts(text, "# Mapfile. Created by tocsin evidence, in the format of GNU ddrescue\n"
                   "# + read, - unreadable, ? not tried, * to be read again\n"
                   "# current_pos  current_status  current_pass\n");
    buf_printf(text, "0x%08" PRIX64 "     %c               1\n", m->bytes, whole ? '+' : '?');
    buf_puts(text, "#      pos        size  status\n");
    for (size_t i = 0; i < m->count; i++)
        buf_printf(text, "0x%08" PRIX64 "  0x%08" PRIX64 "  %c\n", m->extents[i].from,
                   m->extents[i].bytes, (char)m->extents[i].state);
}

/* "0x0011F000" or decimal. */
static bool number(struct slice *s, uint64_t *out)
{
    size_t i = 0;
    unsigned base = 10;
    *out = 0;
    while (s->len > 0 && (s->data[0] == ' ' || s->data[0] == '\t'))
        *s = slice_of(s->data + 1, s->len - 1);
    if (s->len > 2 && s->data[0] == '0' && (s->data[1] | 0x20) == 'x') {
        base = 16;
        i = 2;
    }
    size_t begin = i;
    for (; i < s->len; i++) {
        uint8_t c = s->data[i], low = c | 0x20;
        unsigned digit = 99;
        if (c >= '0' && c <= '9')
            digit = (unsigned)c - '0';
        else if (low >= 'a' && low <= 'f')
            digit = (unsigned)low - 'a' + 10;
        if (digit >= base)
            break;
        if (*out > ((uint64_t)INT64_MAX - digit) / base)
            return false;
        *out = *out * base + digit;
    }
    bool any = i > begin;
    *s = slice_of(s->data + i, s->len - i);
    return any;
}

static bool state_of(struct slice s, enum evidence_state *state)
{
    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t'))
        s = slice_of(s.data + 1, s.len - 1);
    if (s.len == 0 || !memchr("?*/-+", s.data[0], 5))
        return false;
    /* what ddrescue calls non-scraped is still to be read sector by sector */
    *state = s.data[0] == '/' ? EVIDENCE_NOT_TRIMMED : (enum evidence_state)s.data[0];
    return true;
}

int evidence_map_read(struct evidence_map *m, struct slice text, uint64_t bytes, struct err *e)
{
    uint64_t covered = 0;
    bool head = false;
    unsigned at = 0;
    if (evidence_map_init(m, bytes, e) != 0)
        return -1;
    while (text.len > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;
        struct slice line = slice_of(text.data, len);
        text = slice_of(text.data + len + (end != NULL), text.len - len - (end != NULL));
        at++;
        uint64_t from, extent;
        enum evidence_state state;
        if (line.len == 0 || line.data[0] == '#')
            continue;
        if (!head) { /* where ddrescue stood */
            head = true;
            continue;
        }
        if (!number(&line, &from) || !number(&line, &extent) || !state_of(line, &state) ||
            from != covered || extent > bytes - from) {
            err_set(e, ERR_INPUT, "evidence.map", "GNU ddrescue manual, section 9",
                    "this is no extent of the map: position, size, and one of ?*/-+, one behind "
                    "the other");
            err_where(e, "line %u", at);
            goto fail;
        }
        covered += extent;
        if (evidence_map_set(m, from, extent, state, e) != 0)
            goto fail;
    }
    if (covered == bytes)
        return 0;
    err_set(e, ERR_INPUT, "evidence.map", NULL, "the map ends at %" PRIu64 " of %" PRIu64 " bytes",
            covered, bytes);
fail:
    evidence_map_fini(m);
    return -1;
}
