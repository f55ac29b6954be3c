/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deliveries that the courier has and has not answered yet. The teller's thread begins and ends
 * them; the courier client's thread brings the results.
 */
#ifndef CENTRE_TELLER_FLIGHTS_H
#define CENTRE_TELLER_FLIGHTS_H

#include "base/id.h"
#include "centre/courier_frame.h"

/* A delivery that is due, as it stands in the database. */
struct due {
    char id[ID_TEXT];
    char publication[ID_TEXT];
    char organisation[ID_TEXT];
    char person[ID_TEXT];
    char way[8];
    int64_t assets;
    int64_t attempts;
    int64_t next_at;
};

struct flights;

struct flight {
    struct flight *next;
    struct flights *all;
    struct due due;
    bool exercise;
    char host[300];   /* who is spoken to: courier_delivery_host */
    int64_t deadline; /* monotonic; without an answer by then nobody knows what became of it */
    bool judged;      /* result stands */
    bool landed;      /* the courier will say no more about it */
    bool ended;       /* the teller wants to know no more about it */
    struct courier_result result;
};

struct flights *flights_new(struct err *e) MUST_CHECK;
/* Behind courier_client_free, which answers what is still under way. NULL is fine. */
void flights_free(struct flights *flights);

size_t flights_count(struct flights *flights);
/* How many of them speak to this host. */
size_t flights_to(struct flights *flights, const char *host);
bool flights_have(struct flights *flights, const char *delivery);

/* A new one in the air, zeroed. */
struct flight *flight_begin(struct flights *flights, const struct due *due,
                            struct err *e) MUST_CHECK;
/* courier_done; context: the flight. After it the flight is not touched by the caller. */
void flight_landed(void *flight, const struct courier_result *result);
/* One whose result is known, or whose deadline has passed (COURIER_UNKNOWN); NULL: none. It stays
 * in the air until flight_end: what could not be stored comes again. */
struct flight *flights_next_judged(struct flights *flights, int64_t now);
void flight_end(struct flight *flight);

/* Waits until one is judged, at most so long. */
void flights_wait(struct flights *flights, unsigned timeout_ms);

#endif
