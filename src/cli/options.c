/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"
#include "base/memory.h"
#include "base/suggest.h"

#include <stdlib.h>
#include <string.h>

const struct cli_common cli_common[] = {
    {CLI_CENTRE | CLI_HOME,
     {"home", "DIR", "the centre's folder (else $TOCSIN_HOME, else /var/lib/tocsin)", 0, false}},
    {CLI_CENTRE, {"url", "URL", "speak to a centre elsewhere: https://host:port", 0, false}},
    {CLI_CENTRE, {"cert", "FILE", "with --url: your certificate and its chain (PEM)", 0, false}},
    {CLI_CENTRE, {"key", "FILE", "with --url: your private key (PEM)", 0, false}},
    {CLI_CENTRE, {"ca", "FILE", "with --url: the trust anchors of the centre (PEM)", 0, false}},
    {CLI_JSON, {"json", NULL, "for programs: JSON instead of lines for people", 0, false}},
    {CLI_LIMIT, {"limit", "N", "at most so many (all, when not given)", 0, false}},
};
const size_t cli_common_count = ARRAY_LEN(cli_common);

static const struct cli_option help_option = {"help", NULL, "this text", 'h', false};

/* The option at a place in the list of all options that the verb has; NULL behind the last. */
static const struct cli_option *option_at(const struct cli_verb *verb, size_t place)
{
    if (place < verb->option_count)
        return &verb->options[place];
    place -= verb->option_count;
    for (size_t i = 0; i < cli_common_count; i++)
        if ((cli_common[i].use & verb->uses) != 0 && place-- == 0)
            return &cli_common[i].option;
    return place == 0 ? &help_option : NULL;
}

static const struct cli_option *find_long(const struct cli_verb *verb, struct slice name)
{
    const struct cli_option *option;

    for (size_t i = 0; (option = option_at(verb, i)); i++)
        if (slice_is(name, option->name))
            return option;
    return NULL;
}

static const struct cli_option *find_short(const struct cli_verb *verb, char letter)
{
    const struct cli_option *option;

    for (size_t i = 0; (option = option_at(verb, i)); i++)
        if (option->letter == letter)
            return option;
    return NULL;
}

static int unknown(const struct cli_args *args, struct slice name, struct err *e)
{
    const struct cli_option *option;
    struct suggestion best;

    err_set(e, ERR_USAGE, "cli.option", NULL, "there is no option --%.*s", SLICE_ARG(name));
    suggest_init(&best, name);
    for (size_t i = 0; (option = option_at(args->verb, i)); i++)
        suggest_offer(&best, slice_str(option->name));
    if (best.found.data)
        return err_hint(e, "did you mean --%.*s?", SLICE_ARG(best.found));
    return err_hint(e, "tocsin help %s", args->what);
}

static int give(struct cli_args *args, const struct cli_option *option, const char *value,
                struct err *e)
{
    for (size_t i = 0; i < args->given_count; i++)
        if (args->given[i].option == option && !option->many && option->value)
            return err_set(e, ERR_USAGE, "cli.option", NULL, "--%s was given twice", option->name);
    args->given[args->given_count++] = (struct cli_given){option, value};
    if (option == &help_option)
        args->help = true;
    return 0;
}

static int needs_value(const struct cli_option *option, struct err *e)
{
    return err_set(e, ERR_USAGE, "cli.option", NULL, "--%s needs a value: --%s %s", option->name,
                   option->name, option->value);
}

/* "--name", "--name=value", "--name value". */
static int read_long(struct cli_args *args, int argc, char **argv, int *at, struct err *e)
{
    const char *text = argv[*at] + 2;
    const char *equals = strchr(text, '=');
    struct slice name = slice_of(text, equals ? (size_t)(equals - text) : strlen(text));
    const struct cli_option *option = find_long(args->verb, name);

    if (!option)
        return unknown(args, name, e);
    if (!option->value && equals)
        return err_set(e, ERR_USAGE, "cli.option", NULL, "--%s takes no value", option->name);
    if (!option->value)
        return give(args, option, NULL, e);
    if (equals)
        return give(args, option, equals + 1, e);
    if (*at + 1 >= argc)
        return needs_value(option, e);
    return give(args, option, argv[++*at], e);
}

