/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin evidence record verify, show */
#include "base/compiler.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_record.h"
#include "cli/say.h"
#include "crypto/pem.h"
#include "evidence/record/syntax.h"

#include <inttypes.h>

enum { AGILITY = 16, DAY = 10 };

int evidence_record_read(const char *path, struct buf *der, struct err *e)
{
    struct buf text;
    buf_init(&text);
    int result = file_read(path, 2 * EVIDENCE_RECORD_MOST, &text, e);
    /* records are handed around as base64 too: that of a SEQUENCE begins with M */
    bool plain = text.len == 0 || text.data[0] != 'M';
    if (result == 0 && plain)
        buf_put_slice(der, buf_slice(&text));
    else if (result == 0 && base64_parse_lines(buf_slice(&text), der) != 0)
        result = err_set(e, ERR_INPUT, "record.base64", "RFC 4648 section 4",
                         "neither DER nor base64 of it");
    if (result == 0)
        result = buf_check(der, e);
    buf_reset(&text);
    int carried = result == 0 ? evidence_record_of_cms(buf_slice(der), &text, e) : 0;
    if (carried == 1) {
        buf_reset(der);
        buf_put_slice(der, buf_slice(&text));
        result = buf_check(der, e);
    } else if (carried < 0) {
        result = -1;
    }
    buf_fini(&text);
    return result == 0 ? 0 : err_context(e, "%s", path);
}

static int time_of(const char *text, int64_t *time, struct err *e)
{
    char whole[TIME_TEXT];
    size_t len = strlen(text);
    if (len == DAY) {
        snprintf(whole, sizeof whole, "%sT23:59:59Z", text);
        text = whole;
    }
    return time_parse(slice_str(text), time, e);
}

int evidence_record_time(const struct cli_args *args, const char *name, int64_t fallback,
                         int64_t *time, struct err *e)
{
    const char *text = cli_value(args, name);
    *time = fallback;
    if (!text || time_of(text, time, e) == 0)
        return 0;
    e->kind = ERR_USAGE;
    return err_context(e, "--%s", name);
}

/* --weak SHA-256=2030-12-31 */
static int agility_of(const struct cli_args *args, struct evidence_agility said[AGILITY],
                      size_t *count, struct err *e)
{
    const char *text;
    for (*count = 0; (text = cli_value_at(args, "weak", *count)); (*count)++) {
        const char *equals = strchr(text, '=');
        if (*count == AGILITY)
            return err_set(e, ERR_USAGE, "cli.option", NULL, "--weak at most %d times", AGILITY);
        struct evidence_agility *one = &said[*count];
        one->hash = equals ? evidence_hash_by_name(slice_of(text, (size_t)(equals - text))) : NULL;
        if (!one->hash || time_of(equals + 1, &one->until, e) != 0) {
            err_clear(e);
            return err_set(e, ERR_USAGE, "cli.option", NULL,
                           "--weak is an algorithm and a day, SHA-256=2030-12-31, not \"%s\"",
                           text);
        }
    }
    return 0;
}

static const char *day(int64_t time, char text[TIME_TEXT])
{
    time_format(time - time % 1000000, text);
    return text;
}

static void field_time(struct json_writer *w, const char *name, int64_t time)
{
    if (time)
        json_member_time(w, name, time);
}

static void step_json(struct json_writer *w, const struct evidence_record_step *s)
{
    json_write_object(w);
    json_member_int(w, "chain", (int64_t)s->chain);
    json_member_int(w, "time_stamp", (int64_t)s->stamp);
    json_member_int(w, "offset", (int64_t)s->offset);
    if (s->read) {
        json_member_time(w, "time", s->at);
        json_member_int(w, "accuracy_us", s->accuracy);
        json_member_string(w, "hash", s->hash);
        json_member_string(w, "policy", s->policy);
        json_member_string(w, "serial", s->serial);
        json_member_int(w, "hash_lists", (int64_t)s->lists);
        json_member_int(w, "hash_values", (int64_t)s->values);
        json_member_bool(w, "single_value_as_it_stands", s->lone);
    }
    json_member_bool(w, "hashes_fit", s->hashes_fit);
    json_member_bool(w, "signature_holds", s->signature_holds);
    if (s->signature_holds) {
        json_member_string(w, "signer", s->signer);
        json_member_string(w, "signature", s->signature);
    }
    field_time(w, "held_against", s->held_against);
    json_member_bool(w, "vouched", s->vouched);
    if (s->vouched) {
        json_member_string(w, "root", s->root);
        json_member_string(w, "revocation", s->revoked);
        field_time(w, "revocation_said_at", s->revocation_at);
    }
    json_write_object_end(w);
}

