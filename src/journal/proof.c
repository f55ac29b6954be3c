/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/proof.h"

#include "base/cursor.h"
#include "base/encoding.h"

#define CLAUSE "C2SP tlog-proof, Format"
#define HEADER "c2sp.org/tlog-proof@v1"

static void put_hash(struct buf *b, const uint8_t hash[MERKLE_HASH])
{
    base64_put(b, slice_of(hash, MERKLE_HASH));
}

void journal_proof_put(struct buf *b, uint64_t index, const uint8_t (*proof)[MERKLE_HASH], size_t n,
                       const uint8_t salt[ACT_SALT], struct slice body, struct slice checkpoint)
{
    struct buf extra;

    buf_init(&extra);
    buf_put(&extra, salt, ACT_SALT);
    buf_put_slice(&extra, body);
    buf_puts(b, HEADER "\nextra ");
    if (extra.failed)
        b->failed = true;
    else
        base64_put(b, buf_slice(&extra));
    buf_printf(b, "\nindex %llu\n", (unsigned long long)index);
    for (size_t i = 0; i < n; i++) {
        put_hash(b, proof[i]);
        buf_putc(b, '\n');
    }
    buf_putc(b, '\n');
    buf_put_slice(b, checkpoint);
    buf_fini(&extra);
}

static int syntax(struct err *e, size_t line, const char *text)
{
    err_set(e, ERR_INPUT, "proof.syntax", CLAUSE, "not a tlog-proof: %s", text);
    return err_where(e, "line %zu", line);
}

static bool skip(struct slice *line, const char *word)
{
    size_t len = strlen(word);

    if (line->len < len || memcmp(line->data, word, len) != 0)
        return false;
    *line = slice_of(line->data + len, line->len - len);
    return true;
}

int journal_proof_parse(struct journal_proof *proof, struct slice text, struct err *e)
{
    struct cursor c;
    struct slice line;
    size_t number = 1;

    *proof = (struct journal_proof){.count = 0};
    buf_init(&proof->extra);
    if (text.len > JOURNAL_PROOF_TEXT_MAX)
        return err_set(e, ERR_LIMIT, "proof.size", NULL, "a proof of %zu bytes; at most %d",
                       text.len, JOURNAL_PROOF_TEXT_MAX);
    cursor_init(&c, text);
    line = cursor_line(&c);
    if (c.failed || !slice_is(line, HEADER))
        return syntax(e, number, "the first line is \"" HEADER "\"");
    line = cursor_line(&c);
    number++;
    if (!c.failed && skip(&line, "extra ")) {
        if (line.len == 0 || base64_parse(line, &proof->extra) != 0) {
            if (proof->extra.failed)
                err_memory(e);
            else
                syntax(e, number, "\"extra\" is base64");
            goto fail;
        }
        line = cursor_line(&c);
        number++;
    }
    if (c.failed || !skip(&line, "index ") || !note_number_parse(line, &proof->index)) {
        syntax(e, number, "\"index \" and a number is expected");
        goto fail;
    }
    for (;;) {
        line = cursor_line(&c);
        number++;
        if (!c.failed && line.len == 0)
            break;
        if (c.failed || proof->count == MERKLE_PROOF_MAX ||
            !note_hash_parse(line, proof->hashes[proof->count])) {
            syntax(e, number, "at most 64 hashes in base64 and then an empty line are expected");
            goto fail;
        }
        proof->count++;
    }
    proof->note = slice_of(text.data + c.at, text.len - c.at);
    return 0;
fail:
    journal_proof_fini(proof);
    return -1;
}

void journal_proof_fini(struct journal_proof *proof)
{
    buf_fini(&proof->extra);
}

int journal_proof_verify(const struct journal_proof *proof, const struct note_key *log,
                         const struct note_key *witnesses, size_t witness_count, size_t quorum,
                         struct slice *act, struct err *e)
{
    struct note note;
    struct checkpoint checkpoint;
    uint8_t commitment[ACT_COMMITMENT], leaf[MERKLE_HASH];
    struct slice extra = buf_slice(&proof->extra), body;

