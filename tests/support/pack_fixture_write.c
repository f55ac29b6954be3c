/* SPDX-License-Identifier: Apache-2.0 */
/* The fixture's pack, file by file. */
#include "pack_scene.h"

#include "base/encoding.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "journal/pack_write.h"
#include "journal/proof.h"

struct writing {
    struct scene *s;
    struct pack_writer *w;
    struct story *story;
    struct head head;
    struct pack_counts counts;
    struct merkle_table *table;
    bool customer;
};

static bool concerned(const struct writing *w, unsigned device)
{
    return !w->customer || strcmp(w->s->devices[device].organisation, w->s->options->customer) == 0;
}

/* Opens, writes by a function, closes. */
static void lines(struct writing *w, const char *name,
                  void (*fill)(struct writing *w, struct pack_lines *lines))
{
    struct scene *s = w->s;
    struct pack_lines *out;

    CHECK(pack_lines_open(w->w, name, &out, &s->e) == 0);
    fill(w, out);
    CHECK(pack_lines_close(out, &s->e) == 0);
}

static void put(struct writing *w, struct pack_lines *out, struct buf *line)
{
    struct scene *s = w->s;

    CHECK(json_check_canonical(buf_slice(line), &s->e) == 0);
    CHECK(pack_line(out, buf_slice(line), &s->e) == 0);
    buf_reset(line);
}

static void put_hex(struct buf *line, const uint8_t bytes[32])
{
    hex_put(line, slice_of(bytes, 32));
}

static void put_hashes(struct buf *line, uint8_t proof[MERKLE_PROOF_MAX][32], size_t n)
{
    struct json_writer j;

    json_write_init(&j, line, 0);
    journal_hashes_write(&j, (const uint8_t(*)[32])proof, n);
}

static void put_inclusion(struct writing *w, struct buf *line, const struct merkle_table *table,
                          uint64_t index, uint64_t size)
{
    struct merkle_source source = merkle_table_source(table);
    uint8_t proof[MERKLE_PROOF_MAX][32];
    struct scene *s = w->s;
    size_t n;

    CHECK(merkle_source_inclusion(&source, index, size, proof, &n, &s->e) == 0);
    put_hashes(line, proof, n);
}

static bool act_is_shown(const struct writing *w, size_t i)
{
    struct scene *s = w->s;
    const struct scene_act *a = &s->acts[i];

    if (!a->shown || !w->customer)
        return a->shown;
    if (memmem(a->body.data, a->body.len, "owner.told", 10))
        return false;
    /* acts of other organisations' devices stay hidden */
    const char *mine = s->options->customer, *first = "org_00000000000000000000000001";
    bool of_device = memmem(a->body.data, a->body.len, "\"certificate.", 13) ||
                     memmem(a->body.data, a->body.len, "\"receipt.", 9) ||
                     memmem(a->body.data, a->body.len, "\"outcome.", 9) ||
                     memmem(a->body.data, a->body.len, "\"asset.", 7) ||
                     memmem(a->body.data, a->body.len, "\"membership.", 12);
    return !of_device || strcmp(mine, first) == 0 ||
           memmem(a->body.data, a->body.len, mine, strlen(mine));
}

static void fill_acts(struct writing *w, struct pack_lines *out)
{
    struct buf line;

    buf_init(&line);
    for (size_t i = 0; i < w->s->act_count; i++) {
        if (!act_is_shown(w, i))
            continue;
        buf_printf(&line, "{\"act\":%s,\"index\":%zu,\"proof\":", buf_text(&w->s->acts[i].body), i);
        put_inclusion(w, &line, w->table, i, w->head.size);
        buf_puts(&line, ",\"salt\":\"");
        put_hex(&line, w->s->acts[i].salt);
        buf_puts(&line, "\"}");
        put(w, out, &line);
    }
    buf_fini(&line);
}

static void fill_consistency(struct writing *w, struct pack_lines *out)
{
    struct merkle_source source = merkle_table_source(w->table);
    uint8_t proof[MERKLE_PROOF_MAX][32];
    struct scene *s = w->s;
    struct buf line;
    size_t n;

    buf_init(&line);
    for (size_t i = 0; i < s->head_count; i++) {
        CHECK(merkle_source_consistency(&source, s->heads[i].size, w->head.size, proof, &n,
                                        &s->e) == 0);
        journal_consistency_put(&line, s->heads[i].size, w->head.size, (const uint8_t(*)[32])proof,
                                n);
        put(w, out, &line);
    }
    buf_fini(&line);
}

