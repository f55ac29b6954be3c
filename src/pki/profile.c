/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "pki/pki.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROFILES_MOST = 256, PROFILE_FILE_MAX = 65536, HOURS_MOST = 30 * 366 * 24 };
#define MINUTE INT64_C(60000000)
#define HOUR (60 * MINUTE)

struct pki_profiles {
    struct pki_profile items[PROFILES_MOST]; /* sorted by name */
    size_t count;
};

/* The program's own; in the same form as those of files, so that they are examples too. */
static const char *const builtin[] = {
    "{\"format\":\"tocsin-profile/v1\",\"name\":\"root\",\"subject\":\"authority\","
    "\"validity_hours\":175320,\"backdate_minutes\":60,\"ca\":true,"
    "\"key_usage\":[\"keyCertSign\",\"cRLSign\"],\"keys\":[\"P-256\",\"P-384\",\"RSA\"]}",

    "{\"format\":\"tocsin-profile/v1\",\"name\":\"root-link\",\"subject\":\"authority\","
    "\"validity_hours\":175320,\"backdate_minutes\":60,\"ca\":true,"
    "\"key_usage\":[\"keyCertSign\",\"cRLSign\"],\"keys\":[\"P-256\",\"P-384\",\"RSA\"]}",

    "{\"format\":\"tocsin-profile/v1\",\"name\":\"issuing-ca\",\"subject\":\"authority\","
    "\"validity_hours\":87660,\"backdate_minutes\":60,\"ca\":true,\"path_length\":0,"
    "\"key_usage\":[\"keyCertSign\",\"cRLSign\"],\"keys\":[\"P-256\",\"P-384\",\"RSA\"]}",

    "{\"format\":\"tocsin-profile/v1\",\"name\":\"device\",\"subject\":\"device\","
    "\"validity_hours\":2160,\"backdate_minutes\":60,\"renew_hours\":2160,"
    "\"key_usage\":[\"digitalSignature\"],\"purposes\":[\"clientAuth\"],"
    "\"keys\":[\"P-256\",\"P-384\",\"Ed25519\",\"RSA\"],\"same_key_renewal\":true}",

    "{\"format\":\"tocsin-profile/v1\",\"name\":\"operator\",\"subject\":\"operator\","
    "\"validity_hours\":8766,\"backdate_minutes\":60,\"renew_hours\":8766,"
    "\"key_usage\":[\"digitalSignature\"],\"purposes\":[\"clientAuth\"],"
    "\"keys\":[\"P-256\",\"P-384\",\"Ed25519\",\"RSA\"]}",

    "{\"format\":\"tocsin-profile/v1\",\"name\":\"server\",\"subject\":\"server\","
    "\"validity_hours\":9504,\"backdate_minutes\":60,\"renew_hours\":9504,"
    "\"key_usage\":[\"digitalSignature\"],\"purposes\":[\"serverAuth\"],\"host_names\":true,"
    "\"keys\":[\"P-256\",\"P-384\",\"Ed25519\",\"RSA\"],\"same_key_renewal\":true}",

    "{\"format\":\"tocsin-profile/v1\",\"name\":\"publication-signer\","
    "\"subject\":\"publication\",\"validity_hours\":26298,\"backdate_minutes\":60,"
    "\"renew_hours\":26298,\"key_usage\":[\"digitalSignature\"],"
    "\"purposes\":[\"documentSigning\"],\"purposes_critical\":true,\"keys\":[\"P-256\"],"
    "\"same_key_renewal\":true}",
};

struct word {
    const char *word;
    uint32_t bit;
};

static const struct word usage_words[] = {
    {"digitalSignature", KEY_USAGE_DIGITAL_SIGNATURE},
    {"keyEncipherment", KEY_USAGE_KEY_ENCIPHERMENT},
    {"keyAgreement", KEY_USAGE_KEY_AGREEMENT},
    {"keyCertSign", KEY_USAGE_CERT_SIGN},
    {"cRLSign", KEY_USAGE_CRL_SIGN},
    {NULL, 0},
};
static const struct word purpose_words[] = {
    {"serverAuth", PURPOSE_SERVER},
    {"clientAuth", PURPOSE_CLIENT},
    {"documentSigning", PURPOSE_DOCUMENT},
    {NULL, 0},
};
static const struct word key_words[] = {
    {"P-256", 1 << KEY_P256},
    {"P-384", 1 << KEY_P384},
    {"Ed25519", 1 << KEY_ED25519},
    {"RSA", 1 << KEY_RSA},
    {NULL, 0},
};

static const char *const subject_names[] = {
    [PKI_SUBJECT_AUTHORITY] = "authority",     [PKI_SUBJECT_DEVICE] = "device",
    [PKI_SUBJECT_OPERATOR] = "operator",       [PKI_SUBJECT_SERVER] = "server",
    [PKI_SUBJECT_PUBLICATION] = "publication",
};

