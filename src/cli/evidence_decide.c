/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that ask before they are said: decide, sources, plan, encryption. */
#include "base/compiler.h"
#include "cli/evidence.h"
#include "cli/evidence_said.h"
#include "cli/say.h"
#include "evidence/case/decision.h"
#include "evidence/case/encryption.h"

#include <stdio.h>
#include <string.h>

enum { ITEMS = 64 };

/* Fills the object that is open. 1: told already why not. */
typedef int fill(const struct cli_args *args, struct json_writer *w, struct err *e);

static int run_with(const struct cli_args *args, const char *kind, fill *details_of,
                    const char *reason)
{
    struct evidence_appended told = {0};
    struct evidence_doing doing = {0};
    struct evidence_told said;
    struct err e = {0};
    struct json_writer w;
    struct buf details;
    buf_init(&details);
    json_write_init(&w, &details, 0);
    json_write_object(&w);
    int result = evidence_told_init(&said, args, &e);
    if (result == 0 && !said.said.reason)
        said.said.reason = reason;
    if (result == 0)
        result = details_of(args, &w, &e);
    if (result == 0) {
        json_write_object_end(&w);
        result = buf_check(&details, &e);
    }
    if (result == 0)
        result = evidence_doing_open(&doing, &said.said, &e);
    if (result == 0)
        result = evidence_doing_step(&doing, args->operands[0], NULL, kind, buf_slice(&details),
                                     &told, &e);
    evidence_doing_close(&doing);
    evidence_told_fini(&said);
    buf_fini(&details);
    if (result < 0)
        return say_end(args, say_fail(args, &e));
    if (result == 0)
        evidence_tell_step(args, args->operands[0], kind, &told);
    return say_end(args, result);
}

/* "QUESTION=ANSWER" among the --answer options. */
static const char *answer_of(void *context, const char *question)
{
    const struct cli_args *args = context;
    const char *given;
    size_t len = strlen(question);
    for (size_t i = 0; (given = cli_value_at(args, "answer", i)); i++)
        if (strncmp(given, question, len) == 0 && given[len] == '=')
            return given + len + 1;
    return NULL;
}

static int fill_decision(const struct cli_args *args, struct json_writer *w, struct err *e)
{
    const struct evidence_question *open;
    const char *power = cli_value(args, "power"), *decision = cli_value(args, "decision");
    const char *deviation = cli_value(args, "deviation");
    if (!power ||
        (strcmp(power, "on") != 0 && strcmp(power, "off") != 0 && strcmp(power, "none") != 0))
        return err_set(e, ERR_USAGE, "evidence.decision", "ISO/IEC 27037 section 7.1",
                       "--power on, off or none says which questions are asked");
    const char *suggested = evidence_decide(power, answer_of, (void *)args, w, &open, e);
    if (!suggested && !err_is_set(e)) {
        printf("next: --answer %s=yes|no   %s\n", open->id, open->text);
        return 1;
    }
    if (!suggested)
        return -1;
    json_member_string(w, "power", power);
    json_member_string(w, "suggested", suggested);
    json_member_string(w, "decision", decision ? decision : suggested);
    if (decision && strcmp(decision, suggested) != 0 && !deviation)
        return err_set(e, ERR_USAGE, "evidence.decision", "ISO/IEC 27037 section 6.5",
                       "the answers lead to \"%s\"; why it is \"%s\" instead, --deviation says "
                       "(acceptance rows 4, 15)",
                       suggested, decision);
    if (deviation)
        json_member_string(w, "deviation", deviation);
    return 0;
}

static int run_decide(const struct cli_args *args)
{
    return run_with(args, "decided", fill_decision, NULL);
}

