/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/vault.h"
#include "signer/signer.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

static int path_in(char path[PATH_MAX], const char *folder, const char *name, struct err *e)
{
    if (snprintf(path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        return err_set(e, ERR_USAGE, "signer.home", NULL, "the path %s is too long", folder);
    return 0;
}

static int check_passphrase(struct slice passphrase, struct err *e)
{
    if (passphrase.len >= 1 && passphrase.len <= VAULT_PASSPHRASE_MAX)
        return 0;
    return err_set(e, ERR_USAGE, "signer.passphrase-length", NULL, "a passphrase has 1 to %d bytes",
                   VAULT_PASSPHRASE_MAX);
}

/* 256 random bits as text, for a signer that unlocks itself. */
static int draw_passphrase(struct buf *text, struct err *e)
{
    uint8_t bytes[32];

    if (random_fill(&random_system, bytes, sizeof(bytes), e) != 0)
        return -1;
    base64url_put(text, slice_of(bytes, sizeof(bytes)));
    secret_wipe(bytes, sizeof(bytes));
    return buf_check(text, e);
}

static int write_check_key(const char *folder, struct slice passphrase, struct err *e)
{
    char path[PATH_MAX];
    struct buf pem;
    int result = -1;
    struct key *key = key_generate(KEY_ED25519, e);

    buf_init(&pem);
    if (key && key_to_pem(key, &passphrase, &pem, e) == 0 &&
        path_in(path, folder, "check.key", e) == 0)
        result = file_create(path, buf_slice(&pem), 0600, e);
    key_free(key);
    buf_fini(&pem);
    return result;
}

int vault_create(const char *home, struct slice passphrase, struct err *e)
{
    char folder[3072];
    char path[PATH_MAX];
    struct buf drawn;
    int result = -1;

    buf_init(&drawn);
    if (snprintf(folder, sizeof(folder), "%s/signer", home) >= (int)sizeof(folder)) {
        err_set(e, ERR_USAGE, "signer.home", NULL, "the path of the home is too long");
        goto out;
    }
    if (path_in(path, folder, "check.key", e) != 0)
        goto out;
    if (file_kind(path) != 0) {
        err_set(e, ERR_CONFLICT, "signer.home-exists", NULL, "%s has keys already", folder);
        goto out;
    }
    if (!passphrase.data) {
        if (draw_passphrase(&drawn, e) != 0)
            goto out;
    } else if (check_passphrase(passphrase, e) != 0) {
        goto out;
    }
    static const char *const folders[] = {"", "keys", "state"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        if (path_in(path, folder, folders[i], e) != 0 || file_make_folder(path, 0700, e) != 0)
            goto out;
    if (path_in(path, home, "run", e) != 0 || file_make_folder(path, 0700, e) != 0)
        goto out;
    if (!passphrase.data) {
        passphrase = buf_slice(&drawn);
        if (path_in(path, folder, "passphrase", e) != 0 ||
            file_write(path, passphrase, 0600, e) != 0)
            goto out;
    }
    result = write_check_key(folder, passphrase, e); /* last: now the home counts as made */
out:
    buf_fini_secret(&drawn);
    return result;
}

static int take_lock(struct vault *v, struct err *e)
{
    char path[PATH_MAX];

    if (path_in(path, v->folder, "lock", e) != 0)
        return -1;
    v->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (v->lock_fd < 0)
        return err_errno(e, errno, "signer.home", "cannot open %s", path);
    if (flock(v->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        err_set(e, ERR_CONFLICT, "signer.running", NULL, "another signer uses %s", v->folder);
        return err_hint(e, "stop the running server first");
    }
    return 0;
}

static int load_keys(struct vault *v, struct err *e)
{
    char path[PATH_MAX];
    int result = -1;

    if (path_in(path, v->folder, "keys", e) != 0)
        return -1;
    DIR *folder = opendir(path);
    if (!folder)
        return err_errno(e, errno, "signer.home", "cannot read the folder %s", path);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        struct slice name = slice_str(entry->d_name);
        if (name.len <= 5 || strcmp(entry->d_name + name.len - 5, ".json") != 0)
            continue;
        name.len -= 5;
        if (!vault_name_is(name))
            continue;
        if (v->count == VAULT_KEYS_MAX) {
            err_set(e, ERR_LIMIT, "signer.keys", NULL, "more than %d keys", VAULT_KEYS_MAX);
            goto out;
        }
        struct vault_key *key = vault_key_load(v, name, e);
        if (!key)
            goto out;
        v->keys[v->count++] = key;
        if (vault_state_load(v, key, e) != 0)
            goto out;
    }
    result = 0;
out:
    closedir(folder);
    return result;
}

struct vault *vault_open(const char *home, struct err *e)
{
    struct vault *v = mem_new(1, sizeof(*v));
    char path[PATH_MAX];

    if (!v) {
        err_memory(e);
        return NULL;
    }
    v->lock_fd = -1;
    v->locked = true;
    buf_init(&v->passphrase);
    pthread_rwlock_init(&v->turn, NULL);
    snprintf(v->sandbox, sizeof(v->sandbox), "none: keys are open in this process");
    if (snprintf(v->folder, sizeof(v->folder), "%s/signer", home) >= (int)sizeof(v->folder)) {
        err_set(e, ERR_USAGE, "signer.home", NULL, "the path of the home is too long");
        goto fail;
    }
    if (path_in(path, v->folder, "check.key", e) != 0)
        goto fail;
    if (file_kind(path) == 0) {
        err_set(e, ERR_NOT_FOUND, "signer.home", NULL, "there are no keys in %s", v->folder);
        err_hint(e, "make them with: tocsin init");
        goto fail;
    }
    if (take_lock(v, e) != 0 || load_keys(v, e) != 0)
        goto fail;
    return v;
fail:
    vault_free(v);
    return NULL;
}

static void forget_passphrase(struct vault *v)
{
    if (v->passphrase.data)
        munlock(v->passphrase.data, v->passphrase.room);
    buf_fini_secret(&v->passphrase);
}

void vault_lock(struct vault *v)
{
    for (size_t i = 0; i < v->count; i++) {
        key_free(v->keys[i]->key);
        v->keys[i]->key = NULL;
    }
    forget_passphrase(v);
    v->locked = true;
}

void vault_free(struct vault *v)
{
    if (!v)
        return;
    vault_lock(v);
    for (size_t i = 0; i < v->count; i++)
        vault_key_free(v->keys[i]);
    if (v->lock_fd >= 0)
        close(v->lock_fd);
    pthread_rwlock_destroy(&v->turn);
    mem_free(v);
}

int vault_unlock(struct vault *v, struct slice passphrase, struct err *e)
{
    char path[PATH_MAX];
    struct err why = {0};
    struct buf pem;

    if (check_passphrase(passphrase, e) != 0 || path_in(path, v->folder, "check.key", e) != 0)
        return -1;
    buf_init(&pem);
    if (file_read(path, KEY_PEM_MAX, &pem, e) != 0) {
        buf_fini(&pem);
        return -1;
    }
    struct key *check = key_from_pem(buf_slice(&pem), &passphrase, &why);
    buf_fini(&pem);
    key_free(check);
    if (!check) {
        if (why.kind != ERR_DENIED) {
            *e = why;
            return -1;
        }
        return err_set(e, ERR_DENIED, "signer.passphrase", NULL, "that is not the passphrase");
    }
    for (size_t i = 0; i < v->count; i++)
        if (!v->keys[i]->key && vault_key_open(v, v->keys[i], passphrase, e) != 0) {
            vault_lock(v);
            return -1;
        }
    forget_passphrase(v);
    buf_put_slice(&v->passphrase, passphrase);
    if (buf_check(&v->passphrase, e) != 0) {
        vault_lock(v);
        return -1;
    }
    if (mlock(v->passphrase.data, v->passphrase.room) != 0)
        log_warning("signer.mlock", LOG_S("what", "the passphrase may be swapped out"));
    v->locked = false;
    return 0;
}

struct vault_key *vault_find(struct vault *v, struct slice name, struct err *e)
{
    for (size_t i = 0; i < v->count; i++)
        if (slice_is(name, v->keys[i]->name))
            return v->keys[i];
    err_set(e, ERR_NOT_FOUND, "signer.key-unknown", NULL, "the signer has no key of the name %.*s",
            vault_name_is(name) ? (int)name.len : 0, (const char *)name.data);
    return NULL;
}

struct vault_key *vault_use(struct vault *v, struct slice name, enum signer_purpose purpose,
                            struct err *e)
{
    struct vault_key *key = vault_find(v, name, e);

    if (!key)
        return NULL;
    if (purpose && key->purpose != purpose) {
        err_set(e, ERR_DENIED, "signer.purpose", "ISO/IEC 27099 row 18",
                "the key %s is for %s, and signs nothing else", key->name,
                signer_purpose_name(key->purpose));
        return NULL;
    }
    if (!key->key) {
        err_set(e, ERR_UNAVAILABLE, "signer.locked", NULL, "the signer is locked");
        err_hint(e, "unlock it with: tocsin signer unlock");
        return NULL;
    }
    return key;
}

struct vault_log *vault_log_find(const struct vault_key *key, struct slice origin)
{
    for (size_t i = 0; i < key->log_count; i++)
        if (slice_is(origin, key->logs[i].origin))
            return &key->logs[i];
    return NULL;
}

int signer_init_home(const char *home, struct slice passphrase, struct err *e)
{
    return vault_create(home, passphrase, e);
}