const char *pki_subject_kind_name(enum pki_subject_kind kind)
{
    return kind >= PKI_SUBJECT_AUTHORITY && kind <= PKI_SUBJECT_PUBLICATION ? subject_names[kind]
                                                                            : "unknown";
}

static int fault(const struct json_doc *doc, const struct json_value *at, const char *text,
                 struct err *e)
{
    err_set(e, ERR_INPUT, "pki.profile", "tocsin-profile/v1", "%s", text);
    return json_err_where(doc, at, e);
}

static int read_words(const struct json_doc *doc, const struct json_value *list,
                      const struct word *words, uint32_t *bits, struct err *e)
{
    if (!json_is(list, JSON_ARRAY))
        return fault(doc, list, "a list of words is expected", e);
    json_each(item, list)
    {
        bool known = false;
        for (const struct word *w = words; w->word; w++)
            if (slice_is(json_string(item), w->word)) {
                *bits |= w->bit;
                known = true;
            }
        if (!known)
            return fault(doc, item, "a word that is not known here", e);
    }
    return 0;
}

static int read_number(const struct json_doc *doc, const struct json_value *v, int64_t most,
                       int64_t *number, struct err *e)
{
    if (json_int64(v, number) && *number >= 0 && *number <= most)
        return 0;
    return fault(doc, v, "a number within its bounds is expected", e);
}

static int read_flag(const struct json_doc *doc, const struct json_value *v, bool *flag,
                     struct err *e)
{
    if (!json_is_bool(v))
        return fault(doc, v, "true or false is expected", e);
    *flag = json_is(v, JSON_TRUE);
    return 0;
}

static int read_name(const struct json_doc *doc, const struct json_value *v, char *name,
                     struct err *e)
{
    struct slice s = json_string(v);
    bool good = s.len > 0 && s.len < PKI_KEY_NAME;

    for (size_t i = 0; i < s.len; i++)
        good = good && ((s.data[i] >= 'a' && s.data[i] <= 'z') ||
                        (s.data[i] >= '0' && s.data[i] <= '9') || s.data[i] == '-');
    if (!good)
        return fault(doc, v, "a name is 1 to 64 of a-z, 0-9 and '-'", e);
    memcpy(name, s.data, s.len);
    name[s.len] = '\0';
    return 0;
}

static int read_subject(const struct json_doc *doc, const struct json_value *v,
                        enum pki_subject_kind *subject, struct err *e)
{
    for (unsigned i = PKI_SUBJECT_AUTHORITY; i <= PKI_SUBJECT_PUBLICATION; i++)
        if (slice_is(json_string(v), subject_names[i])) {
            *subject = (enum pki_subject_kind)i;
            return 0;
        }
    return fault(doc, v, "a kind of subject that is not known", e);
}

static int read_member(const struct json_doc *doc, const struct json_value *v,
                       struct pki_profile *p, struct err *e)
{
    struct slice name = json_name(v);
    int64_t number = 0;
    int result = 0;

    if (slice_is(name, "format"))
        return slice_is(json_string(v), "tocsin-profile/v1")
                   ? 0
                   : fault(doc, v, "the format is not tocsin-profile/v1", e);
    if (slice_is(name, "name"))
        return read_name(doc, v, p->name, e);
    if (slice_is(name, "subject"))
        return read_subject(doc, v, &p->subject, e);
    if (slice_is(name, "validity_hours")) {
        result = read_number(doc, v, HOURS_MOST, &number, e);
        p->validity = number * HOUR;
    } else if (slice_is(name, "backdate_minutes")) {
        result = read_number(doc, v, 7 * 24 * 60, &number, e);
        p->backdate = number * MINUTE;
    } else if (slice_is(name, "renew_hours")) {
        result = read_number(doc, v, HOURS_MOST, &number, e);
        p->renew_from = number * HOUR;
    } else if (slice_is(name, "path_length")) {
        result = read_number(doc, v, 10, &number, e);
        p->path_length = (int)number;
    } else if (slice_is(name, "key_usage")) {
        return read_words(doc, v, usage_words, &p->key_usage, e);
    } else if (slice_is(name, "purposes")) {
        return read_words(doc, v, purpose_words, &p->purposes, e);
    } else if (slice_is(name, "purposes_critical")) {
        return read_flag(doc, v, &p->purposes_critical, e);
    } else if (slice_is(name, "ca")) {
        return read_flag(doc, v, &p->is_ca, e);
    } else if (slice_is(name, "host_names")) {
        return read_flag(doc, v, &p->host_names, e);
    } else if (slice_is(name, "same_key_renewal")) {
        return read_flag(doc, v, &p->same_key_renewal, e);
    } else if (slice_is(name, "keys")) {
        return read_words(doc, v, key_words, &p->kinds, e);
    } else {
        return fault(doc, v, "a member that a profile does not have", e);
    }
    return result;
}

