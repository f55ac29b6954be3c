/* SPDX-License-Identifier: Apache-2.0 */
/* Journal and witness keys: heads only grow, over restarts and kill -9 of the real process. */
#include "signer_fixture.h"
#include "base/encoding.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { LEAVES = 4000 };
static uint8_t leaves[LEAVES][MERKLE_HASH];
static uint8_t other_leaves[LEAVES][MERKLE_HASH];
#define ORIGIN "example/log"

static int make_leaves(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LEAVES; i++) {
        uint32_t other = i == 3 ? 77777 : i;
        if (merkle_leaf(slice_of(&i, sizeof(i)), leaves[i]) != 0 ||
            merkle_leaf(slice_of(&other, sizeof(other)), other_leaves[i]) != 0)
            return -1;
    }
    return 0;
}

static struct signer_head head_of(const uint8_t (*from)[MERKLE_HASH], uint64_t size)
{
    struct signer_head head = {.size = size};
    struct err e = {0};

    assert_int_equal(merkle_tree_root(from, size, head.root, &e), 0);
    return head;
}

static int sign_from(struct signer_client *client, const uint8_t (*from)[MERKLE_HASH],
                     uint64_t old_size, uint64_t size, uint8_t signature[ED25519_SIGNATURE_LEN],
                     struct err *e)
{
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH];
    struct signer_head head = head_of(from, size);
    size_t n = 0;

    err_clear(e);
    if (old_size <= size && merkle_consistency_proof(from, old_size, size, proof, &n, e) != 0)
        return -1;
    return signer_client_sign_checkpoint(client, "journal", ORIGIN, &head,
                                         (const uint8_t(*)[32])proof, n, signature, e);
}

static void check_signature(const struct buf *spki, uint64_t size, const uint8_t *signature)
{
    struct signer_head head = head_of((const uint8_t(*)[32])leaves, size);
    struct key *key;
    struct err e = {0};
    struct buf text;

    buf_init(&text);
    checkpoint_put(&text, slice_str(ORIGIN), size, head.root);
    key = key_from_spki(buf_slice(spki), &e);
    assert_int_equal(
        key_verify(key, buf_slice(&text), slice_of(signature, ED25519_SIGNATURE_LEN), &e), 0);
    key_free(key);
    buf_fini(&text);
}

static void heads_grow(void **state)
{
    uint8_t signature[ED25519_SIGNATURE_LEN];
    struct signer_client *client;
    struct signer_head last;
    struct err e = {0};
    struct buf spki;
    char home[64];

    (void)state;
    make_home(home);
    buf_init(&spki);
    client = signer_client_new_in_process(home, slice_str(PASSPHRASE), &e);
    assert_int_equal(signer_client_generate_key(client, "journal", SIGNER_JOURNAL, KEY_ED25519,
                                                ORIGIN, &spki, &e),
                     0);
    assert_int_equal(signer_client_last_checkpoint(client, "journal", ORIGIN, &last, &e), 0);
    assert_int_equal(last.size, 0);
    const uint8_t(*ours)[32] = (const uint8_t(*)[32])leaves;
    const uint8_t(*theirs)[32] = (const uint8_t(*)[32])other_leaves;
    assert_int_equal(sign_from(client, ours, 0, 5, signature, &e), 0);
    check_signature(&spki, 5, signature);
    assert_int_equal(sign_from(client, ours, 5, 9, signature, &e), 0);
    check_signature(&spki, 9, signature);
    assert_int_equal(sign_from(client, ours, 9, 9, signature, &e), 0); /* the same again */
    check_signature(&spki, 9, signature);
    assert_int_equal(sign_from(client, ours, 9, 8, signature, &e), -1);
    assert_string_equal(e.code, "signer.head-behind");
    assert_int_equal(sign_from(client, theirs, 9, 9, signature, &e), -1);
    assert_string_equal(e.code, "signer.head-inconsistent");
    assert_int_equal(sign_from(client, theirs, 9, 20, signature, &e), -1); /* a rewritten entry */
    assert_string_equal(e.code, "signer.head-inconsistent");
    assert_int_equal(sign_from(client, ours, 8, 20, signature, &e),
                     -1); /* a proof from elsewhere */
    assert_string_equal(e.code, "signer.head-inconsistent");
    struct signer_head head = head_of(ours, 20);
    err_clear(&e);
    assert_int_equal(signer_client_sign_checkpoint(client, "journal", "other/log", &head, NULL, 0,
                                                   signature, &e),
                     -1);
    assert_string_equal(e.code, "signer.origin");
    signer_client_free(client); /* restart */
    err_clear(&e);
    client = signer_client_new_in_process(home, slice_str(PASSPHRASE), &e);
    assert_int_equal(signer_client_last_checkpoint(client, "journal", ORIGIN, &last, &e), 0);
    assert_int_equal(last.size, 9);
    assert_memory_equal(last.root, head_of(ours, 9).root, 32);
    assert_int_equal(sign_from(client, ours, 9, 8, signature, &e), -1);
    /* after a restore with loss: a new origin from zero, and no way back to the old */
    err_clear(&e);
    assert_int_equal(signer_client_open_origin(client, "journal", "example/log2", &e), 0);
    assert_int_equal(signer_client_open_origin(client, "journal", ORIGIN, &e), -1);
    assert_int_equal(sign_from(client, ours, 9, 20, signature, &e), -1);
    assert_string_equal(e.code, "signer.origin");
    err_clear(&e);
    head = head_of(theirs, 3);
    assert_int_equal(signer_client_sign_checkpoint(client, "journal", "example/log2", &head, NULL,
                                                   0, signature, &e),
                     0);
    assert_int_equal(signer_client_last_checkpoint(client, "journal", ORIGIN, &last, &e), 0);
    assert_int_equal(last.size, 9);
    signer_client_free(client);
    buf_fini(&spki);
    remove_home(home);
}

