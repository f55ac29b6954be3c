/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin evidence register, registered: custody that a centre's journal knows of. */
#include "base/compiler.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_centre.h"
#include "cli/list.h"
#include "cli/say.h"
#include "cli/show.h"
#include "evidence/custody.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AT_ONCE = 100, SIGNATURE_MAX = 1 << 20 };

/* Records of one log on their way to the centre, some at a time. */
struct telling {
    struct api *api;
    const char *holder;
    struct buf body;
    struct json_writer w;
    size_t waiting;
    uint64_t told; /* records of the log */
    uint64_t known;
    uint64_t there; /* records that the centre knows now */
    char custody[40];
};

static int flush(struct telling *t, struct err *e)
{
    struct api_answer answer;
    int64_t known = 0;
    int64_t there = 0;

    if (t->waiting == 0)
        return 0;
    api_answer_init(&answer);
    json_write_array_end(&t->w);
    json_write_object_end(&t->w);
    int result =
        buf_check(&t->body, e) == 0 ? api_post(t->api, "/v1/custody", &t->body, &answer, e) : -1;
    if (result == 0) {
        (void)json_int64(json_get(answer.root, "known"), &known);
        (void)json_int64(json_get(answer.root, "count"), &there);
        t->there = (uint64_t)there;
        snprintf(t->custody, sizeof(t->custody), "%.*s",
                 SLICE_ARG(json_get_string(answer.root, "custody")));
        if (t->told == t->waiting)
            t->known = (uint64_t)known; /* before anything of it was told now */
    }
    api_answer_fini(&answer);
    buf_reset(&t->body);
    t->waiting = 0;
    return result;
}

static int put_base64(struct json_writer *w, const char *name, struct slice bytes, struct err *e)
{
    struct buf text;

    buf_init(&text);
    base64_put(&text, bytes);
    json_member_slice(w, name, buf_slice(&text));
    int result = buf_check(&text, e); /* without memory it would be told without it */
    buf_fini(&text);
    return result;
}

static int tell(void *context, const struct evidence_custody_record *record, struct err *e)
{
    struct telling *t = context;
    struct buf signature;
    struct buf path;
    int result = -1;

    buf_init(&signature);
    buf_init(&path);
    buf_printf(&path, "%s/custody/%05" PRIu64 ".p7s", t->holder, record->number);
    if (!path.failed && file_kind(buf_text(&path)) == 0) { /* on its way there (custody/log.c) */
        buf_reset(&path);
        buf_printf(&path, "%s/custody/next/%05" PRIu64 ".p7s", t->holder, record->number);
    }
    if (buf_check(&path, e) == 0 && file_read(buf_text(&path), SIGNATURE_MAX, &signature, e) == 0) {
        if (t->waiting == 0) {
            json_write_init(&t->w, &t->body, 0);
            json_write_object(&t->w);
            json_write_name(&t->w, "records");
            json_write_array(&t->w);
        }
        json_write_object(&t->w);
        result = put_base64(&t->w, "record", record->text, e) != 0
                     ? -1
                     : put_base64(&t->w, "signature", buf_slice(&signature), e);
        json_write_object_end(&t->w);
        t->waiting++;
        t->told++;
        if (result == 0 && t->waiting == AT_ONCE)
            result = flush(t, e);
    }
    buf_fini(&signature);
    buf_fini(&path);
    return result;
}

/* ---- receipts: for each record the proof that its act is in the journal -----------------------
 */

struct receipts {
    struct api *api;
    const char *holder;
    uint64_t kept, waiting;
};

/* What an earlier attempt that was broken off has left of a receipt (cli/api_download.c). */
static void remove_part(const char *path)
{
    char part[4300];

    if ((size_t)snprintf(part, sizeof(part), "%s.part", path) < sizeof(part))
        (void)unlink(part);
}

