/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pki_make FOLDER: authorities, certificates of every profile, lists and EST bodies as files, made
 * by the room pki and a signer's keys, for other people's programs to check.
 *
 *   root.pem issuing.pem root-2.pem issuing-2.pem link.pem    before and after a roll-over
 *   device.pem server.pem operator.pem publication.pem        by the first issuing CA
 *   device-2.pem                                              by the second
 *   revoked.pem ca.crl root.crl                               revoked for keyCompromise; DER lists
 *   cacerts.b64 csrattrs.b64                                  bodies of EST
 */
#include "base/file.h"
#include "crypto/crl.h"
#include "crypto/pem.h"
#include "pki/est.h"
#include "pki/setup.h"
#include "signer/signer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define ORG "org_00000000000000000000000000"

static const char *folder;
static struct db *db;
static struct signer_client *signer;
static struct pki pki;
static struct err e;

static void demand(int result, const char *what)
{
    if (result >= 0)
        return;
    fprintf(stderr, "pki_make: %s: %s: %s (%s)\n", what, e.code, e.text, e.where);
    exit(1);
}

static void put(const char *name, struct slice content)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    demand(file_write(path, content, 0644, &e), name);
}

static void put_certificate(const char *name, struct slice der)
{
    struct buf pem;

    buf_init(&pem);
    pem_put(&pem, "CERTIFICATE", der);
    put(name, buf_slice(&pem));
    buf_fini(&pem);
}

static void issue(const char *file, const char *profile, const char *subject, enum key_kind kind,
                  const char *const *hosts, size_t host_count, char id[ID_TEXT])
{
    struct key *key = key_generate(kind, &e);
    struct pki_issued issued;
    struct buf spki;

    buf_init(&spki);
    pki_issued_init(&issued);
    demand(key ? key_to_spki(key, &spki, &e) : -1, "key");
    struct pki_request request = {.profile = profile,
                                  .organisation = ORG,
                                  .subject_id = subject,
                                  .spki = buf_slice(&spki),
                                  .host_names = hosts,
                                  .host_count = host_count};
    demand(pki_issue(db, &pki, signer, &request, &issued, &e), file);
    put_certificate(file, buf_slice(&issued.certificate));
    if (id)
        memcpy(id, issued.id, ID_TEXT);
    pki_issued_fini(&issued);
    buf_fini(&spki);
    key_free(key);
}

static void put_list(const char *name, enum pki_authority_kind kind)
{
    struct pki_authority a;
    struct buf der;

    buf_init(&der);
    pki_authority_init(&a);
    demand(pki_authority_current(db, kind, &a, &e), name);
    demand(pki_crl_issue(db, &pki, signer, &pki_crl_plan_default, a.id, &der, &e), name);
    put(name, buf_slice(&der));
    pki_authority_fini(&a);
    buf_fini(&der);
}

static void put_authority(const char *name, enum pki_authority_kind kind)
{
    struct pki_authority a;

    pki_authority_init(&a);
    demand(pki_authority_current(db, kind, &a, &e), name);
    put_certificate(name, buf_slice(&a.certificate));
    pki_authority_fini(&a);
}

static void open_all(void)
{
    char url[PATH_MAX + 16];

    pki = (struct pki){.clock = &clock_system, .random = &random_system};
    pki.profiles = pki_profiles_new(&e);
    snprintf(url, sizeof(url), "sqlite:%s/tocsin.db", folder);
    demand(pki.profiles ? 0 : -1, "profiles");
    demand(db_open(&db, url, DB_WRITE, &e), "database");
    demand(db_migrate(db, clock_now(&clock_system), &e), "database");
    demand(db_begin(db, &e), "database");
    demand((int)db_run(db, &e, SQL_ORGANISATION_INSERT, DB_TEXT(ORG), DB_BOOL(false), DB_INT(1),
                       DB_TEXT(NULL)),
           "organisation");
    demand(db_commit(db, &e), "database");
    demand(signer_init_home(folder, slice_str("x"), &e), "signer");
    signer = signer_client_new_in_process(folder, slice_str("x"), &e);
    demand(signer ? 0 : -1, "signer");
}

int main(int argc, char **argv)
{
    static const char *const hosts[] = {"centre.example", "192.0.2.1"};
    const struct pki_setup setup = {.organisation = ORG,
                                    .organisation_name = "Exämple GmbH",
                                    .crl_url = "http://centre.example/pki/%s.crl",
                                    .issuer_url = "http://centre.example/pki/%s.cer"};
    struct certificate_list list;
    struct pki_record record;
    char id[ID_TEXT];
    struct buf body;

    if (argc != 2) {
        fprintf(stderr, "usage: pki_make FOLDER\n");
        return 2;
    }
    folder = argv[1];
    open_all();
    demand(pki_setup(db, &pki, signer, &setup, &e), "authorities");
    put_authority("root.pem", PKI_ROOT);
    put_authority("issuing.pem", PKI_ISSUING);
    issue("device.pem", "device", "ast_1", KEY_P256, NULL, 0, NULL);
    issue("device-ed25519.pem", "device", "ast_2", KEY_ED25519, NULL, 0, NULL);
    issue("operator.pem", "operator", "opr_1", KEY_P384, NULL, 0, NULL);
    issue("server.pem", "server", "door", KEY_P256, hosts, 2, NULL);
    issue("revoked.pem", "device", "ast_3", KEY_P256, NULL, 0, id);
    certificate_list_init(&list);
    demand(pki_publication_chain(db, clock_now(&clock_system), &list, &e), "publication");
    put_certificate("publication.pem", list.items[0]);
    certificate_list_fini(&list);
    demand(db_begin(db, &e), "revoke");
    demand(pki_revoke(db, &pki, id, CRL_KEY_COMPROMISE, 0, &record, &e), "revoke");
    demand(db_commit(db, &e), "revoke");
    put_list("ca.crl", PKI_ISSUING);
    put_list("root.crl", PKI_ROOT);
    demand(pki_rollover(db, &pki, signer, &setup, &e), "roll-over");
    put_authority("root-2.pem", PKI_ROOT);
    put_authority("issuing-2.pem", PKI_ISSUING);
    issue("device-2.pem", "device", "ast_4", KEY_P256, NULL, 0, NULL);
    demand(pki_authority_chain(db, clock_now(&clock_system), &list, &e), "chain");
    put_certificate("link.pem", list.items[1]);
    certificate_list_fini(&list);
    buf_init(&body);
    demand(pki_authority_certificates(db, clock_now(&clock_system), false, &list, &e), "cacerts");
    demand(pki_est_certificates(list.items, list.count, &body, &e), "cacerts");
    put("cacerts.b64", buf_slice(&body));
    buf_reset(&body);
    demand(pki_est_attributes(pki_profile_find(pki.profiles, "device", &e), &body, &e), "csrattrs");
    put("csrattrs.b64", buf_slice(&body));
    certificate_list_fini(&list);
    buf_fini(&body);
    signer_client_free(signer);
    db_close(db);
    pki_profiles_free((struct pki_profiles *)(uintptr_t)pki.profiles);
    return 0;
}
