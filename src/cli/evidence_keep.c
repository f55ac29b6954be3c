/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence_keep.h"
#include "base/file.h"
#include "base/output.h"
#include "base/utf8.h"
#include "cli/say.h"
#include "evidence/custody/log.h"
#include "evidence/custody/record.h"
#include "evidence/selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In a case, a bundle lies in its exhibit's folder. */
static int place_in_case(struct evidence_keeping *k, const char *folder, const char *exhibit,
                         const char **bundle, struct err *e)
{
    if (!exhibit || strchr(*bundle, '/'))
        return err_set(e, ERR_USAGE, "cli.option", NULL,
                       "with --case, --exhibit says of what, and FOLDER is a name alone");
    size_t len = strlen(*bundle);
    if (utf8_check(slice_str(*bundle)) != len || strcspn(*bundle, "\n\r\t\x1b") != len)
        return err_set(e, ERR_USAGE, "cli.option", NULL,
                       "in a case a bundle's name stands in records: it is UTF-8, in one line");
    if ((size_t)snprintf(k->folder, sizeof k->folder, "%s/exhibits/%s/%s", folder, exhibit,
                         *bundle) >= sizeof k->folder)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
    *bundle = k->folder;
    if (!evidence_person_folder(k->told.said.identity))
        return err_set(e, ERR_USAGE, "custody.identity", "ISO/IEC 27037 section 6.1",
                       "what is acquired in a case is signed for: --identity FOLDER");
    return 0;
}

/* The report that is kept with the identity; one of another build is no error, as programs are
 * updated, and nothing that is taken silently. */
static void find_selftest(struct evidence_keeping *k)
{
    struct buf report;
    struct err e = {0};
    const char *identity = evidence_person_folder(k->told.said.identity);
    if (!identity || (size_t)snprintf(k->kept, sizeof k->kept, "%s/" EVIDENCE_SELFTEST_KEPT,
                                      identity) >= sizeof k->kept)
        return;
    if (file_kind(k->kept) == 0)
        return;
    buf_init(&report);
    if (evidence_selftest_read(k->kept, &report, &e) == 0) {
        k->selftest = k->kept;
    } else {
        fputs("tocsin: warning: ", stderr);
        say_text(stderr, slice_str(e.text));
        fputs("; it is not attached. Make a new one: tocsin evidence selftest --identity FOLDER\n",
              stderr);
    }
    buf_fini(&report);
}

int evidence_keep_begin(struct evidence_keeping *k, const struct cli_args *args,
                        struct evidence_statement *statement, const char **folder, struct err *e)
{
    const char *in_case = cli_value(args, "case");
    *k = (struct evidence_keeping){0};
    if (evidence_told_init(&k->told, args, e) != 0 ||
        (in_case && place_in_case(k, in_case, statement->exhibit, folder, e) != 0))
        return -1;
    k->asked = evidence_person_folder(k->told.said.identity) != NULL;
    k->selftest = cli_value(args, "selftest");
    if (!k->asked)
        return 0;
    if (!k->selftest)
        find_selftest(k);
    if (evidence_doing_open(&k->doing, &k->told.said, e) != 0)
        return -1;
    const struct evidence_actor *a = &k->doing.person.actor;
    if (!statement->examiner)
        statement->examiner = a->name;
    if (!statement->role)
        statement->role = a->role;
    if (!statement->place)
        statement->place = k->doing.person.place;
    if (!statement->competence && a->competence_count)
        statement->competence = a->competence[0].what;
    k->report.exhibit = statement->exhibit;
    return 0;
}

int evidence_keep_check(struct evidence_keeping *k, const char *folder, struct err *e)
{
    struct evidence_appended warnings = {0};
    if (!k->asked)
        return 0;
    if (evidence_acquired_check(folder, &k->report, &k->doing, &warnings, e) != 0)
        return -1;
    evidence_tell_warnings(&warnings);
    return 0;
}

int evidence_keep_record(struct evidence_keeping *k, const char *folder, struct err *e)
{
    struct evidence_appended told = {0};
    if (!k->asked)
        return 0;
    return evidence_acquired_record(folder, &k->report, &k->doing, &told, e);
}

void evidence_keep_end(struct evidence_keeping *k)
{
    evidence_doing_close(&k->doing);
    evidence_told_fini(&k->told);
}

static void options_of(const struct cli_args *args, const struct evidence_told *told,
                       enum evidence_access_kind kind, struct slice details,
                       struct evidence_access_options *out)
{
    const struct evidence_said *s = &told->said;
    *out = (struct evidence_access_options){.kind = kind,
                                            .identity = s->identity,
                                            .password_file = s->password_file,
                                            .unrecorded = cli_value(args, "unrecorded"),
                                            .deviation = cli_value(args, "deviation"),
                                            .place = s->place,
                                            .reason = s->reason,
                                            .reference = s->reference,
                                            .authority = s->authority,
                                            .command = s->command,
                                            .details = details};
}

