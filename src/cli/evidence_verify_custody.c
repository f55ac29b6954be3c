/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence_verify_custody.h"
#include "cli/evidence_said.h"
#include "cli/say.h"
#include "evidence/bundle/manifest.h"
#include "evidence/custody/record.h"

#include <inttypes.h>
#include <stdio.h>

static int record_it(const struct cli_args *args, const char *folder,
                     const struct evidence_verdict *v, struct evidence_verify_custody *c,
                     struct err *e)
{
    struct evidence_told told;
    struct err none = {0};
    struct json_writer w;
    struct buf details;
    uint8_t tags[SHA256_LEN];
    uint64_t bytes;
    buf_init(&details);
    int result = evidence_told_init(&told, args, e);
    const struct evidence_said *s = &told.said;
    json_write_init(&w, &details, 0);
    json_write_object(&w);
    json_member_string(&w, "what",
                       cli_flag(args, "tree-only") ? "every file, and chunks against the hash tree"
                                                   : "every file and every chunk");
    json_member_string(&w, "result", v->sound && c->sound ? "same" : "changed");
    if (v->sound &&
        evidence_file_digest(folder, "tagmanifest-sha256.txt", tags, &bytes, &none) == 0)
        evidence_hash_member(&w, "tagmanifest_sha256", tags);
    if (v->image_checked)
        evidence_hash_member(&w, "image_sha256", v->sha256);
    json_write_object_end(&w);
    if (result == 0)
        result = buf_check(&details, e);
    if (result == 0) {
        const struct evidence_access_options options = {.kind = EVIDENCE_VERIFY,
                                                        .identity = s->identity,
                                                        .password_file = s->password_file,
                                                        .place = s->place,
                                                        .reason = s->reason,
                                                        .reference = s->reference,
                                                        .authority = s->authority,
                                                        .command = s->command,
                                                        .details = buf_slice(&details)};
        result = evidence_access(folder, &options, &c->accessed, e);
    }
    if (result == 0)
        evidence_tell_warnings(&c->accessed.record);
    buf_fini(&details);
    evidence_told_fini(&told);
    return result;
}

int evidence_verify_custody(const struct cli_args *args, const char *folder,
                            const struct evidence_verdict *verdict,
                            struct evidence_verify_custody *c, struct err *e)
{
    struct err why = {0};
    int result = evidence_custody_verify(folder, cli_value(args, "roots"), &c->state, &why);
    c->has_log = result == 0;
    c->sound = result != 0 || c->state.sound;
    if (result != 0 && why.kind != ERR_NOT_FOUND) {
        *e = why;
        return -1;
    }
    /* A log that does not hold together is not written to; that it does not, is said. */
    if (!c->sound || !verdict->complete || !evidence_person_folder(cli_value(args, "identity")))
        return 0;
    return record_it(args, folder, verdict, c, e);
}

void evidence_verify_custody_members(const struct evidence_verify_custody *c, struct json_writer *w)
{
    if (!c->has_log)
        return;
    json_write_name(w, "custody");
    json_write_object(w);
    json_member_bool(w, "sound", c->sound);
    json_member_int(w, "records", (int64_t)c->state.count);
    json_member_bool(w, "certificates_checked", c->state.chain_checked);
    json_member_bool(w, "recorded", c->accessed.recorded);
    json_write_name(w, "problems");
    json_write_array(w);
    for (size_t i = 0; i < c->state.problem_count; i++) {
        json_write_object(w);
        json_member_string(w, "what", c->state.problems[i].what);
        json_member_string(w, "where", c->state.problems[i].where);
        json_member_string(w, "text", c->state.problems[i].text);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}

void evidence_verify_custody_tell(const struct evidence_verify_custody *c)
{
    for (size_t i = 0; i < c->state.problem_count; i++) {
        fputs("  custody: ", stdout);
        say_text(stdout, slice_str(c->state.problems[i].what));
        fputs(": ", stdout);
        say_text(stdout, slice_str(c->state.problems[i].text));
        putchar('\n');
    }
    if (c->has_log)
        printf("  %" PRIu64 " custody records%s\n", c->state.count,
               c->sound ? ", signed, chained and counted" : "");
    if (c->accessed.recorded)
        printf("  the check is record %" PRIu64 "\n", c->accessed.record.number);
}
