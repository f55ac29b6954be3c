/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/config_internal.h"
#include "base/file.h"
#include "base/memory.h"

#include <stdio.h>

/* One reading: what it fills, what it has seen, and the faults found. */
struct loading {
    struct config *config;
    struct arena scratch;           /* the text's entries */
    const struct config_place *set; /* by key of config_keys: where it was set; line 0: not */
    struct config_witness *witnesses;
    struct err *faults;
    size_t room, count;
};

/* The next fault to fill in; with no room left one that nobody reads. */
static struct err *next_fault(struct loading *l)
{
    if (l->count < l->room)
        return &l->faults[l->count++];
    err_clear(&l->faults[l->room]);
    return &l->faults[l->room];
}

static void place_fault(const struct loading *l, struct config_place place, struct err *e)
{
    if (place.line)
        err_where(e, "%s: line %u column %u", l->config->path, place.line, place.column);
    else
        err_where(e, "%s", l->config->path);
}

static void unknown_key(struct loading *l, const struct config_key *keys, size_t count,
                        const char *section, const struct config_entry *entry)
{
    char shown[CONFIG_NAME_TEXT], best[CONFIG_NAME_TEXT], other[CONFIG_NAME_TEXT];
    struct err *e = next_fault(l);

    config_section_name(section, shown);
    err_set(e, ERR_INPUT, "config.unknown", NULL, "there is no key \"%.60s\" in the section \"%s\"",
            entry->name, shown);
    place_fault(l, entry->place, e);
    if (config_suggest_key(keys, count, section, entry->name, best))
        err_hint(e, "did you mean \"%s\"?", best);
    for (size_t i = 0; i < config_key_count; i++) {
        config_key_name(config_keys[i].key, best);
        config_section_name(config_keys[i].section, other);
        if (strcmp(best, entry->name) == 0)
            err_hint(e, "there is such a key in the section \"%s\"", other);
    }
    err_hint(e, "tocsin config show --default prints every key");
}

static void unknown_section(struct loading *l, const struct config_entry *entry)
{
    char asked[CONFIG_NAME_TEXT], best[CONFIG_NAME_TEXT];
    struct err *e = next_fault(l);

    snprintf(asked, sizeof(asked), "%.30s%s%.*s", entry->name, entry->label.len ? " " : "",
             (int)(entry->label.len > 30 ? 30 : entry->label.len),
             entry->label.len ? (const char *)entry->label.data : "");
    err_set(e, ERR_INPUT, "config.unknown", NULL, "there is no section \"%s\"", asked);
    place_fault(l, entry->place, e);
    if (config_suggest_section(asked, best))
        err_hint(e, "did you mean \"%s\"?", best);
    err_hint(e, "tocsin config show --default prints every section");
}

static void read_key(struct loading *l, const struct config_key *key,
                     const struct config_entry *entry, void *base, struct config_place *set)
{
    struct config_place place = entry->place;
    struct err e = {0};

    if (set->line) {
        err_set(&e, ERR_INPUT, "config.double", NULL, "%s is set twice, first in line %u",
                entry->name, set->line);
    } else if (config_value_read(&l->config->arena, l->config->home, key, entry->is_list,
                                 entry->values, base, &place, &e) == 0) {
        *set = entry->place;
        return;
    }
    place_fault(l, place, &e);
    *next_fault(l) = e;
}

/* The keys of one section; set: by index of keys. */
static void read_section(struct loading *l, const struct config_key *keys, size_t count,
                         const char *section, const struct config_entry *entries, void *base,
                         struct config_place *set)
{
    char name[CONFIG_NAME_TEXT];

    for (const struct config_entry *entry = entries; entry; entry = entry->next) {
        size_t i = 0;
        for (; i < count; i++) {
            config_key_name(keys[i].key, name);
            if (strcmp(keys[i].section, section) == 0 && strcmp(name, entry->name) == 0)
                break;
        }
        if (i < count)
            read_key(l, &keys[i], entry, base, &set[i]);
        else
            unknown_key(l, keys, count, section, entry);
    }
}

