/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence records made and renewed: what is to be time-stamped, and what comes of the token. */
#include "evidence/record.h"
#include "base/memory.h"
#include "crypto/der.h"
#include "evidence/record/hash_tree.h"
#include "evidence/record/objects.h"
#include "evidence/record/revocation_fetch.h"
#include "evidence/record/token.h"

#include <stdlib.h>
#include <string.h>

#define RENEWAL "RFC 4998 section 5.2"

struct evidence_record_job {
    struct arena arena;
    const struct evidence_hash *hash;
    struct evidence_hash_list *objects; /* leaves of the tree, as many as it has */
    struct evidence_hash_tree *tree;
    bool new_chain;
    struct evidence_record *old; /* count of them; NULL: new records */
    size_t *leaf_of;             /* of each record; NULL: its own number */
    size_t count;                /* records */
    int64_t newest;              /* of the time-stamps that are renewed */
    struct buf answer;
    struct slice token; /* in answer */
    int64_t at;
};

static struct evidence_record_job *job_new(const struct evidence_hash *hash, struct err *e)
{
    struct evidence_record_job *job = mem_new(1, sizeof *job);
    if (!job) {
        err_memory(e);
        return NULL;
    }
    job->hash = hash;
    arena_init(&job->arena, 0);
    buf_init(&job->answer);
    return job;
}

void evidence_record_job_free(struct evidence_record_job *job)
{
    if (!job)
        return;
    evidence_hash_tree_free(job->tree);
    buf_fini(&job->answer);
    arena_fini(&job->arena);
    mem_free(job);
}

static int plant(struct evidence_record_job *job, size_t leaves, struct err *e)
{
    job->tree = evidence_hash_tree_new(job->hash, job->objects, leaves, e);
    return job->tree ? 0 : -1;
}

static int may_make(const struct evidence_hash *hash, struct err *e)
{
    if (hash->made)
        return 0;
    err_set(e, ERR_USAGE, "record.algorithm", NULL, "%s is not used for new time-stamps",
            hash->name);
    return err_hint(e, "SHA-256, SHA-384 or SHA-512");
}

/* A group in which a value stands twice, or that is one file, is its values. */
static int make(struct evidence_record_job *job, const char *const *data, size_t count, bool each,
                struct err *e)
{
    struct evidence_object *objects;
    job->count = each ? count : 1;
    objects = arena_new(&job->arena, job->count, sizeof *objects);
    job->objects = arena_new(&job->arena, job->count, sizeof *job->objects);
    if (!objects || !job->objects)
        return err_memory(e);
    if (!each && evidence_object_join(&job->arena, data, count, &objects[0], e) != 0)
        return -1;
    for (size_t i = 0; each && i < count; i++)
        if (evidence_object_find(&job->arena, data[i], &objects[i], e) != 0)
            return -1;
    if (evidence_objects_hash(&job->arena, objects, job->count, &job->hash, 1, e) != 0)
        return -1;
    for (size_t i = 0; i < job->count; i++)
        if (evidence_object_values(&job->arena, &objects[i], 0, &job->objects[i], e) != 0)
            return -1;
    return plant(job, job->count, e);
}

struct evidence_record_job *evidence_record_make(const char *const *data, size_t count, bool each,
                                                 const struct evidence_hash *hash, struct err *e)
{
    if (may_make(hash, e) != 0)
        return NULL;
    struct evidence_record_job *job = job_new(hash, e);
    if (job && make(job, data, count, each, e) == 0)
        return job;
    evidence_record_job_free(job);
    return NULL;
}

/* Time-stamp renewal */

static const struct evidence_archive_stamp *last_of(const struct evidence_record *record)
{
    const struct evidence_archive_chain *chain = &record->chains[record->chain_count - 1];
    return &chain->stamps[chain->count - 1];
}

/* The algorithm of the last chain, and the time of its last time-stamp; its signature must hold. */
static int look(struct evidence_record_job *job, const struct evidence_record *record,
                const struct evidence_hash **hash, struct err *e)
{
    const struct evidence_archive_stamp *stamp = last_of(record);
    struct evidence_token token;
    int result = evidence_token_open(&token, stamp->time_stamp, e);
    if (result == 0)
        result = evidence_token_check(&token, NULL, e);
    if (result != 0)
        err_hint(e, "a time-stamp that does not hold is not renewed");
    else if (token.at > job->newest)
        job->newest = token.at;
    *hash = token.hash;
    evidence_token_close(&token);
    return result;
}

