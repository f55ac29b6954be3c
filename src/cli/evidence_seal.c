/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "base/json.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_said.h"
#include "cli/evidence_seals.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "evidence/seal.h"

#include <inttypes.h>
#include <stdio.h>

enum { MANY = 64 };

/* What was given more than once, ended by NULL. */
struct given {
    const char *urls[MANY], *revocation[MANY];
};

static int many(const struct cli_args *args, const char *name, const char *out[MANY], struct err *e)
{
    size_t count = 0;
    for (const char *one; (one = cli_value_at(args, name, count)); out[count++] = one)
        if (count == MANY - 1)
            return err_set(e, ERR_USAGE, "cli.option", NULL, "--%s more than %d times", name,
                           MANY - 1);
    out[count] = NULL;
    return 0;
}

static int options_of(const struct cli_args *args, struct given *given,
                      struct evidence_seal_options *o, struct err *e)
{
    int64_t seconds, jobs;
    if (cli_number(args, "timeout", 1, 600, 30, &seconds, e) != 0 ||
        cli_number(args, "jobs", 1, 64, 0, &jobs, e) != 0 ||
        many(args, "tsa", given->urls, e) != 0 ||
        many(args, "revocation", given->revocation, e) != 0)
        return -1;
    *o = (struct evidence_seal_options){.folder = args->operands[0],
                                        .qualities = {cli_value(args, "relevance"),
                                                      cli_value(args, "reliability"),
                                                      cli_value(args, "sufficiency")},
                                        .stamping = {.urls = given->urls,
                                                     .policy = cli_value(args, "tsa-policy"),
                                                     .roots = cli_value(args, "tsa-roots"),
                                                     .tls_anchors = cli_value(args, "tls-roots"),
                                                     .revocation = given->revocation,
                                                     .no_fetch = cli_flag(args, "no-fetch"),
                                                     .inside = cli_flag(args, "local"),
                                                     .ms = (unsigned)seconds * 1000},
                                        .workers = (unsigned)jobs,
                                        .watch = o->watch,
                                        .watch_context = o->watch_context};
    bool none = cli_flag(args, "tsa-none"), stamp = cli_flag(args, "stamp");
    if (none == (given->urls[0] != NULL) || (none && stamp)) {
        err_set(e, ERR_USAGE, "cli.option", "RFC 3161",
                "a seal has a time-stamp, or it is said that it has none");
        return err_hint(e,
                        "--tsa URL (more than once: the next is asked when one does not answer), "
                        "or --tsa-none");
    }
    return 0;
}

static void tell_json(const char *folder, const struct evidence_sealed *s)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line);
    json_write_init(&w, &line, 0);
    json_write_object(&w);
    json_member_string(&w, "bundle", folder);
    json_member_string(&w, "seal", s->name);
    json_member_int(&w, "number", s->number);
    if (s->recorded)
        json_member_int(&w, "custody_record", (int64_t)s->record.number);
    json_member_bool(&w, "stamped", s->stamped);
    if (s->stamped) {
        evidence_stamp_json(&w, &s->stamp);
        json_member_string(&w, "asked", s->authority_url);
        json_member_int(&w, "clock_offset_us", s->clock_offset);
        json_member_int(&w, "clock_uncertainty_us", s->clock_uncertainty);
        json_member_int(&w, "revocation_files", (int64_t)s->revocation_count);
        if (s->revocation_why[0])
            json_member_string(&w, "revocation_not_kept", s->revocation_why);
    }
    json_write_name(&w, "gave_none");
    json_write_array(&w);
    for (size_t i = 0; i < s->attempt_count; i++) {
        json_write_object(&w);
        json_member_string(&w, "url", s->attempts[i].url);
        json_member_string(&w, "why", s->attempts[i].why);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    output_line(stdout, &line);
    buf_fini(&line);
}

static void tell(const char *folder, const struct evidence_sealed *s, bool stamped_only)
{
    say_text(stdout, slice_str(folder));
    printf(": %s (%s)\n", stamped_only ? "time-stamped" : "sealed", s->name);
    for (size_t i = 0; i < s->attempt_count; i++) {
        fputs("  no time-stamp of ", stdout);
        say_text(stdout, slice_str(s->attempts[i].url));
        fputs(": ", stdout);
        say_text(stdout, slice_str(s->attempts[i].why));
        fputc('\n', stdout);
    }
    if (!s->stamped) {
        say_styled(stdout, SAY_DOUBT, slice_str("  WITHOUT A TIME-STAMP"));
        puts(": when it was sealed is the signer's own word.\n"
             "  tocsin evidence seal --stamp --tsa URL adds one later");
        return;
    }
    evidence_stamp_tell(&s->stamp);
    printf("  this machine's clock is %+.3f s against the time-stamp, to within %.3f s\n",
           (double)s->clock_offset / 1e6, (double)s->clock_uncertainty / 1e6);
    if (s->revocation_count)
        printf("  kept about revocation: %zu files\n", s->revocation_count);
    if (s->revocation_why[0]) {
        fputs("  not kept about revocation: ", stdout);
        say_text(stdout, slice_str(s->revocation_why));
        fputc('\n', stdout);
    }
}

