/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/proof_verify.h"

#include "base/file.h"
#include "base/output.h"
#include "crypto/certificate.h"
#include "journal/pack_verify.h"
#include "journal/proof.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WITNESSES_MAX = 32, FILE_MAX = 1 << 20 };

static const char usage[] =
    "usage: tocsin proof verify [OPTION]… PACK|PROOF\n"
    "\n"
    "Checks a proof pack (a folder or a .tar), or the tlog-proof of one act, offline.\n"
    "\n"
    "  --root FILE         trust anchor, PEM; without it nothing is proven (packs)\n"
    "  --log VKEY          the journal's key (tlog-proofs)\n"
    "  --witness VKEY      a witness whom you trust; may be given more than once; a key, or a "
    "file\n"
    "                      that holds one\n"
    "  --quorum K          how many of them must have cosigned (default: more than half)\n"
    "  --checkpoint FILE   an earlier head of this journal that you kept: the pack must continue "
    "it\n"
    "  --consistency FILE  the proof that it does, when the pack does not carry it: the answer of\n"
    "                      /log/consistency?from=A&to=B\n"
    "  --threads N         default: as many as processors\n"
    "  --json              the result as JSON\n"
    "\n"
    "Exit status: 0 proven, 1 not proven, 2 wrong usage, 3 could not be decided.\n"
    "Example: tocsin proof verify --root root.pem --witness w.vkey --checkpoint kept pack.tar\n";

struct wanted {
    struct certificate_list anchors;
    struct note_key witnesses[WITNESSES_MAX];
    size_t witness_count, quorum;
    struct note_key log;
    bool has_log, json;
    struct buf checkpoint, consistency;
    int threads;
    const char *path;
};

static int complain(const struct err *e)
{
    char line[1024];

    err_line(e, line, sizeof line);
    fprintf(stderr, "tocsin: proof verify: %s\n", line);
    if (e->hint[0])
        fprintf(stderr, "tocsin: %s\n", e->hint);
    return err_exit_code(e->kind);
}

static int read_anchors(struct wanted *w, const char *path, struct err *e)
{
    struct buf pem;
    int count = -1;

    buf_init(&pem);
    if (file_read(path, FILE_MAX, &pem, e) == 0)
        count = certificate_list_read_pem(&w->anchors, buf_slice(&pem), e);
    if (count == 0)
        err_set(e, ERR_USAGE, "cli.root", NULL, "there is no certificate in it");
    buf_fini(&pem);
    return count > 0 ? 0 : err_context(e, "%s", path);
}

/* The key itself, or a file with it (and a newline). */
static int read_key(const char *text, struct note_key *key, struct err *e)
{
    struct buf content;
    struct slice vkey = slice_str(text);
    int rc = -1;

    buf_init(&content);
    if (!strchr(text, '+')) {
        if (file_read(text, NOTE_MAX, &content, e) != 0)
            goto out;
        vkey = buf_slice(&content);
        while (vkey.len > 0 && (vkey.data[vkey.len - 1] == '\n' || vkey.data[vkey.len - 1] == '\r'))
            vkey.len--;
    }
    rc = note_key_parse(key, vkey, e);
out:
    buf_fini(&content);
    return rc == 0 ? 0 : err_context(e, "%.100s", text);
}

static int read_number(const char *text, long least, long most, const char *option, long *number,
                       struct err *e)
{
    char *end;

    *number = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || *number < least || *number > most)
        return err_set(e, ERR_USAGE, "cli.number", NULL, "%s wants a number from %ld to %ld",
                       option, least, most);
    return 0;
}

static int read_witness(struct wanted *w, const char *text, struct err *e)
{
    if (w->witness_count == WITNESSES_MAX)
        return err_set(e, ERR_USAGE, "cli.witness", NULL, "more than %d witnesses", WITNESSES_MAX);
    if (read_key(text, &w->witnesses[w->witness_count], e) != 0)
        return -1;
    if (w->witnesses[w->witness_count].type != NOTE_COSIGNATURE)
        return err_set(e, ERR_USAGE, "cli.witness", "C2SP tlog-cosignature",
                       "\"%s\" is no witness's key (its type is not 0x04)",
                       w->witnesses[w->witness_count].name);
    w->witness_count++;
    return 0;
}

