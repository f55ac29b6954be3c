/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin advisory match, asset match: matched anew by hand, one after the other. */
#include "cli/advisory.h"
#include "cli/asset.h"
#include "cli/change.h"
#include "cli/say.h"

static int match_each(const struct cli_args *args, const char *target, const char *name)
{
    struct api *api = NULL;
    struct err e = {0};
    int result = 0;

    if (api_open(args, &api, &e) != 0)
        return say_fail(args, &e);
    for (size_t i = 0; i < args->operand_count; i++) {
        struct api_answer answer;
        struct change_body body;
        struct err refused = {0};
        api_answer_init(&answer);
        change_begin(&body);
        change_text(&body, name, args->operands[i]);
        json_write_object_end(&body.json);
        if (api_post(api, target, &body.text, &answer, &refused) != 0)
            result = say_fail(args, &refused); /* one stops no other */
        change_fini(&body);
        api_answer_fini(&answer);
    }
    api_close(api);
    if (result == 0)
        puts("asked for; it is matched in its own time");
    return say_end(args, result);
}

int advisory_match(const struct cli_args *args)
{
    return match_each(args, "/v1/advisories/match", "advisory");
}

int asset_match(const struct cli_args *args)
{
    return match_each(args, "/v1/assets/match", "asset");
}
