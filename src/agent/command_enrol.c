/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin-agent enrol */
#include "agent/command.h"
#include "agent/enrol.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "tocsin-agent enrol --centre URL --token-file FILE|- --ca FILE|FINGERPRINT [--home DIR]\n"
    "       [--server-name NAME] [--device-door URL] [--nameplate FILE] [--cyclonedx FILE]\n"
    "       [--spdx FILE] [--dpkg FILE] [--dmi DIR] [--hook PROGRAM]\n\n"
    "Makes a key for this device and gets it a certificate with a one-time token.\n"
    "  --centre       base URL of the centre's enrol door: https://centre.example:8442\n"
    "  --token-file   file with the token, or - for standard input\n"
    "  --ca           the centre's root: a PEM file, or the certificate's SHA-256 fingerprint\n"
    "  --home         the agent's folder; " AGENT_HOME "\n"
    "  --server-name  name in the centre's certificate, when it is not the URL's host\n"
    "  --device-door  base URL of the device door, when it is not as the centre says\n"
    "  others         what is written into agent.conf, which is made with its comments";

/* A path as the configuration wants it: absolute. */
static int set_path(char out[CONFIG_TEXT], const char *path, struct err *e)
{
    char *absolute;

    if (!path)
        return 0;
    absolute = realpath(path, NULL);
    if (!absolute)
        return err_errno(e, errno, "enrol.path", "cannot find %s", path);
    int len = snprintf(out, CONFIG_TEXT, "%s", absolute);
    free(absolute);
    if (len >= CONFIG_TEXT)
        return err_set(e, ERR_USAGE, "enrol.path", NULL, "the path %.100s… is too long", path);
    return 0;
}

static int read_token(const char *path, struct buf *token, struct err *e)
{
    if (file_read(path, 4096, token, e) != 0)
        return -1;
    while (token->len && strchr(" \t\r\n", token->data[token->len - 1]))
        token->len--;
    if (token->len == 0)
        return err_set(e, ERR_USAGE, "enrol.token", NULL, "%s holds no token", path);
    return 0;
}

/* A file when there is one of that name; else the fingerprint itself. */
static int read_anchor(const char *text, struct buf *anchor, struct err *e)
{
    if (file_kind(text) == 1)
        return file_read(text, 1024 * 1024, anchor, e);
    buf_puts(anchor, text);
    return buf_check(anchor, e);
}

int command_enrol(int argc, char **argv)
{
    const char *home = AGENT_HOME, *centre = NULL, *token_file = NULL, *ca = NULL;
    const char *server_name = NULL, *device_door = NULL, *nameplate = NULL, *cyclonedx = NULL;
    const char *spdx = NULL, *dpkg = NULL, *dmi = NULL, *hook = NULL;
    const struct option_of options[] = {
        {"home", &home, NULL},
        {"centre", &centre, NULL},
        {"token-file", &token_file, NULL},
        {"ca", &ca, NULL},
        {"server-name", &server_name, NULL},
        {"device-door", &device_door, NULL},
        {"nameplate", &nameplate, NULL},
        {"inventory", &nameplate, NULL},
        {"cyclonedx", &cyclonedx, NULL},
        {"spdx", &spdx, NULL},
        {"dpkg", &dpkg, NULL},
        {"dmi", &dmi, NULL},
        {"hook", &hook, NULL},
    };
    struct agent_config config;
    struct buf token, anchor;
    struct err e = {0};
    char asset[ID_TEXT];
    int words = command_options(argc, argv, options, ARRAY_LEN(options), NULL, 0, usage);
    int result = -1;

    if (words < 0)
        return words == -2 ? 0 : 2;
    if (!centre || !token_file || !ca) {
        fprintf(stderr, "tocsin-agent: --centre, --token-file and --ca are needed\nusage: %s\n",
                usage);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    agent_config_init(&config);
    buf_init(&token);
    buf_init(&anchor);
    if (set_path(config.nameplate, nameplate, &e) != 0 ||
        set_path(config.cyclonedx, cyclonedx, &e) != 0 || set_path(config.spdx, spdx, &e) != 0 ||
        set_path(config.dpkg, dpkg, &e) != 0 || set_path(config.dmi, dmi, &e) != 0 ||
        set_path(config.hook, hook, &e) != 0)
        goto out;
    snprintf(config.centre, sizeof(config.centre), "%s", device_door ? device_door : "");
    snprintf(config.server_name, sizeof(config.server_name), "%s", server_name ? server_name : "");
    if (read_token(token_file, &token, &e) != 0 || read_anchor(ca, &anchor, &e) != 0)
        goto out;
    struct enrol_request request = {.home = home,
                                    .centre = centre,
                                    .server_name = server_name,
                                    .token = buf_slice(&token),
                                    .anchor = buf_slice(&anchor),
                                    .config = &config,
                                    .clock = &clock_system};
    result = enrol(&request, asset, &e);
out:
    buf_fini_secret(&token);
    buf_fini(&anchor);
    if (result != 0)
        return command_failed("enrol", &e);
    printf("enrolled as %s in %s\nnext: tocsin-agent run --home %s\n", asset, home, home);
    return 0;
}