static int copy_record(struct evidence_record_job *job, struct slice der,
                       struct evidence_record *record, struct err *e)
{
    char *copy = arena_copy(&job->arena, der.data, der.len);
    return copy ? evidence_record_parse(&job->arena, slice_of(copy, der.len), record, e)
                : err_memory(e);
}

struct leaf {
    struct slice value;
    size_t record;
};

static int leaf_order(const void *a, const void *b)
{
    const struct leaf *one = a, *other = b;
    int by_value = slice_compare(one->value, other->value);
    return by_value ? by_value : (one->record > other->record) - (one->record < other->record);
}

/* Records made together share their time-stamp: it is one leaf. */
static int gather(struct evidence_record_job *job, struct leaf *leaves, struct err *e)
{
    size_t count = 0;
    qsort(leaves, job->count, sizeof *leaves, leaf_order);
    for (size_t i = 0; i < job->count; i++) {
        if (i == 0 || !slice_equal(leaves[i].value, leaves[i - 1].value)) {
            struct evidence_hash_list *list = &job->objects[count++];
            list->values = &leaves[i].value;
            list->count = 1;
        }
        job->leaf_of[leaves[i].record] = count - 1;
    }
    return plant(job, count, e);
}

static int renew(struct evidence_record_job *job, const struct slice *records, struct err *e)
{
    struct leaf *leaves = arena_new(&job->arena, job->count, sizeof *leaves);
    job->old = arena_new(&job->arena, job->count, sizeof *job->old);
    job->objects = arena_new(&job->arena, job->count, sizeof *job->objects);
    job->leaf_of = arena_new(&job->arena, job->count, sizeof *job->leaf_of);
    if (!leaves || !job->old || !job->objects || !job->leaf_of)
        return err_memory(e);
    for (size_t i = 0; i < job->count; i++) {
        const struct evidence_hash *hash;
        uint8_t *value = arena_alloc(&job->arena, EVIDENCE_HASH_MOST);
        if (!value)
            return err_memory(e);
        if (copy_record(job, records[i], &job->old[i], e) != 0 ||
            look(job, &job->old[i], &hash, e) != 0)
            return err_context(e, "record %zu", i + 1);
        if (job->hash && job->hash != hash)
            return err_set(e, ERR_USAGE, "record.algorithms", RENEWAL,
                           "record %zu has %s in its last chain, and those before %s: they cannot "
                           "be renewed by one time-stamp",
                           i + 1, hash->name, job->hash->name);
        job->hash = hash;
        if (evidence_hash_of(hash, &last_of(&job->old[i])->time_stamp, 1, value, e) != 0)
            return -1;
        leaves[i] = (struct leaf){.value = slice_of(value, hash->len), .record = i};
    }
    return gather(job, leaves, e);
}

struct evidence_record_job *evidence_record_renew(const struct slice *records, size_t count,
                                                  struct err *e)
{
    struct evidence_record_job *job = job_new(NULL, e);
    if (job) {
        job->count = count;
        if (renew(job, records, e) == 0)
            return job;
    }
    evidence_record_job_free(job);
    return NULL;
}

/* Hash-tree renewal */

/* h(i)' = H(h(i) ‖ H(all chains)) for each document. */
static int mix(struct evidence_record_job *job, const struct evidence_object *object, struct err *e)
{
    uint8_t older[EVIDENCE_HASH_MOST];
    struct buf der;
    buf_init(&der);
    evidence_record_sequence(job->old, job->old->chain_count, &der);
    struct slice all = buf_slice(&der);
    int result = buf_check(&der, e);
    if (result == 0)
        result = evidence_hash_of(job->hash, &all, 1, older, e);
    buf_fini(&der);
    struct evidence_hash_list *list = job->objects;
    list->values = arena_new(&job->arena, object->count + 1, sizeof *list->values);
    if (result == 0 && !list->values)
        result = err_memory(e);
    for (size_t i = 0; result == 0 && i < object->count; i++) {
        struct slice parts[] = {object->documents[i].values[0], slice_of(older, job->hash->len)};
        uint8_t *value = arena_alloc(&job->arena, EVIDENCE_HASH_MOST);
        if (!value)
            return err_memory(e);
        result = evidence_hash_of(job->hash, parts, 2, value, e);
        list->values[list->count++] = slice_of(value, job->hash->len);
    }
    return result;
}

