/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/say.h"
#include "evidence/custody.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/kinds.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct looking {
    const struct cli_args *args;
    bool json, unsound;
    struct buf out;
    struct json_writer w;
};

static void put_text(const char *label, struct slice text)
{
    if (!text.len)
        return;
    fputs("     ", stdout);
    say_text(stdout, slice_str(label)); /* a member's name, too, is what somebody wrote */
    fputs(": ", stdout);
    say_text(stdout, text);
    putchar('\n');
}

static void put_value(const struct json_value *v, const char *name)
{
    struct buf text;
    if (json_is(v, JSON_STRING)) {
        put_text(name, json_string(v));
        return;
    }
    struct json_writer w;
    buf_init(&text);
    json_write_init(&w, &text, 0);
    json_write_value(&w, v);
    put_text(name, output_slice(stdout, &text));
    buf_fini(&text);
}

/* Row 1: with what, by which command. */
static void put_tool(const struct json_value *tool)
{
    struct buf text;
    buf_init(&text);
    buf_put_slice(&text, json_get_string(tool, "name"));
    buf_putc(&text, ' ');
    buf_put_slice(&text, json_get_string(tool, "version"));
    buf_putc(&text, ' ');
    buf_put_slice(&text, json_get_string(tool, "sha256"));
    json_each(word, json_get(tool, "command"))
    {
        buf_puts(&text, word == json_first(json_get(tool, "command")) ? ": " : " ");
        buf_put_slice(&text, json_string(word));
    }
    if (json_is(tool, JSON_OBJECT))
        put_text("with", output_slice(stdout, &text));
    buf_fini(&text);
}

static int show_record(void *context, const struct evidence_custody_record *r, struct err *e)
{
    struct looking *l = context;
    char at[TIME_TEXT];
    (void)e;
    if (l->json) {
        json_write_value(&l->w, r->root);
        return 0;
    }
    time_format(r->at, at);
    printf("%4" PRIu64 "  %s  ", r->number, at);
    say_styled(stdout, SAY_STRONG, r->kind);
    fputs("  ", stdout);
    say_text(stdout, json_string(evidence_path(r->root, "actor.name")));
    fputs(" (", stdout);
    say_text(stdout, json_string(evidence_path(r->root, "actor.role")));
    fputs(")\n", stdout);
    put_text("where", json_get_string(r->root, "place"));
    put_text("why", json_get_string(r->root, "reason"));
    put_text("by", json_string(evidence_path(r->root, "authority.id")));
    put_tool(json_get(r->root, "tool"));
    json_each(v, json_get(r->root, "warnings")) put_text("WARNING", json_get_string(v, "text"));
    json_each(v, json_get(r->root, "details"))
    {
        char name[64];
        snprintf(name, sizeof name, "%.*s", SLICE_ARG(json_name(v)));
        put_value(v, name);
    }
    return 0;
}

/* One note of what was done without a record. */
static int show_note(void *context, const struct json_value *note, struct err *e)
{
    struct looking *l = context;
    (void)e;
    if (l->json) {
        if (note)
            json_write_value(&l->w, note);
        return 0;
    }
    fputs("   -  ", stdout);
    say_text(stdout, json_get_string(note, "at"));
    fputs("  ", stdout);
    say_styled(stdout, SAY_DOUBT, slice_str("UNRECORDED"));
    fputs("  ", stdout);
    say_text(stdout, json_get_string(note, "kind"));
    fputs(" (a note that nobody signed)\n", stdout);
    put_text("why", json_get_string(note, "reason"));
    put_tool(json_get(note, "tool"));
    const struct json_value *parts[] = {json_get(note, "process"), json_get(note, "details")};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        json_each(v, parts[i])
        {
            char name[64];
            snprintf(name, sizeof name, "%.*s", SLICE_ARG(json_name(v)));
            put_value(v, name);
        }
    return 0;
}

