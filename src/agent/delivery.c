/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/delivery.h"
#include "agent/chain.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "crypto/digest.h"
#include "journal/proof.h"

static const char clause[] = "docs/formats.md 3.3";

void delivery_init(struct delivery *d)
{
    memset(d, 0, sizeof(*d));
    buf_init(&d->notice);
    buf_init(&d->entry);
    buf_init(&d->publication);
}

void delivery_fini(struct delivery *d)
{
    buf_fini(&d->notice);
    buf_fini(&d->entry);
    buf_fini(&d->publication);
    json_doc_free(d->doc);
    memset(d, 0, sizeof(*d));
}

static int missing(struct err *e, const char *member)
{
    return err_set(e, ERR_INPUT, "delivery.syntax", clause,
                   "the delivery's \"%s\" is missing or not as described", member);
}

static int read_base64(const struct json_value *value, const char *name, struct buf *out,
                       struct err *e)
{
    struct slice text = json_get_string(value, name);

    if (text.len == 0 || base64_parse(text, out) != 0)
        return out->failed ? buf_check(out, e) : missing(e, name);
    return 0;
}

static struct slice advisory_member(const struct delivery *d, const char *name)
{
    return json_get_string(json_get(json_root(d->doc), "advisory"), name);
}

static int read_notice(struct delivery *d, struct err *e)
{
    const struct json_value *root;

    if (json_check_canonical(buf_slice(&d->notice), e) != 0 ||
        json_parse(&d->doc, buf_slice(&d->notice), NULL, e) != 0)
        return err_context(e, "notice");
    root = json_root(d->doc);
    if (!slice_is(json_get_string(root, "format"), "tocsin-notice/v1"))
        return err_set(e, ERR_INPUT, "delivery.notice", "docs/formats.md 3.1",
                       "the notice's format is not tocsin-notice/v1");
    d->origin = json_get_string(root, "origin");
    d->advisory_id = advisory_member(d, "id");
    d->namespace = advisory_member(d, "namespace");
    d->version = advisory_member(d, "version");
    d->title = advisory_member(d, "title");
    d->tlp = advisory_member(d, "tlp");
    if (d->origin.len == 0 || d->advisory_id.len == 0 ||
        json_get_string(root, "audience").len == 0 || json_get_string(root, "class").len == 0 ||
        hash_text_parse(advisory_member(d, "document"), d->document) != 0 ||
        !json_is(json_get(root, "statements"), JSON_ARRAY))
        return err_set(
            e, ERR_INPUT, "delivery.notice", "docs/formats.md 3.1",
            "the notice lacks origin, audience, class, advisory (id, document) or statements");
    return agent_notice_digest(buf_slice(&d->notice), d->digest, e);
}

int delivery_read(struct delivery *d, const struct json_value *value, struct err *e)
{
    const struct json_value *publication = json_get(value, "publication");
    int64_t n;

    delivery_init(d);
    if (!json_is(value, JSON_OBJECT)) {
        err_set(e, ERR_INPUT, "delivery.syntax", clause, "a delivery must be a JSON object");
        goto fail;
    }
    if (!json_int64(json_get(value, "n"), &n) || n < 1) {
        missing(e, "n");
        goto fail;
    }
    d->n = (uint64_t)n;
    if (!json_is(publication, JSON_OBJECT)) {
        missing(e, "publication");
        goto fail;
    }
    if (read_base64(value, "notice", &d->notice, e) != 0 ||
        read_base64(value, "entry", &d->entry, e) != 0 ||
        journal_hashes_read(json_get(value, "path"), d->path, &d->path_length, e) != 0 ||
        json_canonical(publication, &d->publication, e) != 0 ||
        buf_check(&d->publication, e) != 0 || read_notice(d, e) != 0)
        goto fail;
    return 0;
fail:
    delivery_fini(d);
    return -1;
}

int delivery_parse(struct delivery *d, struct slice text, struct err *e)
{
    struct json_limits limits = json_limits_default;
    struct json_doc *doc = NULL;
    int result;

    limits.bytes = DELIVERY_MAX;
    if (json_parse(&doc, text, &limits, e) != 0)
        return -1;
    result = delivery_read(d, json_root(doc), e);
    json_doc_free(doc);
    return result;
}

/* The same value under the same name, compared in canonical form; absent in both is the same. */
static bool same_member(const struct json_value *a, const struct json_value *b, const char *name)
{
    const struct json_value *left = json_get(a, name), *right = json_get(b, name);
    struct err ignored = {0};
    struct buf one, two;
    bool same;

    if (!left || !right)
        return left == right;
    buf_init(&one);
    buf_init(&two);
    same = json_canonical(left, &one, &ignored) == 0 &&
           json_canonical(right, &two, &ignored) == 0 && !one.failed && !two.failed &&
           slice_equal(buf_slice(&one), buf_slice(&two));
    buf_fini(&one);
    buf_fini(&two);
    return same;
}

