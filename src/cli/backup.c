/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin backup: a verified copy of a running centre's database. */
#include "base/file.h"
#include "base/id.h"
#include "base/memory.h"
#include "cli/api.h"
#include "cli/change.h"
#include "cli/groups.h"
#include "cli/say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BACKUP_MS = 3600000, PIECE = 1 << 20 };

/* A copy with a name of its own, only when there is nothing at `to`. */
static int copy_file(int from, const char *to, struct err *e)
{
    char *piece = mem_new(1, PIECE);
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int result = -1;
    ssize_t got = 1;

    if (!piece) {
        err_memory(e);
        goto out;
    }
    if (fd < 0) {
        err_errno(e, errno, "cli.output", "%s cannot be written", to);
        goto out;
    }
    while ((got = read(from, piece, PIECE)) > 0)
        if (file_write_all(fd, piece, (size_t)got) != 0)
            break;
    if (got != 0 || fsync(fd) != 0) {
        err_errno(e, errno, "cli.output", "%s cannot be written", to);
        (void)unlink(to); /* made by us just now */
        goto out;
    }
    result = 0;
out:
    if (fd >= 0)
        close(fd);
    mem_free(piece);
    return result;
}

/* Out of the centre's own folder, to where the user wants it. Nothing is overwritten. */
static int bring_out(const char *made, const char *to, struct err *e)
{
    int result = -1;

    if (file_rename_new(AT_FDCWD, made, AT_FDCWD, to) == 0)
        return 0;
    if (errno == EEXIST)
        return err_errno(e, EEXIST, "cli.output", "%s cannot be written", to);
    int from = open(made, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return err_errno(e, errno, "cli.backup", "%s, which the centre made, cannot be read", made);
    result = copy_file(from, to, e);
    close(from);
    (void)unlink(made);
    return result;
}

static int ask_centre(struct api *api, const char *path, struct err *e)
{
    struct api_answer answer;
    struct change_body body;
    int result = -1;

    api_answer_init(&answer);
    change_begin(&body);
    json_member_string(&body.json, "path", path);
    json_write_object_end(&body.json);
    const struct api_request request = {.method = "POST",
                                        .target = "/v1/backup",
                                        .content_type = "application/json",
                                        .body = buf_slice(&body.text),
                                        .timeout_ms = BACKUP_MS};
    if (buf_check(&body.text, e) == 0)
        result = api_send(api, &request, &answer, e);
    change_fini(&body);
    api_answer_fini(&answer);
    return result;
}

/* The centre's sandbox lets it write below its home alone. */
static int made_name(const struct cli_args *args, char path[PATH_MAX], struct err *e)
{
    char home[PATH_MAX];
    char nonce[ID_TEXT];

    if (!realpath(cli_home(args), home))
        return err_errno(e, errno, "cli.home", "%s", cli_home(args));
    if (id_new(&random_system, "bak", nonce, e) != 0)
        return -1;
    if (snprintf(path, PATH_MAX, "%s/spool/%s.db", home, nonce) >= PATH_MAX)
        return err_set(e, ERR_USAGE, "cli.path", NULL, "the path is too long");
    return 0;
}

static int run(const struct cli_args *args)
{
    const char *to = args->operands[0];
    struct api *api = NULL;
    char made[PATH_MAX];
    struct err e = {0};
    int result = -1;

    if (cli_value(args, "url"))
        err_set(&e, ERR_USAGE, "cli.remote", NULL,
                "backups are made on the centre's own machine, without --url");
    else if (file_kind(to) != 0)
        err_set(&e, ERR_CONFLICT, "cli.output", NULL, "%s is there already", to);
    else if (made_name(args, made, &e) == 0 && api_open(args, &api, &e) == 0 &&
             ask_centre(api, made, &e) == 0 && bring_out(made, to, &e) == 0)
        result = 0;
    if (result == 0) {
        printf("%s: copied, and checked\n", to);
        result = say_end(args, 0);
    } else {
        result = say_fail(args, &e);
    }
    api_close(api);
    return result;
}

static const struct cli_verb verbs[] = {
    {.operands = "FILE",
     .summary = "a copy of the database of a running centre, of one moment, checked",
     .text =
         "Made while the centre works on, on its own machine; nothing is overwritten. The keys of\n"
         "the signer and the configuration are not in it: copy HOME/signer and\n"
         "HOME/tocsin.conf too. tocsin restore brings it back.\n",
     .examples = "  tocsin backup /var/backups/tocsin-$(date +%F).db\n",
     .uses = CLI_CENTRE,
     .least = 1,
     .most = 1,
     .run = run},
};

const struct cli_group cli_backup_group = {.name = "backup",
                                           .topic = "The centre",
                                           .summary = "copy the database of a running centre",
                                           .verbs = verbs,
                                           .verb_count = ARRAY_LEN(verbs)};