static int fetch_receipt(void *context, const struct json_value *row, struct err *e)
{
    struct receipts *r = context;
    struct slice act = json_get_string(row, "act");
    struct err why = {0};
    struct buf target;
    struct buf path;
    char name[64];
    int64_t number = 0;
    int result = 0;

    buf_init(&target);
    buf_init(&path);
    (void)json_int64(json_get(row, "number"), &number);
    snprintf(name, sizeof(name), "%.*s", (int)(act.len < 60 ? act.len : 60),
             (const char *)act.data);
    buf_puts(&target, "/v1/log/acts/");
    api_put_segment(&target, name);
    buf_puts(&target, "/proof");
    buf_printf(&path, "%s/custody/receipts/%05" PRId64 ".tlog-proof", r->holder, number);
    const struct api_request request = {.method = "GET", .target = buf_text(&target)};
    if (buf_check(&target, e) != 0 || buf_check(&path, e) != 0) {
        result = -1;
    } else if (access(buf_text(&path), F_OK) != 0) {
        remove_part(buf_text(&path));
        if (api_download(r->api, &request, buf_text(&path), NULL, &why) == 0)
            r->kept++;
        else if (why.kind == ERR_NOT_FOUND || why.kind == ERR_UNAVAILABLE ||
                 why.kind == ERR_CONFLICT)
            r->waiting++; /* no checkpoint covers the act yet: fetched the next time */
        else
            result = (*e = why, -1);
    }
    buf_fini(&target);
    buf_fini(&path);
    return result;
}

static int fetch_receipts(struct telling *t, struct receipts *r, struct err *e)
{
    struct buf target;
    struct buf folder;
    int result = -1;

    buf_init(&target);
    buf_init(&folder);
    buf_printf(&target, "/v1/custody/%s", t->custody);
    buf_printf(&folder, "%s/custody/receipts", t->holder);
    const struct api_list list = {.target = buf_text(&target)};
    if (buf_check(&target, e) == 0 && buf_check(&folder, e) == 0) {
        if (mkdir(buf_text(&folder), 0700) != 0 && errno != EEXIST)
            err_errno(e, errno, "custody.write", "%s cannot be made", buf_text(&folder));
        else
            result = api_pages(t->api, &list, fetch_receipt, r, e);
    }
    buf_fini(&target);
    buf_fini(&folder);
    return result;
}

/* ---- what it is about --------------------------------------------------------------------------
 */

static int link_all(const struct cli_args *args, struct telling *t, struct err *e)
{
    const char *about;

    for (size_t i = 0; (about = cli_value_at(args, "about", i)); i++) {
        const char *colon = strchr(about, ':');
        struct api_answer answer;
        struct json_writer w;
        struct buf body;
        if (!colon || !colon[1]) {
            err_set(e, ERR_USAGE, "cli.option", NULL, "--about %s is not KIND:WHICH", about);
            return err_hint(e, "as in asset:ast_…, advisory:EX-2026-001, "
                               "vulnerability:CVE-2026-1234, incident:2026-31");
        }
        buf_init(&body);
        json_write_init(&w, &body, 0);
        json_write_object(&w);
        json_member_string(&w, "custody", t->custody);
        json_member_slice(&w, "kind", slice_of(about, (size_t)(colon - about)));
        json_member_string(&w, "target", colon + 1);
        json_write_object_end(&w);
        api_answer_init(&answer);
        int result =
            buf_check(&body, e) == 0 ? api_post(t->api, "/v1/custody/link", &body, &answer, e) : -1;
        api_answer_fini(&answer);
        buf_fini(&body);
        if (result != 0)
            return -1;
    }
    return 0;
}

/* ---- register ---- */

static int tell_folder(const struct cli_args *args, struct api *api, struct telling *t,
                       struct receipts *r, const char *holder, struct err *e)
{
    *t = (struct telling){.api = api, .holder = holder};
    *r = (struct receipts){.api = api, .holder = holder};
    buf_init(&t->body);
    int result = evidence_custody_read(holder, tell, t, e);
    if (result == 0)
        result = flush(t, e);
    if (result == 0)
        result = link_all(args, t, e);
    if (result == 0)
        result = fetch_receipts(t, r, e);
    buf_fini(&t->body);
    return result == 0 ? t->there > t->told : err_context(e, "%s", holder);
}

