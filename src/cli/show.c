/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show.h"

#include "cli/say.h"

int show_one(const struct cli_args *args, struct buf *take_target,
             void (*say)(const struct json_value *))
{
    struct api_answer answer;
    struct api *api = NULL;
    struct err e = {0};
    int result;

    api_answer_init(&answer);
    if (buf_check(take_target, &e) != 0 || api_open(args, &api, &e) != 0 ||
        api_get(api, buf_text(take_target), &answer, &e) != 0) {
        result = say_fail(args, &e);
    } else {
        (cli_flag(args, "json") ? say_json : say)(answer.root);
        result = say_end(args, 0);
    }
    api_answer_fini(&answer);
    api_close(api);
    buf_fini(take_target);
    return result;
}