static bool entry_is_shown(const struct writing *w, const struct entry *entry)
{
    for (size_t i = 0; i < entry->meant_count; i++)
        if (concerned(w, entry->meant[i]))
            return true;
    return false;
}

static bool publication_is_shown(const struct writing *w, const struct publication *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (entry_is_shown(w, &p->entries[i]))
            return true;
    return false;
}

static void fill_entries(struct writing *w, struct pack_lines *out)
{
    struct scene *s = w->s;
    struct buf line;

    buf_init(&line);
    for (size_t i = 0; i < s->publication_count; i++) {
        struct publication *p = &s->publications[i];
        uint8_t leaves[CLASSES][32];
        for (size_t j = 0; j < p->count; j++)
            memcpy(leaves[j], p->entries[j].leaf, 32);
        struct merkle_table *table =
            merkle_table_new((const uint8_t(*)[32])leaves, p->count, &s->e);
        CHECK(table);
        for (size_t j = 0; j < p->count; j++) {
            if (!entry_is_shown(w, &p->entries[j]))
                continue;
            buf_printf(&line, "{\"entry\":%s,\"index\":%zu,\"notice\":%s",
                       buf_text(&p->entries[j].json), j, buf_text(&p->entries[j].notice));
            if (w->customer) {
                buf_puts(&line, ",\"path\":");
                put_inclusion(w, &line, table, j, p->count);
            }
            buf_printf(&line, ",\"publication\":\"%s\"}", p->id);
            put(w, out, &line);
        }
        merkle_table_free(table);
    }
    buf_fini(&line);
}

static uint64_t largest_size(const struct scene *s, unsigned class)
{
    uint64_t largest = 0;

    for (size_t i = 0; i < s->publication_count; i++)
        for (size_t j = 0; j < s->publications[i].count; j++)
            if (s->publications[i].entries[j].class == class &&
                s->publications[i].entries[j].size > largest)
                largest = s->publications[i].entries[j].size;
    return largest;
}

/* Trees are sorted by class digest. */
static void by_class(const struct scene *s, unsigned order[CLASSES])
{
    for (unsigned i = 0; i < CLASSES; i++)
        order[i] = i;
    for (unsigned i = 0; i < CLASSES; i++)
        for (unsigned j = i + 1; j < CLASSES; j++)
            if (strcmp(s->trees[order[i]].class, s->trees[order[j]].class) > 0) {
                unsigned hold = order[i];
                order[i] = order[j];
                order[j] = hold;
            }
}

static void put_event(struct writing *w, struct pack_lines *out, struct buf *line,
                      const struct tree *tree, size_t index, uint64_t size)
{
    const struct event *event = &tree->events[index];
    struct scene *s = w->s;
    uint8_t root[32];

    buf_printf(line, "{\"audience\":\"" AUDIENCE "\",\"class\":\"%s\",\"event\":%s,\"index\":%zu",
               tree->class, buf_text(&event->json), index);
    if (size) {
        uint8_t(*leaves)[32] = mem_new(tree->count, 32);
        CHECK(leaves);
        for (size_t i = 0; i < tree->count; i++)
            memcpy(leaves[i], tree->events[i].leaf, 32);
        struct merkle_table *table =
            merkle_table_new((const uint8_t(*)[32])leaves, tree->count, &s->e);
        CHECK(table);
        scene_tree_root(s, tree, size, root);
        buf_puts(line, ",\"proof\":");
        put_inclusion(w, line, table, index, size);
        buf_printf(line, ",\"root\":\"%s\"", scene_text(root));
        merkle_table_free(table);
        mem_free(leaves);
    }
    buf_puts(line, ",\"salt\":\"");
    put_hex(line, event->salt);
    buf_puts(line, "\"");
    if (size)
        buf_printf(line, ",\"size\":%llu", (unsigned long long)size);
    buf_puts(line, "}");
    put(w, out, line);
}

static void fill_members(struct writing *w, struct pack_lines *out)
{
    struct scene *s = w->s;
    unsigned order[CLASSES];
    struct buf line;

    buf_init(&line);
    by_class(s, order);
    for (unsigned c = 0; c < CLASSES; c++) {
        const struct tree *tree = &s->trees[order[c]];
        for (size_t i = 0; i < largest_size(s, order[c]); i++) {
            if (!w->customer) {
                put_event(w, out, &line, tree, i, 0);
                continue;
            }
            if (!concerned(w, tree->events[i].device))
                continue;
            uint64_t before = 0;
            for (size_t p = 0; p < s->publication_count; p++)
                for (size_t j = 0; j < s->publications[p].count; j++) {
                    const struct entry *entry = &s->publications[p].entries[j];
                    if (entry->class != order[c] || entry->size <= i || entry->size == before ||
                        !entry_is_shown(w, entry))
                        continue;
                    before = entry->size;
                    put_event(w, out, &line, tree, i, entry->size);
                }
        }
    }
    buf_fini(&line);
}

