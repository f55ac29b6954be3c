/* SPDX-License-Identifier: Apache-2.0 */
/* Words, by the dictionaries of Hunspell. */
#include "prose/checkers.h"

#include <ctype.h>
#include <dirent.h>
#include <hunspell/hunspell.h>
#include <iconv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { LANGUAGES = 8, WORD_MOST = 100, PATH_ROOM = 1024 };

struct dictionary {
    char language[PROSE_LANGUAGE_MOST + 1];
    Hunhandle *words; /* NULL: there is no dictionary */
    iconv_t to, from; /* UTF-8 to the dictionary's encoding and back */
};

static struct dictionary dictionaries[LANGUAGES];
static size_t dictionary_count;

static const char default_folders[] =
    "/usr/share/hunspell:/usr/share/myspell:/usr/share/myspell/dicts:/usr/local/share/hunspell";

/* Calls take with each folder in turn, until one gives true. */
static bool each_folder(bool (*take)(const char *folder, void *context), void *context)
{
    const char *folders = getenv("DICPATH"); /* Hunspell's own name for it */
    if (!folders || !*folders)
        folders = default_folders;
    while (*folders) {
        char folder[PATH_ROOM / 2];
        size_t len = strcspn(folders, ":");
        if (len > 0 && len < sizeof folder) {
            memcpy(folder, folders, len);
            folder[len] = '\0';
            if (take(folder, context))
                return true;
        }
        folders += len + (folders[len] == ':');
    }
    return false;
}

struct search {
    char name[PROSE_LANGUAGE_MOST + 1]; /* "en_US"; or what names begin with: "en_" */
    bool beginning;
    char base[PATH_ROOM]; /* found: path without ".aff" */
};

static bool both_there(struct search *s, const char *folder, const char *name, size_t len)
{
    char path[PATH_ROOM + 8];

    if (snprintf(s->base, sizeof s->base, "%s/%.*s", folder, (int)len, name) >= (int)sizeof s->base)
        return false;
    snprintf(path, sizeof path, "%s.dic", s->base);
    if (access(path, R_OK) != 0)
        return false;
    snprintf(path, sizeof path, "%s.aff", s->base);
    return access(path, R_OK) == 0;
}

static bool look_in(const char *folder, void *context)
{
    struct search *s = context;
    char best[64] = "";
    size_t len = strlen(s->name);

    if (!s->beginning)
        return both_there(s, folder, s->name, len);
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        size_t whole = strlen(entry->d_name);
        if (whole > 4 && whole < sizeof best && strncmp(entry->d_name, s->name, len) == 0 &&
            strcmp(entry->d_name + whole - 4, ".aff") == 0 &&
            (!*best || strcmp(entry->d_name, best) < 0))
            memcpy(best, entry->d_name, whole + 1);
    }
    if (dir)
        closedir(dir);
    return *best && both_there(s, folder, best, strlen(best) - 4);
}

static bool any_in(const char *folder, void *context)
{
    DIR *dir = opendir(folder);
    bool found = false;

    (void)context;
    for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
        size_t len = strlen(entry->d_name);
        found = len > 4 && strcmp(entry->d_name + len - 4, ".aff") == 0;
    }
    if (dir)
        closedir(dir);
    return found;
}

static bool look(struct search *s, const char *name, bool beginning)
{
    snprintf(s->name, sizeof s->name, "%s", name);
    s->beginning = beginning;
    return each_folder(look_in, s);
}

/* "en-US" → en_US; else the region where the language has its name from, else any region. */
static bool find_dictionary(const char *language, struct search *s)
{
    char primary[9] = "", region[4] = "", name[32];
    size_t len = strcspn(language, "-");

    if (len < 2 || len >= sizeof primary)
        return false;
    for (size_t i = 0; i < len; i++)
        primary[i] = (char)tolower((unsigned char)language[i]);
    for (const char *at = language + len; *at;) {
        at++;
        size_t part = strcspn(at, "-");
        if (part == 1)
            break;                                      /* extensions and private use */
        if (part == 4 && isalpha((unsigned char)*at)) { /* a script: "sr-Latn" is no "sr" */
            snprintf(name, sizeof name, "%s_%.4s", primary, at);
            return look(s, name, false) ||
                   (snprintf(name, sizeof name, "%s-%.4s", primary, at), look(s, name, false));
        }
        if (part == 2 || (part == 3 && isdigit((unsigned char)*at)))
            for (size_t i = 0; i < part; i++)
                region[i] = (char)toupper((unsigned char)at[i]);
        at += part;
    }
    if (*region) {
        snprintf(name, sizeof name, "%s_%s", primary, region);
        if (look(s, name, false))
            return true;
    }
    const char *home = strcmp(primary, "en") == 0 ? "US" : NULL;
    snprintf(name, sizeof name, "%s_%s", primary, home ? home : primary);
    for (size_t i = strlen(primary) + 1; name[i]; i++)
        name[i] = (char)toupper((unsigned char)name[i]);
    if (look(s, name, false) || look(s, primary, false))
        return true;
    snprintf(name, sizeof name, "%s_", primary);
    return look(s, name, true);
}

