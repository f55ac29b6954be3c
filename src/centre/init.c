/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/init.h"
#include "base/encoding.h"
#include "base/file.h"
#include "centre/caller.h"
#include "centre/config.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "crypto/note.h"
#include "crypto/pem.h"
#include "journal/change.h"
#include "journal/journal.h"
#include "pki/setup.h"
#include "signer/signer.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

struct making {
    const struct centre_init_options *options;
    struct centre_init_result *result;
    struct config *config;
    struct db *db;
    struct journal *journal;
    struct signer_client *signer;
    struct pki pki;
    struct pki_profiles *profiles;
    struct arena arena;
    char database_url[512];
    char host[256]; /* of the public door: the origin's name */
};

static void path_of(const struct making *m, const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s", m->options->home, name);
}

int centre_database_url(const struct config *config, char url[512], struct err *e)
{
    int len = snprintf(url, 512, "%s", config->database_url);

    return len < 512 ? 0 : err_set(e, ERR_USAGE, "config.range", NULL, "database.url is too long");
}

static int make_folders(struct making *m, struct err *e)
{
    static const char *const folders[] = {"data", "tls", "trust", "operators", "run", "spool"};
    char path[PATH_MAX];

    if (file_make_folder(m->options->home, 0700, e) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        path_of(m, folders[i], path);
        if (file_make_folder(path, 0700, e) != 0)
            return -1;
    }
    path_of(m, "trust/root.pem", path);
    if (file_kind(path) != 0) {
        err_set(e, ERR_CONFLICT, "centre.home-exists", NULL, "%s is a home already",
                m->options->home);
        return err_hint(e, "tocsin serve --home %s", m->options->home);
    }
    return 0;
}

static int load_config(struct making *m, struct err *e)
{
    char path[PATH_MAX];
    struct buf text;
    int result = 0;

    path_of(m, "tocsin.conf", path);
    if (file_kind(path) == 0) {
        buf_init(&text);
        config_put(&text, NULL, true);
        result = buf_check(&text, e) == 0 ? file_create(path, buf_slice(&text), 0600, e) : -1;
        buf_fini(&text);
    }
    if (result != 0 || config_load(&m->config, path, e) != 0)
        return -1;
    return centre_database_url(m->config, m->database_url, e);
}

/* The host of an URL, without its port. */
static void host_of(const char *url, char host[256])
{
    const char *from = strstr(url, "://");
    size_t len;

    from = from ? from + 3 : url;
    if (*from == '[') {
        from++;
        len = strcspn(from, "]");
    } else {
        len = strcspn(from, ":/");
    }
    snprintf(host, 256, "%.*s", (int)len, from);
}

static int open_keys(struct making *m, struct note_key *log_key, struct err *e)
{
    uint8_t raw[ED25519_PUBLIC_LEN];
    uint8_t bytes[8];
    struct key *key = NULL;
    struct buf passphrase;
    struct buf spki;
    char path[PATH_MAX];
    char hex[17];
    int result = -1;

    buf_init(&spki);
    buf_init_secret(&passphrase);
    if (signer_init_home(m->options->home, m->options->passphrase, e) != 0)
        goto out;
    if (m->options->passphrase.data) {
        buf_put_slice(&passphrase, m->options->passphrase);
    } else {
        path_of(m, "signer/passphrase", path);
        if (file_read(path, 4096, &passphrase, e) != 0)
            goto out;
        while (passphrase.len && passphrase.data[passphrase.len - 1] == '\n')
            passphrase.len--;
    }
    m->signer = signer_client_new_in_process(m->options->home, buf_slice(&passphrase), e);
    if (!m->signer || random_fill(&random_system, bytes, sizeof(bytes), e) != 0)
        goto out;
    hex_format(bytes, sizeof(bytes), hex);
    snprintf(m->result->origin, sizeof(m->result->origin), "%.200s/tocsin/%s", m->host, hex);
    if (signer_client_generate_key(m->signer, "journal", SIGNER_JOURNAL, KEY_ED25519,
                                   m->result->origin, &spki, e) != 0)
        goto out;
    key = key_from_spki(buf_slice(&spki), e);
    if (key && key_to_ed25519(key, raw, e) == 0 &&
        note_key_init(log_key, slice_str(m->result->origin), NOTE_ED25519, raw, e) == 0)
        result = 0;
out:
    key_free(key);
    buf_fini(&spki);
    buf_fini_secret(&passphrase);
    return result;
}

static int first_organisation(struct making *m, struct change *c, char person[ID_TEXT],
                              struct err *e)
{
    char audience[ID_TEXT];
    struct act_ref act;