static bool answered(const struct scene *s, unsigned device, uint64_t n)
{
    for (size_t i = 0; i < s->receipt_count; i++)
        if (!s->receipts[i].outcome && s->receipts[i].device == device &&
            s->receipts[i].position <= n && s->receipts[i].n >= n)
            return true;
    return false;
}

static void put_recipient(struct writing *w, struct pack_lines *out, struct buf *line,
                          const struct publication *p, size_t index, unsigned device, uint64_t n)
{
    struct scene *s = w->s;
    const char *state;

    w->counts.meant++;
    buf_putc(line, '{');
    if (answered(s, device, n)) {
        state = "acknowledged";
        w->counts.acknowledged++;
    } else if (device == 3) {
        state = "removed";
        w->counts.removed++;
        buf_printf(line, "\"act\":%llu,", (unsigned long long)w->story->removed);
    } else if (device == 4) {
        state = "left_fixed";
        w->counts.left_fixed++;
        buf_printf(line, "\"act\":%llu,", (unsigned long long)w->story->left);
    } else {
        w->counts.silent++;
        state = device == 1 ? "undelivered" : "unacknowledged";
        if (device == 1)
            w->counts.undelivered++;
        else
            w->counts.unacknowledged++;
    }
    buf_printf(line, "\"asset\":\"%s\",\"index\":%zu,\"n\":%llu,\"publication\":\"%s\"",
               s->devices[device].id, index, (unsigned long long)n, p->id);
    if (device == 1)
        buf_puts(line, ",\"reason\":\"never fetched\"");
    if (device == 4) {
        buf_puts(line, ",\"salt\":\"");
        put_hex(line, w->story->left_salt);
        buf_putc(line, '"');
    }
    buf_printf(line, ",\"state\":\"%s\"}", state);
    put(w, out, line);
}

static void fill_recipients(struct writing *w, struct pack_lines *out)
{
    struct scene *s = w->s;
    bool *seen = mem_new(s->device_count, sizeof *seen);
    struct buf line;

    CHECK(seen);
    buf_init(&line);
    for (size_t i = 0; i < s->publication_count; i++)
        for (size_t j = 0; j < s->publications[i].count; j++) {
            const struct entry *entry = &s->publications[i].entries[j];
            for (size_t k = 0; k < entry->meant_count; k++) {
                if (!concerned(w, entry->meant[k]))
                    continue;
                put_recipient(w, out, &line, &s->publications[i], j, entry->meant[k], entry->n[k]);
                w->counts.devices += !seen[entry->meant[k]];
                seen[entry->meant[k]] = true;
            }
        }
    mem_free(seen);
    buf_fini(&line);
}

static void fill_receipts(struct writing *w, struct pack_lines *out)
{
    struct buf line;

    buf_init(&line);
    for (size_t i = 0; i < w->s->receipt_count; i++) {
        const struct receipt *r = &w->s->receipts[i];
        const struct device *d = &w->s->devices[r->device];
        if (r->outcome || !concerned(w, r->device))
            continue;
        buf_printf(&line, "{\"act\":%llu,\"asset\":\"%s\",\"before\":\"%s\",\"digests\":[",
                   (unsigned long long)r->act, d->id, scene_text(d->heads[r->position - 1]));
        for (uint64_t n = r->position; n <= r->n; n++)
            buf_printf(&line, "%s\"%s\"", n > r->position ? "," : "", scene_text(d->digests[n]));
        buf_printf(&line, "],\"envelope\":%s,\"position\":%llu}", buf_text(&r->envelope),
                   (unsigned long long)r->position);
        put(w, out, &line);
    }
    buf_fini(&line);
}

static void fill_outcomes(struct writing *w, struct pack_lines *out)
{
    struct buf line;

    buf_init(&line);
    for (size_t i = 0; i < w->s->receipt_count; i++) {
        const struct receipt *r = &w->s->receipts[i];
        if (!r->outcome || !concerned(w, r->device))
            continue;
        buf_printf(&line, "{\"act\":%llu,\"asset\":\"%s\",\"envelope\":%s}",
                   (unsigned long long)r->act, w->s->devices[r->device].id, buf_text(&r->envelope));
        put(w, out, &line);
    }
    buf_fini(&line);
}

