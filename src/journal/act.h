/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts and their commitments (docs/formats.md section 2.1). An act is the record that a command was
 * carried out or refused; the journal's tree holds only salted commitments to acts.
 */
#ifndef JOURNAL_ACT_H
#define JOURNAL_ACT_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"

enum {
    ACT_SALT = 32,
    ACT_COMMITMENT = 32,
    ACT_MAX = 65536, /* bytes of an act */
    ACT_TYPE_MAX = 64,
};

struct act {
    const char *id;    /* "act_…"; NULL: journal_append draws one */
    int64_t at;        /* microseconds; journal_append sets it */
    int64_t clock;     /* the clock's reading when it stood before the act in front; else 0 */
    const char *type;  /* "advisory.imported" */
    bool refused;      /* outcome "refused" instead of "done" */
    const char *actor; /* opaque id, or "sys:" and a part of the centre */
    const char *organisation; /* "org_…" whose object it is; NULL: of no one (the log's own acts) */
    bool exercise;
    const uint8_t *command; /* SHA-256 of the canonical command; NULL: none */
    struct slice data;      /* canonical JSON object; empty: {} */
};

/*
 * An id for an act: as id_new, but its first 48 bits are the time in milliseconds, so that the
 * index of ids grows at one end instead of everywhere. The other 80 bits are random.
 */
int act_id_new(const struct clock *clock, const struct random *random, char id[ID_TEXT],
               struct err *e) MUST_CHECK;

/*
 * Appends the act in canonical form. ERR_INTERNAL "act.invalid" when a member is not as the format
 * wants it, "act.size" over ACT_MAX. data is taken as it is: the caller wrote it canonically (tests
 * run with act_check, which looks).
 */
int act_build(const struct act *act, struct buf *out, struct err *e) MUST_CHECK;

/* commitment = SHA-256("tocsin-act/v1" ‖ salt ‖ body); leaf = SHA-256(0x00 ‖ commitment). */
int act_commit(const uint8_t salt[ACT_SALT], struct slice body, uint8_t commitment[ACT_COMMITMENT],
               uint8_t leaf[32], struct err *e) MUST_CHECK;

/* A parsed act; slices and values belong to the document that it was read from. */
struct act_view {
    struct slice id;
    struct slice type;
    struct slice actor;
    struct slice organisation; /* empty: none */
    int64_t at;
    bool refused;
    bool exercise;
    const struct json_value *data;
};

/* Reads an act from parsed JSON. ERR_INPUT "act.syntax", naming the member. */
int act_view(struct act_view *view, const struct json_value *value, struct err *e) MUST_CHECK;

/* 0 when body is a canonical act: act_view and RFC 8785. */
int act_check(struct slice body, struct err *e) MUST_CHECK;

#endif
