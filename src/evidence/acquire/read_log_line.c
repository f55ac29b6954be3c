/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/acquire/read_log_line.h"
#include "base/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { READ_AT_ONCE = 1 << 16 };

static const char format_name[] = "tocsin-evidence-reads/v1";
static const char *const outcomes[] = {"good", "short", "end", "error", "hole", "filled"};
static const char *const orders[] = {NULL, "up", "down", "again"};

static void number(struct json_writer *w, const char *name, uint64_t value)
{
    json_member_int(w, name, (int64_t)value);
}

void read_log_head_write(struct buf *out, const struct evidence_read_log_options *o)
{
    struct json_writer w;
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_string(&w, "format", format_name);
    number(&w, "bytes", o->bytes);
    number(&w, "range_from", o->range_from);
    number(&w, "sector_bytes", o->sector);
    number(&w, "stalled_from_us", EVIDENCE_STALL_US);
    number(&w, "lines_most", o->lines_most);
    json_write_object_end(&w);
    buf_putc(out, '\n');
}

void read_log_run_write(struct buf *out, uint64_t run, int64_t at, uint64_t kept, uint64_t cut)
{
    struct json_writer w;
    json_write_init(&w, out, 0);
    json_write_object(&w);
    number(&w, "run", run);
    json_member_time(&w, "at", at);
    number(&w, "kept", kept);
    if (cut)
        number(&w, "cut_bytes", cut);
    json_write_object_end(&w);
    buf_putc(out, '\n');
}

static void why_write(struct json_writer *w, const struct read_log_calls *c)
{
    char text[24];
    const char *name = c->why_name[0] ? c->why_name : strerrorname_np(c->why);
    snprintf(text, sizeof text, "%d", c->why);
    json_member_string(w, "errno", name ? name : text);
}

void read_log_calls_write(struct buf *out, const struct read_log_calls *c)
{
    struct json_writer w;
    bool real = c->outcome != EVIDENCE_CALL_HOLE && c->outcome != EVIDENCE_CALL_FILLED;
    json_write_init(&w, out, 0);
    json_write_object(&w);
    if (c->summed)
        json_member_bool(&w, "summed", true);
    number(&w, "pass", c->pass);
    json_member_string(&w, "outcome", outcomes[c->outcome]);
    if (c->outcome == EVIDENCE_CALL_ERROR && !c->summed)
        why_write(&w, c);
    if (c->stalled)
        json_member_bool(&w, "stalled", true);
    number(&w, "from", c->from);
    number(&w, "bytes", c->bytes);
    if (real) {
        number(&w, "calls", c->calls);
        if (c->each)
            number(&w, "each", c->each);
        if (c->order != READ_LOG_ONE)
            json_member_string(&w, "order", orders[c->order]);
        if (c->summed)
            number(&w, "asked", c->asked);
        number(&w, "got", c->got);
        if (c->summed)
            number(&w, "stalled_calls", c->stalled_calls);
        json_member_int(&w, "since_us", c->since);
        json_member_int(&w, "until_us", c->until);
        json_member_int(&w, "longest_us", c->longest);
    }
    json_write_object_end(&w);
    buf_putc(out, '\n');
}

static const struct total {
    const char *name;
    size_t at;
} totals_members[] = {{"runs", offsetof(struct evidence_read_totals, runs)},
                      {"lines", offsetof(struct evidence_read_totals, lines)},
                      {"calls", offsetof(struct evidence_read_totals, calls)},
                      {"good", offsetof(struct evidence_read_totals, good)},
                      {"short", offsetof(struct evidence_read_totals, short_)},
                      {"ended", offsetof(struct evidence_read_totals, ended)},
                      {"failed", offsetof(struct evidence_read_totals, failed)},
                      {"stalled", offsetof(struct evidence_read_totals, stalled)}};

static uint64_t total_of(const struct evidence_read_totals *t, size_t i)
{
    uint64_t value;
    memcpy(&value, (const char *)t + totals_members[i].at, sizeof value);
    return value;
}

static void totals_write(struct json_writer *w, const struct evidence_read_totals *t)
{
    for (size_t i = 0; i < ARRAY_LEN(totals_members); i++)
        number(w, totals_members[i].name, total_of(t, i));
    json_member_bool(w, "summed", t->summed);
}

void evidence_read_totals_write(struct json_writer *w, const struct evidence_read_totals *t)
{
    json_member_string(w, "file", EVIDENCE_READ_LOG);
    totals_write(w, t);
}

