/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin backup: a verified copy of a running centre's database. */
#include "base/memory.h"
#include "cli/api.h"
#include "cli/change.h"
#include "cli/groups.h"
#include "cli/say.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { BACKUP_MS = 3600000 };

/* The centre writes the file: it must be named as it sees it. */
static int absolute(const char *path, char whole[PATH_MAX], struct err *e)
{
    char here[PATH_MAX];
    int len;

    if (path[0] == '/') {
        len = snprintf(whole, PATH_MAX, "%s", path);
    } else {
        if (!getcwd(here, sizeof(here)))
            return err_errno(e, errno, "cli.folder", "this folder has no name any more");
        len = snprintf(whole, PATH_MAX, "%s/%s", here, path);
    }
    if (len >= PATH_MAX)
        return err_set(e, ERR_USAGE, "cli.path", NULL, "the path is too long");
    return 0;
}

static int run(const struct cli_args *args)
{
    struct api_answer answer;
    struct api *api = NULL;
    struct change_body body;
    char path[PATH_MAX];
    struct err e = {0};
    int result = -1;

    api_answer_init(&answer);
    change_begin(&body);
    if (absolute(args->operands[0], path, &e) == 0 && api_open(args, &api, &e) == 0) {
        json_member_string(&body.json, "path", path);
        json_write_object_end(&body.json);
        const struct api_request request = {.method = "POST",
                                            .target = "/v1/backup",
                                            .content_type = "application/json",
                                            .body = buf_slice(&body.text),
                                            .timeout_ms = BACKUP_MS};
        result = buf_check(&body.text, &e);
        if (result == 0)
            result = api_send(api, &request, &answer, &e);
    }
    if (result == 0) {
        printf("%s: copied, and checked\n", path);
        result = say_end(args, 0);
    } else {
        result = say_fail(args, &e);
    }
    api_answer_fini(&answer);
    change_fini(&body);
    api_close(api);
    return result;
}

static const struct cli_verb verbs[] = {
    {.operands = "FILE",
     .summary = "a copy of the database of a running centre, of one moment, checked",
     .text = "The centre writes FILE, on its own machine, and overwrites nothing. The keys of the\n"
             "signer and the configuration are not in it: copy HOME/signer and HOME/tocsin.conf\n"
             "too. tocsin restore brings it back.\n",
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
