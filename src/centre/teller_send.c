/* SPDX-License-Identifier: Apache-2.0 */
/* One delivery: its text, and handing it over to the courier. */
#include "centre/centre.h"
#include "centre/courier_client.h"
#include "centre/digest_mail.h"
#include "centre/mail.h"
#include "centre/teller_internal.h"
#include "centre/webhook.h"

#include <stdio.h>

struct recipient {
    struct buf name, mail, webhook, secret;
    bool erased;
};

static int find_recipient(struct db *db, const char *person, struct recipient *r, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_CONTACT_FIND, DB_TEXT(person));

    if (found == 1) {
        buf_put_slice(&r->name, db_slice(&q, 1));
        buf_put_slice(&r->mail, db_slice(&q, 2));
        r->erased = !db_is_null(&q, 3);
        buf_put_slice(&r->webhook, db_slice(&q, 4));
        buf_put_slice(&r->secret, db_blob(&q, 5));
    }
    db_query_finish(&q);
    return found;
}

/* Without a mail server nothing can be tried now, but perhaps later. */
static void no_server(struct flight *flight)
{
    struct courier_result result = {.state = COURIER_NOT_CONFIGURED};

    snprintf(result.said, sizeof(result.said), "no mail server is configured");
    flight_landed(flight, &result);
}

static int send_mail(struct follower *f, struct flight *flight, const struct recipient *r,
                     const struct digest *digest, struct err *e)
{
    const struct due *due = &flight->due;
    const struct config *config = f->centre->config;
    struct courier_job job = {.id = slice_str(due->id), .to = buf_slice(&r->mail)};
    struct slice from_name;
    struct buf subject;
    struct buf text;
    struct buf message;
    char domain[256];
    int done = -1;

    buf_init(&subject);
    buf_init(&text);
    buf_init(&message);
    if (!config->mail_host[0]) {
        no_server(flight);
        done = 0;
        goto out;
    }
    snprintf(domain, sizeof(domain), "%.*s", (int)strcspn(f->centre->origin, "/"),
             f->centre->origin);
    const struct mail mail = {.id = due->id,
                              .id_domain = domain,
                              .from = config->mail_from,
                              .to_name = buf_text(&r->name),
                              .to = buf_text(&r->mail),
                              .subject = NULL,
                              .time = clock_now(f->centre->clock),
                              .labels = digest->revision->exercise ? "exercise" : "advisory"};
    if (digest_mail(f->db, digest, &subject, &text, e) != 0 ||
        mail_address_split(config->mail_from, &from_name, &job.from, e) != 0)
        goto out;
    struct mail whole = mail;
    whole.subject = buf_text(&subject);
    whole.text = buf_slice(&text);
    if (mail_build(&whole, &message, e) != 0)
        goto out;
    job.content = buf_slice(&message);
    done = courier_submit_mail(f->centre->courier, &job, flight_landed, flight, e);
out:
    buf_fini(&message);
    buf_fini(&text);
    buf_fini(&subject);
    return done;
}

static int send_webhook(struct follower *f, struct flight *flight, const struct recipient *r,
                        const struct digest *digest, struct err *e)
{
    const struct due *due = &flight->due;
    struct courier_job job = {.id = slice_str(due->id),
                              .to = buf_slice(&r->webhook),
                              .time = (uint64_t)(clock_now(f->centre->clock) / 1000000)};
    char signature[WEBHOOK_SIGNATURE_TEXT];
    const char *event = NULL;
    struct buf body;
    int done = -1;

    buf_init(&body);
    if (digest_webhook(f->db, digest, &event, &body, e) != 0 ||
        webhook_sign(buf_slice(&r->secret), due->id, (int64_t)job.time, buf_slice(&body), signature,
                     e) != 0)
        goto out;
    job.event = slice_str(event);
    job.signature = slice_str(signature);
    job.content = buf_slice(&body);
    done = courier_submit_webhook(f->centre->courier, &job, flight_landed, flight, e);
out:
    buf_fini(&body);
    return done;
}

static void recipient_init(struct recipient *r)
{
    buf_init(&r->name);
    buf_init(&r->mail);
    buf_init(&r->webhook);
    buf_init_secret(&r->secret);
    r->erased = true;
}

static void recipient_fini(struct recipient *r)
{
    buf_fini(&r->name);
    buf_fini(&r->mail);
    buf_fini(&r->webhook);
    buf_fini_secret(&r->secret);
}

static int hand_over(struct follower *f, struct flight *flight, const struct recipient *r,
                     const struct fleet_revision *revision, struct err *e)
{
    const struct config *config = f->centre->config;
    bool by_mail = strcmp(flight->due.way, "mail") == 0;
    const struct digest digest = {.delivery = flight->due.id,
                                  .publication = flight->due.publication,
                                  .centre = config->centre_name,
                                  .owner = flight->due.person,
                                  .owner_name = r->name.len ? buf_text(&r->name) : NULL,
                                  .public_url = config->door_public_url,
                                  .contact = config->centre_contact,
                                  .assets = flight->due.assets,
                                  .revision = revision};

    if (r->erased || (by_mail ? r->mail.len : r->webhook.len) == 0) {
        struct courier_result erased = {.state = COURIER_BAD_JOB};
        snprintf(erased.said, sizeof(erased.said), "the address was erased meanwhile");
        flight_landed(flight, &erased);
        return 0;
    }
    return by_mail ? send_mail(f, flight, r, &digest, e) : send_webhook(f, flight, r, &digest, e);
}

/* The intent to send now: from here on it may have been sent. */
static int say_sending(struct follower *f, const struct flight *flight, struct err *e)
{
    char args[80];

    snprintf(args, sizeof(args), "{\"delivery\":\"%.31s\"}", flight->due.id);
    return follower_command(f, &command_owner_sending, slice_str(args), NULL,
                            flight->due.organisation, flight->exercise, false, NULL, e);
}

int teller_send(struct follower *f, struct flight *flight, struct err *e)
{
    struct recipient recipient;
    struct fleet_revision revision;
    struct err failed = {0};
    char revision_id[ID_TEXT] = "";
    struct db_query q;
    int result = -1;

    recipient_init(&recipient);
    fleet_revision_init(&revision);
    int found = db_find(&q, f->db, e, SQL_PUBLICATION_FIND, DB_TEXT(flight->due.publication));
    if (found == 1)
        snprintf(revision_id, sizeof(revision_id), "%s", db_text(&q, 2));
    db_query_finish(&q);
    if (found != 1 || fleet_revision_find(f->db, revision_id, &revision, e) != 1 ||
        find_recipient(f->db, flight->due.person, &recipient, e) < 0)
        goto out;
    flight->exercise = revision.exercise;
    if (say_sending(f, flight, e) != 0)
        goto out;
    if (hand_over(f, flight, &recipient, &revision, &failed) != 0) {
        /* not handed over, and so certainly not sent */
        struct courier_result busy = {.state = COURIER_BUSY};
        snprintf(busy.said, sizeof(busy.said), "%s", failed.text);
        flight_landed(flight, &busy);
    }
    result = 0;
out:
    fleet_revision_fini(&revision);
    recipient_fini(&recipient);
    return result;
}