static int show_notes(struct looking *l, const char *holder, struct err *e)
{
    if (l->json) {
        json_write_name(&l->w, "unrecorded");
        json_write_array(&l->w);
    }
    int result = evidence_unrecorded_each(holder, show_note, l, e);
    if (l->json)
        json_write_array_end(&l->w);
    return result;
}

static int show_holder(void *context, const char *holder, struct err *e)
{
    struct looking *l = context;
    struct err why = {0};
    if (l->json) {
        json_write_object(&l->w);
        json_member_string(&l->w, "holder", holder);
        json_write_name(&l->w, "records");
        json_write_array(&l->w);
    } else {
        say_styled(stdout, SAY_STRONG, slice_str(holder));
        putchar('\n');
    }
    int result = evidence_custody_read(holder, show_record, l, &why);
    if (l->json)
        json_write_array_end(&l->w);
    int noted = show_notes(l, holder, e);
    if (l->json)
        json_write_object_end(&l->w);
    if (result != 0 && why.kind == ERR_NOT_FOUND && !l->json)
        puts("     no custody log");
    if (result != 0 && why.kind == ERR_MEMORY) {
        *e = why;
        return -1;
    }
    if (result != 0 && why.kind != ERR_NOT_FOUND) { /* the next holder's is shown all the same */
        l->unsound = true;
        err_context(&why, "the log of %s cannot be read any further", holder);
        (void)say_fail(l->args, &why);
    }
    return noted;
}