    if (change_id(c, "org", m->result->organisation, e) != 0 ||
        change_id(c, "aud", audience, e) != 0 || change_id(c, "opr", m->result->operator, e) != 0 ||
        change_id(c, "per", person, e) != 0)
        return -1;
    c->organisation = m->result->organisation;
    struct json_writer *data = change_act(c, "organisation.created", NULL);
    json_member_string(data, "organisation", m->result->organisation);
    json_member_string(data, "audience", audience);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_ORGANISATION_INSERT, DB_TEXT(m->result->organisation),
                  DB_BOOL(false), DB_INT(c->now), DB_TEXT(act.id)) < 0 ||
                   db_run(c->db, e, SQL_ORGANISATION_NAME_SET, DB_TEXT(m->result->organisation),
                          DB_TEXT(m->options->name)) < 0 ||
                   db_run(c->db, e, SQL_AUDIENCE_INSERT, DB_TEXT(audience),
                          DB_TEXT(m->result->organisation), DB_BOOL(false), DB_INT(c->now),
                          DB_TEXT(act.id)) < 0 ||
                   db_run(c->db, e, SQL_AUDIENCE_JOIN, DB_TEXT(audience),
                          DB_TEXT(m->result->organisation), DB_INT(c->now), DB_TEXT(act.id)) < 0
               ? -1
               : 0;
}

static int first_operator(struct making *m, struct change *c, const char *person, struct err *e)
{
    unsigned roles = ROLE_ADMINISTRATOR | ROLE_COORDINATOR | ROLE_REGISTRAR | ROLE_AUDITOR;
    char words[64];
    struct act_ref act;

    struct json_writer *data = change_act(c, "operator.added", NULL);
    json_member_string(data, "operator", m->result->operator);
    roles_format(roles, words);
    json_member_string(data, "roles", words);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    if (db_run(c->db, e, SQL_PERSON_INSERT, DB_TEXT(person), DB_TEXT(m->result->organisation),
               DB_BOOL(false), DB_INT(c->now), DB_TEXT(act.id), DB_TEXT("first administrator"),
               DB_NIL) < 0 ||
        db_run(c->db, e, SQL_OPERATOR_INSERT, DB_TEXT(m->result->operator),
               DB_TEXT(m->result->organisation), DB_TEXT(person), DB_INT(roles),
               DB_INT((int64_t)act.index)) < 0)
        return -1;
    if (m->options->uid >= 0 && db_run(c->db, e, SQL_OPERATOR_UID_SET, DB_INT(m->options->uid),
                                       DB_TEXT(m->result->operator)) < 0)
        return -1;
    return db_run(c->db, e, SQL_SETTING_SET, DB_TEXT("organisation"),
                  DB_TEXT(m->result->organisation)) < 0
               ? -1
               : 0;
}

static int open_journal(struct making *m, const struct note_key *log_key, struct err *e)
{
    struct change change = {.clock = &clock_system,
                            .random = &random_system,
                            .arena = &m->arena,
                            .now = clock_now(&clock_system),
                            .actor = "sys:init"};
    char person[ID_TEXT];
    int result = -1;

    if (journal_open(&m->journal, m->db, &clock_system, &random_system, e) != 0 ||
        db_begin(m->db, e) != 0 || journal_begin(m->journal, m->db, e) != 0)
        return -1;
    change.db = m->db;
    change.journal = m->journal;
    buf_init(&change.data);
    if (journal_open_log(m->journal, m->db, log_key, NULL, 0, e) == 0 &&
        first_organisation(m, &change, person, e) == 0 &&
        first_operator(m, &change, person, e) == 0 && journal_flush(m->journal, m->db, e) == 0 &&
        db_commit(m->db, e) == 0) {
        journal_committed(m->journal);
        result = 0;
    } else {
        db_rollback(m->db);
    }
    buf_fini(&change.data);
    return result;
}

static int write_file(struct making *m, const char *name, struct slice content, mode_t mode,
                      struct err *e)
{
    char path[PATH_MAX];

    path_of(m, name, path);
    return file_write(path, content, mode, e);
}

/* A key made here, with a certificate under it: for the doors and for the first operator. */
static int make_identity(struct making *m, struct pki_request *request, const char *name,
                         struct err *e)
{
    struct pki_authority issuing;
    struct pki_issued issued;
    struct key *key = NULL;
    char file[64];
    struct buf spki;
    struct buf pem;
    int result = -1;

    buf_init(&spki);
    buf_init_secret(&pem);
    pki_issued_init(&issued);
    pki_authority_init(&issuing);
    key = key_generate(KEY_P256, e);
    if (!key || key_to_spki(key, &spki, e) != 0 || key_to_pem(key, NULL, &pem, e) != 0)
        goto out;
    snprintf(file, sizeof(file), "%s.key", name);
    if (write_file(m, file, buf_slice(&pem), 0600, e) != 0)
        goto out;
    request->spki = buf_slice(&spki);
    request->organisation = m->result->organisation;
    if (pki_issue(m->db, &m->pki, m->signer, request, &issued, e) != 0 ||
        pki_authority_current(m->db, PKI_ISSUING, &issuing, e) != 0)
        goto out;
    buf_fini_secret(&pem);
    buf_init(&pem);
    pem_put(&pem, "CERTIFICATE", buf_slice(&issued.certificate));
    pem_put(&pem, "CERTIFICATE", buf_slice(&issuing.certificate));
    snprintf(file, sizeof(file), "%s.pem", name);
    if (buf_check(&pem, e) == 0)
        result = write_file(m, file, buf_slice(&pem), 0644, e);
out:
    key_free(key);
    pki_authority_fini(&issuing);
    pki_issued_fini(&issued);
    buf_fini(&spki);
    buf_fini_secret(&pem);
    return result;
}

