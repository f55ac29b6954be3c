/* SPDX-License-Identifier: Apache-2.0 */
/* The story of the fixture: who is there, what is told, what comes back. */
#include "pack_scene.h"

#include "base/memory.h"
#include "crypto/digest.h"
#include "crypto/pem.h"
#include "journal/proof.h"

#include <stdarg.h>

static bool lies(const struct scene *s, const char *lie)
{
    return s->options->lie && strcmp(s->options->lie, lie) == 0;
}

void scene_hash(struct scene *s, struct slice a, struct slice b, uint8_t out[32])
{
    const struct slice parts[2] = {a, b};

    CHECK(sha256_slices(parts, 2, out) == 0);
}

const char *scene_text(const uint8_t digest[32])
{
    static char texts[8][HASH_TEXT];
    static unsigned next;
    char *text = texts[next++ % 8];

    hash_text_format(digest, text);
    return text;
}

static void *grow(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    *room = *room ? *room * 2 : 64;
    array = mem_resize(array, *room, size);
    if (!array)
        abort();
    return array;
}

/* ---- the journal ------------------------------------------------------------------------- */

int64_t scene_now(const struct scene *s)
{
    return BEGIN + (int64_t)s->act_count * 1000000;
}

/* Appends an act; data is written in canonical order by the caller. */
static uint64_t act(struct scene *s, bool shown, const char *type, const char *organisation,
                    const char *format, ...) PRINTF_LIKE(5, 6);
static uint64_t act(struct scene *s, bool shown, const char *type, const char *organisation,
                    const char *format, ...)
{
    char data[4096], number[16];
    struct scene_act *made;
    uint8_t commitment[32];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(data, sizeof data, format, args);
    va_end(args);
    CHECK(len > 0 && (size_t)len < sizeof data);
    s->acts = grow(s->acts, s->act_count, &s->act_room, sizeof *s->acts);
    made = &s->acts[s->act_count];
    memset(made, 0, sizeof *made);
    made->shown = shown;
    snprintf(made->id, sizeof made->id, "act_%026zu", s->act_count);
    snprintf(number, sizeof number, "%zu", s->act_count);
    scene_hash(s, slice_str("salt of act "), slice_str(number), made->salt);
    const struct act a = {.id = made->id,
                          .at = scene_now(s) -
                                (lies(s, "clock") && s->act_count == 40 ? 3600000000 : 0),
                          .type = type,
                          .refused = lies(s, "refused") && s->receipt_count == 1 &&
                                     strcmp(type, "receipt.accepted") == 0,
                          .actor = "sys:test",
                          .organisation = organisation,
                          .data = slice_of(data, (size_t)len)};
    buf_init(&made->body);
    CHECK(act_build(&a, &made->body, &s->e) == 0);
    CHECK(act_check(buf_slice(&made->body), &s->e) == 0);
    CHECK(act_commit(made->salt, buf_slice(&made->body), commitment, made->leaf, &s->e) == 0);
    return s->act_count++;
}

struct merkle_table *scene_acts_table(struct scene *s)
{
    uint8_t(*leaves)[32] = mem_new(s->act_count, 32);

    CHECK(leaves);
    for (size_t i = 0; i < s->act_count; i++)
        memcpy(leaves[i], s->acts[i].leaf, 32);
    struct merkle_table *table =
        merkle_table_new((const uint8_t(*)[32])leaves, s->act_count, &s->e);
    CHECK(table);
    mem_free(leaves);
    return table;
}

/* A head that somebody sees now. */
static struct head see_head(struct scene *s)
{
    struct merkle_table *table = scene_acts_table(s);
    struct merkle_source source = merkle_table_source(table);
    struct head head = {.size = s->act_count};

    CHECK(merkle_source_root(&source, head.size, head.root, &s->e) == 0);
    merkle_table_free(table);
    bool known = false;
    for (size_t i = 0; i < s->head_count && !known; i++)
        known = s->heads[i].size == head.size;
    if (!known) {
        CHECK(s->head_count < HEADS_MAX);
        s->heads[s->head_count++] = head;
    }
    return head;
}

