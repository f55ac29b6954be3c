/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/change.h"
#include "base/output.h"
#include "cli/list.h"
#include "cli/say.h"

void change_begin(struct change_body *body)
{
    buf_init_secret(&body->text); /* some bodies carry secrets */
    json_write_init(&body->json, &body->text, 0);
    json_write_object(&body->json);
}

void change_text(struct change_body *body, const char *name, const char *value)
{
    if (value)
        json_member_string(&body->json, name, value);
}

void change_fini(struct change_body *body)
{
    buf_fini_secret(&body->text);
}

static void say_members(const struct json_value *answer)
{
    struct buf text;

    buf_init(&text);
    json_each(member, answer)
    {
        char label[64];
        struct slice name = json_name(member);
        snprintf(label, sizeof(label), "%.*s", SLICE_ARG(name));
        buf_reset(&text);
        list_put_value(&text, member);
        say_field(label, output_slice(stdout, &text));
    }
    buf_fini(&text);
}

int change_say(const struct cli_args *args, const struct change_of *of,
               const struct json_value *answer)
{
    if (cli_flag(args, "json")) {
        say_json(answer);
    } else if (cli_flag(args, "quiet")) {
        if (of->id) {
            say_text(stdout, json_get_string(answer, of->id));
            fputc('\n', stdout);
        }
    } else if (json_count(answer) > 0) {
        say_members(answer);
    } else if (of->done) {
        puts(of->done);
    }
    return say_end(args, 0);
}

int change_send(const struct cli_args *args, const struct change_of *of, struct change_body *body)
{
    struct api_answer answer;
    struct api *api = NULL;
    struct err e = {0};
    int result;

    api_answer_init(&answer);
    json_write_object_end(&body->json);
    if (api_open(args, &api, &e) != 0 || api_post(api, of->target, &body->text, &answer, &e) != 0)
        result = say_fail(args, &e);
    else
        result = change_say(args, of, answer.root);
    api_answer_fini(&answer);
    api_close(api);
    return result;
}
