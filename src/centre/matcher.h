/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The matcher follower: what an advisory says of each class, publications, and what who joins a
 * class has to be told. One thread, in the order of acts: who joins while a publication is being
 * built is looked at after it.
 */
#ifndef CENTRE_MATCHER_H
#define CENTRE_MATCHER_H

#include "centre/follower.h"

extern const struct follower_type follower_matcher;

/* What it keeps in memory (centre->matcher); NULL is fine. */
struct matcher;
void matcher_free(struct matcher *matcher);

/* Its commands; for nobody else. */
extern const struct command_type command_statements_keep;
extern const struct command_type command_advisory_matched;
extern const struct command_type command_publication_begin;
extern const struct command_type command_publication_chunk;
extern const struct command_type command_publication_freeze;
extern const struct command_type command_publication_add;

#endif
