/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines "scheme TAB version TAB version" on stdin; for each one the order of the two: "<", "=",
 * ">", "?" for none, "!" when one is no version of the scheme. For scripts that ask others' tools
 * the same.
 */
#include "product/version.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    while ((len = getline(&line, &room, stdin)) >= 0) {
        char *part[3] = {line, NULL, NULL};
        for (size_t i = 1; i < 3; i++) {
            part[i] = strchr(part[i - 1], '\t');
            if (!part[i]) {
                fprintf(stderr, "version_order: a line is \"scheme\\tversion\\tversion\"\n");
                return 2;
            }
            *part[i]++ = 0;
        }
        part[2][strcspn(part[2], "\n")] = 0;
        const struct product_scheme *scheme = product_scheme_find(slice_str(part[0]));
        struct slice a = slice_str(part[1]), b = slice_str(part[2]);
        if (!scheme->valid(a) || !scheme->valid(b)) {
            puts("!");
            continue;
        }
        switch (product_version_compare(scheme, a, b)) {
        case PRODUCT_LESS: puts("<"); break;
        case PRODUCT_EQUAL: puts("="); break;
        case PRODUCT_GREATER: puts(">"); break;
        case PRODUCT_NO_ORDER: puts("?"); break;
        }
    }
    free(line);
    return 0;
}
