/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/digest_groups.h"
#include "base/json.h"
#include "base/memory.h"

enum { COLUMNS = 76, DETAILS_MAX = 600, REMEDIES_SHOWN = 5, NAMES_SHOWN = 10, DECIDES_SHOWN = 3 };

struct digest_group {
    struct digest_group *next;
    enum digest_rank rank;
    struct buf what;    /* what is to be done: the same for all of them */
    struct buf devices; /* a line each */
};

void digest_groups_init(struct digest_groups *groups, size_t shown_most)
{
    *groups = (struct digest_groups){.shown_most = shown_most};
}

void digest_groups_fini(struct digest_groups *groups)
{
    while (groups->first) {
        struct digest_group *next = groups->first->next;
        buf_fini(&groups->first->what);
        buf_fini(&groups->first->devices);
        mem_free(groups->first);
        groups->first = next;
    }
}

size_t digest_groups_count(const struct digest_groups *groups)
{
    return groups->counts[DIGEST_AFFECTED] + groups->counts[DIGEST_PERHAPS] +
           groups->counts[DIGEST_NOTHING] + groups->more;
}

/* Characters of UTF-8: near enough to columns to break lines by. */
static size_t columns_of(struct slice word)
{
    size_t columns = 0;

    for (size_t i = 0; i < word.len; i++)
        columns += (word.data[i] & 0xc0) != 0x80;
    return columns;
}

void digest_put_words(struct buf *text, struct slice words, unsigned indent, unsigned hang)
{
    size_t column = 0;
    size_t at = 0;

    for (;;) {
        while (at < words.len && words.data[at] <= ' ')
            at++;
        size_t from = at;
        while (at < words.len && words.data[at] > ' ')
            at++;
        struct slice word = slice_of(words.data + from, at - from);
        if (word.len == 0)
            break;
        if (column > 0 && column + 1 + columns_of(word) > COLUMNS) {
            buf_putc(text, '\n');
            column = indent + hang;
            buf_printf(text, "%*s", (int)(indent + hang), "");
        } else if (column > 0) {
            buf_putc(text, ' ');
            column++;
        } else {
            buf_printf(text, "%*s", (int)indent, "");
            column = indent;
        }
        buf_put_slice(text, word);
        column += columns_of(word);
    }
    buf_putc(text, '\n');
}

/* What the advisory's words are worth to a reader on a screen of text: cut, but not in the middle
 * of a character. */
static struct slice cut(struct slice words)
{
    size_t len = words.len < DETAILS_MAX ? words.len : DETAILS_MAX;

    while (len < words.len && len > 0 && (words.data[len] & 0xc0) == 0x80)
        len--;
    return slice_of(words.data, len);
}

static bool is_open(struct slice status)
{
    return slice_is(status, "affected") || slice_is(status, "unknown") ||
           slice_is(status, "under_investigation");
}

static enum digest_rank rank_of(struct slice status)
{
    if (slice_is(status, "affected"))
        return DIGEST_AFFECTED;
    return is_open(status) ? DIGEST_PERHAPS : DIGEST_NOTHING;
}

/* "    LABEL: CVE-1, CVE-2 and 3 more" of the statements with this status. */
static void put_names(struct buf *what, const struct json_value *statements, const char *status,
                      const char *label)
{
    size_t count = 0;
    struct buf line;

    buf_init(&line);
    buf_puts(&line, label);
    json_each(statement, statements)
    {
        struct slice name = json_get_string(statement, "vulnerability");
        if (!slice_is(json_get_string(statement, "status"), status))
            continue;
        if (count++ >= NAMES_SHOWN)
            continue;
        buf_puts(&line, count > 1 ? ", " : " ");
        buf_put_slice(&line, name.len ? name : slice_str("(without a number)"));
    }
    if (count > NAMES_SHOWN)
        buf_printf(&line, " and %zu more", count - NAMES_SHOWN);
    if (count > 0)
        digest_put_words(what, buf_slice(&line), 4, 2);
    if (line.failed)
        what->failed = true;
    buf_fini(&line);
}

/* A line "    LABEL WORDS", unless the very same is there already. false: it is. */
static bool put_once(struct buf *what, const char *label, struct slice words)
{
    struct slice short_words = cut(words);
    struct buf line;
    bool fresh;

    buf_init(&line);
    buf_puts(&line, label);
    buf_putc(&line, ' ');
    buf_put_slice(&line, short_words);
    if (short_words.len < words.len)
        buf_puts(&line, " …");
    struct buf block;
    buf_init(&block);
    digest_put_words(&block, buf_slice(&line), 4, 2);
    fresh = !what->len || !memmem(what->data, what->len, block.data, block.len);
    if (fresh)
        buf_put_slice(what, buf_slice(&block));
    if (line.failed || block.failed)
        what->failed = true;
    buf_fini(&line);
    buf_fini(&block);
    return fresh;
}

