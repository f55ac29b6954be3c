/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of custody whose verb does nothing but say them. What each must say, the table of kinds
 * knows (src/evidence/custody/kinds.c); here stands which option says it. */
#include "base/compiler.h"
#include "cli/evidence.h"
#include "cli/evidence_said.h"
#include "cli/say.h"
#include "evidence/case/attach.h"

#include <stdio.h>
#include <string.h>

enum how { TEXT, MANY, NUMBER, FILE_OF };

struct said {
    const char *option, *detail;
    enum how how;
    const char *hash; /* of a file: the member for its hash */
};

struct step {
    const char *verb, *kind;
    const char *reason; /* where the kind itself says why; NULL: --reason is asked for */
    struct said said[9];
};

static const struct step steps[] = {
    {"note", "note", "contemporaneous note", {{"text", "text", TEXT, NULL}}},
    {"correct",
     "correction",
     "correction of an earlier record",
     {{"record", "corrects", NUMBER, NULL}, {"text", "text", TEXT, NULL}}},
    {"attach",
     "attachment",
     "documentation",
     {{"file", "file", FILE_OF, "sha256"},
      {"shows", "shows", TEXT, NULL},
      {"taken", "taken", TEXT, NULL}}},
    {"arrive",
     "arrival",
     "state at arrival",
     {{"power", "power", TEXT, NULL},
      {"screen", "screen", TEXT, NULL},
      {"network", "network", TEXT, NULL},
      {"peripheral", "peripherals", MANY, NULL},
      {"process", "processes", MANY, NULL},
      {"condition", "condition", TEXT, NULL},
      {"clock-shows", "clock_shows", TEXT, NULL}}},
    {"collect",
     "collected",
     NULL,
     {{"condition", "condition", TEXT, NULL},
      {"packaging", "packaging", TEXT, NULL},
      {"seal-number", "seal_number", TEXT, NULL}}},
    {"package",
     "packaged",
     NULL,
     {{"packaging", "packaging", TEXT, NULL},
      {"seal-number", "seal_number", TEXT, NULL},
      {"shielding", "shielding", TEXT, NULL}}},
    {"store",
     "stored",
     NULL,
     {{"location", "location", TEXT, NULL},
      {"environment", "environment", TEXT, NULL},
      {"access", "access", TEXT, NULL},
      {"retain-until", "retain_until", TEXT, NULL}}},
    {"move", "moved", NULL, {{"from", "from", TEXT, NULL}, {"to", "to", TEXT, NULL}}},
    {"hold",
     "hold-set",
     NULL,
     {{"hold", "hold", TEXT, NULL}, {"ordered-by", "ordered_by", TEXT, NULL}}},
    {"lift",
     "hold-lifted",
     NULL,
     {{"hold", "hold", TEXT, NULL}, {"ordered-by", "ordered_by", TEXT, NULL}}},
    {"dispose",
     "disposed",
     NULL,
     {{"method", "method", TEXT, NULL},
      {"certificate", "certificate", FILE_OF, "certificate_sha256"},
      {"witness", "witness", TEXT, NULL}}},
    {"return", "returned", NULL, {{"to", "to", TEXT, NULL}, {"receipt", "receipt", TEXT, NULL}}},
    {"deviate",
     "deviation",
     NULL,
     {{"planned", "planned", TEXT, NULL}, {"done", "done", TEXT, NULL}}},
    {"pull",
     "pulled",
     NULL,
     {{"service", "service", TEXT, NULL},
      {"request-id", "request_id", TEXT, NULL},
      {"server-time", "server_time", TEXT, NULL},
      {"query", "query", TEXT, NULL},
      {"file", "file", FILE_OF, "sha256"}}},
    {"rekey",
     "key-change",
     NULL,
     {{"subject", "subject", TEXT, NULL},
      {"certificate-sha256", "certificate_sha256", TEXT, NULL}}},
    {"withdraw", "handover-withdrawn", NULL, {{"handover", "handover", TEXT, NULL}}},
    {"crosscheck",
     "repeated",
     NULL,
     {{"tool", "tool", TEXT, NULL},
      {"sha256", "sha256", TEXT, NULL},
      {"result", "result", TEXT, NULL}}},
};

static const struct step *step_of(const char *verb)
{
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (strcmp(steps[i].verb, verb) == 0)
            return &steps[i];
    return NULL;
}

