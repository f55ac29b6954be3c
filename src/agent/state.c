/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/state.h"
#include "agent/chain.h"
#include "agent/home.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"

#include <stdio.h>

static const char format[] = "tocsin-agent-state/v1";

int state_init(struct state *s, const char *asset, struct err *e)
{
    memset(s, 0, sizeof(*s));
    buf_init(&s->checkpoint.note);
    snprintf(s->asset, sizeof(s->asset), "%s", asset);
    return agent_chain_begin(slice_str(asset), s->head, e);
}

void state_fini(struct state *s)
{
    buf_fini(&s->checkpoint.note);
}

/* ---- writing ---- */

static void write_number(struct json_writer *w, const char *name, uint64_t number)
{
    json_member_int(w, name, (int64_t)number);
}

static void write_incident(struct json_writer *w, const char *name, const char *code,
                           const char *text, int64_t at)
{
    json_write_name(w, name);
    json_write_object(w);
    json_member_time(w, "at", at);
    json_member_string(w, "code", code);
    json_member_string(w, "text", text);
    json_write_object_end(w);
}

void state_write(const struct state *s, struct buf *out)
{
    struct json_writer w;

    json_write_init(&w, out, 1);
    json_write_object(&w);
    json_member_string(&w, "format", format);
    json_member_string(&w, "asset", s->asset);
    write_number(&w, "n", s->n);
    json_member_hex(&w, "head", slice_of(s->head, 32));
    write_number(&w, "acked", s->acked);
    write_number(&w, "hooks_to", s->hooks_to);
    json_write_name(&w, "hooks_done");
    json_write_array(&w);
    for (size_t i = 0; i < s->done_count; i++)
        json_write_int(&w, (int64_t)s->done[i]);
    json_write_array_end(&w);
    if (s->has_inventory) {
        json_member_hex(&w, "inventory", slice_of(s->inventory, 32));
        json_member_string(&w, "class", s->class);
    }
    json_write_name(&w, "origins");
    json_write_array(&w);
    for (size_t i = 0; i < s->origin_count; i++)
        json_write_string(&w, s->origins[i]);
    json_write_array_end(&w);
    if (s->rejoin)
        json_member_bool(&w, "rejoin", true);
    if (s->checkpoint.there) {
        json_write_name(&w, "checkpoint");
        json_write_object(&w);
        write_number(&w, "size", s->checkpoint.size);
        json_member_hex(&w, "root", slice_of(s->checkpoint.root, 32));
        json_member_slice(&w, "note", buf_slice(&s->checkpoint.note));
        json_write_object_end(&w);
    }
    if (s->alarm)
        write_incident(&w, "alarm", s->alarm_code, s->alarm_text, s->alarm_at);
    if (s->refusal)
        write_incident(&w, "refusal", s->refusal_code, s->refusal_text, s->refusal_at);
    if (s->contact_at)
        json_member_time(&w, "contact", s->contact_at);
    json_write_object_end(&w);
    buf_putc(out, '\n');
}

int state_save(const struct state *s, const char *home, struct err *e)
{
    char path[PATH_MAX];
    struct buf text;
    int result = -1;

    buf_init(&text);
    state_write(s, &text);
    if (home_path(home, "state.json", path, e) == 0 && buf_check(&text, e) == 0)
        result = file_write(path, buf_slice(&text), 0600, e);
    buf_fini(&text);
    return result;
}

/* ---- reading ---- */

static bool get_number(const struct json_value *object, const char *name, uint64_t *out)
{
    int64_t number;

    if (!json_int64(json_get(object, name), &number) || number < 0)
        return false;
    *out = (uint64_t)number;
    return true;
}

static bool get_text(const struct json_value *object, const char *name, char *out, size_t size)
{
    struct slice text = json_get_string(object, name);

    if (!text.data || text.len >= size || memchr(text.data, '\0', text.len))
        return false;
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return true;
}

static bool get_hash(const struct json_value *object, const char *name, uint8_t out[32])
{
    return hex_parse(json_get_string(object, name), out, 32) == 0;
}

