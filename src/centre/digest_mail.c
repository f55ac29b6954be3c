/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/digest_mail.h"
#include "base/json.h"
#include "centre/digest_groups.h"
#include "csaf/document.h"

#include <stdio.h>

enum {
    DEVICES_SHOWN = 200,
    DEVICES_JUDGED = 10000, /* by their status, in a digest; the others are counted */
    DEVICES_COUNTED = 1000000,
    DOCUMENT_READ_MAX = 4 << 20,
};

typedef int device_fn(void *context, const struct digest_device *device, struct err *e);

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
        const struct digest_device device = {.id = db_slice(&q, 0),
                                             .label = db_slice(&q, 1),
                                             .vendor = db_slice(&q, 2),
                                             .model = db_slice(&q, 3),
                                             .version = db_slice(&q, 4),
                                             .serial = db_slice(&q, 5),
                                             .status = db_slice(&q, 6),
                                             .body = db_blob(&q, 7),
                                             .way = db_slice(&q, 8)};
        if (fn(context, &device, e) != 0) {
            step = -1;
            break;
        }
    }
    db_query_finish(&q);
    return step;
}

static int count_device(void *context, const struct digest_device *d, struct err *e)
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
    const char *mark;    /* before the subject */
    const char *subject; /* behind the number of devices; NULL: what is said of them */
    const char *begin;
    const char *end;
} words[] = {
    [DIGEST] = {"", NULL,
                "tells you about a security advisory that concerns devices which are registered "
                "as yours.",
                "Devices with an agent have been told themselves and answer under their own keys: "
                "for them you need not confirm anything."},
    [REMINDER] = {"REMINDER: ", "of your devices have not answered",
                  "reminds you of a security advisory: the devices below, which are registered as "
                  "yours, have not answered, and nobody has said that anything is being done.",
                  "Say what is being done about them, and nobody is reminded of them again."},
    [ESCALATION] = {"NO ANSWER: ", "devices have not answered",
                    "tells you, as the person to be told when owners stay silent: the devices of "
                    "your organisation below have not answered a security advisory, and nobody "
                    "has said that anything is being done.",
                    "Their owners have been told before, as far as they are known and can be "
                    "reached."},
};

static int group_device(void *context, const struct digest_device *d, struct err *e)
{
    return digest_groups_add(context, d, e);
}

static void put_subject(struct buf *subject, const struct digest *d, const struct occasion *o,
                        const struct digest_groups *groups)
{
    const struct fleet_revision *r = d->revision;
    size_t all = digest_groups_count(groups);
    size_t affected = groups->counts[DIGEST_AFFECTED];

    buf_printf(subject, "%s%s%s: %s (%zu ", r->exercise ? "EXERCISE: " : "", words[o->kind].mark,
               r->tracking_id, r->title, all);
    if (words[o->kind].subject)
        buf_puts(subject, words[o->kind].subject);
    else if (groups->more)
        buf_puts(subject, "of your devices");
    else if (affected == all)
        buf_puts(subject, "of your devices affected");
    else if (affected > 0)
        buf_printf(subject, "of your devices, %zu affected", affected);
    else if (groups->counts[DIGEST_PERHAPS] > 0)
        buf_puts(subject, "of your devices perhaps affected");
    else
        buf_puts(subject, "of your devices, nothing is to be done any more");
    buf_putc(subject, ')');
}

/* Where people read the advisory: the publisher's own page rather than the file. */
static int put_link(struct db *db, const struct fleet_revision *r, struct buf *text, struct err *e)
{
    struct csaf_document *document = NULL;
    struct slice found = slice_of(NULL, 0);
    struct err unread = {0};
    struct buf content;
    struct db_query q;
    int64_t size = 0;

    int there = db_find(&q, db, e, SQL_DOCUMENT_SIZE, DB_BYTES(r->document, 32));
    if (there == 1)
        size = db_int(&q, 0);
    db_query_finish(&q);
    if (there <= 0 || size > DOCUMENT_READ_MAX)
        return there < 0 ? -1 : 0;
    buf_init(&content);
    if (fleet_document_load(db, r->document, &content, e) < 0)
        there = -1;
    else if (csaf_load(&document, buf_slice(&content), &unread) == 0)
        for (size_t i = 0; i < document->reference_count; i++) {
            const struct csaf_reference *ref = &document->references[i];
            bool file =
                ref->url.len > 5 && memcmp(ref->url.data + ref->url.len - 5, ".json", 5) == 0;
            if (slice_is(ref->category, "self") && (!file || found.len == 0))
                found = ref->url;
        }
    if (found.len)
        buf_printf(text, "  %.*s\n", SLICE_ARG(found));
    csaf_free(document);
    buf_fini(&content);
    return there < 0 ? -1 : 0;
}

