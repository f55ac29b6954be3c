/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open device streams: what each has been given, and what comes next. Deliveries are read from the
 * database by workers; a stream that is behind is worked on by one worker at a time.
 */
#ifndef CENTRE_STREAMS_H
#define CENTRE_STREAMS_H

#include "centre/command.h"
#include "net/stream.h"

struct centre;
struct streams;
struct fleet_position;

int streams_new(struct streams **streams, struct centre *centre, struct err *e) MUST_CHECK;
void streams_free(struct streams *streams);

/*
 * Answers x with an event stream of the asset's deliveries behind *position, and keeps it going.
 * Takes x over. From a worker.
 */
void streams_open(struct streams *streams, struct http_exchange *x, const char *asset,
                  const uint8_t certificate[32], const struct fleet_position *position);

/* Something was published: every stream looks whether it is meant. Any thread, quick. */
void streams_wake_all(struct streams *streams);

/* The streams of these assets (keys; values not NULL) begin again behind what was acknowledged. The
 * number of streams found. */
struct map;
size_t streams_tell_again(struct streams *streams, const struct map *assets);

/* The asset has been handed its notices up to n: remembered soon, by the clock thread. Any thread.
 */
void streams_note_sent(struct streams *streams, const char *asset, uint64_t n);
/* Stores what was noted. From the clock thread. */
void streams_store_sent(struct centre *centre);
extern const struct command_type command_sent_store;

/* Checkpoints up to this size are signed: wakes the streams that were not shown one for a while. */
void streams_show_checkpoint(struct streams *streams, uint64_t size);
size_t streams_count(struct streams *streams);
/* Whether a stream of this asset is open. */
bool streams_has(struct streams *streams, const char *asset);
/* Where its stream stands in the asset's chain, when that is behind notice n. */
bool streams_position(struct streams *streams, const char *asset, uint64_t n,
                      struct fleet_position *position);

#endif
