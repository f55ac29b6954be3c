/* SPDX-License-Identifier: Apache-2.0 */
/* Custody: the table of what a step must say, the reader of records, the files of a log, the gate.
 */
#include "evidence/custody.h"
#include "base/file.h"
#include "evidence/case/decision.h"
#include "evidence/custody/doing.h"
#include "evidence/custody/kinds.h"
#include "evidence/custody/log.h"
#include "evidence/custody/record.h"
#include "evidence/identity.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char top[] = "/tmp/evidence_custody_XXXXXX";

static const char *in_top(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, 256, "%s/%s", top, name);
    return path;
}

static const char *identity(void)
{
    struct err e = {0};
    static const char *const competence[] = {"GCFA, 2024-05-01"};
    const struct evidence_identity_wish wish = {.name = "A. Meyer",
                                                .role = "DEFR",
                                                .competence = competence,
                                                .competence_count = 1,
                                                .days = 30};
    const char *folder = in_top("meyer");
    if (file_kind(folder) == 0)
        assert_int_equal(evidence_identity_make(folder, &wish, &e), 0);
    return folder;
}

static struct evidence_said said_of(void)
{
    return (struct evidence_said){
        .identity = identity(), .place = "here", .reason = "because", .authority = {.id = "W-1"}};
}

/* ---- what a step must say ---- */

/* Puts a value for a path into an object that is written member by member. */
static const char *value_of(const struct evidence_field *f)
{
    static char text[64];
    if (strcmp(f->path, "actor.competence") == 0)
        return "[{\"what\":\"x\",\"from\":\"2024-05-01\"}]";
    size_t len = f->values ? strcspn(f->values, "|") : 1;
    snprintf(text, sizeof text, "\"%.*s\"", (int)len, f->values ? f->values : "x");
    return text;
}

/* A record of a kind with all that is asked for, but one. Conditions are met with their first. */
static void write_record(const struct evidence_kind *kind, const char *leave_out, struct buf *out)
{
    static const char *const groups[] = {"actor", "clock.end", "authority", "details"};
    buf_reset(out);
    buf_puts(out, "{\"kind\":\"x\"");
    for (size_t g = 0; g < 4; g++) {
        bool nested = strcmp(groups[g], "clock.end") == 0, first = true;
        buf_printf(out, ",\"%s\":{%s", nested ? "clock" : groups[g], nested ? "\"end\":{" : "");
        for (size_t i = 0;; i++) {
            size_t commons = 0;
            while (evidence_kind_common()[commons].path)
                commons++;
            const struct evidence_field *f = i < commons ? &evidence_kind_common()[i]
                                             : i - commons < EVIDENCE_FIELDS
                                                 ? &kind->fields[i - commons]
                                                 : NULL;
            if (!f || !f->path)
                break;
            size_t len = strlen(groups[g]);
            if (strncmp(f->path, groups[g], len) != 0 || f->path[len] != '.' ||
                (leave_out && strcmp(f->path, leave_out) == 0))
                continue;
            const char *value = value_of(f);
            if (strcmp(f->path, "actor.role") == 0)
                value = "\"DEFR\"";
            /* a field that another's presence depends on says what makes it needed */
            for (size_t k = 0; k < EVIDENCE_FIELDS && kind->fields[k].path; k++)
                if (kind->fields[k].when && strcmp(kind->fields[k].when, f->path) == 0) {
                    static char needed[40];
                    snprintf(needed, sizeof needed, "\"%.*s\"",
                             (int)strcspn(kind->fields[k].was, "|"), kind->fields[k].was);
                    value = needed;
                }
            buf_printf(out, "%s\"%s\":%s", first ? "" : ",", f->path + len + 1, value);
            first = false;
        }
        buf_puts(out, nested ? "}}" : "}");
    }
    for (const char *const *name = (const char *const[]){"place", "reason", NULL}; *name; name++)
        if (!leave_out || strcmp(leave_out, *name) != 0)
            buf_printf(out, ",\"%s\":\"x\"", *name);
    buf_putc(out, '}');
}

static int check(const struct evidence_kind *kind, const struct buf *text, struct err *e)
{
    struct json_doc *doc = NULL;
    assert_int_equal(json_parse(&doc, buf_slice(text), NULL, e), 0);
    int result = evidence_kind_check(kind, json_root(doc), e);
    json_doc_free(doc);
    return result;
}

