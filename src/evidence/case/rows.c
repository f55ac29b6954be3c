/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/rows.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ROW(name)                                                                                  \
    static enum evidence_answer_of_row name(const struct evidence_facts *f, int64_t now)
#define ANSWER(condition) ((void)now, (condition) ? ROW_MET : ROW_NOT_MET)
#define HAS(kind) evidence_facts_has(f, kind)
#define FILE_THERE(name) evidence_facts_has_file(f, name)
#define SAYS(path) (evidence_facts_text(f, path).len > 0)
/* Not about this one. */
#define UNLESS(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return ROW_NOT_CONCERNED;                                                              \
    } while (0)

static const int64_t half_year = INT64_C(180) * 86400 * 1000000;

static bool type_is(const struct evidence_facts *f, const char *type)
{
    return strcmp(f->source_type, type) == 0;
}

static bool has_image(const struct evidence_facts *f)
{
    return FILE_THERE("data/image.chunks");
}

static bool begins(const char *text, struct slice s)
{
    size_t len = strlen(text);
    return s.len >= len && memcmp(s.data, text, len) == 0;
}

ROW(auditable)
{
    return ANSWER(f->has_log && f->state.sound && !f->tool_missing);
}

ROW(repeated)
{
    UNLESS(has_image(f));
    struct slice again = evidence_facts_text(f, "checks.source_again");
    return ANSWER(HAS("repeated") || begins("the source was read again", again) ||
                  begins("not possible", again));
}

ROW(other_tool)
{
    UNLESS(has_image(f));
    return ANSWER(f->other_tool);
}

ROW(justified)
{
    UNLESS(f->has_log);
    return ANSWER(!f->reason_missing);
}

ROW(qualities)
{
    return ANSWER(HAS("sealed") || FILE_THERE("seal/seal.json"));
}

ROW(specialist)
{
    return ANSWER(f->specialist);
}

ROW(in_charge)
{
    return ANSWER(SAYS("person_in_charge.name"));
}

ROW(authority)
{
    UNLESS(f->has_log);
    return ANSWER(!f->authority_warned);
}

ROW(planned)
{
    return ANSWER(HAS("planned"));
}

ROW(identified)
{
    const char *name = strrchr(f->path, '/');
    return ANSWER(f->has_log && slice_is(evidence_facts_text(f, "id"), name ? name + 1 : f->path) &&
                  slice_is(evidence_facts_text(f, "id"), f->state.holder));
}

ROW(described)
{
    return ANSWER(SAYS("description") &&
                  (SAYS("item.serial") || SAYS("item.model") || SAYS("item.capacity") ||
                   SAYS("item.host") || SAYS("item.media")));
}

ROW(arrival)
{
    return ANSWER(HAS("arrival") && HAS("attachment"));
}

ROW(located)
{
    return ANSWER(HAS("sources"));
}

ROW(clock_compared)
{
    UNLESS(strcmp(f->first, "acquired") == 0);
    return ANSWER(f->clock_compared);
}

ROW(decided)
{
    return ANSWER(f->decision[0]);
}

ROW(live_in_order)
{
    UNLESS(FILE_THERE("data/live"));
    return ANSWER(evidence_path(json_root(f->doc), "plan") ||
                  evidence_path(json_root(f->doc), "live.plan") ||
                  evidence_path(json_root(f->doc), "collectors"));
}

ROW(live_taken)
{
    UNLESS(type_is(f, "volatile"));
    return ANSWER(f->bundles > 0);
}

ROW(image_taken)
{
    UNLESS(type_is(f, "static") && strcmp(f->decision, "acquire") == 0);
    return ANSWER(f->bundles > 0);
}

ROW(part_justified)
{
    const struct json_value *from = evidence_path(json_root(f->doc), "source.range_bytes");
    UNLESS(from || FILE_THERE("data/files.jsonl"));
    return ANSWER(f->has_log || SAYS("reason"));
}

ROW(encryption)
{
    UNLESS(type_is(f, "static") || type_is(f, "volatile") || type_is(f, "mobile"));
    return ANSWER(HAS("encryption"));
}

ROW(captured)
{
    UNLESS(type_is(f, "transit"));
    return ANSWER(f->bundles > 0);
}

ROW(pulled)
{
    UNLESS(type_is(f, "remote"));
    return ANSWER(HAS("pulled") || f->bundles > 0);
}

