/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin proof: packs that anyone can verify, off-line. */
#include "base/file.h"
#include "cli/api.h"
#include "cli/groups.h"
#include "cli/progress.h"
#include "cli/proof_verify.h"
#include "cli/say.h"
#include "crypto/note.h"

enum { EXPORT_MS = 1800000 };

/* The sizes of the heads that the user keeps: the pack will hold their consistency proofs. */
static int read_heads(const struct cli_args *args, struct buf *heads, struct err *e)
{
    const char *path;
    struct buf text;
    int result = 0;

    buf_init(&text);
    for (size_t i = 0; result == 0 && (path = cli_value_at(args, "checkpoint", i)); i++) {
        struct checkpoint checkpoint;
        struct note note;
        buf_reset(&text);
        result = -1;
        if (file_read(path, NOTE_MAX, &text, e) == 0 &&
            note_parse(&note, buf_slice(&text), e) == 0 &&
            checkpoint_parse(&checkpoint, note.text, e) == 0) {
            buf_printf(heads, "%s%llu", heads->len ? "," : "", (unsigned long long)checkpoint.size);
            result = buf_check(heads, e);
        }
        if (result != 0)
            err_context(e, "%s", path);
    }
    buf_fini(&text);
    return result;
}

static int run_export(const struct cli_args *args)
{
    const char *path = cli_value(args, "output");
    struct api *api = NULL;
    struct err e = {0};
    struct buf target;
    struct buf heads;
    struct buf made;
    uint64_t size;
    char text[16];
    int result;

    buf_init(&target);
    buf_init(&heads);
    buf_init(&made);
    buf_puts(&target, "/v1/proofs/");
    api_put_segment(&target, args->operands[0]);
    if (read_heads(args, &heads, &e) != 0) {
        result = say_fail(args, &e);
        goto out;
    }
    api_put_query(&target, "heads", heads.len ? buf_text(&heads) : NULL);
    api_put_query(&target, "organisation", cli_value(args, "organisation"));
    if (!path) {
        buf_printf(&made, "%s.proof.tar", args->operands[0]);
        for (size_t i = 0; i < made.len; i++)
            if (made.data[i] == '/')
                made.data[i] = '_';
        path = buf_text(&made);
    }
    const struct api_request request = {
        .method = "GET", .target = buf_text(&target), .timeout_ms = EXPORT_MS};
    if (buf_check(&target, &e) != 0 || buf_check(&made, &e) != 0 || api_open(args, &api, &e) != 0 ||
        api_download(api, &request, path, &size, &e) != 0) {
        result = say_fail(args, &e);
    } else {
        progress_size(size, text);
        fprintf(stderr, "%s: %s\n", path, text);
        if (strcmp(path, "-") != 0)
            fprintf(stderr, "Anyone verifies it: tocsin proof verify %s --root root.pem\n", path);
        result = say_end(args, 0);
    }
out:
    api_close(api);
    buf_fini(&target);
    buf_fini(&heads);
    buf_fini(&made);
    return result;
}

static const struct cli_option options[] = {
    {"output", "FILE", "where to; ADVISORY.proof.tar when not given, \"-\": standard output", 'o',
     false},
    {"checkpoint", "FILE", "a head that you kept: the pack then proves that it is continued", 0,
     true},
    {"organisation", "ORG",
     "a pack for one customer: nothing but his own lines (of your own organisation, when another "
     "runs the centre)",
     0, false},
};

static const struct cli_option verify_options[] = {
    {"root", "FILE", "trust anchor, PEM; without it nothing is proven (packs)", 0, false},
    {"log", "VKEY|FILE", "the journal's key (tlog-proofs)", 0, false},
    {"witness", "VKEY|FILE", "a witness whom you trust", 0, true},
    {"quorum", "K", "how many of them must have cosigned; more than half when not given", 0, false},
    {"checkpoint", "FILE", "an earlier head of this journal that you kept: it must be continued", 0,
     false},
    {"consistency", "FILE",
     "the proof of that, when the pack has none: /log/consistency?from=A&to=B", 0, false},
    {"threads", "N", "as many as processors when not given", 0, false},
    {"json", NULL, "for programs: JSON instead of lines for people", 0, false},
};

#define EXPORT                                                                                     \
    .operands = "ADVISORY",                                                                        \
    .summary = "what was told about an advisory, as a pack that proves it",                        \
    .text = "The pack verifies with tocsin proof verify, with tools/verify_proof.py, and with\n"   \
            "openssl and sha256sum alone (its VERIFY.txt tells each step). It never claims more\n" \
            "than witnesses have seen, and says how far that is. A pack for one customer proves\n" \
            "his own lines under the same signatures, and shows him nobody else's.\n",             \
    .examples =                                                                                    \
        "  tocsin proof export EX-2026-001 -o ex.tar\n"                                            \
        "  tocsin proof export EX-2026-001 --organisation org_0h2j… -o customer.tar\n"           \
        "  tocsin proof verify ex.tar --root root.pem --witness \"$(cat witness.vkey)\"\n",        \
    .options = options, .option_count = ARRAY_LEN(options), .uses = CLI_CENTRE, .least = 1,        \
    .most = 1, .run = run_export

static const struct cli_verb verbs[] = {
    {EXPORT},
    {.name = "export", EXPORT},
    {.name = "verify",
     .operands = "PACK|PROOF",
     .summary = "verify a pack, or the tlog-proof of one act, off-line",
     .text =
         "PACK is a folder or a .tar, PROOF what tocsin log prove made. Nobody is trusted but the\n"
         "anchors, keys and heads that you bring. Exit code: 0 proven, 1 not proven, 3 could not\n"
         "be decided.\n",
     .examples =
         "  tocsin proof verify --root root.pem --witness w.vkey --checkpoint kept pack.tar\n"
         "  tocsin proof verify --log journal.vkey act.tlog-proof\n",
     .options = verify_options,
     .option_count = ARRAY_LEN(verify_options),
     .raw = cli_proof_verify},
};

const struct cli_group cli_proof_group = {.name = "proof",
                                          .topic = "Proof",
                                          .summary = "export and verify proof packs",
                                          .verbs = verbs,
                                          .verb_count = ARRAY_LEN(verbs)};
