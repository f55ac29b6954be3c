/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin advisory publish: asks, and waits until the publication is signed. */
#include "cli/advisory.h"
#include "base/clock.h"
#include "base/id.h"
#include "cli/change.h"
#include "cli/say.h"

#include <string.h>
#include <time.h>

enum { PAUSE_FIRST_MS = 20, PAUSE_LAST_MS = 500 };

/* What was asked for: by which act, so that an earlier publication of it is not taken for it. */
struct asked {
    char revision[ID_TEXT];
    int64_t act;
};

/* The publication that came of it, in an answer of GET /v1/advisory/{name}. */
static const struct json_value *publication_of(const struct json_value *answer,
                                               const struct asked *asked)
{
    const struct json_value *newest = NULL;

    json_each(publication, json_get(answer, "publications"))
    {
        int64_t frozen = 0;
        if (slice_is(json_get_string(publication, "revision"), asked->revision) &&
            json_int64(json_get(publication, "frozen"), &frozen) && frozen > asked->act)
            newest = publication;
    }
    return newest;
}

static int waited(const char *name, bool frozen, struct err *e)
{
    err_set(e, ERR_UNAVAILABLE, "cli.waited", NULL,
            frozen ? "the publication of %s is frozen, but not signed yet"
                   : "the publication of %s is asked for, but not made yet",
            name);
    return err_hint(e, "it goes on by itself; is the signer locked? tocsin status");
}

static int wait_signed(struct api *api, const char *name, const struct asked *asked,
                       int64_t wait_seconds, struct api_answer *answer, struct err *e)
{
    int64_t until = clock_monotonic(&clock_system) + wait_seconds * 1000000;
    long pause_ms = PAUSE_FIRST_MS;
    struct buf target;
    int result = -1;

    buf_init(&target);
    advisory_target(&target, name, "");
    for (bool first = true; buf_check(&target, e) == 0; first = false) {
        if (!first) {
            const struct timespec time = {.tv_nsec = pause_ms * 1000000L};
            nanosleep(&time, NULL);
            pause_ms = pause_ms * 2 < PAUSE_LAST_MS ? pause_ms * 2 : PAUSE_LAST_MS;
        }
        if (api_get(api, buf_text(&target), answer, e) != 0)
            break;
        const struct json_value *publication = publication_of(answer->root, asked);
        if (slice_is(json_get_string(publication, "state"), "signed")) {
            result = 0;
            break;
        }
        if (clock_monotonic(&clock_system) >= until) {
            result = waited(name, publication != NULL, e);
            break;
        }
    }
    buf_fini(&target);
    return result;
}

/* wanted: only when this is the newest revision; confidence: what a match needs. NULL: not said. */
static int ask(struct api *api, const char *name, const char *wanted, const char *confidence,
               struct asked *asked, struct err *e)
{
    struct api_answer answer;
    struct change_body body;

    api_answer_init(&answer);
    change_begin(&body);
    change_text(&body, "advisory", name);
    change_text(&body, "revision", wanted);
    change_text(&body, "confidence", confidence);
    json_write_object_end(&body.json);
    int result = api_post(api, "/v1/advisories/publish", &body.text, &answer, e);
    struct slice id = json_get_string(answer.root, "revision");
    *asked = (struct asked){0};
    snprintf(asked->revision, ID_TEXT, "%.*s", id.len < ID_TEXT ? (int)id.len : 0,
             id.len ? (const char *)id.data : "");
    (void)json_int64(json_get(answer.root, "asked"), &asked->act);
    change_fini(&body);
    api_answer_fini(&answer);
    return result;
}

int advisory_publish_one(struct api *api, const char *name, int64_t wait_seconds, struct err *e)
{
    struct api_answer answer;
    struct asked asked;
    int result;

    api_answer_init(&answer);
    result = ask(api, name, NULL, NULL, &asked, e);
    if (result == 0 && wait_seconds > 0)
        result = wait_signed(api, name, &asked, wait_seconds, &answer, e);
    api_answer_fini(&answer);
    return result;
}

static void say_published(const struct cli_args *args, const struct json_value *publication)
{
    int64_t notices = 0;
    int64_t members = 0;

    if (cli_flag(args, "json")) {
        say_json(publication);
        return;
    }
    (void)json_int64(json_get(publication, "notices"), &notices);
    (void)json_int64(json_get(publication, "members"), &members);
    say_text(stdout, json_get_string(publication, "publication"));
    fputs(": ", stdout);
    say_count(stdout, notices, "notice", "notices");
    fputs(" for ", stdout);
    say_count(stdout, members, "asset", "assets");
    fputs(", signed\n", stdout);
    printf("Who acknowledges it: tocsin advisory delivery %s\n", args->operands[0]);
}

int advisory_publish(const struct cli_args *args)
{
    const char *name = args->operands[0];
    struct api_answer answer;
    struct api *api = NULL;
    struct asked asked;
    struct err e = {0};
    int result = -1;
    int64_t wait;

    api_answer_init(&answer);
    if (cli_number(args, "wait", 0, 86400, 300, &wait, &e) == 0 && api_open(args, &api, &e) == 0)
        result =
            ask(api, name, cli_value(args, "revision"), cli_value(args, "confidence"), &asked, &e);
    if (result == 0 && wait == 0) {
        puts("asked for; the publication is made and signed in its own time");
    } else if (result == 0) {
        result = wait_signed(api, name, &asked, wait, &answer, &e);
        if (result == 0)
            say_published(args, publication_of(answer.root, &asked));
    }
    result = result == 0 ? say_end(args, 0) : say_fail(args, &e);
    api_answer_fini(&answer);
    api_close(api);
    return result;
}