void scene_sign_head(struct scene *s, struct head head, bool cosigned, struct buf *note)
{
    struct buf text;

    buf_init(&text);
    checkpoint_put(&text, slice_str(ORIGIN), head.size, head.root);
    buf_put_slice(note, buf_slice(&text));
    buf_putc(note, '\n');
    CHECK(note_sign(note, buf_slice(&text), &s->log, s->log_private, &s->e) == 0);
    if (cosigned)
        CHECK(cosignature_sign(note, buf_slice(&text), 1795266000, &s->witness, s->witness_private,
                               &s->e) == 0);
    buf_fini(&text);
}

/* ---- who is there ------------------------------------------------------------------------ */

static void name_key(struct scene *s, struct note_key *key, const char *name, enum note_type type,
                     const struct key *private_key)
{
    uint8_t public_key[ED25519_PUBLIC_LEN];

    CHECK(key_to_ed25519(private_key, public_key, &s->e) == 0);
    CHECK(note_key_init(key, slice_str(name), type, public_key, &s->e) == 0);
}

static void found_centre(struct scene *s)
{
    const char *keys = s->options->keys;
    struct buf vkey;

    identity_make(&s->root, IDENTITY_ROOT, "Test Root", key_in_folder(keys, "root", KEY_P256), NULL,
                  BEGIN - INT64_C(86400000000), 3650);
    identity_make(&s->issuing, IDENTITY_CA, "Test Issuing CA",
                  key_in_folder(keys, "issuing", KEY_P256), &s->root, BEGIN - 3600000000, 1825);
    identity_make(&s->publisher, IDENTITY_PUBLISHER, "centre.example publications",
                  key_in_folder(keys, "publisher", KEY_P256), &s->issuing, BEGIN - 3600000000, 365);
    identity_make(&s->foreign, IDENTITY_ROOT, "Test Issuing CA",
                  key_in_folder(keys, "foreign", KEY_P256), NULL, BEGIN - 3600000000, 1825);
    s->log_private = key_in_folder(keys, "log", KEY_ED25519);
    s->witness_private = key_in_folder(keys, "witness", KEY_ED25519);
    name_key(s, &s->log, ORIGIN, NOTE_ED25519, s->log_private);
    name_key(s, &s->witness, "witness.example/w1", NOTE_COSIGNATURE, s->witness_private);
    buf_init(&vkey);
    note_key_put(&vkey, &s->log);
    act(s, true, "log.opened", NULL, "{\"key\":\"%s\",\"origin\":\"%s\",\"reason\":\"init\"}",
        buf_text(&vkey), ORIGIN);
    buf_fini(&vkey);
    for (unsigned i = 0; i < CLASSES; i++) {
        char name[16];
        uint8_t digest[32];
        snprintf(name, sizeof name, "class %u", i + 1);
        scene_hash(s, slice_str(name), slice_of(NULL, 0), digest);
        hash_text_format(digest, s->trees[i].class);
    }
}

static void enrol(struct scene *s, unsigned number)
{
    struct device *d = &s->devices[number];
    uint8_t fingerprint[32];
    char name[32], serial[64];

    snprintf(d->id, sizeof d->id, "ast_%026u", number + 1);
    snprintf(d->organisation, sizeof d->organisation, "org_%026u", number == 5 ? 2u : 1u);
    snprintf(name, sizeof name, "device%u", number + 1);
    bool other_name = number == 0 && lies(s, "other-name");
    bool expired = number == 0 && lies(s, "expired");
    identity_make(
        &d->identity, IDENTITY_DEVICE, other_name ? "ast_00000000000000000000000099" : d->id,
        key_in_folder(number < DEVICES ? s->options->keys : NULL, name, KEY_P256),
        number == 0 && lies(s, "foreign-ca") ? &s->foreign : &s->issuing,
        expired ? BEGIN + 10000000 - INT64_C(86400000000) : BEGIN - 60000000, expired ? 1 : 90);
    scene_hash(s, buf_slice(&d->identity.certificate), slice_of(NULL, 0), fingerprint);
    identity_serial(&d->identity, serial);
    d->issued = act(s, true, "certificate.issued", d->organisation,
                    "{\"certificate\":\"crt_%026u\",\"fingerprint\":\"%s\",\"profile\":\"device\","
                    "\"serial\":\"%s\",\"subject\":\"%s\"}",
                    number, scene_text(fingerprint), serial, d->id);
    act(s, false, "asset.registered", d->organisation, "{\"asset\":\"%s\"}", d->id);
    scene_hash(s, slice_str("tocsin-chain/v1\n"), slice_str(d->id), d->heads[0]);
}