int evidence_register_folder(const struct cli_args *args, struct api *api, const char *holder,
                             struct err *e)
{
    struct receipts r;
    struct telling t;

    return tell_folder(args, api, &t, &r, holder, e);
}

/* 0, 1 when the centre knows more records than are here, or -1. */
static int register_one(const struct cli_args *args, struct api *api, const char *holder,
                        struct err *e)
{
    struct receipts r;
    struct telling t;

    int result = tell_folder(args, api, &t, &r, holder, e);
    if (result < 0)
        return -1;
    if (cli_flag(args, "json")) {
        struct json_writer w;
        struct buf line;
        buf_init(&line);
        json_write_init(&w, &line, 0);
        json_write_object(&w);
        json_member_string(&w, "folder", holder);
        json_member_string(&w, "custody", t.custody);
        json_member_int(&w, "records", (int64_t)t.told);
        json_member_int(&w, "known_before", (int64_t)t.known);
        json_member_int(&w, "missing_here", (int64_t)(t.there - t.told));
        json_member_int(&w, "receipts_kept", (int64_t)r.kept);
        json_member_int(&w, "receipts_waiting", (int64_t)r.waiting);
        json_write_object_end(&w);
        buf_putc(&line, '\n');
        output_put(stdout, &line);
        buf_fini(&line);
        return t.there > t.told;
    }
    say_text(stdout, slice_str(holder));
    printf(": %" PRIu64 " records, %" PRIu64 " of them known before, as %s\n", t.told, t.known,
           t.custody);
    if (r.kept)
        printf("  %" PRIu64 " receipts of the journal in custody/receipts/\n", r.kept);
    if (r.waiting)
        printf("  %" PRIu64 " receipts are not there yet (the journal's next head will cover "
               "them): run this again\n",
               r.waiting);
    if (t.there > t.told)
        printf("  MISSING: the journal knows %" PRIu64
               " more records of it: this is an older copy, "
               "or its last records were cut off\n",
               t.there - t.told);
    return t.there > t.told;
}

static int run(const struct cli_args *args)
{
    struct api *api = NULL;
    struct err e = {0};
    int result = api_open(args, &api, &e);
    bool missing = false;

    for (size_t i = 0; result >= 0 && i < args->operand_count; i++) {
        result = register_one(args, api, args->operands[i], &e);
        missing = missing || result == 1;
    }
    api_close(api);
    return result < 0 ? say_fail(args, &e) : say_end(args, missing);
}

static const struct cli_option register_options[] = {
    {"about", "KIND:WHICH",
     "what it is about: asset:ID, advisory:NAME, vulnerability:CVE, incident:NAME", 0, true},
};

const struct cli_verb evidence_register_verb = {
    .name = "register",
    .operands = "FOLDER…",
    .summary = "make each step of custody an act in a centre's journal",
    .text =
        "FOLDER is an exhibit's folder or a bundle. The centre verifies the signature of each\n"
        "record, keeps its hash, and never the record: that names people, and stays with the\n"
        "evidence. What is known already is held against what it was: a log that was cut short,\n"
        "written anew or continued twice is found out. For each record the proof that its act is\n"
        "in the journal is kept in custody/receipts/; tocsin proof verify checks it off line.\n"
        "What it proves: this record was there when the journal took it over. Not: that it is\n"
        "true, nor when it was made before that.\n"
        "With $TOCSIN_EVIDENCE_CENTRE, each verb that leaves a record does this by itself: its\n"
        "words are the options by which the centre is reached, as --home /srv/centre, or --url,\n"
        "--cert, --key and --ca. A centre that is away does not hold up the step: it says so, and\n"
        "the log is told later by this command.\n"
        "Exit code: 0 told, 1 the journal knows another or a longer log, 3 could not tell.\n",
    .examples = "  tocsin evidence register case-7/exhibits/EX-1 --about incident:2026-31 \\\n"
                "      --about advisory:EX-2026-001\n",
    .options = register_options,
    .option_count = ARRAY_LEN(register_options),
    .uses = CLI_CENTRE | CLI_JSON,
    .least = 1,
    .most = CLI_ANY_NUMBER,
    .run = run,
};

