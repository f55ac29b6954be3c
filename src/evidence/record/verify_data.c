/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the chains of a record are about the data that are given. */
#include "evidence/record/hash_tree.h"
#include "evidence/record/verify_internal.h"

#include <stdio.h>
#include <string.h>

#define SEQUENCE "RFC 4998 section 5.3"

static size_t index_of(const struct judging *j, const struct evidence_hash *hash)
{
    size_t i = 0;
    while (i < j->hash_count && j->hashes[i] != hash)
        i++;
    return i;
}

int evidence_record_read_data(struct judging *j, struct err *e)
{
    const struct evidence_record_options *o = j->options;
    if (o->data_count == 0)
        return 0;
    for (size_t i = 0; i < j->count; i++) {
        bool opens = i == 0 || j->judged[i].chain != j->judged[i - 1].chain;
        const struct evidence_hash *hash = j->judged[i].hash;
        if (!opens || !hash || index_of(j, hash) < j->hash_count)
            continue;
        if (j->hash_count == EVIDENCE_HASHES_MOST)
            return err_set(e, ERR_LIMIT, "record.algorithm", NULL, "over %d hash algorithms",
                           EVIDENCE_HASHES_MOST);
        j->hashes[j->hash_count++] = hash;
    }
    struct arena *arena = &j->verdict->arena;
    if (evidence_object_join(arena, o->data, o->data_count, &j->data, e) != 0 ||
        evidence_objects_hash(arena, &j->data, 1, j->hashes, j->hash_count, e) != 0)
        return -1;
    j->verdict->files = j->data.count;
    j->verdict->uncovered = arena_new(arena, j->data.count + 1, sizeof *j->verdict->uncovered);
    return j->verdict->uncovered ? 0 : err_memory(e);
}

static int complain(struct judging *j, const struct judged *s, const char *code, const char *file,
                    const char *text, struct err *e)
{
    struct err why = {0};
    char where[64];
    err_set(&why, ERR_VERIFY, code, SEQUENCE, "%s%s%s", file, file[0] ? ": " : "", text);
    snprintf(where, sizeof where, "chain %zu, time-stamp 1 (offset %zu)", s->chain + 1,
             s->step->offset);
    return evidence_record_complain(j, where, &why, e);
}

/* The value that a chain's first time-stamp must hold for a document. */
static int value_of(struct judging *j, const struct judged *s, const struct evidence_document *d,
                    struct slice older, uint8_t out[EVIDENCE_HASH_MOST], struct err *e)
{
    struct slice parts[] = {d->values[index_of(j, s->hash)], older};
    if (s->chain > 0)
        return evidence_hash_of(s->hash, parts, 2, out, e);
    memcpy(out, parts[0].data, parts[0].len);
    return 0;
}

/* ha(i): the hash of all chains before, as one sequence. */
static int older_chains(struct judging *j, const struct judged *s, uint8_t out[EVIDENCE_HASH_MOST],
                        struct err *e)
{
    struct buf der;
    buf_init(&der);
    evidence_record_sequence(&j->record, s->chain, &der);
    struct slice all = buf_slice(&der);
    int result = buf_check(&der, e);
    if (result == 0)
        result = evidence_hash_of(s->hash, &all, 1, out, e);
    buf_fini(&der);
    return result;
}

static bool binary_search(const struct evidence_hash_list *sorted, struct slice value)
{
    size_t low = 0, high = sorted->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(sorted->values[middle], value);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* Values of the list that are of none of the documents. */
static size_t strangers(const struct evidence_hash_list *list, const struct evidence_hash_list *own)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += !binary_search(own, list->values[i]);
    return count;
}

static int check_documents(struct judging *j, struct judged *s,
                           const struct evidence_hash_list *list, struct slice older,
                           struct evidence_hash_list *own, bool *fits, struct err *e)
{
    struct evidence_record_verdict *v = j->verdict;
    size_t missing = 0, kept = 0;
    for (size_t i = 0; i < j->data.count; i++) {
        struct evidence_document d = j->data.documents[i];
        uint8_t *value = arena_alloc(&v->arena, EVIDENCE_HASH_MOST);
        if (!value)
            return err_memory(e);
        if (value_of(j, s, &d, older, value, e) != 0)
            return -1;
        bool there = binary_search(list, slice_of(value, s->hash->len));
        if (there)
            own->values[own->count++] = slice_of(value, s->hash->len);
        else if (d.later && s->chain == 0) {
            v->uncovered[v->uncovered_count++] = d.path; /* it is not asked for further */
            continue;
        } else if (missing++ < 10 &&
                   complain(j, s, "record.data", d.path,
                            s->chain == 0 ? "the first time-stamp is not about these bytes"
                                          : "the hash-tree renewal is not about these bytes and "
                                            "the chains before",
                            e) != 0) {
            return -1;
        }
        j->data.documents[kept++] = d;
    }
    j->data.count = kept;
    *fits = missing == 0 && kept > 0;
    return 0;
}

/* Without the data, a first time-stamp can be looked at by itself alone. */
int evidence_record_check_data(struct judging *j, struct judged *s,
                               const struct evidence_hash_list *list, bool *fits, struct err *e)
{
    struct evidence_record_verdict *v = j->verdict;
    uint8_t older[EVIDENCE_HASH_MOST] = {0};
    *fits = true;
    if (j->options->data_count == 0)
        return 0;
    struct evidence_hash_list sorted = {.count = list->count}, own = {0};
    sorted.values = arena_new(&v->arena, list->count + 1, sizeof *sorted.values);
    own.values = arena_new(&v->arena, j->data.count + 1, sizeof *own.values);
    if (!sorted.values || !own.values)
        return err_memory(e);
    memcpy(sorted.values, list->values, list->count * sizeof *list->values);
    evidence_values_sort(sorted.values, sorted.count);
    if (s->chain > 0 && older_chains(j, s, older, e) != 0)
        return -1;
    if (check_documents(j, s, &sorted, slice_of(older, s->hash->len), &own, fits, e) != 0)
        return -1;
    evidence_values_sort(own.values, own.count);
    size_t others = strangers(&sorted, &own);
    if (s->chain == 0) {
        v->others = others;
        v->data_fits = *fits;
        v->whole_group = *fits && others == 0;
    } else {
        v->data_fits = v->data_fits && *fits;
        v->whole_group = v->whole_group && others == 0;
    }
    return 0;
}
