/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dispatch.h"
#include "cli/manual.h"
#include "cli/say.h"
#include "base/suggest.h"

#include <string.h>

const struct cli_group *cli_group_find(const struct cli_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->groups[i]->name, name) == 0)
            return table->groups[i];
    return NULL;
}

/* How many words a verb's name is ("record make": 2), if the arguments begin with it; else 0. */
static int words_of(const char *name, int argc, char **argv)
{
    int words = 0;

    while (words < argc) {
        size_t len = strcspn(name, " ");
        if (strlen(argv[words]) != len || memcmp(argv[words], name, len) != 0)
            return 0;
        words++;
        if (name[len] == 0)
            return words;
        name += len + 1;
    }
    return 0;
}

const struct cli_verb *cli_verb_find(const struct cli_group *group, int argc, char **argv,
                                     int *words)
{
    const struct cli_verb *own = NULL;

    *words = 0;
    for (size_t i = 0; i < group->verb_count; i++) {
        const struct cli_verb *verb = cli_group_verb(group, i);
        if (!verb->name) {
            own = verb;
        } else if ((*words = words_of(verb->name, argc, argv)) > 0) {
            return verb;
        }
    }
    return own;
}

static int no_such_command(const struct cli_table *table, const char *word)
{
    struct suggestion best;
    struct err e = {0};

    err_set(&e, ERR_USAGE, "cli.command", NULL, "there is no command \"%s\"", word);
    suggest_init(&best, slice_str(word));
    for (size_t i = 0; i < table->count; i++)
        if (!table->groups[i]->hidden)
            suggest_offer(&best, slice_str(table->groups[i]->name));
    if (best.found.data)
        err_hint(&e, "did you mean tocsin %.*s?", SLICE_ARG(best.found));
    else
        err_hint(&e, "tocsin help lists them all");
    return say_failed("", &e);
}

static int no_such_verb(const struct cli_group *group, const char *word)
{
    struct suggestion best;
    struct err e = {0};

    if (!word || word[0] == '-') {
        err_set(&e, ERR_USAGE, "cli.command", NULL, "tocsin %s needs a verb", group->name);
        err_hint(&e, "tocsin help %s", group->name);
        return say_failed("", &e);
    }
    err_set(&e, ERR_USAGE, "cli.command", NULL, "there is no command \"%s %s\"", group->name, word);
    suggest_init(&best, slice_str(word));
    for (size_t i = 0; i < group->verb_count; i++)
        if (cli_group_verb(group, i)->name && !cli_group_verb(group, i)->hidden)
            suggest_offer(&best, slice_str(cli_group_verb(group, i)->name));
    if (best.found.data)
        err_hint(&e, "did you mean tocsin %s %.*s?", group->name, SLICE_ARG(best.found));
    else
        err_hint(&e, "tocsin help %s", group->name);
    return say_failed("", &e);
}

static int help(const struct cli_table *table, int argc, char **argv)
{
    int words;

    if (argc == 0) {
        cli_help(stdout, table->groups, table->count);
        return 0;
    }
    if (strcmp(argv[0], "--manual") == 0) { /* how docs/man/tocsin.1 is made */
        cli_manual(stdout, table->groups, table->count);
        return 0;
    }
    const struct cli_group *group = cli_group_find(table, argv[0]);
    if (!group)
        return no_such_command(table, argv[0]);
    const struct cli_verb *verb = cli_verb_find(group, argc - 1, argv + 1, &words);
    if (argc > 1 && words == 0)
        return no_such_verb(group, argv[1]);
    if (verb && verb->raw && verb->option_count == 0) { /* its help is its own too */
        char option[] = "--help";
        char *asked[] = {argv[argc - 1], option, NULL};
        return verb->raw(2, asked);
    }
    if (verb && (words > 0 || group->verb_count == 1))
        cli_help_verb(stdout, group, verb);
    else
        cli_help_group(stdout, group);
    return 0;
}

static int run_verb(const struct cli_group *group, const struct cli_verb *verb, int argc,
                    char **argv)
{
    struct cli_args args;
    struct err e = {0};
    int result;

    if (cli_args_read(&args, group, verb, argc, argv, &e) != 0) {
        result = say_fail(&args, &e);
    } else if (args.help) {
        cli_help_verb(stdout, group, verb);
        result = say_end(&args, 0);
    } else {
        result = verb->run(&args);
    }
    cli_args_fini(&args);
    return result;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int cli_dispatch(const struct cli_table *table, int argc, char **argv)
{
    int words;

    if (argc < 2) {
        cli_help(stderr, table->groups, table->count);
        return 2;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts("tocsin " TOCSIN_VERSION);
        return 0;
    }
    if (is_help(argv[1]) || strcmp(argv[1], "help") == 0)
        return help(table, argc - 2, argv + 2);
    const struct cli_group *group = cli_group_find(table, argv[1]);
    if (!group)
        return no_such_command(table, argv[1]);
    const struct cli_verb *verb = cli_verb_find(group, argc - 2, argv + 2, &words);
    bool only_help = argc == 3 && is_help(argv[2]) && (!verb || group->verb_count > 1);
    if (only_help) {
        cli_help_group(stdout, group);
        return 0;
    }
    if (!verb)
        return no_such_verb(group, argc > 2 ? argv[2] : NULL);
    if (verb->raw && verb->option_count > 0 && argc == 3 + words && is_help(argv[2 + words])) {
        cli_help_verb(stdout, group, verb);
        return 0;
    }
    if (verb->raw) /* argv[0] of a command with its own parser is its last word */
        return verb->raw(argc - 1 - words, argv + 1 + words);
    return run_verb(group, verb, argc - 2 - words, argv + 2 + words);
}
