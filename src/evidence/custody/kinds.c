/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/kinds.h"
#include "base/compiler.h"

#include <string.h>

#define SOURCE_TYPES "static|transit|volatile|remote|backup|mobile|paper|other"
#define RESULT                                                                                     \
    {                                                                                              \
        "details.result", 44, "same|changed", NULL, NULL                                           \
    }

static const struct evidence_field common[] = {
    {"actor.name", 42, NULL, NULL, NULL},
    {"actor.role", 6, NULL, NULL, NULL},
    {"actor.competence", 6, NULL, "actor.role", "DEFR|DES"},
    {"place", 42, NULL, NULL, NULL},
    {"reason", 4, NULL, NULL, NULL},
    {"authority.id", 8, NULL, NULL, NULL},
    {"clock.end.at", 14, NULL, NULL, NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct evidence_kind kinds[] = {
    {"case-opened",
     "a case is opened",
     EVIDENCE_BEGINS,
     {{"details.person_in_charge", 7, NULL, NULL, NULL},
      {"details.case_sha256", 1, NULL, NULL, NULL}}},
    {"case-changed",
     "person in charge, authority or title of a case are others now",
     0,
     {{"details.person_in_charge", 7, NULL, NULL, NULL},
      {"details.case_sha256", 1, NULL, NULL, NULL}}},
    {"planned",
     "in which order sources are taken",
     0,
     {{"details.order", 9, NULL, NULL, NULL},
      {"details.deviation", 9, NULL, "details.follows", "no"},
      {"details.follows", 9, "yes|no", NULL, NULL}}},
    {"identified",
     "an item is recognised as evidence",
     EVIDENCE_BEGINS | EVIDENCE_TAKES,
     {{"details.description", 11, NULL, NULL, NULL},
      {"details.source_type", 13, SOURCE_TYPES, NULL, NULL},
      {"details.exhibit_sha256", 10, NULL, NULL, NULL}}},
    {"described",
     "an item's description is another now",
     0,
     {{"details.changed", 11, NULL, NULL, NULL},
      {"details.description", 11, NULL, NULL, NULL},
      {"details.source_type", 13, SOURCE_TYPES, NULL, NULL},
      {"details.exhibit_sha256", 10, NULL, NULL, NULL}}},
    {"arrival",
     "the state in which it was found",
     0,
     {{"details.power", 12, "on|off|standby|none|unknown", NULL, NULL},
      {"details.screen", 12, NULL, "details.power", "on|standby"},
      {"details.network", 12, NULL, "details.power", "on|standby"},
      {"details.condition", 12, NULL, NULL, NULL}}},
    {"encryption",
     "whether what it holds is encrypted, and open now",
     0,
     {{"details.seen", 21, NULL, NULL, NULL}}},
    {"sources",
     "which sources of a kind were looked for",
     0,
     {{"details.source_type", 13, SOURCE_TYPES, NULL, NULL},
      {"details.answers", 13, NULL, NULL, NULL}}},
    {"decided",
     "collect, acquire or neither",
     0,
     {{"details.decision", 15, "collect|acquire|neither", NULL, NULL},
      {"details.path", 15, NULL, NULL, NULL},
      {"details.power", 15, "on|off|none", NULL, NULL}}},
    {"collected",
     "an item is taken along",
     EVIDENCE_BEGINS | EVIDENCE_TAKES | EVIDENCE_CLOSES_GATE,
     {{"details.condition", 46, NULL, NULL, NULL},
      {"details.packaging", 46, NULL, NULL, NULL},
      {"details.seal_number", 46, NULL, NULL, NULL}}},
    {"acquired",
     "a copy is made of what it holds",
     EVIDENCE_BEGINS | EVIDENCE_TAKES | EVIDENCE_OPENS_GATE,
     {{"details.method", 15, "dead|live|logical|partial|capture|remote", NULL, NULL},
      {"details.bundle", 10, NULL, NULL, NULL},
      {"details.tagmanifest_sha256", 42, NULL, NULL, NULL},
      {"details.source", 11, NULL, NULL, NULL},
      {"details.scope", 20, NULL, "details.method", "logical|partial"},
      {"details.why_partial", 20, NULL, "details.method", "logical|partial"},
      {"details.verifiable", 37, NULL, NULL, NULL}}},
    {"pulled",
     "records of a service are fetched from it",
     EVIDENCE_BEGINS,
     {{"details.service", 23, NULL, NULL, NULL},
      {"details.request_id", 23, NULL, NULL, NULL},
      {"details.server_time", 23, NULL, NULL, NULL},
      {"details.query", 23, NULL, NULL, NULL},
      {"details.sha256", 23, NULL, NULL, NULL}}},
    {"sealed",
     "an acquisition is closed: from here on its log alone grows",
     0,
     {{"details.relevance", 5, NULL, NULL, NULL},
      {"details.reliability", 5, NULL, NULL, NULL},
      {"details.sufficiency", 5, NULL, NULL, NULL},
      {"details.tagmanifest_sha256", 42, NULL, NULL, NULL}}},
    {"packaged",
     "it is put into a bag and sealed",
     0,
     {{"details.packaging", 46, NULL, NULL, NULL}, {"details.seal_number", 46, NULL, NULL, NULL}}},
    {"handover-given",
     "it is given to somebody, who has not signed yet",
     EVIDENCE_CLOSES_GATE,
     {{"details.handover", 43, NULL, NULL, NULL},
      {"details.to", 43, NULL, NULL, NULL},
      {"details.items", 44, NULL, NULL, NULL},
      {"details.packaging", 46, NULL, NULL, NULL},
      {"details.seal_number", 46, NULL, NULL, NULL},
      {"details.carrier", 46, NULL, NULL, NULL}}},
    {"handover-received",
     "who was to receive it has it, and it is what was given",
     EVIDENCE_CLOSES_GATE | EVIDENCE_OPENS_GATE | EVIDENCE_TAKES,
     {{"details.handover", 43, NULL, NULL, NULL},
      {"details.from", 43, NULL, NULL, NULL},
      {"details.items", 44, NULL, NULL, NULL},
      {"details.condition", 46, NULL, NULL, NULL},
      {"details.seal_number", 46, NULL, NULL, NULL},
      RESULT}},
    {"handover-refused",
     "who was to receive it does not take it over",
     EVIDENCE_CLOSES_GATE,
     {{"details.handover", 43, NULL, NULL, NULL},
      {"details.from", 43, NULL, NULL, NULL},
      {"details.items", 44, NULL, NULL, NULL},
      {"details.condition", 46, NULL, NULL, NULL},
      RESULT}},
    {"handover-receipt",
     "the receiver's word has come back to who gave it",
     0,
     {{"details.handover", 43, NULL, NULL, NULL},
      {"details.outcome", 43, "received|refused", NULL, NULL},
      {"details.receipt_sha256", 43, NULL, NULL, NULL}}},
    {"handover-withdrawn",
     "it was not handed over after all",
     0,
     {{"details.handover", 43, NULL, NULL, NULL}}},
    {"access", "it is opened, looked at or worked on", 0, {{"details.what", 45, NULL, NULL, NULL}}},
    {"verified",
     "it is held against its hashes",
     EVIDENCE_OPENS_GATE | EVIDENCE_BEGINS,
     {RESULT, {"details.what", 44, NULL, NULL, NULL}}},
    {"copied",
     "a working copy is made",
     EVIDENCE_OPENS_GATE | EVIDENCE_BEGINS,
     {{"details.copy", 41, NULL, NULL, NULL},
      {"details.master", 41, NULL, NULL, NULL},
      {"details.tagmanifest_sha256", 44, NULL, NULL, NULL},
      RESULT}},
    {"begun",
     "something is begun, and its end has a record of its own",
     0,
     {{"details.what", 45, "exported|disclosed|wrapped", NULL, NULL},
      {"details.to", 45, NULL, NULL, NULL}}},
    {"not-done",
     "what an earlier record began came to nothing",
     0,
     {{"details.begun", 45, NULL, NULL, NULL}, {"details.why", 45, NULL, NULL, NULL}}},
    {"exported",
     "its contents are written out in another form",
     0,
     {{"details.format", 45, NULL, NULL, NULL}, {"details.to", 45, NULL, NULL, NULL}}},
    {"wrapped",
     "a copy of it is encrypted for named receivers",
     0,
     {{"details.to", 49, NULL, NULL, NULL}, {"details.receivers", 49, NULL, NULL, NULL}}},
    {"imported",
     "what another collected is taken in",
     EVIDENCE_BEGINS | EVIDENCE_TAKES | EVIDENCE_OPENS_GATE,
     {{"details.format", 59, NULL, NULL, NULL},
      {"details.received_sha256", 59, NULL, NULL, NULL},
      {"details.collected_by", 59, NULL, NULL, NULL}}},
    {"disclosed",
     "a part of it is shown to somebody",
     0,
     {{"details.to", 45, NULL, NULL, NULL}, {"details.files", 45, NULL, NULL, NULL}}},
    {"stored",
     "it is put where it is kept",
     0,
     {{"details.location", 47, NULL, NULL, NULL},
      {"details.environment", 47, NULL, NULL, NULL},
      {"details.access", 47, NULL, NULL, NULL},
      {"details.retain_until", 47, NULL, NULL, NULL}}},
    {"moved",
     "it is brought from one place to another in one person's hands",
     EVIDENCE_CLOSES_GATE,
     {{"details.from", 42, NULL, NULL, NULL}, {"details.to", 42, NULL, NULL, NULL}}},
    {"hold-set",
     "it must not be disposed of",
     0,
     {{"details.hold", 47, NULL, NULL, NULL}, {"details.ordered_by", 47, NULL, NULL, NULL}}},
    {"hold-lifted",
     "a hold is over",
     0,
     {{"details.hold", 47, NULL, NULL, NULL}, {"details.ordered_by", 47, NULL, NULL, NULL}}},
    {"note",
     "words, as they were written at the time",
     EVIDENCE_WORDS,
     {{"details.text", 53, NULL, NULL, NULL}}},
    {"correction",
     "words about an earlier record, which stays",
     EVIDENCE_WORDS,
     {{"details.corrects", 53, NULL, NULL, NULL}, {"details.text", 53, NULL, NULL, NULL}}},
    {"attachment",
     "a photo, video, sketch or document",
     EVIDENCE_WORDS,
     {{"details.file", 54, NULL, NULL, NULL},
      {"details.sha256", 54, NULL, NULL, NULL},
      {"details.shows", 54, NULL, NULL, NULL}}},
    {"deviation",
     "it was not done as planned or as the default is",
     0,
     {{"details.planned", 4, NULL, NULL, NULL}, {"details.done", 4, NULL, NULL, NULL}}},
    {"renewed",
     "its evidence record got a new time-stamp",
     0,
     {{"details.sha256", 48, NULL, NULL, NULL}}},
    {"repeated",
     "it was acquired again, or read by another tool",
     0,
     {{"details.tool", 3, NULL, NULL, NULL},
      {"details.sha256", 2, NULL, NULL, NULL},
      {"details.result", 2, "same|changed", NULL, NULL}}},
    {"disposed",
     "it is destroyed",
     EVIDENCE_CLOSES_GATE,
     {{"details.method", 47, NULL, NULL, NULL},
      {"details.certificate", 47, NULL, NULL, NULL},
      {"details.certificate_sha256", 47, NULL, NULL, NULL},
      {"details.witness", 47, NULL, NULL, NULL}}},
    {"returned",
     "it is given back to its owner",
     EVIDENCE_CLOSES_GATE,
     {{"details.to", 47, NULL, NULL, NULL}, {"details.receipt", 47, NULL, NULL, NULL}}},
    {"key-change",
     "somebody signs with another key from now on",
     EVIDENCE_WORDS,
     {{"details.subject", 50, NULL, NULL, NULL},
      {"details.certificate_sha256", 50, NULL, NULL, NULL}}},
};

const struct evidence_kind *evidence_kind_of(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (slice_is(name, kinds[i].name))
            return &kinds[i];
    return NULL;
}

const struct evidence_kind *evidence_kind_at(size_t index)
{
    return index < ARRAY_LEN(kinds) ? &kinds[index] : NULL;
}

const struct evidence_field *evidence_kind_common(void)
{
    return common;
}

const struct json_value *evidence_path(const struct json_value *root, const char *path)
{
    while (root && *path) {
        size_t len = strcspn(path, ".");
        root = json_get_slice(root, slice_of(path, len));
        path += len + (path[len] == '.');
    }
    return root;
}

/* Is text one of "a|b|c"? */
static bool one_of(const char *values, struct slice text)
{
    while (text.len && *values) {
        size_t len = strcspn(values, "|");
        if (slice_equal(slice_of(values, len), text))
            return true;
        values += len + (values[len] == '|');
    }
    return false;
}

static bool is_said(const struct json_value *v)
{
    switch (json_type(v)) {
    case JSON_STRING:
        /* Blanks say nothing either. */
        for (size_t i = 0; i < json_string(v).len; i++)
            if (json_string(v).data[i] > ' ')
                return true;
        return false;
    case JSON_ARRAY:
    case JSON_OBJECT: return json_count(v) > 0;
    case JSON_NUMBER:
    case JSON_TRUE:
    case JSON_FALSE: return true;
    default: return false;
    }
}

static int check_field(const struct evidence_kind *kind, const struct evidence_field *f,
                       const struct json_value *record, struct err *e)
{
    const struct json_value *v = evidence_path(record, f->path);
    if (f->when && !one_of(f->was, json_string(evidence_path(record, f->when))))
        return 0;
    if (!is_said(v)) {
        err_set(e, ERR_USAGE, "custody.field", "ISO/IEC 27037",
                "a step \"%s\" must say more than it does (acceptance row %u)", kind->name, f->row);
        err_where(e, "%s", f->path);
        return f->when ? err_hint(e, "it is asked for because %s is \"%.*s\"", f->when,
                                  SLICE_ARG(json_string(evidence_path(record, f->when))))
                       : -1;
    }
    if (f->values && !one_of(f->values, json_string(v)))
        return err_set(e, ERR_USAGE, "custody.field", "ISO/IEC 27037",
                       "in a step \"%s\", %s is one of %s (acceptance row %u)", kind->name, f->path,
                       f->values, f->row);
    return 0;
}

/* Row 6: a first responder's or specialist's qualification has its date. */
static int check_dates(const struct evidence_kind *kind, const struct json_value *record,
                       struct err *e)
{
    if (!one_of("DEFR|DES", json_string(evidence_path(record, "actor.role"))))
        return 0;
    json_each(c,
              evidence_path(record, "actor.competence")) if (is_said(json_get(c, "from"))) return 0;
    err_set(e, ERR_USAGE, "custody.field", "ISO/IEC 27037",
            "a step \"%s\" must say since when who does it has the qualification: "
            "actor.competence.from (acceptance row 6)",
            kind->name);
    return err_hint(e, "in person.json, a qualification is \"WHAT, 2024-05-01\"");
}

int evidence_kind_check(const struct evidence_kind *kind, const struct json_value *record,
                        struct err *e)
{
    for (const struct evidence_field *f = common; f->path; f++)
        if (check_field(kind, f, record, e) != 0)
            return -1;
    for (size_t i = 0; i < EVIDENCE_FIELDS && kind->fields[i].path; i++)
        if (check_field(kind, &kind->fields[i], record, e) != 0)
            return -1;
    return check_dates(kind, record, e);
}