/* ---- members ----------------------------------------------------------------------------- */

void scene_tree_root(struct scene *s, const struct tree *tree, size_t size, uint8_t root[32])
{
    struct merkle_frontier f = {.size = 0};

    for (size_t i = 0; i < size; i++)
        CHECK(merkle_frontier_append(&f, tree->events[i].leaf) == 0);
    CHECK(merkle_frontier_root(&f, root) == 0);
}

static uint64_t event(struct scene *s, unsigned device, unsigned class, bool joined)
{
    struct tree *tree = &s->trees[class];
    struct event *event;
    struct buf data;
    char number[32];
    uint8_t root[32];

    tree->events = grow(tree->events, tree->count, &tree->room, sizeof *tree->events);
    event = &tree->events[tree->count++];
    memset(event, 0, sizeof *event);
    event->device = device;
    event->joined = joined;
    snprintf(number, sizeof number, "%u %zu", class, tree->count);
    scene_hash(s, slice_str("salt of event "), slice_str(number), event->salt);
    buf_init(&event->json);
    buf_printf(&event->json,
               "{\"act\":\"act_%026zu\",\"asset\":\"%s\",\"audience\":\"" AUDIENCE
               "\",\"class\":\"%s\",\"event\":\"%s\"}",
               s->act_count, s->devices[device].id, tree->class, joined ? "joined" : "left");
    buf_init(&data);
    buf_puts(&data, "tocsin-member/v1\n");
    buf_put(&data, event->salt, 32);
    scene_hash(s, buf_slice(&data), buf_slice(&event->json), event->data);
    buf_fini(&data);
    CHECK(merkle_leaf(slice_of(event->data, 32), event->leaf) == 0);
    if (tree->count < 64) /* the extra devices' roots are not shown: do not compute each */
        scene_tree_root(s, tree, tree->count, root);
    else
        memset(root, 0, sizeof root);
    event->act = act(s, !joined, joined ? "membership.joined" : "membership.left",
                     s->devices[device].organisation,
                     "{\"audience\":\"" AUDIENCE
                     "\",\"class\":\"%s\",\"leaf\":\"%s\",\"root\":\"%s\",\"size\":%zu}",
                     tree->class, scene_text(event->data), scene_text(root), tree->count);
    return event->act;
}

static bool is_member(const struct tree *tree, unsigned device)
{
    bool member = false;

    for (size_t i = 0; i < tree->count; i++)
        if (tree->events[i].device == device)
            member = tree->events[i].joined;
    return member;
}

/* ---- what is told ------------------------------------------------------------------------ */

static void import(struct scene *s, unsigned number)
{
    uint8_t digest[32];

    buf_init(&s->documents[number]);
    buf_init(&s->advisories[number]);
    buf_printf(&s->documents[number],
               "{\"document\":{\"title\":\"Overflow in the pump's web page\","
               "\"tracking\":{\"id\":\"TEST-2026-0001\",\"version\":\"%u\"}}}\n",
               number + 1);
    scene_hash(s, buf_slice(&s->documents[number]), slice_of(NULL, 0), digest);
    buf_printf(&s->advisories[number],
               "{\"document\":\"%s\",\"id\":\"TEST-2026-0001\",\"namespace\":\"" VENDOR
               "\",\"published\":\"2026-11-21T11:%02u:00Z\",\"title\":\"Overflow in the pump's web "
               "page\",\"tlp\":\"AMBER\",\"version\":\"%u\"}",
               scene_text(digest), number, number + 1);
    s->imported[number] =
        act(s, true, "advisory.imported", "org_00000000000000000000000001",
            "{\"advisory\":\"adv_00000000000000000000000001\",\"document\":\"%s\",\"namespace\":"
            "\"" VENDOR "\",\"revision\":\"rev_%026u\",\"size\":%zu,"
            "\"tracking_id\":\"TEST-2026-0001\",\"version\":\"%u\"}",
            scene_text(digest), number, s->documents[number].len, number + 1);
}