/* ---- registered ---- */

void say_evidence(const struct json_value *evidence)
{
    if (json_count(evidence) == 0)
        return;
    puts("\nEvidence about it");
    json_each(custody, evidence)
    {
        fputs("  ", stdout);
        say_text(stdout, json_get_string(custody, "holder"));
        fputs("  ", stdout);
        say_text(stdout, json_get_string(custody, "custody"));
        fputc('\n', stdout);
    }
}

static void say_about(const struct json_value *custody)
{
    puts("\nAbout");
    if (json_count(json_get(custody, "about")) == 0)
        puts("  nothing yet: tocsin evidence register FOLDER --about KIND:WHICH");
    json_each(link, json_get(custody, "about"))
    {
        fputs("  ", stdout);
        say_text(stdout, json_get_string(link, "kind"));
        fputc(' ', stdout);
        say_text(stdout, json_get_string(link, "target"));
        fputc('\n', stdout);
    }
}

static void say_custody(const struct json_value *custody)
{
    say_field("Custody", json_get_string(custody, "custody"));
    say_field("Exhibit", json_get_string(custody, "holder"));
    say_field("Organisation", json_get_string(custody, "organisation"));
    say_field("Last told", json_get_string(custody, "at"));
    say_about(custody);
    puts("\nRecords");
    json_each(step, json_get(custody, "items"))
    {
        printf("%6.*s  ", SLICE_ARG(json_number(json_get(step, "number"))));
        say_text(stdout, json_get_string(step, "at"));
        fputs("  ", stdout);
        say_text(stdout, json_get_string(step, "act"));
        fputs("  ", stdout);
        say_text(stdout, json_get_string(step, "kind"));
        fputc('\n', stdout);
    }
    if (json_get(custody, "next"))
        puts("  … and more (--json with --url and after)");
}

static int run_registered(const struct cli_args *args)
{
    static const struct list_column columns[] = {{"custody", "CUSTODY", 0},
                                                 {"holder", "EXHIBIT", LIST_CUT},
                                                 {"count", "RECORDS", LIST_RIGHT},
                                                 {"at", "LAST TOLD", 0}};
    struct buf target;

    buf_init(&target);
    if (args->operand_count == 1) {
        buf_puts(&target, "/v1/custody/");
        api_put_segment(&target, args->operands[0]);
        api_put_query(&target, "limit", "1000");
        return show_one(args, &target, say_custody);
    }
    buf_puts(&target, "/v1/custody");
    api_put_query(&target, "about", cli_value(args, "about"));
    const struct list_of of = {.target = buf_text(&target),
                               .name = "custody",
                               .nothing = "no custody was told",
                               .columns = columns,
                               .column_count = ARRAY_LEN(columns)};
    int result = list_all(args, &of);
    buf_fini(&target);
    return result;
}

static const struct cli_option registered_options[] = {
    {"about", "KIND:WHICH", "only what is about this", 0, false},
};

const struct cli_verb evidence_registered_verb = {
    .name = "registered",
    .operands = "[CUSTODY]",
    .summary = "what a centre knows of custody",
    .examples = "  tocsin evidence registered --about advisory:EX-2026-001\n",
    .options = registered_options,
    .option_count = ARRAY_LEN(registered_options),
    .uses = CLI_LIST,
    .least = 0,
    .most = 1,
    .run = run_registered,
};
