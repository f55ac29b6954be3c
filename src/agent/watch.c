/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/watch.h"
#include "agent/home.h"
#include "base/file.h"
#include "journal/proof.h"

#include <stdio.h>

static const char clause[] = "RFC 9162 section 2.1.4";

static int forked(const struct watch *w, const struct state *state, struct err *e)
{
    err_set(e, ERR_VERIFY, "agent.journal-forked", clause,
            "the journal shows another history: its head of %llu entries does not %s the head of "
            "%llu entries that this device kept",
            (unsigned long long)w->size, w->older ? "lead to" : "continue",
            (unsigned long long)state->checkpoint.size);
    return err_hint(e, "no receipt is signed any more; both heads are in the folder evidence");
}

enum watch_step watch_see(struct watch *w, struct slice text, const struct trust *trust,
                          const struct state *state, struct err *e)
{
    struct checkpoint checkpoint;
    struct note note;

    memset(w, 0, sizeof(*w));
    w->note = text;
    if (text.len > STATE_NOTE_MAX) {
        err_set(e, ERR_LIMIT, "checkpoint.syntax", "docs/formats.md 2.3",
                "the checkpoint has %zu bytes, at most %d are taken", text.len, STATE_NOTE_MAX);
        return WATCH_REFUSED;
    }
    if (checkpoint_read(&note, &checkpoint, text, &trust->log_key, slice_str(trust->origin), e) !=
        0)
        return WATCH_REFUSED;
    w->size = checkpoint.size;
    memcpy(w->root, checkpoint.root, 32);
    if (!state->checkpoint.there)
        return WATCH_FIRST;
    w->older = w->size < state->checkpoint.size;
    if (w->size == state->checkpoint.size) {
        if (memcmp(w->root, state->checkpoint.root, 32) == 0)
            return WATCH_KNOWN;
        forked(w, state, e);
        return WATCH_FORKED;
    }
    w->from = w->older ? w->size : state->checkpoint.size;
    w->to = w->older ? state->checkpoint.size : w->size;
    return WATCH_PROVE;
}

int watch_prove(const struct watch *w, const struct state *state, struct slice answer,
                struct err *e)
{
    const uint8_t *kept = state->checkpoint.root;
    struct journal_consistency proof;
    struct err why = {0};

    if (journal_consistency_parse(&proof, answer, e) != 0)
        return -1;
    if (proof.from != w->from || proof.to != w->to)
        return err_set(e, ERR_INPUT, "agent.consistency", "docs/formats.md 2.3",
                       "the consistency answer is not about %llu and %llu",
                       (unsigned long long)w->from, (unsigned long long)w->to);
    if (merkle_verify_consistency(
            w->from, w->older ? w->root : kept, w->to, w->older ? kept : w->root,
            (const uint8_t(*)[MERKLE_HASH])proof.hashes, proof.count, &why) == 0)
        return 0;
    if (why.kind == ERR_VERIFY)
        return forked(w, state, e);
    *e = why;
    return -1;
}

int watch_keep(const struct watch *w, struct state *state, struct err *e)
{
    struct buf note;

    if (w->older)
        return 0;
    buf_init(&note);
    buf_put_slice(&note, w->note);
    if (buf_check(&note, e) != 0) {
        buf_fini(&note);
        return -1;
    }
    buf_fini(&state->checkpoint.note);
    state->checkpoint.note = note;
    state->checkpoint.size = w->size;
    memcpy(state->checkpoint.root, w->root, 32);
    state->checkpoint.there = true;
    return 0;
}

static int write_evidence(const char *home, int64_t now, const char *what, struct slice content,
                          struct err *e)
{
    char name[80], path[PATH_MAX];

    if (content.len == 0)
        return 0;
    snprintf(name, sizeof(name), "evidence/%lld-%s", (long long)now, what);
    if (home_path(home, name, path, e) != 0)
        return -1;
    return file_create(path, content, 0600, e);
}

int watch_evidence(const struct watch *w, const struct state *state, struct slice answer,
                   const char *home, int64_t now, struct err *e)
{
    if (write_evidence(home, now, "kept.note", buf_slice(&state->checkpoint.note), e) != 0 ||
        write_evidence(home, now, "shown.note", w->note, e) != 0)
        return -1;
    return write_evidence(home, now, "consistency.json", answer, e);
}
