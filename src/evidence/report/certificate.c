/* SPDX-License-Identifier: Apache-2.0 */
/* What all of it proves, what is missing for another jurisdiction, and what a person signs. */
#include "evidence/report/reporting.h"

#include <inttypes.h>

void reporting_proven(struct reporting *r)
{
    bool verified = r->bundle_count > 0, sound = true, sealed = r->bundle_count > 0;
    bool custody = r->bundle_count > 0, unreadable = false, complete = true;
    for (size_t i = 0; i < r->bundle_count; i++) {
        const struct reporting_bundle *b = &r->bundles[i];
        verified = verified && b->verified;
        sound = sound && b->sound;
        sealed = sealed && b->sealed;
        custody = custody && b->custody && b->custody_sound;
        unreadable = unreadable || b->unreadable;
        complete = complete && b->complete;
    }
    paper_say(r->paper, PAPER_HEADING, "What this proves, and what it does not");
    paper_say(r->paper, PAPER_SUBHEADING, "Proven");
    if (verified && sound)
        paper_say(r->paper, PAPER_ITEM,
                  "Every file of every acquisition has the hash that its manifest lists, and each "
                  "image has the SHA-256 that its record states. Anybody can check this with the "
                  "commands in VERIFY.txt, without the program that made it.");
    if (custody && r->told->unsound == 0)
        paper_say(r->paper, PAPER_ITEM,
                  "Each step in the custody logs was signed with the key of the person it names; "
                  "no step was changed, put elsewhere or cut off behind the last signed count.");
    if (!(verified && sound) && !(custody && r->told->unsound == 0))
        paper_say(r->paper, PAPER_ITEM, "Nothing, by what was looked at for this report.");
    paper_say(r->paper, PAPER_SUBHEADING, "Not proven");
    if (!complete)
        paper_say(r->paper, PAPER_ITEM, "Anything about acquisitions that were not finished.");
    if (!verified)
        paper_say(r->paper, PAPER_ITEM,
                  "That the bundles are still what they were: not all were read again for this "
                  "report.");
    if (verified && !sound)
        paper_say(r->paper, PAPER_ITEM,
                  "That the bundles are what they were when they were closed: not all are, see "
                  "above.");
    if (!sealed)
        paper_say(r->paper, PAPER_ITEM,
                  "When the manifests were made, and that they were not made anew later by "
                  "somebody who could write to the folder: not every bundle has a seal (signature "
                  "and time-stamp).");
    else
        paper_say(r->paper, PAPER_ITEM,
                  "What the seals show was not checked for this report; tocsin evidence verify, "
                  "and the commands in VERIFY.txt, do.");
    if (!custody)
        paper_say(r->paper, PAPER_ITEM,
                  "Who had the evidence at each moment: not everything has a custody log that "
                  "holds together.");
    if (unreadable)
        paper_say(r->paper, PAPER_ITEM,
                  "What stood in the sectors that could not be read; they are listed above.");
    paper_say(r->paper, PAPER_ITEM,
              "What the source held before it was acquired, and what lies in areas that a disk "
              "hides (host protected area, device configuration overlay, over-provisioning), "
              "unless the record says that they were looked at.");
    paper_say(r->paper, PAPER_ITEM,
              "That the clock of the machine was right, beyond what the records say of it.");
    paper_say(r->paper, PAPER_ITEM,
              "What anything means. This report is about the data being the same, not about what "
              "they show.");
}

void reporting_needs(struct reporting *r)
{
    static const struct {
        const char *what, *where;
    } needs[NEEDS] = {
        [NEED_ITEM] = {"The item: its identifier and description", "exhibit.json, --exhibit, "
                                                                   "--description"},
        [NEED_PERSON] = {"Who took it, role, competence", "acquisition.json, examiner"},
        [NEED_TIME] = {"When, and by which clock", "acquisition.json, started, ended"},
        [NEED_REASON] = {"Why, and why in this way", "acquisition.json, reason"},
        [NEED_AUTHORITY] = {"What allowed it", "case.json or acquisition.json, authority"},
        [NEED_TOOL] = {"Tool: name, version, hash", "acquisition.json, tool"},
        [NEED_TOOL_TEST] = {"Tool: what was shown of this build", "selftest.json (--selftest)"},
        [NEED_HASH] = {"Hash of what was taken", "acquisition.json, tagmanifest-sha256.txt"},
        [NEED_MANIFEST] = {"Hashes of every file, which hold", "manifest-sha256.txt; checked now"},
        [NEED_ERRORS] = {"What could not be read, or that all was", "acquisition.json, map.txt"},
        [NEED_CUSTODY] = {"Custody, signed and unbroken", "custody/ of the bundle or its exhibit"},
        [NEED_CONTACT] = {"Whom to ask", "case.json, contact; the examiner's contact"},
        [NEED_HOW] = {"How to check it without this program", "VERIFY.txt"},
    };
    static const char *const names[] = {"What the other side needs", "There", "Where it stands"};
    static const uint8_t weights[] = {42, 26, 32};
    paper_say(r->paper, PAPER_HEADING, "Ready for another jurisdiction?");
    paper_say(r->paper, PAPER_TEXT,
              "The least that has to go along when evidence is given to another jurisdiction "
              "(ISO/IEC 27037): for each acquisition, whether it is there.");
    if (r->bundle_count == 0)
        paper_say(r->paper, PAPER_BAD, "There is no acquisition to hand over.");
    r->told->missing += r->bundle_count == 0;
    for (size_t i = 0; i < r->bundle_count; i++) {
        const struct reporting_bundle *b = &r->bundles[i];
        unsigned missing = 0;
        paper_say(r->paper, PAPER_SUBHEADING, "%s", b->name);
        paper_columns(r->paper, 3, names, weights, 0);
        for (int n = 0; n < NEEDS; n++) {
            bool unknown = n == NEED_MANIFEST && !b->verified && b->complete;
            missing += !b->has[n];
            paper_row(r->paper, 3,
                      (struct slice[]){slice_str(needs[n].what),
                                       slice_str(b->has[n] ? "yes"
                                                 : unknown ? "not checked"
                                                           : "MISSING"),
                                       slice_str(needs[n].where)});
        }
        r->told->missing += missing;
        if (missing)
            paper_say(r->paper, PAPER_DOUBT, "%u of %d are missing.", missing, (int)NEEDS);
        else
            paper_say(r->paper, PAPER_GOOD, "All of it is there.");
    }
}

