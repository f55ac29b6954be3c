/* SPDX-License-Identifier: Apache-2.0 */
/* Walks to the values that a path of section 6 names. */
#include "csaf/validate/validation.h"

struct visit {
    struct csaf_validation *v;
    void (*visit)(struct csaf_validation *v, const struct json_value *value, void *context);
    void *context;
};

static void step(const struct visit *x, const struct json_value *at, const char *path);

/* Each element, and with deep each element of its "branches", and of theirs. */
static void elements(const struct visit *x, const struct json_value *list, const char *rest,
                     bool deep, unsigned depth)
{
    if (!json_is(list, JSON_ARRAY) || depth > 128)
        return;
    json_each(item, list)
    {
        step(x, item, rest);
        if (deep)
            elements(x, json_get(item, "branches"), rest, true, depth + 1);
    }
}

/* path: the rest, "" or ".name…" or "[]…" */
static void step(const struct visit *x, const struct json_value *at, const char *path)
{
    if (!at)
        return;
    if (!*path) {
        x->visit(x->v, at, x->context);
        return;
    }
    if (*path == '[') {
        bool deep = path[2] == '*';
        elements(x, at, path + 2 + deep, deep, 0);
        return;
    }
    path += *path == '.';
    size_t len = strcspn(path, ".[");
    if (json_is(at, JSON_OBJECT))
        step(x, json_get_slice(at, slice_of(path, len)), path + len);
}

void csaf_visit(struct csaf_validation *v, const char *path,
                void (*visit)(struct csaf_validation *v, const struct json_value *value,
                              void *context),
                void *context)
{
    step(&(struct visit){v, visit, context}, v->root, path);
}

void csaf_visit_all(struct csaf_validation *v, const char *const *paths,
                    void (*visit)(struct csaf_validation *v, const struct json_value *value,
                                  void *context),
                    void *context)
{
    for (; *paths; paths++)
        csaf_visit(v, *paths, visit, context);
}
