/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/name_vendor.h"
#include "fleet/name_words.h"

/*
 * Behind a name they say what a company or its unit does, not which one it is. Not here, for they
 * do tell companies apart: energy, controls, electronics, electric, medical, analytics ("Hitachi
 * Energy" is not Hitachi, "Delta Controls" not Delta Electronics).
 */
static const char *const plain_words[] = {
    "technology", "technologies", "tech",      "systems",       "system",     "software",
    "labs",       "laboratories", "solutions", "solution",      "networks",   "network",
    "group",      "holding",      "holdings",  "international", "global",     "industries",
    "industrial", "enterprises",  "services",  "products",      "automation", "digital",
    "project",    "foundation",   "community", "healthcare",    "computer",   "engineering",
    "worldwide",  "usa",          "europe",    "germany",       "wireless",   "china",
    "americas",   "deutschland",  "de",        "traffic",       "com",        NULL};

/* In front of a name: where a company is registered, or that a king is fond of it. */
static const char *const leading_words[] = {
    "zhejiang", "hangzhou",    "shenzhen", "shanghai", "beijing", "guangzhou",
    "suzhou",   "xiamen",      "nanjing",  "wuhan",    "chengdu", "fuzhou",
    "jiangsu",  "koninklijke", "royal",    "the",      NULL};

/*
 * Brands and former names that devices carry as their vendor, and under whose name advisories on
 * them are published. Both in normal form. Product names must agree besides, so that an owner's
 * other products are not meant.
 */
static const struct {
    const char *brand, *owner;
} brands[] = {
    {"3s smart software solutions", "codesys"},
    {"abb power grids", "hitachi energy"},
    {"allen bradley", "rockwell automation"},
    {"ab", "rockwell automation"},
    {"american dynamics", "johnson controls"},
    {"american dynamics", "sensormatic electronics"},
    {"american power conversion", "schneider electric"},
    {"apc", "schneider electric"},
    {"apc by schneider electric", "schneider electric"},
    {"b and r", "b and r industrial automation"},
    {"b and r", "abb"},
    {"b and r industrial automation", "abb"},
    {"becton dickinson", "bd"},
    {"bently nevada", "baker hughes"},
    {"bently nevada", "general electric"},
    {"carefusion", "becton dickinson"},
    {"cylon", "abb"},
    {"dahua technology", "dahua"},
    {"delta industrial automation", "delta electronics"},
    {"draeger", "dr\xc3\xa4ger"},
    {"dr\xc3\xa4gerwerk", "dr\xc3\xa4ger"},
    {"emerson electric", "emerson"},
    {"ewon", "hms industrial networks"},
    {"ewon", "hms networks"},
    {"exacq", "exacq technologies"},
    {"exacq", "johnson controls"},
    {"exacq technologies", "johnson controls"},
    {"foxboro", "schneider electric"},
    {"i mx", "nxp"},
    {"i mx", "nxp semiconductors"},
    {"frick", "johnson controls"},
    {"fuji", "fuji electric"},
    {"ge", "general electric"},
    {"ge fanuc", "general electric"},
    {"ge intelligent platforms", "general electric"},
    {"ge vernova", "general electric"},
    {"gm", "general motors"},
    {"hikvision digital technology", "hikvision"},
    {"hirschmann", "belden"},
    {"hirschmann", "hirschmann automation and control"},
    {"hirschmann automation and control", "belden"},
    {"hitachi abb power grids", "hitachi energy"},
    {"hms industrial networks", "hms networks"},
    {"hospira", "icu medical"},
    {"iconics", "mitsubishi electric"},
    {"indusoft", "aveva"},
    {"innominate", "innominate security technologies"},
    {"innominate", "phoenix contact"},
    {"innominate security technologies", "phoenix contact"},
    {"intellicom", "hms industrial networks"},
    {"johnson controls international", "johnson controls"},
    {"kantech", "johnson controls"},
    {"kepware", "ptc"},
    {"kidde", "carrier"},
    {"lenels2", "carrier"},
    {"ls electric", "lsis"},
    {"ls industrial systems", "lsis"},
    {"magelis", "schneider electric"},
    {"matrikon", "honeywell"},
    {"mitsubishi", "mitsubishi electric"},
    {"modicon", "schneider electric"},
    {"omron automation", "omron"},
    {"osisoft", "aveva"},
    {"pelco", "schneider electric"},
    {"philips respironics", "philips"},
    {"pro face", "schneider electric"},
    {"proface", "schneider electric"},
    {"respironics", "philips"},
    {"rockwell", "rockwell automation"},
    {"ruggedcom", "siemens"},
    {"sauter", "sauter controls"},
    {"schneider", "schneider electric"},
    {"scadapack", "schneider electric"},
    {"smiths medical", "icu medical"},
    {"software house", "johnson controls"},
    {"st jude medical", "abbott"},
    {"telemecanique", "schneider electric"},
    {"telvent", "schneider electric"},
    {"tofino", "belden"},
    {"triconex", "schneider electric"},
    {"tridium", "honeywell"},
    {"trihedral", "delta electronics"},
    {"tyco", "johnson controls"},
    {"unify", "atos"},
    {"vertiv", "emerson"},
    {"wago kontakttechnik", "wago"},
    {"westinghouse", "emerson"},
    {"wibu", "wibu systems"},
    {"wonderware", "aveva"},
    {"wonderware", "schneider electric"},
    {"yokogawa electric", "yokogawa"},
    {"zhone", "dzs"},
};

