/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/setup.h"
#include "crypto/name.h"
#include "pki/pki_internal.h"

#include <stdio.h>

enum { GENERATIONS_MOST = 1000 };

struct work {
    struct db *db;
    const struct pki *pki;
    struct signer_client *signer;
    const struct pki_setup *setup;
};

/* The signer's key of that name, made when it is not there. */
static int ensure_key(const struct work *w, const char *name, enum signer_purpose purpose,
                      enum key_kind kind, struct buf *spki, struct err *e)
{
    struct err why = {0};

    buf_reset(spki);
    if (signer_client_public_key(w->signer, name, spki, &why) == 0)
        return 0;
    if (strcmp(why.code, "signer.key-unknown") != 0) {
        *e = why;
        return -1;
    }
    buf_reset(spki);
    return signer_client_generate_key(w->signer, name, purpose, kind, NULL, spki, e);
}

static int put_url(struct buf *out, const char *pattern, const char *id, struct err *e)
{
    const char *place = pattern ? strstr(pattern, "%s") : NULL;

    buf_reset(out);
    if (!pattern)
        return 0;
    if (!place)
        return err_set(e, ERR_USAGE, "pki.url", NULL, "the URL %s does not say where %%s is",
                       pattern);
    buf_put(out, pattern, (size_t)(place - pattern));
    buf_puts(out, id);
    buf_puts(out, place + 2);
    return buf_check(out, e);
}

/* "Example root 2 5f0c…": no two authorities ever have the same name. */
static int authority_name(const struct work *w, const char *what, unsigned generation,
                          struct buf *name, struct err *e)
{
    char common_name[64];
    uint8_t drawn[4];

    if (random_fill(w->pki->random, drawn, sizeof(drawn), e) != 0)
        return -1;
    snprintf(common_name, sizeof(common_name), "tocsin %s %u %02x%02x%02x%02x", what, generation,
             drawn[0], drawn[1], drawn[2], drawn[3]);
    struct name_parts parts = {.organisation = w->setup->organisation_name,
                               .common_name = common_name};
    return name_build(&parts, name, e);
}

static int begin_authority(const struct work *w, struct pki_authority *a,
                           enum pki_authority_kind kind, const char *key, struct err *e)
{
    a->kind = kind;
    a->current = false; /* until its own certificate is known to the signer */
    a->exercise = w->setup->exercise;
    if (id_new(w->pki->random, "ca", a->id, e) != 0 ||
        pki_copy_text(slice_str(w->setup->organisation), a->organisation, sizeof(a->organisation),
                      e) != 0 ||
        pki_copy_text(slice_str(key), a->key, sizeof(a->key), e) != 0 ||
        put_url(&a->crl_url, w->setup->crl_url, a->id, e) != 0)
        return -1;
    return put_url(&a->issuer_url, w->setup->issuer_url, a->id, e);
}

static int add_authority(const struct work *w, struct pki_authority *a, struct err *e)
{
    if (db_begin(w->db, e) != 0)
        return -1;
    if (pki_authority_add(w->db, w->pki, a, e) != 0) {
        db_rollback(w->db);
        return -1;
    }
    return db_commit(w->db, e);
}

static int sign(const struct work *w, const char *key, struct slice tbs, struct slice issuer_spki,
                struct pki_signed *checked, struct err *e)
{
    struct buf signature;
    int result = -1;

    buf_init(&signature);
    if (signer_client_sign_certificate(w->signer, key, tbs, &signature, e) == 0)
        result = pki_signature_check(tbs, issuer_spki, buf_slice(&signature), checked, e);
    buf_fini(&signature);
    return result;
}

/* Draws up, signs and records a root's own certificate. */
static int make_root(const struct work *w, const char *key, unsigned generation, struct slice spki,
                     struct pki_authority *a, struct err *e)
{
    int64_t now = clock_now(w->pki->clock);
    struct pki_draft d = {.spki = spki};
    struct pki_signed checked;
    struct key *public = NULL;
    struct buf name, tbs;
    int result = -1;

