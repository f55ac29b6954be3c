/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/command.h"
#include "crypto/digest.h"

#include <stdio.h>

void command_init(struct command *command, const struct command_type *type,
                  const struct caller *caller)
{
    *command = (struct command){.type = type, .caller = *caller, .act = UINT64_MAX};
    buf_init(&command->answer);
}

void command_fini(struct command *command)
{
    buf_fini(&command->answer);
    json_doc_free(command->doc);
    command->doc = NULL;
}

int command_hash(const char *actor, const char *type, const struct json_value *args,
                 struct buf *canonical, uint8_t hash[32], struct err *e)
{
    struct buf canonical_args;
    struct json_writer w;
    int result = -1;

    buf_init(&canonical_args);
    if (json_canonical(args, &canonical_args, e) != 0)
        goto out;
    json_write_init(&w, canonical, 0);
    json_write_object(&w);
    json_member_string(&w, "actor", actor);
    json_write_name(&w, "args");
    json_write_raw(&w, buf_slice(&canonical_args));
    json_member_string(&w, "type", type);
    json_write_object_end(&w);
    if (buf_check(canonical, e) != 0)
        goto out;
    if (sha256(buf_slice(canonical), hash) != 0) {
        err_memory(e);
        goto out;
    }
    result = 0;
out:
    buf_fini(&canonical_args);
    return result;
}

static int bad_argument(struct err *e, const char *name, const char *wanted)
{
    err_set(e, ERR_USAGE, "centre.argument", NULL, "\"%s\" must be %s", name, wanted);
    return err_where(e, "/%s", name);
}

int args_string(const struct json_value *args, const char *name, size_t max, bool required,
                struct slice *out, struct err *e)
{
    const struct json_value *v = json_get(args, name);

    *out = slice_of(NULL, 0);
    if (!v && !required)
        return 0;
    if (!json_is(v, JSON_STRING))
        return bad_argument(e, name, "a string");
    struct slice s = json_string(v);
    if (s.len == 0 && required)
        return bad_argument(e, name, "a string that is not empty");
    if (s.len > max) {
        err_set(e, ERR_USAGE, "centre.argument", NULL, "\"%s\" is over %zu bytes", name, max);
        return err_where(e, "/%s", name);
    }
    if (s.len && memchr(s.data, '\0', s.len))
        return bad_argument(e, name, "a string without U+0000");
    *out = s;
    return 0;
}

int args_int(const struct json_value *args, const char *name, int64_t least, int64_t most,
             int64_t fallback, int64_t *out, struct err *e)
{
    const struct json_value *v = json_get(args, name);
    char wanted[80];

    *out = fallback;
    if (!v)
        return 0;
    if (json_int64(v, out) && *out >= least && *out <= most)
        return 0;
    snprintf(wanted, sizeof(wanted), "a whole number from %lld to %lld", (long long)least,
             (long long)most);
    return bad_argument(e, name, wanted);
}

int args_bool(const struct json_value *args, const char *name, bool fallback, bool *out,
              struct err *e)
{
    const struct json_value *v = json_get(args, name);

    *out = v ? json_is(v, JSON_TRUE) : fallback;
    return v && !json_is_bool(v) ? bad_argument(e, name, "true or false") : 0;
}

int args_id(const struct json_value *args, const char *name, const char *prefix, char id[ID_TEXT],
            struct err *e)
{
    struct slice s = json_get_string(args, name);
    char wanted[64];

    if (id_is(s, prefix)) {
        memcpy(id, s.data, s.len);
        id[s.len] = '\0';
        return 0;
    }
    snprintf(wanted, sizeof(wanted), "an id: %s_ and 26 letters and digits", prefix);
    return bad_argument(e, name, wanted);
}