static int check_entry(const struct delivery *d, const struct json_value *publication,
                       const struct json_value *entry, struct err *e)
{
    const struct json_value *entries = json_get(publication, "entries");
    uint8_t root[32], named[32], leaf[32];
    int64_t count, index;

    if (!slice_is(json_get_string(entry, "format"), "tocsin-entry/v1") ||
        !json_int64(json_get(entry, "index"), &index) || index < 0 ||
        hash_text_parse(json_get_string(entry, "notice"), named) != 0)
        return err_set(e, ERR_INPUT, "delivery.entry", "docs/formats.md 3.2",
                       "the entry's format, index or notice is not as described");
    if (!json_int64(json_get(entries, "count"), &count) || count < 1 ||
        hash_text_parse(json_get_string(entries, "root"), root) != 0)
        return err_set(e, ERR_INPUT, "delivery.publication", "docs/formats.md 3.2",
                       "the publication's entries are not as described");
    if (merkle_leaf(buf_slice(&d->entry), leaf) != 0)
        return digest_failed(e);
    struct err why = {0};
    if (index >= count ||
        merkle_verify_inclusion((uint64_t)index, (uint64_t)count, root, leaf,
                                (const uint8_t(*)[MERKLE_HASH])d->path, d->path_length, &why) != 0)
        return err_set(e, ERR_VERIFY, "delivery.path", clause,
                       "entry %lld is not in the publication of %lld entries", (long long)index,
                       (long long)count);
    if (memcmp(named, d->digest, 32) != 0)
        return err_set(e, ERR_VERIFY, "delivery.entry", clause,
                       "the entry was published for another notice");
    if (!same_member(entry, json_root(d->doc), "audience") ||
        !same_member(entry, json_root(d->doc), "class"))
        return err_set(e, ERR_VERIFY, "delivery.entry", clause,
                       "the entry names another audience or class than the notice");
    return 0;
}

static int check_origin(const struct delivery *d, const struct json_value *publication,
                        const struct state *state, struct err *e)
{
    struct slice published = json_get_string(publication, "origin");

    if (!slice_equal(published, d->origin))
        return err_set(e, ERR_VERIFY, "delivery.origin", clause,
                       "notice and publication are of different journals");
    if (!state_knows_origin(state, published))
        return err_set(e, ERR_VERIFY, "delivery.origin", clause,
                       "the notice is of the journal \"%.*s\", which this device does not know",
                       (int)(published.len < 100 ? published.len : 100),
                       (const char *)published.data);
    return 0;
}

int delivery_verify(const struct delivery *d, const struct trust *trust, const struct state *state,
                    struct err *e)
{
    struct json_doc *entry = NULL;
    struct envelope envelope;
    int result = -1;
    int64_t at;

    if (envelope_parse(&envelope, buf_slice(&d->publication), "tocsin-publication/v1", e) != 0)
        return -1;
    if (time_parse(json_get_string(envelope.root, "at"), &at, e) != 0)
        goto out;
    if (envelope_verify_chain(&envelope, trust->verifier, at, PURPOSE_DOCUMENT, e) != 0)
        goto out;
    if (check_origin(d, envelope.root, state, e) != 0)
        goto out;
    if (json_check_canonical(buf_slice(&d->entry), e) != 0 ||
        json_parse(&entry, buf_slice(&d->entry), NULL, e) != 0) {
        err_context(e, "entry");
        goto out;
    }
    if (check_entry(d, envelope.root, json_root(entry), e) != 0)
        goto out;
    if (!same_member(envelope.root, json_root(d->doc), "advisory")) {
        err_set(e, ERR_VERIFY, "delivery.advisory", clause,
                "notice and publication speak of different advisories");
        goto out;
    }
    if (!same_member(envelope.root, json_root(d->doc), "exercise")) {
        err_set(e, ERR_VERIFY, "delivery.exercise", clause,
                "one of notice and publication is an exercise, the other is not");
        goto out;
    }
    result = 0;
out:
    json_doc_free(entry);
    envelope_fini(&envelope);
    return result;
}

int delivery_order(const struct delivery *d, const struct state *state, struct err *e)
{
    if (d->n <= state->n)
        return 0;
    if (d->n == state->n + 1)
        return 1;
    return err_set(e, ERR_VERIFY, "delivery.gap", clause,
                   "notice %llu came, but %llu is the next of this device",
                   (unsigned long long)d->n, (unsigned long long)state->n + 1);
}

void delivery_write(const struct delivery *d, struct buf *out)
{
    struct json_writer w;

    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_int(&w, "n", (int64_t)d->n);
    json_member_base64(&w, "notice", buf_slice(&d->notice));
    json_member_base64(&w, "entry", buf_slice(&d->entry));
    json_write_name(&w, "path");
    journal_hashes_write(&w, (const uint8_t(*)[MERKLE_HASH])d->path, d->path_length);
    json_write_name(&w, "publication");
    json_write_raw(&w, buf_slice(&d->publication));
    json_write_object_end(&w);
    buf_putc(out, '\n');
}

const char *delivery_status(const struct delivery *d)
{
    static const char *const worst_first[] = {"affected", "unknown", "under_investigation", "fixed",
                                              "not_affected"};
    const struct json_value *statements = json_get(json_root(d->doc), "statements");
    size_t worst = ARRAY_LEN(worst_first);

    json_each(statement, statements)
    {
        struct slice status = json_get_string(statement, "status");
        for (size_t i = 0; i < worst; i++)
            if (slice_is(status, worst_first[i]))
                worst = i;
    }
    return worst < ARRAY_LEN(worst_first) ? worst_first[worst] : "none";
}
