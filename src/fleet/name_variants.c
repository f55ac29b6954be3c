/* SPDX-License-Identifier: Apache-2.0 */
/* Under which forms a product is looked up, and how near two names are. */
#include "base/utf8.h"
#include "fleet/name.h"
#include "fleet/name_short.h"
#include "fleet/name_vendor.h"
#include "fleet/name_words.h"

static const char *const generic_words[] = {
    "firmware", "fw",      "software", "series",  "family",   "families", "product", "products",
    "device",   "devices", "hardware", "version", "versions", "all",      "models",  "model",
    "of",       "the",     "line",     "range",   "variant",  "variants", NULL};

/* What a device is, not which one. */
static const char *const kind_words[] = {"controller",
                                         "controllers",
                                         "switch",
                                         "switches",
                                         "managed",
                                         "module",
                                         "modules",
                                         "cpu",
                                         "cpus",
                                         "plc",
                                         "plcs",
                                         "router",
                                         "routers",
                                         "gateway",
                                         "gateways",
                                         "panel",
                                         "panels",
                                         "control",
                                         "unit",
                                         "units",
                                         "drive",
                                         "drives",
                                         "camera",
                                         "cameras",
                                         "server",
                                         "servers",
                                         "relay",
                                         "relays",
                                         "meter",
                                         "meters",
                                         "inverter",
                                         "sensor",
                                         "sensors",
                                         "pump",
                                         "pumps",
                                         "terminal",
                                         "terminals",
                                         "monitor",
                                         "monitors",
                                         "recorder",
                                         "machine",
                                         "machines",
                                         "application",
                                         "appliance",
                                         "printer",
                                         "printers",
                                         "scanner",
                                         "analyzer",
                                         "analyser",
                                         "workstation",
                                         "workstations",
                                         "radio",
                                         "radios",
                                         "modem",
                                         "modems",
                                         "converter",
                                         "converters",
                                         "image",
                                         "project",
                                         "tool",
                                         "tools",
                                         "component",
                                         "components",
                                         "steuerung",
                                         "umrichter",
                                         "baugruppe",
                                         "modul",
                                         "kamera",
                                         "drucker",
                                         "antrieb",
                                         "regler",
                                         "pumpe",
                                         "frequenzumrichter",
                                         "schalter",
                                         "wechselrichter",
                                         "bedienpanel",
                                         "bedienger\xc3\xa4t",
                                         "z\xc3\xa4hler",
                                         "ger\xc3\xa4t",
                                         "messger\xc3\xa4t",
                                         NULL};

/* They say nothing at all: a "VAMPSET setting tool" is VAMPSET. */
static const char *const describing_words[] = {"tool",          "tools", "application", "utility",
                                               "software",      "and",   "setting",     "settings",
                                               "configuration", NULL};

/* The same, of what a number tells: a "PAC1200 data manager" is a PAC1200. */
static const char *const kind_of_number[] = {
    "manager", "logger",  "reader", "client",   "console",   "station", "system", "systems",
    "display", "utility", "device", "computer", "computers", "set",     NULL};

/* In front of such a word they say what it does. */
static const char *const trade_words[] = {
    "modbus",      "profinet",      "profibus", "ethernet", "serial", "wireless", "industrial",
    "web",         "data",          "network",  "cellular", "access", "protocol", "digital",
    "ip",          "cpap",          "power",    "energy",   "motor",  "remote",   "system",
    "engineering", "configuration", "syringe",  "infusion", "lan",    "adsl",     "shdsl",
    "lte",         "setting",       "settings", "and",      NULL};

static bool add(struct fleet_form *out, int *count, struct slice form, unsigned rules)
{
    for (int i = 0; i < *count; i++)
        if (slice_equal(out[i].text, form))
            return true;
    if (*count < FLEET_VARIANTS && form.len)
        out[(*count)++] = (struct fleet_form){form, rules};
    return true;
}

static struct slice rest_behind(struct slice form, struct slice prefix)
{
    if (form.len > prefix.len + 1 && form.data[prefix.len] == ' ' &&
        memcmp(form.data, prefix.data, prefix.len) == 0)
        return slice_of(form.data + prefix.len + 1, form.len - prefix.len - 1);
    return slice_of(NULL, 0);
}

