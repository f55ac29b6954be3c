/* SPDX-License-Identifier: Apache-2.0 */
/* Assets of which an advisory says the same, together: by class, as it were. */
#include "base/map.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/advisory.h"
#include "cli/list.h"
#include "cli/say.h"
#include "cli/statement.h"

enum { ASSETS_SHOWN = 20 };

struct group {
    struct slice key;     /* status and statements as text; in the arena */
    struct json_doc *doc; /* of the statements */
    struct slice status;
    struct buf assets; /* lines for people */
    size_t count;
    size_t without_owner;
    struct group *next;
};

struct advisory_groups {
    struct arena arena;
    struct map by_key;
    struct group *first, **last;
    size_t count;
};

int advisory_groups_new(struct advisory_groups **out, struct err *e)
{
    struct advisory_groups *groups = mem_new(1, sizeof(*groups));

    *out = groups;
    if (!groups)
        return err_memory(e);
    arena_init(&groups->arena, 0);
    map_init(&groups->by_key);
    groups->last = &groups->first;
    return 0;
}

void advisory_groups_free(struct advisory_groups *groups)
{
    if (!groups)
        return;
    for (struct group *group = groups->first; group; group = group->next) {
        json_doc_free(group->doc);
        buf_fini(&group->assets);
    }
    map_fini(&groups->by_key);
    arena_fini(&groups->arena);
    mem_free(groups);
}

static struct group *group_new(struct advisory_groups *groups, struct slice key, size_t status_len,
                               struct err *e)
{
    struct group *group = arena_new(&groups->arena, 1, sizeof(*group));
    char *copy = arena_copy(&groups->arena, key.data, key.len);

    if (!group || !copy) {
        err_memory(e);
        return NULL;
    }
    group->key = slice_of(copy, key.len);
    group->status = slice_of(copy, status_len);
    buf_init(&group->assets);
    struct slice statements = slice_of(copy + status_len, key.len - status_len);
    if (statements.len && json_parse(&group->doc, statements, NULL, e) != 0)
        return NULL;
    if (map_set(&groups->by_key, group->key, group) != 0) {
        json_doc_free(group->doc);
        err_memory(e);
        return NULL;
    }
    *groups->last = group;
    groups->last = &group->next;
    return group;
}

static struct group *group_of(struct advisory_groups *groups, const struct json_value *row,
                              struct err *e)
{
    struct slice status = json_get_string(row, "status");
    struct group *group = NULL;
    struct json_writer w;
    struct buf key;

    buf_init(&key);
    buf_put_slice(&key, status);
    if (json_get(row, "statements")) {
        json_write_init(&w, &key, 0);
        json_write_value(&w, json_get(row, "statements"));
    }
    if (buf_check(&key, e) == 0) {
        group = map_get(&groups->by_key, buf_slice(&key));
        if (!group)
            group = group_new(groups, buf_slice(&key), status.len, e);
    }
    buf_fini(&key);
    return group;
}

int advisory_groups_row(void *context, const struct json_value *row, struct err *e)
{
    struct advisory_groups *groups = context;
    struct group *group = group_of(groups, row, e);

    if (!group)
        return -1;
    groups->count++;
    if (json_get_string(row, "owner").len == 0)
        group->without_owner++;
    if (group->count++ >= ASSETS_SHOWN)
        return 0;
    buf_puts(&group->assets, "    ");
    say_clean(&group->assets, json_get_string(row, "asset"), false);
    if (json_get_string(row, "label").len) {
        buf_puts(&group->assets, " \"");
        say_clean(&group->assets, json_get_string(row, "label"), false);
        buf_putc(&group->assets, '"');
    }
    if (json_get_string(row, "serial").len) {
        buf_puts(&group->assets, ", serial ");
        say_clean(&group->assets, json_get_string(row, "serial"), false);
    }
    if (json_is(json_get(row, "other_serial"), JSON_TRUE))
        buf_puts(&group->assets, ", not meant: the advisory names other serial numbers");
    if (slice_is(json_get_string(row, "way"), "offline"))
        buf_puts(&group->assets, ", by bundle");
    if (slice_is(json_get_string(row, "way"), "none"))
        buf_puts(&group->assets, ", no agent");
    if (slice_is(json_get_string(row, "falls"), "out"))
        buf_puts(&group->assets, ", left out");
    buf_putc(&group->assets, '\n');
    return buf_check(&group->assets, e);
}

static void say_group(const struct group *group, bool why)
{
    fputs("  ", stdout);
    say_count(stdout, (int64_t)group->count, "asset", "assets");
    if (group->without_owner == group->count)
        fputs(", without a known owner", stdout);
    else if (group->without_owner)
        printf(", %zu of them without a known owner", group->without_owner);
    fputs(":\n", stdout);
    output_put(stdout, &group->assets);
    if (group->count > ASSETS_SHOWN)
        printf("    … and %zu more (--json shows all)\n", group->count - ASSETS_SHOWN);
    const struct json_value *statements = group->doc ? json_root(group->doc) : NULL;
    if (!why) {
        statements_say_brief(statements, 6);
        return;
    }
    json_each(statement, statements) statement_say(statement, 6, STATEMENT_FULL);
}

void advisory_groups_say(const struct advisory_groups *groups, bool why)
{
    static const char *const order[] = {"affected", "unknown",      "under_investigation",
                                        "fixed",    "not_affected", "not_listed"};

    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        bool headed = false;
        for (const struct group *group = groups->first; group; group = group->next) {
            if (!slice_is(group->status, order[i]))
                continue;
            if (!headed) {
                fputc('\n', stdout);
                say_styled(stdout, say_style_of(group->status), statement_words(group->status));
                fputc('\n', stdout);
            }
            headed = true;
            say_group(group, why);
        }
    }
}

void advisory_say_counts(const struct json_value *counts)
{
    bool any = false;

    json_each(count, counts)
    {
        struct slice status = json_get_string(count, "status");
        int64_t classes = 0;
        int64_t assets = 0;
        (void)json_int64(json_get(count, "classes"), &classes);
        (void)json_int64(json_get(count, "assets"), &assets);
        fputs("  ", stdout);
        say_styled(stdout, say_style_of(status), statement_words(status));
        fputs(": ", stdout);
        say_count(stdout, assets, "asset", "assets");
        fputs(" in ", stdout);
        say_count(stdout, classes, "class", "classes");
        fputs(json_is(json_get(count, "told"), JSON_TRUE) ? ", to be told\n" : ", not to be told\n",
              stdout);
        any = true;
    }
    if (!any)
        puts("  it says nothing about any asset here");
}

bool advisory_tells(const struct json_value *counts)
{
    json_each(count, counts)
    {
        int64_t assets = 0;
        if (json_is(json_get(count, "told"), JSON_TRUE) &&
            json_int64(json_get(count, "assets"), &assets) && assets > 0)
            return true;
    }
    return false;
}