static int put(const struct cli_args *args, const struct said *s, struct json_writer *w,
               struct evidence_attached *attached, struct err *e)
{
    const char *value = cli_value(args, s->option);
    int64_t number;
    if (!value)
        return 0; /* whether it is needed, the table of kinds says */
    switch (s->how) {
    case MANY:
        json_write_name(w, s->detail);
        json_write_array(w);
        for (size_t i = 0; cli_value_at(args, s->option, i); i++)
            json_write_string(w, cli_value_at(args, s->option, i));
        json_write_array_end(w);
        return 0;
    case NUMBER:
        if (cli_number(args, s->option, 1, 99999, 1, &number, e) != 0)
            return -1;
        json_member_int(w, s->detail, number);
        return 0;
    case FILE_OF:
        if (evidence_attach(args->operands[0], value, attached, e) != 0)
            return -1;
        evidence_attached_members(w, s->detail, s->hash, attached);
        return 0;
    default: json_member_string(w, s->detail, value); return 0;
    }
}

static int details_of(const struct cli_args *args, const struct step *step, struct buf *out,
                      struct evidence_attached *attached, struct err *e)
{
    struct json_writer w;
    json_write_init(&w, out, 0);
    json_write_object(&w);
    for (const struct said *s = step->said; s->option; s++)
        if (put(args, s, &w, attached, e) != 0)
            return -1;
    json_write_object_end(&w);
    return buf_check(out, e);
}

int evidence_step_run(const struct cli_args *args)
{
    const struct step *step = step_of(args->verb->name);
    struct evidence_attached attached = {0};
    struct evidence_appended told = {0};
    struct evidence_doing doing = {0};
    struct evidence_told said;
    struct err e = {0};
    struct buf details;
    buf_init(&details);
    int result = evidence_told_init(&said, args, &e);
    if (result == 0 && step->reason && !said.said.reason)
        said.said.reason = step->reason;
    if (result == 0)
        result = evidence_doing_open(&doing, &said.said, &e);
    if (result == 0)
        result = details_of(args, step, &details, &attached, &e);
    if (result == 0)
        result = evidence_doing_step(&doing, args->operands[0], NULL, step->kind,
                                     buf_slice(&details), &told, &e);
    if (result != 0)
        evidence_attach_undo(args->operands[0], &attached);
    evidence_doing_close(&doing);
    buf_fini(&details);
    evidence_told_fini(&said);
    if (result != 0)
        return say_end(args, say_fail(args, &e));
    evidence_tell_step(args, args->operands[0], step->kind, &told);
    return say_end(args, 0);
}

#define VERB(symbol, word, about, list, more)                                                      \
    const struct cli_verb symbol = {.name = word,                                                  \
                                    .operands = "FOLDER",                                          \
                                    .summary = about,                                              \
                                    .text = more,                                                  \
                                    .options = list,                                               \
                                    .option_count = ARRAY_LEN(list),                               \
                                    .uses = CLI_JSON,                                              \
                                    .least = 1,                                                    \
                                    .most = 1,                                                     \
                                    .run = evidence_step_run}

#define FOLDER_IS "FOLDER is a case, an exhibit's folder (CASE/exhibits/ID) or a bundle.\n"

