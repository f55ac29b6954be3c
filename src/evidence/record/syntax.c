/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/record/syntax.h"
#include "crypto/der.h"

#define SYNTAX "RFC 4998 section 3.1"

enum { REDUCED_TREE = 2, ATTRIBUTES = 1 };

struct parsing {
    struct arena *arena;
    struct slice der;
    struct der_document document;
    struct err *e; /* of what DER has no words for */
};

static size_t offset_of(const struct parsing *p, struct slice part)
{
    return part.data ? (size_t)(part.data - p->der.data) : 0;
}

/* How many elements are in there; a malformed one ends the count, and is found by the reader. */
static size_t count_of(struct slice contents)
{
    struct der_document document;
    struct der r = der_open(&document, contents);
    size_t count = 0;
    while (!der_at_end(&r)) {
        der_take_any(&r, NULL, NULL);
        count++;
    }
    return count;
}

static int complain(struct parsing *p, struct slice at, const char *code, const char *text)
{
    if (err_is_set(p->e))
        return -1;
    err_set(p->e, ERR_INPUT, code, SYNTAX, "%s", text);
    return err_where(p->e, "offset %zu", offset_of(p, at));
}

/* The contents of an AlgorithmIdentifier. */
static const struct evidence_hash *read_hash(struct parsing *p, struct der *r)
{
    struct slice oid = der_oid(r);
    const struct evidence_hash *hash = evidence_hash_by_oid(oid);
    if (!der_at_end(r) && der_take(r, DER_NULL).len != 0)
        der_fault(r, "parameters of a hash algorithm that are not NULL");
    der_end(r);
    if (p->document.reason)
        return NULL;
    if (!hash) {
        char text[64] = "?";
        (void)der_oid_text(oid, text, sizeof text);
        if (!err_is_set(p->e)) {
            err_set(p->e, ERR_INPUT, "record.algorithm", SYNTAX,
                    "the hash algorithm %s is not one that this program knows", text);
            err_where(p->e, "offset %zu", offset_of(p, oid));
        }
    }
    return hash;
}

static void read_hashes(struct parsing *p, struct der *r, struct evidence_record *record)
{
    struct slice contents = der_take(r, DER_SEQUENCE);
    struct der list = der_inside(r, contents);
    size_t count = count_of(contents);
    record->hashes = arena_new(p->arena, count + 1, sizeof *record->hashes);
    if (!record->hashes) {
        err_memory(p->e);
        return;
    }
    while (!der_at_end(&list) && !err_is_set(p->e) && record->hash_count < count) {
        struct der one = der_enter(&list, DER_SEQUENCE);
        record->hashes[record->hash_count++] = read_hash(p, &one);
    }
    if (record->hash_count == 0 && !p->document.reason)
        complain(p, contents, "record.empty", "digestAlgorithms names no algorithm");
}

/* EncryptionInfo: what it is, without opening it. */
static void read_encryption(struct der *r, struct evidence_record *record)
{
    struct der info = der_enter(r, DER_CONTEXT_CONSTRUCTED(1));
    record->encryption_type = der_oid(&info);
    record->encryption_value = der_take_any(&info, NULL, NULL);
    der_end(&info);
}

/* Attributes are read for their form only. */
static void check_attributes(struct der *r, struct slice contents)
{
    struct der set = der_inside(r, contents);
    if (contents.len == 0)
        der_fault(r, "an empty list of attributes");
    while (!der_at_end(&set)) {
        struct der one = der_enter(&set, DER_SEQUENCE);
        der_oid(&one);
        der_take(&one, DER_SET);
        der_end(&one);
    }
}

static int read_list(struct parsing *p, struct der *r, size_t want, struct evidence_hash_list *list)
{
    struct slice contents = der_take(r, DER_SEQUENCE);
    struct der in = der_inside(r, contents);
    size_t count = count_of(contents);
    if (p->document.reason)
        return -1;
    if (count == 0)
        return complain(p, contents, "record.empty", "a partial hash tree without a value");
    list->values = arena_new(p->arena, count, sizeof *list->values);
    if (!list->values)
        return err_memory(p->e);
    while (!der_at_end(&in) && list->count < count) {
        struct slice value = der_take(&in, DER_OCTET_STRING);
        if (!p->document.reason && want && value.len != want)
            return complain(p, value, "record.hash-length",
                            "a hash value has not the length that its algorithm gives");
        list->values[list->count++] = value;
    }
    return 0;
}

