/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/status.h"
#include "base/json.h"
#include "centre/centre.h"
#include "centre/checkpointer.h"
#include "centre/cosigners.h"
#include "centre/courier_client.h"
#include "centre/follower.h"
#include "centre/sandbox.h"
#include "centre/streams.h"
#include "centre/trust.h"
#include "centre/writer.h"
#include "journal/journal.h"
#include "signer/client.h"

#include <stdio.h>

enum { COURIER_WAIT_US = 1000000 };

/* Which witness has seen how far, and since when one does not answer. */
static void write_cosigners(struct centre *centre, bool inside, struct json_writer *w)
{
    struct cosigner_state state;

    json_write_name(w, "cosigners");
    json_write_array(w);
    for (size_t i = 0; cosigners_state(checkpointer_cosigners(centre->checkpointer), i, &state);
         i++) {
        json_write_object(w);
        json_member_string(w, "name", state.name);
        json_member_int(w, "size", (int64_t)state.size);
        if (state.at)
            json_member_time(w, "at", state.at);
        if (state.failures) {
            json_member_time(w, "failing_since", state.failing_since);
            json_member_int(w, "failures", state.failures);
            if (inside)
                json_member_string(w, "failure", state.failure);
        }
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void write_journal(struct centre *centre, bool inside, struct json_writer *w)
{
    struct checkpointer_state state;
    size_t witnesses;
    size_t quorum;

    checkpointer_state(centre->checkpointer, &state);
    (void)trust_witnesses(centre->trust, &witnesses, &quorum);
    json_write_name(w, "journal");
    json_write_object(w);
    json_member_string(w, "origin", centre->origin);
    json_member_int(w, "size", (int64_t)centre_head(centre));
    json_member_int(w, "signed", (int64_t)state.signed_size);
    json_member_int(w, "witnessed", (int64_t)state.witnessed_size);
    json_member_int(w, "witnesses", (int64_t)witnesses);
    json_member_int(w, "quorum", (int64_t)quorum);
    write_cosigners(centre, inside, w);
    if (inside && state.failure[0])
        json_member_string(w, "failure", state.failure);
    json_write_object_end(w);
}

static void write_signer(struct centre *centre, bool inside, struct json_writer *w)
{
    struct signer_status signer;
    struct err e = {0};

    json_write_name(w, "signer");
    json_write_object(w);
    if (signer_client_status(centre->signer, &signer, &e) == 0) {
        json_member_string(w, "state", signer.locked ? "locked" : "open");
        if (inside) {
            json_member_int(w, "keys", signer.keys);
            json_member_int(w, "signatures", (int64_t)signer.signatures);
            json_member_string(w, "sandbox", signer.sandbox);
        }
    } else {
        json_member_string(w, "state", "unreachable");
        if (inside)
            json_member_string(w, "failure", e.text);
    }
    json_write_object_end(w);
}

static void write_courier(struct centre *centre, struct json_writer *w)
{
    struct courier_status courier;
    struct err e = {0};

    json_write_name(w, "courier");
    json_write_object(w);
    if (courier_client_status(centre->courier, COURIER_WAIT_US, &courier, &e) == 0) {
        json_member_string(w, "state", "running");
        json_member_int(w, "waiting", courier.waiting);
        json_member_int(w, "in_flight", courier.in_flight);
        json_member_string(w, "sandbox", courier.sandbox);
    } else {
        json_member_string(w, "state", "unreachable");
        json_member_string(w, "failure", e.text);
    }
    json_write_object_end(w);
}

static void write_followers(struct centre *centre, struct json_writer *w)
{
    struct follower_state state;

    json_write_name(w, "followers");
    json_write_array(w);
    for (size_t i = 0; followers_state(centre->followers, i, &state); i++) {
        json_write_object(w);
        json_member_string(w, "name", state.name);
        json_member_int(w, "next", (int64_t)state.next);
        json_member_int(w, "failures", (int64_t)state.failures);
        if (state.failure[0])
            json_member_string(w, "failure", state.failure);
        json_member_int(w, "parked", (int64_t)state.parked_count);
        if (state.parked_count) {
            json_write_name(w, "parked_acts");
            json_write_array(w);
            for (uint64_t k = 0; k < state.parked_count && k < FOLLOWER_PARKED_SHOWN; k++)
                json_write_int(w, (int64_t)state.parked[k]);
            json_write_array_end(w);
        }
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

/* organisation: "" for all. */
static int write_counts(struct db *db, const char *organisation, struct json_writer *w,
                        struct err *e)
{
    int64_t ownerless = 0;
    int64_t all = 0;
    struct db_query q;
    int step;

    if (db_select(&q, db, e, SQL_ASSET_COUNTS, DB_TEXT(organisation)) != 0)
        return -1;
    json_write_name(w, "assets");
    json_write_object(w);
    json_write_name(w, "by_state");
    json_write_array(w);
    while ((step = db_step(&q, e)) == 1) {
        json_write_object(w);
        json_member_slice(w, "state", db_slice(&q, 0));
        json_member_slice(w, "way", db_slice(&q, 1));
        json_member_int(w, "count", db_int(&q, 2));
        json_write_object_end(w);
        all += db_int(&q, 2);
        ownerless += db_int(&q, 3);
    }
    db_query_finish(&q);
    json_write_array_end(w);
    json_member_int(w, "count", all);
    json_member_int(w, "ownerless", ownerless);
    json_write_object_end(w);
    if (step < 0 || db_select(&q, db, e, SQL_OWNER_DELIVERY_COUNTS, DB_TEXT(organisation)) != 0)
        return -1;
    json_write_name(w, "owner_deliveries");
    json_write_object(w);
    while ((step = db_step(&q, e)) == 1)
        json_member_int(w, db_text(&q, 0), db_int(&q, 1));
    db_query_finish(&q);
    json_write_object_end(w);
    return step;
}

/* How much goes on here is for who runs it: the others would read their neighbours' fleets from it.
 */
static void write_inside(struct centre *centre, struct json_writer *w)
{
    struct writer_counters writer;

    writer_counters(centre->writer, &writer);
    json_member_string(w, "sandbox", centre->sandbox);
    write_courier(centre, w);
    write_followers(centre, w);
    json_write_name(w, "writer");
    json_write_object(w);
    json_member_int(w, "transactions", (int64_t)writer.transactions);
    json_member_int(w, "commands", (int64_t)writer.commands);
    json_member_int(w, "refused", (int64_t)writer.refused);
    json_member_int(w, "waiting", (int64_t)writer.waiting);
    json_member_int(w, "longest_us", writer.longest_us);
    json_write_object_end(w);
    json_member_int(w, "streams", (int64_t)streams_count(centre->streams));
    json_member_int(w, "certificates", (int64_t)pki_live_count(centre->live));
}

int status_write(struct worker *worker, const struct caller *caller, struct buf *json,
                 struct err *e)
{
    struct centre *centre = worker->centre;
    struct json_writer w;

    json_write_init(&w, json, 0);
    json_write_object(&w);
    json_member_string(&w, "version", TOCSIN_VERSION);
    json_member_string(&w, "name", centre->config->centre_name);
    json_member_string(&w, "organisation", centre->organisation);
    json_member_time(&w, "started", centre->started_at);
    write_journal(centre, caller->everywhere, &w);
    write_signer(centre, caller->everywhere, &w);
    if (caller->everywhere)
        write_inside(centre, &w);
    else
        json_member_string(&w, "scope", caller->organisation);
    if (write_counts(worker->db, caller->everywhere ? "" : caller->organisation, &w, e) != 0)
        return -1;
    json_write_object_end(&w);
    return buf_check(json, e);
}

static void metric(struct buf *b, const char *name, const char *kind, const char *help,
                   uint64_t value)
{
    buf_printf(b, "# HELP tocsin_%s %s\n# TYPE tocsin_%s %s\ntocsin_%s %llu\n", name, help, name,
               kind, name, (unsigned long long)value);
}

int metrics_write(struct worker *worker, struct buf *text, struct err *e)
{
    struct centre *centre = worker->centre;
    struct checkpointer_state checkpoints;
    struct writer_counters writer;
    struct follower_state follower;
    struct cosigner_state witness;
    struct net_counters net;

    writer_counters(centre->writer, &writer);
    http_server_counters(centre->server, &net);
    checkpointer_state(centre->checkpointer, &checkpoints);
    metric(text, "journal_acts_total", "counter", "Acts in the journal.", centre_head(centre));
    metric(text, "journal_signed_acts", "gauge", "Acts under a signed checkpoint.",
           checkpoints.signed_size);
    metric(text, "journal_witnessed_acts", "gauge",
           "Acts under a checkpoint that the quorum cosigned.", checkpoints.witnessed_size);
    metric(text, "writer_transactions_total", "counter", "Transactions committed.",
           writer.transactions);
    metric(text, "writer_commands_total", "counter", "Commands carried out or refused.",
           writer.commands);
    metric(text, "writer_refused_total", "counter", "Commands refused.", writer.refused);
    metric(text, "writer_failed_commits_total", "counter", "Transactions that failed.",
           writer.failed_commits);
    metric(text, "writer_waiting", "gauge", "Commands waiting.", writer.waiting);
    metric(text, "workers_waiting", "gauge", "Jobs waiting for a worker.",
           workers_waiting(centre->workers));
    metric(text, "device_streams", "gauge", "Open device streams.", streams_count(centre->streams));
    metric(text, "certificates_live", "gauge", "Active certificates.",
           pki_live_count(centre->live));
    metric(text, "net_connections", "gauge", "Open connections.", net.connections_now);
    metric(text, "net_accepted_total", "counter", "Connections accepted.", net.accepted);
    metric(text, "net_handshakes_total", "counter", "TLS handshakes finished.", net.handshakes);
    metric(text, "net_handshakes_resumed_total", "counter", "TLS handshakes resumed.",
           net.handshakes_resumed);
    metric(text, "net_handshakes_failed_total", "counter", "TLS handshakes failed.",
           net.handshakes_failed);
    metric(text, "net_requests_total", "counter", "HTTP requests.", net.requests);
    metric(text, "net_refused_malformed_total", "counter", "Requests that were not HTTP.",
           net.refused_malformed);
    metric(text, "net_refused_peer_total", "counter", "Certificates that were not active.",
           net.refused_peer);
    metric(text, "net_refused_load_total", "counter", "Requests refused under load.",
           net.refused_load);
    metric(text, "net_timeouts_total", "counter", "Connections closed by a time limit.",
           net.timeouts);
    buf_puts(text, "# HELP tocsin_witness_acts Acts under the checkpoint that a witness cosigned.\n"
                   "# TYPE tocsin_witness_acts gauge\n"
                   "# HELP tocsin_witness_failures Failures of a witness in a row.\n"
                   "# TYPE tocsin_witness_failures gauge\n");
    for (size_t i = 0; cosigners_state(checkpointer_cosigners(centre->checkpointer), i, &witness);
         i++)
        buf_printf(text,
                   "tocsin_witness_acts{witness=\"%s\"} %llu\n"
                   "tocsin_witness_failures{witness=\"%s\"} %u\n",
                   witness.name, (unsigned long long)witness.size, witness.name, witness.failures);
    buf_puts(text, "# HELP tocsin_follower_parked Acts that a follower could not get past.\n"
                   "# TYPE tocsin_follower_parked gauge\n");
    for (size_t i = 0; followers_state(centre->followers, i, &follower); i++)
        buf_printf(text, "tocsin_follower_parked{follower=\"%s\"} %llu\n", follower.name,
                   (unsigned long long)follower.parked_count);
    buf_puts(text, "# HELP tocsin_follower_position Next act of a follower.\n"
                   "# TYPE tocsin_follower_position gauge\n");
    for (size_t i = 0; followers_state(centre->followers, i, &follower); i++)
        buf_printf(text, "tocsin_follower_position{follower=\"%s\"} %llu\n", follower.name,
                   (unsigned long long)follower.next);
    return buf_check(text, e);
}
