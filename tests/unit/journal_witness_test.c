/* SPDX-License-Identifier: Apache-2.0 */
/* The witness (C2SP tlog-witness): each answer of the specification, its memory, and kill -9. */
#include "base/encoding.h"
#include "base/file.h"
#include "base/memory.h"
#include "journal/witness.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define ORIGIN "log.example/a"

enum { LEAVES = 200 };

struct fixture {
    char folder[64];
    struct key *log_private, *witness_private, *other_private;
    struct note_key log, key;
    uint8_t leaves[LEAVES][32];
    struct witness *witness;
    struct err e;
};

static struct note_key make_key(const struct key *key, const char *name, enum note_type type)
{
    struct note_key made;
    uint8_t public_key[ED25519_PUBLIC_LEN];
    struct err e = {0};

    assert_int_equal(key_to_ed25519(key, public_key, &e), 0);
    assert_int_equal(note_key_init(&made, slice_str(name), type, public_key, &e), 0);
    return made;
}

static int sign(void *context, struct slice message, struct buf *signature, struct err *e)
{
    return key_sign(context, message, signature, e);
}

static void start(struct fixture *f)
{
    const struct witness_options options = {.folder = f->folder,
                                            .key = f->key,
                                            .sign = sign,
                                            .context = f->witness_private,
                                            .logs = &f->log,
                                            .log_count = 1,
                                            .clock = &clock_system};

    assert_int_equal(witness_new(&f->witness, &options, &f->e), 0);
}

