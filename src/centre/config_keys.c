/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/config_internal.h"

#include <stddef.h>

#define SECTION(id, comment) {#id, comment},
#define KEY(section, key, type, preset, least, most, comment)
#define WITNESS_KEY(key, type, preset, least, most, comment)
const struct config_section config_sections[] = {
#include "centre/config_keys.def"
};
const size_t config_section_count = ARRAY_LEN(config_sections);
#undef SECTION
#undef KEY

#define SECTION(id, comment)
#define KEY(section, key, type, preset, least, most, comment)                                      \
    {#section, #key, CONFIG_##type, preset,                                                        \
     least,    most, comment,       offsetof(struct config, section##_##key)},
const struct config_key config_keys[] = {
#include "centre/config_keys.def"
};
const size_t config_key_count = ARRAY_LEN(config_keys);
#undef KEY
#undef WITNESS_KEY

#define KEY(section, key, type, preset, least, most, comment)
#define WITNESS_KEY(key, type, preset, least, most, comment)                                       \
    {"witness", #key, CONFIG_##type, preset,                                                       \
     least,     most, comment,       offsetof(struct config_witness, key)},
const struct config_key config_witness_keys[] = {
#include "centre/config_keys.def"
};
const size_t config_witness_key_count = ARRAY_LEN(config_witness_keys);

void config_key_name(const char *id, char text[CONFIG_NAME_TEXT])
{
    size_t i = 0;

    for (; id[i] && i < CONFIG_NAME_TEXT - 1; i++)
        text[i] = id[i] == '_' ? '-' : id[i];
    text[i] = '\0';
}

void config_section_name(const char *id, char text[CONFIG_NAME_TEXT])
{
    config_key_name(id, text);
    char *mark = strchr(text, '-');
    if (mark)
        *mark = ' ';
}

/* Edit distance with swapped neighbours, over `most` as most + 1. Words of at most 63 bytes. */
static unsigned distance(const char *a, const char *b, unsigned most)
{
    unsigned rows[3][CONFIG_NAME_TEXT];
    size_t la = strlen(a), lb = strlen(b);

    if (la >= CONFIG_NAME_TEXT || lb >= CONFIG_NAME_TEXT)
        return most + 1;
    for (unsigned j = 0; j <= lb; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= la; i++) {
        unsigned *now = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
        now[0] = i;
        for (unsigned j = 1; j <= lb; j++) {
            unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);
            best = up[j] + 1 < best ? up[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                up2[j - 2] + 1 < best)
                best = up2[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[la % 3][lb] > most ? most + 1 : rows[la % 3][lb];
}

/* Takes the name over when it is nearer to what was asked than all before. */
static void consider(const char *asked, const char *name, unsigned *least,
                     char best[CONFIG_NAME_TEXT])
{
    unsigned d = distance(asked, name, 3);

    if (d < *least && d < strlen(asked)) {
        *least = d;
        memcpy(best, name, strlen(name) + 1);
    }
}

bool config_suggest_key(const struct config_key *keys, size_t count, const char *section,
                        const char *asked, char best[CONFIG_NAME_TEXT])
{
    char name[CONFIG_NAME_TEXT];
    unsigned least = 4;

    best[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        config_key_name(keys[i].key, name);
        if (strcmp(keys[i].section, section) == 0)
            consider(asked, name, &least, best);
    }
    return best[0] != '\0';
}

bool config_suggest_section(const char *asked, char best[CONFIG_NAME_TEXT])
{
    char name[CONFIG_NAME_TEXT];
    unsigned least = 4;

    best[0] = '\0';
    for (size_t i = 0; i < config_section_count; i++) {
        config_section_name(config_sections[i].id, name);
        consider(asked, name, &least, best);
    }
    return best[0] != '\0';
}