static void make_notice(struct scene *s, struct entry *entry, unsigned document, bool serials)
{
    static const char remediations[] =
        "[{\"category\":\"vendor_fix\",\"details\":\"Update to 4.3\",\"url\":\"" VENDOR "/4.3\"}]";
    const char *filter = serials ? "[\"AB12*\"]" : NULL;
    const char *status = document == 0 ? "under_investigation" : "affected";
    struct buf meaning;
    uint8_t digest[32];

    buf_init(&meaning);
    buf_init(&entry->notice);
    buf_printf(&meaning,
               "tocsin-meaning/v1\n{\"advisory\":{\"id\":\"TEST-2026-0001\",\"namespace\":\"" VENDOR
               "\"},%s%s%s\"statements\":[{\"remediations\":%s,\"status\":\"%s\","
               "\"vulnerability\":\"CVE-2026-0001\"}]}",
               filter ? "\"serials\":" : "", filter ? filter : "", filter ? "," : "", remediations,
               status);
    if (lies(s, "meaning"))
        buf_putc(&meaning, ' ');
    scene_hash(s, buf_slice(&meaning), slice_of(NULL, 0), digest);
    buf_printf(&entry->notice,
               "{\"advisory\":%s,\"audience\":\"" AUDIENCE "\",\"class\":\"%s\","
               "\"format\":\"tocsin-notice/v1\",\"meaning\":\"%s\",\"origin\":\"" ORIGIN
               "\",%s%s%s\"statements\":[{\"confidence\":95,\"products\":[\"CSAFPID-1\"],"
               "\"reasons\":[\"name and version\"],\"remediations\":%s,\"status\":\"%s\","
               "\"vulnerability\":\"CVE-2026-0001\"}]}",
               buf_text(&s->advisories[document]), s->trees[entry->class].class, scene_text(digest),
               filter ? "\"serials\":" : "", filter ? filter : "", filter ? "," : "", remediations,
               status);
    scene_hash(s, slice_str("tocsin-notice/v1\n"), buf_slice(&entry->notice), entry->digest);
    buf_fini(&meaning);
}

/* The newest join of each member meant, in the order of the tree. */
static void only_root(struct scene *s, const struct entry *entry, uint8_t root[32])
{
    const struct tree *tree = &s->trees[entry->class];
    struct merkle_frontier f = {.size = 0};

    for (size_t i = 0; i < tree->count; i++)
        for (size_t j = 0; j < entry->meant_count; j++) {
            bool last = tree->events[i].joined && tree->events[i].device == entry->meant[j];
            for (size_t k = i + 1; k < tree->count && last; k++)
                last = tree->events[k].device != entry->meant[j];
            if (last)
                CHECK(merkle_frontier_append(&f, tree->events[i].leaf) == 0);
        }
    CHECK(merkle_frontier_root(&f, root) == 0);
}

/* only: one device, or -1 for all members of the class. */
static void make_entry(struct scene *s, struct publication *p, unsigned class, int only,
                       bool serials)
{
    struct tree *tree = &s->trees[class];
    struct entry *entry = &p->entries[p->count];
    size_t members = 0;
    uint8_t root[32];

    *entry = (struct entry){.class = class, .size = tree->count};
    entry->meant = mem_new(s->device_count, sizeof *entry->meant);
    entry->n = mem_new(s->device_count, sizeof *entry->n);
    CHECK(entry->meant && entry->n);
    make_notice(s, entry, p->document, serials);
    for (unsigned i = 0; i < s->device_count; i++) {
        struct device *d = &s->devices[i];
        if (i >= DEVICES ? class != 2 : !is_member(tree, i))
            continue;
        members++;
        if (only >= 0 && i != (unsigned)only)
            continue;
        entry->n[entry->meant_count] = ++d->n;
        entry->meant[entry->meant_count++] = i;
        memcpy(d->digests[d->n], entry->digest, 32);
        scene_hash(s, slice_of(d->heads[d->n - 1], 32), slice_of(entry->digest, 32),
                   d->heads[d->n]);
    }
    scene_tree_root(s, tree, tree->count, entry->root);
    if (lies(s, "member-count") && s->publication_count == 1 && class == 1)
        p->members++, members++;
    buf_init(&entry->json);
    buf_printf(&entry->json,
               "{\"audience\":\"" AUDIENCE "\",\"class\":\"%s\",\"format\":\"tocsin-entry/v1\","
               "\"index\":%zu,\"members\":{\"count\":%zu,\"root\":\"%s\",\"size\":%zu},"
               "\"notice\":\"%s\"",
               tree->class, p->count, members, scene_text(entry->root), tree->count,
               scene_text(entry->digest));
    if (only >= 0) {
        if (lies(s, "only") && class == 0)
            entry->meant[0] = 0;
        only_root(s, entry, root);
        if (lies(s, "only") && class == 0)
            entry->meant[0] = (unsigned)only;
        buf_printf(&entry->json, ",\"only\":{\"count\":%zu,\"root\":\"%s\"}", entry->meant_count,
                   scene_text(root));
    }
    buf_putc(&entry->json, '}');
    CHECK(merkle_leaf(buf_slice(&entry->json), entry->leaf) == 0);
    p->members += entry->meant_count;
    p->count++;
}