/* "-q", "-o FILE", "-oFILE"; flags may stand together. */
static int read_short(struct cli_args *args, int argc, char **argv, int *at, struct err *e)
{
    for (const char *letter = argv[*at] + 1; *letter; letter++) {
        const struct cli_option *option = find_short(args->verb, *letter);
        if (!option) {
            err_set(e, ERR_USAGE, "cli.option", NULL, "there is no option -%c", *letter);
            return err_hint(e, "tocsin help %s", args->what);
        }
        if (!option->value) {
            if (give(args, option, NULL, e) != 0)
                return -1;
            continue;
        }
        if (letter[1])
            return give(args, option, letter + 1, e);
        if (*at + 1 >= argc)
            return needs_value(option, e);
        return give(args, option, argv[++*at], e);
    }
    return 0;
}

static int check_operands(const struct cli_args *args, struct err *e)
{
    const struct cli_verb *verb = args->verb;

    if (args->help || (args->operand_count >= verb->least && args->operand_count <= verb->most))
        return 0;
    if (args->operand_count < verb->least)
        err_set(e, ERR_USAGE, "cli.operands", NULL, "something is missing: %s",
                verb->operands ? verb->operands : "?");
    else
        err_set(e, ERR_USAGE, "cli.operands", NULL, "\"%s\" is one word too many",
                args->operands[verb->most]);
    return err_hint(e, "tocsin %s%s%s; more by --help", args->what, verb->operands ? " " : "",
                    verb->operands ? verb->operands : "");
}

int cli_args_read(struct cli_args *args, const struct cli_group *group, const struct cli_verb *verb,
                  int argc, char **argv, struct err *e)
{
    size_t room = 1;

    /* letters may stand together: no more options than bytes */
    for (int i = 0; i < argc; i++)
        room += strlen(argv[i]) + 1;
    *args = (struct cli_args){.group = group, .verb = verb};
    snprintf(args->what, sizeof(args->what), "%s%s%s", group->name, verb->name ? " " : "",
             verb->name ? verb->name : "");
    args->given = mem_new(room, sizeof(*args->given));
    args->operands = mem_new((size_t)argc + 1, sizeof(*args->operands));
    if (!args->given || !args->operands)
        return err_memory(e);
    bool ended = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (ended || word[0] != '-' || !word[1])
            args->operands[args->operand_count++] = word;
        else if (strcmp(word, "--") == 0)
            ended = true;
        else if ((word[1] == '-' ? read_long : read_short)(args, argc, argv, &i, e) != 0)
            return -1;
    }
    return check_operands(args, e);
}

void cli_args_fini(struct cli_args *args)
{
    mem_free(args->given);
    mem_free(args->operands);
    *args = (struct cli_args){0};
}

const char *cli_value_at(const struct cli_args *args, const char *name, size_t index)
{
    for (size_t i = 0; i < args->given_count; i++)
        if (strcmp(args->given[i].option->name, name) == 0 && index-- == 0)
            return args->given[i].value ? args->given[i].value : "";
    return NULL;
}

const char *cli_value(const struct cli_args *args, const char *name)
{
    return cli_value_at(args, name, 0);
}

bool cli_flag(const struct cli_args *args, const char *name)
{
    return cli_value_at(args, name, 0) != NULL;
}