static const struct cli_option note_options[] = {
    {"text", "TEXT", "the note", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_note_verb, "note", "write a note, which stays as it is", note_options,
     FOLDER_IS "What was wrong in one is put right by `tocsin evidence correct`.\n");

static const struct cli_option correct_options[] = {
    {"record", "N", "which record it is about", 0, false},
    {"text", "TEXT", "what is right", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_correct_verb, "correct", "say what is wrong in an earlier record", correct_options,
     FOLDER_IS "The earlier record stays as it is.\n");

static const struct cli_option attach_options[] = {
    {"file", "FILE", "photo, video, sketch, document", 0, false},
    {"shows", "TEXT", "what it shows", 0, false},
    {"taken", "TEXT", "when, and with what", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_attach_verb, "attach", "attach a file to a case or an exhibit, by its hash",
     attach_options, NULL);

static const struct cli_option arrive_options[] = {
    {"power", "STATE", "on, off, standby, none or unknown", 0, false},
    {"screen", "TEXT", "what the screen shows", 0, false},
    {"network", "TEXT", "cables and radio links", 0, false},
    {"peripheral", "TEXT", "what is connected", 0, true},
    {"process", "TEXT", "what runs, as far as it can be seen", 0, true},
    {"condition", "TEXT", "damage, dirt, stickers", 0, false},
    {"clock-shows", "TEXT", "what its clock shows", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_arrive_verb, "arrive", "the state in which an exhibit was found", arrive_options,
     "Photos of it: `tocsin evidence attach`.\n");

static const struct cli_option collect_options[] = {
    {"condition", "TEXT", "its condition", 0, false},
    {"packaging", "TEXT", "bag, box, anti-static, Faraday", 0, false},
    {"seal-number", "TEXT", "number of the seal, or \"none\" with the reason", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_collect_verb, "collect", "an exhibit is taken along", collect_options, NULL);

static const struct cli_option package_options[] = {
    {"packaging", "TEXT", "bag, box, anti-static", 0, false},
    {"seal-number", "TEXT", "number of the seal", 0, false},
    {"shielding", "TEXT", "Faraday bag, flight mode", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_package_verb, "package", "an exhibit is put into a bag and sealed", package_options,
     NULL);

static const struct cli_option store_options[] = {
    {"location", "TEXT", "room, safe, shelf", 0, false},
    {"environment", "TEXT", "temperature, humidity, magnetic fields", 0, false},
    {"access", "TEXT", "who can get at it, and how that is controlled", 0, false},
    {"retain-until", "DATE", "how long it is kept", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_store_verb, "store", "where an exhibit is kept", store_options, NULL);

static const struct cli_option move_options[] = {
    {"from", "TEXT", "from where", 0, false},
    {"to", "TEXT", "to where", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_move_verb, "move", "an exhibit is brought to another place by one person",
     move_options,
     FOLDER_IS "To another person: `tocsin evidence give`. What was moved is checked before it is\n"
               "worked on again (`tocsin evidence verify`).\n");

static const struct cli_option hold_options[] = {
    {"hold", "ID", "the hold's identifier", 0, false},
    {"ordered-by", "NAME", "who orders it", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_hold_verb, "hold", "it must not be disposed of or returned", hold_options, FOLDER_IS);
VERB(evidence_lift_verb, "lift", "a hold is over", hold_options, FOLDER_IS);

static const struct cli_option dispose_options[] = {
    {"method", "TEXT", "how it was destroyed", 0, false},
    {"certificate", "FILE", "the certificate of it, which is attached", 0, false},
    {"witness", "NAME", "who saw it", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_dispose_verb, "dispose", "an exhibit was destroyed", dispose_options,
     "Refused while there is a hold. Nothing is deleted by this: it records what was done.\n");

static const struct cli_option return_options[] = {
    {"to", "NAME", "to whom", 0, false},
    {"receipt", "TEXT", "number of the receipt", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_return_verb, "return", "an exhibit was given back to its owner", return_options,
     NULL);

static const struct cli_option deviate_options[] = {
    {"planned", "TEXT", "what was planned, or is the rule", 0, false},
    {"done", "TEXT", "what was done instead", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_deviate_verb, "deviate", "something was not done as planned", deviate_options,
     FOLDER_IS);

static const struct cli_option pull_options[] = {
    {"service", "NAME", "whose records they are: host, cloud service", 0, false},
    {"request-id", "ID", "as the service gave it", 0, false},
    {"server-time", "TIME", "the time that the service's answer names", 0, false},
    {"query", "TEXT", "what was asked", 0, false},
    {"file", "FILE", "the answer, which is attached", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_pull_verb, "pull", "records of a service were fetched", pull_options, NULL);

static const struct cli_option rekey_options[] = {
    {"subject", "NAME", "whose key changes, as the certificate has it", 0, false},
    {"certificate-sha256", "HASH", "sha256:… of the new certificate (DER)", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_rekey_verb, "rekey", "somebody signs with another key from now on", rekey_options,
     "Signed with the old key, or by somebody else. Without it, a person's second certificate in "
     "a\nlog makes it unsound.\n");

static const struct cli_option withdraw_options[] = {
    {"handover", "ID", "which", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_withdraw_verb, "withdraw", "a handover did not take place", withdraw_options, NULL);

static const struct cli_option crosscheck_options[] = {
    {"tool", "NAME", "with what: name and version", 0, false},
    {"sha256", "HASH", "what it came to", 0, false},
    {"result", "WORD", "same or changed", 0, false},
    EVIDENCE_SAID_OPTIONS,
};
VERB(evidence_crosscheck_verb, "crosscheck",
     "it was read again, or by another tool, and what came of it", crosscheck_options, FOLDER_IS);
