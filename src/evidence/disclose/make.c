/* SPDX-License-Identifier: Apache-2.0 */
/* A disclosure written: what is shown, the proofs, and what was sealed. */
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "evidence/bundle/folder.h"
#include "evidence/bundle/manifest.h"
#include "evidence/disclose/disclosing.h"
#include "evidence/seal/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_MOST = 64 << 20 };

char *disclosing_path(struct disclosing *d, const char *folder, const char *name, struct err *e)
{
    char *path = arena_printf(&d->arena, "%s/%s", folder, name);
    if (!path)
        err_memory(e);
    return path;
}

static int write_text(struct disclosing *d, const char *name, struct slice text, struct err *e)
{
    char *path = disclosing_path(d, d->options->target, name, e);
    return path ? file_create(path, text, 0644, e) : -1;
}

/* Copies a file of the bundle as it is; where it is not there and need not be, nothing. */
static int copy(struct disclosing *d, const char *from, const char *to, bool must, struct err *e)
{
    struct buf text;
    struct stat st;
    char *path = disclosing_path(d, d->options->folder, from, e);
    if (!path)
        return -1;
    bool there = lstat(path, &st) == 0;
    if (!there && !must)
        return 0;
    if (there && !S_ISREG(st.st_mode)) /* nothing from elsewhere is handed out with it */
        return err_set(e, ERR_VERIFY, "evidence.kind", NULL, "%s is not a file", from);
    buf_init(&text);
    int result = evidence_file_read(d->options->folder, from, COPY_MOST, &text, e);
    if (result == 0)
        result = write_text(d, to, buf_slice(&text), e);
    buf_fini(&text);
    return result;
}

/* The last seal, without what it says of clocks and the way to it. */
static int copy_seal(struct disclosing *d, struct err *e)
{
    static const char *const names[] = {"seal.json", "seal.p7s", "chain.pem", "seal.tsr",
                                        "tsa.pem"};
    char seal[SEAL_NAME], from[SEAL_NAME + 32], to[64];
    unsigned count = evidence_seal_count(d->options->folder);
    d->disclosed->sealed = count > 0;
    if (count == 0)
        return 0;
    evidence_seal_name(count, seal);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(from, sizeof from, "%s/%s", seal, names[i]);
        snprintf(to, sizeof to, "sealed/%s", names[i]);
        if (copy(d, from, to, i < 3, e) != 0)
            return -1;
    }
    return 0;
}

static int make_folders(struct disclosing *d, struct err *e)
{
    static const char *const folders[] = {"", "/shown", "/sealed"};
    char path[4096];
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        snprintf(path, sizeof path, "%s%s", d->options->target, folders[i]);
        if (file_make_folder(path, 0755, e) != 0)
            return -1;
    }
    return 0;
}

static int read_trees(struct disclosing *d, struct err *e)
{
    struct buf text;
    char *path = disclosing_path(d, d->options->folder, EVIDENCE_TREE_FILE, e);
    char *mark = disclosing_path(d, d->options->folder, "INCOMPLETE", e);
    if (!path || !mark)
        return -1;
    if (file_kind(mark) != 0)
        return err_set(e, ERR_CONFLICT, "evidence.incomplete", NULL,
                       "the bundle was not closed: there is nothing to prove against");
    if (file_kind(path) != 1)
        return err_set(e, ERR_NOT_FOUND, "disclose.tree", NULL,
                       "%s is no bundle with hash trees: tree.json is not there",
                       d->options->folder);
    buf_init(&text);
    int result = evidence_file_read(d->options->folder, EVIDENCE_TREE_FILE, COPY_MOST, &text, e);
    if (result == 0)
        result = evidence_trees_read(&d->trees, buf_slice(&text), e);
    buf_fini(&text);
    return result;
}

static void write_asked(struct disclosing *d)
{
    const struct evidence_disclose_options *o = d->options;
    json_write_name(&d->w, "asked");
    json_write_array(&d->w);
    for (size_t i = 0; i < o->range_count; i++) {
        json_write_object(&d->w);
        json_member_int(&d->w, "bytes", (int64_t)o->ranges[i].bytes);
        json_member_int(&d->w, "from", (int64_t)o->ranges[i].from);
        json_write_object_end(&d->w);
    }
    json_write_array_end(&d->w);
}

static int all_matched(const struct disclosing *d, struct err *e)
{
    for (size_t i = 0; i < d->options->pattern_count; i++)
        if (!d->matched[i])
            return err_set(e, ERR_NOT_FOUND, "disclose.nothing", NULL,
                           "no file of the bundle is named like \"%s\"", d->options->patterns[i]);
    return 0;
}