void scene_sign(struct scene *s, struct slice payload, const struct identity *identity,
                bool with_chain, struct buf *envelope)
{
    struct slice chain[2] = {buf_slice(&identity->certificate), buf_slice(&s->issuing.certificate)};
    struct envelope_signer signer = envelope_signer_of_key(identity->key, chain, 2);

    signer.leave_out_chain = !with_chain;
    CHECK(envelope_build(envelope, payload, &signer, &s->e) == 0);
}

static struct publication *begin_publication(struct scene *s, unsigned document)
{
    struct publication *p = &s->publications[s->publication_count];

    *p = (struct publication){.document = document};
    snprintf(p->id, sizeof p->id, "pub_%026zu", s->publication_count + 1);
    s->publication_count++;
    return p;
}

static void publish(struct scene *s, struct publication *p, const char *trigger)
{
    struct merkle_frontier f = {.size = 0};
    struct buf payload;
    uint8_t digest[32];
    char at[TIME_TEXT];

    for (size_t i = 0; i < p->count; i++)
        CHECK(merkle_frontier_append(&f, p->entries[i].leaf) == 0);
    CHECK(merkle_frontier_root(&f, p->root) == 0);
    if (lies(s, "publication-count"))
        p->members++;
    time_format(scene_now(s), at);
    p->frozen = act(s, true, "publication.frozen", "org_00000000000000000000000001",
                    "{\"members\":%llu,\"notices\":%zu,\"publication\":\"%s\",\"revision\":"
                    "\"rev_%026u\",\"root\":\"%s\",\"trigger\":\"%s\"}",
                    (unsigned long long)p->members, p->count, p->id, p->document,
                    scene_text(p->root), trigger);
    buf_init(&payload);
    buf_init(&p->envelope);
    buf_printf(
        &payload,
        "{\"advisory\":%s,\"at\":\"%s\",\"entries\":{\"count\":%zu,\"root\":\"%s\"},"
        "\"format\":\"tocsin-publication/v1\",\"frozen\":%llu,\"id\":\"%s\",\"members\":%llu,"
        "\"origin\":\"" ORIGIN "\",\"trigger\":\"%s\"}",
        buf_text(&s->advisories[p->document]), at, p->count, scene_text(p->root),
        (unsigned long long)p->frozen, p->id, (unsigned long long)p->members, trigger);
    scene_sign(s, buf_slice(&payload), &s->publisher, true, &p->envelope);
    buf_fini(&payload);
    scene_hash(s, buf_slice(&p->envelope), slice_of(NULL, 0), digest);
    act(s, true, "publication.signed", "org_00000000000000000000000001",
        "{\"envelope\":\"%s\",\"publication\":\"%s\"}", scene_text(digest), p->id);
}

/* ---- what comes back --------------------------------------------------------------------- */

static struct receipt *new_receipt(struct scene *s, unsigned device)
{
    s->receipts = grow(s->receipts, s->receipt_count, &s->receipt_room, sizeof *s->receipts);
    struct receipt *r = &s->receipts[s->receipt_count++];
    *r = (struct receipt){.device = device};
    buf_init(&r->envelope);
    return r;
}

