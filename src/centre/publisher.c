/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/publisher.h"
#include "centre/centre.h"
#include "centre/streams.h"
#include "centre/trust.h"
#include "fleet/publication_store.h"

#include <stdio.h>

static int sign(struct command_run *run, struct err *e)
{
    const struct buf *envelope = run->command->prepared;
    char id[ID_TEXT];

    if (args_id(run->args, "publication", "pub", id, e) != 0)
        return -1;
    return fleet_publication_sign(&run->change, id, buf_slice(envelope), e);
}

static void signed_now(struct centre *centre, const struct command *command)
{
    (void)command;
    streams_wake_all(centre->streams);
}

const struct command_type command_publication_sign = {
    .name = "publication.sign", .silent = true, .run = sign, .committed = signed_now};

static int handle(struct follower *f, const struct followed *act, struct err *e)
{
    char id[ID_TEXT];
    char args[80];
    struct buf payload;
    struct buf envelope;
    int result = -1;

    (void)act;
    buf_init(&payload);
    buf_init(&envelope);
    for (;;) {
        buf_reset(&payload);
        buf_reset(&envelope);
        int found = fleet_publication_to_sign(f->db, id, &payload, e);
        if (found <= 0) {
            result = found;
            break;
        }
        if (trust_seal(f->centre->trust, buf_slice(&payload), &envelope, e) != 0)
            break;
        snprintf(args, sizeof(args), "{\"publication\":\"%s\"}", id);
        if (follower_command(f, &command_publication_sign, slice_str(args), &envelope, NULL, false,
                             false, NULL, e) != 0)
            break;
    }
    buf_fini(&envelope);
    buf_fini(&payload);
    return result;
}

static const char *const wanted[] = {"publication.frozen", NULL};

const struct follower_type follower_publisher = {
    .name = "publisher", .wanted = wanted, .handle = handle};