static void witness(void **state)
{
    uint8_t signature[ED25519_SIGNATURE_LEN], log_signature[ED25519_SIGNATURE_LEN];
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH], log_key[32], other_key[32];
    const uint8_t(*ours)[32] = (const uint8_t(*)[32])leaves;
    struct signer_client *client;
    struct signer_head head;
    struct err e = {0};
    struct buf spki, witness_spki, text, message;
    char home[64];
    uint64_t time;
    size_t n;

    (void)state;
    make_home(home);
    buf_init(&spki);
    buf_init(&witness_spki);
    buf_init(&text);
    buf_init(&message);
    client = signer_client_new_in_process(home, slice_str(PASSPHRASE), &e);
    assert_int_equal(signer_client_generate_key(client, "journal", SIGNER_JOURNAL, KEY_ED25519,
                                                ORIGIN, &spki, &e),
                     0);
    assert_int_equal(signer_client_generate_key(client, "witness", SIGNER_WITNESS, KEY_ED25519,
                                                NULL, &witness_spki, &e),
                     0);
    struct key *key = key_from_spki(buf_slice(&spki), &e);
    assert_int_equal(key_to_ed25519(key, log_key, &e), 0);
    key_free(key);
    key = key_from_spki(buf_slice(&witness_spki), &e);
    assert_int_equal(key_to_ed25519(key, other_key, &e), 0);
    head = head_of(ours, 10);
    assert_int_equal(sign_from(client, ours, 0, 10, log_signature, &e), 0);
    assert_int_equal(signer_client_cosign(client, "witness", ORIGIN, &head, log_signature, NULL, 0,
                                          &time, signature, &e),
                     -1);
    assert_string_equal(e.code, "signer.origin");
    err_clear(&e);
    assert_int_equal(signer_client_add_log(client, "witness", ORIGIN, log_key, &e), 0);
    assert_int_equal(signer_client_add_log(client, "witness", ORIGIN, log_key, &e), 0);
    assert_int_equal(signer_client_add_log(client, "witness", ORIGIN, other_key, &e), -1);
    assert_string_equal(e.code, "signer.log-key");
    err_clear(&e);
    assert_int_equal(signer_client_cosign(client, "witness", ORIGIN, &head, log_signature, NULL, 0,
                                          &time, signature, &e),
                     0);
    assert_true(time > 1600000000);
    checkpoint_put(&text, slice_str(ORIGIN), head.size, head.root);
    cosignature_message(&message, time, buf_slice(&text));
    assert_int_equal(
        key_verify(key, buf_slice(&message), slice_of(signature, sizeof(signature)), &e), 0);
    /* a head that the log did not sign */
    struct signer_head next = head_of(ours, 30);
    assert_int_equal(merkle_consistency_proof(ours, 10, 30, proof, &n, &e), 0);
    assert_int_equal(signer_client_cosign(client, "witness", ORIGIN, &next, log_signature,
                                          (const uint8_t(*)[32])proof, n, &time, signature, &e),
                     -1);
    assert_string_equal(e.code, "signer.log-signature");
    /* a head that the log signed and that does not contain the one before: a fork */
    assert_int_equal(sign_from(client, ours, 10, 30, log_signature, &e), 0);
    assert_int_equal(signer_client_cosign(client, "witness", ORIGIN, &next, log_signature, NULL, 0,
                                          &time, signature, &e),
                     -1);
    assert_string_equal(e.code, "signer.head-inconsistent");
    err_clear(&e);
    assert_int_equal(signer_client_cosign(client, "witness", ORIGIN, &next, log_signature,
                                          (const uint8_t(*)[32])proof, n, &time, signature, &e),
                     0);
    signer_client_free(client);
    client = signer_client_new_in_process(home, slice_str(PASSPHRASE), &e);
    assert_int_equal(signer_client_last_checkpoint(client, "witness", ORIGIN, &next, &e), 0);
    assert_int_equal(next.size, 30);
    key_free(key);
    signer_client_free(client);
    buf_fini(&spki);
    buf_fini(&witness_spki);
    buf_fini(&text);
    buf_fini(&message);
    remove_home(home);
}

