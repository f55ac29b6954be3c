/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the signer: never a signature that a rule did not allow, never a crash. */
#include "signer/protocol.h"
#include "signer/rule.h"
#include "signer/signer.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char home[64];
static struct vault *vault;

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *f)
{
    (void)s;
    (void)kind;
    (void)f;
    return remove(path);
}

static void clean_up(void)
{
    vault_free(vault);
    nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void set_up(void)
{
    struct slice passphrase = slice_str("x");
    struct vault_key *key;
    struct err e = {0};

    snprintf(home, sizeof(home), "/tmp/pki-fuzz-XXXXXX");
    demand(mkdtemp(home) != NULL);
    atexit(clean_up);
    demand(signer_init_home(home, passphrase, &e) == 0);
    vault = vault_open(home, &e);
    demand(vault && vault_unlock(vault, passphrase, &e) == 0);
    static const struct {
        const char *name;
        enum signer_purpose purpose;
        enum key_kind kind;
        const char *origin;
    } keys[] = {{"r", SIGNER_ROOT_CA, KEY_P256, NULL},
                {"i", SIGNER_ISSUING_CA, KEY_P256, NULL},
                {"j", SIGNER_JOURNAL, KEY_ED25519, "o"},
                {"p", SIGNER_PUBLICATION, KEY_P256, NULL},
                {"w", SIGNER_WITNESS, KEY_ED25519, NULL}};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        demand(vault_generate(vault, slice_str(keys[i].name), keys[i].purpose, keys[i].kind,
                              slice_str(keys[i].origin), &key, &e) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf answer;
    struct cursor fields;
    struct err e = {0};

    if (!vault)
        set_up();
    /* these cost a scrypt, or leave a file, each time */
    if (size > 0 && (data[0] == SIGNER_UNLOCK || data[0] == SIGNER_LOCK ||
                     data[0] == SIGNER_GENERATE || data[0] == SIGNER_OPEN_ORIGIN))
        return 0;
    buf_init(&answer);
    signer_operation_run(vault, slice_of(data, size), &answer);
    cursor_init(&fields, buf_slice(&answer));
    demand(cursor_u32(&fields) == answer.len - 4);
    demand(cursor_u8(&fields) == SIGNER_VERSION);
    demand((signer_answer_read(&fields, &e) == 0) != err_is_set(&e));
    buf_fini(&answer);
    return 0;
}
