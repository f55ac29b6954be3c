/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin init: a new home with keys, database, journal, and the first operator. */
#include "centre/init.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/output.h"
#include "centre/config.h"
#include "cli/groups.h"
#include "cli/init_config.h"
#include "cli/passphrase.h"
#include "cli/say.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SETTINGS_MAX = 64 };

static const struct {
    const char *option, *key;
} short_settings[] = {{"public-url", "door-public.url"},
                      {"enrol-url", "door-enrol.url"},
                      {"device-url", "door-device.url"},
                      {"web-url", "door-web.url"}};

/* The settings of --set and of the options with names of their own, as one list. */
static int collect(const struct cli_args *args, struct arena *arena,
                   const char *settings[SETTINGS_MAX], size_t *count, struct err *e)
{
    const char *text;

    for (size_t i = 0; i < ARRAY_LEN(short_settings); i++) {
        text = cli_value(args, short_settings[i].option);
        if (!text)
            continue;
        settings[*count] = arena_printf(arena, "%s=%s", short_settings[i].key, text);
        if (!settings[(*count)++])
            return err_memory(e);
    }
    for (size_t i = 0; (text = cli_value_at(args, "set", i)); i++) {
        if (*count == SETTINGS_MAX)
            return err_set(e, ERR_USAGE, "cli.setting", NULL, "over %d settings", SETTINGS_MAX);
        settings[(*count)++] = text;
    }
    return 0;
}

/* Who runs the centre is what it calls itself, unless it is told otherwise. */
static int name_centre(const struct cli_args *args, struct arena *arena,
                       const char *settings[SETTINGS_MAX + 1], size_t *count, struct err *e)
{
    for (size_t i = 0; i < *count; i++)
        if (strncmp(settings[i], "centre.name=", 12) == 0)
            return 0;
    settings[*count] = arena_printf(arena, "centre.name=%s", cli_value(args, "name"));
    return settings[(*count)++] ? 0 : err_memory(e);
}

/* Writes HOME/tocsin.conf, unless one is there; with settings there must be none. */
static int write_config(const struct cli_args *args, struct err *e)
{
    const char *settings[SETTINGS_MAX + 1];
    struct config *config = NULL;
    char path[PATH_MAX];
    struct arena arena;
    size_t count = 0;
    struct buf text;
    int result = -1;

    arena_init(&arena, 0);
    buf_init(&text);
    snprintf(path, sizeof(path), "%s/tocsin.conf", cli_home(args));
    if (collect(args, &arena, settings, &count, e) != 0)
        goto out;
    if (file_kind(path) == 1) {
        if (count > 0) {
            err_set(e, ERR_CONFLICT, "cli.config-exists", NULL, "%s is there already", path);
            err_hint(e, "change it there, and leave --set and the like away");
            goto out;
        }
        result = 0;
        goto out;
    }
    if (name_centre(args, &arena, settings, &count, e) != 0 ||
        init_config_write(settings, count, &text, e) != 0 ||
        file_make_folder(cli_home(args), 0700, e) != 0 ||
        file_create(path, buf_slice(&text), 0600, e) != 0)
        goto out;
    result = config_load(&config, path, e);
    if (result != 0)
        (void)unlink(path); /* ours, and wrong: the next attempt starts afresh */
    config_free(config);
out:
    arena_fini(&arena);
    buf_fini(&text);
    return result;
}

static void say_made(const struct cli_args *args, const struct centre_init_result *made, bool drawn)
{
    const char *home = cli_home(args);

    say_field("Organisation", slice_str(made->organisation));
    say_field("Operator", slice_str(made->operator));
    say_field("Journal", slice_str(made->origin));
    say_field("Root", slice_str(made->fingerprint));
    printf("\n%s/trust/root.pem is what devices are given to believe in.\n", home);
    if (drawn)
        printf("%s/signer/passphrase opens the keys when the centre starts. Who can read it can\n"
               "sign; with --passphrase-file or --ask the signer stays locked until tocsin "
               "unlock.\n",
               home);
    puts("This root certificate lives on this server, in software: that is for trying out. A root\n"
         "for real use is kept elsewhere, and off-line.");
    printf("\nNext: tocsin serve --home %s\n", home);
}

static void write_made(const struct centre_init_result *made)
{
    struct json_writer w;
    struct buf text;

    buf_init(&text);
    json_write_init(&w, &text, 2);
    json_write_object(&w);
    json_member_string(&w, "organisation", made->organisation);
    json_member_string(&w, "operator", made->operator);
    json_member_string(&w, "origin", made->origin);
    json_member_string(&w, "root", made->fingerprint);
    json_write_object_end(&w);
    output_line(stdout, &text);
    buf_fini(&text);
}

static int run(const struct cli_args *args)
{
    const char *file = cli_value(args, "passphrase-file");
    bool drawn = !file && !cli_flag(args, "ask");
    struct centre_init_result made = {0};
    struct buf passphrase;
    struct err e = {0};
    int result = -1;
    int64_t uid;

    buf_init_secret(&passphrase);
    if (!cli_value(args, "name")) {
        err_set(&e, ERR_USAGE, "cli.operands", NULL, "--name is missing");
        err_hint(&e, "the organisation that runs the centre: --name \"Example CERT\"");
        goto out;
    }
    if (cli_number(args, "uid", 0, UINT32_MAX, getuid(), &uid, &e) != 0 ||
        (!drawn && passphrase_read(file, "A passphrase for the keys: ", !file, &passphrase, &e)) ||
        write_config(args, &e) != 0)
        goto out;
    const struct centre_init_options options = {.home = cli_home(args),
                                                .name = cli_value(args, "name"),
                                                .passphrase = drawn ? slice_of(NULL, 0)
                                                                    : buf_slice(&passphrase),
                                                .uid = (long)uid};
    result = centre_init(&options, &made, &e);
out:
    buf_fini_secret(&passphrase);
    if (result != 0)
        return say_fail(args, &e);
    if (cli_flag(args, "json"))
        write_made(&made);
    else
        say_made(args, &made, drawn);
    return say_end(args, 0);
}

static const struct cli_option options[] = {
    {"name", "NAME", "of the organisation that runs the centre", 0, false},
    {"uid", "UID", "user id of the first administrator; your own when not given", 0, false},
    {"passphrase-file", "FILE", "its first line protects the keys, and is kept nowhere", 0, false},
    {"ask", NULL, "ask for that passphrase on the terminal", 0, false},
    {"public-url", "URL", "how everyone reaches the public door; stands in certificates", 0, false},
    {"enrol-url", "URL", "how devices reach the enrol door", 0, false},
    {"device-url", "URL", "how devices reach the device door", 0, false},
    {"web-url", "URL", "how operators reach the web door", 0, false},
    {"set", "KEY=VALUE", "a key of tocsin.conf, as in door-public.listen=0.0.0.0:80", 0, true},
};

static const struct cli_verb verb = {
    .summary = "make a new home: keys, database, journal, the first operator",
    .text = "Nothing that is there is overwritten. Without a passphrase one is drawn and kept in\n"
            "HOME/signer/passphrase, so that the centre starts by itself.\n",
    .examples = "  tocsin init --home /var/lib/tocsin --name \"Example CERT\" \\\n"
                "      --public-url http://tocsin.example.org\n"
                "  tocsin init --home /tmp/try --name Try --set mail.host=127.0.0.1\n",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .uses = CLI_HOME | CLI_JSON,
    .run = run};

const struct cli_group cli_init_group = {.name = "init",
                                         .topic = "The centre",
                                         .summary = "make a new home",
                                         .verbs = &verb,
                                         .verb_count = 1};