static int fill_sources(const struct cli_args *args, struct json_writer *w, struct err *e)
{
    const char *type = cli_value(args, "source-type"), *question;
    size_t open = 0;
    if (!type || !evidence_source_question(type, 0))
        return err_set(e, ERR_USAGE, "evidence.sources", NULL,
                       "--source-type is static, transit, volatile, remote, backup, mobile, paper "
                       "or other");
    json_member_string(w, "source_type", type);
    json_write_name(w, "answers");
    json_write_array(w);
    for (size_t i = 0; (question = evidence_source_question(type, i)); i++) {
        char id[16];
        snprintf(id, sizeof id, "%zu", i + 1);
        const char *said = answer_of((void *)args, id);
        if (!said) {
            printf("open: --answer %s=TEXT   %s\n", id, question);
            open++;
            continue;
        }
        json_write_object(w);
        json_member_string(w, "question", question);
        json_member_string(w, "answer", said);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    return open ? 1 : 0;
}

static int run_sources(const struct cli_args *args)
{
    return run_with(args, "sources", fill_sources, "search for sources");
}

/* Is --order the one that is suggested? */
static bool follows(const char *order, const struct evidence_candidate *list, size_t count)
{
    for (size_t i = 0; order && i < count; i++) {
        size_t len = strcspn(order, ",");
        if (!slice_is(slice_of(order, len), list[i].name))
            return false;
        order += len + (order[len] == ',');
    }
    return !order || !*order;
}

static void write_order(struct json_writer *w, const char *order,
                        const struct evidence_candidate *list, size_t count)
{
    json_write_name(w, "order");
    json_write_array(w);
    for (size_t i = 0; !order && i < count; i++)
        json_write_string(w, list[i].name);
    while (order && *order) {
        size_t len = strcspn(order, ",");
        json_write_slice(w, slice_of(order, len));
        order += len + (order[len] == ',');
    }
    json_write_array_end(w);
}

static int fill_plan(const struct cli_args *args, struct json_writer *w, struct err *e)
{
    struct evidence_candidate list[ITEMS];
    char names[ITEMS][80];
    size_t count = 0;
    const char *order = cli_value(args, "order"), *deviation = cli_value(args, "deviation");
    for (const char *item; (item = cli_value_at(args, "item", count)); count++) {
        if (count == ITEMS)
            return err_set(e, ERR_LIMIT, "evidence.plan", NULL, "more than %d items", ITEMS);
        if (evidence_candidate_parse(item, &list[count], names[count], sizeof names[count], e) != 0)
            return -1;
    }
    if (count == 0)
        return err_set(e, ERR_USAGE, "evidence.plan", NULL, "what is to be taken? --item …");
    evidence_candidates_sort(list, count);
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "%2zu. %s (%s)\n", i + 1, list[i].name,
                evidence_volatility_word(list[i].volatility));
    bool same = follows(order, list, count);
    if (!same && !deviation)
        return err_set(e, ERR_USAGE, "evidence.plan", "RFC 3227 section 2.1",
                       "--order is another than the one above; --deviation says why (acceptance "
                       "row 9)");
    write_order(w, order, list, count);
    json_member_string(w, "follows", same ? "yes" : "no");
    if (!same)
        json_member_string(w, "deviation", deviation);
    json_write_name(w, "suggested");
    json_write_array(w);
    for (size_t i = 0; i < count; i++) {
        json_write_object(w);
        json_member_string(w, "name", list[i].name);
        json_member_string(w, "volatility", evidence_volatility_word(list[i].volatility));
        json_member_int(w, "relevance", list[i].relevance);
        json_member_int(w, "effort", list[i].effort);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    return 0;
}

static int run_plan(const struct cli_args *args)
{
    return run_with(args, "planned", fill_plan, "order of volatility, relevance and effort");
}

static int fill_encryption(const struct cli_args *args, struct json_writer *w, struct err *e)
{
    struct evidence_encryption found;
    const char *device = cli_value(args, "device");
    bool machine = cli_flag(args, "this-machine");
    if (!device && !machine)
        return err_set(e, ERR_USAGE, "evidence.encryption", NULL,
                       "--device PATH or --this-machine says where to look");
    if (evidence_encryption_look(device, machine, w, &found, e) != 0)
        return -1;
    if (cli_value(args, "keys"))
        json_member_string(w, "keys", cli_value(args, "keys"));
    if (found.open)
        fprintf(stderr,
                "tocsin: warning: %zu encrypted volumes are open: acquire them before the power "
                "goes\n",
                found.open);
    if (found.found)
        fprintf(stderr,
                "tocsin: warning: %zu encrypted volumes: without the key, an image of them "
                "is not readable\n",
                found.found);
    return 0;
}

static int run_encryption(const struct cli_args *args)
{
    return run_with(args, "encryption", fill_encryption, "search for encryption");
}

#define VERB_OF(symbol, word, about, list, function, more)                                         \
    const struct cli_verb symbol = {.name = word,                                                  \
                                    .operands = "FOLDER",                                          \
                                    .summary = about,                                              \
                                    .text = more,                                                  \
                                    .options = list,                                               \
                                    .option_count = ARRAY_LEN(list),                               \
                                    .uses = CLI_JSON,                                              \
                                    .least = 1,                                                    \
                                    .most = 1,                                                     \
                                    .run = function}

static const struct cli_option decide_options[] = {
    {"power", "STATE", "on, off or none: which questions are asked", 0, false},
    {"answer", "QUESTION=yes|no", "an answer; the next question is printed", 0, true},
    {"decision", "WORD", "collect, acquire or neither, where the answers lead elsewhere", 0, false},
    {"deviation", "REASON", "why it is decided otherwise", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB_OF(evidence_decide_verb, "decide", "collect, acquire or neither, by the questions of 27037",
        decide_options, run_decide,
        "Asks one question after the other, for what is powered on or off; the path is recorded.\n"
        "Exit code: 0 decided, 1 a question is open.\n");

static const struct cli_option sources_options[] = {
    {"source-type", "TYPE", "static, transit, volatile, remote, backup, mobile, paper, other", 0,
     false},
    {"answer", "N=TEXT", "what was found for question N", 0, true},
    EVIDENCE_SAID_OPTIONS,
};
VERB_OF(evidence_sources_verb, "sources", "the checklist of a kind of source", sources_options,
        run_sources, "Open questions are printed. Exit code: 0 recorded, 1 some are open.\n");

static const struct cli_option plan_options[] = {
    {"item", "NAME,VOLATILITY,RELEVANCE,EFFORT",
     "registers, kernel, memory, temporary, disk, remote-logs, topology, archive; low, medium, "
     "high",
     0, true},
    {"order", "NAME,NAME,…", "another order than the suggested one", 0, false},
    {"deviation", "REASON", "why", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB_OF(evidence_plan_verb, "plan", "in which order sources are taken", plan_options, run_plan,
        "The most volatile first (RFC 3227), then the most relevant, then the least effort.\n");

static const struct cli_option encryption_options[] = {
    {"device", "PATH", "a block device or image: its headers are looked at", 0, false},
    {"this-machine", NULL, "what this machine has decrypted now", 0, false},
    {"keys", "TEXT", "which keys and pass-phrases were seen, and where they are kept", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB_OF(evidence_encryption_verb, "encryption", "is anything encrypted, and open now",
        encryption_options, run_encryption, NULL);
