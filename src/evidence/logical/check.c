/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/logical/check.h"
#include "base/file.h"
#include "base/map.h"
#include "evidence/bundle/manifest.h"
#include "evidence/logical/ledger.h"
#include "evidence/logical/record.h"

#include <stdio.h>
#include <string.h>

struct checking {
    struct map contents; /* of the manifest, those that no record has named yet */
    struct evidence_recorded record;
};

static int check_record(void *context, struct slice line, uint64_t number, struct err *e)
{
    struct checking *c = context;
    (void)number;
    if (evidence_recorded_read(line, &c->record, e) != 0)
        return -1;
    if (!c->record.has_content)
        return 0;
    const struct evidence_manifest_entry *entry =
        map_remove(&c->contents, slice_str(c->record.file));
    if (!entry)
        return err_set(e, ERR_VERIFY, "evidence.files", NULL,
                       "%s, which the record of a file names, is not in the manifest, or another "
                       "record has named it",
                       c->record.file);
    if (memcmp(entry->sha256, c->record.sha256, SHA256_LEN) != 0)
        return err_set(e, ERR_VERIFY, "evidence.files", NULL,
                       "the record of a file and the manifest give %s different hashes",
                       c->record.file);
    return 0;
}

static int check(struct checking *c, const char *folder, const struct evidence_manifest *payload,
                 struct evidence_tree *tree, struct err *e)
{
    struct buf seed;
    for (size_t i = 0; i < payload->count; i++) {
        struct evidence_manifest_entry *entry = &payload->entries[i];
        if (strncmp(entry->name, "data/files/", 11) == 0 &&
            map_set(&c->contents, slice_str(entry->name), entry) != 0)
            return err_memory(e);
    }
    buf_init(&seed);
    int result = evidence_file_read(folder, EVIDENCE_RECORDS_SEED, EVIDENCE_SEED, &seed, e);
    if (result == 0 && seed.len != EVIDENCE_SEED)
        result =
            err_set(e, ERR_INPUT, "evidence.tree", NULL, EVIDENCE_RECORDS_SEED " has not 32 bytes");
    if (result == 0)
        result =
            evidence_ledger_read(folder, "data/files.jsonl", seed.data, tree, check_record, c, e);
    buf_fini(&seed);
    if (result == 0 && c->contents.count > 0)
        result =
            err_set(e, ERR_VERIFY, "evidence.files", NULL,
                    "%zu files of the manifest below data/files have no record", c->contents.count);
    return result;
}

int evidence_file_records_check(const char *folder, const struct evidence_manifest *payload,
                                struct evidence_tree *tree, struct err *e)
{
    struct checking c = {0};
    map_init(&c.contents);
    buf_init(&c.record.path);
    int result = check(&c, folder, payload, tree, e);
    buf_fini(&c.record.path);
    map_fini(&c.contents);
    return result;
}