void read_log_end_write(struct buf *out, const struct evidence_read_totals *t)
{
    struct json_writer w;
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_bool(&w, "end", true);
    totals_write(&w, t);
    json_write_object_end(&w);
    buf_putc(out, '\n');
}

bool read_log_totals_equal(const struct evidence_read_totals *a,
                           const struct evidence_read_totals *b)
{
    for (size_t i = 0; i < ARRAY_LEN(totals_members); i++)
        if (total_of(a, i) != total_of(b, i))
            return false;
    return a->summed == b->summed;
}

/* A number that is there, and not negative. */
static bool take(const struct json_value *v, const char *name, uint64_t *out)
{
    int64_t value;
    if (!json_int64(json_get(v, name), &value) || value < 0)
        return false;
    *out = (uint64_t)value;
    return true;
}

bool read_log_totals_parse(const struct json_value *v, struct evidence_read_totals *t)
{
    for (size_t i = 0; i < ARRAY_LEN(totals_members); i++) {
        uint64_t value;
        if (!take(v, totals_members[i].name, &value))
            return false;
        memcpy((char *)t + totals_members[i].at, &value, sizeof value);
    }
    t->summed = json_is(json_get(v, "summed"), JSON_TRUE);
    return json_is_bool(json_get(v, "summed"));
}

static bool one_of(const char *const *names, size_t count, struct slice text, unsigned *found)
{
    for (size_t i = 0; i < count; i++)
        if (names[i] && slice_is(text, names[i])) {
            *found = (unsigned)i;
            return true;
        }
    return false;
}

static bool time_take(const struct json_value *v, const char *name, int64_t *out)
{
    uint64_t value;
    bool well = take(v, name, &value);
    *out = well ? (int64_t)value : 0;
    return well;
}

static bool real_parse(const struct json_value *v, uint64_t bytes, struct read_log_calls *c)
{
    const struct json_value *order = json_get(v, "order");
    unsigned found = READ_LOG_ONE;
    if (!take(v, "calls", &c->calls) || c->calls == 0 || !take(v, "got", &c->got) ||
        !time_take(v, "since_us", &c->since) || !time_take(v, "until_us", &c->until) ||
        !time_take(v, "longest_us", &c->longest))
        return false;
    if (c->summed)
        return take(v, "asked", &c->asked) && take(v, "stalled_calls", &c->stalled_calls);
    if (order && !one_of(orders, ARRAY_LEN(orders), json_string(order), &found))
        return false;
    c->order = (enum read_log_order)found;
    /* again and again, calls bring what stands there more than once */
    if (c->got / c->calls > c->bytes || (c->order != READ_LOG_AGAIN && c->got > c->bytes))
        return false;
    if ((c->calls > 1) != (c->order != READ_LOG_ONE) || c->bytes > bytes)
        return false;
    return c->outcome == EVIDENCE_CALL_SHORT || (take(v, "each", &c->each) && c->each > 0);
}

static bool calls_parse(const struct json_value *v, const struct read_log_line *head,
                        struct read_log_calls *c)
{
    uint64_t pass;
    unsigned outcome;
    *c = (struct read_log_calls){.summed = json_is(json_get(v, "summed"), JSON_TRUE),
                                 .stalled = json_is(json_get(v, "stalled"), JSON_TRUE)};
    if (!take(v, "pass", &pass) || pass > 1u << 20 ||
        !one_of(outcomes, ARRAY_LEN(outcomes), json_get_string(v, "outcome"), &outcome) ||
        !take(v, "from", &c->from) || !take(v, "bytes", &c->bytes) || c->from > head->bytes ||
        c->bytes > head->bytes - c->from)
        return false;
    struct slice why = json_get_string(v, "errno");
    if (why.len < sizeof c->why_name && why.len)
        memcpy(c->why_name, why.data, why.len);
    c->pass = (unsigned)pass;
    c->outcome = (enum evidence_call_outcome)outcome;
    if (outcome == EVIDENCE_CALL_HOLE || outcome == EVIDENCE_CALL_FILLED)
        return true;
    return real_parse(v, head->bytes, c);
}

static bool value_parse(const struct json_value *v, const struct read_log_line *head,
                        struct read_log_line *line)
{
    if (!head) {
        line->kind = READ_LOG_HEAD;
        return slice_is(json_get_string(v, "format"), format_name) &&
               take(v, "bytes", &line->bytes) && take(v, "sector_bytes", &line->sector) &&
               take(v, "range_from", &line->range_from) && line->sector > 0 &&
               line->sector <= 1u << 20;
    }
    if (json_get(v, "run")) {
        line->kind = READ_LOG_RUN;
        return take(v, "run", &line->run) && take(v, "kept", &line->kept) &&
               line->kept <= head->bytes;
    }
    if (json_is(json_get(v, "end"), JSON_TRUE)) {
        line->kind = READ_LOG_END;
        return read_log_totals_parse(v, &line->end);
    }
    line->kind = READ_LOG_CALLS;
    return calls_parse(v, head, &line->calls);
}