static bool get_time(const struct json_value *object, const char *name, int64_t *out)
{
    struct err ignored = {0};

    return time_parse(json_get_string(object, name), out, &ignored) == 0;
}

static bool read_done(struct state *s, const struct json_value *list)
{
    json_each(item, list)
    {
        int64_t number;
        if (!json_int64(item, &number) || s->done_count == STATE_HOOKS_AHEAD ||
            number <= (int64_t)s->hooks_to || number > (int64_t)s->n ||
            (s->done_count && (uint64_t)number <= s->done[s->done_count - 1]))
            return false;
        s->done[s->done_count++] = (uint64_t)number;
    }
    return json_is(list, JSON_ARRAY);
}

static bool read_origins(struct state *s, const struct json_value *list)
{
    json_each(item, list)
    {
        struct slice text = json_string(item);
        if (s->origin_count == STATE_ORIGINS_MAX || !text.data || text.len == 0 ||
            text.len >= STATE_ORIGIN || memchr(text.data, '\0', text.len))
            return false;
        memcpy(s->origins[s->origin_count], text.data, text.len);
        s->origins[s->origin_count++][text.len] = '\0';
    }
    return json_is(list, JSON_ARRAY);
}

static bool read_checkpoint(struct state *s, const struct json_value *v)
{
    struct slice note = json_get_string(v, "note");

    if (!v)
        return true;
    if (!get_number(v, "size", &s->checkpoint.size) || !get_hash(v, "root", s->checkpoint.root) ||
        note.len == 0 || note.len > STATE_NOTE_MAX)
        return false;
    buf_put_slice(&s->checkpoint.note, note);
    s->checkpoint.there = true;
    return !s->checkpoint.note.failed;
}

static bool read_incident(const struct json_value *v, bool *there, char code[48], char text[480],
                          int64_t *at)
{
    *there = v != NULL;
    return !v || (get_text(v, "code", code, 48) && get_text(v, "text", text, 480) &&
                  get_time(v, "at", at));
}

static const char *read_all(struct state *s, const struct json_value *root, const char *asset)
{
    if (!slice_is(json_get_string(root, "format"), format))
        return "format";
    if (!slice_is(json_get_string(root, "asset"), asset))
        return "asset";
    if (!get_number(root, "n", &s->n) || !get_hash(root, "head", s->head))
        return "n and head";
    if (!get_number(root, "acked", &s->acked) || s->acked > s->n)
        return "acked";
    if (!get_number(root, "hooks_to", &s->hooks_to) || s->hooks_to > s->n)
        return "hooks_to";
    if (!read_done(s, json_get(root, "hooks_done")))
        return "hooks_done";
    s->has_inventory = json_get(root, "inventory") != NULL;
    if (s->has_inventory && (!get_hash(root, "inventory", s->inventory) ||
                             !get_text(root, "class", s->class, sizeof(s->class))))
        return "inventory";
    if (!read_origins(s, json_get(root, "origins")))
        return "origins";
    s->rejoin = json_is(json_get(root, "rejoin"), JSON_TRUE);
    if (!read_checkpoint(s, json_get(root, "checkpoint")))
        return "checkpoint";
    if (!read_incident(json_get(root, "alarm"), &s->alarm, s->alarm_code, s->alarm_text,
                       &s->alarm_at))
        return "alarm";
    if (!read_incident(json_get(root, "refusal"), &s->refusal, s->refusal_code, s->refusal_text,
                       &s->refusal_at))
        return "refusal";
    if (json_get(root, "contact") && !get_time(root, "contact", &s->contact_at))
        return "contact";
    return NULL;
}

