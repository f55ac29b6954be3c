/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs: the writer keeps its word, a good pack is proven, memory that fails is said. What changed
 * packs give is tests/scenario/pack_mutations.py's part.
 */
#include "../support/pack_fixture.h"
#include "base/file.h"
#include "base/memory.h"
#include "crypto/certificate.h"
#include "journal/pack_files.h"
#include "journal/pack_verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    char folder[64];
    char pack[128];
    struct pack_made made;
    struct certificate_list anchors;
    struct note_key witness;
    struct err e;
};

static int set_up(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);
    const struct pack_options options = {.extra = 100};

    strcpy(f->folder, "/tmp/journal-pack-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->pack, sizeof f->pack, "%s/pack.tar", f->folder);
    pack_fixture_make(f->pack, &options, &f->made);
    certificate_list_init(&f->anchors);
    assert_int_equal(certificate_list_read_pem(&f->anchors, buf_slice(&f->made.root), &f->e), 1);
    assert_int_equal(note_key_parse(&f->witness, buf_slice(&f->made.witness), &f->e), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[128];

    pack_made_fini(&f->made);
    certificate_list_fini(&f->anchors);
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    assert_int_equal(system(command), 0);
    mem_free(f);
    return 0;
}

static struct pack_policy policy_of(const struct fixture *f)
{
    return (struct pack_policy){.anchors = f->anchors.items,
                                .anchor_count = f->anchors.count,
                                .witnesses = &f->witness,
                                .witness_count = 1,
                                .checkpoint = buf_slice(&f->made.kept)};
}

/* The same answer with any number of threads. */
static void a_good_pack_is_proven(void **state)
{
    struct fixture *f = *state;
    struct pack_policy policy = policy_of(f);
    struct pack_report report;
    struct buf text;

    for (policy.threads = 1; policy.threads <= 4; policy.threads++) {
        assert_int_equal(pack_verify(f->pack, &policy, &report, &f->e), 0);
        if (report.answer != PACK_PROVEN)
            fail_msg("%s", report.failures[0].error.text);
        assert_int_equal(report.counts.meant, 114);
        assert_int_equal(report.counts.acknowledged, 107);
        assert_int_equal(report.counts.silent, 5);
        assert_int_equal(report.counts.devices, 109);
        assert_int_equal(report.receipts, 105);
        assert_int_equal(report.witnessed, report.size);
        assert_true(report.continues_kept);
        buf_init(&text);
        pack_report_text(&report, &text);
        assert_non_null(strstr(buf_text(&text), "VERIFIED"));
        buf_reset(&text);
        pack_report_json(&report, &text);
        assert_non_null(strstr(buf_text(&text), "\"answer\": \"proven\""));
        buf_fini(&text);
        pack_report_fini(&report);
    }
    policy.anchor_count = 0;
    assert_int_equal(pack_verify(f->pack, &policy, &report, &f->e), 0);
    assert_int_equal(report.answer, PACK_UNTRUSTED);
    pack_report_fini(&report);
}

/* What concerns one organisation, and nothing of the others: still proven. */
static void a_pack_for_one_customer(void **state)
{
    struct fixture *f = *state;
    const struct pack_options options = {.customer = "org_00000000000000000000000002"};
    struct certificate_list anchors;
    struct pack_report report;
    struct pack_made made;
    struct buf text;
    char path[128], command[400];

    snprintf(path, sizeof path, "%s/customer", f->folder);
    pack_fixture_make(path, &options, &made);
    certificate_list_init(&anchors);
    assert_int_equal(certificate_list_read_pem(&anchors, buf_slice(&made.root), &f->e), 1);
    const struct pack_policy policy = {.anchors = anchors.items, .anchor_count = 1};
    assert_int_equal(pack_verify(path, &policy, &report, &f->e), 0);
    if (report.answer != PACK_PROVEN)
        fail_msg("%s", report.failures[0].error.text);
    assert_string_equal(report.organisation, options.customer);
    assert_int_equal(report.counts.meant, 2);
    assert_int_equal(report.certificates, 1);
    buf_init(&text);
    pack_report_text(&report, &text);
    assert_non_null(strstr(buf_text(&text), "only what concerns org_00000000000000000000000002"));
    buf_fini(&text);
    pack_report_fini(&report);
    snprintf(command, sizeof command,
             "! cat %s/recipients.jsonl %s/members.jsonl %s/receipts.jsonl | "
             "grep -q ast_00000000000000000000000001",
             path, path, path);
    assert_int_equal(system(command), 0);
    certificate_list_fini(&anchors);
    pack_made_fini(&made);
}

/* Every allocation fails once: "could not be done", never "proven", never "refused". */
static void torture(void **state)
{
    struct fixture *f = *state;
    struct pack_policy policy = policy_of(f);
    struct pack_options options = {.extra = 0};
    struct pack_made made;
    char path[128];
    bool done = false;

    snprintf(path, sizeof path, "%s/small", f->folder);
    pack_fixture_make(path, &options, &made);
    struct certificate_list anchors;
    certificate_list_init(&anchors);
    assert_int_equal(certificate_list_read_pem(&anchors, buf_slice(&made.root), &f->e), 1);
    struct note_key witness;
    assert_int_equal(note_key_parse(&witness, buf_slice(&made.witness), &f->e), 0);
    policy.anchors = anchors.items;
    policy.witnesses = &witness;
    policy.checkpoint = buf_slice(&made.kept);
    policy.threads = 1;
    /* Thousands of allocations: the first ones each, then some steps further each time. */
    for (long k = 0; !done; k += 1 + k / 60) {
        struct pack_report report;
        err_clear(&f->e);
        mem_fail_after(k);
        int rc = pack_verify(path, &policy, &report, &f->e);
        mem_fail_after(-1);
        if (rc != 0) {
            if (f->e.kind != ERR_MEMORY)
                fail_msg("allocation %ld: %s (%s)", k, f->e.text, f->e.code);
            continue;
        }
        if (report.answer == PACK_REFUSED)
            fail_msg("allocation %ld: refused: %s: %s", k, report.failures[0].error.code,
                     report.failures[0].error.text);
        done = true;
        pack_report_fini(&report);
    }
    certificate_list_fini(&anchors);
    pack_made_fini(&made);
}

static void what_is_no_pack(void **state)
{
    struct fixture *f = *state;
    struct pack_policy policy = policy_of(f);
    struct pack_report report;
    char path[160];

    assert_int_equal(pack_verify("/nonexistent/pack", &policy, &report, &f->e), -1);
    assert_int_equal(f->e.kind, ERR_SYSTEM);
    err_clear(&f->e);
    /* a folder that is empty */
    snprintf(path, sizeof path, "%s/empty", f->folder);
    assert_int_equal(file_make_folder(path, 0700, &f->e), 0);
    assert_int_equal(pack_verify(path, &policy, &report, &f->e), 0);
    assert_int_equal(report.answer, PACK_REFUSED);
    assert_string_equal(report.failures[0].error.code, "pack.file-missing");
    pack_report_fini(&report);
    /* a link in the folder: what lies behind it is not of the pack */
    snprintf(path, sizeof path, "%s/empty/pack.json", f->folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof path, "%s/empty", f->folder);
    assert_int_equal(pack_verify(path, &policy, &report, &f->e), 0);
    assert_string_equal(report.failures[0].error.code, "pack.container");
    pack_report_fini(&report);
    /* an empty file */
    snprintf(path, sizeof path, "%s/nothing.tar", f->folder);
    assert_int_equal(file_write(path, slice_of("", 0), 0600, &f->e), 0);
    assert_int_equal(pack_verify(path, &policy, &report, &f->e), 0);
    assert_string_equal(report.failures[0].error.code, "pack.container");
    pack_report_fini(&report);
}

static void lines_have_a_limit(void **state)
{
    struct fixture *f = *state;
    struct pack_files files;
    struct pack_stream stream;
    struct slice line;
    char path[160], folder[128];
    struct buf content;

    buf_init(&content);
    snprintf(folder, sizeof folder, "%s/lines", f->folder);
    assert_int_equal(file_make_folder(folder, 0700, &f->e), 0);
    for (size_t i = 0; i < PACK_LINE_MAX; i++)
        buf_putc(&content, 'a');
    buf_puts(&content, "\nb\n");
    snprintf(path, sizeof path, "%s/fits", folder);
    assert_int_equal(file_write(path, buf_slice(&content), 0600, &f->e), 0);
    buf_reset(&content);
    for (size_t i = 0; i < PACK_LINE_MAX + (1 << 20); i++)
        buf_putc(&content, 'a');
    buf_puts(&content, "\n");
    snprintf(path, sizeof path, "%s/long", folder);
    assert_int_equal(file_write(path, buf_slice(&content), 0600, &f->e), 0);
    snprintf(path, sizeof path, "%s/open", folder);
    assert_int_equal(file_write(path, slice_str("a\nb"), 0600, &f->e), 0);
    assert_int_equal(pack_files_open(&files, folder, &f->e), 0);
    assert_int_equal(files.count, 3);

    assert_int_equal(pack_stream_open(&stream, &files, pack_files_find(&files, "fits"), &f->e), 0);
    assert_int_equal(pack_stream_line(&stream, &line, &f->e), 1);
    assert_int_equal(line.len, PACK_LINE_MAX);
    assert_int_equal(pack_stream_line(&stream, &line, &f->e), 1);
    assert_true(slice_is(line, "b"));
    assert_int_equal(pack_stream_line(&stream, &line, &f->e), 0);
    pack_stream_close(&stream);
    assert_int_equal(pack_stream_open(&stream, &files, pack_files_find(&files, "long"), &f->e), 0);
    assert_int_equal(pack_stream_line(&stream, &line, &f->e), -1);
    assert_string_equal(f->e.code, "pack.line");
    err_clear(&f->e);
    pack_stream_close(&stream);
    assert_int_equal(pack_stream_open(&stream, &files, pack_files_find(&files, "open"), &f->e), 0);
    assert_int_equal(pack_stream_line(&stream, &line, &f->e), 1);
    assert_int_equal(pack_stream_line(&stream, &line, &f->e), -1);
    err_clear(&f->e);
    pack_stream_close(&stream);
    pack_files_close(&files);
    buf_fini(&content);
}

static int refuse_to_sign(void *context, struct slice format, struct slice message,
                          struct buf *signature, struct err *e)
{
    (void)context;
    (void)format;
    (void)message;
    (void)signature;
    return err_set(e, ERR_UNAVAILABLE, "signer.locked", NULL, "the signer is locked");
}

/* A pack that cannot be finished leaves nothing behind. */
static void a_writer_leaves_nothing_half(void **state)
{
    struct fixture *f = *state;
    struct slice chain = f->anchors.items[0];
    const struct envelope_signer signer = {
        .sign = refuse_to_sign, .chain = &chain, .chain_count = 1};
    struct pack_statement statement = {.origin = "o", .advisory = slice_str("{}")};
    struct pack_writer *w = NULL;
    struct pack_lines *lines;
    char path[128], command[400];

    assert_int_equal(pack_writer_new(&w, f->pack, &f->e), -1); /* it is there */
    assert_string_equal(f->e.code, "pack.exists");
    err_clear(&f->e);
    snprintf(path, sizeof path, "%s/new", f->folder);
    assert_int_equal(pack_writer_new(&w, path, &f->e), 0);
    assert_int_equal(pack_add_file(w, "../x", slice_str("x"), &f->e), -1);
    err_clear(&f->e);
    assert_int_equal(pack_add_file(w, "advisories/x.json", slice_str("x"), &f->e), 0);
    assert_int_equal(pack_add_file(w, "advisories/x.json", slice_str("x"), &f->e), -1);
    assert_string_equal(f->e.code, "pack.name");
    err_clear(&f->e);
    assert_int_equal(pack_lines_open(w, "acts.jsonl", &lines, &f->e), 0);
    assert_int_equal(pack_line(lines, slice_str("{\"a\":\n1}"), &f->e), -1);
    err_clear(&f->e);
    assert_int_equal(pack_line(lines, slice_str("{\"a\":1}"), &f->e), 0);
    assert_int_equal(pack_finish(w, &statement, &signer, &f->e), -1); /* still open */
    err_clear(&f->e);
    assert_int_equal(pack_lines_close(lines, &f->e), 0);
    statement.counts.meant = 3; /* and nothing else */
    assert_int_equal(pack_finish(w, &statement, &signer, &f->e), -1);
    assert_string_equal(f->e.code, "pack.counts");
    err_clear(&f->e);
    statement.counts.meant = 0;
    assert_int_equal(pack_finish(w, &statement, &signer, &f->e), -1); /* files lack */
    err_clear(&f->e);
    pack_writer_free(w);
    /* the signer says no */
    assert_int_equal(pack_writer_new(&w, path, &f->e), 0);
    static const char *const names[] = {"advisory.json", "checkpoint", "crl.der", "trust.json"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_int_equal(pack_add_file(w, names[i], slice_str("x"), &f->e), 0);
    assert_int_equal(pack_finish(w, &statement, &signer, &f->e), -1);
    assert_string_equal(f->e.code, "signer.locked");
    err_clear(&f->e);
    pack_writer_free(w);
    assert_int_equal(file_kind(path), 0);
    snprintf(command, sizeof command, "test -z \"$(ls -d %s/new* 2>/dev/null)\"", f->folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_pack_is_proven),
        cmocka_unit_test(a_pack_for_one_customer),
        cmocka_unit_test(torture),
        cmocka_unit_test(what_is_no_pack),
        cmocka_unit_test(lines_have_a_limit),
        cmocka_unit_test(a_writer_leaves_nothing_half),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
