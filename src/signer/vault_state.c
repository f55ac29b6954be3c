/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each key last signed, kept so that it never goes back: state/NAME.json for authorities and
 * publication keys, state/NAME-N.json for the N-th log of journal and witness keys. file_write
 * syncs the file, renames it, and syncs the folder before the signature is made.
 */
#include "signer/vault.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "crypto/merkle.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#define STATE_FORMAT "tocsin-signer-state/v1"

static void state_path(const struct vault *v, const struct vault_key *key, long order,
                       char path[PATH_MAX])
{
    if (order < 0)
        snprintf(path, PATH_MAX, "%s/state/%s.json", v->folder, key->name);
    else
        snprintf(path, PATH_MAX, "%s/state/%s-%ld.json", v->folder, key->name, order);
}

/* 64 bits do not fit a JSON number (RFC 8785): text. */
static void member_u64(struct json_writer *w, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    json_member_string(w, name, text);
}

static bool get_u64(const struct json_value *root, const char *name, uint64_t *value)
{
    return note_number_parse(json_get_string(root, name), value);
}

static int write_state(const char *path, struct buf *text, struct json_writer *w, struct err *e)
{
    json_write_object_end(w);
    buf_putc(text, '\n');
    int result = buf_check(text, e);
    if (result == 0)
        result = file_write(path, buf_slice(text), 0600, e);
    buf_fini(text);
    if (result != 0)
        err_hint(e, "nothing was signed; see to the disk of the signer's folder");
    return result;
}

static void begin_state(struct buf *text, struct json_writer *w, const struct vault_key *key)
{
    buf_init(text);
    json_write_init(w, text, 2);
    json_write_object(w);
    json_member_string(w, "format", STATE_FORMAT);
    json_member_string(w, "key", key->name);
}

int vault_keep_crl(struct vault *v, const struct vault_key *key, uint64_t number,
                   const uint8_t hash[SHA256_LEN], struct err *e)
{
    char path[PATH_MAX];
    struct json_writer w;
    struct buf text;

    state_path(v, key, -1, path);
    begin_state(&text, &w, key);
    member_u64(&w, "crl_number", number);
    json_member_hex(&w, "crl_hash", slice_of(hash, SHA256_LEN));
    return write_state(path, &text, &w, e);
}

int vault_keep_trust(struct vault *v, const struct vault_key *key, uint64_t generation,
                     struct err *e)
{
    char path[PATH_MAX];
    struct json_writer w;
    struct buf text;

    state_path(v, key, -1, path);
    begin_state(&text, &w, key);
    member_u64(&w, "trust_generation", generation);
    return write_state(path, &text, &w, e);
}

int vault_keep_log(struct vault *v, const struct vault_key *key, const struct vault_log *log,
                   size_t order, struct err *e)
{
    char path[PATH_MAX];
    struct json_writer w;
    struct buf text;

    state_path(v, key, (long)order, path);
    begin_state(&text, &w, key);
    json_member_string(&w, "origin", log->origin);
    if (key->purpose == SIGNER_WITNESS)
        json_member_hex(&w, "log_key", slice_of(log->log_key, sizeof(log->log_key)));
    member_u64(&w, "size", log->head.size);
    json_member_hex(&w, "root", slice_of(log->head.root, sizeof(log->head.root)));
    return write_state(path, &text, &w, e);
}

static int append_log(struct vault_key *key, const struct vault_log *log, struct err *e)
{
    if (key->log_count == VAULT_LOGS_MAX)
        return err_set(e, ERR_LIMIT, "signer.logs", NULL, "a key with more than %d logs",
                       VAULT_LOGS_MAX);
    struct vault_log *grown = mem_resize(key->logs, key->log_count + 1, sizeof(*grown));
    if (!grown)
        return err_memory(e);
    key->logs = grown;
    key->logs[key->log_count++] = *log;
    return 0;
}

int vault_log_add(struct vault *v, struct vault_key *key, const struct vault_log *log,
                  struct err *e)
{
    if (append_log(key, log, e) != 0)
        return -1;
    if (vault_keep_log(v, key, log, key->log_count - 1, e) != 0) {
        key->log_count--;
        return -1;
    }
    return 0;
}

static int damaged(struct err *e, const char *path)
{
    err_set(e, ERR_INPUT, "signer.state-file", NULL, "%s is not what a key last signed", path);
    return err_hint(e, "put it back from a backup of the signer's folder that is not older");
}

static int read_log(struct vault_key *key, const struct json_value *root, const char *path,
                    struct err *e)
{
    struct vault_log log = {0};
    struct slice origin = json_get_string(root, "origin");

    if (origin.len == 0 || origin.len > SIGNER_ORIGIN_MAX ||
        !get_u64(root, "size", &log.head.size) ||
        hex_parse(json_get_string(root, "root"), log.head.root, sizeof(log.head.root)) != 0)
        return damaged(e, path);
    if (key->purpose == SIGNER_WITNESS &&
        hex_parse(json_get_string(root, "log_key"), log.log_key, sizeof(log.log_key)) != 0)
        return damaged(e, path);
    memcpy(log.origin, origin.data, origin.len);
    return append_log(key, &log, e);
}

static int read_numbers(struct vault_key *key, const struct json_value *root, const char *path,
                        struct err *e)
{
    if (key->purpose == SIGNER_PUBLICATION)
        return get_u64(root, "trust_generation", &key->trust_generation) ? 0 : damaged(e, path);
    if (!get_u64(root, "crl_number", &key->crl_number) ||
        hex_parse(json_get_string(root, "crl_hash"), key->crl_hash, sizeof(key->crl_hash)) != 0)
        return damaged(e, path);
    return 0;
}

static int load_file(struct vault_key *key, const char *path, bool is_log, struct err *e)
{
    struct json_doc *doc = NULL;
    struct buf text;
    int result = -1;

    buf_init(&text);
    if (file_read(path, VAULT_FILE_MAX, &text, e) == 0 &&
        json_parse(&doc, buf_slice(&text), NULL, e) == 0) {
        const struct json_value *root = json_root(doc);
        if (!slice_is(json_get_string(root, "format"), STATE_FORMAT) ||
            !slice_is(json_get_string(root, "key"), key->name))
            result = damaged(e, path);
        else
            result = is_log ? read_log(key, root, path, e) : read_numbers(key, root, path, e);
    }
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

int vault_state_load(struct vault *v, struct vault_key *key, struct err *e)
{
    bool is_log = key->purpose == SIGNER_JOURNAL || key->purpose == SIGNER_WITNESS;
    char path[PATH_MAX];

    for (long order = is_log ? 0 : -1;; order++) {
        state_path(v, key, order, path);
        if (file_kind(path) == 0)
            break;
        if (load_file(key, path, is_log, e) != 0)
            return -1;
        if (!is_log)
            break;
    }
    if (key->purpose == SIGNER_JOURNAL && key->log_count == 0) {
        state_path(v, key, 0, path);
        err_set(e, ERR_INPUT, "signer.state-file", NULL,
                "%s is missing: what the journal key last signed is not known", path);
        return err_hint(e, "put it back from a backup of the signer's folder that is not older");
    }
    return 0;
}