static void read_witness(struct loading *l, const struct config_entry *entry)
{
    struct config_witness *w = &l->witnesses[l->config->witness_count];
    struct config_place set[8] = {0};
    char key[CONFIG_NAME_TEXT];

    for (size_t i = 0; i < l->config->witness_count; i++) {
        if (!slice_is(entry->label, l->witnesses[i].name))
            continue;
        struct err *e = next_fault(l);
        err_set(e, ERR_INPUT, "config.double", NULL, "there are two witnesses of that name");
        place_fault(l, entry->place, e);
        return;
    }
    w->name = arena_copy(&l->config->arena, entry->label.data, entry->label.len);
    if (!w->name) {
        err_memory(next_fault(l));
        return;
    }
    l->config->witness_count++;
    read_section(l, config_witness_keys, config_witness_key_count, "witness", entry->children, w,
                 set);
    for (size_t i = 0; i < config_witness_key_count; i++) {
        if (set[i].line)
            continue;
        struct err *e = next_fault(l);
        config_key_name(config_witness_keys[i].key, key);
        err_set(e, ERR_INPUT, "config.needs", NULL, "a witness needs %s", key);
        place_fault(l, entry->place, e);
    }
}

static void read_entry(struct loading *l, const struct config_entry *entry,
                       struct config_place *set)
{
    char name[CONFIG_NAME_TEXT];

    if (!entry->is_section) {
        struct err *e = next_fault(l);
        err_set(e, ERR_INPUT, "config.unknown", NULL, "the key \"%.60s\" stands in no section",
                entry->name);
        place_fault(l, entry->place, e);
        err_hint(e, "write: section { %.60s = … }", entry->name);
        return;
    }
    if (strcmp(entry->name, "witness") == 0 && entry->label.len) {
        read_witness(l, entry);
        return;
    }
    for (size_t i = 0; i < config_section_count; i++) {
        config_section_name(config_sections[i].id, name);
        size_t len = strcspn(name, " ");
        if (strlen(entry->name) != len || memcmp(name, entry->name, len) != 0 ||
            !slice_is(entry->label, name[len] ? name + len + 1 : ""))
            continue;
        read_section(l, config_keys, config_key_count, config_sections[i].id, entry->children,
                     l->config, set);
        return;
    }
    unknown_section(l, entry);
}

static void needs(struct loading *l, bool fine, const char *text)
{
    if (fine)
        return;
    struct err *e = next_fault(l);
    err_set(e, ERR_INPUT, "config.needs", NULL, "%s", text);
    place_fault(l, (struct config_place){0}, e);
}

static bool is_loopback_name(const char *host)
{
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "::1") == 0;
}

/* What several keys say together. */
static void check_together(struct loading *l)
{
    const struct config *c = l->config;
    bool database = strncmp(c->database_url, "sqlite:", 7) == 0 ||
                    strncmp(c->database_url, "postgres:", 9) == 0;

    needs(l, database, "database url must begin with \"sqlite:\" or \"postgres:\"");
    needs(l, !*c->mail_host || *c->mail_from, "mail with a host needs from");
    needs(l, !*c->mail_user || *c->mail_password_file, "mail with a user needs password-file");
    needs(
        l, !*c->mail_user || c->mail_tls != CONFIG_MAIL_PLAIN || is_loopback_name(c->mail_host),
        "mail with a user needs tls: otherwise its password would cross the network in the clear");
    needs(l, !c->publication_automatic || c->approval_advisory_publish == 0,
          "publication automatic = yes asks nobody: approval advisory-publish must be 0 with it");
    needs(l, (size_t)c->journal_witnesses_required <= c->witness_count,
          "journal witnesses-required is larger than the number of sections \"witness NAME\"");
}

/* Every default that no line has replaced; they go through the same reader. */
static int set_defaults(struct config *config, struct err *e)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        struct config_value value = {.text = slice_str(key->preset)};
        if (config_value_read(&config->arena, config->home, key, false, &value, config, NULL, e) !=
            0)
            return err_context(e, "default of %s %s", key->section, key->key);
    }
    return 0;
}