static void write_how(struct buf *out)
{
    buf_puts(
        out,
        "A part of a bundle of evidence, with proofs\n\n"
        "shown/ holds what its owner chose to show. disclosure.json has, for each part, its "
        "number\n"
        "in a hash tree, a salt, and the hashes that lead from it to the tree's root. sealed/ "
        "holds\n"
        "what the owner sealed: tree.json has the roots, tagmanifest-sha256.txt the hash of\n"
        "tree.json, seal.json the hash of tagmanifest-sha256.txt; seal.p7s signs seal.json.\n\n"
        "With the program: tocsin evidence verify .\n"
        "Without it: python3 verify_disclosure.py . (from the program's sources, tools/), or:\n\n"
        "1. The seal and the way down from it:\n\n"
        "       openssl cms -verify -binary -inform DER -in sealed/seal.p7s \\\n"
        "           -content sealed/seal.json -CAfile ROOTS.pem -purpose any -out /dev/null\n"
        "       sha256sum sealed/tagmanifest-sha256.txt   must stand in sealed/seal.json\n"
        "       sha256sum sealed/tree.json                must stand in that manifest\n\n"
        "2. A part: SHA-256 of the file, or of the \"line\" without its end; then its leaf\n\n"
        "       printf 00SALTHASH | xxd -r -p | sha256sum\n\n"
        "   and with each hash P of its \"proof\" in turn the node above: 01NODEP when the part\n"
        "   lies left of P, 01PNODE when it lies right of it (RFC 9162, 2.1.3.2 says which by\n"
        "   number and count), until the root of tree.json comes out.\n\n"
        "What this shows: that these bytes stood at their places in what was sealed. It does not\n"
        "show that what was sealed is complete or was left unchosen for good reasons, and nothing\n"
        "of the rest: each leaf has a salt of its own, so no hash here tells what its neighbours\n"
        "are. seal.json does have the SHA-256 of the whole image, which who knows all of it but\n"
        "little could try out.\n");
}

static int disclose(struct disclosing *d, struct err *e)
{
    struct buf how;
    d->matched = arena_new(&d->arena, d->options->pattern_count + 1, sizeof *d->matched);
    if (!d->matched)
        return err_memory(e);
    if (read_trees(d, e) != 0 || make_folders(d, e) != 0)
        return -1;
    json_write_init(&d->w, &d->json, 1);
    json_write_object(&d->w);
    write_asked(d);
    if (disclosing_chunks(d, e) != 0 || disclosing_files(d, e) != 0)
        return -1;
    json_member_string(&d->w, "format", "tocsin-evidence-disclosure/v1");
    if (disclosing_records(d, e) != 0 || all_matched(d, e) != 0)
        return -1;
    json_write_object_end(&d->w);
    buf_putc(&d->json, '\n');
    buf_init(&how);
    write_how(&how);
    int result = buf_check(&d->json, e) == 0 && buf_check(&how, e) == 0 ? 0 : -1;
    if (result == 0 &&
        (copy(d, "tagmanifest-sha256.txt", "sealed/tagmanifest-sha256.txt", true, e) != 0 ||
         copy(d, EVIDENCE_TREE_FILE, "sealed/" EVIDENCE_TREE_FILE, true, e) != 0 ||
         copy_seal(d, e) != 0 || write_text(d, "VERIFY.txt", buf_slice(&how), e) != 0 ||
         write_text(d, EVIDENCE_DISCLOSURE_FILE, buf_slice(&d->json), e) != 0))
        result = -1;
    buf_fini(&how);
    return result;
}

/* What is handed out must hold. */
static int read_back(const struct evidence_disclose_options *options, struct err *e)
{
    struct evidence_disclosure verdict;
    int result = evidence_disclosure_verify(options->target, NULL, NULL, &verdict, e);
    if (result == 0 && !verdict.sound)
        result =
            err_set(e, ERR_VERIFY, "disclose.proof", NULL, "what was written does not hold: %s",
                    verdict.problem_count ? verdict.problems[0] : "?");
    evidence_disclosure_fini(&verdict);
    return result;
}

int evidence_disclose(const struct evidence_disclose_options *options,
                      struct evidence_disclosed *disclosed, struct err *e)
{
    struct disclosing *d = mem_new(1, sizeof *d);
    *disclosed = (struct evidence_disclosed){0};
    if (!d)
        return err_memory(e);
    struct evidence_disclose_options beside = *options;
    struct err ignored = {0};
    char part[4096];
    beside.target = part;
    d->options = &beside;
    d->disclosed = disclosed;
    arena_init(&d->arena, 0);
    buf_init(&d->json);
    int result = disclosing_begin(options->target, part, e);
    if (result == 0) {
        result = disclose(d, e);
        if (result == 0)
            result = read_back(&beside, e);
        if (result == 0)
            result = disclosing_end(part, e);
        if (result != 0)
            (void)!disclosing_sweep(part, &ignored);
    }
    buf_fini(&d->json);
    arena_fini(&d->arena);
    mem_free(d);
    return result;
}