int cli_number(const struct cli_args *args, const char *name, int64_t least, int64_t most,
               int64_t fallback, int64_t *number, struct err *e)
{
    const char *text = cli_value(args, name);
    char *end = NULL;

    *number = fallback;
    if (!text)
        return 0;
    long long read = strtoll(text, &end, 10);
    bool digits = text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
    if (!digits || strlen(text) > 18 || *end || read < least || read > most)
        return err_set(e, ERR_USAGE, "cli.number", NULL,
                       "--%s must be a whole number from %lld to %lld, not \"%s\"", name,
                       (long long)least, (long long)most, text);
    *number = read;
    return 0;
}

const char *cli_home(const struct cli_args *args)
{
    const char *home = cli_value(args, "home");

    if (!home || !*home)
        home = getenv("TOCSIN_HOME");
    return home && *home ? home : "/var/lib/tocsin";
}

/* ---- help ---- */

static void put_option(FILE *out, const struct cli_option *option)
{
    char left[64];

    snprintf(left, sizeof(left), "%s%.*s%s--%s%s%s", option->letter ? "-" : "",
             option->letter ? 1 : 0, &option->letter, option->letter ? ", " : "", option->name,
             option->value ? " " : "", option->value ? option->value : "");
    fprintf(out, "  %-22s %s%s\n", left, option->help, option->many ? " (repeatable)" : "");
}

void cli_help_verb(FILE *out, const struct cli_group *group, const struct cli_verb *verb)
{
    const struct cli_option *option;

    fprintf(out, "usage: tocsin %s%s%s%s%s [OPTION…]\n\n%s.\n", group->name, verb->name ? " " : "",
            verb->name ? verb->name : "", verb->operands ? " " : "",
            verb->operands ? verb->operands : "", verb->summary);
    if (verb->text)
        fprintf(out, "\n%s", verb->text);
    fputc('\n', out);
    for (size_t i = 0; (option = option_at(verb, i)); i++)
        put_option(out, option);
    if (verb->examples)
        fprintf(out, "\nExamples:\n%s", verb->examples);
}

void cli_help_group(FILE *out, const struct cli_group *group)
{
    char left[80];

    fprintf(out, "tocsin %s: %s.\n%s", group->name, group->summary,
            group->heading_count ? "" : "\n");
    for (size_t i = 0; i < group->verb_count; i++) {
        const struct cli_verb *verb = cli_group_verb(group, i);
        if (verb->hidden)
            continue;
        for (size_t h = 0; h < group->heading_count; h++)
            if (group->headings[h].verb == verb)
                fprintf(out, "\n%s\n", group->headings[h].text);
        snprintf(left, sizeof(left), "%s%s%s%s%s", group->name, verb->name ? " " : "",
                 verb->name ? verb->name : "", verb->operands ? " " : "",
                 verb->operands ? verb->operands : "");
        int more = 0; /* bytes that take no column */
        for (const char *at = left; *at; at++)
            more += ((unsigned char)*at & 0xc0) == 0x80;
        fprintf(out, "  tocsin %-*s %s\n", 36 + more, left, verb->summary);
    }
    fprintf(out, "\ntocsin help %s VERB says more.\n", group->name);
}

void cli_help(FILE *out, const struct cli_group *const *groups, size_t count)
{
    const char *topic = "";

    fputs("tocsin: a security coordination centre. One advisory in; every affected device and its\n"
          "owner told; and proof of each step.\n\n"
          "usage: tocsin COMMAND [VERB] [OPERAND…] [OPTION…]\n",
          out);
    for (size_t i = 0; i < count; i++) {
        if (groups[i]->hidden)
            continue;
        if (strcmp(topic, groups[i]->topic) != 0)
            fprintf(out, "\n%s:\n", groups[i]->topic);
        topic = groups[i]->topic;
        fprintf(out, "  %-14s %s\n", groups[i]->name, groups[i]->summary);
    }
    fputs("\ntocsin help COMMAND says more, with examples. Exit codes: 0 done, 1 the answer is no\n"
          "(invalid, refused, not verified), 2 wrong usage, 3 could not do it.\n",
          out);
}
