/* SPDX-License-Identifier: Apache-2.0 */
/* The changeable tree. */
#include "csaf/convert/convert_internal.h"

struct slice node_name(const struct node *n)
{
    return n ? slice_of(n->name, n->name_len) : slice_of(NULL, 0);
}

bool node_is(const struct node *n, enum json_type type)
{
    return n && n->type == type;
}

bool node_empty(const struct node *container)
{
    return !node_is_container(container) || !container->in.first;
}

/* Objects have only the members that the standard knows: a walk is short. */
struct node *node_get(const struct node *object, const char *name)
{
    if (!node_is(object, JSON_OBJECT))
        return NULL;
    node_each(child, object) if (slice_is(node_name(child), name)) return child;
    return NULL;
}

struct slice node_text(const struct node *n)
{
    return node_is(n, JSON_STRING) ? n->text : slice_of(NULL, 0);
}

struct slice node_get_text(const struct node *object, const char *name)
{
    return node_text(node_get(object, name));
}

struct node *node_new(struct converter *c, enum json_type type, const struct node *source)
{
    struct node *n = arena_new(&c->arena, 1, sizeof *n);
    if (!n) {
        err_memory(c->e);
        return NULL;
    }
    n->type = (uint8_t)type;
    n->source = source;
    n->offset = source ? source->offset : 0;
    return n;
}

struct node *node_string(struct converter *c, struct slice text, const struct node *source)
{
    struct node *n = node_new(c, JSON_STRING, source);
    if (n)
        n->text = text;
    return n;
}

/* As deep as the tree, which the reader bounds. */
struct node *node_copy(struct converter *c, const struct node *n)
{
    struct node *copy = node_new(c, (enum json_type)n->type, n);
    if (!copy)
        return NULL;
    copy->name = n->name;
    copy->name_len = n->name_len;
    copy->mask = n->mask;
    if (!node_is_container(n)) {
        copy->text = n->text;
        return copy;
    }
    node_each(child, n) node_append(copy, node_copy(c, child));
    return copy;
}

void node_append(struct node *container, struct node *child)
{
    if (!container || !child)
        return;
    child->next = NULL;
    if (container->in.last)
        container->in.last->next = child;
    else
        container->in.first = child;
    container->in.last = child;
}

void node_prepend(struct node *container, struct node *child)
{
    if (!container || !child)
        return;
    child->next = container->in.first;
    container->in.first = child;
    if (!container->in.last)
        container->in.last = child;
}

void node_insert_after(struct node *container, struct node *before, struct node *child)
{
    if (!container || !child)
        return;
    child->next = before->next;
    before->next = child;
    if (container->in.last == before)
        container->in.last = child;
}

struct node *node_take(struct node *object, const char *name)
{
    struct node *before = NULL;
    node_each(child, object)
    {
        if (slice_is(node_name(child), name)) {
            if (before)
                before->next = child->next;
            else
                object->in.first = child->next;
            if (object->in.last == child)
                object->in.last = before;
            child->next = NULL;
            return child;
        }
        before = child;
    }
    return NULL;
}

void node_set(struct node *object, const char *name, struct node *child)
{
    if (!object || !child)
        return;
    (void)node_take(object, name);
    child->name = (const uint8_t *)name;
    child->name_len = (uint32_t)strlen(name);
    node_append(object, child);
}

void node_set_text(struct converter *c, struct node *object, const char *name, struct slice text,
                   const struct node *source)
{
    node_set(object, name, node_string(c, text, source ? source : object));
}

void node_filter(struct converter *c, struct node *container,
                 bool (*keep)(struct converter *c, struct node *element))
{
    if (!node_is_container(container))
        return;
    struct node *child = container->in.first;
    container->in.first = container->in.last = NULL;
    while (child) {
        struct node *next = child->next;
        if (keep(c, child))
            node_append(container, child);
        child = next;
    }
}

/* A value's text such that equal values have the same; members in the order they stand in, which
 * the shape of the reader makes the same for all. */
static void key_of(const struct node *n, struct buf *out)
{
    if (node_is_container(n)) {
        buf_putc(out, n->type == JSON_ARRAY ? '[' : '{');
        node_each(child, n)
        {
            if (child->name_len) {
                buf_put(out, child->name, child->name_len);
                buf_putc(out, ':');
            }
            key_of(child, out);
        }
        buf_putc(out, n->type == JSON_ARRAY ? ']' : '}');
        return;
    }
    buf_printf(out, "%u %zu ", (unsigned)n->type, n->text.len);
    if (n->type == JSON_STRING || n->type == JSON_NUMBER)
        buf_put_slice(out, n->text);
}

size_t node_unique(struct converter *c, struct node *array, const char *rule, const char *what)
{
    struct map seen;
    struct node *before = NULL;
    size_t dropped = 0;
    if (!node_is(array, JSON_ARRAY) || !array->in.first || !array->in.first->next)
        return 0;
    map_init(&seen);
    node_each(child, array)
    {
        struct buf key;
        buf_init(&key);
        key_of(child, &key);
        struct slice text = convert_slice(c, &key);
        if (convert_failed(c))
            break;
        if (map_get(&seen, text)) {
            convert_tell(c, CSAF_CONVERT_WARNING, rule, child,
                         "%s stands there already: only the first one was converted", what);
            before->next = child->next;
            if (array->in.last == child)
                array->in.last = before;
            dropped++;
            continue;
        }
        if (map_set(&seen, text, child) != 0) {
            err_memory(c->e);
            break;
        }
        before = child;
    }
    map_fini(&seen);
    return dropped;
}
