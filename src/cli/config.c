/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/config.h"
#include "base/memory.h"
#include "base/output.h"
#include "centre/config.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: tocsin config check [--home DIR] [FILE]\n"
    "       tocsin config show [--home DIR] [--default | --manual] [FILE]\n"
    "\n"
    "check reads the configuration and names every fault with line and column.\n"
    "show prints what is in force, every key; with --default a commented file with\n"
    "all defaults, with --manual the list of keys for the manual page.\n"
    "\n"
    "  --home DIR    FILE is DIR/tocsin.conf (else $TOCSIN_HOME, else /var/lib/tocsin)\n"
    "  -h, --help    this text\n";

struct options {
    const char *home;
    const char *file;
    bool preset, manual, help;
};

static int wrong_usage(const char *what)
{
    fprintf(stderr, "tocsin: config: %s\n%s", what, usage);
    return 2;
}

static void print_fault(const struct err *e)
{
    char line[1024];

    err_line(e, line, sizeof(line));
    fprintf(stderr, "tocsin: config: %s\n", line);
    if (e->hint[0])
        fprintf(stderr, "  %s\n", e->hint);
}

static int print(const struct buf *b)
{
    struct err e = {0};

    output_put(stdout, b);
    if (output_end(stdout, &e) == 0)
        return 0;
    print_fault(&e);
    return err_exit_code(e.kind);
}

/* Reads path; the faults are printed. *exit_code is set when it returns NULL. */
static struct config *read_or_say(const char *path, int *exit_code)
{
    struct err *faults = mem_new(CONFIG_FAULTS_MAX, sizeof(*faults));
    struct config *config = NULL;
    size_t count = 0;

    *exit_code = 3;
    if (!faults) {
        fputs("tocsin: config: out of memory\n", stderr);
        return NULL;
    }
    if (config_read(&config, path, faults, &count) != 0) {
        for (size_t i = 0; i < count; i++)
            print_fault(&faults[i]);
        *exit_code = err_exit_code(faults[0].kind);
    }
    mem_free(faults);
    return config;
}

static int check(const char *path)
{
    int exit_code;
    struct config *config = read_or_say(path, &exit_code);

    if (!config)
        return exit_code;
    printf("%s: fine\n", path);
    config_free(config);
    return 0;
}

static int show(const struct options *options, const char *path)
{
    struct config *config = NULL;
    int result = 3;
    struct buf b;

    buf_init(&b);
    if (options->manual) {
        config_put_manual(&b);
        result = print(&b);
    } else if (options->preset) {
        config_put(&b, NULL, true);
        result = print(&b);
    } else if ((config = read_or_say(path, &result))) {
        config_put(&b, config, false);
        result = print(&b);
    }
    config_free(config);
    buf_fini(&b);
    return result;
}

static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"home", required_argument, NULL, 'H'},
        {"default", no_argument, NULL, 'd'},
        {"manual", no_argument, NULL, 'm'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };

    optind = 1;
    for (;;) {
        int option = getopt_long(argc, argv, "h", known, NULL);
        switch (option) {
        case -1: options->file = optind < argc ? argv[optind++] : NULL; return optind < argc;
        case 'H': options->home = optarg; break;
        case 'd': options->preset = true; break;
        case 'm': options->manual = true; break;
        case 'h': options->help = true; return 0;
        default: return 1;
        }
    }
}

int cli_config(int argc, char **argv)
{
    struct options options = {.home = getenv("TOCSIN_HOME")};
    char made[PATH_MAX];
    int result;

    if (argc < 2)
        return wrong_usage("check or show?");
    bool verb = argv[1][0] != '-';
    if (read_options(argc - verb, argv + verb, &options) != 0)
        return wrong_usage("see below");
    if (options.help) {
        fputs(usage, stdout);
        return 0;
    }
    snprintf(made, sizeof(made), "%s/tocsin.conf", options.home ? options.home : "/var/lib/tocsin");
    const char *path = options.file ? options.file : made;
    if (strcmp(argv[1], "check") == 0)
        result = check(path);
    else if (strcmp(argv[1], "show") == 0)
        result = show(&options, path);
    else
        result = wrong_usage("there are only check and show");
    return result;
}
