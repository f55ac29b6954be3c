/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/trust.h"
#include "base/memory.h"
#include "centre/centre.h"
#include "base/encoding.h"
#include "fleet/notice.h"
#include "journal/journal.h"
#include "signer/client.h"

#include <stdio.h>
#include <stdlib.h>

enum { AUTHORITIES_MAX = 256, WITNESSES_MAX = 16 };

struct trust {
    struct centre *centre;
    struct certificate_list anchors;
    struct buf anchors_pem;
    struct certificate_list chain; /* the publication-signer's certificate and its issuers */
    int64_t generation;            /* of trust; never goes back */
    struct note_key witnesses[WITNESSES_MAX];
    size_t witness_count;
    size_t quorum;
    pthread_mutex_t lock;
    struct buf statement; /* signed; empty: not yet */
};

/* Authorities are never deleted: their number only grows, also when an old root has ended. */
static int load_generation(struct trust *t, struct db *db, struct err *e)
{
    char ids[AUTHORITIES_MAX][ID_TEXT];
    int count = pki_authority_ids(db, ids, AUTHORITIES_MAX, e);
    int64_t base = 0;
    struct db_query q;

    if (count < 0)
        return -1;
    int found = db_find(&q, db, e, SQL_SETTING_FIND, DB_TEXT(TRUST_GENERATION_SETTING));
    if (found == 1)
        base = strtoll(db_text(&q, 0), NULL, 10);
    db_query_finish(&q);
    t->generation = base + count;
    return found < 0 ? -1 : 0;
}

static int load_witnesses(struct trust *t, struct err *e)
{
    const struct config *config = t->centre->config;

    for (size_t i = 0; i < config->witness_count && i < WITNESSES_MAX; i++)
        if (note_key_parse(&t->witnesses[t->witness_count++], slice_str(config->witnesses[i].vkey),
                           e) != 0)
            return err_context(e, "witness \"%s\"", config->witnesses[i].name);
    t->quorum = (size_t)config->journal_witnesses_required;
    if (t->quorum > t->witness_count)
        return err_set(e, ERR_USAGE, "centre.quorum", NULL,
                       "journal.witnesses-required is %zu, but only %zu witnesses are configured",
                       t->quorum, t->witness_count);
    return 0;
}

int trust_new(struct trust **out, struct centre *centre, struct err *e)
{
    struct trust *t = mem_new(1, sizeof(*t));
    struct db *db = NULL;
    int result = -1;

    if (!t)
        return err_memory(e);
    t->centre = centre;
    certificate_list_init(&t->anchors);
    certificate_list_init(&t->chain);
    pthread_mutex_init(&t->lock, NULL);
    db = centre_open_reader(centre, e);
    if (!db || load_generation(t, db, e) != 0 || load_witnesses(t, e) != 0 ||
        pki_publication_chain(db, clock_now(centre->clock), &t->chain, e) != 0 ||
        pki_authority_certificates(db, clock_now(centre->clock), true, &t->anchors, e) != 0)
        goto out;
    certificate_list_write_pem(&t->anchors, &t->anchors_pem);
    if (buf_check(&t->anchors_pem, e) != 0)
        goto out;
    *out = t;
    result = 0;
out:
    db_close(db);
    if (result != 0)
        trust_free(t);
    return result;
}

void trust_free(struct trust *t)
{
    if (!t)
        return;
    certificate_list_fini(&t->anchors);
    certificate_list_fini(&t->chain);
    buf_fini(&t->anchors_pem);
    buf_fini(&t->statement);
    pthread_mutex_destroy(&t->lock);
    mem_free(t);
}

static int sign(void *context, struct slice format, struct slice message, struct buf *signature,
                struct err *e)
{
    static const struct {
        const char *format;
        int (*sign)(struct signer_client *client, const char *name, struct slice payload,
                    struct buf *signature, struct err *e);
    } ways[] = {{"tocsin-publication/v1", signer_client_sign_publication},
                {"tocsin-bundle/v1", signer_client_sign_bundle},
                {"tocsin-trust/v1", signer_client_sign_trust},
                {"tocsin-pack/v1", signer_client_sign_pack}};
    struct trust *t = context;
    /* the signer puts the format in front itself */
    struct slice payload = slice_of(message.data + format.len + 1, message.len - format.len - 1);