/* The five points that a certification under FRE 902(14) is asked for. */
void reporting_certificate(struct reporting *r)
{
    static const char *const names[] = {"Exhibit", "Data", "SHA-256"};
    static const uint8_t weights[] = {13, 26, 61};
    bool matched = r->bundle_count > 0;
    paper_add(r->paper, PAPER_PAGE, slice_of("", 0));
    paper_say(r->paper, PAPER_HEADING,
              "Certificate of authenticity of data copied from an electronic device, storage "
              "medium or file");
    paper_say(r->paper, PAPER_SMALL,
              "A template for a certification under Rule 902(14) of the Federal Rules of Evidence "
              "(United States), or for a like statement elsewhere. It is a statement of a person: "
              "the program fills in what the records say; what stands here is true when the person "
              "who signs knows it to be true, and is to be struck out where it is not.");
    paper_say(r->paper, PAPER_SUBHEADING, "1. The data that were copied");
    paper_columns(r->paper, 3, names, weights, 4);
    for (size_t i = 0; i < r->bundle_count; i++) {
        const struct reporting_bundle *b = &r->bundles[i];
        struct slice exhibit = json_get_string(b->acquisition.root, "exhibit");
        matched = matched && b->verified && b->sound;
        paper_row(r->paper, 3,
                  (struct slice[]){exhibit.len ? exhibit : slice_str(b->exhibit ? b->exhibit : "–"),
                                   slice_str(b->name),
                                   b->sha256.len ? b->sha256
                                                 : slice_str("see tagmanifest-sha256.txt, above")});
    }
    paper_say(r->paper, PAPER_SUBHEADING, "2. The qualified person");
    paper_say(
        r->paper, PAPER_TEXT,
        "I, ______________________________, am employed as ______________________________ by "
        "______________________________. My training and experience in digital forensics "
        "are: ____________________________________________________________. I made the copies "
        "named above, or I checked them as stated below.");
    for (size_t i = 0; i < r->bundle_count; i++) {
        const struct json_value *who = json_get(r->bundles[i].acquisition.root, "examiner");
        if (json_get_string(who, "name").len)
            paper_say(r->paper, PAPER_ITEM, "%s was acquired by %.*s%s%.*s%s%.*s.",
                      r->bundles[i].name, SLICE_ARG(json_get_string(who, "name")),
                      json_get_string(who, "role").len ? ", " : "",
                      SLICE_ARG(json_get_string(who, "role")),
                      reporting_text(r, who, "competence").len ? ", " : "",
                      SLICE_ARG(reporting_text(r, who, "competence")));
    }
    paper_say(r->paper, PAPER_SUBHEADING, "3. The tool and process are reliable");
    paper_say(r->paper, PAPER_TEXT,
              "The copies were made with the program and version named for each of them. The "
              "process reads the source without writing to it, computes the SHA-256 of what it "
              "reads, reads back what it wrote, and lists what it could not read. What was shown "
              "of the build that was used, on disks whose every sector is known, stands in the "
              "self-test's report named above, if there is one.");
    paper_say(r->paper, PAPER_SUBHEADING, "4. The hashes match");
    paper_say(r->paper, matched ? PAPER_TEXT : PAPER_BAD,
              matched ? "The SHA-256 of each copy was computed again for this report, and is the "
                        "one that was computed when the copy was made. Two different data with the "
                        "same SHA-256 are not known to exist."
                      : "NOT for all copies: they were not all read again for this report, or not "
                        "all are what they were. This point cannot be certified as it stands.");
    paper_say(r->paper, PAPER_SUBHEADING, "5. The hashes are disclosed");
    paper_say(r->paper, PAPER_TEXT,
              "The hash values are those in the table above. With them and the file VERIFY.txt, "
              "every other party can check any copy that it is given.");
    paper_say(r->paper, PAPER_TEXT,
              "I declare under penalty of perjury under the laws of "
              "______________________________ that the foregoing is true and correct.");
    paper_say(r->paper, PAPER_SIGN, "Signature");
    paper_say(r->paper, PAPER_SIGN, "Name in print, capacity");
    paper_say(r->paper, PAPER_SIGN, "Place and date");
}