    buf_init(&name);
    buf_init(&tbs);
    d.profile = pki_profile_find(w->pki->profiles, "root", e);
    public = key_from_spki(spki, e);
    if (!d.profile || !public || authority_name(w, "root", generation, &name, e) != 0 ||
        pki_serial_draw(w->pki, d.serial, e) != 0)
        goto out;
    d.algorithm = key_signature_algorithm(key_kind(public));
    d.subject = buf_slice(&name);
    d.not_before = now - d.profile->backdate;
    d.not_before -= d.not_before % 1000000;
    d.not_after = now + d.profile->validity;
    d.not_after -= d.not_after % 1000000;
    if (pki_tbs_build(&d, &tbs, e) != 0 || pki_tbs_lint(&d, buf_slice(&tbs), e) != 0 ||
        sign(w, key, buf_slice(&tbs), spki, &checked, e) != 0 ||
        begin_authority(w, a, PKI_ROOT, key, e) != 0)
        goto out;
    certificate_assemble(buf_slice(&tbs), checked.algorithm,
                         slice_of(checked.signature, checked.signature_len), &a->certificate);
    a->not_after = d.not_after;
    if (buf_check(&a->certificate, e) == 0)
        result = add_authority(w, a, e);
out:
    key_free(public);
    buf_fini(&name);
    buf_fini(&tbs);
    return result;
}

/* The root of that generation: in the database and known to the signer. */
static int ensure_root(const struct work *w, unsigned generation, struct pki_authority *a,
                       struct err *e)
{
    char key[PKI_KEY_NAME];
    struct buf spki;
    int result = -1;

    buf_init(&spki);
    snprintf(key, sizeof(key), "root-%u", generation);
    enum key_kind kind = w->setup->kind == KEY_NONE ? KEY_P256 : w->setup->kind;
    if (ensure_key(w, key, SIGNER_ROOT_CA, kind, &spki, e) == 0) {
        int found = pki_authority_by_key(w->db, key, a, e);
        if (found == 0)
            found = make_root(w, key, generation, buf_slice(&spki), a, e) == 0 ? 1 : -1;
        if (found == 1)
            result =
                signer_client_install_certificate(w->signer, key, buf_slice(&a->certificate), e);
    }
    buf_fini(&spki);
    return result;
}

/* Decides and records in a transaction, asks for the signature, stores in a second one. */
static int issue_by(const struct work *w, const struct pki_authority *issuer, struct slice subject,
                    const struct pki_request *request, struct pki_issued *issued, struct err *e)
{
    struct pki_signed checked;
    struct pki_intended intended;
    int result = -1;

    pki_intended_init(&intended);
    if (db_begin(w->db, e) != 0)
        goto out;
    int begun = issuer ? pki_issue_begin_by(w->db, w->pki, issuer, subject, request, &intended, e)
                       : pki_issue_begin(w->db, w->pki, request, &intended, e);
    if (begun != 0 || db_commit(w->db, e) != 0)
        goto undo;
    if (sign(w, intended.key, buf_slice(&intended.tbs), buf_slice(&intended.issuer_spki), &checked,
             e) != 0 ||
        db_begin(w->db, e) != 0)
        goto out;
    if (pki_issue_finish(w->db, w->pki, intended.id, &checked, issued, e) != 0 ||
        db_commit(w->db, e) != 0)
        goto undo;
    result = 0;
    goto out;
undo:
    db_rollback(w->db);
out:
    pki_intended_fini(&intended);
    return result;
}

static int make_issuing(const struct work *w, const char *key, unsigned generation,
                        const struct pki_authority *root, struct slice spki,
                        struct pki_authority *a, struct err *e)
{
    struct pki_issued issued;
    struct buf name;
    int result = -1;

    buf_init(&name);
    pki_issued_init(&issued);
    if (authority_name(w, "issuing", generation, &name, e) != 0 ||
        begin_authority(w, a, PKI_ISSUING, key, e) != 0)
        goto out;
    struct pki_request request = {.profile = "issuing-ca",
                                  .organisation = w->setup->organisation,
                                  .exercise = w->setup->exercise,
                                  .subject_id = a->id,
                                  .spki = spki};
    if (issue_by(w, root, buf_slice(&name), &request, &issued, e) != 0)
        goto out;
    buf_put_slice(&a->certificate, buf_slice(&issued.certificate));
    a->not_after = issued.not_after;
    if (buf_check(&a->certificate, e) == 0)
        result = add_authority(w, a, e);
out:
    pki_issued_fini(&issued);
    buf_fini(&name);
    return result;
}