/* form without its generic words; empty when nothing else is left, or nothing changed */
static int without_generic(struct arena *a, struct slice form, struct slice *out, struct err *e)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    *out = slice_of(NULL, 0);
    if (words.cut)
        return 0;
    char *text = arena_alloc(a, form.len + 1);
    if (!text)
        return err_memory(e);
    size_t len = 0, kept = 0;
    for (size_t i = 0; i < words.count; i++) {
        if (fleet_word_in(generic_words, words.at[i]))
            continue;
        if (kept++)
            text[len++] = ' ';
        memcpy(text + len, words.at[i].data, words.at[i].len);
        len += words.at[i].len;
    }
    if (kept && kept < words.count)
        *out = slice_of(text, len);
    return 0;
}

/* form without words for a kind at its end, and (trade) for what it does; empty: too little is left
 * to tell a product by */
static struct slice without_kind(struct slice form, bool trade)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    size_t kept = words.count;
    bool number = fleet_word_has_digit(form);
    while (kept > 0 &&
           (fleet_word_in(kind_words, words.at[kept - 1]) ||
            fleet_word_in(generic_words, words.at[kept - 1]) ||
            (number && fleet_word_in(kind_of_number, words.at[kept - 1])) ||
            (trade && kept < words.count && fleet_word_in(trade_words, words.at[kept - 1]))))
        kept--;
    if (words.cut || kept == 0 || kept == words.count)
        return slice_of(NULL, 0);
    struct slice last = words.at[kept - 1];
    bool plain =
        !fleet_word_has_digit(slice_of(form.data, (size_t)(last.data - form.data) + last.len));
    if (number && plain)
        return slice_of(NULL, 0);
    form.len = (size_t)(last.data + last.len - form.data);
    return form.len >= 4 && (kept > 1 || fleet_word_has_digit(form)) ? form : slice_of(NULL, 0);
}

/* "fc6a micro cpu" of "fc6a micro cpu module": of two words for the kind only the last */
static struct slice without_last_kind(struct slice form)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    if (words.cut || words.count < 3 || !fleet_word_in(kind_words, words.at[words.count - 1]) ||
        !fleet_word_in(kind_words, words.at[words.count - 2]) || !fleet_word_has_digit(form))
        return slice_of(NULL, 0);
    return slice_of(form.data, (size_t)(words.at[words.count - 1].data - form.data) - 1);
}

/* "codesys control rte v3" of "codesys control rte v3 x64"; empty: no platform */
static struct slice without_platform(struct slice form)
{
    static const char *const platforms[] = {"x64", "x86", "amd64", "win32", "win64", NULL};
    struct fleet_words words;
    fleet_words_split(form, &words);
    size_t kept = words.count;
    if (kept >= 3 && slice_is(words.at[kept - 1], "bit") &&
        (slice_is(words.at[kept - 2], "64") || slice_is(words.at[kept - 2], "32")))
        kept -= 2;
    else if (kept >= 2 && fleet_word_in(platforms, words.at[kept - 1]))
        kept--;
    if (words.cut || kept == words.count || words.at[kept].data - form.data < 5)
        return slice_of(NULL, 0);
    return slice_of(form.data, (size_t)(words.at[kept].data - form.data) - 1);
}

/* "vampset" of "vampset setting and configuration tool"; empty: nothing describes it, or little is
 * left */
static struct slice without_description(struct slice form)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    size_t kept = words.count;
    while (kept > 0 && (fleet_word_in(describing_words, words.at[kept - 1]) ||
                        (kept < words.count && (slice_is(words.at[kept - 1], "scada") ||
                                                slice_is(words.at[kept - 1], "hmi")))))
        kept--;
    /* "network configuration" is something: a word for a program is the last one */
    bool program = words.count && !slice_is(words.at[words.count - 1], "configuration") &&
                   !slice_is(words.at[words.count - 1], "settings") &&
                   !slice_is(words.at[words.count - 1], "setting");
    if (words.cut || kept == 0 || kept == words.count || !program ||
        (kept == 1 && (words.at[0].len < 6 || fleet_name_plain_word(words.at[0]))))
        return slice_of(NULL, 0);
    return slice_of(form.data,
                    (size_t)(words.at[kept - 1].data - form.data) + words.at[kept - 1].len);
}