/* 27037 row 42: refused without, naming the field and the row */
static void every_field_is_asked_for(void **state)
{
    struct buf text;
    size_t refused = 0;
    (void)state;
    buf_init(&text);
    for (size_t k = 0; evidence_kind_at(k); k++) {
        const struct evidence_kind *kind = evidence_kind_at(k);
        struct err e = {0};
        write_record(kind, NULL, &text);
        if (check(kind, &text, &e) != 0)
            fail_msg("%s: %s\n%s", kind->name, e.text, buf_text(&text));
        for (size_t i = 0; i < 16; i++) {
            const struct evidence_field *f =
                i < 8 ? &evidence_kind_common()[i] : &kind->fields[i - 8];
            char row[40];
            if (i < 8 && !evidence_kind_common()[i].path)
                i = 7;
            if (i >= 8 && !f->path)
                break;
            if (!f->path)
                continue;
            struct err why = {0};
            write_record(kind, f->path, &text);
            assert_int_not_equal(check(kind, &text, &why), 0);
            assert_string_equal(why.code, "custody.field");
            assert_non_null(strstr(why.where, f->path));
            snprintf(row, sizeof row, "row %u)", f->row);
            assert_non_null(strstr(why.text, row));
            refused++;
        }
    }
    buf_fini(&text);
    assert_true(refused > 200);
}

/* The page of formats says the same as the table. */
static void the_page_has_the_table(void **state)
{
    struct err e = {0};
    struct buf page;
    char line[800], needle[80];
    (void)state;
    buf_init(&page);
    assert_int_equal(file_read("docs/formats-evidence.md", 1 << 20, &page, &e), 0);
    for (size_t k = 0; evidence_kind_at(k); k++) {
        const struct evidence_kind *kind = evidence_kind_at(k);
        snprintf(needle, sizeof needle, "| `%s` |", kind->name);
        const char *at = strstr(buf_text(&page), needle);
        if (!at)
            fail_msg("docs/formats-evidence.md has no line of %s", kind->name);
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        for (size_t i = 0; i < EVIDENCE_FIELDS && kind->fields[i].path; i++) {
            snprintf(needle, sizeof needle, "`%s`", strchr(kind->fields[i].path, '.') + 1);
            if (!strstr(line, needle))
                fail_msg("docs/formats-evidence.md: %s without %s", kind->name, needle);
        }
    }
    buf_fini(&page);
}

/* ---- records ---- */

static void records_are_read_strictly(void **state)
{
    static const char good[] =
        "{\"at\":\"2026-11-22T10:00:00Z\",\"format\":\"tocsin-evidence-custody/v1\","
        "\"holder\":\"EX-1\",\"kind\":\"note\",\"log\":\"cst_00000000000000000000000000\","
        "\"number\":1}";
    static const char *const wrongs[][2] = {
        {"\"number\":1", "\"number\":0"},
        {"\"number\":1", "\"number\":\"1\""},
        {"custody/v1", "custody/v2"},
        {"\"at\"", "\"as\""},
        {"2026-11-22T", "2026-13-22T"},
        {"EX-1", "../x"},
        {"cst_", "abc_"},
        {"\"kind\":\"note\"", "\"kind\":\"\""},
        {"\"kind\":\"note\",", "\"kind\": \"note\","},
        {"}", "} "},
        {"\"number\":1}", "\"number\":1,\"number\":1}"},
    };
    struct evidence_custody_record r;
    struct json_doc *doc;
    struct err e = {0};
    (void)state;
    assert_int_equal(evidence_custody_record_read(slice_str(good), &r, &doc, &e), 0);
    assert_int_equal(r.number, 1);
    json_doc_free(doc);
    for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
        char text[512];
        struct err why = {0};
        const char *at = strstr(good, wrongs[i][0]);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, wrongs[i][1],
                 at + strlen(wrongs[i][0]));
        assert_int_equal(evidence_custody_record_read(slice_str(text), &r, &doc, &why), -1);
        assert_string_equal(why.code, "custody.record");
        json_doc_free(doc);
    }
}

/* ---- a log's files ---- */

static void append_note(const char *holder, const char *first, const char *kind,
                        const char *details)
{
    const struct evidence_said said = said_of();
    struct evidence_doing doing;
    struct err e = {0};
    assert_int_equal(evidence_doing_open(&doing, &said, &e), 0);
    if (evidence_doing_step(&doing, holder, first, kind, slice_str(details), NULL, &e) != 0)
        fail_msg("%s", e.text);
    evidence_doing_close(&doing);
}