static void verdict_json(struct looking *l, const char *holder,
                         const struct evidence_custody_state *s)
{
    struct json_writer *w = &l->w;
    json_write_object(w);
    json_member_string(w, "path", holder);
    json_member_string(w, "holder", s->holder);
    json_member_string(w, "log", s->log);
    json_member_bool(w, "sound", s->sound);
    json_member_bool(w, "certificates_checked", s->chain_checked);
    json_member_int(w, "records", (int64_t)s->count);
    json_member_int(w, "unrecorded", (int64_t)s->unrecorded);
    json_member_int(w, "vouched_keys", (int64_t)s->vouched_keys);
    json_member_hex(w, "head", slice_of(s->head, sizeof s->head));
    json_member_bool(w, "gate_open", s->gate_open);
    json_member_string(w, "gate_why", s->gate_why);
    json_member_string(w, "custodian", s->custodian);
    json_member_int(w, "open_handovers", (int64_t)s->open_count);
    json_member_int(w, "holds", (int64_t)s->hold_count);
    json_write_name(w, "begun");
    json_write_array(w);
    for (size_t i = 0; i < s->begun_count; i++) {
        json_write_object(w);
        json_member_int(w, "record", (int64_t)s->begun[i].record);
        json_member_string(w, "what", s->begun[i].what);
        json_member_string(w, "to", s->begun[i].to);
        json_member_time(w, "at", s->begun[i].at);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_name(w, "problems");
    json_write_array(w);
    for (size_t i = 0; i < s->problem_count; i++) {
        json_write_object(w);
        json_member_string(w, "what", s->problems[i].what);
        json_member_string(w, "where", s->problems[i].where);
        json_member_string(w, "text", s->problems[i].text);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}

static void tell_unrecorded(const struct evidence_custody_state *s)
{
    if (s->unrecorded)
        printf("  %" PRIu64 " times something was done without a record, as unsigned notes say: "
               "tocsin evidence custody show\n",
               s->unrecorded);
}

static void verdict_text(const char *holder, const struct evidence_custody_state *s)
{
    say_text(stdout, slice_str(holder));
    printf(": %" PRIu64 " records, ", s->count);
    say_styled(stdout, s->sound ? SAY_GOOD : SAY_BAD, slice_str(s->sound ? "sound" : "NOT SOUND"));
    puts(s->chain_checked ? "; every certificate leads to the roots given"
                          : "; who vouches for the certificates was not checked (--roots)");
    tell_unrecorded(s);
    if (s->vouched_keys)
        printf("  %" PRIu64 " keys changed on the word of somebody else, not of who signs with "
               "them: see the records key-change\n",
               s->vouched_keys);
    for (size_t i = 0; i < s->begun_count; i++) {
        char at[TIME_TEXT];
        time_format(s->begun[i].at, at);
        printf("  record %" PRIu64 " began at %s what is to be \"", s->begun[i].record, at);
        say_text(stdout, slice_str(s->begun[i].what));
        fputs("\" to ", stdout);
        say_text(stdout, slice_str(s->begun[i].to));
        puts(strcmp(s->begun[i].what, "wrapped") == 0
                 ? "; no record here says that it was done, as in the log that was wrapped"
                 : "; no record says that it was done, or was not: it is under way, or was broken "
                   "off");
    }
    for (size_t i = 0; i < s->problem_count; i++) {
        fputs("  ", stdout);
        say_text(stdout, slice_str(s->problems[i].what));
        fputs(": ", stdout);
        say_text(stdout, slice_str(s->problems[i].text));
        if (s->problems[i].where[0]) {
            fputs(" (", stdout);
            say_text(stdout, slice_str(s->problems[i].where));
            putchar(')');
        }
        putchar('\n');
    }
}

static int verify_holder(void *context, const char *holder, struct err *e)
{
    struct looking *l = context;
    struct evidence_custody_state state;
    struct err why = {0};
    int result = evidence_custody_verify(holder, cli_value(l->args, "roots"), &state, &why);
    if (result == 0) {
        l->unsound |= !state.sound;
        if (l->json)
            verdict_json(l, holder, &state);
        else
            verdict_text(holder, &state);
    }
    if (result != 0 && why.kind == ERR_NOT_FOUND) {
        l->unsound = true;
        if (!l->json) {
            say_text(stdout, slice_str(holder));
            puts(": no custody log");
            tell_unrecorded(&state);
        } else {
            json_write_object(&l->w);
            json_member_string(&l->w, "path", holder);
            json_member_bool(&l->w, "sound", false);
            json_member_int(&l->w, "records", 0);
            json_member_int(&l->w, "unrecorded", (int64_t)state.unrecorded);
            json_write_object_end(&l->w);
        }
        result = 0;
    } else if (result != 0) {
        *e = why;
    }
    evidence_custody_state_fini(&state);
    return result;
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct looking l = {.args = args, .json = cli_flag(args, "json")};
    const char *verb = args->operands[0];
    bool verify = strcmp(verb, "verify") == 0;
    if (!verify && strcmp(verb, "show") != 0) {
        err_set(&e, ERR_USAGE, "cli.operands", NULL,
                "custody show FOLDER or custody verify FOLDER");
        return say_fail(args, &e);
    }
    buf_init(&l.out);
    json_write_init(&l.w, &l.out, 0);
    json_write_array(&l.w);
    int result =
        evidence_holder_all(args->operands[1], verify ? verify_holder : show_holder, &l, &e);
    json_write_array_end(&l.w);
    if (result == 0 && l.json)
        output_line(stdout, &l.out);
    buf_fini(&l.out);
    if (result != 0) {
        int code = say_fail(args, &e);
        return say_end(args, verify && code == 1 ? 1 : 3);
    }
    return say_end(args, l.unsound ? 1 : 0);
}

static const struct cli_option options[] = {
    {"roots", "FILE", "certificates (PEM) that vouch for who signs", 0, false},
};

const struct cli_verb evidence_custody_verb = {
    .name = "custody",
    .operands = "show|verify FOLDER",
    .summary = "the records of who did what, and whether they hold together",
    .text =
        "FOLDER is a case, an exhibit's folder or a bundle; of a case, each log in it. `verify`\n"
        "holds every record against its signature, the one before it, the signed count, the files\n"
        "whose hashes it names, the seal, and receipts that came back.\n"
        "`show` shows each as far as it can be read.\n"
        "Exit code: 0 sound, 1 not (show: one cannot be read to its end), 3 could not find out.\n",
    .examples = "  tocsin evidence custody verify case-7 --roots roots.pem\n",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .uses = CLI_JSON,
    .least = 2,
    .most = 2,
    .run = run,
};
