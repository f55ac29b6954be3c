/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what all targets of a chain say of one version, as a byte each. The bounds of a
 * chain's ranges are put in the order of their scheme once; a version's place among them is then a
 * number (its rank), and of two versions of the same rank all targets say the same. So neither a
 * product of many versions nor a chain of many targets is compared pair by pair.
 */
#ifndef FLEET_MATCH_LISTEN_H
#define FLEET_MATCH_LISTEN_H

#include "base/map.h"
#include "fleet/match_combine.h"

/* A byte of what is said. */
enum { FLEET_SAYS_NOTHING = 0, FLEET_SAYS = 1, FLEET_SAYS_CONTESTED = 16 };

static inline enum product_in fleet_says_in(uint8_t says)
{
    return (enum product_in)(says % FLEET_SAYS_CONTESTED - FLEET_SAYS);
}

/* A version and, where it was made before, its sort key. */
struct fleet_version {
    struct slice text;
    const struct product_scheme *scheme; /* of the key; NULL: there is none */
    struct slice key;
    size_t family; /* bytes of the key, as in struct product_version_key */
};

/* The key of a version as an index keeps it: under the scheme of the component's package URL. Fills
 * all but text; key lies in the buffer, which must stay. Without a key that decides: scheme NULL.
 */
void fleet_version_key(const struct product_scheme *scheme, struct slice text, struct buf *out,
                       struct fleet_version *version);

struct fleet_ranks;

/* For one run over the same criteria. */
struct fleet_listener {
    const struct fleet_criteria *criteria;
    struct arena *arena;        /* of the run */
    struct fleet_chain *chains; /* by leader; NULL: not made yet */
    struct map said;            /* leader, identification and rank -> bytes */
    struct buf key;
};

void fleet_listener_init(struct fleet_listener *listener, const struct fleet_criteria *criteria,
                         struct arena *arena);
void fleet_listener_fini(struct fleet_listener *listener);

/* How many targets the chain has. 0: no memory. */
size_t fleet_listener_targets(struct fleet_listener *listener, uint32_t leader);
/*
 * What the chain says of a version of the subject, which was identified as its leader: a byte a
 * target, in the order of the chain. *any: some say something. 0 or -1 (ERR_MEMORY).
 */
int fleet_listener_hear(struct fleet_listener *listener, uint32_t leader,
                        const struct fleet_subject *subject, const struct fleet_identified *id,
                        const struct fleet_version *version, uint8_t *says, bool *any,
                        struct err *e) MUST_CHECK;

/* A chain that a component was identified as. */
struct fleet_contact {
    uint32_t leader;
    struct fleet_identified id;
};

/*
 * The touches of one component, unless the same is said of it as of two others before: those add
 * nothing. One decides, and whether there is a second one tells if serial numbers limit the answer.
 * Without this, an inventory of many components that are like one another and an advisory on many
 * versions cost their product.
 */
enum { FLEET_ALIKE = 2 };

struct fleet_alike {
    struct fleet_listener listener;
    struct map said; /* what is said of a component -> how many there are, FLEET_ALIKE at most */
};

void fleet_alike_init(struct fleet_alike *alike, const struct fleet_criteria *criteria,
                      struct arena *arena);
void fleet_alike_fini(struct fleet_alike *alike);
int fleet_alike_touch(struct fleet_alike *alike, const struct fleet_subject *subject,
                      uint32_t number, const struct fleet_contact *contacts, size_t count,
                      struct fleet_touches *touches, struct fleet_nearest *nearest,
                      struct err *e) MUST_CHECK;

#endif