/* What cannot be kept is not signed; when there is room again it goes on where it was. */
static void full_disk(void **state)
{
    const uint8_t(*ours)[32] = (const uint8_t(*)[32])leaves;
    uint8_t signature[ED25519_SIGNATURE_LEN] = {0};
    static const uint8_t nothing[ED25519_SIGNATURE_LEN];
    struct rlimit before, full;
    struct signer_client *client;
    struct signer_head last;
    struct err e = {0};
    char home[64];

    (void)state;
    make_home(home);
    client = signer_client_new_in_process(home, slice_str(PASSPHRASE), &e);
    assert_int_equal(signer_client_generate_key(client, "journal", SIGNER_JOURNAL, KEY_ED25519,
                                                ORIGIN, NULL, &e),
                     0);
    assert_int_equal(sign_from(client, ours, 0, 5, signature, &e), 0);
    memset(signature, 0, sizeof(signature));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    full = before;
    full.rlim_cur = 10;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    int result = sign_from(client, ours, 5, 6, signature, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(result, -1);
    assert_string_equal(e.code, "base.file-write");
    assert_true(e.hint[0]);
    assert_memory_equal(signature, nothing, sizeof(signature));
    err_clear(&e);
    assert_int_equal(signer_client_last_checkpoint(client, "journal", ORIGIN, &last, &e), 0);
    assert_int_equal(last.size, 5);
    assert_int_equal(sign_from(client, ours, 5, 6, signature, &e), 0);
    signer_client_free(client);
    client = signer_client_new_in_process(home, slice_str(PASSPHRASE), &e);
    assert_int_equal(signer_client_last_checkpoint(client, "journal", ORIGIN, &last, &e), 0);
    assert_int_equal(last.size, 6);
    signer_client_free(client);
    remove_home(home);
}

/* ---- the process ------------------------------------------------------------------------- */

static pid_t start(const char *home, unsigned uid)
{
    int ready[2];
    char byte;

    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct signer_options options = {.home = home,
                                         .ready_fd = ready[1],
                                         .allowed_uid = uid,
                                         .without_sandbox =
                                             SANITIZED}; /* they need more system calls */
        close(ready[0]);
        _exit(signer_main(&options));
    }
    close(ready[1]);
    assert_true(child > 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static int stop(pid_t child, int how)
{
    int status = 0;

    kill(child, how);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static struct signer_client *reach(const char *home)
{
    struct err e = {0};
    char path[128];

    snprintf(path, sizeof(path), "%s/run/signer.sock", home);
    struct signer_client *client = signer_client_new(path, 5000000, &e);
    assert_non_null(client);
    return client;
}

/* seccomp and no_new_privs, as the kernel tells it. */
static void check_confinement(pid_t child, const struct signer_status *status)
{
    bool no_new_privileges = false, filtered = false;
    char path[64], line[256];

    if (SANITIZED)
        return;
    assert_non_null(strstr(status->sandbox, "seccomp"));
    snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
    FILE *proc = fopen(path, "re");
    assert_non_null(proc);
    while (fgets(line, sizeof(line), proc)) {
        no_new_privileges |= strcmp(line, "NoNewPrivs:\t1\n") == 0;
        filtered |= strcmp(line, "Seccomp:\t2\n") == 0;
    }
    fclose(proc);
    assert_true(no_new_privileges && filtered);
}

static void the_process(void **state)
{
    struct signer_client *client;
    struct signer_status status;
    uint8_t signature[ED25519_SIGNATURE_LEN];
    const uint8_t(*ours)[32] = (const uint8_t(*)[32])leaves;
    struct err e = {0};
    struct buf spki;
    char home[64];

    (void)state;
    make_home(home);
    buf_init(&spki);
    client = reach(home);
    assert_int_equal(signer_client_status(client, &status, &e), -1);
    assert_string_equal(e.code, "signer.unreachable");
    assert_int_equal(e.kind, ERR_UNAVAILABLE);
    err_clear(&e);
    pid_t child = start(home, getuid());
    assert_int_equal(signer_client_status(client, &status, &e), 0);
    assert_true(status.locked); /* no passphrase file: it stays locked */
    assert_int_equal(signer_client_unlock(client, slice_str("wrong"), &e), -1);
    assert_string_equal(e.code, "signer.passphrase");
    err_clear(&e);
    assert_int_equal(signer_client_unlock(client, slice_str(PASSPHRASE), &e), 0);
    if (signer_client_generate_key(client, "journal", SIGNER_JOURNAL, KEY_ED25519, ORIGIN, &spki,
                                   &e) != 0)
        fail_msg("%s: %s", e.code, e.text);
    assert_int_equal(sign_from(client, ours, 0, 7, signature, &e), 0);
    check_signature(&spki, 7, signature);
    assert_int_equal(signer_client_status(client, &status, &e), 0);
    assert_int_equal(status.signatures, 1);
    assert_true(status.refusals >= 1);
    check_confinement(child, &status);
    assert_int_equal(stop(child, SIGKILL) & 0x7f, SIGKILL);
    assert_int_equal(sign_from(client, ours, 7, 8, signature, &e), -1);
    assert_string_equal(e.code, "signer.unreachable");
    child = start(home, getuid()); /* restarted: locked, and the client finds it again */
    assert_int_equal(sign_from(client, ours, 7, 8, signature, &e), -1);
    assert_string_equal(e.code, "signer.locked");
    assert_int_equal(e.kind, ERR_UNAVAILABLE);
    assert_true(e.hint[0]);
    err_clear(&e);
    assert_int_equal(signer_client_unlock(client, slice_str(PASSPHRASE), &e), 0);
    assert_int_equal(sign_from(client, ours, 7, 8, signature, &e), 0);
    assert_int_equal(stop(child, SIGTERM), 0);
    signer_client_free(client);
    buf_fini(&spki);
    remove_home(home);
}

/* Someone else's process is not answered. */
static void another_uid(void **state)
{
    struct signer_client *client;
    struct signer_status status;
    struct err e = {0};
    char home[64];

    (void)state;
    make_home(home);
    pid_t child = start(home, getuid() + 1);
    client = reach(home);
    assert_int_equal(signer_client_status(client, &status, &e), -1);
    assert_string_equal(e.code, "signer.unreachable");
    assert_int_equal(stop(child, SIGTERM), 0);
    signer_client_free(client);
    remove_home(home);
}

static int raw_connection(const char *home)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/signer.sock", home);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Nonsense on the socket closes that connection, and hurts nobody else. */
static void nonsense(void **state)
{
    static const char *const frames[] = {"00000002",      "0000000002", "ffffffff01",
                                         "0000000201",    "00000002",   "000000050163000000",
                                         "00000003010d00"};
    struct signer_client *client;
    struct signer_status status;
    struct err e = {0};
    char home[64];

    (void)state;
    make_home(home);
    pid_t child = start(home, getuid());
    client = reach(home);
    for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
        uint8_t bytes[16], answer[600];
        size_t len = strlen(frames[i]) / 2;
        int fd = raw_connection(home);
        assert_int_equal(hex_parse(slice_str(frames[i]), bytes, len), 0);
        assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
        shutdown(fd, SHUT_WR);
        while (recv(fd, answer, sizeof(answer), 0) > 0)
            ;
        close(fd);
        assert_int_equal(signer_client_status(client, &status, &e), 0);
    }
    /* more connections than it takes: those over the limit are closed, the others live */
    int held[48];
    for (size_t i = 0; i < ARRAY_LEN(held); i++)
        held[i] = raw_connection(home);
    assert_int_equal(signer_client_status(client, &status, &e), 0);
    for (size_t i = 0; i < ARRAY_LEN(held); i++)
        close(held[i]);
    assert_int_equal(stop(child, SIGTERM), 0);
    signer_client_free(client);
    remove_home(home);
}

/* "Kill each at random: nothing half-signed is stored", and the last head never goes back. */
static void killed_at_random(void **state)
{
    const char *wanted = getenv("KILL_ROUNDS");
    int rounds = wanted ? atoi(wanted) : 20;
    const uint8_t(*ours)[32] = (const uint8_t(*)[32])leaves;
    uint8_t signature[ED25519_SIGNATURE_LEN];
    struct signer_client *client;
    struct signer_head last;
    uint64_t acknowledged = 0;
    unsigned seed = 12345;
    struct err e = {0};
    struct buf spki;
    char home[64], path[128];

    (void)state;
    make_home(home);
    snprintf(path, sizeof(path), "%s/signer/passphrase", home);
    assert_int_equal(file_write(path, slice_str(PASSPHRASE "\n"), 0600, &e), 0);
    buf_init(&spki);
    client = signer_client_new_in_process(home, slice_str(PASSPHRASE), &e);
    assert_int_equal(signer_client_generate_key(client, "journal", SIGNER_JOURNAL, KEY_ED25519,
                                                ORIGIN, &spki, &e),
                     0);
    signer_client_free(client);
    client = reach(home);
    for (int round = 0; round < rounds; round++) {
        pid_t child = start(home, getuid()); /* unlocks itself by the file */
        err_clear(&e);
        assert_int_equal(signer_client_last_checkpoint(client, "journal", ORIGIN, &last, &e), 0);
        assert_true(last.size >= acknowledged);
        assert_memory_equal(last.root, head_of(ours, last.size).root, 32);
        pid_t killer = fork();
        if (killer == 0) {
            usleep((useconds_t)(rand_r(&seed) % (20000 + 5000 * round)));
            kill(child, SIGKILL);
            _exit(0);
        }
        (void)rand_r(&seed); /* the child drew from its own copy */
        for (uint64_t size = last.size; size + 1 < LEAVES;) {
            if (sign_from(client, ours, size, size + 1, signature, &e) != 0)
                break;
            size++;
            acknowledged = size;
            check_signature(&spki, size, signature);
        }
        assert_int_equal(e.kind, ERR_UNAVAILABLE);
        waitpid(killer, NULL, 0);
        waitpid(child, NULL, 0);
    }
    assert_true(acknowledged > 0);
    signer_client_free(client);
    buf_fini(&spki);
    remove_home(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_grow),       cmocka_unit_test(witness),
        cmocka_unit_test(full_disk),        cmocka_unit_test(the_process),
        cmocka_unit_test(another_uid),      cmocka_unit_test(nonsense),
        cmocka_unit_test(killed_at_random),
    };
    return cmocka_run_group_tests(tests, make_leaves, NULL);
}
