/* SPDX-License-Identifier: Apache-2.0 */
/* What pack_verify found, for people and for programs. */
#include "journal/pack_verify.h"

#include "base/encoding.h"

#include <inttypes.h>

/* Text out of a pack must not steer a terminal. */
static void put_clean(struct buf *out, const char *text)
{
    for (; text && *text; text++)
        buf_putc(out, (uint8_t)*text < 0x20 || *text == 0x7F ? '?' : *text);
}

static void put_failures(const struct pack_report *r, struct buf *out)
{
    buf_puts(out, "REFUSED: this pack does not prove what it says\n");
    for (size_t i = 0; i < r->failure_count; i++) {
        const struct err *e = &r->failures[i].error;
        buf_printf(out, "%s: ", e->code);
        put_clean(out, e->where);
        buf_puts(out, ": ");
        put_clean(out, e->text);
        buf_printf(out, " (%s)\n", e->clause);
    }
    if (r->failures_all > r->failure_count)
        buf_printf(out, "and %" PRIu64 " more\n", r->failures_all - r->failure_count);
}

static void put_counts(const struct pack_counts *c, struct buf *out)
{
    buf_printf(out,
               "%" PRIu64 " notices were meant for %" PRIu64 " devices:\n"
               "  %" PRIu64 " acknowledged (proven by the devices' keys)\n"
               "  %" PRIu64 " silent: %" PRIu64 " never fetched, %" PRIu64
               " fetched and not signed (the centre's word)\n"
               "  %" PRIu64 " left, as fixed; %" PRIu64 " removed (by acts)\n"
               "not told: %" PRIu64 " not affected, %" PRIu64 " unknown, %" PRIu64
               " fixed, %" PRIu64 " of other serial numbers (the centre's word)\n",
               c->meant, c->devices, c->acknowledged, c->silent, c->undelivered, c->unacknowledged,
               c->left_fixed, c->removed, c->not_told.not_affected, c->not_told.unknown,
               c->not_told.fixed, c->not_told.other_serial);
    buf_printf(out,
               "owners: %" PRIu64 " told, %" PRIu64 " refused, %" PRIu64 " unreachable, %" PRIu64
               " without an address, %" PRIu64 " of unknown outcome, %" PRIu64 " pending; %" PRIu64
               " devices without an owner (the centre's word)\n",
               c->owners.told, c->owners.refused, c->owners.unreachable, c->owners.no_address,
               c->owners.unknown_outcome, c->owners.pending, c->ownerless);
}

static void put_witnessed(const struct pack_report *r, struct buf *out)
{
    if (r->witnessed == 0)
        buf_puts(out, "no witness: that no line was left out or rewritten afterwards is the "
                      "centre's word\n");
    else
        buf_printf(out,
                   "history: the first %" PRIu64 " of %" PRIu64 " acts cannot have been rewritten "
                   "since %zu witness%s cosigned them%s\n",
                   r->witnessed, r->size, r->cosigned_by, r->cosigned_by == 1 ? "" : "es",
                   r->witnesses_are_ours ? ""
                                         : " (witnesses that the centre named: bring their keys "
                                           "yourself to be sure, --witness)");
    if (r->continues_kept)
        buf_printf(out, "history: the head of %" PRIu64 " acts that you keep is part of it\n",
                   r->kept_size);
    if (r->heads_seen)
        buf_printf(out,
                   "history: %" PRIu64 " earlier heads are part of it, among them those that "
                   "devices had seen\n",
                   r->heads_seen);
}

void pack_report_text(const struct pack_report *r, struct buf *out)
{
    if (r->answer == PACK_REFUSED) {
        put_failures(r, out);
        return;
    }
    buf_puts(out, r->answer == PACK_PROVEN
                      ? "VERIFIED\n"
                      : "NOT PROVEN: the pack fits together, but nobody vouches for it: give the "
                        "trust anchor with --root\n");
    buf_puts(out, "advisory ");
    put_clean(out, r->advisory);
    buf_puts(out, ": ");
    put_clean(out, r->title);
    buf_puts(out, "\njournal ");
    put_clean(out, r->origin);
    buf_printf(out, ", %" PRIu64 " acts\n", r->size);
    if (r->organisation) {
        buf_puts(out, "only what concerns ");
        put_clean(out, r->organisation);
        buf_puts(out, ": that nobody else was left out, it does not show\n");
    }
    put_counts(&r->counts, out);
    put_witnessed(r, out);
    buf_printf(out,
               "checked: %" PRIu64 " receipts, %" PRIu64 " certificates, %" PRIu64 " acts, %" PRIu64
               " publications with %" PRIu64 " entries, %" PRIu64 " membership events\n",
               r->receipts, r->certificates, r->acts, r->publications, r->entries, r->events);
    buf_puts(out, "what remains to be trusted: the CA, that each key is its device's; the centre, "
                  "where it says so above; that there was no other publication\n");
}

static const char *answer_name(enum pack_answer answer)
{
    switch (answer) {
    case PACK_PROVEN: return "proven";
    case PACK_UNTRUSTED: return "untrusted";
    case PACK_REFUSED: break;
    }
    return "refused";
}

static void put_json_failures(const struct pack_report *r, struct json_writer *w)
{
    json_write_name(w, "failures");
    json_write_array(w);
    for (size_t i = 0; i < r->failure_count; i++) {
        const struct err *e = &r->failures[i].error;
        json_write_object(w);
        json_member_string(w, "code", e->code);
        json_member_string(w, "where", e->where);
        json_member_string(w, "text", e->text);
        json_member_string(w, "clause", e->clause);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_member_int(w, "failures_all", (int64_t)r->failures_all);
}

void pack_report_json(const struct pack_report *r, struct buf *out)
{
    struct json_writer w;

    json_write_init(&w, out, 2);
    json_write_object(&w);
    json_member_string(&w, "answer", answer_name(r->answer));
    put_json_failures(r, &w);
    if (r->answer != PACK_REFUSED) {
        json_member_string(&w, "origin", r->origin);
        json_member_string(&w, "advisory", r->advisory);
        json_member_string(&w, "title", r->title);
        if (r->organisation)
            json_member_string(&w, "organisation", r->organisation);
        json_member_int(&w, "size", (int64_t)r->size);
        json_member_hex(&w, "root", slice_of(r->root, sizeof r->root));
        json_member_int(&w, "witnessed", (int64_t)r->witnessed);
        json_member_int(&w, "cosigned_by", (int64_t)r->cosigned_by);
        json_member_bool(&w, "witnesses_are_yours", r->witnesses_are_ours);
        if (r->continues_kept)
            json_member_int(&w, "kept", (int64_t)r->kept_size);
        json_write_name(&w, "counts");
        pack_counts_write(&w, &r->counts);
        json_member_int(&w, "receipts", (int64_t)r->receipts);
        json_member_int(&w, "certificates", (int64_t)r->certificates);
        json_member_int(&w, "acts", (int64_t)r->acts);
        json_member_int(&w, "publications", (int64_t)r->publications);
        json_member_int(&w, "entries", (int64_t)r->entries);
        json_member_int(&w, "events", (int64_t)r->events);
        json_member_int(&w, "heads_seen", (int64_t)r->heads_seen);
    }
    json_write_object_end(&w);
    buf_putc(out, '\n');
}
