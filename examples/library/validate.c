/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validates one advisory with libtocsin-csaf and prints what is found, a line each.
 *
 *     cc -o validate validate.c $(pkg-config --cflags --libs tocsin-csaf)
 *     ./validate advisory.json full
 *
 * Ends with 0 when the advisory is valid, 1 when it is not, 3 when it could not be found out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <tocsin/csaf.h>

/* The whole file, for free; NULL: it cannot be read. */
static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t room = 0, len = 0, got = 1;

    while (file && got > 0) {
        if (len == room) {
            char *more = (char *)realloc(text, room = room ? room * 2 : 65536);
            if (!more)
                break;
            text = more;
        }
        got = fread(text + len, 1, room - len, file);
        len += got;
    }
    if (!file || got > 0 || ferror(file)) {
        free(text);
        text = NULL;
    }
    if (file)
        fclose(file);
    *size = len;
    return text;
}

static void print(const struct tocsin_csaf_result *result)
{
    const struct tocsin_csaf_finding *f;
    size_t i;

    if (tocsin_csaf_result_problem(result))
        printf("not readable: %s\n", tocsin_csaf_result_problem(result));
    for (i = 0; (f = tocsin_csaf_result_finding(result, i)) != NULL; i++) {
        printf("%lu:%lu %s %s %s", (unsigned long)f->line, (unsigned long)f->column, f->test,
               f->pointer, f->message);
        if (f->suggestion)
            printf(" (%s)", f->suggestion);
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    struct tocsin_csaf_validator *validator = tocsin_csaf_validator_new();
    struct tocsin_csaf_result *result = NULL;
    size_t size = 0;
    char *text = argc > 1 ? read_file(argv[1], &size) : NULL;
    int code = 3;

    if (!text || !validator) {
        fprintf(stderr, "usage: validate FILE [PRESET]\n");
    } else if ((argc > 2 && tocsin_csaf_add_preset(validator, argv[2]) != TOCSIN_CSAF_OK) ||
               tocsin_csaf_validate(validator, text, size, &result) != TOCSIN_CSAF_OK) {
        fprintf(stderr, "%s\n", tocsin_csaf_message(validator));
    } else {
        print(result);
        code = tocsin_csaf_result_valid(result) ? 0 : 1;
    }
    tocsin_csaf_result_free(result);
    tocsin_csaf_validator_free(validator);
    free(text);
    return code;
}