static int read_tree(struct parsing *p, struct der *r, struct evidence_archive_stamp *stamp)
{
    struct slice contents = der_take(r, DER_CONTEXT_CONSTRUCTED(REDUCED_TREE));
    struct der in = der_inside(r, contents);
    size_t count = count_of(contents);
    if (p->document.reason)
        return -1;
    if (count == 0)
        return complain(p, contents, "record.empty", "a reduced hash tree without a list");
    stamp->lists = arena_new(p->arena, count, sizeof *stamp->lists);
    if (!stamp->lists)
        return err_memory(p->e);
    while (!der_at_end(&in) && stamp->list_count < count)
        if (read_list(p, &in, stamp->hash ? stamp->hash->len : 0,
                      &stamp->lists[stamp->list_count++]) != 0)
            return -1;
    return 0;
}

static int read_stamp(struct parsing *p, struct der *chain, struct evidence_archive_stamp *stamp)
{
    stamp->whole = der_take_whole(chain, DER_SEQUENCE);
    stamp->at = offset_of(p, stamp->whole);
    struct der whole = der_inside(chain, stamp->whole);
    struct der r = der_enter(&whole, DER_SEQUENCE);
    if (der_peek(&r) == DER_CONTEXT_CONSTRUCTED(0)) {
        struct der algorithm = der_enter(&r, DER_CONTEXT_CONSTRUCTED(0));
        stamp->hash = read_hash(p, &algorithm);
    }
    if (der_peek(&r) == DER_CONTEXT_CONSTRUCTED(ATTRIBUTES)) {
        stamp->attributes = der_take(&r, DER_CONTEXT_CONSTRUCTED(ATTRIBUTES));
        check_attributes(&r, stamp->attributes);
    }
    if (der_peek(&r) == DER_CONTEXT_CONSTRUCTED(REDUCED_TREE) && read_tree(p, &r, stamp) != 0)
        return -1;
    stamp->time_stamp = der_take_whole(&r, DER_SEQUENCE);
    der_end(&r);
    return p->document.reason || err_is_set(p->e) ? -1 : 0;
}

static int read_chain(struct parsing *p, struct der *sequence, struct evidence_archive_chain *chain)
{
    chain->whole = der_take_whole(sequence, DER_SEQUENCE);
    struct der whole = der_inside(sequence, chain->whole);
    struct slice contents = der_take(&whole, DER_SEQUENCE);
    struct der r = der_inside(sequence, contents);
    size_t count = count_of(contents);
    if (p->document.reason)
        return -1;
    if (count == 0)
        return complain(p, chain->whole, "record.empty", "a chain without an archive time-stamp");
    if (count > EVIDENCE_STAMPS_MOST)
        return complain(p, chain->whole, "record.size", "a chain of too many time-stamps");
    chain->stamps = arena_new(p->arena, count, sizeof *chain->stamps);
    if (!chain->stamps)
        return err_memory(p->e);
    while (!der_at_end(&r) && chain->count < count)
        if (read_stamp(p, &r, &chain->stamps[chain->count++]) != 0)
            return -1;
    return 0;
}

static void read_sequence(struct parsing *p, struct der *r, struct evidence_record *record)
{
    record->sequence = der_take(r, DER_SEQUENCE);
    struct der in = der_inside(r, record->sequence);
    size_t count = count_of(record->sequence);
    if (p->document.reason)
        return;
    if (count == 0) {
        complain(p, record->sequence, "record.empty", "no chain of archive time-stamps");
        return;
    }
    if (count > EVIDENCE_STAMPS_MOST) {
        complain(p, record->sequence, "record.size", "too many chains of time-stamps");
        return;
    }
    record->chains = arena_new(p->arena, count, sizeof *record->chains);
    if (!record->chains) {
        err_memory(p->e);
        return;
    }
    while (!der_at_end(&in) && record->chain_count < count)
        if (read_chain(p, &in, &record->chains[record->chain_count++]) != 0)
            return;
}

