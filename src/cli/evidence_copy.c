/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "base/file.h"
#include "cli/evidence.h"
#include "cli/evidence_said.h"
#include "cli/say.h"
#include "evidence/case.h"
#include "evidence/case/copy.h"
#include "evidence/custody/holder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char description[] = "working copy";

/* Is the exhibit a copy of this one that was broken off? */
static bool was_begun(const char *exhibits, const char *id, const char *parent, const char *master,
                      const char *bundle)
{
    char path[4096];
    struct json_doc *doc = NULL;
    struct buf text;
    struct err none = {0};
    if ((size_t)snprintf(path, sizeof path, "%s/%s/%s", exhibits, id, bundle) >= sizeof path ||
        (file_kind(path) != 0 && !evidence_copy_begun(path, master)))
        return false;
    *strrchr(path, '/') = 0;
    buf_init(&text);
    bool begun = file_kind(path) == 2 && evidence_description_read(path, &text, &doc, &none) == 0 &&
                 slice_is(json_get_string(json_root(doc), "parent"), parent) &&
                 slice_is(json_get_string(json_root(doc), "description"), description);
    json_doc_free(doc);
    buf_fini(&text);
    return begun;
}

/* The identifier of a copy of this bundle that was begun: want, or the first of PARENT.N. */
static bool find_begun(const char *exhibits, const char *want, const char *parent,
                       const char *master, const char *bundle, char id[EVIDENCE_HOLDER])
{
    char path[4200];
    snprintf(id, EVIDENCE_HOLDER, "%s", want ? want : "");
    if (want)
        return was_begun(exhibits, id, parent, master, bundle);
    for (unsigned n = 1;; n++) {
        snprintf(id, EVIDENCE_HOLDER, "%s.%u", parent, n);
        snprintf(path, sizeof path, "%s/%s", exhibits, id);
        if (file_kind(path) == 0)
            return false;
        if (was_begun(exhibits, id, parent, master, bundle))
            return true;
    }
}

/* In a case, the copy is an exhibit of its own, a child of the one it is a copy of. */
static int make_child(const char *master, const char *want, struct evidence_doing *doing,
                      char id[EVIDENCE_HOLDER], char folder[4096], struct err *e)
{
    char case_folder[4096], parent[EVIDENCE_HOLDER], above[4200], real[4096];
    evidence_case_of(master, case_folder);
    snprintf(above, sizeof above, "%s/..", master);
    if (!case_folder[0] || !realpath(master, real) ||
        evidence_holder_kind(above) != EVIDENCE_HOLDER_EXHIBIT)
        return err_set(e, ERR_USAGE, "cli.operands", NULL,
                       "%s lies in no case: say into which FOLDER it is copied", master);
    evidence_holder_name(above, parent);
    struct evidence_exhibit_wish wish = {.id = want,
                                         .parent = parent,
                                         .source_type = "static",
                                         .description = description,
                                         .media = "bundle"};
    const char *name = strrchr(real, '/') + 1;
    snprintf(above, sizeof above, "%s/exhibits", case_folder);
    if (!find_begun(above, want, parent, master, name, id) &&
        evidence_exhibit_add(case_folder, &wish, doing, id, NULL, e) != 0)
        return -1;
    if (snprintf(folder, 4096, "%s/exhibits/%s/%s", case_folder, id, name) >= 4096)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
    return 0;
}

static int run(const struct cli_args *args)
{
    char folder[4096] = "", id[EVIDENCE_HOLDER] = "";
    struct evidence_copying copying = {.master = args->operands[0], .folder = folder, .name = id};
    struct evidence_appended told = {0};
    struct evidence_doing doing = {0};
    struct evidence_told said;
    struct err e = {0};
    int result = evidence_told_init(&said, args, &e);
    if (result == 0)
        result = evidence_doing_open(&doing, &said.said, &e);
    if (result == 0) /* before an exhibit is made for it */
        result = evidence_copy_allowed(copying.master, &e);
    if (result == 0 && args->operand_count > 1) {
        const char *want = cli_value(args, "id");
        snprintf(folder, sizeof folder, "%s", args->operands[1]);
        evidence_holder_name(copying.master, id);
        strncat(id, "-copy", sizeof id - strlen(id) - 1);
        if (want)
            snprintf(id, sizeof id, "%s", want);
    } else if (result == 0) {
        result = make_child(copying.master, cli_value(args, "id"), &doing, id, folder, &e);
    }
    if (result == 0)
        result = evidence_copy(&copying, &doing, &told, &e);
    evidence_doing_close(&doing);
    evidence_told_fini(&said);
    if (result != 0)
        return say_end(args, say_fail(args, &e));
    evidence_tell_step(args, folder, "copied", &told);
    return say_end(args, 0);
}

static const struct cli_option options[] = {
    {"id", "ID", "identifier of the copy (default: PARENT.N, the next free)", 0, false},
    EVIDENCE_SAID_OPTIONS,
};

const struct cli_verb evidence_copy_verb = {
    .name = "copy",
    .operands = "BUNDLE [FOLDER]",
    .summary = "make a working copy, with custody of its own",
    .text = "Every byte of the copy is held against its hashes. In a case, the copy becomes an\n"
            "exhibit, a child of the one it is a copy of; elsewhere FOLDER says where it goes.\n"
            "Work (mount, analysis) is done on copies: a master is refused.\n",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .uses = CLI_JSON,
    .least = 1,
    .most = 2,
    .run = run,
};
