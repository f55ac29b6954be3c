/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/digest_mail.h"

#include <stdio.h>

enum { DEVICES_SHOWN = 200, DETAILS_MAX = 600, REMEDIES_SHOWN = 5 };

struct device {
    struct slice id, label, vendor, model, version, serial, status, body;
};

typedef int device_fn(void *context, const struct device *device, struct err *e);

static int each_device(struct db *db, const struct digest *d, int64_t limit, device_fn *fn,
                       void *context, struct err *e)
{
    struct db_query q;
    int step;

    if (db_select(&q, db, e, SQL_OWNER_ASSETS_OF_PUBLICATION, DB_TEXT(d->publication),
                  DB_TEXT(d->owner), DB_INT(limit)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        const struct device device = {.id = db_slice(&q, 0),
                                      .label = db_slice(&q, 1),
                                      .vendor = db_slice(&q, 2),
                                      .model = db_slice(&q, 3),
                                      .version = db_slice(&q, 4),
                                      .serial = db_slice(&q, 5),
                                      .status = db_slice(&q, 6),
                                      .body = db_blob(&q, 7)};
        if (fn(context, &device, e) != 0) {
            step = -1;
            break;
        }
    }
    db_query_finish(&q);
    return step;
}

/* What the advisory's words are worth to a reader on a screen of text: one paragraph, cut. */
static void put_words(struct buf *b, struct slice words)
{
    size_t len = words.len < DETAILS_MAX ? words.len : DETAILS_MAX;
    bool space = false;

    while (len < words.len && len > 0 && (words.data[len] & 0xc0) == 0x80)
        len--; /* not in the middle of a character */
    for (size_t i = 0; i < len; i++) {
        bool blank = words.data[i] <= ' ';
        if (blank && !space)
            buf_putc(b, ' ');
        else if (!blank)
            buf_putc(b, words.data[i]);
        space = blank;
    }
    if (len < words.len)
        buf_puts(b, " …");
}

static void put_remedies(struct buf *b, const struct json_value *statement)
{
    size_t shown = 0;

    json_each(remedy, json_get(statement, "remediations"))
    {
        if (shown++ == REMEDIES_SHOWN)
            break;
        buf_puts(b, "      what to do: ");
        put_words(b, json_get_string(remedy, "details"));
        buf_putc(b, '\n');
        struct slice url = json_get_string(remedy, "url");
        if (url.len)
            buf_printf(b, "      %.*s\n", SLICE_ARG(url));
    }
}

static int put_device(void *context, const struct device *d, struct err *e)
{
    struct buf *b = context;
    struct json_doc *doc = NULL;
    size_t vulnerabilities = 0;

    buf_printf(b, "  %.*s", SLICE_ARG(d->label.len ? d->label : d->id));
    if (d->vendor.len || d->model.len)
        buf_printf(b, ": %.*s %.*s", SLICE_ARG(d->vendor), SLICE_ARG(d->model));
    if (d->version.len)
        buf_printf(b, ", firmware %.*s", SLICE_ARG(d->version));
    if (d->serial.len)
        buf_printf(b, ", serial number %.*s", SLICE_ARG(d->serial));
    buf_putc(b, '\n');
    if (json_parse(&doc, d->body, NULL, e) != 0)
        return -1;
    const struct json_value *statements = json_get(json_root(doc), "statements");
    const struct json_value *first = NULL;
    json_each(statement, statements)
    {
        struct slice status = json_get_string(statement, "status");
        if (!slice_is(status, "affected") && !slice_is(status, "unknown") &&
            !slice_is(status, "under_investigation"))
            continue;
        if (vulnerabilities++ < 10)
            buf_printf(b, "    %.*s: %.*s\n",
                       SLICE_ARG(json_get_string(statement, "vulnerability")), SLICE_ARG(status));
        if (!first)
            first = statement;
    }
    if (vulnerabilities > 10)
        buf_printf(b, "    and %zu more\n", vulnerabilities - 10);
    if (vulnerabilities == 0)
        buf_printf(b, "    nothing is to be done: %.*s\n", SLICE_ARG(d->status));
    if (first)
        put_remedies(b, first);
    json_doc_free(doc);
    return 0;
}

int digest_mail(struct db *db, const struct digest *d, struct buf *subject, struct buf *text,
                struct err *e)
{
    const struct fleet_revision *r = d->revision;

    buf_printf(subject, "%s%s: %s (%lld of your devices)", r->exercise ? "EXERCISE: " : "",
               r->tracking_id, r->title, (long long)d->assets);
    if (r->exercise)
        buf_puts(text, "This is an exercise. Nothing of it is real.\n\n");
    if (d->owner_name)
        buf_printf(text, "%s,\n\n", d->owner_name);
    buf_printf(text,
               "%s tells you about a security advisory that concerns devices which are "
               "registered as yours.\n\n  %s\n  %s, version %s, of %s\n\nYour devices:\n\n",
               d->centre, r->title, r->tracking_id, r->version, r->released);
    if (each_device(db, d, DEVICES_SHOWN, put_device, text, e) != 0)
        return -1;
    if (d->assets > DEVICES_SHOWN)
        buf_printf(text, "  and %lld more\n", (long long)d->assets - DEVICES_SHOWN);
    buf_printf(text,
               "\nThe devices that are on line have been told themselves, and answer under their "
               "own keys.\n\n-- \n%s\npublication %s, delivery %s\n%s/log/checkpoint\n",
               d->centre, d->publication, d->delivery, d->public_url);
    if (buf_check(subject, e) != 0)
        return -1;
    return buf_check(text, e);
}

static int write_device(void *context, const struct device *d, struct err *e)
{
    struct json_writer *w = context;
    struct json_doc *doc = NULL;

    if (json_parse(&doc, d->body, NULL, e) != 0)
        return -1;
    json_write_object(w);
    json_member_slice(w, "asset", d->id);
    if (d->label.len)
        json_member_slice(w, "label", d->label);
    json_member_slice(w, "status", d->status);
    json_write_name(w, "statements");
    json_write_value(w, json_get(json_root(doc), "statements"));
    json_write_object_end(w);
    json_doc_free(doc);
    return 0;
}

int digest_webhook(struct db *db, const struct digest *d, struct buf *body, struct err *e)
{
    struct json_writer w;

    json_write_init(&w, body, 0);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-owner-digest/v1");
    json_member_string(&w, "delivery", d->delivery);
    json_member_string(&w, "publication", d->publication);
    if (d->revision->exercise)
        json_member_bool(&w, "exercise", true);
    json_write_name(&w, "advisory");
    fleet_advisory_write(&w, d->revision);
    json_member_int(&w, "assets", d->assets);
    json_write_name(&w, "items");
    json_write_array(&w);
    if (each_device(db, d, 10000, write_device, &w, e) != 0)
        return -1;
    json_write_array_end(&w);
    json_write_object_end(&w);
    return buf_check(body, e);
}
