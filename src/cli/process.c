/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin serve, and the processes that it starts: signer, courier, centre. */
#include "base/log.h"
#include "centre/config.h"
#include "centre/courier.h"
#include "centre/serve.h"
#include "centre/supervisor.h"
#include "cli/groups.h"
#include "cli/say.h"
#include "signer/signer.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int load_config(const struct cli_args *args, struct config **config, struct err *e)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/tocsin.conf", cli_home(args)) >= (int)sizeof(path))
        return err_set(e, ERR_USAGE, "cli.path", NULL, "the name of the home is too long");
    return config_load(config, path, e);
}

static int serve(const struct cli_args *args)
{
    char program[PATH_MAX];
    struct config *config = NULL;
    struct err e = {0};

    /* a fault in the configuration is said here, not in three logs */
    if (load_config(args, &config, &e) != 0) {
        if (e.kind == ERR_SYSTEM)
            err_hint(&e, "a new home is made by tocsin init --home DIR --name NAME");
        return say_fail(args, &e);
    }
    config_free(config);
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (len <= 0) {
        err_errno(&e, errno, "cli.program", "/proc/self/exe cannot be read");
        return say_fail(args, &e);
    }
    program[len] = '\0';
    return supervisor_main(program, cli_home(args));
}

static int signer(const struct cli_args *args)
{
    struct config *config = NULL;
    struct err e = {0};

    if (load_config(args, &config, &e) != 0)
        return say_fail(args, &e);
    log_setup("signer", (enum log_level)config->log_level);
    const char *passphrase_file = config->signer_passphrase_file;
    const struct signer_options options = {.home = cli_home(args),
                                           .passphrase_file =
                                               *passphrase_file ? passphrase_file : NULL,
                                           .ready_fd = -1,
                                           .allowed_uid = getuid(),
                                           .without_sandbox = SANITIZED};
    int result = signer_main(&options);
    config_free(config);
    return result;
}

static int courier(const struct cli_args *args)
{
    struct config *config = NULL;
    struct err e = {0};

    if (load_config(args, &config, &e) != 0)
        return say_fail(args, &e);
    log_setup("courier", (enum log_level)config->log_level);
    const struct courier_options options = {
        .config = config, .ready_fd = -1, .allowed_uid = getuid(), .without_sandbox = SANITIZED};
    int result = courier_main(&options);
    config_free(config);
    return result;
}

static int centre(const struct cli_args *args)
{
    struct err e = {0};
    int64_t fd;

    if (cli_number(args, "ready-fd", 0, INT_MAX, -1, &fd, &e) != 0)
        return say_fail(args, &e);
    return centre_main(cli_home(args), (int)fd, SANITIZED);
}

static const struct cli_option centre_options[] = {
    {"ready-fd", "N", "a byte is written there when all doors are open", 0, false},
};

static const struct cli_verb serve_verb = {
    .summary = "run the centre: signer, courier and centre, watched and restarted",
    .text = "Runs in the foreground until SIGTERM or SIGINT, and logs to standard error. Under\n"
            "systemd it says when it is ready (etc/systemd/tocsin.service).\n",
    .examples = "  tocsin serve --home /var/lib/tocsin\n",
    .uses = CLI_HOME,
    .run = serve};

const struct cli_group cli_serve_group = {.name = "serve",
                                          .topic = "The centre",
                                          .summary = "run the centre",
                                          .verbs = &serve_verb,
                                          .verb_count = 1};

static const struct cli_verb signer_verb = {
    .summary = "the process that holds the keys (started by serve)",
    .uses = CLI_HOME,
    .run = signer};
static const struct cli_verb courier_verb = {
    .summary = "the process that speaks to the outside (started by serve)",
    .uses = CLI_HOME,
    .run = courier};
static const struct cli_verb centre_verb = {.summary = "the server process (started by serve)",
                                            .options = centre_options,
                                            .option_count = ARRAY_LEN(centre_options),
                                            .uses = CLI_HOME,
                                            .run = centre};

const struct cli_group cli_signer_process = {.name = "signer",
                                             .topic = "",
                                             .summary = "a process of tocsin serve",
                                             .verbs = &signer_verb,
                                             .verb_count = 1,
                                             .hidden = true};
const struct cli_group cli_courier_process = {.name = "courier",
                                              .topic = "",
                                              .summary = "a process of tocsin serve",
                                              .verbs = &courier_verb,
                                              .verb_count = 1,
                                              .hidden = true};
const struct cli_group cli_centre_process = {.name = "centre",
                                             .topic = "",
                                             .summary = "a process of tocsin serve",
                                             .verbs = &centre_verb,
                                             .verb_count = 1,
                                             .hidden = true};
