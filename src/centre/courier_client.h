/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The centre's side of the courier (courier.h): thread-safe, one connection that is opened again
 * when the courier was restarted, and any number of deliveries on it at a time.
 *
 * A result is always had: when the connection ends before the courier answered, it is
 * COURIER_UNKNOWN, because the courier may have sent it and died.
 */
#ifndef CENTRE_COURIER_CLIENT_H
#define CENTRE_COURIER_CLIENT_H

#include "centre/courier_frame.h"

struct courier_client;

/* socket_path: HOME/run/courier.sock. No connection yet; starts the thread that takes answers. */
struct courier_client *courier_client_new(const char *socket_path, struct err *e) MUST_CHECK;
/* Ends the connection; what is not answered yet is answered with COURIER_UNKNOWN first. */
void courier_client_free(struct courier_client *client);

typedef void courier_done(void *context, const struct courier_result *result);

/*
 * Hands a job over; done is called exactly once, on the client's own thread (it must not block, and
 * may not call courier_client_free). job->number and operation are set here. -1 when it was not
 * handed over, and so certainly not sent: "courier.unreachable", "courier.limit" or memory; done is
 * then not called. Blocks at most as long as the courier takes to read the job.
 */
int courier_submit_mail(struct courier_client *client, struct courier_job *job, courier_done *done,
                        void *context, struct err *e) MUST_CHECK;
int courier_submit_webhook(struct courier_client *client, struct courier_job *job,
                           courier_done *done, void *context, struct err *e) MUST_CHECK;

/*
 * The same, waiting for the result for at most deadline microseconds; after it *result is
 * COURIER_UNKNOWN, whatever comes later.
 */
int courier_send_mail(struct courier_client *client, struct courier_job *job, int64_t deadline,
                      struct courier_result *result, struct err *e) MUST_CHECK;
int courier_send_webhook(struct courier_client *client, struct courier_job *job, int64_t deadline,
                         struct courier_result *result, struct err *e) MUST_CHECK;

/* How the courier is; -1 "courier.unreachable" or "courier.deadline". */
int courier_client_status(struct courier_client *client, int64_t deadline,
                          struct courier_status *status, struct err *e) MUST_CHECK;

#endif