/* For each form of the name three shorter ones, and brands. */
enum { ROOM = 5 * FLEET_FORMS };

struct making {
    struct fleet_form *forms;
    size_t count;
};

static void add(struct making *m, struct slice text, unsigned rules)
{
    for (size_t i = 0; i < m->count; i++)
        if (slice_equal(m->forms[i].text, text))
            return;
    if (m->count < ROOM && text.len)
        m->forms[m->count++] = (struct fleet_form){text, rules};
}

bool fleet_vendor_plain_word(struct slice word)
{
    return fleet_word_in(plain_words, word);
}

static void add_short(struct making *m, const struct fleet_form *form)
{
    struct fleet_words words;
    fleet_words_split(form->text, &words);
    size_t first = 0, end = words.count;
    if (words.cut)
        return;
    while (end > 1 && fleet_word_in(plain_words, words.at[end - 1]))
        end--;
    while (first + 1 < end && fleet_word_in(leading_words, words.at[first]))
        first++;
    if (first == 0 && end == words.count)
        return;
    /* "Hangzhou Systems" keeps nothing of its own */
    if (fleet_word_in(leading_words, words.at[first]) ||
        fleet_word_in(plain_words, words.at[first]) || words.at[first].len < 2)
        return;
    /* without what stands in front, behind, and both */
    const uint8_t *whole = form->text.data, *start = words.at[first].data;
    const uint8_t *stop = words.at[end - 1].data + words.at[end - 1].len;
    unsigned rules = form->rules | FLEET_RULE_DIVISION;
    if (first > 0)
        add(m, slice_of(start, form->text.len - (size_t)(start - whole)), rules);
    if (end < words.count)
        add(m, slice_of(whole, (size_t)(stop - whole)), rules);
    add(m, slice_of(start, (size_t)(stop - start)), rules);
}

/* "schneider electric" and "schneider electric software" */
static bool begins_with(struct slice form, const char *owner)
{
    size_t len = strlen(owner);
    return form.len >= len && memcmp(form.data, owner, len) == 0 &&
           (form.len == len || form.data[len] == ' ');
}

/* "rockwell automation allen bradley", "belden hirschmann": owner and brand together */
static bool both(struct slice form, const char *owner, const char *brand)
{
    size_t len = strlen(owner), behind = strlen(brand);
    return form.len == len + 1 + behind && begins_with(form, owner) &&
           memcmp(form.data + len + 1, brand, behind) == 0;
}

struct slice fleet_vendor_behind_brand(struct slice form, const struct fleet_name *vendor)
{
    struct slice best = slice_of(NULL, 0);
    for (size_t k = 0; k < ARRAY_LEN(brands); k++) {
        size_t len = strlen(brands[k].brand);
        if (form.len <= len + 1 || form.data[len] != ' ' ||
            memcmp(form.data, brands[k].brand, len) != 0)
            continue;
        for (size_t i = 0; i < vendor->count; i++)
            if (begins_with(vendor->forms[i].text, brands[k].owner) &&
                (best.len == 0 || form.len - len - 1 < best.len))
                best = slice_of(form.data + len + 1, form.len - len - 1);
    }
    return best;
}

int fleet_vendor_make(struct arena *a, const struct fleet_name *name, struct fleet_vendor *out,
                      struct err *e)
{
    struct fleet_form forms[ROOM];
    struct making m = {.forms = forms};
    for (size_t i = 0; i < name->count; i++)
        add(&m, name->forms[i].text, name->forms[i].rules);
    for (size_t i = 0; i < name->count; i++)
        add_short(&m, &name->forms[i]);
    for (size_t i = 0, own = m.count; i < own; i++)
        for (size_t k = 0; k < ARRAY_LEN(brands); k++)
            if (slice_is(m.forms[i].text, brands[k].brand) ||
                both(m.forms[i].text, brands[k].owner, brands[k].brand))
                add(&m, slice_str(brands[k].owner), m.forms[i].rules | FLEET_RULE_BRAND);
    struct fleet_form *kept = arena_new(a, m.count + 1, sizeof *kept);
    if (!kept)
        return err_memory(e);
    memcpy(kept, forms, m.count * sizeof *kept);
    *out = (struct fleet_vendor){kept, m.count};
    return 0;
}

void fleet_vendor_pack(struct packing *p, struct fleet_vendor *vendor)
{
    struct fleet_form *to = packing_take(p, vendor->count * sizeof *to);
    for (size_t i = 0; i < vendor->count; i++) {
        struct fleet_form form = vendor->forms[i];
        packing_slice(p, &form.text);
        if (to)
            to[i] = form;
    }
    if (to)
        vendor->forms = to;
}