static int ensure_issuing(const struct work *w, unsigned generation,
                          const struct pki_authority *root, struct pki_authority *a, struct err *e)
{
    char key[PKI_KEY_NAME];
    struct buf spki;
    int result = -1;

    buf_init(&spki);
    snprintf(key, sizeof(key), "issuing-%u", generation);
    enum key_kind kind = w->setup->kind == KEY_NONE ? KEY_P256 : w->setup->kind;
    if (ensure_key(w, key, SIGNER_ISSUING_CA, kind, &spki, e) == 0) {
        int found = pki_authority_by_key(w->db, key, a, e);
        if (found == 0)
            found = make_issuing(w, key, generation, root, buf_slice(&spki), a, e) == 0 ? 1 : -1;
        if (found == 1)
            result =
                signer_client_install_certificate(w->signer, key, buf_slice(&a->certificate), e);
    }
    buf_fini(&spki);
    return result;
}

/* From now on these two issue, at once. */
static int make_current(const struct work *w, const struct pki_authority *root,
                        const struct pki_authority *issuing, struct err *e)
{
    const struct pki_authority *both[] = {root, issuing};

    if (db_begin(w->db, e) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(both); i++)
        if (db_run(w->db, e, SQL_PKI_AUTHORITY_RETIRE, DB_INT(both[i]->kind), DB_TEXT(both[i]->id),
                   DB_BOOL(false)) < 0 ||
            db_run(w->db, e, SQL_PKI_AUTHORITY_PROMOTE, DB_TEXT(both[i]->id), DB_BOOL(true)) < 0) {
            db_rollback(w->db);
            return -1;
        }
    return db_commit(w->db, e);
}

/* A certificate for the publication key, under the current issuing authority. */
static int ensure_publication(const struct work *w, bool anew, struct err *e)
{
    struct pki_issued issued;
    char id[ID_TEXT] = "";
    struct db_query q;
    struct buf spki, der;
    int result = -1;

    buf_init(&spki);
    buf_init(&der);
    pki_issued_init(&issued);
    if (ensure_key(w, "publication", SIGNER_PUBLICATION, KEY_P256, &spki, e) != 0)
        goto out;
    int found =
        db_find(&q, w->db, e, SQL_PKI_PUBLICATION_CERTIFICATE, DB_INT(clock_now(w->pki->clock)));
    if (found == 1) {
        buf_put_slice(&der, db_blob(&q, 1));
        if (pki_copy_text(db_slice(&q, 0), id, sizeof(id), e) != 0)
            found = -1;
    }
    db_query_finish(&q);
    if (found < 0)
        goto out;
    if (found == 0 || anew) {
        struct pki_request request = {.profile = "publication-signer",
                                      .organisation = w->setup->organisation,
                                      .exercise = w->setup->exercise,
                                      .subject_id = w->setup->organisation,
                                      .spki = buf_slice(&spki),
                                      .renews = id[0] ? id : NULL};
        if (issue_by(w, NULL, slice_of(NULL, 0), &request, &issued, e) != 0)
            goto out;
        buf_reset(&der);
        buf_put_slice(&der, buf_slice(&issued.certificate));
    }
    if (buf_check(&der, e) == 0)
        result = signer_client_install_certificate(w->signer, "publication", buf_slice(&der), e);
out:
    pki_issued_fini(&issued);
    buf_fini(&spki);
    buf_fini(&der);
    return result;
}

int pki_setup(struct db *db, const struct pki *pki, struct signer_client *signer,
              const struct pki_setup *setup, struct err *e)
{
    const struct work w = {db, pki, signer, setup};
    struct pki_authority root, issuing;
    int result = -1;

    pki_authority_init(&root);
    pki_authority_init(&issuing);
    if (ensure_root(&w, 1, &root, e) == 0 && ensure_issuing(&w, 1, &root, &issuing, e) == 0 &&
        make_current(&w, &root, &issuing, e) == 0)
        result = ensure_publication(&w, false, e);
    pki_authority_fini(&root);
    pki_authority_fini(&issuing);
    return result;
}