/* A blocker that is named was tested before, and held. */
ROW(write_protected)
{
    UNLESS(has_image(f));
    bool tested = !SAYS("source.write_blocker") ||
                  slice_is(evidence_facts_text(f, "source.write_blocker_test.verdict"), "holds");
    return ANSWER(begins("read-only", evidence_facts_text(f, "source.opened")) && tested);
}

ROW(footprint)
{
    UNLESS(FILE_THERE("data/live"));
    return ANSWER(evidence_path(json_root(f->doc), "footprint") ||
                  evidence_path(json_root(f->doc), "live.footprint") ||
                  FILE_THERE("data/live/footprint.json"));
}

ROW(all_sectors)
{
    const struct json_value *root = json_root(f->doc);
    int64_t source = -1, image = -2, part = 0;
    UNLESS(has_image(f) && json_int64(evidence_path(root, "source.bytes"), &source));
    if (json_int64(evidence_path(root, "source.range_bytes"), &part))
        source = part;
    return ANSWER(json_int64(evidence_path(root, "image.bytes"), &image) && image == source);
}

ROW(hidden_sectors)
{
    UNLESS(has_image(f));
    return ANSWER(SAYS("source.hidden_sectors") || strcmp(f->first, "imported") == 0);
}

ROW(errors_listed)
{
    UNLESS(has_image(f) && strcmp(f->first, "imported") != 0);
    return ANSWER(FILE_THERE("map.txt"));
}

ROW(retries_known)
{
    UNLESS(has_image(f) && strcmp(f->first, "imported") != 0);
    return ANSWER(evidence_path(json_root(f->doc), "reading.retries") != NULL);
}

ROW(read_back)
{
    UNLESS(has_image(f));
    return ANSWER(begins("the image was read back", evidence_facts_text(f, "checks.read_back")) ||
                  HAS("verified"));
}

ROW(verifiable)
{
    UNLESS(has_image(f));
    return ANSWER(SAYS("checks.source_again") || strcmp(f->first, "imported") == 0);
}

ROW(self_tested)
{
    UNLESS(strcmp(f->first, "imported") != 0);
    return ANSWER(FILE_THERE("selftest.json") || f->attached_self_test);
}

ROW(master_kept)
{
    return ANSWER((HAS("sealed") || FILE_THERE("seal/seal.json")) && !HAS("access"));
}

ROW(custody_complete)
{
    return ANSWER(f->has_log && f->state.sound);
}

ROW(unbroken)
{
    UNLESS(f->kind != EVIDENCE_HOLDER_CASE);
    bool begun = strcmp(f->first, "identified") == 0 || strcmp(f->first, "collected") == 0 ||
                 strcmp(f->first, "acquired") == 0 || strcmp(f->first, "imported") == 0 ||
                 strcmp(f->first, "copied") == 0;
    return ANSWER(f->has_log && begun && f->state.open_count == 0);
}

ROW(gate_open)
{
    UNLESS(!f->state.disposed);
    return ANSWER(f->has_log && f->state.gate_open);
}

ROW(access_logged)
{
    size_t open = 0;
    for (size_t i = 0; i < f->state.begun_count; i++) /* what was wrapped has its end elsewhere */
        open += strcmp(f->state.begun[i].what, "wrapped") != 0;
    return ANSWER(f->state.unrecorded == 0 && open == 0);
}

ROW(packaged)
{
    UNLESS(strcmp(f->decision, "collect") == 0 || HAS("handover-given"));
    return ANSWER(HAS("packaged") || HAS("collected"));
}

ROW(stored)
{
    UNLESS(!f->state.disposed && !f->state.returned);
    return ANSWER(HAS("stored"));
}

ROW(checked_lately)
{
    UNLESS(!f->state.disposed);
    return f->state.checked_at && now - f->state.checked_at < half_year ? ROW_MET : ROW_NOT_MET;
}

ROW(closed_to_others)
{
    struct stat st;
    return ANSWER(stat(f->path, &st) == 0 && (st.st_mode & 077) == 0);
}

ROW(count_outside)
{
    return ANSWER(f->has_log && f->state.sound && FILE_THERE("seal/seal.json"));
}

ROW(stamped)
{
    return ANSWER(FILE_THERE("seal/seal.tsr"));
}

/* NAME.ers beside NAME.evidence, or NAME.evidence.ers (tocsin evidence record make). */
ROW(long_term)
{
    const char *end = strrchr(f->path, '/');
    char name[300];
    snprintf(name, sizeof name, "../%.250s", end ? end + 1 : f->path);
    size_t len = strlen(name);
    snprintf(name + len, sizeof name - len, ".ers");
    bool beside = FILE_THERE(name);
    if (len > 9 && strcmp(name + len - 9, ".evidence.ers") == 0)
        snprintf(name + len - 9, sizeof name - (len - 9), ".ers");
    return ANSWER(beside || FILE_THERE(name) || HAS("renewed"));
}

