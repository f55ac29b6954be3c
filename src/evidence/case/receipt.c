/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "evidence/bundle/manifest.h"
#include "evidence/case/items.h"
#include "evidence/custody/log.h"
#include "evidence/seal/cms.h"

#include <stdio.h>
#include <string.h>

void evidence_receipt_init(struct evidence_receipt *r)
{
    *r = (struct evidence_receipt){0};
    buf_init(&r->text);
    buf_init(&r->signature);
}

void evidence_receipt_fini(struct evidence_receipt *r)
{
    json_doc_free(r->doc);
    buf_fini(&r->text);
    buf_fini(&r->signature);
    r->doc = NULL;
}

static int path_of(const char *folder, const char *name, char path[4096], struct err *e)
{
    if (snprintf(path, 4096, "%s/%s", folder, name) >= 4096)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
    return 0;
}

static int put(const char *folder, const char *name, const struct buf *content, struct err *e)
{
    char path[4096];
    if (path_of(folder, name, path, e) != 0)
        return -1;
    return file_write(path, buf_slice(content), 0600, e);
}

int evidence_receipt_write(const char *holder, uint64_t number, const char *folder, struct err *e)
{
    struct evidence_log log;
    struct evidence_receipt r;
    char name[EVIDENCE_LOG_NAME];
    if (evidence_log_open(&log, holder, false, e) != 0)
        return -1;
    evidence_receipt_init(&r);
    evidence_log_name(number, "json", name);
    int result = evidence_log_read(&log, name, EVIDENCE_RECORD_BYTES, &r.text, e);
    evidence_log_name(number, "p7s", name);
    if (result == 0)
        result = evidence_log_read(&log, name, EVIDENCE_SIGNATURE_BYTES, &r.signature, e);
    evidence_log_close(&log);
    if (result == 0)
        result = file_make_folder(folder, 0700, e);
    if (result == 0)
        result = put(folder, "receipt.p7s", &r.signature, e);
    if (result == 0)
        result = put(folder, "receipt.json", &r.text, e);
    evidence_receipt_fini(&r);
    return result;
}

int evidence_receipt_read(struct evidence_receipt *r, const char *folder, const char *roots,
                          struct err *e)
{
    struct evidence_signature signature;
    if (evidence_file_read(folder, "receipt.json", EVIDENCE_RECORD_BYTES, &r->text, e) != 0 ||
        evidence_file_read(folder, "receipt.p7s", EVIDENCE_SIGNATURE_BYTES, &r->signature, e) != 0)
        return -1;
    if (evidence_custody_record_read(buf_slice(&r->text), &r->record, &r->doc, e) != 0 ||
        evidence_cms_verify(buf_slice(&r->text), buf_slice(&r->signature), roots, &signature, e) !=
            0)
        return err_context(e, "%s/receipt.json", folder);
    snprintf(r->subject, sizeof r->subject, "%s", signature.subject);
    if (!slice_is(r->record.kind, "handover-received") &&
        !slice_is(r->record.kind, "handover-refused"))
        return err_set(e, ERR_VERIFY, "custody.receipt", NULL,
                       "%s/receipt.json is no receiver's record", folder);
    struct err missing = {0};
    if (evidence_kind_check(evidence_kind_of(r->record.kind), r->record.root, &missing) != 0)
        return err_set(e, ERR_VERIFY, missing.code, missing.clause, "%s/receipt.json: %s", folder,
                       missing.text);
    if (!slice_is(json_string(evidence_path(r->record.root, "actor.subject")), signature.subject))
        return err_set(e, ERR_VERIFY, "custody.receipt", NULL,
                       "the receipt names another person than %s, who signed it",
                       signature.subject);
    return 0;
}
