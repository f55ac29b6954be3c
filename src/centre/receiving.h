/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices send: inventories, receipts, outcomes, answers. A worker parses and verifies; the
 * command then only checks what can have changed meanwhile. The same for what comes by the device
 * door and what comes in an answer file.
 */
#ifndef CENTRE_RECEIVING_H
#define CENTRE_RECEIVING_H

#include "centre/command.h"
#include "centre/workers.h"
#include "fleet/chain_store.h"

struct receiving {
    char asset[ID_TEXT];
    bool exercise;
    const char *via;
    uint8_t certificate[32];
    struct buf text; /* the envelope's bytes */
    struct envelope envelope;
    bool has_envelope;
    struct fleet_receipt receipt;
    struct fleet_position
        walked; /* where the asset's stream stands, when that is at the receipt's n */
    bool has_walked;
    struct fleet_outcome outcome;
    struct fleet_inventory *inventory;
    struct fleet_class *class;
};
void receiving_free(void *received);

/*
 * Each checks form, origin, that the signer's certificate belongs to the asset named, was issued
 * here and is active now, and the signature. caller: the device at the door, which may only speak
 * for itself; an operator who brings an answer file may bring anyone's of his organisation.
 */
int receive_inventory(struct worker *worker, const struct caller *caller, struct slice body,
                      const char *via, struct receiving **received, struct err *e) MUST_CHECK;
/* Also: the head that the device had seen is an earlier state of this journal. */
int receive_receipt(struct worker *worker, const struct caller *caller, struct slice body,
                    const char *via, struct receiving **received, struct err *e) MUST_CHECK;
int receive_outcome(struct worker *worker, const struct caller *caller, struct slice body,
                    const char *via, struct receiving **received, struct err *e) MUST_CHECK;

/* tocsin-answer/v1: what an asset found by matching on the spot. */
int receive_answer(struct worker *worker, const struct caller *caller, struct slice body,
                   const char *via, struct receiving **received, struct err *e) MUST_CHECK;

extern const struct command_type command_inventory_accept;
extern const struct command_type command_receipt_accept;
extern const struct command_type command_outcome_accept;

#endif
