/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a self-test becomes part of what the same build takes (27037 row 40). */
#include "base/file.h"
#include "evidence/bundle/bag.h"
#include "evidence/selftest.h"
#include "evidence/tool.h"

#include <stdio.h>

enum { REPORT_MOST = 4 << 20 };

int evidence_selftest_read(const char *path, struct buf *report, struct err *e)
{
    struct json_doc *doc = NULL;
    uint8_t mine[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1] = "";
    bool known;
    if (file_read(path, REPORT_MOST, report, e) != 0 ||
        json_parse(&doc, buf_slice(report), NULL, e) != 0 ||
        evidence_tool_sha256(mine, &known, e) != 0) {
        json_doc_free(doc);
        return err_context(e, "%s", path);
    }
    const struct json_value *root = json_root(doc);
    for (size_t i = 0; known && i < sizeof mine; i++)
        snprintf(hex + 2 * i, 3, "%02x", mine[i]);
    int result = 0;
    if (!slice_is(json_get_string(root, "format"), "tocsin-evidence-selftest/v1"))
        result = err_set(e, ERR_INPUT, "evidence.selftest", NULL,
                         "%s is no report of tocsin evidence selftest", path);
    else if (!known || !slice_is(json_get_string(json_get(root, "tool"), "sha256"), hex))
        result = err_set(e, ERR_INPUT, "evidence.selftest", "ISO/IEC 27041",
                         "%s is the report of another build of this program", path);
    else if (!slice_is(json_get_string(root, "outcome"), "pass"))
        result = err_set(e, ERR_INPUT, "evidence.selftest", "ISO/IEC 27041",
                         "not every assertion of the report %s holds", path);
    if (result != 0)
        err_hint(e, "make one with tocsin evidence selftest -o FILE");
    json_doc_free(doc);
    return result;
}

int evidence_selftest_member(struct json_writer *w, struct slice report, struct err *e)
{
    struct json_doc *doc = NULL;
    uint8_t hash[SHA256_LEN];
    if (report.len == 0) {
        json_member_string(w, "selftest", "no report of a self-test of this build was given");
        return 0;
    }
    if (sha256(report, hash) != 0)
        return digest_failed(e);
    if (json_parse(&doc, report, NULL, e) != 0)
        return -1;
    json_write_name(w, "selftest");
    json_write_object(w);
    json_member_string(w, "file", EVIDENCE_SELFTEST_FILE);
    json_member_hex(w, "sha256", slice_of(hash, sizeof hash));
    json_member_slice(w, "ended", json_get_string(json_root(doc), "ended"));
    json_member_slice(w, "outcome", json_get_string(json_root(doc), "outcome"));
    json_write_object_end(w);
    json_doc_free(doc);
    return 0;
}

int evidence_selftest_tag(struct evidence_bag *bag, struct slice report, struct err *e)
{
    return report.len ? evidence_bag_tag(bag, EVIDENCE_SELFTEST_FILE, report, e) : 0;
}