int read_log_line_parse(struct slice text, const struct read_log_line *head,
                        struct read_log_line *line, struct err *e)
{
    static const struct json_limits limits = {EVIDENCE_READ_LOG_LINE, 2, 64};
    struct json_doc *doc = NULL;
    struct err found = {0};
    *line = (struct read_log_line){0};
    bool well =
        json_parse(&doc, text, &limits, &found) == 0 && value_parse(json_root(doc), head, line);
    json_doc_free(doc);
    if (well)
        return 0;
    if (found.kind == ERR_MEMORY) {
        *e = found;
        return -1;
    }
    return err_set(e, ERR_INPUT, "evidence.reads", "docs/formats-evidence.md section 2.1",
                   "this is no line of a read log, or not of one for this image");
}

void read_log_total(struct evidence_read_totals *t, const struct read_log_line *line)
{
    const struct read_log_calls *c = &line->calls;
    t->runs += line->kind == READ_LOG_RUN;
    if (line->kind != READ_LOG_CALLS)
        return;
    t->lines++;
    t->calls += c->calls;
    t->good += c->outcome == EVIDENCE_CALL_GOOD ? c->calls : 0;
    t->short_ += c->outcome == EVIDENCE_CALL_SHORT ? c->calls : 0;
    t->ended += c->outcome == EVIDENCE_CALL_END ? c->calls : 0;
    t->failed += c->outcome == EVIDENCE_CALL_ERROR ? c->calls : 0;
    t->stalled += c->summed ? c->stalled_calls : c->stalled ? c->calls : 0;
    t->summed = t->summed || c->summed;
}

/* Bytes that are read on when a line is not whole in them. */
struct window {
    int fd;
    uint8_t *data;
    size_t from, len;
    bool ended;
};

/* The next line without its end; 0: there is none any more, 1: one, -1: what is left is none. */
static int next_line(struct window *w, struct slice *line, struct err *e)
{
    for (;;) {
        uint8_t *begin = w->data + w->from;
        uint8_t *end = w->len ? memchr(begin, '\n', w->len) : NULL;
        if (end) {
            *line = slice_of(begin, (size_t)(end - begin));
            w->from += line->len + 1;
            w->len -= line->len + 1;
            return 1;
        }
        if (w->ended || w->len >= EVIDENCE_READ_LOG_LINE)
            return w->len == 0 ? 0
                               : err_set(e, ERR_INPUT, "evidence.reads",
                                         "docs/formats-evidence.md section 2.1",
                                         "a line is too long, or has no end");
        memmove(w->data, begin, w->len);
        w->from = 0;
        ssize_t n = read(w->fd, w->data + w->len, READ_AT_ONCE - w->len);
        if (n < 0 && errno != EINTR)
            return err_errno(e, errno, "evidence.read", EVIDENCE_READ_LOG " cannot be read");
        w->len += n > 0 ? (size_t)n : 0;
        w->ended = n == 0;
    }
}

int read_log_each(int fd,
                  int (*take_line)(void *context, const struct read_log_line *line, struct err *e),
                  void *context, uint64_t *good, struct err *e)
{
    struct window w = {.fd = fd, .data = mem_new(READ_AT_ONCE, 1)};
    struct read_log_line head, line;
    struct slice text;
    struct err why = {0};
    uint64_t number_ = 0, at = 0;
    int more = 1, result = 0;
    if (!w.data)
        return err_memory(e);
    while (result == 0 && (more = next_line(&w, &text, &why)) > 0) {
        more = text.len < EVIDENCE_READ_LOG_LINE
                   ? read_log_line_parse(text, number_ ? &head : NULL, &line, &why)
                   : err_set(&why, ERR_INPUT, "evidence.reads", NULL, "a line is too long");
        if (more != 0)
            break;
        if (number_++ == 0)
            head = line;
        at += text.len + 1;
        result = take_line(context, &line, e);
    }
    mem_free(w.data);
    if (good)
        *good = at;
    if (result != 0 || more >= 0)
        return result;
    if (good && why.kind == ERR_INPUT)
        return 0;
    *e = why;
    if (!e->where[0])
        err_where(e, "line %" PRIu64, number_ + 1);
    return -1;
}
