/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/recheck.h"
#include "base/memory.h"
#include "evidence/bundle/manifest.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/record.h"
#include "evidence/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const int64_t day = INT64_C(86400000000);

int evidence_recheck_one(const char *bundle, struct evidence_doing *doing, unsigned days,
                         bool *sound, struct buf *why, struct err *e)
{
    const struct evidence_verify_options options = {0};
    struct evidence_verdict verdict;
    struct evidence_custody_state state;
    struct err none = {0};
    struct json_writer w;
    struct buf details;
    char name[EVIDENCE_HOLDER];
    uint8_t tags[SHA256_LEN];
    uint64_t bytes;
    struct evidence_seen seen;
    if (evidence_access_seen(bundle, &seen, e) != 0)
        return -1;
    buf_init(&details);
    int result = evidence_verify(bundle, &options, &verdict, e);
    if (result == 0)
        result = evidence_file_digest(bundle, "tagmanifest-sha256.txt", tags, &bytes, &none) == 0 ||
                         !verdict.sound
                     ? 0
                     : err_set(e, none.kind, none.code, NULL, "%s", none.text);
    *sound = result == 0 && verdict.sound;
    /* Its own log counts, too: with another one it would not be what was left. */
    int has_log = evidence_custody_verify(bundle, NULL, &state, &none);
    if (result == 0 && has_log == 0 && !state.sound && *sound) {
        *sound = false;
        buf_printf(why, "%s: %s", state.problems[0].what, state.problems[0].text);
    } else if (result == 0 && !verdict.sound) {
        buf_printf(why, "%s: %s", verdict.problem_count ? verdict.problems[0].what : bundle,
                   verdict.problem_count ? verdict.problems[0].text : "it is not complete");
    }
    evidence_custody_state_fini(&state);
    evidence_holder_name(bundle, name);
    json_write_init(&w, &details, 0);
    json_write_object(&w);
    json_member_string(&w, "what", "every file and every chunk");
    json_member_string(&w, "result", *sound ? "same" : "changed");
    if (result == 0 && *sound)
        evidence_hash_member(&w, "tagmanifest_sha256", tags);
    if (why->len)
        json_member_slice(&w, "found", buf_slice(why));
    if (result == 0 && verdict.image_checked)
        evidence_hash_member(&w, "image_sha256", verdict.sha256);
    json_member_int(&w, "next_in_days", days);
    json_write_object_end(&w);
    if (result == 0)
        result = buf_check(&details, e);
    doing->has_seen = true;
    doing->seen = seen.records;
    if (result == 0)
        result = evidence_doing_step(doing, bundle, has_log == 0 ? NULL : name, "verified",
                                     buf_slice(&details), NULL, e);
    evidence_verdict_fini(&verdict);
    buf_fini(&details);
    return result;
}

struct walking {
    struct evidence_due_list *due;
    struct evidence_doing *doing;
    unsigned days;
    bool overdue_only;
    int64_t now;
};

static int take(void *context, const char *bundle, struct err *e)
{
    struct walking *w = context;
    struct evidence_custody_state state;
    struct err none = {0};
    struct evidence_due due = {.sound = true};
    struct buf why;
    if (w->due->count == w->due->room) {
        size_t room = w->due->room ? w->due->room * 2 : 16;
        void *more = mem_resize(w->due->list, room, sizeof *w->due->list);
        if (!more)
            return err_memory(e);
        w->due->list = more;
        w->due->room = room;
    }
    if (evidence_custody_verify(bundle, NULL, &state, &none) == 0)
        due.checked_at = state.checked_at;
    bool disposed = state.disposed;
    evidence_custody_state_fini(&state);
    if (disposed)
        return 0;
    due.due_at = due.checked_at ? due.checked_at + w->days * day : 0;
    due.overdue = due.due_at <= w->now;
    due.bundle = arena_strdup(&w->due->arena, bundle);
    buf_init(&why);
    int result = due.bundle ? 0 : err_memory(e);
    if (result == 0 && w->doing && (due.overdue || !w->overdue_only)) {
        struct err failed = {0};
        result = evidence_recheck_one(bundle, w->doing, w->days, &due.sound, &why, &failed);
        due.checked = true;
        if (result != 0 && (failed.kind == ERR_MEMORY || failed.kind == ERR_USAGE)) {
            *e = failed;          /* it would be so with every other, too */
        } else if (result != 0) { /* the others are checked all the same */
            due.sound = false;
            buf_printf(&why, "%snot recorded: %s", why.len ? "; " : "", failed.text);
            result = buf_check(&why, e);
        }
    }
    if (result == 0 && why.len && !(due.why = arena_strdup(&w->due->arena, buf_text(&why))))
        result = err_memory(e);
    buf_fini(&why);
    if (result == 0)
        w->due->list[w->due->count++] = due;
    return result;
}

int evidence_recheck(const char *folder, unsigned days, bool overdue_only,
                     struct evidence_doing *doing, const struct clock *clock,
                     struct evidence_due_list *due, struct err *e)
{
    struct walking w = {due, doing, days, overdue_only, clock_now(clock ? clock : &clock_system)};
    *due = (struct evidence_due_list){0};
    arena_init(&due->arena, 0);
    return evidence_holder_bundles(folder, take, &w, e);
}

void evidence_due_list_fini(struct evidence_due_list *due)
{
    mem_free(due->list);
    arena_fini(&due->arena);
    *due = (struct evidence_due_list){0};
}