static void fill_others(struct writing *w, struct pack_lines *out)
{
    struct buf line;

    if (w->customer)
        return;
    buf_init(&line);
    buf_printf(&line,
               "{\"audience\":\"" AUDIENCE "\",\"class\":\"%s\",\"members\":2,"
               "\"reasons\":[\"serial number\"],\"status\":\"other_serial\"}",
               w->s->trees[1].class);
    put(w, out, &line);
    buf_printf(&line,
               "{\"audience\":\"" AUDIENCE "\",\"class\":\"%s\",\"members\":4,"
               "\"reasons\":[\"version 5.0 is newer\"],\"status\":\"not_affected\"}",
               scene_text(w->head.root));
    put(w, out, &line);
    w->counts.not_told.other_serial = 2;
    w->counts.not_told.not_affected = 4;
    buf_fini(&line);
}

static void fill_owners(struct writing *w, struct pack_lines *out)
{
    struct buf line;

    if (w->customer)
        return;
    buf_init(&line);
    buf_printf(&line,
               "{\"act\":%zu,\"at\":\"2026-11-21T13:00:00Z\",\"delivery\":"
               "\"dlv_00000000000000000000000001\",\"organisation\":"
               "\"org_00000000000000000000000001\",\"state\":\"told\",\"way\":\"mail\"}",
               w->s->act_count - 1);
    put(w, out, &line);
    buf_puts(&line,
             "{\"at\":\"2026-11-21T13:00:01Z\",\"delivery\":"
             "\"dlv_00000000000000000000000002\",\"organisation\":"
             "\"org_00000000000000000000000002\",\"state\":\"no_address\",\"way\":\"none\"}");
    put(w, out, &line);
    w->counts.owners.told = 1;
    w->counts.owners.no_address = 1;
    w->counts.ownerless = 1;
    buf_fini(&line);
}

struct certificate_line {
    uint8_t hash[32];
    const struct identity *identity;
    const struct device *device; /* NULL: a CA or publisher */
};

static int by_hash(const void *a, const void *b)
{
    return memcmp(((const struct certificate_line *)a)->hash,
                  ((const struct certificate_line *)b)->hash, 32);
}

static void fill_certificates(struct writing *w, struct pack_lines *out)
{
    struct scene *s = w->s;
    struct certificate_line *all = mem_new(s->device_count + 2, sizeof *all);
    struct buf line;
    size_t count = 0;

    CHECK(all);
    all[count++].identity = &s->issuing;
    all[count++].identity = &s->publisher;
    for (unsigned i = 0; i < s->device_count; i++) {
        if (!s->devices[i].identity.key || !concerned(w, i))
            continue;
        all[count].device = &s->devices[i];
        all[count++].identity = &s->devices[i].identity;
    }
    for (size_t i = 0; i < count; i++)
        scene_certificate_hash(s, all[i].identity, all[i].hash);
    qsort(all, count, sizeof *all, by_hash);
    buf_init(&line);
    for (size_t i = 0; i < count; i++) {
        buf_printf(&line, "{\"certificate\":\"%s\",\"der\":\"", scene_text(all[i].hash));
        base64_put(&line, buf_slice(&all[i].identity->certificate));
        buf_putc(&line, '"');
        if (all[i].device) {
            buf_printf(&line, ",\"issued\":%llu", (unsigned long long)all[i].device->issued);
            if (all[i].device->revoked)
                buf_printf(&line, ",\"revoked\":%llu", (unsigned long long)all[i].device->revoked);
            buf_printf(&line, ",\"subject\":\"%s\"", all[i].device->id);
        }
        buf_putc(&line, '}');
        put(w, out, &line);
    }
    mem_free(all);
    buf_fini(&line);
}

static void add_trust(struct writing *w)
{
    struct scene *s = w->s;
    struct buf payload, envelope;

    buf_init(&payload);
    buf_init(&envelope);
    buf_puts(&payload, "{\"anchors\":[\"");
    base64_put(&payload, buf_slice(&s->root.certificate));
    buf_puts(&payload, "\"],\"at\":\"2026-11-21T12:00:00Z\",\"doors\":{\"device\":"
                       "\"https://centre.example:8443\",\"enrol\":\"https://centre.example:8444\","
                       "\"public\":\"http://centre.example\"},\"format\":\"tocsin-trust/v1\","
                       "\"generation\":1,\"log_key\":\"");
    note_key_put(&payload, &s->log);
    buf_puts(&payload, "\",\"origin\":\"" ORIGIN "\",\"quorum\":1,\"witnesses\":[\"");
    note_key_put(&payload, &s->witness);
    buf_puts(&payload, "\"]}");
    scene_sign(s, buf_slice(&payload), &s->publisher, true, &envelope);
    CHECK(pack_add_file(w->w, "trust.json", buf_slice(&envelope), &s->e) == 0);
    buf_fini(&payload);
    buf_fini(&envelope);
}