bool fleet_name_plain_word(struct slice word)
{
    return fleet_word_in(generic_words, word) || fleet_word_in(kind_words, word);
}

/* "delta industrial automation dopsoft" of "delta electronics": "dopsoft" */
static struct slice behind_vendor(struct slice form, const struct fleet_name *vendor)
{
    struct fleet_words words, company;
    size_t first = 1;
    fleet_words_split(form, &words);
    if (words.cut || words.count < 2)
        return slice_of(NULL, 0);
    for (size_t i = 0; i < vendor->count; i++) {
        fleet_words_split(vendor->forms[i].text, &company);
        if (company.count && company.at[0].len >= 2 && slice_equal(company.at[0], words.at[0]))
            break;
        if (i + 1 == vendor->count)
            return slice_of(NULL, 0);
    }
    static const char *const forms[] = {"inc", "ltd", "llc", "corp", "gmbh", "ag", NULL};
    while (first < words.count &&
           (fleet_vendor_plain_word(words.at[first]) || fleet_word_in(forms, words.at[first])))
        first++;
    if (first == words.count)
        return slice_of(NULL, 0);
    return slice_of(words.at[first].data, (size_t)(form.data + form.len - words.at[first].data));
}

static bool ends(struct slice word, const char *end)
{
    size_t len = strlen(end);
    return word.len > len && memcmp(word.data + word.len - len, end, len) == 0;
}

/* "libraries", "switches", "panels": how much of the word stays; *y: with a y behind it */
static size_t singular(struct slice word, bool *y)
{
    *y = false;
    if (word.len < 5 || !ends(word, "s") || fleet_word_has_digit(word) || ends(word, "ss") ||
        ends(word, "us") || ends(word, "is") || slice_is(word, "series"))
        return word.len;
    *y = ends(word, "ies");
    if (*y)
        return word.len - 3;
    bool es = ends(word, "ches") || ends(word, "shes") || ends(word, "xes") || ends(word, "sses");
    return word.len - (es ? 2 : 1);
}

/* All words in the singular; empty: they are already. */
static int in_singular(struct arena *a, struct slice form, struct slice *out, struct err *e)
{
    struct fleet_words words;
    bool y, changed = false;
    *out = slice_of(NULL, 0);
    if (!memchr(form.data, 's', form.len))
        return 0;
    fleet_words_split(form, &words);
    for (size_t i = 0; i < words.count; i++)
        changed = changed || singular(words.at[i], &y) < words.at[i].len;
    if (!changed || words.cut)
        return 0;
    char *text = arena_alloc(a, form.len + 1);
    size_t len = 0;
    if (!text)
        return err_memory(e);
    for (size_t i = 0; i < words.count; i++) {
        size_t kept = singular(words.at[i], &y);
        if (i)
            text[len++] = ' ';
        memcpy(text + len, words.at[i].data, kept);
        len += kept;
        if (y)
            text[len++] = 'y';
    }
    *out = slice_of(text, len);
    return 0;
}

/* "factorytalk view se" for "factorytalk view site edition"; empty: no edition */
static int edition(struct arena *a, struct slice form, struct slice *out, struct err *e)
{
    struct fleet_words words;
    *out = slice_of(NULL, 0);
    if (!ends(form, " edition"))
        return 0;
    fleet_words_split(form, &words);
    if (words.cut || words.count < 3)
        return 0;
    struct slice what = words.at[words.count - 2];
    char *text = arena_printf(a, "%.*s%ce", (int)(what.data - form.data), (const char *)form.data,
                              what.data[0]);
    if (!text)
        return err_memory(e);
    *out = slice_str(text);
    return 0;
}

/* "awk 3121" of "awk 3121 eu": a market behind a model's number, or what it stands ("-T": heat,
 * "-CT": with a coating); empty: none */
static struct slice without_region(struct slice form)
{
    static const char *const regions[] = {"eu",  "us",   "usa", "na", "nam", "jp",   "cn", "kr",
                                          "row", "emea", "uk",  "au", "int", "intl", "tw", "apac",
                                          "br",  "de",   "fr",  "t",  "ct",  NULL};
    struct fleet_words words;
    fleet_words_split(form, &words);
    if (words.cut || words.count < 2 || !fleet_word_in(regions, words.at[words.count - 1]) ||
        words.at[words.count - 1].data - form.data < 5)
        return slice_of(NULL, 0);
    /* "5015 aenftxt a", "oncell g3110 hspa t": the number may stand a word before */
    bool number = fleet_word_has_digit(words.at[words.count - 2]) ||
                  (words.count > 2 && words.at[words.count - 2].len >= 3 &&
                   fleet_word_has_digit(words.at[words.count - 3]));
    return number ? slice_of(form.data, (size_t)(words.at[words.count - 1].data - form.data) - 1)
                  : slice_of(NULL, 0);
}

