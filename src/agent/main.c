/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin-agent: the program of a device. */
#include "agent/command.h"
#include "base/compiler.h"
#include "base/log.h"
#include "base/output.h"

#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    {"enrol", command_enrol, "get this device its certificate, with a one-time token"},
    {"run", command_run, "listen to the centre, verify, run the hook, acknowledge"},
    {"bundle", command_bundle, "apply a bundle carried on a stick, write the answer"},
    {"status", command_status, "where this device stands"},
    {"inventory", command_inventory, "print what would be told about this device"},
    {"report", command_report, "say by hand what became of a notice"},
    {"alarm", command_alarm, "clear an alarm after people have settled it"},
    {"config", command_config, "check the configuration and explain every key"},
};

static void help(FILE *out)
{
    fputs("usage: tocsin-agent COMMAND [--home DIR] …\n\n", out);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].what);
    fputs("\ntocsin-agent COMMAND --help says more. The agent's folder is " AGENT_HOME
          " unless said otherwise.\n"
          "Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 could not do it.\n",
          out);
}

/* What a command printed must have come out; what it printed of an error was said before. */
static int ended(int result)
{
    struct err e = {0};

    if (result >= 2 || output_end(stdout, &e) == 0)
        return result;
    return command_failed("output", &e);
}

int main(int argc, char **argv)
{
    log_setup("agent", LOG_LEVEL_INFO);
    if (argc < 2) {
        help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("tocsin-agent " TOCSIN_VERSION);
        return 0;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        help(stdout);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return ended(commands[i].run(argc - 2, argv + 2));
    fprintf(stderr, "tocsin-agent: there is no command \"%s\"\n\n", argv[1]);
    help(stderr);
    return 2;
}