void scene_certificate_hash(struct scene *s, const struct identity *identity, uint8_t out[32])
{
    scene_hash(s, buf_slice(&identity->certificate), slice_of(NULL, 0), out);
}

static void answer(struct scene *s, unsigned device, uint64_t position, uint64_t n,
                   struct head seen)
{
    struct device *d = &s->devices[device];
    struct receipt *r = new_receipt(s, device);
    const struct identity *signer = &d->identity;
    struct buf payload;
    uint8_t digest[32], fingerprint[32];
    char at[TIME_TEXT];

    if (device == 0 && lies(s, "other-signer"))
        signer = &s->devices[5].identity;
    if (device == 0 && lies(s, "chain"))
        d->heads[n][0] ^= 1;
    if (device == 8 && lies(s, "receipt-head"))
        seen.root[0] ^= 1;
    r->position = position;
    r->n = n;
    time_format(scene_now(s) - 500000, at);
    buf_init(&payload);
    buf_printf(&payload,
               "{\"asset\":\"%s\",\"at\":\"%s\",\"checkpoint\":{\"root\":\"%s\",\"size\":%llu},"
               "\"format\":\"tocsin-receipt/v1\",\"head\":\"%s\",\"n\":%llu,\"origin\":\"" ORIGIN
               "\"}",
               d->id, at, scene_text(seen.root), (unsigned long long)seen.size,
               scene_text(d->heads[n]), (unsigned long long)n);
    if (device == 0 && lies(s, "forged")) {
        struct identity forged = d->identity;
        forged.key = s->devices[5].identity.key;
        scene_sign(s, buf_slice(&payload), &forged, true, &r->envelope);
    } else {
        scene_sign(s, buf_slice(&payload), signer, device % 2 == 0, &r->envelope);
    }
    buf_fini(&payload);
    scene_hash(s, buf_slice(&r->envelope), slice_of(NULL, 0), digest);
    scene_certificate_hash(s, signer, fingerprint);
    r->act = act(s, true, "receipt.accepted", d->organisation,
                 "{\"asset\":\"%s\",\"certificate\":\"%s\",\"head\":\"%s\",\"n\":%llu,"
                 "\"receipt\":\"%s\",\"via\":\"%s\"}",
                 d->id, scene_text(fingerprint), scene_text(d->heads[n]), (unsigned long long)n,
                 scene_text(digest), device == 5 ? "bundle" : "device");
}

static void report(struct scene *s, unsigned device, uint64_t n, const char *outcome)
{
    struct device *d = &s->devices[device];
    struct receipt *r = new_receipt(s, device);
    struct buf payload;
    uint8_t digest[32];

    r->outcome = true;
    buf_init(&payload);
    buf_printf(&payload,
               "{\"asset\":\"%s\",\"at\":\"2026-11-21T13:00:00Z\",\"format\":\"tocsin-outcome/v1\","
               "\"n\":%llu,\"notice\":\"%s\",\"origin\":\"" ORIGIN "\",\"outcome\":\"%s\"}",
               d->id, (unsigned long long)n, scene_text(d->digests[n]), outcome);
    scene_sign(s, buf_slice(&payload), &d->identity, false, &r->envelope);
    buf_fini(&payload);
    scene_hash(s, buf_slice(&r->envelope), slice_of(NULL, 0), digest);
    r->act = act(s, true, "outcome.reported", d->organisation,
                 "{\"asset\":\"%s\",\"envelope\":\"%s\",\"notice\":\"%s\",\"outcome\":\"%s\"}",
                 d->id, scene_text(digest), scene_text(d->digests[n]), outcome);
}

static void revoke(struct scene *s, unsigned device)
{
    struct device *d = &s->devices[device];
    uint8_t fingerprint[32];
    char serial[64];

    scene_certificate_hash(s, &d->identity, fingerprint);
    identity_serial(&d->identity, serial);
    d->revoked = act(s, true, "certificate.revoked", d->organisation,
                     "{\"at\":\"2026-11-21T13:00:00Z\",\"certificate\":\"crt_%026u\","
                     "\"fingerprint\":\"%s\",\"reason\":\"keyCompromise\",\"serial\":\"%s\"}",
                     device, scene_text(fingerprint), serial);
}

