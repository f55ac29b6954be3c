/* SPDX-License-Identifier: Apache-2.0 */
#include "net/router.h"
#include "net/http_parse.h"

#include <stdio.h>

struct router_entry {
    struct router_entry *next;
    struct http_route route;
    const char *params[ROUTER_PARAMS_MAX];
    unsigned param_count;
};

struct router_node {
    struct slice text;             /* of a literal segment */
    struct router_node *next;      /* brother among literals */
    struct router_node *literals;  /* children */
    struct router_node *parameter; /* child for any segment */
    struct router_entry *entries;  /* routes that end here */
    struct router_entry *rest;     /* routes that take everything from here on */
};

int router_init(struct router *r, struct err *e)
{
    arena_init(&r->arena, 0);
    r->root = arena_new(&r->arena, 1, sizeof(*r->root));
    return r->root ? 0 : err_memory(e);
}

void router_fini(struct router *r)
{
    arena_fini(&r->arena);
}

static int bad_route(struct err *e, const struct http_route *route, const char *why)
{
    return err_set(e, ERR_INTERNAL, "net.route", NULL, "route %s %s %s", route->method,
                   route->pattern, why);
}

static struct router_node *find_literal(const struct router_node *node, struct slice text)
{
    for (struct router_node *child = node->literals; child; child = child->next)
        if (slice_equal(child->text, text))
            return child;
    return NULL;
}

static struct router_node *add_literal(struct router *r, struct router_node *node,
                                       struct slice text)
{
    struct router_node *child = find_literal(node, text);
    char *copy;

    if (child)
        return child;
    child = arena_new(&r->arena, 1, sizeof(*child));
    copy = arena_copy(&r->arena, text.data, text.len);
    if (!child || !copy)
        return NULL;
    child->text = slice_of(copy, text.len);
    child->next = node->literals;
    node->literals = child;
    return child;
}

static struct router_node *add_parameter(struct router *r, struct router_node *node)
{
    if (!node->parameter)
        node->parameter = arena_new(&r->arena, 1, sizeof(*node->parameter));
    return node->parameter;
}

static bool same_route(const struct router_entry *a, const struct http_route *b)
{
    return strcmp(a->route.method, b->method) == 0 && (a->route.doors & b->doors) != 0;
}

/* Puts the finished entry into its list, behind the others. */
static int add_entry(struct router_entry **list, struct router_entry *entry, struct err *e)
{
    for (; *list; list = &(*list)->next)
        if (same_route(*list, &entry->route))
            return bad_route(e, &entry->route, "is there twice");
    *list = entry;
    return 0;
}

/* "{name}" or "{name*}": its name, and whether it takes the rest. */
static int read_parameter(struct router *r, struct router_entry *entry, struct slice segment,
                          bool *rest, struct err *e)
{
    size_t len = segment.len - 2;

    *rest = len > 0 && segment.data[segment.len - 2] == '*';
    if (*rest)
        len--;
    if (len == 0 || entry->param_count == ROUTER_PARAMS_MAX)
        return bad_route(e, &entry->route, "has a bad parameter");
    char *name = arena_copy(&r->arena, segment.data + 1, len);
    if (!name)
        return err_memory(e);
    entry->params[entry->param_count++] = name;
    return 0;
}