    for (size_t i = 0; i < ARRAY_LEN(ways); i++)
        if (slice_is(format, ways[i].format))
            return ways[i].sign(t->centre->signer, "publication", payload, signature, e);
    return err_set(e, ERR_INTERNAL, "centre.format", NULL, "nothing signs the format %.*s",
                   SLICE_ARG(format));
}

struct envelope_signer trust_signer(struct trust *t)
{
    return (struct envelope_signer){
        .sign = sign, .context = t, .chain = t->chain.items, .chain_count = t->chain.count};
}

int trust_seal(struct trust *t, struct slice payload, struct buf *envelope, struct err *e)
{
    struct envelope_signer signer = trust_signer(t);

    return envelope_build(envelope, payload, &signer, e);
}

static void write_doors(struct json_writer *w, const struct config *config)
{
    json_write_name(w, "doors");
    json_write_object(w);
    json_member_string(w, "device", config->door_device_url);
    json_member_string(w, "enrol", config->door_enrol_url);
    json_member_string(w, "public", config->door_public_url);
    json_write_object_end(w);
}

static int make_statement(struct trust *t, struct err *e)
{
    struct json_writer w;
    struct buf draft;
    struct buf payload;
    struct buf vkey;
    int result = -1;

    buf_init(&draft);
    buf_init(&payload);
    buf_init(&vkey);
    json_write_init(&w, &draft, 0);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-trust/v1");
    json_member_int(&w, "generation", t->generation);
    json_member_time(&w, "at", clock_now(t->centre->clock));
    json_member_string(&w, "origin", t->centre->origin);
    note_key_put(&vkey, journal_key(t->centre->journal));
    json_member_slice(&w, "log_key", buf_slice(&vkey));
    json_write_name(&w, "witnesses");
    json_write_array(&w);
    for (size_t i = 0; i < t->witness_count; i++) {
        buf_reset(&vkey);
        note_key_put(&vkey, &t->witnesses[i]);
        json_write_slice(&w, buf_slice(&vkey));
    }
    json_write_array_end(&w);
    json_member_int(&w, "quorum", (int64_t)t->quorum);
    json_write_name(&w, "anchors");
    json_write_array(&w);
    for (size_t i = 0; i < t->anchors.count; i++) {
        buf_reset(&vkey);
        base64_put(&vkey, t->anchors.items[i]);
        json_write_slice(&w, buf_slice(&vkey));
    }
    json_write_array_end(&w);
    write_doors(&w, t->centre->config);
    json_write_object_end(&w);
    if (buf_check(&draft, e) == 0 && buf_check(&vkey, e) == 0 &&
        fleet_canonical(buf_slice(&draft), &payload, e) == 0)
        result = trust_seal(t, buf_slice(&payload), &t->statement, e);
    if (result != 0)
        buf_reset(&t->statement);
    buf_fini(&vkey);
    buf_fini(&payload);
    buf_fini(&draft);
    return result;
}

int trust_statement(struct trust *t, struct buf *envelope, struct err *e)
{
    pthread_mutex_lock(&t->lock);
    int result = t->statement.len > 0 ? 0 : make_statement(t, e);
    if (result == 0)
        buf_put_slice(envelope, buf_slice(&t->statement));
    pthread_mutex_unlock(&t->lock);
    return result == 0 ? buf_check(envelope, e) : -1;
}

struct slice trust_anchors_pem(const struct trust *t)
{
    return buf_slice(&t->anchors_pem);
}

const struct note_key *trust_witnesses(const struct trust *t, size_t *count, size_t *quorum)
{
    *count = t->witness_count;
    *quorum = t->quorum;
    return t->witnesses;
}