static int make_certificates(struct making *m, struct err *e)
{
    const char *urls[] = {m->config->door_enrol_url, m->config->door_device_url,
                          m->config->door_web_url, m->config->door_public_url};
    char hosts[ARRAY_LEN(urls) + 2][256];
    const char *names[ARRAY_LEN(urls) + 2];
    char crl_url[512];
    char issuer_url[512];
    size_t count = 0;

    snprintf(hosts[ARRAY_LEN(urls)], 256, "localhost");
    snprintf(hosts[ARRAY_LEN(urls) + 1], 256, "127.0.0.1");
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        bool seen = false;
        if (i < ARRAY_LEN(urls))
            host_of(urls[i], hosts[i]);
        for (size_t k = 0; k < count; k++)
            seen = seen || strcmp(names[k], hosts[i]) == 0;
        if (!seen && hosts[i][0])
            names[count++] = hosts[i];
    }
    snprintf(crl_url, sizeof(crl_url), "%s/pki/%%s.crl", m->config->door_public_url);
    snprintf(issuer_url, sizeof(issuer_url), "%s/pki/%%s.cer", m->config->door_public_url);
    const struct pki_setup setup = {.organisation = m->result->organisation,
                                    .organisation_name = m->options->name,
                                    .crl_url = crl_url,
                                    .issuer_url = issuer_url};
    if (pki_setup(m->db, &m->pki, m->signer, &setup, e) != 0)
        return -1;
    struct pki_request server = {
        .profile = "server", .subject_id = names[0], .host_names = names, .host_count = count};
    struct pki_request administrator = {.profile = "operator", .subject_id = m->result->operator};
    return make_identity(m, &server, "tls/server", e) == 0
               ? make_identity(m, &administrator, "operators/admin", e)
               : -1;
}

static int write_trust(struct making *m, const struct note_key *log_key, struct err *e)
{
    struct pki_authority root;
    uint8_t fingerprint[32];
    struct buf pem;
    int result = -1;

    buf_init(&pem);
    pki_authority_init(&root);
    if (pki_authority_current(m->db, PKI_ROOT, &root, e) != 0)
        goto out;
    if (sha256(buf_slice(&root.certificate), fingerprint) != 0) {
        err_memory(e);
        goto out;
    }
    hash_text_format(fingerprint, m->result->fingerprint);
    note_key_put(&pem, log_key);
    buf_putc(&pem, '\n');
    if (buf_check(&pem, e) != 0 ||
        write_file(m, "trust/journal.vkey", buf_slice(&pem), 0644, e) != 0)
        goto out;
    buf_reset(&pem);
    pem_put(&pem, "CERTIFICATE", buf_slice(&root.certificate));
    if (buf_check(&pem, e) == 0) /* the last file: with it, the home is made */
        result = write_file(m, "trust/root.pem", buf_slice(&pem), 0644, e);
out:
    pki_authority_fini(&root);
    buf_fini(&pem);
    return result;
}

int centre_init(const struct centre_init_options *options, struct centre_init_result *result,
                struct err *e)
{
    struct making m = {.options = options, .result = result};
    struct note_key log_key;
    int done = -1;

    memset(result, 0, sizeof(*result));
    arena_init(&m.arena, 0);
    if (!options->name[0] || strlen(options->name) > 64) {
        err_set(e, ERR_USAGE, "centre.name", "RFC 5280 appendix A.1",
                "the name must have 1 to 64 characters: it stands in the authorities' names");
        goto out;
    }
    if (make_folders(&m, e) != 0 || load_config(&m, e) != 0)
        goto out;
    host_of(m.config->door_public_url, m.host);
    m.profiles = pki_profiles_new(e);
    if (!m.profiles)
        goto out;
    m.pki = (struct pki){.clock = &clock_system, .random = &random_system, .profiles = m.profiles};
    if (db_open(&m.db, m.database_url, DB_WRITE, e) != 0 ||
        db_migrate(m.db, clock_now(&clock_system), e) != 0 || open_keys(&m, &log_key, e) != 0 ||
        open_journal(&m, &log_key, e) != 0 || make_certificates(&m, e) != 0)
        goto out;
    done = write_trust(&m, &log_key, e);
out:
    journal_close(m.journal);
    signer_client_free(m.signer);
    db_close(m.db);
    pki_profiles_free(m.profiles);
    config_free(m.config);
    arena_fini(&m.arena);
    return done;
}