static const char identified[] =
    "{\"description\":\"d\",\"source_type\":\"static\",\"exhibit_sha256\":\"x\"}";

static uint64_t count_of(const char *holder)
{
    struct evidence_custody_state s;
    struct err e = {0};
    if (evidence_custody_verify(holder, NULL, &s, &e) != 0)
        fail_msg("%s", e.text);
    if (!s.sound)
        fail_msg("%s: %s", s.problems[0].what, s.problems[0].text);
    uint64_t count = s.count;
    evidence_custody_state_fini(&s);
    return count;
}

/* What a crash can leave: a beginning, which does not count; and what was committed, which does. */
static void a_crash_leaves_the_old_or_the_new(void **state)
{
    static const char *const names[] = {"00002.json", "00002.p7s", "head.json", "head.p7s"};
    char from[400], to[400];
    (void)state;
    const char *holder = in_top("crash");
    assert_int_equal(mkdir(holder, 0700), 0);
    append_note(holder, "EX-1", "identified", identified);
    append_note(holder, NULL, "note", "{\"text\":\"t\"}");
    for (size_t moved = 0; moved <= 4; moved++) {
        /* as if it had died with `moved` files in their places and the others in next/ */
        snprintf(to, sizeof to, "%s/custody/next", holder);
        assert_int_equal(mkdir(to, 0700), 0);
        for (size_t i = moved; i < 4; i++) {
            snprintf(from, sizeof from, "%s/custody/%s", holder, names[i]);
            snprintf(to, sizeof to, "%s/custody/next/%s", holder, names[i]);
            assert_int_equal(rename(from, to), 0);
        }
        assert_int_equal(count_of(holder), 2); /* reading puts nothing right */
        snprintf(to, sizeof to, "%s/custody/next.part", holder);
        assert_int_equal(mkdir(to, 0700), 0);
        snprintf(to, sizeof to, "%s/custody/next.part/00003.json", holder);
        close(open(to, O_CREAT | O_WRONLY, 0600));
        assert_int_equal(count_of(holder), 2);
        struct evidence_log log;
        struct err e = {0};
        assert_int_equal(evidence_log_open(&log, holder, true, &e), 0); /* writing does */
        evidence_log_close(&log);
        snprintf(to, sizeof to, "%s/custody/next", holder);
        assert_int_equal(file_kind(to), 0);
        snprintf(to, sizeof to, "%s/custody/next.part", holder);
        assert_int_equal(file_kind(to), 0);
        assert_int_equal(count_of(holder), 2);
    }
    /* a link in a record's place is not followed */
    snprintf(from, sizeof from, "%s/custody/00002.json", holder);
    snprintf(to, sizeof to, "%s/elsewhere.json", holder);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(symlink(to, from), 0);
    struct evidence_custody_state s;
    struct err e = {0};
    assert_int_equal(evidence_custody_verify(holder, NULL, &s, &e), 0);
    assert_false(s.sound);
    evidence_custody_state_fini(&s);
}

static void custody_begins_where_it_can(void **state)
{
    const struct evidence_said said = said_of();
    struct evidence_doing doing;
    struct err e = {0};
    (void)state;
    const char *holder = in_top("begin");
    assert_int_equal(mkdir(holder, 0700), 0);
    assert_int_equal(evidence_doing_open(&doing, &said, &e), 0);
    assert_int_equal(evidence_doing_step(&doing, holder, "EX-1", "note",
                                         slice_str("{\"text\":\"t\"}"), NULL, &e),
                     -1);
    assert_string_equal(e.code, "custody.begin");
    err_clear(&e);
    assert_int_equal(
        evidence_doing_step(&doing, holder, NULL, "identified", slice_str(identified), NULL, &e),
        -1);
    assert_string_equal(e.code, "custody.holder");
    err_clear(&e);
    assert_int_equal(
        evidence_doing_step(&doing, holder, "EX-1", "nonsense", slice_str("{}"), NULL, &e), -1);
    assert_string_equal(e.code, "custody.kind");
    evidence_doing_close(&doing);
}

/* ---- rows 41, 44, 45: before work ---- */

