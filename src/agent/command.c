/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/command.h"

#include <stdio.h>
#include <string.h>

static int wrong(const char *usage, const char *what, const char *argument)
{
    fprintf(stderr, "tocsin-agent: %s \"%s\"\nusage: %s\n", what, argument, usage);
    return -1;
}

static const struct option_of *find(const struct option_of *options, int count, const char *name,
                                    size_t len)
{
    for (int i = 0; i < count; i++)
        if (strlen(options[i].name) == len && memcmp(options[i].name, name, len) == 0)
            return &options[i];
    return NULL;
}

int command_options(int argc, char **argv, const struct option_of *options, int count,
                    const char **words, int room, const char *usage)
{
    int found = 0;
    int only_words = 0;

    for (int i = 0; i < argc; i++) {
        const char *argument = argv[i];
        if (only_words || argument[0] != '-' || strcmp(argument, "-") == 0) {
            if (found == room)
                return wrong(usage, "unexpected argument", argument);
            words[found++] = argument;
            continue;
        }
        if (strcmp(argument, "--") == 0) {
            only_words = 1;
            continue;
        }
        if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
            printf("usage: %s\n", usage);
            return -2;
        }
        const char *name = argument + (argument[1] == '-' ? 2 : 1);
        const char *equals = strchr(name, '=');
        size_t len = equals ? (size_t)(equals - name) : strlen(name);
        const struct option_of *option =
            argument[1] == '-' ? find(options, count, name, len) : NULL;
        if (!option)
            return wrong(usage, "there is no option", argument);
        if (option->flag) {
            if (equals)
                return wrong(usage, "this option takes no value:", argument);
            *option->flag = 1;
            continue;
        }
        if (!equals && i + 1 == argc)
            return wrong(usage, "a value is missing behind", argument);
        *option->text = equals ? equals + 1 : argv[++i];
    }
    return found;
}

int command_failed(const char *what, const struct err *e)
{
    char line[1200];

    err_line(e, line, sizeof(line));
    fprintf(stderr, "tocsin-agent: %s: %s\n", what, line);
    if (e->hint[0])
        fprintf(stderr, "  %s\n", e->hint);
    return err_exit_code(e->kind);
}
