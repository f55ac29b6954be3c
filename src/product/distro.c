/* SPDX-License-Identifier: Apache-2.0 */
#include "product/distro.h"
#include "base/compiler.h"

#include <stdio.h>

/* Words for a family; the first of each family is its name. */
static const struct {
    const char *word, *family;
} families[] = {
    {"almalinux", "almalinux"},
    {"alma", "almalinux"},
    {"alpine", "alpine"},
    {"amazon", "amazon"},
    {"amzn", "amazon"},
    {"arch", "arch"},
    {"centos", "centos"},
    {"chainguard", "chainguard"},
    {"debian", "debian"},
    {"fedora", "fedora"},
    {"fc", "fedora"},
    {"mageia", "mageia"},
    {"openeuler", "openeuler"},
    {"opensuse", "opensuse"},
    {"opensuse leap", "opensuse"},
    {"opensuse tumbleweed", "opensuse"},
    {"oracle", "oracle"},
    {"ol", "oracle"},
    {"photon", "photon"},
    {"raspbian", "raspbian"},
    {"redhat", "rhel"},
    {"red hat", "rhel"},
    {"red hat enterprise", "rhel"},
    {"rhel", "rhel"},
    {"rocky", "rocky"},
    {"sles", "sles"},
    {"suse", "sles"},
    {"suse linux enterprise server", "sles"},
    {"ubuntu", "ubuntu"},
    {"wolfi", "wolfi"},
};

static const struct {
    const char *name, *family, *release;
} codenames[] = {
    {"wheezy", "debian", "7"},       {"jessie", "debian", "8"},     {"stretch", "debian", "9"},
    {"buster", "debian", "10"},      {"bullseye", "debian", "11"},  {"bookworm", "debian", "12"},
    {"trixie", "debian", "13"},      {"forky", "debian", "14"},     {"sid", "debian", "sid"},
    {"trusty", "ubuntu", "14.04"},   {"xenial", "ubuntu", "16.04"}, {"bionic", "ubuntu", "18.04"},
    {"focal", "ubuntu", "20.04"},    {"jammy", "ubuntu", "22.04"},  {"kinetic", "ubuntu", "22.10"},
    {"lunar", "ubuntu", "23.04"},    {"mantic", "ubuntu", "23.10"}, {"noble", "ubuntu", "24.04"},
    {"oracular", "ubuntu", "24.10"}, {"plucky", "ubuntu", "25.04"}, {"questing", "ubuntu", "25.10"},
};

static const char *family_of(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        if (strcmp(families[i].word, word) == 0)
            return families[i].family;
    return NULL;
}

static void trim(char *text)
{
    size_t len = strlen(text);
    while (len && strchr(" -_:.", text[len - 1]))
        text[--len] = 0;
    if (len > 6 && strcmp(text + len - 6, " linux") == 0)
        text[len - 6] = 0;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

bool product_distro_read(struct slice text, struct slice space, struct product_distro *out)
{
    char word[PRODUCT_DISTRO_TEXT], home[PRODUCT_DISTRO_TEXT];
    size_t at = 0;
    *out = (struct product_distro){0};
    if (text.len == 0 || text.len >= sizeof word || space.len >= sizeof home)
        return false;
    /* lower case, with single spaces for the signs that stand between words */
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool gap = c == '-' || c == '_' || c == ':' || c == ' ';
        if (gap && (at == 0 || word[at - 1] == ' '))
            continue;
        word[at++] = gap ? ' ' : (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    word[at] = 0;
    snprintf(home, sizeof home, "%.*s", SLICE_ARG(space));
    size_t front = 0;
    while (word[front] && !digit(word[front]))
        front++;
    snprintf(out->release, sizeof out->release, "%s", word + front);
    word[front] = 0;
    /* "alpine v3.18" */
    if (front >= 1 && word[front - 1] == 'v' && (front == 1 || word[front - 2] == ' '))
        word[front - 1] = 0;
    trim(word);
    trim(out->release);
    /* SUSE's "15 SP4" is its own "15.4" */
    char *pack = strstr(out->release, " sp");
    if (pack) {
        *pack = '.';
        memmove(pack + 1, pack + 3, strlen(pack + 3) + 1);
    }
    const char *spaced = strrchr(home, '/');
    trim(home);
    for (char *c = home; *c; c++)
        *c = *c == '-' || *c == '_' ? ' ' : *c;
    trim(home);
    out->family = word[0] && strcmp(word, "el") != 0 ? family_of(word)
                                                     : family_of(spaced ? spaced + 1 : home);
    /* "el8" is any of those that are made from one source */
    if (strcmp(word, "el") == 0 && !out->family)
        out->family = "rhel";
    const char *last = strrchr(word, ' ');
    for (size_t i = 0; i < ARRAY_LEN(codenames) && out->release[0] == 0; i++)
        if (strcmp(last ? last + 1 : word, codenames[i].name) == 0) {
            out->family = codenames[i].family;
            snprintf(out->release, sizeof out->release, "%s", codenames[i].release);
        }
    return true;
}

enum product_distro_relation product_distro_compare(const struct product_distro *a,
                                                    const struct product_distro *b)
{
    if (!a->family || !b->family)
        return PRODUCT_DISTRO_OPEN;
    if (strcmp(a->family, b->family) != 0)
        return PRODUCT_DISTRO_OTHER;
    const char *x = a->release, *y = b->release;
    if (!*x || !*y)
        return PRODUCT_DISTRO_OPEN;
    while (*x && *x == *y) {
        x++;
        y++;
    }
    if (!*x && !*y)
        return PRODUCT_DISTRO_SAME;
    /* one goes on where the other ends */
    if ((!*x && (*y == '.' || *y == ' ')) || (!*y && (*x == '.' || *x == ' ')))
        return PRODUCT_DISTRO_SAME;
    return PRODUCT_DISTRO_OTHER;
}
