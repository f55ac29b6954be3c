/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin bundle apply: the agent's own code, on the agent's folder. */
#include "agent/offline.h"
#include "cli/bundle.h"
#include "cli/say.h"

int bundle_apply(const struct cli_args *args)
{
    const char *home = cli_value(args, "agent-home");
    struct offline_found found = {0};
    struct agent agent;
    struct err e = {0};

    const struct offline_request request = {.bundle = args->operands[0],
                                            .answer = cli_value(args, "answer"),
                                            .out = stdout,
                                            .json = cli_flag(args, "json")};
    if (!request.answer) {
        err_set(&e, ERR_USAGE, "cli.operands", NULL, "--answer is missing");
        err_hint(&e, "--answer FILE: what goes back on the stick");
        return say_fail(args, &e);
    }
    int result = agent_open(&agent, home ? home : "/var/lib/tocsin-agent", AGENT_CHANGE, &e);
    if (result == 0)
        result = offline_apply(&agent, &request, &found, &e);
    bool alarm = result == 0 && agent.state.alarm;
    agent_close(&agent);
    if (result != 0)
        return say_fail(args, &e);
    return say_end(args, alarm || found.unreadable ? 1 : 0);
}
