/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_pattern.h"
#include "base/memory.h"

struct json_patterns {
    size_t count;
};

struct json_patterns *json_patterns_new(const struct json_pattern *list, size_t count,
                                        struct err *e)
{
    struct json_patterns *p = mem_new(1, sizeof *p);

    (void)list;
    if (p)
        p->count = count;
    else
        err_memory(e);
    return p;
}

void json_patterns_free(struct json_patterns *p)
{
    mem_free(p);
}

enum json_matched json_patterns_match(struct json_patterns *p, size_t number, struct slice text,
                                      uint32_t steps)
{
    (void)text;
    (void)steps;
    return number < p->count ? JSON_MATCHED : JSON_MATCH_FAILED;
}

int json_pattern_matches(const char *pattern, struct slice text, bool *matches, struct err *e)
{
    (void)pattern;
    (void)text;
    (void)e;
    *matches = true;
    return 0;
}