ROW(noted)
{
    return ANSWER(HAS("note"));
}

ROW(photographed)
{
    return ANSWER(HAS("attachment"));
}

ROW(reported)
{
    return ANSWER(f->attached_report);
}

ROW(minimum_set)
{
    return ANSWER(SAYS("person_in_charge.contact") && SAYS("authority.id"));
}

ROW(as_case)
{
    return ANSWER(FILE_THERE("case.jsonld"));
}

ROW(bagged)
{
    return ANSWER(FILE_THERE("bagit.txt") && FILE_THERE("manifest-sha256.txt") &&
                  FILE_THERE("tagmanifest-sha256.txt"));
}

ROW(imported_well)
{
    UNLESS(strcmp(f->first, "imported") == 0 || SAYS("collected_by"));
    return ANSWER(strcmp(f->first, "imported") == 0);
}

ROW(linked)
{
    return ANSWER(json_count(evidence_path(json_root(f->doc), "links")) > 0);
}

#define PROGRAM SCOPE_PROGRAM, NULL

static const struct evidence_row rows[] = {
    {1, "Auditability", SCOPE_LOG, auditable,
     "tocsin evidence custody verify FOLDER says what is wrong with the log"},
    {2, "Repeatability", SCOPE_MASTER, repeated,
     "acquire with --rehash-source, or read the source again and tocsin evidence crosscheck"},
    {3, "Reproducibility", SCOPE_MASTER, other_tool,
     "hash the image with another tool and record it: tocsin evidence crosscheck --tool sha256sum"},
    {4, "Justifiability", SCOPE_LOG, justified,
     "each step says its reason: tocsin evidence correct"},
    {5, "Three qualities", SCOPE_MASTER, qualities,
     "tocsin evidence seal with --relevance, --reliability and --sufficiency"},
    {6, "Roles DEFR / DES named, competence noted", SCOPE_EXHIBIT, specialist,
     "a DEFR or DES with a dated qualification in person.json acts on it"},
    {7, "Person in charge named per case", SCOPE_CASE, in_charge,
     "tocsin evidence case change CASE --person-in-charge NAME"},
    {8, "Authority", SCOPE_LOG, authority,
     "an authority that covers it and is not over: --authority, or tocsin evidence case change; "
     "what was done without stays said: tocsin evidence correct"},
    {9, "Safety and priority", SCOPE_CASE, planned, "tocsin evidence plan CASE --item …"},
    {10, "Unique evidence identifier", SCOPE_EXHIBIT, identified,
     "folder, exhibit.json and log name the same identifier: tocsin evidence exhibit add"},
    {11, "Item description", SCOPE_EXHIBIT, described,
     "tocsin evidence exhibit add --device, or --model, --serial, --capacity"},
    {12, "State at arrival", SCOPE_EXHIBIT, arrival,
     "tocsin evidence arrive, and photos by tocsin evidence attach"},
    {13, "Locate sources", SCOPE_CASE, located, "tocsin evidence sources CASE --source-type …"},
    {14, "Time", SCOPE_MASTER, clock_compared,
     "acquire with --reference ntp://HOST, or read:TIME,SECONDS,WHAT"},
    {15, "Decision collect / acquire / neither", SCOPE_EXHIBIT, decided,
     "tocsin evidence decide FOLDER --power …"},
    {16, "Order of volatility", SCOPE_BUNDLE, live_in_order, "tocsin evidence live keeps its plan"},
    {17, "No shut-down before volatile capture", PROGRAM, NULL},
    {18, "Live acquisition", SCOPE_EXHIBIT, live_taken, "tocsin evidence live"},
    {19, "Dead acquisition", SCOPE_EXHIBIT, image_taken, "tocsin evidence acquire --case CASE"},
    {20, "Partial acquisition justified", SCOPE_BUNDLE, part_justified,
     "record why: tocsin evidence deviate"},
    {21, "Encryption", SCOPE_EXHIBIT, encryption,
     "tocsin evidence encryption FOLDER --device PATH or --this-machine"},
    {22, "Data in transit", SCOPE_EXHIBIT, captured, "tocsin evidence capture"},
    {23, "Networked, virtual, cloud items", SCOPE_EXHIBIT, pulled,
     "tocsin evidence pull with the request's id and the server's time"},
    {24, "Write protection", SCOPE_MASTER, write_protected,
     "acquire it with this program, and through a write blocker that its test showed to hold: "
     "tocsin "
     "evidence blocker"},
    {25, "Unavoidable changes on live systems", SCOPE_BUNDLE, footprint,
     "tocsin evidence live records its footprint"},
    {26, "All visible sectors", SCOPE_MASTER, all_sectors, "acquire it again, all of it"},
    {27, "Hidden sectors", SCOPE_MASTER, hidden_sectors, "acquire it with this program"},
    {28, "Accurate acquisition", PROGRAM, NULL},
    {29, "Read errors", SCOPE_MASTER, errors_listed, "acquire it with this program"},
    {30, "Benign fill", PROGRAM, NULL},
    {31, "Retry policy", SCOPE_MASTER, retries_known, "acquire it with this program"},
    {32, "Write errors", PROGRAM, NULL},
    {33, "Segmenting", PROGRAM, NULL},
    {34, "Verification", SCOPE_BUNDLE, read_back,
     "tocsin evidence verify BUNDLE --identity FOLDER"},
    {35, "Where it is changed", PROGRAM, NULL},
    {36, "Conversion keeps data", PROGRAM, NULL},
    {37, "Source that cannot be verified", SCOPE_MASTER, verifiable,
     "acquire it with this program"},
    {38, "Log accurate and complete", PROGRAM, NULL},
    {39, "Source unchanged", PROGRAM, NULL},
    {40, "Tool validated", SCOPE_MASTER, self_tested,
     "acquire with --selftest and the report of tocsin evidence selftest"},
    {41, "Sealed master, working copies", SCOPE_MASTER, master_kept,
     "tocsin evidence seal; work on tocsin evidence copy"},
    {42, "Chain-of-custody record", SCOPE_LOG, custody_complete,
     "tocsin evidence custody verify FOLDER; a bundle's log begins with acquire or verify "
     "--identity"},
    {43, "Custody unbroken", SCOPE_LOG, unbroken,
     "tocsin evidence handovers; the receiver signs, or tocsin evidence withdraw"},
    {44, "Hash at every transfer", SCOPE_BUNDLE, gate_open,
     "tocsin evidence verify BUNDLE --identity FOLDER"},
    {45, "Access log", SCOPE_LOG, access_logged,
     "tocsin evidence custody show says what was done without a record, and custody verify what "
     "was begun and never ended; who did it, and what came of it: tocsin evidence note, or of what "
     "was begun: tocsin evidence correct"},
    {46, "Packaging and transport", SCOPE_EXHIBIT, packaged, "tocsin evidence package"},
    {47, "Storage", SCOPE_EXHIBIT, stored, "tocsin evidence store with --retain-until"},
    {48, "Integrity over time", SCOPE_BUNDLE, checked_lately, "tocsin evidence recheck CASE"},
    {49, "Confidentiality", SCOPE_CASE, closed_to_others,
     "chmod 0700: others on this machine can read the case's folder"},
    {50, "Tamper-evident custody log", SCOPE_MASTER, count_outside,
     "tocsin evidence seal: it holds the log's head and count"},
    {51, "Trusted time on each seal", SCOPE_MASTER, stamped, "tocsin evidence seal --tsa URL"},
    {52, "Long-term", SCOPE_MASTER, long_term,
     "tocsin evidence record make BUNDLE -o NAME.ers, beside the bundle"},
    {53, "Contemporaneous notes", SCOPE_EXHIBIT, noted, "tocsin evidence note"},
    {54, "Photos, video, sketch", SCOPE_EXHIBIT, photographed, "tocsin evidence attach"},
    {55, "Acquisition report", SCOPE_CASE, reported,
     "tocsin evidence report, and attach it to the case"},
    {56, "Minimum hand-over set", SCOPE_CASE, minimum_set,
     "tocsin evidence case change CASE --contact"},
    {57, "CASE/UCO", SCOPE_MASTER, as_case, "acquire it with this program"},
    {58, "Export", SCOPE_BUNDLE, bagged, "acquire it with this program"},
    {59, "Import", SCOPE_BUNDLE, imported_well, "tocsin evidence import --identity FOLDER"},
    {60, "Links to incident, asset, device", SCOPE_CASE, linked,
     "tocsin evidence case change CASE --link incident:ID"},
};

const struct evidence_row *evidence_row_at(size_t index)
{
    return index < ARRAY_LEN(rows) ? &rows[index] : NULL;
}
