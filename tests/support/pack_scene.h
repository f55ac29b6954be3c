/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of pack_fixture share: everybody and everything in its story. */
#ifndef TESTS_PACK_SCENE_H
#define TESTS_PACK_SCENE_H

#include "authority.h"
#include "pack_fixture.h"

#include "base/id.h"
#include "crypto/envelope.h"
#include "crypto/merkle.h"
#include "journal/act.h"

#include <stdio.h>
#include <stdlib.h>

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: %s: %s (%s) %s\n", __FILE__, __LINE__, #what, s->e.text,       \
                    s->e.code, s->e.where);                                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define ORIGIN "centre.example/tocsin/00112233445566aa"
#define AUDIENCE "aud_00000000000000000000000001"
#define VENDOR "https://vendor.example"
#define BEGIN INT64_C(1795262400000000) /* 2026-11-21T12:00:00Z */

enum { DEVICES = 10, CLASSES = 3, PUBLICATIONS = 3, CHAIN_MAX = 4, HEADS_MAX = 8 };

struct scene_act {
    struct buf body;
    uint8_t salt[ACT_SALT];
    uint8_t leaf[32];
    char id[ID_TEXT];
    bool shown;
};

struct event {
    unsigned device;
    bool joined;
    uint8_t salt[32];
    struct buf json;
    uint8_t data[32]; /* leaf data */
    uint8_t leaf[32];
    uint64_t act;
};

struct tree {
    char class[HASH_TEXT];
    struct event *events;
    size_t count, room;
};

struct device {
    char id[ID_TEXT];
    char organisation[ID_TEXT];
    struct identity identity;
    uint64_t issued, revoked; /* acts; revoked 0: not */
    uint8_t heads[CHAIN_MAX + 1][32];
    uint8_t digests[CHAIN_MAX + 1][32]; /* from 1 */
    uint64_t n;
};

struct entry {
    unsigned class;
    struct buf json, notice;
    uint8_t digest[32];
    uint8_t leaf[32];
    uint64_t size; /* of the members' tree */
    uint8_t root[32];
    unsigned *meant; /* devices */
    size_t meant_count;
    uint64_t *n; /* each one's place in its chain */
};

struct publication {
    char id[ID_TEXT];
    unsigned document;
    struct entry entries[CLASSES];
    size_t count;
    uint8_t root[32];
    uint64_t frozen, members;
    struct buf envelope;
};

struct receipt {
    unsigned device;
    uint64_t position, n, act;
    struct buf envelope;
    bool outcome; /* an outcome's envelope, for outcomes.jsonl */
};

struct head {
    uint64_t size;
    uint8_t root[32];
};

struct scene {
    struct err e;
    const struct pack_options *options;
    struct identity root, issuing, publisher, foreign; /* foreign: a CA of somebody else */
    struct key *log_private, *witness_private;
    struct note_key log, witness;
    struct scene_act *acts;
    size_t act_count, act_room;
    struct tree trees[CLASSES];
    struct device *devices;
    size_t device_count;
    struct publication publications[PUBLICATIONS];
    size_t publication_count;
    struct receipt *receipts;
    size_t receipt_count, receipt_room;
    struct head heads[HEADS_MAX]; /* those that devices and others saw */
    size_t head_count;
    struct buf documents[2], advisories[2], crl;
    uint64_t imported[2];
};

struct story {
    struct head after_first; /* the head when the first publication was out */
    uint64_t removed, left;  /* acts */
    uint8_t left_salt[32];
};

void scene_hash(struct scene *s, struct slice a, struct slice b, uint8_t out[32]);
/* "sha256:…"; good for the next seven calls. */
const char *scene_text(const uint8_t digest[32]);
/* The time of the next act. */
int64_t scene_now(const struct scene *s);
struct merkle_table *scene_acts_table(struct scene *s);
void scene_sign_head(struct scene *s, struct head head, bool cosigned, struct buf *note);
/* The root of a tree of events at an earlier size. */
void scene_tree_root(struct scene *s, const struct tree *tree, size_t size, uint8_t root[32]);
void scene_sign(struct scene *s, struct slice payload, const struct identity *identity,
                bool with_chain, struct buf *envelope);
void scene_certificate_hash(struct scene *s, const struct identity *identity, uint8_t out[32]);

/* pack_fixture_write.c */
void scene_write_pack(struct scene *s, struct story *story, const char *path);

#endif