/* "sqlite:data/x.db" is meant from the home, wherever the process stands. */
static int place_database(struct config *config, struct err *e)
{
    const char *url = config->database_url;

    if (strncmp(url, "sqlite:", 7) != 0 || url[7] == '/' || url[7] == ':')
        return 0;
    config->database_url = arena_printf(&config->arena, "sqlite:%s/%s", config->home, url + 7);
    return config->database_url ? 0 : err_memory(e);
}

static struct config *config_new(const char *home, const char *path, struct err *e)
{
    struct config *config = mem_new(1, sizeof(*config));

    if (!config) {
        err_memory(e);
        return NULL;
    }
    arena_init(&config->arena, 0);
    config->home = arena_strdup(&config->arena, home);
    config->path = path ? arena_strdup(&config->arena, path) : NULL;
    if (!config->home || (path && !config->path))
        err_memory(e);
    else if (set_defaults(config, e) == 0)
        return config;
    config_free(config);
    return NULL;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    struct arena arena = config->arena;
    mem_free(config);
    arena_fini(&arena);
}

int config_defaults(struct config **config, const char *home, struct err *e)
{
    *config = config_new(home, NULL, e);
    if (!*config)
        return -1;
    if (place_database(*config, e) == 0)
        return 0;
    config_free(*config);
    *config = NULL;
    return -1;
}

static int read_entries(struct loading *l, struct slice text, struct err *e)
{
    struct config_entry *entries;
    struct config_place *set;
    size_t witnesses = 0;

    if (config_text_parse(&l->scratch, text, &entries, e) != 0)
        return err_context(e, "%s", l->config->path);
    for (const struct config_entry *entry = entries; entry; entry = entry->next)
        witnesses++;
    set = arena_new(&l->scratch, config_key_count, sizeof(*set));
    l->witnesses = arena_new(&l->config->arena, witnesses + 1, sizeof(*l->witnesses));
    if (!set || !l->witnesses)
        return err_memory(e);
    l->config->witnesses = l->witnesses;
    for (const struct config_entry *entry = entries; entry; entry = entry->next)
        read_entry(l, entry, set);
    if (l->count == 0)
        check_together(l);
    return place_database(l->config, e);
}

static int home_of(const char *path, char **home, struct err *e)
{
    const char *slash = strrchr(path, '/');

    *home = mem_strdup(slash ? path : ".");
    if (!*home)
        return err_memory(e);
    if (slash)
        (*home)[slash == path ? 1 : slash - path] = '\0';
    return 0;
}

int config_read(struct config **config, const char *path, struct err faults[CONFIG_FAULTS_MAX],
                size_t *count)
{
    /* The last fault's place takes those that there is no room for. */
    struct loading l = {.faults = faults, .room = CONFIG_FAULTS_MAX - 1};
    struct err e = {0};
    struct buf text;
    char *home = NULL;

    *config = NULL;
    for (size_t i = 0; i < CONFIG_FAULTS_MAX; i++)
        err_clear(&faults[i]);
    buf_init(&text);
    arena_init(&l.scratch, 0);
    if (home_of(path, &home, &e) != 0 || file_read(path, CONFIG_BYTES_MAX, &text, &e) != 0)
        goto out;
    l.config = config_new(home, path, &e);
    if (!l.config)
        goto out;
    if (read_entries(&l, buf_slice(&text), &e) == 0 && l.count == 0) {
        *config = l.config;
        l.config = NULL;
    }
out:
    if (err_is_set(&e) && l.count == 0)
        faults[l.count++] = e;
    *count = l.count;
    config_free(l.config);
    mem_free(home);
    arena_fini(&l.scratch);
    buf_fini(&text);
    return *config ? 0 : -1;
}

int config_load(struct config **config, const char *path, struct err *e)
{
    struct err *faults = mem_new(CONFIG_FAULTS_MAX, sizeof(*faults));
    size_t count = 0;
    int result;

    *config = NULL;
    if (!faults)
        return err_memory(e);
    result = config_read(config, path, faults, &count);
    if (result != 0) {
        if (count > 1)
            err_hint(&faults[0], "%zu faults; see them all with: tocsin config check %s", count,
                     path);
        *e = faults[0];
    }
    mem_free(faults);
    return result;
}
