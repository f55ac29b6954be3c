/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/act.h"

#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "crypto/merkle.h"

#define CLAUSE "tocsin formats section 2.1"
#define FORMAT "tocsin-act/v1"

int act_id_new(const struct clock *clock, const struct random *random, char id[ID_TEXT],
               struct err *e)
{
    uint8_t bytes[ID_RANDOM];

    if (random_fill(random, bytes, sizeof bytes, e) != 0)
        return -1;
    id_in_order("act", clock_now(clock), bytes, id);
    return 0;
}

/* Dotted lower-case words: "advisory.imported". */
static bool type_is(struct slice type)
{
    bool dot = false, word = false;

    if (type.len == 0 || type.len > ACT_TYPE_MAX)
        return false;
    for (size_t i = 0; i < type.len; i++) {
        uint8_t c = type.data[i];
        if (c == '.' && word) {
            dot = true;
            word = false;
        } else if ((c >= 'a' && c <= 'z') || (c == '-' && word)) {
            word = true;
        } else {
            return false;
        }
    }
    return dot && word;
}

/* An opaque id, or "sys:" and a part of the centre. */
static bool actor_is(struct slice actor)
{
    size_t begin = actor.len > 4 && memcmp(actor.data, "sys:", 4) == 0 ? 4 : 0;

    if (actor.len == begin || actor.len > 64)
        return false;
    for (size_t i = begin; i < actor.len; i++) {
        uint8_t c = actor.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return true;
}

/* Room for everything but the data: names, two times, a hash, two ids, actor and type. */
enum { FRAME_MAX = 1024 };

static int too_big(struct err *e, const struct act *act, size_t len)
{
    return err_set(e, ERR_LIMIT, "act.size", CLAUSE, "an act \"%s\" of %zu bytes; at most %d",
                   act->type, len, ACT_MAX);
}

static int invalid(struct err *e, const char *member)
{
    return err_set(e, ERR_INTERNAL, "act.invalid", CLAUSE,
                   "an act's member \"%s\" is not as it "
                   "has to be",
                   member);
}

/* Literal text, and values that were checked to need no escaping, one behind the other. */
static uint8_t *put(uint8_t *at, const char *text, size_t len)
{
    memcpy(at, text, len);
    return at + len;
}
#define PUT(at, literal) put((at), (literal), sizeof(literal) - 1)

int act_build(const struct act *act, struct buf *out, struct err *e)
{
    const struct slice id = slice_str(act->id), type = slice_str(act->type);
    const struct slice actor = slice_str(act->actor), organisation = slice_str(act->organisation);
    const struct slice data = act->data.len ? act->data : slice_str("{}");
    char time[TIME_TEXT], hash[HASH_TEXT];

    if (!id_is(id, "act"))
        return invalid(e, "id");
    if (!type_is(type))
        return invalid(e, "type");
    if (!actor_is(actor))
        return invalid(e, "actor");
    if (act->organisation && !id_is(organisation, "org"))
        return invalid(e, "organisation");
    if (data.data[0] != '{' || data.data[data.len - 1] != '}')
        return invalid(e, "data");
    if (data.len > ACT_MAX)
        return too_big(e, act, data.len);

    /* Members in the order of RFC 8785; the frame is a few hundred bytes at most. */
    size_t begin = out->len, room = data.len + FRAME_MAX;
    uint8_t *start = buf_extend(out, room), *at = start;
    if (!start)
        return buf_check(out, e);
    at = PUT(at, "{\"actor\":\"");
    at = put(at, act->actor, actor.len);
    time_format(act->at, time);
    at = PUT(at, "\",\"at\":\"");
    at = put(at, time, strlen(time));
    if (act->clock) {
        time_format(act->clock, time);
        at = PUT(at, "\",\"clock\":\"");
        at = put(at, time, strlen(time));
    }
    if (act->command) {
        hash_text_format(act->command, hash);
        at = PUT(at, "\",\"command\":\"");
        at = put(at, hash, HASH_TEXT - 1);
    }
    at = PUT(at, "\",\"data\":");
    at = put(at, (const char *)data.data, data.len);
    if (act->exercise)
        at = PUT(at, ",\"exercise\":true");
    at = PUT(at, ",\"format\":\"" FORMAT "\",\"id\":\"");
    at = put(at, act->id, id.len);
    if (act->organisation) {
        at = PUT(at, "\",\"organisation\":\"");
        at = put(at, act->organisation, organisation.len);
    }
    at = act->refused ? PUT(at, "\",\"outcome\":\"refused\",\"type\":\"")
                      : PUT(at, "\",\"outcome\":\"done\",\"type\":\"");
    at = put(at, act->type, type.len);
    at = PUT(at, "\"}");
    out->len = begin + (size_t)(at - start);
    out->data[out->len] = '\0';
    return out->len - begin > ACT_MAX ? too_big(e, act, out->len - begin) : 0;
}

int act_commit(const uint8_t salt[ACT_SALT], struct slice body, uint8_t commitment[ACT_COMMITMENT],
               uint8_t leaf[32], struct err *e)
{
    const struct slice parts[3] = {slice_str(FORMAT), slice_of(salt, ACT_SALT), body};

    if (sha256_slices(parts, 3, commitment) != 0 ||
        merkle_leaf(slice_of(commitment, ACT_COMMITMENT), leaf) != 0)
        return digest_failed(e);
    return 0;
}

static int syntax(struct err *e, const char *member, const char *what)
{
    return err_set(e, ERR_INPUT, "act.syntax", CLAUSE, "not an act: \"%s\" is %s", member, what);
}

/* An optional member that is true when there. */
static int flag(const struct json_value *value, const char *name, bool *out, struct err *e)
{
    const struct json_value *member = json_get(value, name);

    *out = json_is(member, JSON_TRUE);
    return member && !*out ? syntax(e, name, "true or left out") : 0;
}

int act_view(struct act_view *view, const struct json_value *value, struct err *e)
{
    static const char *const known[] = {"actor",        "at",       "clock",  "command",
                                        "data",         "exercise", "format", "id",
                                        "organisation", "outcome",  "type"};
    struct err ignored = {0};
    struct slice text;
    int64_t clock;
    uint8_t hash[32];

    if (!json_is(value, JSON_OBJECT) || !slice_is(json_get_string(value, "format"), FORMAT))
        return syntax(e, "format", "\"" FORMAT "\"");
    json_each(member, value)
    {
        bool is_known = false;
        for (size_t i = 0; i < ARRAY_LEN(known) && !is_known; i++)
            is_known = slice_is(json_name(member), known[i]);
        if (!is_known)
            return err_set(e, ERR_INPUT, "act.syntax", CLAUSE, "an act has no member \"%.*s\"",
                           (int)(json_name(member).len > 64 ? 64 : json_name(member).len),
                           (const char *)json_name(member).data);
    }
    view->id = json_get_string(value, "id");
    if (!id_is(view->id, "act"))
        return syntax(e, "id", "\"act_\" and 26 characters");
    if (time_parse(json_get_string(value, "at"), &view->at, &ignored) != 0)
        return syntax(e, "at", "a time of RFC 3339");
    text = json_get_string(value, "clock");
    if (json_get(value, "clock") && (time_parse(text, &clock, &ignored) != 0 || clock >= view->at))
        return syntax(e, "clock", "a time before \"at\"");
    view->type = json_get_string(value, "type");
    if (!type_is(view->type))
        return syntax(e, "type", "dotted words");
    view->actor = json_get_string(value, "actor");
    if (!actor_is(view->actor))
        return syntax(e, "actor", "an opaque id");
    view->organisation = json_get_string(value, "organisation");
    if (json_get(value, "organisation") && !id_is(view->organisation, "org"))
        return syntax(e, "organisation", "\"org_\" and 26 characters");
    if (json_get(value, "command") && hash_text_parse(json_get_string(value, "command"), hash) != 0)
        return syntax(e, "command", "\"sha256:\" and 64 digits");
    text = json_get_string(value, "outcome");
    view->refused = slice_is(text, "refused");
    if (!view->refused && !slice_is(text, "done"))
        return syntax(e, "outcome", "\"done\" or \"refused\"");
    view->data = json_get(value, "data");
    if (!json_is(view->data, JSON_OBJECT))
        return syntax(e, "data", "an object");
    return flag(value, "exercise", &view->exercise, e);
}

int act_check(struct slice body, struct err *e)
{
    struct json_doc *doc = NULL;
    struct act_view view;
    int rc = -1;

    if (body.len > ACT_MAX)
        return err_set(e, ERR_LIMIT, "act.size", CLAUSE, "an act of %zu bytes; at most %d",
                       body.len, ACT_MAX);
    if (json_parse(&doc, body, NULL, e) == 0 && act_view(&view, json_root(doc), e) == 0)
        rc = json_check_canonical(body, e);
    json_doc_free(doc);
    return rc;
}