static void problems_json(struct json_writer *w, const struct evidence_record_verdict *v)
{
    json_write_name(w, "problems");
    json_write_array(w);
    for (size_t i = 0; i < v->problem_count; i++) {
        const struct evidence_record_problem *p = &v->problems[i];
        json_write_object(w);
        json_member_string(w, "code", p->code);
        json_member_string(w, "where", p->where);
        json_member_string(w, "text", p->text);
        json_member_string(w, "clause", p->clause);
        if (p->hint[0])
            json_member_string(w, "hint", p->hint);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void tell_json(const char *path, const struct evidence_record_verdict *v)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line);
    json_write_init(&w, &line, 0);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-evidence-record-verdict/v1");
    json_member_string(&w, "record", path);
    json_member_bool(&w, "proven", v->proven);
    json_member_int(&w, "files", (int64_t)v->files);
    json_member_bool(&w, "data_fits", v->data_fits);
    json_member_bool(&w, "whole_group", v->whole_group);
    json_member_int(&w, "hashes_of_other_data", (int64_t)v->others);
    json_member_bool(&w, "hashes_fit", v->hashes_fit);
    json_member_bool(&w, "signatures_hold", v->signatures_hold);
    json_member_bool(&w, "vouched", v->vouched);
    json_member_bool(&w, "algorithms_secure", v->strong);
    field_time(&w, "since", v->since);
    json_member_time(&w, "at", v->at);
    if (v->hash)
        json_member_string(&w, "hash", v->hash);
    field_time(&w, "certificate_ends", v->valid_until);
    if (v->encryption)
        json_member_string(&w, "encryption", v->encryption);
    json_write_name(&w, "time_stamps");
    json_write_array(&w);
    for (size_t i = 0; i < v->step_count; i++)
        step_json(&w, &v->steps[i]);
    json_write_array_end(&w);
    json_write_name(&w, "not_covered");
    json_write_array(&w);
    for (size_t i = 0; i < v->uncovered_count; i++)
        json_write_string(&w, v->uncovered[i]);
    json_write_array_end(&w);
    problems_json(&w, v);
    json_write_object_end(&w);
    output_line(stdout, &line);
    buf_fini(&line);
}

static void tell_step(const struct evidence_record_step *s)
{
    char when[TIME_TEXT];
    printf("  %zu.%zu  ", s->chain, s->stamp);
    if (!s->read) {
        printf("cannot be read (offset %zu)\n", s->offset);
        return;
    }
    printf("%s  %s", day(s->at, when), s->hash);
    if (s->lists)
        printf(", %zu hash%s in %zu list%s", s->values, s->values == 1 ? "" : "es", s->lists,
               s->lists == 1 ? "" : "s");
    printf("\n       hashes %s, signature %s", s->hashes_fit ? "fit" : "DO NOT FIT",
           s->signature_holds ? "holds" : "NOT ACCEPTED");
    if (s->lone)
        printf("; the one value of its first list is taken as it stands");
    if (s->signature_holds) {
        printf(" (%s)\n       by ", s->signature);
        say_text(stdout, slice_str(s->signer));
    }
    if (s->vouched) {
        printf("\n       vouched for at %s by ", day(s->held_against, when));
        say_text(stdout, slice_str(s->root));
        printf("; revocation: %s", s->revoked);
        if (s->revocation_at)
            printf(" (said at %s)", day(s->revocation_at, when));
    }
    fputc('\n', stdout);
}

static void tell_problems(const struct evidence_record_verdict *v)
{
    for (size_t i = 0; i < v->problem_count; i++) {
        const struct evidence_record_problem *p = &v->problems[i];
        fputs("  ", stdout);
        say_text(stdout, slice_str(p->text));
        fputs(" (", stdout);
        say_text(stdout, slice_str(p->where));
        printf("; %s)\n", p->clause);
        if (p->hint[0]) {
            fputs("    ", stdout);
            say_text(stdout, slice_str(p->hint));
            fputc('\n', stdout);
        }
    }
}

/* What is proven, and what is not. */
static void tell_meaning(const struct evidence_record_verdict *v)
{
    char since[TIME_TEXT], at[TIME_TEXT];
    if (v->proven) {
        printf("  proven for %s: ", day(v->at, at));
        say_count(stdout, (int64_t)v->files, "this file", "these files");
        printf(" existed at %s, and not a byte has changed since\n", day(v->since, since));
        printf("  it rests on %s, on the keys of the time-stamping authorities and on the roots "
               "that you trust\n",
               v->hash);
        printf("  not proven: who made the data, when before that time, and what their names "
               "are\n");
    } else if (v->files == 0) {
        printf("  no data were given: nothing is proven of any\n");
    } else if (v->problem_count == 0 && !v->vouched) {
        printf("  sound, but nobody vouches for the time-stamps: --tsa-roots says whom you "
               "trust\n");
    }
    if (v->others)
        printf("  the record is about %zu more hash%s, of data that were not given\n", v->others,
               v->others == 1 ? "" : "es");
    for (size_t i = 0; i < v->uncovered_count; i++) {
        fputs("  not covered, it came later: ", stdout);
        say_text(stdout, slice_str(v->uncovered[i]));
        fputc('\n', stdout);
    }
    if (v->encryption)
        say_around(stdout, "  the data were encrypted when they were hashed (method ",
                   v->encryption, "), and are not opened\n");
    if (v->valid_until)
        printf("  renew before %s, when the certificate of the last time-stamp ends\n",
               day(v->valid_until, at));
}

