/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case.h"
#include "evidence/case/amend.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/record.h"

/* What may be said anew of an exhibit; the rest of exhibit.json stays as it is. */
struct said {
    const char *name, *text; /* text NULL: nothing */
    bool of_item, taken;
};
enum { SAID = 13 };

static void list_said(const struct evidence_exhibit_wish *x, struct said said[SAID])
{
    const struct said all[SAID] = {{"description", x->description, false, false},
                                   {"source_type", x->source_type, false, false},
                                   {"make", x->make, true, false},
                                   {"model", x->model, true, false},
                                   {"serial", x->serial, true, false},
                                   {"capacity", x->capacity, true, false},
                                   {"interface", x->interface, true, false},
                                   {"media", x->media, true, false},
                                   {"firmware", x->firmware, true, false},
                                   {"host", x->host, true, false},
                                   {"address", x->address, true, false},
                                   {"condition", x->condition, true, false},
                                   {"owner", x->owner, true, false}};
    for (size_t i = 0; i < SAID; i++)
        said[i] = all[i];
}

/* The members of an object, with what is said anew in their place or behind them. */
static void write_members(struct json_writer *w, const struct json_value *object, bool item,
                          struct said said[SAID])
{
    json_each(v, object)
    {
        struct said *other = NULL;
        for (size_t i = 0; i < SAID && !other; i++)
            if (said[i].text && said[i].of_item == item && slice_is(json_name(v), said[i].name))
                other = &said[i];
        json_write_name_slice(w, json_name(v));
        if (!item && slice_is(json_name(v), "item")) {
            json_write_object(w);
            write_members(w, v, true, said);
            json_write_object_end(w);
        } else if (other) {
            json_write_string(w, other->text);
            other->taken = true;
        } else {
            json_write_value(w, v);
        }
    }
    for (size_t i = 0; i < SAID; i++)
        if (said[i].text && said[i].of_item == item && !said[i].taken) {
            json_member_string(w, said[i].name, said[i].text);
            said[i].taken = true;
        }
}

static int write_exhibit(const struct json_value *before, struct said said[SAID], struct buf *out,
                         struct err *e)
{
    struct json_writer w;
    json_write_init(&w, out, 2);
    json_write_object(&w);
    write_members(&w, before, false, said);
    json_write_object_end(&w);
    buf_putc(out, '\n');
    return buf_check(out, e);
}

/* "serial: 7F3X, now 7F3Y" */
static int write_changes(struct json_writer *w, const struct json_value *before,
                         const struct said said[SAID], size_t *changes, struct err *e)
{
    *changes = 0;
    json_write_name(w, "changed");
    json_write_array(w);
    for (size_t i = 0; i < SAID; i++) {
        struct slice was =
            json_get_string(said[i].of_item ? json_get(before, "item") : before, said[i].name);
        struct buf text;
        if (!said[i].text || slice_is(was, said[i].text))
            continue;
        buf_init(&text);
        buf_printf(&text, "%s: %.*s, now %s", said[i].name,
                   SLICE_ARG(was.len ? was : slice_str("not said")), said[i].text);
        int result = buf_check(&text, e);
        json_write_slice(w, buf_slice(&text));
        buf_fini(&text);
        if (result != 0)
            return -1;
        ++*changes;
    }
    json_write_array_end(w);
    return 0;
}

static int write_details(const struct json_value *before, const struct said said[SAID],
                         struct slice text, struct buf *out, struct err *e)
{
    uint8_t hash[SHA256_LEN];
    struct json_doc *doc = NULL;
    struct json_writer w;
    size_t changes = 0;
    if (sha256(text, hash) != 0)
        return digest_failed(e);
    if (json_parse(&doc, text, NULL, e) != 0)
        return -1;
    const struct json_value *now = json_root(doc);
    json_write_init(&w, out, 0);
    json_write_object(&w);
    int result = write_changes(&w, before, said, &changes, e);
    json_member_slice(&w, "description", json_get_string(now, "description"));
    json_member_slice(&w, "source_type", json_get_string(now, "source_type"));
    json_write_name(&w, "item");
    json_write_value(&w, json_get(now, "item"));
    evidence_hash_member(&w, "exhibit_sha256", hash);
    json_write_object_end(&w);
    json_doc_free(doc);
    if (result == 0 && changes == 0)
        return err_set(e, ERR_USAGE, "custody.field", "ISO/IEC 27037",
                       "nothing of what is said is other than it was (acceptance row 11)");
    return result == 0 ? buf_check(out, e) : -1;
}

static int write_change(void *context, const struct json_value *before, struct buf *text,
                        struct buf *details, struct err *e)
{
    struct said said[SAID];
    list_said(context, said);
    return write_exhibit(before, said, text, e) == 0
               ? write_details(before, said, buf_slice(text), details, e)
               : -1;
}

int evidence_exhibit_change(const char *folder, const struct evidence_exhibit_wish *wish,
                            struct evidence_doing *doing, struct evidence_appended *told,
                            struct err *e)
{
    const struct evidence_amendment what = {.file = "exhibit.json",
                                            .member = "exhibit_sha256",
                                            .kind = "described",
                                            .write = write_change,
                                            .context = (void *)(uintptr_t)wish};
    if (evidence_holder_kind(folder) != EVIDENCE_HOLDER_EXHIBIT)
        return err_set(e, ERR_NOT_FOUND, "evidence.holder", NULL, "%s is no exhibit", folder);
    return evidence_amend(folder, &what, doing, told, e);
}
