/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence_centre.h"
#include "base/compiler.h"
#include "base/memory.h"
#include "cli/evidence.h"
#include "cli/groups.h"
#include "cli/say.h"
#include "evidence/custody.h"

#include <stdio.h>
#include <stdlib.h>

enum { HOLDERS = 64, WORDS = 32, WORDS_TEXT = 4096 };

static char *holders[HOLDERS];
static size_t holder_count;

static void remember(const char *holder)
{
    for (size_t i = 0; i < holder_count; i++)
        if (strcmp(holders[i], holder) == 0)
            return;
    char *copy = holder_count < HOLDERS ? mem_strdup(holder) : NULL;
    if (copy)
        holders[holder_count++] = copy;
    else
        say_around(stderr, "tocsin: warning: ", holder,
                   ": the centre is not told of it by itself\n");
}

void evidence_centre_watch(void)
{
    if (getenv("TOCSIN_EVIDENCE_CENTRE"))
        evidence_custody_watch(remember);
}

/* The words of the environment. Gives how many they are, or -1. */
static int split(char *text, char **words, struct err *e)
{
    char *rest = text;
    int count = 0;

    for (char *at = strtok_r(text, " ", &rest); at; at = strtok_r(NULL, " ", &rest)) {
        if (count == WORDS)
            return err_set(e, ERR_USAGE, "cli.environment", NULL,
                           "TOCSIN_EVIDENCE_CENTRE has more than %d words", WORDS);
        words[count++] = at;
    }
    return count;
}

static bool tell(struct api *api, const struct cli_args *args)
{
    bool all = true;

    for (size_t i = 0; i < holder_count; i++) {
        struct err e = {0};
        int result = evidence_register_folder(args, api, holders[i], &e);
        if (result < 0) {
            (void)say_failed("the centre was not told", &e);
            all = false;
        } else if (result == 1) {
            say_around(stderr, "tocsin: warning: ", holders[i],
                       ": the centre's journal knows more records of it than are here\n");
        }
    }
    return all;
}

void evidence_centre_tell(void)
{
    char text[WORDS_TEXT];
    char *words[WORDS + 1];
    struct cli_args args = {0};
    struct api *api = NULL;
    struct err e = {0};
    int count = -1;

    if (holder_count == 0)
        return;
    size_t len = (size_t)snprintf(text, sizeof(text), "%s", getenv("TOCSIN_EVIDENCE_CENTRE"));
    if (len >= sizeof(text))
        err_set(&e, ERR_USAGE, "cli.environment", NULL, "TOCSIN_EVIDENCE_CENTRE is too long");
    else
        count = split(text, words, &e);
    if (count >= 0)
        words[count++] = holders[0]; /* the verb wants a folder */
    bool read = count >= 0 && cli_args_read(&args, &cli_evidence_group, &evidence_register_verb,
                                            count, words, &e) == 0;
    bool told = read && api_open(&args, &api, &e) == 0;
    if (!told)
        (void)say_failed("the centre was not told", &e);
    else
        told = tell(api, &args);
    if (!told)
        fputs("  the step is done all the same; tocsin evidence register FOLDER tells it later\n",
              stderr);
    api_close(api);
    if (read)
        cli_args_fini(&args);
    for (size_t i = 0; i < holder_count; i++)
        mem_free(holders[i]);
    holder_count = 0;
}