static int ask(const char *holder, enum evidence_access_kind kind, const char *who,
               const char *unrecorded, const char *deviation, struct err *e)
{
    struct evidence_accessed accessed;
    const struct evidence_access_options options = {
        .kind = kind,
        .identity = who,
        .unrecorded = unrecorded,
        .deviation = deviation,
        .place = "here",
        .reason = "because",
        .details = slice_str(kind == EVIDENCE_EXPORT ? "{\"format\":\"raw\",\"to\":\"x\"}" : "")};
    err_clear(e);
    return evidence_access(holder, &options, &accessed, e);
}

static void begin_bundle(const char *holder, const char *kind, const char *details)
{
    struct err e = {0};
    char path[400];
    assert_int_equal(mkdir(holder, 0700), 0);
    snprintf(path, sizeof path, "%s/bagit.txt", holder);
    assert_int_equal(file_write(path, slice_str("x"), 0600, &e), 0);
    if (kind)
        append_note(holder, "EX-1", kind, details);
}

static void work_is_gated(void **state)
{
    static const char acquired[] = "{\"method\":\"dead\",\"bundle\":\".\",\"source\":\"s\","
                                   "\"verifiable\":\"yes\",\"tagmanifest_sha256\":\"none\"}";
    static const char copied[] = "{\"copy\":\"c\",\"master\":\"m\",\"result\":\"same\","
                                 "\"tagmanifest_sha256\":\"none\"}";
    static const char moved[] = "{\"from\":\"a\",\"to\":\"b\"}";
    const char *who = identity();
    struct err e = {0};
    (void)state;
    unsetenv("TOCSIN_IDENTITY");
    const char *loose = in_top("loose");
    begin_bundle(loose, NULL, NULL);
    assert_int_equal(ask(loose, EVIDENCE_EXPORT, NULL, NULL, NULL, &e), 0);
    assert_int_equal(ask(loose, EVIDENCE_EXPORT, who, NULL, NULL, &e), -1);
    assert_string_equal(e.code, "custody.gate"); /* a log begins with a check */
    char seal[400];
    snprintf(seal, sizeof seal, "%s/seal", loose);
    assert_int_equal(mkdir(seal, 0700), 0);
    assert_int_equal(ask(loose, EVIDENCE_EXPORT, NULL, NULL, NULL, &e), -1);
    assert_string_equal(e.code, "custody.unrecorded");
    assert_int_equal(ask(loose, EVIDENCE_EXPORT, NULL, "a drill", NULL, &e), 0);

    char master[256];
    snprintf(master, sizeof master, "%s", in_top("master"));
    begin_bundle(master, "acquired", acquired);
    assert_int_equal(ask(master, EVIDENCE_EXPORT, NULL, NULL, NULL, &e), -1);
    assert_string_equal(e.code, "custody.unrecorded");
    assert_int_equal(ask(master, EVIDENCE_EXPORT, who, NULL, NULL, &e), 0);
    assert_int_equal(count_of(master), 2);
    assert_int_equal(ask(master, EVIDENCE_ACCESS, who, NULL, NULL, &e), 0);
    assert_int_equal(ask(master, EVIDENCE_ANALYSIS, who, NULL, NULL, &e), -1);
    assert_string_equal(e.code, "custody.master");
    assert_int_equal(ask(master, EVIDENCE_ANALYSIS, who, NULL, "there is no room", &e), 0);
    append_note(master, NULL, "moved", moved);
    assert_int_equal(ask(master, EVIDENCE_EXPORT, who, NULL, NULL, &e), -1);
    assert_string_equal(e.code, "custody.gate");
    assert_int_equal(ask(master, EVIDENCE_EXPORT, NULL, "a drill", NULL, &e), -1);
    assert_string_equal(e.code, "custody.gate"); /* unrecorded does not open it */
    append_note(master, NULL, "verified", "{\"what\":\"all\",\"result\":\"same\"}");
    assert_int_equal(ask(master, EVIDENCE_EXPORT, who, NULL, NULL, &e), 0);
    append_note(master, NULL, "verified", "{\"what\":\"all\",\"result\":\"changed\"}");
    assert_int_equal(ask(master, EVIDENCE_EXPORT, who, NULL, NULL, &e), -1);
    assert_string_equal(e.code, "custody.gate");

    const char *copy = in_top("copy");
    begin_bundle(copy, "copied", copied);
    assert_int_equal(ask(copy, EVIDENCE_ANALYSIS, who, NULL, NULL, &e), 0);
    char path[400];
    snprintf(path, sizeof path, "%s/custody/00001.json", copy);
    struct err ignored = {0};
    assert_int_equal(file_write(path, slice_str("{}"), 0600, &ignored), 0);
    assert_int_equal(ask(copy, EVIDENCE_ANALYSIS, who, NULL, NULL, &e), -1);
    assert_string_equal(e.code, "custody.unsound");
}