/* -1 with e; 1: help was asked for. */
static int read_options(struct wanted *w, int argc, char **argv, struct err *e)
{
    static const struct option options[] = {{"root", required_argument, NULL, 'r'},
                                            {"log", required_argument, NULL, 'l'},
                                            {"witness", required_argument, NULL, 'w'},
                                            {"quorum", required_argument, NULL, 'q'},
                                            {"checkpoint", required_argument, NULL, 'c'},
                                            {"consistency", required_argument, NULL, 'p'},
                                            {"threads", required_argument, NULL, 't'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option, rc = 0;
    long number = 0;

    optind = 0; /* a fresh start: other commands may have parsed before */
    opterr = 0;
    while (rc == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'r': rc = read_anchors(w, optarg, e); break;
        case 'l':
            rc = read_key(optarg, &w->log, e);
            w->has_log = true;
            break;
        case 'w': rc = read_witness(w, optarg, e); break;
        case 'q':
            rc = read_number(optarg, 1, WITNESSES_MAX, "--quorum", &number, e);
            w->quorum = (size_t)number;
            break;
        case 'c': rc = file_read(optarg, NOTE_MAX, &w->checkpoint, e); break;
        case 'p': rc = file_read(optarg, NOTE_MAX, &w->consistency, e); break;
        case 't':
            rc = read_number(optarg, 1, 64, "--threads", &number, e);
            w->threads = (int)number;
            break;
        case 'j': w->json = true; break;
        case 'h': return 1;
        default:
            return err_set(e, ERR_USAGE, "cli.option", NULL,
                           "no such option, or its value is "
                           "missing: %.100s",
                           argv[optind - 1]);
        }
    }
    if (rc != 0)
        return -1;
    if (optind + 1 != argc)
        return err_set(e, ERR_USAGE, "cli.operands", NULL, "name one pack or proof");
    if (w->quorum > w->witness_count)
        return err_set(e, ERR_USAGE, "cli.quorum", NULL,
                       "--quorum %zu, but only %zu witnesses are given", w->quorum,
                       w->witness_count);
    w->path = argv[optind];
    return 0;
}

/* ---- a tlog-proof ------------------------------------------------------------------------ */

/* 1 and the text, when the path is a file that begins like one. */
static int read_tlog_proof(const char *path, struct buf *text)
{
    static const char header[] = "c2sp.org/tlog-proof@v1\n";
    struct err ignored = {0};
    char begin[sizeof header - 1];
    FILE *file = fopen(path, "rb");
    size_t got = file ? fread(begin, 1, sizeof begin, file) : 0;

    if (file)
        fclose(file);
    return got == sizeof begin && memcmp(begin, header, sizeof begin) == 0 &&
           file_read(path, JOURNAL_PROOF_TEXT_MAX, text, &ignored) == 0;
}

static int verify_tlog_proof(const struct wanted *w, struct slice text)
{
    struct journal_proof proof;
    struct err e = {0};
    struct slice act;
    size_t quorum = w->quorum ? w->quorum : w->witness_count ? w->witness_count / 2 + 1 : 0;
    int rc;

    if (!w->has_log) {
        err_set(&e, ERR_USAGE, "cli.log", NULL, "a tlog-proof needs the journal's key: --log VKEY");
        return complain(&e);
    }
    if (journal_proof_parse(&proof, text, &e) != 0)
        return complain(&e);
    rc = journal_proof_verify(&proof, &w->log, w->witnesses, w->witness_count, quorum, &act, &e);
    if (rc == 0)
        printf("%.*s\n", SLICE_ARG(act));
    if (rc == 0 && !w->json)
        fprintf(stderr, "VERIFIED: act %llu of %s%s\n", (unsigned long long)proof.index,
                w->log.name,
                w->witness_count ? ""
                                 : "; no witness was asked for: whether history was rewritten "
                                   "later cannot be told");
    journal_proof_fini(&proof);
    return rc == 0 ? 0 : complain(&e);
}

/* ---- a pack ------------------------------------------------------------------------------ */

static int verify_pack(const struct wanted *w)
{
    const struct pack_policy policy = {.anchors = w->anchors.items,
                                       .anchor_count = w->anchors.count,
                                       .witnesses = w->witnesses,
                                       .witness_count = w->witness_count,
                                       .quorum = w->quorum,
                                       .checkpoint = buf_slice(&w->checkpoint),
                                       .consistency = buf_slice(&w->consistency),
                                       .threads = w->threads};
    struct pack_report report;
    struct err e = {0};
    struct buf text;
    int code = 3;

    if (pack_verify(w->path, &policy, &report, &e) != 0)
        return complain(&e);
    buf_init(&text);
    if (w->json)
        pack_report_json(&report, &text);
    else
        pack_report_text(&report, &text);
    output_put(stdout, &text);
    switch (report.answer) {
    case PACK_PROVEN: code = 0; break;
    case PACK_REFUSED: code = 1; break;
    case PACK_UNTRUSTED: code = 3; break;
    }
    buf_fini(&text);
    pack_report_fini(&report);
    return output_end(stdout, &e) == 0 ? code : complain(&e);
}

int cli_proof_verify(int argc, char **argv)
{
    struct wanted w = {.path = NULL};
    struct err e = {0};
    struct buf proof;
    int code;

    certificate_list_init(&w.anchors);
    buf_init(&w.checkpoint);
    buf_init(&w.consistency);
    buf_init(&proof);
    switch (read_options(&w, argc, argv, &e)) {
    case 0:
        code = read_tlog_proof(w.path, &proof) ? verify_tlog_proof(&w, buf_slice(&proof))
                                               : verify_pack(&w);
        break;
    case 1:
        fputs(usage, stdout);
        code = 0;
        break;
    default:
        code = complain(&e);
        if (code == 2)
            fputs(usage, stderr);
    }
    certificate_list_fini(&w.anchors);
    buf_fini(&w.checkpoint);
    buf_fini(&w.consistency);
    buf_fini(&proof);
    return code;
}
