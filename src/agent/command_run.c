/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin-agent run; bundle apply */
#include "agent/command.h"
#include "agent/offline.h"
#include "agent/run.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

static enum log_level level_of(const char *name)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(name, names[i]) == 0)
            return (enum log_level)i;
    return LOG_LEVEL_INFO;
}

int command_run(int argc, char **argv)
{
    static const char usage[] =
        "tocsin-agent run [--home DIR] [--once]\n\n"
        "Connects to the centre, takes in notices, runs the hook, acknowledges. Ends on SIGTERM.\n"
        "  --once  takes in what is there, does all that is due, and ends: 0 when all of it was\n"
        "          done, 1 when something was refused, 3 when it could not be done now";
    const char *home = AGENT_HOME;
    int once = 0;
    const struct option_of options[] = {{"home", &home, NULL}, {"once", NULL, &once}};
    struct agent agent;
    struct err e = {0};
    int result = command_options(argc, argv, options, ARRAY_LEN(options), NULL, 0, usage);

    if (result < 0)
        return result == -2 ? 0 : 2;
    result = agent_open(&agent, home, AGENT_CHANGE, &e);
    if (result == 0) {
        log_setup("agent", level_of(agent.config.log));
        result = once ? run_once(&agent, &e) : run_forever(&agent, &e);
    }
    agent_close(&agent);
    return result == 0 ? 0 : command_failed("run", &e);
}

int command_bundle(int argc, char **argv)
{
    static const char usage[] =
        "tocsin-agent bundle apply BUNDLE.tar --answer FILE [--home DIR] [--json]\n\n"
        "Takes in a signed bundle without a connection: verifies it, hands its notices to the "
        "hook,\n"
        "finds out which advisories concern this device, and writes the answer to carry back.\n"
        "Ends with 0 when it was applied, 1 when the bundle or an advisory in it is not as it\n"
        "should be or the journal contradicts itself.";
    const char *home = AGENT_HOME, *answer = NULL, *words[2];
    int json = 0;
    const struct option_of options[] = {
        {"home", &home, NULL}, {"answer", &answer, NULL}, {"json", NULL, &json}};
    struct offline_found found = {0};
    struct agent agent;
    struct err e = {0};
    int result = command_options(argc, argv, options, ARRAY_LEN(options), words, 2, usage);

    if (result == -2)
        return 0;
    if (result != 2 || strcmp(words[0], "apply") != 0 || !answer) {
        if (result >= 0)
            fprintf(stderr, "tocsin-agent: bundle: a bundle and --answer are needed\nusage: %s\n",
                    usage);
        return 2;
    }
    result = agent_open(&agent, home, AGENT_CHANGE, &e);
    if (result == 0) {
        struct offline_request request = {
            .bundle = words[1], .answer = answer, .out = stdout, .json = json != 0};
        log_setup("agent", level_of(agent.config.log));
        result = offline_apply(&agent, &request, &found, &e);
    }
    bool alarm = result == 0 && agent.state.alarm;
    agent_close(&agent);
    if (result != 0)
        return command_failed("bundle apply", &e);
    return alarm || found.unreadable ? 1 : 0;
}
