/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/pack_check.h"

#include "base/memory.h"

#include <unistd.h>

typedef int pack_step(struct pack_check *c, struct err *e);

/* Steps rest on those before: after a failing one, only the first is gone on with. */
static pack_step *const steps[] = {
    pack_check_container,    pack_check_trust,    pack_check_head,       pack_check_acts,
    pack_check_publications, pack_check_entries,  pack_check_members,    pack_check_certificates,
    pack_check_receipts,     pack_check_outcomes, pack_check_recipients, pack_check_counts,
};

static unsigned threads_of(const struct pack_policy *policy)
{
    long count = policy->threads > 0 ? policy->threads : sysconf(_SC_NPROCESSORS_ONLN);

    if (count < 1)
        return 1;
    return count > PACK_THREADS_MAX ? PACK_THREADS_MAX : (unsigned)count;
}

static void fini(struct pack_check *c)
{
    if (c->has_statement)
        envelope_fini(&c->statement);
    for (unsigned i = 0; i < PACK_THREADS_MAX; i++)
        chain_verifier_free(c->verifiers[i]);
    buf_fini(&c->anchor_bytes);
    mem_free(c->anchors.items);
    mem_free(c->witnesses.items);
    pack_cas_free(c);
    certificate_list_fini(&c->authorities);
    mem_free(c->signers.items);
    for (size_t i = 0; i < c->consistency.count; i++)
        mem_free(c->consistency.items[i].hashes);
    mem_free(c->consistency.items);
    mem_free(c->acts.items);
    for (size_t i = 0; i < c->publications.count; i++)
        buf_fini(&c->publications.items[i].advisory);
    mem_free(c->publications.items);
    mem_free(c->entries.items);
    mem_free(c->notices.items);
    for (size_t i = 0; i < c->snapshots.count; i++)
        mem_free(c->snapshots.items[i].members);
    mem_free(c->snapshots.items);
    buf_fini(&c->crl_bytes);
    mem_free(c->listed.items);
    buf_fini(&c->keys);
    mem_free(c->certificates.items);
    mem_free(c->covered.items);
    pack_files_close(&c->files);
    mem_free(c);
}

/*
 * The container's hashes are gone on behind when only they fail: the deeper steps then say what
 * was changed.
 */
static bool only_hashes_differ(const struct pack_report *report)
{
    for (size_t i = 0; i < report->failure_count; i++) {
        const char *code = report->failures[i].error.code;
        if (strcmp(code, "pack.file-hash") != 0 && strcmp(code, "pack.sums") != 0)
            return false;
    }
    return report->failures_all == report->failure_count;
}

static int run(struct pack_check *c, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (steps[i](c, e) != 0)
            return -1;
        if (!c->failed)
            continue;
        if (i > 0 || !c->has_statement || !only_hashes_differ(c->report))
            return 0;
        c->failed = false; /* the report remembers */
    }
    return 0;
}

int pack_verify(const char *path, const struct pack_policy *policy, struct pack_report *report,
                struct err *e)
{
    struct pack_check *c = mem_new(1, sizeof *c);
    int rc = -1;

    *report = (struct pack_report){.answer = PACK_PROVEN};
    if (!c)
        return err_memory(e);
    c->policy = policy;
    c->report = report;
    c->files.fd = -1;
    c->threads = threads_of(policy);
    buf_init(&c->anchor_bytes);
    buf_init(&c->crl_bytes);
    buf_init(&c->keys);
    certificate_list_init(&c->authorities);
    report->failures = mem_new(PACK_FAILURES_SHOWN, sizeof *report->failures);
    if (!report->failures) {
        err_memory(e);
        goto out;
    }
    struct err cause = {0};
    if (pack_files_open(&c->files, path, &cause) != 0) {
        rc = pack_fail_cause(c, "pack.container", 1, path, 0, NULL, &cause, e);
        goto out;
    }
    rc = run(c, e);
    if (rc == 0 && report->failures_all == 0 && policy->anchor_count == 0)
        report->answer = PACK_UNTRUSTED;
out:
    fini(c);
    if (rc != 0)
        pack_report_fini(report);
    return rc;
}

void pack_report_fini(struct pack_report *report)
{
    mem_free(report->failures);
    mem_free(report->advisory);
    mem_free(report->title);
    mem_free(report->organisation);
    report->failures = NULL;
    report->advisory = report->title = report->organisation = NULL;
    report->failure_count = 0;
}