static bool is_english(const char *language)
{
    return strncasecmp(language, "en", 2) == 0 && (!language[2] || language[2] == '-');
}

static void open_dictionary(struct dictionary *d)
{
    struct search s;
    char aff[PATH_ROOM + 8], dic[PATH_ROOM + 8];

    if (!find_dictionary(d->language, &s))
        return;
    snprintf(aff, sizeof aff, "%s.aff", s.base);
    snprintf(dic, sizeof dic, "%s.dic", s.base);
    d->words = Hunspell_create(aff, dic);
    if (!d->words)
        return;
    const char *encoding = Hunspell_get_dic_encoding(d->words);
    d->to = iconv_open(encoding, "UTF-8");
    d->from = iconv_open("UTF-8", encoding);
    if (d->to == (iconv_t)-1 || d->from == (iconv_t)-1) {
        d->words = NULL; /* an encoding that this C library does not know */
        return;
    }
    for (const char *const *term = prose_terms_english; is_english(d->language) && *term; term++)
        Hunspell_add(d->words, *term);
}

static struct dictionary *dictionary_of(const char *language)
{
    for (size_t i = 0; i < dictionary_count; i++)
        if (strcasecmp(dictionaries[i].language, language) == 0)
            return &dictionaries[i];
    if (dictionary_count == LANGUAGES)
        return NULL;
    struct dictionary *d = &dictionaries[dictionary_count++];
    snprintf(d->language, sizeof d->language, "%s", language);
    open_dictionary(d);
    return d;
}

void prose_spells(const char *language, struct prose_answer *answer)
{
    const struct dictionary *d = dictionary_of(language);

    answer->verdict = d && d->words ? PROSE_RIGHT : PROSE_UNSUPPORTED;
    if (answer->verdict == PROSE_RIGHT)
        return;
    if (!d) {
        snprintf(answer->text, sizeof answer->text, "%d other languages came before it", LANGUAGES);
    } else if (!each_folder(any_in, NULL)) {
        answer->verdict = PROSE_NO_CHECKER;
        snprintf(answer->text, sizeof answer->text,
                 "there are no dictionaries (Debian: hunspell-en-us and others)");
    } else {
        int len = (int)strcspn(language, "-");
        if (len < 2) /* "x-…", "i-…" */
            snprintf(answer->text, sizeof answer->text, "there is no dictionary of it");
        else
            snprintf(answer->text, sizeof answer->text,
                     "there is no dictionary of it (Debian: hunspell-%.*s or one like it)", len,
                     language);
    }
}

static bool convert(iconv_t way, const char *text, char *out, size_t room)
{
    char *in = (char *)(uintptr_t)text;
    size_t left = strlen(text), free_room = room - 1;

    iconv(way, NULL, NULL, NULL, NULL);
    if (iconv(way, &in, &left, &out, &free_room) != 0)
        return false;
    *out = '\0';
    return true;
}

void prose_word(const char *language, const char *word, bool nearest, struct prose_answer *answer)
{
    const struct dictionary *d = dictionary_of(language);
    char own[4 * WORD_MOST + 1], **list = NULL;

    if (!d || !d->words) {
        answer->verdict = PROSE_UNSUPPORTED;
        return;
    }
    if (strlen(word) > WORD_MOST) {
        answer->verdict = PROSE_UNDECIDED;
        return;
    }
    answer->verdict = PROSE_WRONG; /* what the encoding has no letters for is no word */
    if (!convert(d->to, word, own, sizeof own))
        return;
    if (Hunspell_spell(d->words, own)) {
        answer->verdict = PROSE_RIGHT;
        return;
    }
    int count = nearest ? Hunspell_suggest(d->words, &list, own) : 0;
    if (count > 0 && !convert(d->from, list[0], answer->text, sizeof answer->text))
        answer->text[0] = '\0';
    if (nearest)
        Hunspell_free_list(d->words, &list, count);
}