/* ---- time, decisions ---- */

static void put64(uint8_t *at, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> (56 - 8 * i));
}

/* RFC 5905 section 8: offset and round trip of the four times */
static void time_servers_are_read(void **state)
{
    const uint64_t era = 2208988800u, second = (uint64_t)1 << 32;
    uint8_t p[EVIDENCE_NTP_PACKET] = {0x24, 2};
    struct evidence_ntp_answer a;
    struct err e = {0};
    const int64_t sent_at = 1000 * INT64_C(1000000), back_at = sent_at + 400000;
    (void)state;
    put64(p + 24, 77);
    put64(p + 32, (era + 1005) * second);              /* received 5 s ahead */
    put64(p + 40, (era + 1005) * second + second / 5); /* answered 0.2 s later */
    p[6] = 1;                                          /* root delay 1/256 s */
    assert_int_equal(evidence_ntp_read(p, sizeof p, 77, sent_at, back_at, &a, &e), 0);
    assert_in_range(a.offset, 4899999, 4900001);
    assert_in_range(a.uncertainty, 100000, 102500);
    assert_int_equal(a.stratum, 2);
    assert_int_equal(evidence_ntp_read(p, sizeof p, 78, sent_at, back_at, &a, &e), -1);
    err_clear(&e);
    assert_int_equal(evidence_ntp_read(p, 47, 77, sent_at, back_at, &a, &e), -1);
    for (int wrong = 0; wrong < 4; wrong++) {
        uint8_t q[EVIDENCE_NTP_PACKET];
        memcpy(q, p, sizeof q);
        err_clear(&e);
        if (wrong == 0)
            q[0] = 0xe4; /* leap: not synchronised */
        else if (wrong == 1)
            q[0] = 0x23; /* a client's */
        else
            q[1] = wrong == 2 ? 0 : 16;
        assert_int_equal(evidence_ntp_read(q, sizeof q, 77, sent_at, back_at, &a, &e), -1);
    }
}

struct answers {
    unsigned bits, asked;
};

static const char *answer(void *context, const char *question)
{
    struct answers *a = context;
    (void)question;
    return a->bits >> a->asked++ & 1 ? "yes" : "no";
}

/* 27037 row 15: each way through the questions ends with one of three words */
static void every_path_decides(void **state)
{
    static const char *const powers[] = {"on", "off", "none"};
    unsigned seen[3] = {0};
    (void)state;
    for (size_t p = 0; p < 3; p++)
        for (unsigned bits = 0; bits < 256; bits++) {
            const struct evidence_question *open;
            struct answers a = {bits, 0};
            struct json_writer w;
            struct buf out;
            struct err e = {0};
            buf_init(&out);
            json_write_init(&w, &out, 0);
            json_write_object(&w);
            const char *word = evidence_decide(powers[p], answer, &a, &w, &open, &e);
            assert_non_null(word);
            assert_true(a.asked <= 7);
            if (!(bits & 1))
                assert_string_equal(word, "neither"); /* without authority, nothing */
            seen[0] += strcmp(word, "collect") == 0;
            seen[1] += strcmp(word, "acquire") == 0;
            seen[2] += strcmp(word, "neither") == 0;
            buf_fini(&out);
        }
    assert_true(seen[0] && seen[1] && seen[2]);
    assert_int_equal(seen[0] + seen[1] + seen[2], 3 * 256);
}

static int start(void **state)
{
    (void)state;
    return mkdtemp(top) ? 0 : -1;
}

static int finish(void **state)
{
    char command[80];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", top);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_asked_for),
        cmocka_unit_test(the_page_has_the_table),
        cmocka_unit_test(records_are_read_strictly),
        cmocka_unit_test(a_crash_leaves_the_old_or_the_new),
        cmocka_unit_test(custody_begins_where_it_can),
        cmocka_unit_test(work_is_gated),
        cmocka_unit_test(time_servers_are_read),
        cmocka_unit_test(every_path_decides),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