/* "oda" in front of a product of the "open design alliance"; empty: not so */
static struct slice behind_initials(struct slice form, const struct fleet_name *vendor)
{
    struct fleet_words words, company;
    fleet_words_split(form, &words);
    for (size_t i = 0; i < vendor->count && words.count >= 2; i++) {
        fleet_words_split(vendor->forms[i].text, &company);
        bool same = company.count >= 3 && words.at[0].len == company.count;
        for (size_t k = 0; same && k < company.count; k++)
            same = company.at[k].data[0] == words.at[0].data[k];
        if (same)
            return slice_of(words.at[1].data, (size_t)(form.data + form.len - words.at[1].data));
    }
    return slice_of(NULL, 0);
}

/*
 * Does the word abbreviate the others: "iscv" of "intellispace cardiovascular", "sne" of "sinumerik
 * edge"? Each of them gives its first letter, and further ones in their order.
 */
static bool abbreviates(struct slice word, const struct fleet_words *words, size_t first,
                        size_t end)
{
    size_t k = 0;
    if (word.len < 3 || word.len > 6 || end - first < 2 || fleet_word_has_digit(word))
        return false;
    for (size_t i = first; i < end; i++) {
        /* what the next word begins with is left to it */
        if (k == word.len || words->at[i].data[0] != word.data[k] ||
            fleet_word_has_digit(words->at[i]))
            return false;
        k++;
        uint8_t next = i + 1 < end ? words->at[i + 1].data[0] : 0;
        for (size_t n = 1; n < words->at[i].len && k < word.len && word.data[k] != next; n++)
            k += words->at[i].data[n] == word.data[k];
    }
    return k == word.len;
}

/* "intellispace cardiovascular" of "intellispace cardiovascular iscv", "floating license manager"
 * of "flm floating license manager"; empty: its abbreviation stands at neither end */
static struct slice without_own_initials(struct slice form)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    if (words.cut || words.count < 3)
        return slice_of(NULL, 0);
    if (abbreviates(words.at[words.count - 1], &words, 0, words.count - 1))
        return slice_of(form.data, (size_t)(words.at[words.count - 1].data - form.data) - 1);
    if (abbreviates(words.at[0], &words, 1, words.count))
        return slice_of(words.at[1].data, (size_t)(form.data + form.len - words.at[1].data));
    return slice_of(NULL, 0);
}

