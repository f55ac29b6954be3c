/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/digest_mail.h"

#include <stdio.h>

enum { DEVICES_SHOWN = 200, DEVICES_COUNTED = 1000000, DETAILS_MAX = 600, REMEDIES_SHOWN = 5 };

struct device {
    struct slice id, label, vendor, model, version, serial, status, body;
};

typedef int device_fn(void *context, const struct device *device, struct err *e);

/* Why it is sent; of what is not a digest, the devices are those that are silent now. */
struct occasion {
    enum { DIGEST, REMINDER, ESCALATION } kind;
    char organisation[ID_TEXT];
};

static const char *const occasion_names[] = {"digest", "reminder", "escalation"};

static int find_occasion(struct db *db, const struct digest *d, struct occasion *o, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_OWNER_DELIVERY_KIND, DB_TEXT(d->delivery));

    *o = (struct occasion){0};
    if (found == 1) {
        if (slice_is(db_slice(&q, 0), "reminder"))
            o->kind = REMINDER;
        if (slice_is(db_slice(&q, 0), "escalation"))
            o->kind = ESCALATION;
        snprintf(o->organisation, sizeof(o->organisation), "%s", db_text(&q, 1));
    }
    db_query_finish(&q);
    return found < 0 ? -1 : 0;
}

static int select_devices(struct db_query *q, struct db *db, const struct digest *d,
                          const struct occasion *o, int64_t limit, struct err *e)
{
    const char *advisory = d->revision->advisory;

    if (o->kind == REMINDER)
        return db_select(q, db, e, SQL_SILENT_DEVICES_OF_OWNER, DB_TEXT(advisory),
                         DB_TEXT(d->owner), DB_INT(limit));
    if (o->kind == ESCALATION)
        return db_select(q, db, e, SQL_SILENT_DEVICES_OF_ORGANISATION, DB_TEXT(advisory),
                         DB_TEXT(o->organisation), DB_INT(limit));
    return db_select(q, db, e, SQL_OWNER_ASSETS_OF_PUBLICATION, DB_TEXT(d->publication),
                     DB_TEXT(d->owner), DB_INT(limit));
}

static int each_device(struct db *db, const struct digest *d, const struct occasion *o,
                       int64_t limit, device_fn *fn, void *context, struct err *e)
{
    char last[ID_TEXT] = "";
    struct db_query q;
    int step;

    if (select_devices(&q, db, d, o, limit, e) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        if (slice_is(db_slice(&q, 0), last))
            continue; /* silent about an older notice, too */
        snprintf(last, sizeof(last), "%s", db_text(&q, 0));
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

static int count_device(void *context, const struct device *d, struct err *e)
{
    (void)d;
    (void)e;
    ++*(int64_t *)context;
    return 0;
}

/* Of what is not a digest they are counted anew: some have answered since it was planned. */
static int count_devices(struct db *db, const struct digest *d, const struct occasion *o,
                         int64_t *count, struct err *e)
{
    *count = 0;
    if (o->kind != DIGEST)
        return each_device(db, d, o, DEVICES_COUNTED, count_device, count, e);
    *count = d->assets;
    return 0;
}

static const struct {
    const char *subject; /* before the number of devices: "%s", and behind it */
    const char *begin;
    const char *end;
} words[] = {
    [DIGEST] =
        {"of your devices",
         "tells you about a security advisory that concerns devices which are registered as "
         "yours.",
         "The devices that are on line have been told themselves, and answer under their own "
         "keys."},
    [REMINDER] = {"of your devices have not answered",
                  "reminds you of a security advisory: the devices below, which are registered as "
                  "yours, have not answered, and nobody has said that anything is being done.",
                  "A device without an agent never answers: say what became of it to the centre, "
                  "and no one is reminded again."},
    [ESCALATION] = {"devices have not answered",
                    "tells you, as the person to be told when owners stay silent: the devices of "
                    "your organisation below have not answered a security advisory, and nobody "
                    "has said that anything is being done.",
                    "Their owners have been told before, as far as they are known and can be "
                    "reached."},
};

int digest_mail(struct db *db, const struct digest *d, struct buf *subject, struct buf *text,
                struct err *e)
{
    static const char *const marks[] = {"", "REMINDER: ", "NO ANSWER: "};
    const struct fleet_revision *r = d->revision;
    struct occasion occasion;
    int64_t devices;

    if (find_occasion(db, d, &occasion, e) != 0 ||
        count_devices(db, d, &occasion, &devices, e) != 0)
        return -1;
    buf_printf(subject, "%s%s%s: %s (%lld %s)", r->exercise ? "EXERCISE: " : "",
               marks[occasion.kind], r->tracking_id, r->title, (long long)devices,
               words[occasion.kind].subject);
    if (r->exercise)
        buf_puts(text, "This is an exercise. Nothing of it is real.\n\n");
    if (d->owner_name)
        buf_printf(text, "%s,\n\n", d->owner_name);
    buf_printf(text, "%s %s\n\n  %s\n  %s, version %s, of %s\n\n%s:\n\n", d->centre,
               words[occasion.kind].begin, r->title, r->tracking_id, r->version, r->released,
               occasion.kind == ESCALATION ? "The devices" : "Your devices");
    if (devices == 0)
        buf_puts(text, "  none any more: all have answered since this was planned\n");
    if (each_device(db, d, &occasion, DEVICES_SHOWN, put_device, text, e) != 0)
        return -1;
    if (devices > DEVICES_SHOWN)
        buf_printf(text, "  and %lld more\n", (long long)devices - DEVICES_SHOWN);
    buf_printf(text, "\n%s\n\n-- \n%s\npublication %s, delivery %s\n%s/log/checkpoint\n",
               words[occasion.kind].end, d->centre, d->publication, d->delivery, d->public_url);
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

int digest_webhook(struct db *db, const struct digest *d, const char **event, struct buf *body,
                   struct err *e)
{
    static const char *const events[] = {"advisory.published", "advisory.reminder",
                                         "advisory.escalation"};
    struct occasion occasion;
    struct json_writer w;
    int64_t devices;

    if (find_occasion(db, d, &occasion, e) != 0 ||
        count_devices(db, d, &occasion, &devices, e) != 0)
        return -1;
    *event = events[occasion.kind];
    json_write_init(&w, body, 0);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-owner-digest/v1");
    if (occasion.kind != DIGEST)
        json_member_string(&w, "kind", occasion_names[occasion.kind]);
    json_member_string(&w, "delivery", d->delivery);
    json_member_string(&w, "publication", d->publication);
    if (d->revision->exercise)
        json_member_bool(&w, "exercise", true);
    json_write_name(&w, "advisory");
    fleet_advisory_write(&w, d->revision);
    json_member_int(&w, "assets", devices);
    json_write_name(&w, "items");
    json_write_array(&w);
    if (each_device(db, d, &occasion, 10000, write_device, &w, e) != 0)
        return -1;
    json_write_array_end(&w);
    json_write_object_end(&w);
    return buf_check(body, e);
}