/* Which trace it left. */
static void tell_access(const struct evidence_accessed *a)
{
    if (a->recorded)
        evidence_tell_warnings(&a->record);
    if (a->noted)
        fputs("tocsin: not recorded; a note without a signature stays in "
              "custody/" EVIDENCE_UNRECORDED_FILE "\n",
              stderr);
    if (a->untraced[0]) {
        fputs("tocsin: warning: not recorded, and no note could be left: ", stderr);
        say_text(stderr, slice_str(a->untraced));
        fputc('\n', stderr);
    }
}

int evidence_ask(const struct cli_args *args, const char *holder, enum evidence_access_kind kind,
                 struct slice details, struct err *e)
{
    struct evidence_going going;
    int result = evidence_go(&going, args, holder, kind, details, e);
    evidence_going_end(&going);
    return result;
}

static int access_it(struct evidence_going *g, struct slice details, const char *failed,
                     struct evidence_accessed *accessed, struct err *e)
{
    struct evidence_access_options options;
    options_of(g->args, &g->told, g->kind, details, &options);
    options.ends = g->begun;
    options.failed = failed;
    options.kept = &g->kept;
    if (evidence_access(g->holder, &options, accessed, e) != 0)
        return -1;
    tell_access(accessed);
    return 0;
}

int evidence_go(struct evidence_going *g, const struct cli_args *args, const char *holder,
                enum evidence_access_kind kind, struct slice details, struct err *e)
{
    struct evidence_accessed accessed = {0};
    *g = (struct evidence_going){.args = args, .holder = holder, .kind = kind};
    if (evidence_told_init(&g->told, args, e) != 0 ||
        access_it(g, details, NULL, &accessed, e) != 0)
        return -1;
    g->begun = accessed.recorded ? accessed.record.number : 0;
    return 0;
}

void evidence_going_end(struct evidence_going *g)
{
    evidence_kept_close(&g->kept);
    evidence_told_fini(&g->told);
}

int evidence_went(struct evidence_going *g, struct slice details, const struct err *failed,
                  struct err *e)
{
    struct evidence_accessed accessed = {0};
    if (!g->begun)
        return 0;
    if (!failed) {
        if (access_it(g, details, NULL, &accessed, e) == 0)
            return 0;
        return err_context(
            e, "it was done, and record %" PRIu64 ", that it was begun, is all that the log says",
            g->begun);
    }
    struct err why = {0};
    if (access_it(g, slice_of(NULL, 0), failed->text, &accessed, &why) != 0) {
        err_context(&why, "that record %" PRIu64 " came to nothing is not recorded", g->begun);
        (void)say_failed("", &why);
    }
    return 0;
}

static int give_out(struct evidence_giving_out *g, struct slice content, bool check, struct err *e)
{
    struct evidence_access_options options;
    struct evidence_accessed accessed;
    struct json_writer w;
    struct buf details;
    uint8_t hash[SHA256_LEN];
    if (sha256(content, hash) != 0)
        return digest_failed(e);
    buf_init(&details);
    json_write_init(&w, &details, 0);
    json_write_object(&w);
    if (g->kind == EVIDENCE_ACCESS)
        json_member_string(&w, "what", "a report of it was made");
    json_member_string(&w, "format", g->form);
    json_member_string(&w, "to", g->file ? g->file : "standard output");
    evidence_hash_member(&w, "sha256", hash);
    json_write_object_end(&w);
    int result = check ? evidence_told_init(&g->told, g->args, e) : 0;
    if (result == 0)
        result = buf_check(&details, e);
    options_of(g->args, &g->told, g->kind, buf_slice(&details), &options);
    options.ungated = true;
    options.kept = &g->kept;
    if (!options.reason)
        options.reason = g->reason;
    if (result == 0)
        result = check ? evidence_access_check(g->folder, &options, e)
                       : evidence_access(g->folder, &options, &accessed, e);
    if (result == 0 && !check)
        tell_access(&accessed);
    buf_fini(&details);
    return result;
}

void evidence_giving_out_end(struct evidence_giving_out *g)
{
    evidence_kept_close(&g->kept);
    evidence_told_fini(&g->told);
}

int evidence_giving_out_check(struct evidence_giving_out *g, struct err *e)
{
    return give_out(g, slice_of(NULL, 0), true, e);
}

static int rename_durably(const char *from, const char *to, struct err *e)
{
    char folder[4096] = ".";
    const char *slash = strrchr(to, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", slash == to ? 1 : (int)(slash - to), to);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || rename(from, to) != 0 || fsync(fd) != 0)
        err_errno(e, errno, "evidence.write", "%s is recorded and whole, and cannot be called %s",
                  from, to);
    if (fd >= 0)
        close(fd);
    return err_is_set(e) ? -1 : 0;
}

int evidence_giving_out(struct evidence_giving_out *g, const struct buf *content, struct err *e)
{
    char part[4096];
    if (!g->file) {
        if (give_out(g, buf_slice(content), false, e) != 0)
            return -1;
        output_put(stdout, content);
        return 0;
    }
    if ((size_t)snprintf(part, sizeof part, "%s.part", g->file) >= sizeof part)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
    if (file_write(part, buf_slice(content), 0600, e) != 0)
        return -1;
    if (give_out(g, buf_slice(content), false, e) != 0) {
        (void)unlink(part);
        return -1;
    }
    return rename_durably(part, g->file, e);
}