    if (extra.len <= ACT_SALT)
        return err_set(e, ERR_INPUT, "proof.syntax", "tocsin formats section 2.3",
                       "the proof's \"extra\" line does not hold a salt and an act");
    body = slice_of(extra.data + ACT_SALT, extra.len - ACT_SALT);
    if (checkpoint_read(&note, &checkpoint, proof->note, log, slice_of(NULL, 0), e) != 0)
        return -1;
    int cosigned = checkpoint_cosigned(&note, witnesses, witness_count, e);
    if (cosigned < 0)
        return -1;
    if ((size_t)cosigned < quorum)
        return err_set(e, ERR_VERIFY, "proof.not-witnessed", "C2SP tlog-proof, Verifying",
                       "%d of the witnesses cosigned the checkpoint of size %llu; %zu are wanted",
                       cosigned, (unsigned long long)checkpoint.size, quorum);
    if (act_check(body, e) != 0 || act_commit(extra.data, body, commitment, leaf, e) != 0 ||
        merkle_verify_inclusion(proof->index, checkpoint.size, checkpoint.root, leaf, proof->hashes,
                                proof->count, e) != 0)
        return -1;
    if (act)
        *act = body;
    return 0;
}

/* ---- consistency ------------------------------------------------------------------------- */

void journal_hashes_write(struct json_writer *w, const uint8_t (*hashes)[MERKLE_HASH], size_t n)
{
    json_write_array(w);
    for (size_t i = 0; i < n; i++) {
        struct buf text;
        buf_init(&text);
        put_hash(&text, hashes[i]);
        if (text.failed)
            w->out->failed = true;
        json_write_slice(w, buf_slice(&text));
        buf_fini(&text);
    }
    json_write_array_end(w);
}

int journal_hashes_read(const struct json_value *array,
                        uint8_t hashes[MERKLE_PROOF_MAX][MERKLE_HASH], size_t *n, struct err *e)
{
    size_t count = 0;

    if (!json_is(array, JSON_ARRAY) || json_count(array) > MERKLE_PROOF_MAX)
        return err_set(e, ERR_INPUT, "proof.hashes", "tocsin formats section 1",
                       "a proof is an array of at most %d hashes", MERKLE_PROOF_MAX);
    json_each(item, array)
    {
        struct slice text = json_string(item);
        if (!text.data || !note_hash_parse(text, hashes[count]))
            return err_set(e, ERR_INPUT, "proof.hashes", "tocsin formats section 1",
                           "hash %zu of a proof is not base64 of 32 bytes", count);
        count++;
    }
    *n = count;
    return 0;
}

void journal_consistency_put(struct buf *b, uint64_t from, uint64_t to,
                             const uint8_t (*proof)[MERKLE_HASH], size_t n)
{
    struct json_writer w;

    json_write_init(&w, b, 0);
    json_write_object(&w);
    json_member_int(&w, "from", (int64_t)from);
    json_write_name(&w, "hashes");
    journal_hashes_write(&w, proof, n);
    json_member_int(&w, "to", (int64_t)to);
    json_write_object_end(&w);
}

int journal_consistency_read(struct journal_consistency *c, const struct json_value *value,
                             struct err *e)
{
    int64_t from, to;

    if (!json_is(value, JSON_OBJECT) || json_count(value) != 3 ||
        !json_int64(json_get(value, "from"), &from) || !json_int64(json_get(value, "to"), &to) ||
        from < 0 || to < from)
        return err_set(e, ERR_INPUT, "consistency.syntax", "tocsin formats section 2.3",
                       "a consistency proof has the members from, to (not before it) and hashes");
    c->from = (uint64_t)from;
    c->to = (uint64_t)to;
    return journal_hashes_read(json_get(value, "hashes"), c->hashes, &c->count, e);
}

int journal_consistency_parse(struct journal_consistency *c, struct slice text, struct err *e)
{
    const struct json_limits limits = {.bytes = 16384, .depth = 4, .values = 128};
    struct json_doc *doc = NULL;
    int rc;

    if (json_parse(&doc, text, &limits, e) != 0)
        return -1;
    rc = journal_consistency_read(c, json_root(doc), e);
    json_doc_free(doc);
    return rc;
}