static void put_decides(struct buf *what, const struct json_value *statements)
{
    size_t shown = 0;

    json_each(statement, statements)
    {
        struct slice decide = json_get_string(statement, "decide");
        if (decide.len && shown < DECIDES_SHOWN)
            shown += put_once(what, "what would decide it:", decide);
    }
}

static void put_remedies(struct buf *what, const struct json_value *statements)
{
    size_t shown = 0;

    json_each(statement, statements)
    {
        if (!is_open(json_get_string(statement, "status")))
            continue;
        json_each(remedy, json_get(statement, "remediations"))
        {
            struct slice url = json_get_string(remedy, "url");
            if (shown >= REMEDIES_SHOWN ||
                !put_once(what, "what to do:", json_get_string(remedy, "details")))
                continue;
            shown++;
            if (url.len)
                buf_printf(what, "      %.*s\n", SLICE_ARG(url));
        }
    }
    if (shown == 0)
        buf_puts(what, "    what to do: the advisory does not say\n");
}

static int put_what(struct buf *what, const struct digest_device *d, struct err *e)
{
    struct json_doc *doc = NULL;

    if (json_parse(&doc, d->body, NULL, e) != 0)
        return -1;
    const struct json_value *statements = json_get(json_root(doc), "statements");
    put_names(what, statements, "affected", "affected by");
    put_names(what, statements, "unknown", "perhaps affected by");
    put_names(what, statements, "under_investigation", "its vendor still investigates");
    if (rank_of(d->status) == DIGEST_NOTHING) {
        buf_puts(what, "    nothing is to be done any more\n");
    } else {
        put_decides(what, statements);
        put_remedies(what, statements);
    }
    json_doc_free(doc);
    return buf_check(what, e);
}

static void put_device(struct buf *devices, const struct digest_device *d)
{
    struct buf line;

    buf_init(&line);
    buf_put_slice(&line, d->label.len ? d->label : d->id);
    if (d->vendor.len || d->model.len)
        buf_printf(&line, ": %.*s %.*s", SLICE_ARG(d->vendor), SLICE_ARG(d->model));
    if (d->version.len)
        buf_printf(&line, ", firmware %.*s", SLICE_ARG(d->version));
    if (d->serial.len)
        buf_printf(&line, ", serial number %.*s", SLICE_ARG(d->serial));
    if (slice_is(d->way, "none"))
        buf_puts(&line, " (no agent)");
    digest_put_words(devices, buf_slice(&line), 2, 4);
    if (line.failed)
        devices->failed = true;
    buf_fini(&line);
}

/* The group of this rank and text, a new one at the end; NULL: memory. */
static struct digest_group *group_of(struct digest_groups *groups, enum digest_rank rank,
                                     struct slice what)
{
    struct digest_group **place = &groups->first;

    while (*place && ((*place)->rank != rank || !slice_equal(buf_slice(&(*place)->what), what)))
        place = &(*place)->next;
    if (*place)
        return *place;
    struct digest_group *group = mem_new(1, sizeof(*group));
    if (!group)
        return NULL;
    group->rank = rank;
    buf_init(&group->what);
    buf_init(&group->devices);
    buf_put_slice(&group->what, what);
    *place = group;
    return group;
}

int digest_groups_add(struct digest_groups *groups, const struct digest_device *device,
                      struct err *e)
{
    enum digest_rank rank = rank_of(device->status);
    struct digest_group *group = NULL;
    struct buf what;
    int result = -1;

    groups->counts[rank]++;
    groups->without_agent += slice_is(device->way, "none");
    if (groups->shown >= groups->shown_most)
        return 0;
    groups->shown++;
    buf_init(&what);
    if (put_what(&what, device, e) == 0) {
        group = group_of(groups, rank, buf_slice(&what));
        if (group)
            put_device(&group->devices, device);
        result = group && !group->what.failed && !group->devices.failed ? 0 : err_memory(e);
    }
    buf_fini(&what);
    return result;
}

void digest_groups_put(const struct digest_groups *groups, struct buf *text)
{
    static const char *const headings[] = {"AFFECTED", "PERHAPS AFFECTED",
                                           "NOT CONCERNED ANY MORE"};

    for (size_t rank = 0; rank < DIGEST_RANKS; rank++) {
        bool headed = false;
        for (const struct digest_group *g = groups->first; g; g = g->next) {
            if (g->rank != rank)
                continue;
            if (!headed)
                buf_printf(text, "%s\n\n", headings[rank]);
            headed = true;
            buf_put_slice(text, buf_slice(&g->devices));
            buf_put_slice(text, buf_slice(&g->what));
            buf_putc(text, '\n');
        }
    }
    size_t all = digest_groups_count(groups);
    if (all > groups->shown)
        buf_printf(text, "  and %zu more\n\n", all - groups->shown);
}