int state_parse(struct state *s, struct slice text, const char *asset, struct err *e)
{
    struct json_doc *doc = NULL;
    const char *wrong;

    if (state_init(s, asset, e) != 0)
        return -1;
    if (json_parse(&doc, text, NULL, e) != 0)
        return -1;
    wrong = read_all(s, json_root(doc), asset);
    json_doc_free(doc);
    if (!wrong)
        return 0;
    if (s->checkpoint.note.failed)
        return err_memory(e);
    err_set(
        e, ERR_INPUT, "agent.state", NULL,
        "the agent's state is not what it wrote: \"%s\" is missing, damaged or of another asset",
        wrong);
    return err_hint(e, "restore the folder from a copy, or enrol into a new folder");
}

int state_load(struct state *s, const char *home, const char *asset, struct err *e)
{
    char path[PATH_MAX];
    struct buf text;
    int result = -1;

    if (home_path(home, "state.json", path, e) != 0)
        return -1;
    if (file_kind(path) == 0)
        return state_init(s, asset, e);
    memset(s, 0, sizeof(*s));
    buf_init(&s->checkpoint.note);
    buf_init(&text);
    if (file_read(path, 1024 * 1024, &text, e) == 0) {
        result = state_parse(s, buf_slice(&text), asset, e);
        if (result != 0)
            err_context(e, "%s", path);
    }
    buf_fini(&text);
    return result;
}

/* ---- changes ---- */

bool state_hook_open(const struct state *s, uint64_t k)
{
    if (k <= s->hooks_to || k > s->n)
        return false;
    for (size_t i = 0; i < s->done_count; i++)
        if (s->done[i] == k)
            return false;
    return true;
}

bool state_hook_done(struct state *s, uint64_t k)
{
    size_t at = s->done_count;

    if (!state_hook_open(s, k))
        return true;
    if (k == s->hooks_to + 1) {
        size_t gone = 0;
        s->hooks_to++;
        while (gone < s->done_count && s->done[gone] == s->hooks_to + 1) {
            s->hooks_to++;
            gone++;
        }
        memmove(s->done, s->done + gone, (s->done_count - gone) * sizeof(s->done[0]));
        s->done_count -= gone;
        return true;
    }
    if (s->done_count == STATE_HOOKS_AHEAD)
        return false;
    while (at > 0 && s->done[at - 1] > k) {
        s->done[at] = s->done[at - 1];
        at--;
    }
    s->done[at] = k;
    s->done_count++;
    return true;
}

bool state_knows_origin(const struct state *s, struct slice origin)
{
    for (size_t i = 0; i < s->origin_count; i++)
        if (slice_is(origin, s->origins[i]))
            return true;
    return false;
}

int state_add_origin(struct state *s, struct slice origin, struct err *e)
{
    if (s->origin_count && slice_is(origin, s->origins[s->origin_count - 1]))
        return 0;
    if (s->origin_count == STATE_ORIGINS_MAX)
        return err_set(e, ERR_LIMIT, "agent.origins", NULL,
                       "the centre began a new journal for the %dth time", STATE_ORIGINS_MAX);
    if (origin.len == 0 || origin.len >= STATE_ORIGIN || memchr(origin.data, '\0', origin.len))
        return err_set(e, ERR_INPUT, "agent.origin", "docs/formats.md 2.3",
                       "the journal's origin must have 1 to %d bytes", STATE_ORIGIN - 1);
    memcpy(s->origins[s->origin_count], origin.data, origin.len);
    s->origins[s->origin_count++][origin.len] = '\0';
    s->checkpoint.there = false;
    buf_reset(&s->checkpoint.note);
    s->rejoin = s->n > 0;
    return 0;
}

void state_refused(struct state *s, const struct err *why, int64_t now)
{
    s->refusal = true;
    s->refusal_at = now;
    snprintf(s->refusal_code, sizeof(s->refusal_code), "%s", why->code);
    err_line(why, s->refusal_text, sizeof(s->refusal_text));
}

void state_raise_alarm(struct state *s, const struct err *why, int64_t now)
{
    if (s->alarm) /* the first one is the root cause */
        return;
    s->alarm = true;
    s->alarm_at = now;
    snprintf(s->alarm_code, sizeof(s->alarm_code), "%s", why->code);
    err_line(why, s->alarm_text, sizeof(s->alarm_text));
}