/* What must hold between the members. */
static int check_whole(const struct json_doc *doc, const struct pki_profile *p, struct err *e)
{
    const struct json_value *root = json_root(doc);
    const uint32_t ca_usage = KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN;

    if (!json_get(root, "format") || !p->name[0] || !p->subject || p->validity == 0 ||
        p->kinds == 0)
        return fault(doc, root, "format, name, subject, validity_hours and keys are needed", e);
    if (p->is_ca != (p->subject == PKI_SUBJECT_AUTHORITY))
        return fault(doc, root, "authorities and nobody else are ca", e);
    if (p->is_ca ? p->key_usage != ca_usage : (p->key_usage & ca_usage) != 0)
        return fault(doc, json_get(root, "key_usage"),
                     "authorities have keyCertSign and cRLSign, and nobody else has", e);
    if (p->is_ca ? p->purposes != 0 || p->host_names : p->path_length >= 0)
        return fault(doc, root, "purposes and host_names are for end entities, path_length is not",
                     e);
    if (!p->is_ca && (p->purposes == 0 || p->key_usage == 0))
        return fault(doc, root, "an end entity needs key_usage and purposes", e);
    return 0;
}

int pki_profiles_add(struct pki_profiles *profiles, struct slice json, struct err *e)
{
    struct pki_profile p = {.path_length = -1};
    struct json_doc *doc = NULL;
    int result = -1;

    if (json_parse(&doc, json, NULL, e) != 0)
        return -1;
    if (!json_is(json_root(doc), JSON_OBJECT)) {
        fault(doc, json_root(doc), "a profile is an object", e);
        goto out;
    }
    json_each(member, json_root(doc)) if (read_member(doc, member, &p, e) != 0) goto out;
    if (check_whole(doc, &p, e) != 0)
        goto out;
    size_t at = 0;
    while (at < profiles->count && strcmp(profiles->items[at].name, p.name) < 0)
        at++;
    bool replaces = at < profiles->count && strcmp(profiles->items[at].name, p.name) == 0;
    if (!replaces && profiles->count == PROFILES_MOST) {
        err_set(e, ERR_LIMIT, "pki.profile", NULL, "more than %d profiles", PROFILES_MOST);
        goto out;
    }
    if (!replaces) {
        memmove(&profiles->items[at + 1], &profiles->items[at], (profiles->count - at) * sizeof(p));
        profiles->count++;
    }
    profiles->items[at] = p;
    result = 0;
out:
    json_doc_free(doc);
    return result;
}

struct pki_profiles *pki_profiles_new(struct err *e)
{
    struct pki_profiles *profiles = mem_new(1, sizeof(*profiles));

    if (!profiles) {
        err_memory(e);
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(builtin); i++)
        if (pki_profiles_add(profiles, slice_str(builtin[i]), e) != 0) {
            pki_profiles_free(profiles);
            return NULL;
        }
    return profiles;
}

void pki_profiles_free(struct pki_profiles *profiles)
{
    mem_free(profiles);
}

static int is_json_file(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 5, ".json") == 0;
}

int pki_profiles_add_folder(struct pki_profiles *profiles, const char *folder, struct err *e)
{
    struct dirent **entries = NULL;
    int result = 0;

    if (file_kind(folder) == 0)
        return 0;
    int count = scandir(folder, &entries, is_json_file, alphasort);
    if (count < 0)
        return err_errno(e, errno, "pki.profile", "cannot read the folder %s", folder);
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        struct buf text;
        buf_init(&text);
        if (result == 0) {
            snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
            result = file_read(path, PROFILE_FILE_MAX, &text, e);
            if (result == 0)
                result = pki_profiles_add(profiles, buf_slice(&text), e);
            if (result != 0)
                err_context(e, "%.100s", entries[i]->d_name);
        }
        buf_fini(&text);
        free(entries[i]); /* scandir's own */
    }
    free(entries);
    return result;
}

const struct pki_profile *pki_profile_find(const struct pki_profiles *profiles, const char *name,
                                           struct err *e)
{
    for (size_t i = 0; i < profiles->count; i++)
        if (strcmp(profiles->items[i].name, name) == 0)
            return &profiles->items[i];
    err_set(e, ERR_NOT_FOUND, "pki.profile-unknown", NULL, "there is no certificate profile %.64s",
            name);
    return NULL;
}

const struct pki_profile *pki_profile_at(const struct pki_profiles *profiles, size_t index)
{
    return index < profiles->count ? &profiles->items[index] : NULL;
}