int evidence_record_parse(struct arena *arena, struct slice der, struct evidence_record *record,
                          struct err *e)
{
    struct parsing p = {.arena = arena, .der = der, .e = e};
    *record = (struct evidence_record){.whole = der};
    if (der.len > EVIDENCE_RECORD_MOST)
        return err_set(e, ERR_LIMIT, "record.size", NULL, "an evidence record of over %d bytes",
                       EVIDENCE_RECORD_MOST);
    struct der top = der_open(&p.document, der);
    struct der r = der_enter(&top, DER_SEQUENCE);
    uint64_t version = der_unsigned(&r, DER_INTEGER);
    if (!p.document.reason && version != 1) {
        err_set(e, ERR_INPUT, "record.version", SYNTAX,
                "version %llu, and version 1 is the only one there is",
                (unsigned long long)version);
        return err_where(e, "the first field");
    }
    read_hashes(&p, &r, record);
    if (der_peek(&r) == DER_CONTEXT_CONSTRUCTED(0)) {
        record->crypto_infos = der_take(&r, DER_CONTEXT_CONSTRUCTED(0));
        check_attributes(&r, record->crypto_infos);
    }
    if (der_peek(&r) == DER_CONTEXT_CONSTRUCTED(1))
        read_encryption(&r, record);
    if (!err_is_set(e))
        read_sequence(&p, &r, record);
    if (err_is_set(e) && !p.document.reason)
        return -1;
    der_end(&r);
    err_clear(e);
    return der_finish(&top, "an evidence record", e);
}

/* Writing */

void evidence_record_sequence(const struct evidence_record *record, size_t chains, struct buf *der)
{
    size_t len = 0;
    for (size_t i = 0; i < chains; i++)
        len += record->chains[i].whole.len;
    der_put(der, DER_SEQUENCE, slice_of(record->sequence.data, len));
}

void evidence_archive_stamp_write(const struct evidence_hash *hash,
                                  const struct evidence_hash_list *lists, size_t list_count,
                                  struct slice time_stamp, struct buf *der)
{
    size_t stamp = der_begin(der, DER_SEQUENCE);
    evidence_hash_put(hash, DER_CONTEXT_CONSTRUCTED(0), der);
    if (list_count > 0) {
        size_t tree = der_begin(der, DER_CONTEXT_CONSTRUCTED(REDUCED_TREE));
        for (size_t i = 0; i < list_count; i++) {
            size_t list = der_begin(der, DER_SEQUENCE);
            for (size_t j = 0; j < lists[i].count; j++)
                der_put(der, DER_OCTET_STRING, lists[i].values[j]);
            der_close(der, list);
        }
        der_close(der, tree);
    }
    buf_put_slice(der, time_stamp);
    der_close(der, stamp);
}

static void put_hashes(const struct evidence_record *old, const struct evidence_hash *hash,
                       struct buf *der)
{
    size_t list = der_begin(der, DER_SEQUENCE);
    bool there = false;
    for (size_t i = 0; old && i < old->hash_count; i++) {
        evidence_hash_put(old->hashes[i], DER_SEQUENCE, der);
        there = there || old->hashes[i] == hash;
    }
    if (!there)
        evidence_hash_put(hash, DER_SEQUENCE, der);
    der_close(der, list);
}

int evidence_record_write(const struct evidence_record *old, bool new_chain,
                          const struct evidence_hash *hash, struct slice stamp, struct buf *der,
                          struct err *e)
{
    size_t record = der_begin(der, DER_SEQUENCE);
    der_put_unsigned(der, DER_INTEGER, 1);
    put_hashes(old, hash, der);
    if (old && old->crypto_infos.len > 0)
        der_put(der, DER_CONTEXT_CONSTRUCTED(0), old->crypto_infos);
    if (old && old->encryption_type.len > 0) {
        size_t info = der_begin(der, DER_CONTEXT_CONSTRUCTED(1));
        der_put(der, DER_OID, old->encryption_type);
        buf_put_slice(der, old->encryption_value);
        der_close(der, info);
    }
    size_t sequence = der_begin(der, DER_SEQUENCE);
    size_t kept = old ? old->chain_count - !new_chain : 0;
    for (size_t i = 0; i < kept; i++)
        buf_put_slice(der, old->chains[i].whole);
    size_t chain = der_begin(der, DER_SEQUENCE);
    if (old && !new_chain)
        for (size_t i = 0; i < old->chains[kept].count; i++)
            buf_put_slice(der, old->chains[kept].stamps[i].whole);
    buf_put_slice(der, stamp);
    der_close(der, chain);
    der_close(der, sequence);
    der_close(der, record);
    return buf_check(der, e);
}