static void issue_crl(struct scene *s)
{
    const struct identity *revoked[DEVICES + 1];
    size_t count = 0;
    uint8_t digest[32];

    if (lies(s, "publisher-revoked"))
        revoked[count++] = &s->publisher;

    for (unsigned i = 0; i < DEVICES; i++)
        if (s->devices[i].revoked)
            revoked[count++] = &s->devices[i].identity;
    buf_init(&s->crl);
    authority_crl(&s->issuing, revoked, count, lies(s, "publisher-revoked") ? BEGIN : scene_now(s),
                  &s->crl);
    scene_hash(s, buf_slice(&s->crl), slice_of(NULL, 0), digest);
    act(s, true, "crl.issued", NULL, "{\"crl\":\"%s\",\"entries\":%zu,\"number\":7}",
        scene_text(digest), count);
}

/* ---- the story --------------------------------------------------------------------------- */

/*
 * A head that holds the receipt's own act cannot be signed in it (it would be a fixed point of
 * SHA-256): so it is a head of that size with any root.
 */
static void answer_with_a_later_head(struct scene *s)
{
    struct head later = {.size = s->act_count + 1, .root = {7}};

    answer(s, 8, 1, 2, later);
}

static uint64_t remove_device(struct scene *s)
{
    return act(s, true, "asset.removed", s->devices[3].organisation,
               "{\"asset\":\"%s\",\"reason\":\"scrapped\"}", s->devices[3].id);
}

static void tell(struct scene *s, struct story *story)
{
    bool silent = !s->options->without_silent;
    struct publication *p;
    struct head first, later;

    found_centre(s);
    for (unsigned i = 0; i < s->device_count; i++)
        if (silent || i != 1)
            enrol(s, i);
    for (unsigned i = 0; i < 5; i++)
        if (silent || i != 1)
            event(s, i, 0, true);
    for (unsigned i = 5; i < 8; i++)
        event(s, i, 1, true);
    event(s, 9, 1, true);
    event(s, 7, 1, false); /* 8 leaves before anything is told */
    for (unsigned i = DEVICES; i < s->device_count; i++)
        event(s, i, 2, true);
    /* Another advisory's notice is the first in device 1's chain. */
    scene_hash(s, slice_str("another notice"), slice_of(NULL, 0), s->devices[0].digests[1]);
    scene_hash(s, slice_of(s->devices[0].heads[0], 32), slice_of(s->devices[0].digests[1], 32),
               s->devices[0].heads[1]);
    s->devices[0].n = 1;
    first = see_head(s);
    import(s, 0);
    p = begin_publication(s, 0);
    make_entry(s, p, 0, -1, false);
    make_entry(s, p, 1, -1, false);
    if (s->device_count > DEVICES)
        make_entry(s, p, 2, -1, false);
    if (lies(s, "twice"))
        make_entry(s, p, 1, -1, false);
    if (lies(s, "removed-before"))
        story->removed = remove_device(s);
    publish(s, p, "manual");
    act(s, false, "advisory.matched", NULL,
        "{\"affected\":2,\"classes\":4,\"criteria\":1,\"revision\":\"rev_%026u\",\"unknown\":1}",
        0);
    story->after_first = see_head(s);

    answer(s, 0, 2, 2, story->after_first);
    if (lies(s, "revoked-before"))
        revoke(s, 2);
    answer(s, 2, 1, 1, first); /* an older head; enrolled long ago */
    report(s, 0, 2, "installed");
    if (!lies(s, "revoked-before"))
        revoke(s, 2);
    if (!lies(s, "removed-before"))
        story->removed = remove_device(s);
    event(s, 3, 0, false);
    story->left = event(s, 4, 0, false);
    memcpy(story->left_salt, s->trees[0].events[s->trees[0].count - 1].salt, 32);

    event(s, 8, 0, true);
    p = begin_publication(s, 0);
    make_entry(s, p, 0, 8, false);
    publish(s, p, "addition");
    later = see_head(s);
    import(s, 1);
    p = begin_publication(s, 1);
    make_entry(s, p, 0, -1, false);
    make_entry(s, p, 1, 5, true);
    publish(s, p, "revision");
    answer(s, 0, 3, 3, later);
    answer(s, 5, 1, 2, story->after_first);
    later = see_head(s);
    if (lies(s, "later-head"))
        answer_with_a_later_head(s);
    else
        answer(s, 8, 1, 2, later);
    for (unsigned i = DEVICES; i < s->device_count; i++)
        answer(s, i, 1, 1, story->after_first);
    issue_crl(s);
    act(s, true, "owner.told", "org_00000000000000000000000001",
        "{\"delivery\":\"dlv_00000000000000000000000001\",\"organisation\":"
        "\"org_00000000000000000000000001\",\"publication\":\"%s\",\"result\":\"told\","
        "\"way\":\"mail\"}",
        s->publications[0].id);
}