/* The data that the record is about, without what came to a bundle later. */
static int same_data(struct evidence_record_job *job, const char *const *data, size_t count,
                     struct evidence_object *object, struct err *e)
{
    struct evidence_record_options options = {.data = data, .data_count = count};
    struct evidence_record_verdict verdict;
    size_t kept = 0;
    int result = evidence_record_verify(job->old->whole, &options, &verdict, e);
    if (result == 0 && (!verdict.data_fits || !verdict.hashes_fit || !verdict.signatures_hold)) {
        err_set(e, ERR_VERIFY, "record.data", RENEWAL,
                "the record does not hold for these data%s%s", verdict.problem_count ? ": " : "",
                verdict.problem_count ? verdict.problems[0].text : "");
        result = err_hint(e, "tocsin evidence record verify says more");
    }
    if (result == 0 && verdict.others > 0)
        result =
            err_set(e, ERR_VERIFY, "record.data", RENEWAL,
                    "the record is about %zu more files, which are needed too", verdict.others);
    for (size_t i = 0, skipped = 0; result == 0 && i < object->count; i++) {
        if (skipped < verdict.uncovered_count &&
            strcmp(object->documents[i].path, verdict.uncovered[skipped]) == 0) {
            skipped++;
            continue;
        }
        object->documents[kept++] = object->documents[i];
    }
    object->count = kept;
    evidence_record_verdict_fini(&verdict);
    return result;
}

static int rehash(struct evidence_record_job *job, struct slice record, const char *const *data,
                  size_t count, struct err *e)
{
    const struct evidence_hash *old_hash;
    struct evidence_object object;
    job->old = arena_new(&job->arena, 1, sizeof *job->old);
    job->objects = arena_new(&job->arena, 1, sizeof *job->objects);
    if (!job->old || !job->objects)
        return err_memory(e);
    if (copy_record(job, record, job->old, e) != 0 || look(job, job->old, &old_hash, e) != 0 ||
        evidence_object_join(&job->arena, data, count, &object, e) != 0 ||
        same_data(job, data, count, &object, e) != 0 ||
        evidence_objects_hash(&job->arena, &object, 1, &job->hash, 1, e) != 0 ||
        mix(job, &object, e) != 0)
        return -1;
    return plant(job, 1, e);
}

struct evidence_record_job *evidence_record_rehash(struct slice record, const char *const *data,
                                                   size_t count, const struct evidence_hash *hash,
                                                   struct err *e)
{
    if (may_make(hash, e) != 0)
        return NULL;
    struct evidence_record_job *job = job_new(hash, e);
    if (job) {
        job->count = 1;
        job->new_chain = true;
        if (rehash(job, record, data, count, e) == 0)
            return job;
    }
    evidence_record_job_free(job);
    return NULL;
}

/* The time-stamp */

const struct evidence_hash *evidence_record_job_hash(const struct evidence_record_job *job)
{
    return job->hash;
}

struct slice evidence_record_job_imprint(const struct evidence_record_job *job)
{
    return evidence_hash_tree_root(job->tree);
}

size_t evidence_record_job_count(const struct evidence_record_job *job)
{
    return job->count;
}

int64_t evidence_record_job_time(const struct evidence_record_job *job)
{
    return job->at;
}

void evidence_record_job_query(const struct evidence_record_job *job, struct buf *der)
{
    size_t query = der_begin(der, DER_SEQUENCE);
    der_put_unsigned(der, DER_INTEGER, 1);
    size_t imprint = der_begin(der, DER_SEQUENCE);
    evidence_hash_put(job->hash, DER_SEQUENCE, der);
    der_put(der, DER_OCTET_STRING, evidence_hash_tree_root(job->tree));
    der_close(der, imprint);
    der_put_boolean(der, true); /* certReq */
    der_close(der, query);
}

