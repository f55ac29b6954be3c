/* SPDX-License-Identifier: Apache-2.0 */
/* Does a read log say what the map and acquisition.json say? */
#include "base/memory.h"
#include "evidence/acquire/read_log_line.h"
#include "evidence/bundle/manifest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STRETCHES_MOST = 1 << 20, MAP_MOST = 256 << 20 };

enum known { NOT_KNOWN, READ, NOT_READ };

/* What a line says of bytes; later ones count. */
struct stretch {
    uint64_t from, to;
    enum known known;
};

struct checking {
    struct read_log_line head;
    struct stretch *stretches;
    size_t count, room;
    struct evidence_read_totals totals;
    struct read_log_line last;
};

static int contradicts(struct err *e, const char *text)
{
    return err_set(e, ERR_VERIFY, "evidence.reads", "docs/formats-evidence.md section 2.1", "%s",
                   text);
}

static int add(struct checking *c, uint64_t from, uint64_t to, enum known known, struct err *e)
{
    if (from == to)
        return 0;
    if (c->count == STRETCHES_MOST)
        return err_set(e, ERR_INPUT, "evidence.reads", NULL, "it has more than %d lines of calls",
                       STRETCHES_MOST);
    if (c->count == c->room) {
        size_t room = c->room ? 2 * c->room : 64;
        struct stretch *more = mem_resize(c->stretches, room, sizeof *more);
        if (!more)
            return err_memory(e);
        c->stretches = more;
        c->room = room;
    }
    c->stretches[c->count++] = (struct stretch){from, to, known};
    return 0;
}