int fleet_name_variants(struct arena *a, struct slice form, unsigned rules,
                        const struct fleet_name *vendor, struct fleet_form out[FLEET_VARIANTS],
                        struct err *e)
{
    int count = 0;
    add(out, &count, form, rules);
    for (size_t i = 0; vendor && i < vendor->count; i++) {
        struct slice rest = rest_behind(form, vendor->forms[i].text);
        if (rest.len)
            add(out, &count, rest, rules | FLEET_RULE_VENDOR);
    }
    if (vendor && vendor->count) {
        struct slice rest = behind_vendor(form, vendor);
        if (rest.len >= 4)
            add(out, &count, rest, rules | FLEET_RULE_VENDOR);
        rest = fleet_vendor_behind_brand(form, vendor);
        if (rest.len >= 2)
            add(out, &count, rest, rules | FLEET_RULE_VENDOR);
        rest = behind_initials(form, vendor);
        if (rest.len >= 4)
            add(out, &count, rest, rules | FLEET_RULE_VENDOR);
    }
    for (int i = 0, before = count; i < before; i++) {
        struct slice written;
        add(out, &count, without_own_initials(out[i].text), out[i].rules | FLEET_RULE_NOTE);
        if (fleet_name_written_out(a, out[i].text, &written, e) != 0)
            return -1;
        add(out, &count, written, out[i].rules | FLEET_RULE_ACRONYM);
    }
    for (int i = 0, before = count; i < before; i++) {
        struct slice rest;
        if (without_generic(a, out[i].text, &rest, e) != 0)
            return -1;
        if (rest.len)
            add(out, &count, rest, out[i].rules | FLEET_RULE_GENERIC);
        add(out, &count, without_description(out[i].text),
            out[i].rules | FLEET_RULE_NOTE | FLEET_RULE_GENERIC);
    }
    for (int i = 0, before = count; i < before; i++) {
        struct slice other;
        if (in_singular(a, out[i].text, &other, e) != 0)
            return -1;
        add(out, &count, other, out[i].rules | FLEET_RULE_PLURAL);
        /* of two editions with one initial the name does not say which */
        if (edition(a, out[i].text, &other, e) != 0)
            return -1;
        add(out, &count, other, out[i].rules | FLEET_RULE_ACRONYM | FLEET_RULE_VARIANT);
        struct slice plain = without_region(out[i].text);
        add(out, &count, plain, out[i].rules | FLEET_RULE_VARIANT);
        /* "awk 3121 us t" */
        if (plain.len)
            add(out, &count, without_region(plain), out[i].rules | FLEET_RULE_VARIANT);
        add(out, &count, without_platform(out[i].text), out[i].rules | FLEET_RULE_VARIANT);
    }
    for (int i = 0, before = count; i < before; i++)
        for (int two = 0; two < 2; two++) {
            struct slice plain;
            if (fleet_umlaut_form(a, out[i].text, two, &plain, e) != 0)
                return -1;
            if (plain.len)
                add(out, &count, plain, out[i].rules | FLEET_RULE_UMLAUT);
        }
    for (int i = 0, before = count; i < before; i++)
        add(out, &count, without_last_kind(out[i].text), out[i].rules | FLEET_RULE_KIND);
    for (int i = 0, before = count; i < before; i++)
        for (int trade = 0; trade < 2; trade++)
            add(out, &count, without_kind(out[i].text, trade), out[i].rules | FLEET_RULE_KIND);
    return count;
}

enum { WORD_POINTS = 40 };

/* Code points of a word; 0 when it is too long to be compared. */
static size_t points(struct slice word, uint32_t out[WORD_POINTS])
{
    const uint8_t *at = word.data, *end = word.data + word.len;
    size_t count = 0;
    while (at < end) {
        size_t len = utf8_length(at, end);
        if (count == WORD_POINTS)
            return 0;
        out[count++] = len ? utf8_decode(at, len) : *at;
        at += len ? len : 1;
    }
    return count;
}

/* Optimal string alignment: insert, delete, replace, swap of neighbours. */
static unsigned distance(const uint32_t *a, size_t n, const uint32_t *b, size_t m)
{
    unsigned rows[3][WORD_POINTS + 1];
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);
            if (up[j] + 1 < best)
                best = up[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                up2[j - 2] + 1 < best)
                best = up2[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[n % 3][m];
}

int fleet_name_misspelt(struct slice a, struct slice b)
{
    struct fleet_words x, y;
    if (slice_equal(a, b))
        return 0;
    /* two characters of four bytes are the most that one has more */
    if ((a.len > b.len ? a.len - b.len : b.len - a.len) > 8)
        return -1;
    fleet_words_split(a, &x);
    fleet_words_split(b, &y);
    if (x.count != y.count || x.cut || y.cut)
        return -1;
    int result = 0;
    for (size_t i = 0; i < x.count; i++) {
        uint32_t p[WORD_POINTS], q[WORD_POINTS];
        if (slice_equal(x.at[i], y.at[i]))
            continue;
        if (result != 0 || fleet_word_has_digit(x.at[i]) || fleet_word_has_digit(y.at[i]))
            return -1;
        size_t n = points(x.at[i], p), m = points(y.at[i], q);
        size_t longer = n > m ? n : m;
        size_t most = longer >= 9 ? 2 : 1;
        if (n == 0 || m == 0 || longer < 5 || (n > m ? n - m : m - n) > most)
            return -1;
        unsigned d = distance(p, n, q, m);
        if (d > most)
            return -1;
        result = (int)d;
    }
    return result ? result : -1;
}

bool fleet_name_prefix(struct slice prefix, struct slice text)
{
    return prefix.len > 0 && rest_behind(text, prefix).len > 0;
}
