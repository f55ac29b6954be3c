/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/record/hash_tree.h"
#include "base/memory.h"

#include <stdlib.h>

enum { LEVELS = 64, SIBLINGS = 3 };

struct evidence_hash_tree {
    const struct evidence_hash *hash;
    const struct evidence_hash_list *objects;
    size_t levels;
    size_t counts[LEVELS];
    uint8_t *nodes[LEVELS]; /* values of a level, one behind the other */
};

static int order(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

void evidence_values_sort(struct slice *values, size_t count)
{
    if (count > 1)
        qsort(values, count, sizeof *values, order);
}

size_t evidence_list_count(const struct evidence_hash_list *list, struct slice value)
{
    size_t found = 0;
    for (size_t i = 0; i < list->count; i++)
        found += slice_equal(list->values[i], value);
    return found;
}

/* The hash of values, sorted; they are put into scratch, which has room for one more. */
static int father_of(const struct evidence_hash *hash, const struct evidence_hash_list *list,
                     struct slice child, struct slice *scratch, uint8_t *out, struct err *e)
{
    size_t count = list->count;
    memcpy(scratch, list->values, count * sizeof *scratch);
    if (child.data)
        scratch[count++] = child;
    evidence_values_sort(scratch, count);
    return evidence_hash_of(hash, scratch, count, out, e);
}

int evidence_lists_root(const struct evidence_hash *hash, const struct evidence_hash_list *lists,
                        size_t count, bool as_it_stands, uint8_t root[EVIDENCE_HASH_MOST],
                        struct err *e)
{
    struct slice child = {0};
    size_t most = 0, first = 0;
    for (size_t i = 0; i < count; i++)
        most = lists[i].count > most ? lists[i].count : most;
    struct slice *scratch = mem_new(most + 1, sizeof *scratch);
    if (!scratch)
        return err_memory(e);
    int result = 0;
    if (as_it_stands && lists[0].count == 1 && lists[0].values[0].len == hash->len) {
        memcpy(root, lists[0].values[0].data, hash->len);
        first = 1;
    }
    for (size_t i = first; result == 0 && i < count; i++) {
        child = i > 0 ? slice_of(root, hash->len) : slice_of(NULL, 0);
        result = father_of(hash, &lists[i], child, scratch, root, e);
    }
    mem_free(scratch);
    return result;
}

static struct slice node(const struct evidence_hash_tree *t, size_t level, size_t index)
{
    return slice_of(t->nodes[level] + index * t->hash->len, t->hash->len);
}

/* The children of father number `father` of the level above: from which on, and how many. */
static size_t children(const struct evidence_hash_tree *t, size_t level, size_t father,
                       size_t *from)
{
    size_t count = t->counts[level];
    *from = 2 * father;
    return father == count / 2 - 1 ? count - *from : 2;
}

static size_t father_number(const struct evidence_hash_tree *t, size_t level, size_t index)
{
    size_t last = t->counts[level] / 2 - 1;
    return index / 2 < last ? index / 2 : last;
}

static int fill_leaves(struct evidence_hash_tree *t, struct err *e)
{
    for (size_t i = 0; i < t->counts[0]; i++) {
        const struct evidence_hash_list *object = &t->objects[i];
        uint8_t *out = t->nodes[0] + i * t->hash->len;
        if (object->count == 1)
            memcpy(out, object->values[0].data, t->hash->len);
        else if (evidence_lists_root(t->hash, object, 1, false, out, e) != 0)
            return -1;
    }
    return 0;
}

static int fill_level(struct evidence_hash_tree *t, size_t level, struct err *e)
{
    for (size_t i = 0; i < t->counts[level]; i++) {
        struct slice values[SIBLINGS];
        size_t from, count = children(t, level - 1, i, &from);
        for (size_t j = 0; j < count; j++)
            values[j] = node(t, level - 1, from + j);
        evidence_values_sort(values, count);
        if (evidence_hash_of(t->hash, values, count, t->nodes[level] + i * t->hash->len, e) != 0)
            return -1;
    }
    return 0;
}

struct evidence_hash_tree *evidence_hash_tree_new(const struct evidence_hash *hash,
                                                  const struct evidence_hash_list *objects,
                                                  size_t count, struct err *e)
{
    struct evidence_hash_tree *t = mem_new(1, sizeof *t);
    if (!t) {
        err_memory(e);
        return NULL;
    }
    *t = (struct evidence_hash_tree){.hash = hash, .objects = objects};
    for (size_t n = count; n > 0; n = n > 1 ? n / 2 : 0) {
        t->counts[t->levels] = n;
        t->nodes[t->levels] = mem_new(n, hash->len);
        if (!t->nodes[t->levels]) {
            err_memory(e);
            goto fail;
        }
        int filled = t->levels == 0 ? fill_leaves(t, e) : 0;
        t->levels++;
        if (filled != 0 || (t->levels > 1 && fill_level(t, t->levels - 1, e) != 0))
            goto fail;
    }
    if (t->levels > 0)
        return t;
    err_set(e, ERR_USAGE, "record.empty", "RFC 4998 section 4.2.1",
            "a hash tree needs at least one data object");
fail:
    evidence_hash_tree_free(t);
    return NULL;
}

void evidence_hash_tree_free(struct evidence_hash_tree *tree)
{
    if (!tree)
        return;
    for (size_t i = 0; i < LEVELS; i++)
        mem_free(tree->nodes[i]);
    mem_free(tree);
}

struct slice evidence_hash_tree_root(const struct evidence_hash_tree *tree)
{
    return node(tree, tree->levels - 1, 0);
}

/* The values under one father, but for the child that is computed (own; SIZE_MAX: none). */
static int siblings(const struct evidence_hash_tree *t, size_t level, size_t father, size_t own,
                    struct arena *arena, struct evidence_hash_list *list, struct err *e)
{
    size_t from, count = children(t, level, father, &from);
    list->values = arena_new(arena, count, sizeof *list->values);
    if (!list->values)
        return err_memory(e);
    for (size_t i = from; i < from + count; i++)
        if (i != own)
            list->values[list->count++] = node(t, level, i);
    evidence_values_sort(list->values, list->count);
    return 0;
}

static int own_list(const struct evidence_hash_list *object, struct arena *arena,
                    struct evidence_hash_list *list, struct err *e)
{
    list->values = arena_new(arena, object->count, sizeof *list->values);
    if (!list->values)
        return err_memory(e);
    memcpy(list->values, object->values, object->count * sizeof *list->values);
    list->count = object->count;
    evidence_values_sort(list->values, list->count);
    return 0;
}

int evidence_hash_tree_reduce(const struct evidence_hash_tree *tree, size_t object,
                              struct arena *arena, struct evidence_hash_list **lists, size_t *count,
                              struct err *e)
{
    bool group = tree->objects[object].count > 1;
    struct evidence_hash_list *out = arena_new(arena, tree->levels + 1, sizeof *out);
    *count = 0;
    *lists = out;
    if (!out)
        return err_memory(e);
    if (group && own_list(&tree->objects[object], arena, &out[(*count)++], e) != 0)
        return -1;
    for (size_t level = 0, at = object; level + 1 < tree->levels; level++) {
        size_t father = father_number(tree, level, at);
        bool whole = level == 0 && !group; /* the first list holds the value itself */
        if (siblings(tree, level, father, whole ? SIZE_MAX : at, arena, &out[(*count)++], e) != 0)
            return -1;
        at = father;
    }
    return 0;
}