/* The token of a TimeStampResp (RFC 3161 section 2.4.2), or the answer itself. */
static int token_of(struct slice answer, struct slice *token, struct err *e)
{
    struct der_document document;
    struct der top = der_open(&document, answer);
    struct der r = der_enter(&top, DER_SEQUENCE);
    *token = answer;
    if (der_peek(&r) != DER_SEQUENCE)
        return 0; /* a token, or nothing that could be one */
    struct der status = der_enter(&r, DER_SEQUENCE);
    uint64_t number = der_unsigned(&status, DER_INTEGER);
    if (!document.reason && number > 1)
        return err_set(e, ERR_UNAVAILABLE, "record.refused", "RFC 3161 section 2.4.2",
                       "the time-stamping authority refused, with status %llu",
                       (unsigned long long)number);
    *token = der_take_whole(&r, DER_SEQUENCE);
    return der_finish(&top, "the answer of a time-stamping authority", e);
}

static int fits(const struct evidence_record_job *job, const struct evidence_token *t,
                struct err *e)
{
    if (t->hash != job->hash || !slice_equal(t->imprint, evidence_hash_tree_root(job->tree)))
        return err_set(e, ERR_VERIFY, "record.answer", "RFC 4998 section 4.2.1",
                       "the time-stamp is over something else than was asked for");
    if (t->at < job->newest)
        return err_set(e, ERR_VERIFY, "record.order", "RFC 4998 section 5.1",
                       "the time-stamp is older than the one that it should renew");
    return 0;
}

int evidence_record_job_take(struct evidence_record_job *job, struct slice answer, struct err *e)
{
    struct evidence_token token = {0};
    buf_reset(&job->answer);
    buf_put_slice(&job->answer, answer);
    if (buf_check(&job->answer, e) != 0 || token_of(buf_slice(&job->answer), &job->token, e) != 0)
        return -1;
    int result = evidence_token_open(&token, job->token, e);
    if (result == 0)
        result = fits(job, &token, e);
    if (result == 0)
        result = evidence_token_check(&token, NULL, e);
    job->at = token.at;
    evidence_token_close(&token);
    if (result != 0)
        job->token = slice_of(NULL, 0);
    return result;
}

int evidence_record_job_revocation(const struct evidence_record_job *job, bool inside,
                                   int (*keep)(void *context, struct slice der, const char *kind,
                                               struct err *e),
                                   void *context, char *why, size_t why_room, struct err *e)
{
    struct slice *messages = mem_new(job->count, sizeof *messages);
    if (!messages)
        return err_memory(e);
    for (size_t i = 0; job->old && i < job->count; i++)
        messages[i] = last_of(&job->old[i])->time_stamp;
    const struct evidence_revocation_fetch fetch = {.messages = messages,
                                                    .message_count = job->old ? job->count : 0,
                                                    .inside = inside,
                                                    .keep = keep,
                                                    .context = context,
                                                    .why = why,
                                                    .why_room = why_room};
    int result = evidence_revocation_fetch(&fetch, e);
    mem_free(messages);
    return result;
}

int evidence_record_job_record(const struct evidence_record_job *job, size_t index, struct buf *der,
                               struct err *e)
{
    struct evidence_hash_list *lists;
    size_t count, leaf = job->leaf_of ? job->leaf_of[index] : index;
    struct arena arena;
    struct buf stamp;
    if (job->token.len == 0)
        return err_set(e, ERR_INTERNAL, "record.answer", NULL, "there is no time-stamp yet");
    arena_init(&arena, 0);
    buf_init(&stamp);
    int result = evidence_hash_tree_reduce(job->tree, leaf, &arena, &lists, &count, e);
    if (result == 0) {
        evidence_archive_stamp_write(job->hash, lists, count, job->token, &stamp);
        result = buf_check(&stamp, e);
    }
    if (result == 0)
        result = evidence_record_write(job->old ? &job->old[index] : NULL, job->new_chain,
                                       job->hash, buf_slice(&stamp), der, e);
    buf_fini(&stamp);
    arena_fini(&arena);
    return result;
}
