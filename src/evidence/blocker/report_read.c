/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin-evidence-blocker/v1, read: nothing in it is believed that does not follow from the rest.
 */
#include "base/encoding.h"
#include "evidence/blocker/testing.h"

#include <stdio.h>
#include <string.h>

static int wrong(struct err *e, const char *what)
{
    return err_set(e, ERR_INPUT, "blocker.report", NULL,
                   "this is no whole report of a write "
                   "blocker's test: %s",
                   what);
}

static bool one_of(struct slice word, const char *const *words, size_t count, size_t *which)
{
    for (*which = 0; *which < count; (*which)++)
        if (slice_is(word, words[*which]))
            return true;
    return false;
}

static int count_attempt(const struct json_value *a, struct blocker_counts *n, struct err *e)
{
    static const char *const effects[] = {"writes", "discards", "changes no data"};
    size_t outcome, effect;
    if (!one_of(json_get_string(a, "outcome"), blocker_outcome_names, BLOCKER_OUTCOMES, &outcome) ||
        !one_of(json_get_string(a, "effect"), effects, ARRAY_LEN(effects), &effect) ||
        json_get_string(a, "command").len == 0 || json_get_string(a, "without_blocker").len == 0)
        return wrong(e, "an attempt without command, effect, outcome or what it does without the "
                        "blocker");
    bool changes =
        slice_is(json_get_string(a, "without_blocker"), blocker_outcome_names[BLOCKER_CHANGED]);
    blocker_counts_add(n, (enum blocker_outcome)outcome, (enum blocker_effect)effect, changes);
    return 0;
}

static int count_assertions(const struct json_value *list, struct blocker_counts *n, struct err *e)
{
    static const char *const ids[] = {"HWB-RM-01", "HWB-RM-02", "HWB-RM-03", "HWB-RM-04",
                                      "T-CONTROL"};
    static const char *const outcomes[] = {"not run", "pass", "fail"};
    size_t at = 0, outcome;
    json_each(a, list)
    {
        if (at == ARRAY_LEN(ids) || !slice_is(json_get_string(a, "id"), ids[at++]) ||
            !one_of(json_get_string(a, "outcome"), outcomes, ARRAY_LEN(outcomes), &outcome))
            return wrong(e, "its assertions are others");
        n->failed += at > 1 && outcome == BLOCKER_FAIL;
    }
    return at == ARRAY_LEN(ids) ? 0 : wrong(e, "an assertion is missing");
}

static int count_afterwards(const struct json_value *later, struct blocker_counts *n, struct err *e)
{
    const struct json_value *same = json_get(later, "as_prepared"),
                            *reached = json_get(later, "write_reaches");
    if (!later)
        return 0;
    if (!json_is_bool(same) || !json_is_bool(reached))
        return wrong(e, "what was found afterwards is not said");
    n->looked = true;
    n->as_prepared = json_is(same, JSON_TRUE);
    n->reached = json_is(reached, JSON_TRUE);
    return 0;
}

int blocker_report_count(const struct json_value *root, struct blocker_counts *n, struct err *e)
{
    *n = (struct blocker_counts){.elsewhere = json_get(root, "changed_elsewhere_at") != NULL};
    if (!json_is(json_get(root, "attempts"), JSON_ARRAY) ||
        !json_is(json_get(root, "assertions"), JSON_ARRAY))
        return wrong(e, "attempts or assertions are missing");
    json_each(a, json_get(root, "attempts")) if (count_attempt(a, n, e) != 0) return -1;
    if (count_assertions(json_get(root, "assertions"), n, e) != 0)
        return -1;
    return count_afterwards(json_get(root, "afterwards"), n, e);
}

/* The counts that stand in it are those of its list. */
static bool counts_fit(const struct json_value *said, const struct blocker_counts *n)
{
    const struct {
        const char *name;
        size_t count;
    } wanted[] = {{"attempts", n->attempts},           {"not_possible", n->not_possible},
                  {"kernel_refused", n->kernel},       {"refused", n->refused},
                  {"accepted", n->accepted},           {"changed", n->changed},
                  {"change_without_blocker", n->asked}};
    int64_t number;
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        if (!json_int64(json_get(said, wanted[i].name), &number) ||
            number != (int64_t)wanted[i].count)
            return false;
    return true;
}

static int read_members(const struct json_value *root, struct evidence_blocker_report *out,
                        struct err *e)
{
    const struct json_value *blocker = json_get(root, "blocker");
    if (!slice_is(json_get_string(root, "format"), BLOCKER_FORMAT))
        return wrong(e, "its format is another");
    out->given = json_get_string(blocker, "given");
    out->attached_by = json_get_string(blocker, "attached_by");
    out->by = json_get_string(root, "by");
    if (!out->given.len || !json_is(json_get(blocker, "attached_by"), JSON_STRING) || !out->by.len)
        return wrong(e, "it does not say which blocker, how attached, or who tested it");
    if (hex_parse(json_string(json_get(json_get(root, "disk"), "id")), out->disk,
                  sizeof out->disk) != 0)
        return wrong(e, "it does not say on which disk");
    if (time_parse(json_get_string(root, "ended"), &out->ended, e) != 0)
        return err_context(e, "ended");
    return 0;
}

int evidence_blocker_report_read(struct slice text, struct json_doc **doc,
                                 struct evidence_blocker_report *out, struct err *e)
{
    struct blocker_counts n;
    char why[400];
    *out = (struct evidence_blocker_report){0};
    *doc = NULL;
    if (json_parse(doc, text, NULL, e) != 0)
        return -1;
    out->root = json_root(*doc);
    int result = read_members(out->root, out, e);
    if (result == 0)
        result = blocker_report_count(out->root, &n, e);
    if (result == 0) {
        out->verdict = blocker_judge(&n, why);
        out->confirmed = n.looked;
        out->attempts = n.attempts;
        out->changed = n.changed;
        if (!counts_fit(json_get(out->root, "counts"), &n))
            result = wrong(e, "its counts are not those of its attempts");
        else if (!slice_is(json_get_string(out->root, "verdict"),
                           evidence_blocker_verdict_name(out->verdict)))
            result = wrong(e, "its verdict does not follow from what it lists");
    }
    if (result != 0) {
        json_doc_free(*doc);
        *doc = NULL;
    }
    return result;
}