static void tell(const char *path, const struct evidence_record_verdict *v, bool asked)
{
    say_text(stdout, slice_str(path));
    if (asked) {
        fputs(": ", stdout);
        say_styled(stdout, v->proven ? SAY_GOOD : SAY_BAD,
                   slice_str(v->proven ? "proven" : "NOT PROVEN"));
    }
    fputc('\n', stdout);
    tell_problems(v);
    for (size_t i = 0; i < v->step_count; i++)
        tell_step(&v->steps[i]);
    tell_meaning(v);
}

static int judge(const struct cli_args *args, struct evidence_record_options *options, bool asked)
{
    struct evidence_record_verdict verdict = {0};
    struct err e = {0};
    struct buf der;
    char beside[4096];
    const char *path = args->operands[0];
    buf_init(&der);
    if (!options->revocation) {
        snprintf(beside, sizeof beside, "%s.revocation", path);
        options->revocation = beside;
    }
    int result = evidence_record_read(path, &der, &e);
    if (result == 0)
        result = evidence_record_verify(buf_slice(&der), options, &verdict, &e);
    int code = result == 0 ? asked && !verdict.proven : 3;
    if (result != 0) {
        int said = say_fail(args, &e);
        code = e.kind == ERR_INPUT || e.kind == ERR_USAGE || e.kind == ERR_LIMIT ? said : 3;
    } else if (cli_flag(args, "json")) {
        tell_json(path, &verdict);
    } else {
        tell(path, &verdict, asked);
    }
    evidence_record_verdict_fini(&verdict);
    buf_fini(&der);
    return code;
}

static int run_verify(const struct cli_args *args)
{
    struct err e = {0};
    struct evidence_agility said[AGILITY];
    struct evidence_record_options options = {.data = args->operands + 1,
                                              .data_count = args->operand_count - 1,
                                              .roots_pem = cli_value(args, "tsa-roots"),
                                              .revocation = cli_value(args, "revocation"),
                                              .agility = said};
    if (evidence_record_time(args, "at", 0, &options.at, &e) != 0 ||
        agility_of(args, said, &options.agility_count, &e) != 0)
        return say_fail(args, &e);
    return say_end(args, judge(args, &options, true));
}

static int run_show(const struct cli_args *args)
{
    struct evidence_record_options options = {0};
    return say_end(args, judge(args, &options, false));
}

static const struct cli_option verify_options[] = {
    {"tsa-roots", "FILE", "certificates (PEM) that you trust to vouch for time-stamps", 0, false},
    {"revocation", "FOLDER", "revocation lists and OCSP answers (default: RECORD.revocation)", 0,
     false},
    {"at", "TIME", "for when it must be proven (default: now)", 0, false},
    {"weak", "HASH=DAY", "not secure any more after that day, as you know better", 0, true},
};

const struct cli_verb evidence_record_verify_verb = {
    .name = "record verify",
    .operands = "RECORD FILE|BUNDLE…",
    .summary = "do these data exist unchanged since the time of an evidence record",
    .text =
        "Checks an evidence record (RFC 4998) with every renewal in it: each time-stamp must\n"
        "cover what is before it, and have been valid, vouched for and of secure algorithms until\n"
        "the next one took over; the last one until now, or --at. Several files are one group.\n"
        "Exit code: 0 proven, 1 not, 3 could not find out.\n",
    .examples =
        "  tocsin evidence record verify disk.ers disk.evidence --tsa-roots tsa-roots.pem\n",
    .options = verify_options,
    .option_count = ARRAY_LEN(verify_options),
    .uses = CLI_JSON,
    .least = 1,
    .most = CLI_ANY_NUMBER,
    .run = run_verify,
};

const struct cli_verb evidence_record_show_verb = {
    .name = "record show",
    .operands = "RECORD",
    .summary = "what stands in an evidence record",
    .text = "Nothing is asked of data or of who vouches; that is what `record verify` is for.\n",
    .examples = "  tocsin evidence record show disk.ers\n",
    .uses = CLI_JSON,
    .least = 1,
    .most = 1,
    .run = run_show,
};
