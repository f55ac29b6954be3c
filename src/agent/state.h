/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent must not forget, HOME/state.json, format "tocsin-agent-state/v1": written whole,
 * fsynced and renamed before anything that depends on it leaves the machine. A notice is counted
 * here only when its bytes stand in HOME/notices; a receipt is signed only for what is counted.
 */
#ifndef AGENT_STATE_H
#define AGENT_STATE_H

#include "base/buf.h"
#include "base/id.h"

enum {
    STATE_HOOKS_AHEAD = 256,   /* hooks finished out of order are remembered up to so far ahead */
    STATE_ORIGINS_MAX = 16,    /* journals that this device was told of, one after the other */
    STATE_ORIGIN = 128,        /* bytes of an origin with its NUL */
    STATE_NOTE_MAX = 16 * 1024 /* bytes of a checkpoint with its signatures */
};

struct state_checkpoint {
    bool there;
    uint64_t size;
    uint8_t root[32];
    struct buf note; /* the signed note as it came */
};

struct state {
    char asset[ID_TEXT];
    uint64_t n;                       /* last notice that was verified and stored */
    uint8_t head[32];                 /* H(n), docs/formats.md 3.3 */
    uint64_t acked;                   /* the centre has a receipt up to here */
    uint64_t hooks_to;                /* no hook is to be run any more for notices up to here */
    uint64_t done[STATE_HOOKS_AHEAD]; /* and for these above it, rising */
    size_t done_count;
    bool has_inventory;
    uint8_t inventory[32]; /* of the inventory that the centre took, without its time */
    char class[72];        /* and the class that it answered */
    char origins[STATE_ORIGINS_MAX][STATE_ORIGIN]; /* newest last */
    size_t origin_count;
    bool rejoin; /* a new journal began: the centre's chain may be shorter, or another (rewind.h) */
    struct state_checkpoint checkpoint; /* last one that was consistent */
    /* The journal contradicted itself: no receipt is signed any more. */
    bool alarm;
    char alarm_code[48];
    char alarm_text[480];
    int64_t alarm_at;
    /* The last delivery that was refused; for people only. */
    bool refusal;
    char refusal_code[48];
    char refusal_text[480];
    int64_t refusal_at;
    int64_t contact_at; /* last time that the centre answered; 0: never */
};

/* Empty, with H(0) for the asset. -1: no digest. */
int state_init(struct state *s, const char *asset, struct err *e) MUST_CHECK;
void state_fini(struct state *s);

/*
 * Reads HOME/state.json; none there: as state_init. -1 with "agent.state" when the file is not what
 * this program wrote, or belongs to another asset.
 */
int state_load(struct state *s, const char *home, const char *asset, struct err *e) MUST_CHECK;
int state_parse(struct state *s, struct slice text, const char *asset, struct err *e) MUST_CHECK;

/* Durable when it returns 0. */
int state_save(const struct state *s, const char *home, struct err *e) MUST_CHECK;
void state_write(const struct state *s, struct buf *out);

/* True while the hook of notice k has not been done. */
bool state_hook_open(const struct state *s, uint64_t k);
/* Marks it done and moves hooks_to on; false when k is too far ahead to be remembered. */
bool state_hook_done(struct state *s, uint64_t k);

/* The journal's origin that is known, or was earlier. */
bool state_knows_origin(const struct state *s, struct slice origin);
/* Adds it as the newest; a new journal has no checkpoint yet, and asks for rejoin. -1 over
 * STATE_ORIGINS_MAX. */
int state_add_origin(struct state *s, struct slice origin, struct err *e) MUST_CHECK;

void state_refused(struct state *s, const struct err *why, int64_t now);
void state_raise_alarm(struct state *s, const struct err *why, int64_t now);

#endif
