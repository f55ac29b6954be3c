/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices in a mail to people: those for which the same is to be done stand together, the worst
 * first, with what is to be done said once.
 */
#ifndef CENTRE_DIGEST_GROUPS_H
#define CENTRE_DIGEST_GROUPS_H

#include "base/buf.h"
#include "base/err.h"

/* What is said of a device, as its owner has to take it. */
enum digest_rank { DIGEST_AFFECTED, DIGEST_PERHAPS, DIGEST_NOTHING, DIGEST_RANKS };

struct digest_device {
    struct slice id, label, vendor, model, version, serial;
    struct slice way;    /* "online", "offline", "none" */
    struct slice status; /* of its notice */
    struct slice body;   /* the notice */
};

struct digest_groups {
    struct digest_group *first;
    size_t shown;
    size_t shown_most; /* devices that are listed; the others are counted */
    size_t counts[DIGEST_RANKS];
    size_t without_agent;
    size_t more; /* devices that were not even looked at: there are too many */
};

void digest_groups_init(struct digest_groups *groups, size_t shown_most);
void digest_groups_fini(struct digest_groups *groups);
int digest_groups_add(struct digest_groups *groups, const struct digest_device *device,
                      struct err *e) MUST_CHECK;
size_t digest_groups_count(const struct digest_groups *groups);
/* Appends all groups under their headings. */
void digest_groups_put(const struct digest_groups *groups, struct buf *text);

/*
 * Appends words as one paragraph, lines of at most 76 columns; indent: spaces before every line,
 * hang: more of them before all but the first.
 */
void digest_put_words(struct buf *text, struct slice words, unsigned indent, unsigned hang);

#endif
