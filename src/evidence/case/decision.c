/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/decision.h"

#include <stdio.h>
#include <string.h>

static const struct evidence_question on[] = {
    {"authority", "Does the authority cover this item?", "safe", "=neither", NULL,
     "ask whoever gave the authority; note that it was not taken"},
    {"safe", "Is it safe to work here, for people and for the evidence?", "volatile", "=neither",
     NULL, "make the place safe first"},
    {"volatile", "Is anything needed that is lost when the power goes?", "live", "encrypted",
     "acquire in the order of volatility: tocsin evidence live", NULL},
    {"encrypted", "Is a volume or file system encrypted, and open now?", "live", "power-off",
     "do not power off: acquire while it is open, and record which keys and volumes were seen",
     NULL},
    {"live", "Can volatile data be acquired here with a tested tool?", "=acquire", "power-off",
     NULL, "note why not: it is lost from now on"},
    {"power-off", "May it be switched off (is nothing critical run by it)?", "remove", "=acquire",
     "pull the plug or shut down, and note which and why", "acquire it as it runs, or in part"},
    {"remove", "Can it be taken along?", "=collect", "=acquire", NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

static const struct evidence_question off[] = {
    {"authority", "Does the authority cover this item?", "safe", "=neither", NULL,
     "ask whoever gave the authority; note that it was not taken"},
    {"safe", "Is it safe to work here, for people and for the evidence?", "remove", "=neither",
     NULL, "make the place safe first"},
    {"remove", "Can it be taken along?", "=collect", "medium",
     "do not switch it on; take cables and power supply along", NULL},
    {"medium", "Can its medium be read here behind write protection?", "=acquire", "=neither", NULL,
     "note why neither is possible"},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

static const struct evidence_question *find(const struct evidence_question *tree, const char *id)
{
    for (; tree->id; tree++)
        if (strcmp(tree->id, id) == 0)
            return tree;
    return NULL;
}

static void put_advice(struct json_writer *w, const char *advice)
{
    if (advice)
        json_member_string(w, "advice", advice);
}

const char *evidence_decide(const char *power, evidence_answer *answer, void *context,
                            struct json_writer *w, const struct evidence_question **open,
                            struct err *e)
{
    const struct evidence_question *tree = strcmp(power, "on") == 0 ? on : off;
    const char *next = tree->id;
    *open = NULL;
    json_write_name(w, "path");
    json_write_array(w);
    while (next[0] != '=') { /* each step leads further down the tree, so this ends */
        const struct evidence_question *q = find(tree, next);
        const char *said = q ? answer(context, q->id) : NULL;
        if (!said) {
            *open = q;
            return NULL;
        }
        bool yes = strcmp(said, "yes") == 0;
        if (!yes && strcmp(said, "no") != 0) {
            err_set(e, ERR_USAGE, "evidence.decision", NULL, "the answer to \"%s\" is yes or no",
                    q->id);
            return NULL;
        }
        json_write_object(w);
        json_member_string(w, "question", q->id);
        json_member_string(w, "text", q->text);
        json_member_string(w, "answer", said);
        put_advice(w, yes ? q->advice_yes : q->advice_no);
        json_write_object_end(w);
        next = yes ? q->yes : q->no;
    }
    json_write_array_end(w);
    return next + 1;
}

struct checklist {
    const char *type;
    const char *questions[8];
};

static const struct checklist checklists[] = {
    {"static",
     {"internal disks, also those without a cable", "removable media, cards, sticks, discs",
      "disks in docking stations, printers, recorders", "hidden or encrypted volumes",
      "areas beyond the visible size (HPA, DCO, AMA)", NULL}},
    {"transit",
     {"where traffic can be captured without touching the item", "wireless networks in reach",
      "who else may be heard, and whether the authority covers that", NULL}},
    {"volatile",
     {"memory", "processes, sockets, open files", "mounted and decrypted volumes",
      "logged-in users and their sessions", "clipboard and unsaved documents", NULL}},
    {"remote",
     {"cloud accounts and who administers them", "mounted network drives",
      "virtual machines and their host", "logs at providers, and how long they are kept",
      "whether the authority reaches to where the data lie", NULL}},
    {"backup",
     {"backup media and their rotation", "snapshots", "synchronised copies on other devices",
      "archives outside of the house", NULL}},
    {"mobile",
     {"SIM and memory cards", "radio links cut (Faraday bag, flight mode)", "lock and its state",
      "paired devices and cloud copies", "power supply until it is acquired", NULL}},
    {"paper", {"notes with passwords", "diagrams of the network", "manuals and invoices", NULL}},
    {"other", {"what it is, and who can say what is on it", NULL}},
};

const char *evidence_source_question(const char *source_type, size_t index)
{
    for (size_t i = 0; i < ARRAY_LEN(checklists); i++)
        if (strcmp(checklists[i].type, source_type) == 0)
            return index < ARRAY_LEN(checklists[i].questions) ? checklists[i].questions[index]
                                                              : NULL;
    return NULL;
}

static const char *const volatility_words[] = {"registers", "kernel",      "memory",   "temporary",
                                               "disk",      "remote-logs", "topology", "archive"};
static const char *const degree_words[] = {"low", "medium", "high"};

const char *evidence_volatility_word(int volatility)
{
    return volatility >= 1 && volatility <= (int)ARRAY_LEN(volatility_words)
               ? volatility_words[volatility - 1]
               : "?";
}

static int word_of(const char *const *words, size_t count, struct slice text)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is(text, words[i]))
            return (int)i + 1;
    return 0;
}

int evidence_candidate_parse(const char *text, struct evidence_candidate *c, char *name,
                             size_t room, struct err *e)
{
    struct slice parts[4] = {{0}};
    size_t count = 0;
    for (const char *at = text; count < 4; count++) {
        size_t len = strcspn(at, ",");
        parts[count] = slice_of(at, len);
        if (!at[len]) {
            count++;
            break;
        }
        at += len + 1;
    }
    snprintf(name, room, "%.*s", SLICE_ARG(parts[0]));
    *c = (struct evidence_candidate){
        .name = name,
        .volatility = word_of(volatility_words, ARRAY_LEN(volatility_words), parts[1]),
        .relevance = word_of(degree_words, ARRAY_LEN(degree_words), parts[2]),
        .effort = word_of(degree_words, ARRAY_LEN(degree_words), parts[3])};
    if (count == 4 && name[0] && c->volatility && c->relevance && c->effort)
        return 0;
    err_set(e, ERR_USAGE, "evidence.plan", NULL,
            "an item is NAME,VOLATILITY,RELEVANCE,EFFORT, not \"%s\"", text);
    return err_hint(e, "volatility: registers, kernel, memory, temporary, disk, remote-logs, "
                       "topology or archive; relevance and effort: low, medium or high");
}

static bool before(const struct evidence_candidate *a, const struct evidence_candidate *b)
{
    if (a->volatility != b->volatility)
        return a->volatility < b->volatility;
    if (a->relevance != b->relevance)
        return a->relevance > b->relevance;
    return a->effort < b->effort;
}

void evidence_candidates_sort(struct evidence_candidate *list, size_t count)
{
    /* A list that somebody typed: insertion keeps equal ones in their order. */
    for (size_t i = 1; i < count; i++) {
        struct evidence_candidate c = list[i];
        size_t at = i;
        for (; at > 0 && before(&c, &list[at - 1]); at--)
            list[at] = list[at - 1];
        list[at] = c;
    }
}
