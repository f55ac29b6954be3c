/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence_verify_record.h"
#include "cli/evidence_said.h"
#include "evidence/bundle/manifest.h"
#include "evidence/custody/record.h"

#include <string.h>

static int details_of(const struct cli_args *args, const char *folder,
                      const struct evidence_verdict *v, struct buf *out, struct err *e)
{
    struct err none = {0};
    struct json_writer w;
    uint8_t tags[SHA256_LEN];
    uint64_t bytes;
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_string(&w, "what",
                       cli_flag(args, "tree-only") ? "every file, and chunks against the hash tree"
                                                   : "every file and every chunk");
    json_member_string(&w, "result", v->sound ? "same" : "changed");
    if (v->sound &&
        evidence_file_digest(folder, "tagmanifest-sha256.txt", tags, &bytes, &none) == 0)
        evidence_hash_member(&w, "tagmanifest_sha256", tags);
    if (v->image_checked)
        evidence_hash_member(&w, "image_sha256", v->sha256);
    if (v->problem_count) {
        json_member_string(&w, "found", v->problems[0].text);
        json_member_string(&w, "found_in", v->problems[0].what);
    }
    json_write_object_end(&w);
    return buf_check(out, e);
}

/* On a log that is not sound nothing is written: the verdict says that it is not. */
static int log_is_sound(const char *folder, bool *sound, struct err *e)
{
    struct evidence_custody_state state;
    struct err why = {0};
    int result = evidence_custody_verify(folder, NULL, &state, &why);
    *sound = result == 0 ? state.sound || state.count == 0 : why.kind == ERR_NOT_FOUND;
    evidence_custody_state_fini(&state);
    if (result == 0 || *sound)
        return 0;
    *e = why;
    return -1;
}

int evidence_verify_seen(const struct cli_args *args, const char *folder,
                         struct evidence_seen *seen, struct err *e)
{
    *seen = (struct evidence_seen){0};
    return evidence_person_folder(cli_value(args, "identity"))
               ? evidence_access_seen(folder, seen, e)
               : 0;
}

int evidence_verify_begun(const char *folder, size_t *count, struct err *e)
{
    struct evidence_custody_state state;
    struct err why = {0};
    *count = 0;
    if (evidence_custody_verify(folder, NULL, &state, &why) == 0)
        for (size_t i = 0; i < state.begun_count; i++) /* what was wrapped has its end elsewhere */
            *count += strcmp(state.begun[i].what, "wrapped") != 0;
    evidence_custody_state_fini(&state);
    if (why.kind != ERR_MEMORY)
        return 0; /* what is wrong with the log, the verdict says */
    *e = why;
    return -1;
}

int evidence_verify_record(const struct cli_args *args, const char *folder,
                           const struct evidence_verdict *verdict, const struct evidence_seen *seen,
                           uint64_t *record, struct err *e)
{
    struct evidence_accessed accessed = {0};
    struct evidence_told told;
    struct buf details;
    *record = 0;
    bool sound = false;
    if (!evidence_person_folder(cli_value(args, "identity")) || !verdict->complete)
        return 0;
    if (log_is_sound(folder, &sound, e) != 0)
        return -1;
    if (!sound)
        return 0;
    buf_init(&details);
    int result = evidence_told_init(&told, args, e);
    if (result == 0)
        result = details_of(args, folder, verdict, &details, e);
    if (result == 0) {
        const struct evidence_said *s = &told.said;
        const struct evidence_access_options options = {.kind = EVIDENCE_VERIFY,
                                                        .identity = s->identity,
                                                        .password_file = s->password_file,
                                                        .place = s->place,
                                                        .reason = s->reason,
                                                        .reference = s->reference,
                                                        .authority = s->authority,
                                                        .command = s->command,
                                                        .seen = seen,
                                                        .details = buf_slice(&details)};
        result = evidence_access(folder, &options, &accessed, e);
    }
    if (result == 0) {
        evidence_tell_warnings(&accessed.record);
        *record = accessed.record.number;
    }
    buf_fini(&details);
    evidence_told_fini(&told);
    return result;
}
