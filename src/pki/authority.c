/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pki_internal.h"

void pki_authority_init(struct pki_authority *a)
{
    *a = (struct pki_authority){0};
    buf_init(&a->certificate);
    buf_init(&a->crl_url);
    buf_init(&a->issuer_url);
}

void pki_authority_fini(struct pki_authority *a)
{
    buf_fini(&a->certificate);
    buf_fini(&a->crl_url);
    buf_fini(&a->issuer_url);
}

int pki_copy_text(struct slice text, char *out, size_t size, struct err *e)
{
    if (text.len >= size)
        return err_set(e, ERR_INTERNAL, "pki.database", NULL, "a text of %zu bytes where %zu fit",
                       text.len, size - 1);
    if (text.len)
        memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return 0;
}

int pki_authority_read(struct db_query *q, struct pki_authority *a, struct err *e)
{
    if (pki_copy_text(db_slice(q, 0), a->id, sizeof(a->id), e) != 0 ||
        pki_copy_text(db_slice(q, 1), a->organisation, sizeof(a->organisation), e) != 0 ||
        pki_copy_text(db_slice(q, 4), a->key, sizeof(a->key), e) != 0)
        return -1;
    a->exercise = db_bool(q, 2);
    a->kind = (enum pki_authority_kind)db_int(q, 3);
    a->current = db_bool(q, 5);
    a->not_after = db_int(q, 7);
    buf_reset(&a->certificate);
    buf_put_slice(&a->certificate, db_blob(q, 6));
    buf_reset(&a->crl_url);
    buf_put_slice(&a->crl_url, db_slice(q, 8));
    buf_reset(&a->issuer_url);
    buf_put_slice(&a->issuer_url, db_slice(q, 9));
    if (buf_check(&a->certificate, e) != 0 || buf_check(&a->crl_url, e) != 0)
        return -1;
    return buf_check(&a->issuer_url, e);
}

/* Takes the one row of a started query. */
static int take_one(struct db_query *q, int found, struct pki_authority *a, struct err *e)
{
    if (found == 1 && pki_authority_read(q, a, e) != 0)
        found = -1;
    db_query_finish(q);
    return found;
}

int pki_authority_current(struct db *db, enum pki_authority_kind kind, struct pki_authority *a,
                          struct err *e)
{
    struct db_query q;
    int found = take_one(
        &q, db_find(&q, db, e, SQL_PKI_AUTHORITY_CURRENT, DB_INT(kind), DB_BOOL(true)), a, e);

    if (found != 0)
        return found == 1 ? 0 : -1;
    err_set(e, ERR_CONFLICT, "pki.no-authority", NULL, "there is no %s authority",
            kind == PKI_ROOT ? "root" : "issuing");
    return err_hint(e, "make one with: tocsin init");
}

int pki_authority_find(struct db *db, const char *id, struct pki_authority *a, struct err *e)
{
    struct db_query q;

    return take_one(&q, db_find(&q, db, e, SQL_PKI_AUTHORITY_FIND, DB_TEXT(id)), a, e);
}

int pki_authority_by_key(struct db *db, const char *key, struct pki_authority *a, struct err *e)
{
    struct db_query q;

    return take_one(&q, db_find(&q, db, e, SQL_PKI_AUTHORITY_BY_KEY, DB_TEXT(key)), a, e);
}

int pki_authority_ids(struct db *db, char (*ids)[ID_TEXT], size_t room, struct err *e)
{
    struct db_query q;
    size_t count = 0;
    int more = db_find(&q, db, e, SQL_PKI_AUTHORITY_IDS, DB_INT((int64_t)room));

    for (; more == 1 && count < room; more = db_step(&q, e))
        if (pki_copy_text(db_slice(&q, 0), ids[count++], ID_TEXT, e) != 0) {
            more = -1;
            break;
        }
    db_query_finish(&q);
    return more < 0 ? -1 : (int)count;
}

int pki_authority_add(struct db *db, const struct pki *pki, const struct pki_authority *a,
                      struct err *e)
{
    if (db_run(db, e, SQL_PKI_AUTHORITY_INSERT, DB_TEXT(a->id), DB_TEXT(a->organisation),
               DB_BOOL(a->exercise), DB_INT(a->kind), DB_TEXT(a->key), DB_BOOL(a->current),
               DB_BLOB(buf_slice(&a->certificate)), DB_INT(a->not_after),
               DB_INT(clock_now(pki->clock)),
               DB_TEXT(a->crl_url.len ? buf_text(&a->crl_url) : NULL),
               DB_TEXT(a->issuer_url.len ? buf_text(&a->issuer_url) : NULL), DB_BOOL(false)) < 0)
        return -1;
    if (a->current && db_run(db, e, SQL_PKI_AUTHORITY_RETIRE, DB_INT(a->kind), DB_TEXT(a->id),
                             DB_BOOL(false)) < 0)
        return -1;
    return 0;
}

static int add_rows(struct db_query *q, int more, struct certificate_list *list, struct err *e)
{
    for (; more == 1; more = db_step(q, e))
        if (certificate_list_add(list, db_blob(q, 0), e) != 0) {
            more = -1;
            break;
        }
    db_query_finish(q);
    return more;
}

int pki_authority_certificates(struct db *db, int64_t now, bool anchors_only,
                               struct certificate_list *list, struct err *e)
{
    struct db_query q;

    if (add_rows(&q,
                 db_find(&q, db, e, SQL_PKI_AUTHORITY_CERTIFICATES, DB_INT(PKI_ROOT), DB_INT(now)),
                 list, e) != 0)
        return -1;
    if (anchors_only)
        return 0;
    if (add_rows(
            &q,
            db_find(&q, db, e, SQL_PKI_AUTHORITY_CERTIFICATES, DB_INT(PKI_ISSUING), DB_INT(now)),
            list, e) != 0)
        return -1;
    return add_rows(&q, db_find(&q, db, e, SQL_PKI_LINK_CERTIFICATES, DB_INT(now)), list, e);
}

int pki_authority_chain(struct db *db, int64_t now, struct certificate_list *list, struct err *e)
{
    struct pki_authority issuing;
    struct db_query q;
    int result = -1;

    pki_authority_init(&issuing);
    if (pki_authority_current(db, PKI_ISSUING, &issuing, e) == 0 &&
        certificate_list_add(list, buf_slice(&issuing.certificate), e) == 0)
        result = add_rows(&q, db_find(&q, db, e, SQL_PKI_LINK_CERTIFICATES, DB_INT(now)), list, e);
    pki_authority_fini(&issuing);
    return result;
}

int pki_publication_chain(struct db *db, int64_t now, struct certificate_list *list, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_PKI_PUBLICATION_CERTIFICATE, DB_INT(now));

    if (found == 1 && (certificate_list_add(list, db_blob(&q, 1), e) != 0 ||
                       certificate_list_add(list, db_blob(&q, 3), e) != 0))
        found = -1;
    db_query_finish(&q);
    if (found == 0) {
        err_set(e, ERR_CONFLICT, "pki.no-publication-certificate", NULL,
                "the publication key has no certificate that is valid now");
        return err_hint(e, "make one with: tocsin init");
    }
    if (found < 0)
        return -1;
    return add_rows(&q, db_find(&q, db, e, SQL_PKI_LINK_CERTIFICATES, DB_INT(now)), list, e);
}