/* The number behind "root-". */
static unsigned generation_of(const struct pki_authority *root)
{
    unsigned generation = 0;

    return sscanf(root->key, "root-%u", &generation) == 1 ? generation : 0;
}

/* New-with-old: the new root's name and key, signed by the old root. Once for each pair. */
static int ensure_link(const struct work *w, const struct pki_authority *old,
                       const struct pki_authority *next, struct err *e)
{
    struct pki_record record;
    struct pki_issued issued;
    struct certificate c;

    int found = pki_certificate_list(w->db, w->setup->organisation, next->id, "", &record, 1, e);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (certificate_parse(&c, buf_slice(&next->certificate), e) != 0)
        return -1;
    struct pki_request request = {.profile = "root-link",
                                  .organisation = w->setup->organisation,
                                  .exercise = w->setup->exercise,
                                  .subject_id = next->id,
                                  .spki = c.spki};
    pki_issued_init(&issued);
    int result = issue_by(w, old, c.subject, &request, &issued, e);
    pki_issued_fini(&issued);
    return result;
}

int pki_rollover(struct db *db, const struct pki *pki, struct signer_client *signer,
                 const struct pki_setup *setup, struct err *e)
{
    const struct work w = {db, pki, signer, setup};
    struct pki_authority old, root, issuing;
    int result = -1;

    pki_authority_init(&old);
    pki_authority_init(&root);
    pki_authority_init(&issuing);
    if (pki_authority_current(db, PKI_ROOT, &old, e) != 0)
        goto out;
    unsigned generation = generation_of(&old) + 1;
    if (generation == 1 || generation > GENERATIONS_MOST) {
        err_set(e, ERR_CONFLICT, "pki.rollover", NULL,
                "the current root's key has a name that this program did not give: %s", old.key);
        goto out;
    }
    if (ensure_root(&w, generation, &root, e) == 0 &&
        ensure_issuing(&w, generation, &root, &issuing, e) == 0 &&
        ensure_link(&w, &old, &root, e) == 0 && make_current(&w, &root, &issuing, e) == 0)
        result = ensure_publication(&w, true, e);
out:
    pki_authority_fini(&old);
    pki_authority_fini(&root);
    pki_authority_fini(&issuing);
    return result;
}

int pki_issue(struct db *db, const struct pki *pki, struct signer_client *signer,
              const struct pki_request *request, struct pki_issued *issued, struct err *e)
{
    const struct work w = {db, pki, signer, NULL};

    return issue_by(&w, NULL, slice_of(NULL, 0), request, issued, e);
}

int pki_crl_issue(struct db *db, const struct pki *pki, struct signer_client *signer,
                  const struct pki_crl_plan *plan, const char *authority, struct buf *der,
                  struct err *e)
{
    struct pki_crl_intended intended;
    struct pki_signed checked;
    struct buf signature, list;
    int result = -1;

    pki_crl_intended_init(&intended);
    buf_init(&signature);
    buf_init(&list);
    if (db_begin(db, e) != 0)
        goto out;
    if (pki_crl_begin(db, pki, plan, authority, &intended, e) != 0 || db_commit(db, e) != 0)
        goto undo;
    struct slice tbs = buf_slice(&intended.tbs);
    if (signer_client_sign_crl(signer, intended.key, tbs, &signature, e) != 0 ||
        pki_signature_check(tbs, buf_slice(&intended.issuer_spki), buf_slice(&signature), &checked,
                            e) != 0 ||
        db_begin(db, e) != 0)
        goto out;
    if (pki_crl_finish(db, pki, authority, intended.number, &checked, der ? der : &list, e) != 0 ||
        db_commit(db, e) != 0)
        goto undo;
    result = 0;
    goto out;
undo:
    db_rollback(db);
out:
    pki_crl_intended_fini(&intended);
    buf_fini(&signature);
    buf_fini(&list);
    return result;
}