static int set_up(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);

    strcpy(f->folder, "/tmp/journal-witness-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->log_private = key_generate(KEY_ED25519, &f->e);
    f->witness_private = key_generate(KEY_ED25519, &f->e);
    f->other_private = key_generate(KEY_ED25519, &f->e);
    f->log = make_key(f->log_private, ORIGIN, NOTE_ED25519);
    f->key = make_key(f->witness_private, "w.example", NOTE_COSIGNATURE);
    for (size_t i = 0; i < LEAVES; i++)
        assert_int_equal(merkle_leaf(slice_of(&i, sizeof i), f->leaves[i]), 0);
    start(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[128];

    witness_free(f->witness);
    key_free(f->log_private);
    key_free(f->witness_private);
    key_free(f->other_private);
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    assert_int_equal(system(command), 0);
    mem_free(f);
    return 0;
}

/* What a request may get wrong. */
struct spoil {
    bool other_root, other_key, broken_signature, no_proof, long_proof;
    const char *origin;
};

static void request(struct fixture *f, uint64_t old_size, uint64_t size, struct spoil spoil,
                    struct buf *out)
{
    uint8_t proof[MERKLE_PROOF_MAX][32], root[32];
    const uint8_t(*leaves)[32] = (const uint8_t(*)[32])f->leaves;
    struct buf text, note;
    size_t n = 0;

    buf_init(&text);
    buf_init(&note);
    assert_int_equal(merkle_tree_root(leaves, size, root, &f->e), 0);
    if (old_size <= size)
        assert_int_equal(merkle_consistency_proof(leaves, old_size, size, proof, &n, &f->e), 0);
    if (spoil.other_root)
        root[0] ^= 1;
    if (spoil.no_proof)
        n = 0;
    if (spoil.long_proof)
        memset(proof[n++], 7, 32);
    checkpoint_put(&text, slice_str(spoil.origin ? spoil.origin : ORIGIN), size, root);
    buf_put_slice(&note, buf_slice(&text));
    buf_putc(&note, '\n');
    if (spoil.other_key) {
        struct note_key other = make_key(f->other_private, ORIGIN, NOTE_ED25519);
        assert_int_equal(note_sign(&note, buf_slice(&text), &other, f->other_private, &f->e), 0);
    } else {
        assert_int_equal(note_sign(&note, buf_slice(&text), &f->log, f->log_private, &f->e), 0);
    }
    if (spoil.broken_signature) /* another root behind the same signature */
        note.data[text.len - 10] ^= 1;
    witness_request_put(out, old_size, (const uint8_t(*)[32])proof, n, buf_slice(&note));
    buf_fini(&text);
    buf_fini(&note);
}

static enum witness_verdict ask(struct fixture *f, uint64_t old_size, uint64_t size,
                                struct spoil spoil, struct buf *answer)
{
    enum witness_verdict verdict;
    struct buf body;

    buf_init(&body);
    buf_reset(answer);
    request(f, old_size, size, spoil, &body);
    assert_int_equal(witness_handle(f->witness, buf_slice(&body), &verdict, answer, &f->e), 0);
    buf_fini(&body);
    return verdict;
}

/* The answer behind the checkpoint is a note that the witness's key verifies. */
static void assert_cosigned(struct fixture *f, uint64_t size, struct buf *answer)
{
    struct buf note;
    struct note parsed;
    uint8_t root[32];
    uint64_t time;

    buf_init(&note);
    assert_int_equal(merkle_tree_root((const uint8_t(*)[32])f->leaves, size, root, &f->e), 0);
    checkpoint_put(&note, slice_str(ORIGIN), size, root);
    buf_putc(&note, '\n');
    buf_put_slice(&note, buf_slice(answer));
    assert_int_equal(note_parse(&parsed, buf_slice(&note), &f->e), 0);
    assert_int_equal(note_verify(&parsed, &f->key, &time, &f->e), 1);
    assert_true(time > 1700000000);
    buf_fini(&note);
}

static const struct spoil fine = {0};

static void answers_as_the_specification_says(void **state)
{
    struct fixture *f = *state;
    struct buf a;

    buf_init(&a);
    /* first contact: old size 0, no proof */
    assert_int_equal(ask(f, 0, 5, fine, &a), WITNESS_COSIGN);
    assert_cosigned(f, 5, &a);
    assert_int_equal(ask(f, 5, 9, fine, &a), WITNESS_COSIGN);
    assert_cosigned(f, 9, &a);
    /* the same again: the time is new, the head is not */
    assert_int_equal(ask(f, 9, 9, fine, &a), WITNESS_COSIGN);
    assert_cosigned(f, 9, &a);
    /* another old size: 409 and the size */
    assert_int_equal(ask(f, 5, 12, fine, &a), WITNESS_CONFLICT);
    assert_string_equal(buf_text(&a), "9\n");
    assert_int_equal(ask(f, 0, 12, fine, &a), WITNESS_CONFLICT);
    assert_int_equal(ask(f, 12, 12, fine, &a), WITNESS_CONFLICT);
    /* old size over the checkpoint's: 400, before anything about the head */
    assert_int_equal(ask(f, 9, 8, fine, &a), WITNESS_BAD_REQUEST);
    /* another history */
    assert_int_equal(ask(f, 9, 12, (struct spoil){.other_root = true}, &a), WITNESS_INCONSISTENT);
    assert_int_equal(ask(f, 9, 9, (struct spoil){.other_root = true}, &a), WITNESS_INCONSISTENT);
    assert_int_equal(ask(f, 9, 12, (struct spoil){.no_proof = true}, &a), WITNESS_INCONSISTENT);
    assert_int_equal(ask(f, 9, 12, (struct spoil){.long_proof = true}, &a), WITNESS_INCONSISTENT);
    assert_int_equal(ask(f, 9, 9, (struct spoil){.long_proof = true}, &a), WITNESS_INCONSISTENT);
    /* not by the log */
    assert_int_equal(ask(f, 9, 12, (struct spoil){.other_key = true}, &a), WITNESS_UNSIGNED);
    assert_int_equal(ask(f, 9, 12, (struct spoil){.broken_signature = true}, &a), WITNESS_UNSIGNED);
    assert_int_equal(ask(f, 9, 12, (struct spoil){.origin = "other.example"}, &a),
                     WITNESS_UNKNOWN_LOG);
    /* after all this it goes on */
    assert_int_equal(ask(f, 9, 12, fine, &a), WITNESS_COSIGN);
    assert_cosigned(f, 12, &a);
    buf_fini(&a);
}

static void nonsense_is_a_bad_request(void **state)
{
    static const char *const bodies[] = {
        "",
        "\n",
        "old\n\n",
        "old 01\n\n",
        "old 5",
        "old -1\n\nx",
        "old 5\nAAAA\n\nx",
        "old 5\n\nno note\n",
        "old 9999999999999999999999\n\n",
        "old 0\n\nlog.example/a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n",
    };
    struct fixture *f = *state;
    enum witness_verdict verdict;
    struct buf a;

    buf_init(&a);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        buf_reset(&a);
        assert_int_equal(witness_handle(f->witness, slice_str(bodies[i]), &verdict, &a, &f->e), 0);
        assert_int_equal(verdict, WITNESS_BAD_REQUEST);
        assert_true(a.len > 0);
    }
    /* 64 lines of proof are one too many */
    struct buf body;
    buf_init(&body);
    buf_puts(&body, "old 1\n");
    for (int i = 0; i < 64; i++)
        buf_puts(&body, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    buf_puts(&body, "\nlog.example/a\n");
    assert_int_equal(witness_handle(f->witness, buf_slice(&body), &verdict, &a, &f->e), 0);
    assert_int_equal(verdict, WITNESS_BAD_REQUEST);
    buf_fini(&body);
    buf_fini(&a);
}

static void it_remembers(void **state)
{
    struct fixture *f = *state;
    struct buf a;
    char hex[65] = "", command[300];

    buf_init(&a);
    assert_int_equal(ask(f, 0, 50, fine, &a), WITNESS_COSIGN);
    /* two at once on one folder would be two memories */
    const struct witness_options options = {.folder = f->folder,
                                            .key = f->key,
                                            .sign = sign,
                                            .context = f->witness_private,
                                            .logs = &f->log,
                                            .log_count = 1,
                                            .clock = &clock_system};
    struct witness *second = NULL;
    assert_int_equal(witness_new(&second, &options, &f->e), -1);
    assert_string_equal(f->e.code, "witness.folder");
    err_clear(&f->e);
    witness_free(f->witness);
    start(f);
    assert_int_equal(ask(f, 0, 60, fine, &a), WITNESS_CONFLICT);
    assert_string_equal(buf_text(&a), "50\n");
    assert_int_equal(ask(f, 50, 60, fine, &a), WITNESS_COSIGN);
    /* who asks for the latest gets it cosigned, by the hash of the origin only */
    snprintf(command, sizeof command, "printf %%s '" ORIGIN "' | sha256sum");
    FILE *sum = popen(command, "r");
    assert_non_null(sum);
    assert_int_equal(fread(hex, 1, 64, sum), 64);
    pclose(sum);
    buf_reset(&a);
    assert_int_equal(witness_latest(f->witness, slice_str(hex), &a, &f->e), 1);
    struct note note;
    assert_int_equal(note_parse(&note, buf_slice(&a), &f->e), 0);
    assert_int_equal(note_verify(&note, &f->log, NULL, &f->e), 1);
    assert_int_equal(note_verify(&note, &f->key, NULL, &f->e), 1);
    assert_int_equal(witness_latest(f->witness, slice_str("../lock"), &a, &f->e), 0);
    hex[0] = hex[0] == '0' ? '1' : '0';
    assert_int_equal(witness_latest(f->witness, slice_str(hex), &a, &f->e), 0);
    /* a damaged memory is an error, never "nothing seen yet" */
    snprintf(command, sizeof command, "for f in %s/*.checkpoint; do : > $f; done", f->folder);
    assert_int_equal(system(command), 0);
    struct buf body;
    enum witness_verdict verdict;
    buf_init(&body);
    request(f, 0, 10, fine, &body);
    assert_int_equal(witness_handle(f->witness, buf_slice(&body), &verdict, &a, &f->e), -1);
    err_clear(&f->e);
    buf_fini(&body);
    buf_fini(&a);
}

/* kill -9 at any moment: what was cosigned is remembered. */
static void killed_at_any_moment(void **state)
{
    struct fixture *f = *state;
    uint64_t least = 0;
    struct buf a;

    buf_init(&a);
    witness_free(f->witness);
    f->witness = NULL;
    /* on a busy machine, longer, until something is cosigned before the kill */
    for (unsigned round = 0; round < 12 || (least == 0 && round < 100); round++) {
        int told[2];
        assert_int_equal(pipe(told), 0);
        pid_t child = fork();
        if (child == 0) {
            start(f);
            for (uint64_t size = least; size < LEAVES; size++) {
                enum witness_verdict v = ask(f, size, size + 1, fine, &a);
                if (v == WITNESS_CONFLICT) /* it was kept, but nobody was told */
                    continue;
                if (v != WITNESS_COSIGN)
                    _exit(1);
                uint64_t done = size + 1;
                if (write(told[1], &done, sizeof done) != sizeof done)
                    _exit(1);
            }
            _exit(0);
        }
        close(told[1]);
        usleep(3000 + round * 1700);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        uint64_t size;
        while (read(told[0], &size, sizeof size) == sizeof size)
            least = size;
        close(told[0]);
        start(f);
        enum witness_verdict v = ask(f, 0, LEAVES, fine, &a);
        if (least > 0) {
            assert_int_equal(v, WITNESS_CONFLICT);
            assert_true(strtoull(buf_text(&a), NULL, 10) >= least);
        } else if (v == WITNESS_COSIGN) {
            least = LEAVES;
        }
        witness_free(f->witness);
        f->witness = NULL;
        if (least >= LEAVES)
            break;
    }
    assert_true(least > 0);
    buf_fini(&a);
}

static void torture(void **state)
{
    struct fixture *f = *state;
    enum witness_verdict verdict = WITNESS_BAD_REQUEST;
    struct buf body, answer;
    bool done = false;

    buf_init(&body);
    buf_init(&answer);
    request(f, 0, 33, fine, &body);
    for (long k = 0; !done; k++) {
        assert_true(k < 500);
        err_clear(&f->e);
        mem_fail_after(k);
        int rc = witness_handle(f->witness, buf_slice(&body), &verdict, &answer, &f->e);
        mem_fail_after(-1);
        /* Kept, but not answered: then the head is asked for again from there. */
        if (rc != 0) {
            struct buf again;
            buf_init(&again);
            err_clear(&f->e);
            enum witness_verdict now = ask(f, 0, 33, fine, &again);
            assert_true(now == WITNESS_COSIGN || now == WITNESS_CONFLICT);
            char command[200];
            snprintf(command, sizeof command, "rm -f %s/*.checkpoint %s/*.cosigned", f->folder,
                     f->folder);
            assert_int_equal(system(command), 0);
            buf_fini(&again);
        }
        done = rc == 0;
        buf_fini(&answer);
    }
    assert_int_equal(verdict, WITNESS_COSIGN);
    buf_fini(&body);
}

/* 63 lines of proof are as many as a tree can need; the next one is no longer read. */
static void proofs_have_a_length(void **state)
{
    (void)state;
    for (unsigned lines = WITNESS_PROOF_MAX - 1; lines <= WITNESS_PROOF_MAX + 1; lines++) {
        struct witness_request *request = mem_new(1, sizeof *request);
        uint8_t proof[MERKLE_HASH] = {0};
        struct err e = {0};
        struct buf body;
        buf_init(&body);
        buf_puts(&body, "old 0\n");
        for (unsigned i = 0; i < lines; i++) {
            base64_put(&body, slice_of(proof, sizeof proof));
            buf_putc(&body, '\n');
        }
        buf_puts(&body, "\nno note\n");
        assert_int_equal(witness_request_parse(request, buf_slice(&body), &e), -1);
        bool too_long = lines > WITNESS_PROOF_MAX;
        assert_int_equal(strcmp(e.code, "witness.syntax") == 0, too_long);
        assert_int_equal(strstr(e.text, "at most 63 lines") != NULL, too_long);
        buf_fini(&body);
        mem_free(request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_as_the_specification_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonsense_is_a_bad_request, set_up, tear_down),
        cmocka_unit_test(proofs_have_a_length),
        cmocka_unit_test_setup_teardown(it_remembers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_at_any_moment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(torture, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