static void put_sentence(struct buf *text, const char *subject, const char *sentence)
{
    struct buf line;

    buf_init(&line);
    buf_printf(&line, "%s %s", subject, sentence);
    digest_put_words(text, buf_slice(&line), 0, 0);
    if (line.failed)
        text->failed = true;
    buf_fini(&line);
}

/* What is expected now, of whom, and whom to ask. */
static void put_end(struct buf *text, const struct digest *d, const struct occasion *o,
                    const struct digest_groups *groups)
{
    char agents[160];

    if (o->kind != DIGEST || groups->without_agent < digest_groups_count(groups))
        put_sentence(text, words[o->kind].end, "");
    if (groups->without_agent > 0) {
        snprintf(agents, sizeof(agents),
                 "%zu of these devices %s no agent: nobody but people can say what became of %s. "
                 "When one is mended, say so, with its new version.",
                 groups->without_agent, groups->without_agent == 1 ? "has" : "have",
                 groups->without_agent == 1 ? "it" : "them");
        put_sentence(text, agents, "");
    }
    buf_putc(text, '\n');
    if (d->contact[0])
        put_sentence(text, "Questions, and what became of your devices:", d->contact);
    else
        put_sentence(text, "Questions, and what became of your devices: answer this mail.", "");
    buf_printf(text, "\n-- \n%s\nnoted as %s in publication %s\nof the journal %s/log/checkpoint\n",
               d->centre, d->delivery, d->publication, d->public_url);
}

static int put_text(struct db *db, const struct digest *d, const struct occasion *o,
                    const struct digest_groups *groups, struct buf *text, struct err *e)
{
    const struct fleet_revision *r = d->revision;

    if (r->exercise)
        buf_puts(text, "This is an exercise. Nothing of it is real.\n\n");
    if (d->owner_name)
        buf_printf(text, "%s,\n\n", d->owner_name);
    put_sentence(text, d->centre, words[o->kind].begin);
    buf_putc(text, '\n');
    digest_put_words(text, slice_str(r->title), 2, 2);
    buf_printf(text, "  %s, version %s, of %.10s\n", r->tracking_id, r->version, r->released);
    if (put_link(db, r, text, e) != 0)
        return -1;
    buf_putc(text, '\n');
    if (digest_groups_count(groups) == 0)
        buf_puts(text, "No device any more: all have answered since this was planned.\n\n");
    digest_groups_put(groups, text);
    put_end(text, d, o, groups);
    return buf_check(text, e);
}

int digest_mail(struct db *db, const struct digest *d, struct buf *subject, struct buf *text,
                struct err *e)
{
    struct digest_groups groups;
    struct occasion occasion;
    int result = -1;

    digest_groups_init(&groups, DEVICES_SHOWN);
    if (find_occasion(db, d, &occasion, e) == 0 &&
        each_device(db, d, &occasion, occasion.kind == DIGEST ? DEVICES_JUDGED : DEVICES_COUNTED,
                    group_device, &groups, e) == 0) {
        size_t judged = digest_groups_count(&groups);
        if (occasion.kind == DIGEST && judged == DEVICES_JUDGED && (size_t)d->assets > judged)
            groups.more = (size_t)d->assets - judged;
        put_subject(subject, d, &occasion, &groups);
        if (put_text(db, d, &occasion, &groups, text, e) == 0)
            result = buf_check(subject, e);
    }
    digest_groups_fini(&groups);
    return result;
}

static int write_device(void *context, const struct digest_device *d, struct err *e)
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