static int take(void *context, const struct read_log_line *line, struct err *e)
{
    struct checking *c = context;
    const struct read_log_calls *calls = &line->calls;
    read_log_total(&c->totals, line);
    c->last = *line;
    if (line->kind == READ_LOG_HEAD)
        c->head = *line;
    if (line->kind == READ_LOG_RUN)
        return add(c, 0, line->kept, READ, e);
    if (line->kind != READ_LOG_CALLS || calls->summed || calls->pass == 0)
        return 0;
    uint64_t end = calls->from + calls->bytes;
    if (calls->outcome == EVIDENCE_CALL_SHORT) {
        end =
            calls->from + (calls->order == READ_LOG_AGAIN ? calls->got / calls->calls : calls->got);
        return add(c, calls->from, end, READ, e);
    }
    bool good = calls->outcome == EVIDENCE_CALL_GOOD || calls->outcome == EVIDENCE_CALL_HOLE;
    return add(c, calls->from, end, good ? READ : NOT_READ, e);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The image cut at every place where a stretch begins or ends. */
struct pieces {
    uint64_t *at; /* count + 1 of them */
    size_t count;
    size_t *next; /* the first piece from there on of which nothing is known yet */
    uint8_t *known;
};

static size_t piece_at(const struct pieces *p, uint64_t at)
{
    size_t low = 0, high = p->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->at[middle] < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t unknown(struct pieces *p, size_t i)
{
    size_t end = i;
    while (p->next[end] != end)
        end = p->next[end];
    while (p->next[i] != end) { /* shorter for who comes again */
        size_t after = p->next[i];
        p->next[i] = end;
        i = after;
    }
    return end;
}

/* From the last line to the first, so that each piece is looked at once. */
static void paint(const struct checking *c, struct pieces *p)
{
    for (size_t i = c->count; i-- > 0;) {
        const struct stretch *s = &c->stretches[i];
        size_t end = piece_at(p, s->to);
        for (size_t k = unknown(p, piece_at(p, s->from)); k < end; k = unknown(p, k)) {
            p->known[k] = (uint8_t)s->known;
            p->next[k] = k + 1;
        }
    }
}

static int cut(const struct checking *c, struct pieces *p, struct err *e)
{
    size_t n = 0;
    p->at = mem_new(2 * c->count + 2, sizeof *p->at);
    p->next = mem_new(2 * c->count + 3, sizeof *p->next);
    p->known = mem_new(2 * c->count + 2, 1);
    if (!p->at || !p->next || !p->known)
        return err_memory(e);
    p->at[n++] = 0;
    p->at[n++] = c->head.bytes;
    for (size_t i = 0; i < c->count; i++) {
        p->at[n++] = c->stretches[i].from;
        p->at[n++] = c->stretches[i].to;
    }
    qsort(p->at, n, sizeof *p->at, by_number);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || p->at[i] != p->at[kept - 1])
            p->at[kept++] = p->at[i];
    p->count = kept - 1;
    for (size_t i = 0; i <= p->count; i++)
        p->next[i] = i;
    return 0;
}

/* The sectors that a piece lies in. */
static void sectors_of(const struct checking *c, const struct pieces *p, size_t i, uint64_t *from,
                       uint64_t *to)
{
    uint64_t end = p->at[i + 1], sector = c->head.sector, over = end % sector;
    *from = p->at[i] - p->at[i] % sector;
    *to = over == 0                             ? end
          : c->head.bytes - end < sector - over ? c->head.bytes
                                                : end - over + sector;
}

/* Whole sectors of which something was not read, from a piece on; false: there are none. */
static bool next_bad(const struct checking *c, const struct pieces *p, size_t *i, uint64_t *from,
                     uint64_t *to)
{
    while (*i < p->count && p->known[*i] != NOT_READ)
        ++*i;
    if (*i == p->count)
        return false;
    sectors_of(c, p, *i, from, to);
    for (++*i; *i < p->count; ++*i) {
        uint64_t more, end;
        if (p->known[*i] != NOT_READ)
            continue;
        sectors_of(c, p, *i, &more, &end);
        if (more > *to)
            break;
        *to = end;
    }
    return true;
}

static int hold_against_map(const struct checking *c, const struct pieces *p,
                            const struct evidence_map *map, struct err *e)
{
    struct evidence_extent x;
    uint64_t at = 0, from, to;
    size_t i = 0;
    for (size_t k = 0; k < p->count; k++)
        if (p->known[k] == NOT_KNOWN)
            return err_set(e, ERR_VERIFY, "evidence.reads", "docs/formats-evidence.md section 2.1",
                           "it does not say how bytes %" PRIu64 " to %" PRIu64
                           " of the image were read",
                           p->at[k], p->at[k + 1] - 1);
    for (;;) {
        bool bad = next_bad(c, p, &i, &from, &to);
        bool said = evidence_map_next(map, at, EVIDENCE_UNREADABLE, &x);
        if (!bad && !said)
            return 0;
        if (bad && said && from == x.from && to == x.from + x.bytes) {
            at = to;
            continue;
        }
        bool first = bad && (!said || from <= x.from);
        return err_set(e, ERR_VERIFY, "evidence.reads", "docs/formats-evidence.md section 2.1",
                       "at byte %" PRIu64 " of the image it says other bytes unreadable than "
                       "map.txt",
                       first ? from : x.from);
    }
}

static int hold(struct checking *c, struct slice text, struct evidence_held_log *held,
                struct err *e)
{
    struct evidence_map map = {0};
    struct pieces p = {0};
    int result = evidence_map_read(&map, text, c->head.bytes, e);
    if (result != 0 && e->kind == ERR_LIMIT) /* no acquisition makes such a map */
        e->kind = ERR_INPUT;
    held->unreadable = evidence_map_sum(&map, EVIDENCE_UNREADABLE);
    if (result == 0 && !c->totals.summed) {
        result = cut(c, &p, e);
        if (result == 0)
            paint(c, &p);
        if (result == 0)
            result = hold_against_map(c, &p, &map, e);
    }
    mem_free(p.at);
    mem_free(p.next);
    mem_free(p.known);
    evidence_map_fini(&map);
    return result;
}

int evidence_read_log_hold(int fd, struct slice map, struct evidence_held_log *held, struct err *e)
{
    struct checking c = {0};
    *held = (struct evidence_held_log){0};
    int result = read_log_each(fd, take, &c, NULL, e);
    if (result == 0 &&
        (c.last.kind != READ_LOG_END || !read_log_totals_equal(&c.last.end, &c.totals)))
        result = contradicts(e, "its last line does not say what the lines before it say");
    held->totals = c.totals;
    held->bytes = c.head.bytes;
    if (result == 0)
        result = hold(&c, map, held, e);
    mem_free(c.stretches);
    return result;
}

static bool is_number(const struct json_value *v, const char *name, uint64_t wanted)
{
    int64_t number;
    return json_int64(json_get(v, name), &number) && number >= 0 && (uint64_t)number == wanted;
}

static int check(const char *folder, const struct json_value *root, struct err *e)
{
    struct evidence_read_totals said = {0};
    struct evidence_held_log held;
    const struct json_value *reading = json_get(root, "reading");
    struct buf map;
    int fd = evidence_file_open(folder, EVIDENCE_READ_LOG, e);
    buf_init(&map);
    int result = fd < 0 ? -1 : evidence_file_read(folder, "map.txt", MAP_MOST, &map, e);
    if (result == 0)
        result = evidence_read_log_hold(fd, buf_slice(&map), &held, e);
    if (result == 0 && (!read_log_totals_parse(json_get(reading, "log"), &said) ||
                        !read_log_totals_equal(&said, &held.totals)))
        result = contradicts(e, "it does not have the numbers of acquisition.json");
    if (result == 0 && !is_number(json_get(root, "image"), "bytes", held.bytes))
        result = contradicts(e, "it is of an image of another size");
    if (result == 0 && !is_number(reading, "unreadable_bytes", held.unreadable))
        result = contradicts(e, "map.txt, which it fits, says another number of unreadable bytes "
                                "than acquisition.json");
    if (fd >= 0)
        close(fd);
    buf_fini(&map);
    return result;
}

int evidence_read_log_verify(const char *folder, bool listed, struct slice acquisition,
                             struct err *e)
{
    struct json_doc *doc = NULL;
    if (json_parse(&doc, acquisition, NULL, e) != 0)
        return -1;
    const struct json_value *root = json_root(doc);
    bool said = json_get(json_get(root, "reading"), "log") != NULL;
    int result = 0;
    if (said && !listed)
        result = contradicts(e, "acquisition.json speaks of it, and no manifest lists it");
    else if (listed && !said)
        result = contradicts(e, "acquisition.json does not speak of it");
    else if (said)
        result = check(folder, root, e);
    json_doc_free(doc);
    return result;
}
