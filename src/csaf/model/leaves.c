/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/leaves.h"

/* Deeper than any JSON that is read (json_limits_advisory), where each branch takes two levels. */
enum { DEPTH = 64 };

bool csaf_looks_like(const struct json_value *root)
{
    return json_get_string(json_get(root, "document"), "csaf_version").len > 0;
}

int csaf_leaves_each(const struct json_value *root, csaf_leaf_function *each, void *context,
                     struct err *e)
{
    /* the next branch of each level; what stands above is its parent */
    const struct json_value *stack[DEPTH], *owner[DEPTH];
    size_t depth = 0;
    stack[0] = json_first(json_get(json_get(root, "product_tree"), "branches"));
    owner[0] = NULL;
    for (;;) {
        const struct json_value *branch = stack[depth];
        if (!branch) {
            if (depth == 0)
                return 0;
            depth--;
            continue;
        }
        stack[depth] = json_next(branch);
        struct slice category = json_get_string(branch, "category");
        bool range = slice_is(category, "product_version_range");
        const struct json_value *name = json_get(branch, "name");
        if ((range || slice_is(category, "product_version")) && json_is(name, JSON_STRING)) {
            struct csaf_leaf leaf = {
                .name = name, .is_range = range, .parent = json_get_string(owner[depth], "name")};
            int result = each(context, &leaf, e);
            if (result != 0)
                return result;
        }
        const struct json_value *below = json_first(json_get(branch, "branches"));
        if (below && depth + 1 < DEPTH) {
            depth++;
            stack[depth] = below;
            owner[depth] = branch;
        }
    }
}