int router_add(struct router *r, const struct http_route *route, struct err *e)
{
    struct router_node *node = r->root;
    struct router_entry *entry = arena_new(&r->arena, 1, sizeof(*entry));
    char *method = arena_strdup(&r->arena, route->method);
    char *pattern = arena_strdup(&r->arena, route->pattern);

    if (!entry || !method || !pattern)
        return err_memory(e);
    entry->route = *route;
    entry->route.method = method;
    entry->route.pattern = pattern;
    if (pattern[0] != '/' || !route->handler || !http_is_token(slice_str(method)))
        return bad_route(e, route, "is malformed");
    for (char *at = pattern + 1;;) {
        char *slash = strchr(at, '/');
        struct slice segment = slice_of(at, slash ? (size_t)(slash - at) : strlen(at));
        bool rest = false;
        if (segment.len >= 2 && segment.data[0] == '{' && segment.data[segment.len - 1] == '}') {
            if (read_parameter(r, entry, segment, &rest, e) != 0)
                return -1;
            if (rest && slash)
                return bad_route(e, route, "goes on behind the rest");
            if (rest)
                return add_entry(&node->rest, entry, e);
            node = add_parameter(r, node);
        } else if (segment.len == 0 && slash) {
            return bad_route(e, route, "has an empty segment");
        } else {
            node = add_literal(r, node, segment);
        }
        if (!node)
            return err_memory(e);
        if (!slash)
            return add_entry(&node->entries, entry, e);
        at = slash + 1;
    }
}

struct search {
    struct slice method;
    enum http_door_kind door;
    struct router_match *match;
    struct slice values[ROUTER_PARAMS_MAX];
    unsigned value_count;
    bool options;
};

static void allow(struct router_match *match, const char *method)
{
    size_t len = strlen(match->allowed);
    const char *at = match->allowed;

    while ((at = strstr(at, method)) != NULL) {
        char after = at[strlen(method)];
        if ((at == match->allowed || at[-1] == ' ') && (after == 0 || after == ','))
            return;
        at += strlen(method);
    }
    snprintf(match->allowed + len, sizeof(match->allowed) - len, "%s%s", len ? ", " : "", method);
}

static void found(struct search *s, const struct router_entry *entry, bool head)
{
    s->match->route = &entry->route;
    s->match->head = head;
    s->match->param_count = entry->param_count;
    for (unsigned i = 0; i < entry->param_count; i++)
        s->match->params[i] = (struct router_param){entry->params[i], s->values[i]};
}

/* Looks through routes that end here; notes their methods for Allow. */
static bool try_entries(struct search *s, const struct router_entry *entries)
{
    for (const struct router_entry *entry = entries; entry; entry = entry->next) {
        if (!(entry->route.doors & HTTP_AT(s->door)))
            continue;
        bool is_get = strcmp(entry->route.method, "GET") == 0;
        if (slice_is(s->method, entry->route.method)) {
            found(s, entry, false);
            return true;
        }
        if (is_get && slice_is(s->method, "HEAD")) {
            found(s, entry, true);
            return true;
        }
        allow(s->match, entry->route.method);
        if (is_get)
            allow(s->match, "HEAD");
    }
    return false;
}

static bool search_node(struct search *s, const struct router_node *node, struct slice path)
{
    const uint8_t *slash = memchr(path.data, '/', path.len);
    struct slice segment = slice_of(path.data, slash ? (size_t)(slash - path.data) : path.len);
    struct slice rest = slash ? slice_of(slash + 1, path.len - segment.len - 1) : (struct slice){0};
    const struct router_node *child = find_literal(node, segment);
    unsigned values = s->value_count;

    if (child && (slash ? search_node(s, child, rest) : try_entries(s, child->entries)))
        return true;
    if (segment.len == 0 || values == ROUTER_PARAMS_MAX)
        return false;
    child = node->parameter;
    if (child) {
        s->values[s->value_count++] = segment;
        if (slash ? search_node(s, child, rest) : try_entries(s, child->entries))
            return true;
        s->value_count = values;
    }
    if (node->rest) {
        s->values[s->value_count++] = path;
        if (try_entries(s, node->rest))
            return true;
        s->value_count = values;
    }
    return false;
}

void router_find(const struct router *r, struct slice method, struct slice path,
                 enum http_door_kind door, struct router_match *match)
{
    struct search s = {.method = method, .door = door, .match = match};

    match->route = NULL;
    match->head = false;
    match->param_count = 0;
    match->allowed[0] = 0;
    if (!search_node(&s, r->root, slice_of(path.data + 1, path.len - 1)) && match->allowed[0])
        allow(match, "OPTIONS");
}