static bool watch(void *context, const char *phase, uint64_t done, uint64_t all)
{
    progress_phase(context, phase, done, all);
    return true;
}

static int seal(const struct cli_args *args, const struct evidence_said *said,
                struct evidence_seal_options *options, struct evidence_sealed *sealed,
                struct err *e)
{
    struct evidence_doing doing;
    if (evidence_doing_open(&doing, said, e) != 0)
        return -1;
    options->doing = &doing;
    int result = cli_flag(args, "stamp") ? evidence_seal_stamp(options, sealed, e)
                                         : evidence_seal(options, sealed, e);
    evidence_doing_close(&doing);
    return result;
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct progress progress = {0};
    struct given given;
    struct evidence_told told;
    struct evidence_sealed sealed;
    struct evidence_seal_options options = {.watch = watch, .watch_context = &progress};
    int result = options_of(args, &given, &options, &e);
    if (result == 0) {
        result = evidence_told_init(&told, args, &e);
        if (result == 0)
            result = seal(args, &told.said, &options, &sealed, &e);
        evidence_told_fini(&told);
    }
    progress_end(&progress);
    if (result != 0) {
        int code = say_fail(args, &e);
        return say_end(args, e.kind == ERR_USAGE ? code : 3);
    }
    if (cli_flag(args, "json"))
        tell_json(args->operands[0], &sealed);
    else
        tell(args->operands[0], &sealed, cli_flag(args, "stamp"));
    if (sealed.recorded)
        evidence_tell_warnings(&sealed.record);
    return say_end(args, sealed.stamped || cli_flag(args, "tsa-none") ? 0 : 1);
}

static const struct cli_option seal_options[] = {
    {"relevance", "TEXT", "what the evidence can show or refute, and for which question", 0, false},
    {"reliability", "TEXT", "why it can be relied on: how it was taken, by whom, with what", 0,
     false},
    {"sufficiency", "TEXT", "why it is enough, or what is missing", 0, false},
    {"tsa", "URL", "time-stamp authority; the next one is asked when one does not answer", 0, true},
    {"tsa-none", NULL, "seal without a time-stamp", 0, false},
    {"tsa-policy", "OID", "policy that the time-stamp must be under", 0, false},
    {"tsa-roots", "FILE", "certificates (PEM) that vouch for the authority; else it is only named",
     0, false},
    {"tls-roots", "FILE", "certificates for https authorities (default: the system's)", 0, false},
    {"stamp", NULL, "only add the time-stamp that the last seal has not", 0, false},
    {"revocation", "FILE", "keep a revocation list or an OCSP answer beside the time-stamp", 0,
     true},
    {"no-fetch", NULL,
     "do not ask whom the certificates name whether they were revoked (OCSP, lists)", 0, false},
    {"local", NULL, "ask them also at addresses that are not of the public Internet", 0, false},
    {"timeout", "SECONDS", "for one authority (default 30)", 0, false},
    {"jobs", "N", "threads of the verification before (default: one a processor)", 'j', false},
    EVIDENCE_SAID_OPTIONS,
};

const struct cli_verb evidence_seal_verb = {
    .name = "seal",
    .operands = "FOLDER",
    .summary = "sign what a bundle is, and have the time of that attested",
    .text = "Verifies the bundle first. Then signs all of it, metadata included: the hash of\n"
            "tagmanifest-sha256.txt, the image's hash, tree and size, and how far the custody log\n"
            "goes; and asks an authority for a time-stamp of the signature (RFC 3161). Afterwards\n"
            "only custody/ and seal/ grow, and a further seal lies beside the first.\n"
            "Where the bundle has a custody log, the seal is a step in it (--place, --reason, "
            "--authority).\n"
            "Relevance, reliability and sufficiency (ISO/IEC 27037, 5.3) must be said.\n"
            "Exit code: 0 sealed as asked, 1 sealed, but no authority gave a time-stamp, 3 not "
            "sealed.\n",
    .examples =
        "  tocsin evidence seal disk.evidence --identity ~/meyer \\\n"
        "      --relevance 'disk of the host that sent the mails' \\\n"
        "      --reliability 'write-blocked, hash taken twice' --sufficiency 'whole disk' \\\n"
        "      --tsa https://tsa.example/tsr --tsa-roots tsa-roots.pem\n"
        "  tocsin evidence seal disk.evidence --identity ~/meyer --stamp --tsa URL\n",
    .options = seal_options,
    .option_count = ARRAY_LEN(seal_options),
    .uses = CLI_JSON,
    .least = 1,
    .most = 1,
    .run = run,
};