static void add_heads(struct writing *w)
{
    struct scene *s = w->s;
    struct buf note;

    buf_init(&note);
    scene_sign_head(s, w->head, s->options->witnessing == PACK_WITNESSED, &note);
    CHECK(pack_add_file(w->w, "checkpoint", buf_slice(&note), &s->e) == 0);
    if (s->options->witnessing == PACK_WITNESSED_EARLIER) {
        buf_reset(&note);
        scene_sign_head(s, w->story->after_first, true, &note);
        CHECK(pack_add_file(w->w, "witnessed", buf_slice(&note), &s->e) == 0);
    }
    buf_fini(&note);
}

void scene_write_pack(struct scene *s, struct story *story, const char *path)
{
    struct writing w = {.s = s, .story = story, .customer = s->options->customer != NULL};
    const char *ids[PUBLICATIONS];
    size_t count = 0;

    w.table = scene_acts_table(s);
    struct merkle_source source = merkle_table_source(w.table);
    w.head.size = s->act_count;
    CHECK(merkle_source_root(&source, w.head.size, w.head.root, &s->e) == 0);
    CHECK(pack_writer_new(&w.w, path, &s->e) == 0);
    CHECK(pack_add_file(w.w, "advisory.json", buf_slice(&s->documents[1]), &s->e) == 0);
    char name[96] = "advisories/";
    uint8_t digest[32];
    scene_hash(s, buf_slice(&s->documents[0]), slice_of(NULL, 0), digest);
    hex_format(digest, 32, name + strlen(name));
    memcpy(name + strlen(name), ".json", 6);
    CHECK(pack_add_file(w.w, name, buf_slice(&s->documents[0]), &s->e) == 0);
    add_trust(&w);
    add_heads(&w);
    CHECK(pack_add_file(w.w, "crl.der", buf_slice(&s->crl), &s->e) == 0);
    for (size_t i = 0; i < s->publication_count; i++) {
        if (!publication_is_shown(&w, &s->publications[i]))
            continue;
        snprintf(name, sizeof name, "publications/%s.json", s->publications[i].id);
        CHECK(pack_add_file(w.w, name, buf_slice(&s->publications[i].envelope), &s->e) == 0);
        ids[count++] = s->publications[i].id;
    }
    lines(&w, "acts.jsonl", fill_acts);
    lines(&w, "consistency.jsonl", fill_consistency);
    lines(&w, "entries.jsonl", fill_entries);
    lines(&w, "members.jsonl", fill_members);
    lines(&w, "recipients.jsonl", fill_recipients);
    lines(&w, "receipts.jsonl", fill_receipts);
    lines(&w, "outcomes.jsonl", fill_outcomes);
    lines(&w, "others.jsonl", fill_others);
    lines(&w, "owners.jsonl", fill_owners);
    lines(&w, "certificates.jsonl", fill_certificates);

    struct slice chain[2] = {buf_slice(&s->publisher.certificate),
                             buf_slice(&s->issuing.certificate)};
    struct envelope_signer signer = envelope_signer_of_key(s->publisher.key, chain, 2);
    const struct pack_statement statement = {
        .made = scene_now(s),
        .origin = ORIGIN,
        .advisory = buf_slice(&s->advisories[1]),
        .checkpoint_size = w.head.size,
        .checkpoint_root = {0},
        .publications = ids,
        .publication_count = count,
        .counts = w.counts,
        .witnessed = s->options->witnessing == PACK_WITNESSED           ? w.head.size
                     : s->options->witnessing == PACK_WITNESSED_EARLIER ? story->after_first.size
                                                                        : 0,
        .organisation = s->options->customer,
    };
    struct pack_statement whole = statement;
    memcpy(whole.checkpoint_root, w.head.root, 32);
    CHECK(pack_finish(w.w, &whole, &signer, &s->e) == 0);
    pack_writer_free(w.w);
    merkle_table_free(w.table);
}