static void make_proof(struct scene *s, struct buf *out)
{
    struct merkle_table *table = scene_acts_table(s);
    struct merkle_source source = merkle_table_source(table);
    struct head head = {.size = s->act_count};
    uint8_t proof[MERKLE_PROOF_MAX][32];
    uint64_t index = s->publications[0].frozen;
    struct buf note;
    size_t n;

    buf_init(&note);
    CHECK(merkle_source_root(&source, head.size, head.root, &s->e) == 0);
    scene_sign_head(s, head, true, &note);
    CHECK(merkle_source_inclusion(&source, index, head.size, proof, &n, &s->e) == 0);
    journal_proof_put(out, index, (const uint8_t(*)[32])proof, n, s->acts[index].salt,
                      buf_slice(&s->acts[index].body), buf_slice(&note));
    buf_fini(&note);
    merkle_table_free(table);
}

static void forget_scene(struct scene *s)
{
    for (size_t i = 0; i < s->act_count; i++)
        buf_fini(&s->acts[i].body);
    mem_free(s->acts);
    for (size_t i = 0; i < CLASSES; i++) {
        for (size_t j = 0; j < s->trees[i].count; j++)
            buf_fini(&s->trees[i].events[j].json);
        mem_free(s->trees[i].events);
    }
    for (size_t i = 0; i < s->device_count; i++)
        if (s->devices[i].identity.key)
            identity_fini(&s->devices[i].identity);
    mem_free(s->devices);
    for (size_t i = 0; i < s->publication_count; i++) {
        struct publication *p = &s->publications[i];
        for (size_t j = 0; j < p->count; j++) {
            buf_fini(&p->entries[j].json);
            buf_fini(&p->entries[j].notice);
            mem_free(p->entries[j].meant);
            mem_free(p->entries[j].n);
        }
        buf_fini(&p->envelope);
    }
    for (size_t i = 0; i < s->receipt_count; i++)
        buf_fini(&s->receipts[i].envelope);
    mem_free(s->receipts);
    for (size_t i = 0; i < 2; i++) {
        buf_fini(&s->documents[i]);
        buf_fini(&s->advisories[i]);
    }
    buf_fini(&s->crl);
    identity_fini(&s->root);
    identity_fini(&s->issuing);
    identity_fini(&s->publisher);
    identity_fini(&s->foreign);
    key_free(s->log_private);
    key_free(s->witness_private);
}

void pack_fixture_make(const char *path, const struct pack_options *options, struct pack_made *made)
{
    struct scene *s = mem_new(1, sizeof *s);
    struct story story = {.removed = 0};

    if (!s)
        abort();
    s->options = options;
    s->device_count = DEVICES + options->extra;
    s->devices = mem_new(s->device_count, sizeof *s->devices);
    CHECK(s->devices);
    tell(s, &story);
    scene_write_pack(s, &story, path);
    buf_init(&made->root);
    buf_init(&made->kept);
    buf_init(&made->witness);
    buf_init(&made->proof);
    pem_put(&made->root, "CERTIFICATE", buf_slice(&s->root.certificate));
    scene_sign_head(s, story.after_first, true, &made->kept);
    note_key_put(&made->witness, &s->witness);
    make_proof(s, &made->proof);
    forget_scene(s);
    mem_free(s);
}

void pack_made_fini(struct pack_made *made)
{
    buf_fini(&made->root);
    buf_fini(&made->kept);
    buf_fini(&made->witness);
    buf_fini(&made->proof);
}
