/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/name_vendor.h"
#include "fleet/name_words.h"

/*
 * Behind a name they say what a company or its unit does, not which one it is. Not here, for they
 * do tell companies apart: energy, controls, electronics, electric, medical, analytics ("Hitachi
 * Energy" is not Hitachi, "Delta Controls" not Delta Electronics).
 */
static const char *const plain_words[] = {
    "technology",  "technologies", "tech",        "systems",
    "system",      "software",     "labs",        "laboratories",
    "solutions",   "solution",     "networks",    "network",
    "group",       "holding",      "holdings",    "international",
    "global",      "industries",   "industrial",  "industry",
    "enterprises", "services",     "products",    "automation",
    "digital",     "project",      "foundation",  "community",
    "healthcare",  "computer",     "engineering", "worldwide",
    "usa",         "europe",       "germany",     "wireless",
    "china",       "americas",     "deutschland", "de",
    "traffic",     "com",          NULL};

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
    {"3s", "codesys"},
    {"aanderaa", "xylem"},
    {"ab", "rockwell automation"},
    {"abb power grids", "hitachi energy"},
    {"abb", "hitachi energy"},
    {"alaris", "becton dickinson"},
    {"alerton", "honeywell"},
    {"allen bradley", "rockwell automation"},
    {"american dynamics", "johnson controls"},
    {"american dynamics", "sensormatic electronics"},
    {"american power conversion", "schneider electric"},
    {"apc by schneider electric", "schneider electric"},
    {"apc", "schneider electric"},
    {"areva", "schneider electric"},
    {"b and r industrial automation", "abb"},
    {"b and r", "abb"},
    {"b and r", "b and r industrial automation"},
    {"becton dickinson", "bd"},
    {"bently nevada", "baker hughes"},
    {"bently nevada", "general electric"},
    {"bosch rexroth", "bosch"},
    {"bristol babcock", "emerson"},
    {"carefusion", "becton dickinson"},
    {"cem systems", "johnson controls"},
    {"citect", "aveva"},
    {"citect", "schneider electric"},
    {"comtrol", "pepperl fuchs"},
    {"cooper power systems", "eaton"},
    {"covidien", "medtronic"},
    {"cylon", "abb"},
    {"dahua technology", "dahua"},
    {"delta industrial automation", "delta electronics"},
    {"deltav", "emerson"},
    {"digital electronics", "schneider electric"},
    {"dr\xc3\xa4gerwerk", "dr\xc3\xa4ger"},
    {"draeger", "dr\xc3\xa4ger"},
    {"elster", "honeywell"},
    {"emerson electric", "emerson"},
    {"emerson process management", "emerson"},
    {"etm professional control", "siemens"},
    {"ewon", "hms industrial networks"},
    {"ewon", "hms networks"},
    {"exacq technologies", "johnson controls"},
    {"exacq", "exacq technologies"},
    {"exacq", "johnson controls"},
    {"fisher rosemount", "emerson"},
    {"foxboro", "schneider electric"},
    {"frick", "johnson controls"},
    {"fuji", "fuji electric"},
    {"garrettcom", "belden"},
    {"ge digital", "general electric"},
    {"ge fanuc", "general electric"},
    {"ge intelligent platforms", "general electric"},
    {"ge vernova", "general electric"},
    {"ge", "general electric"},
    {"gilbarco", "gilbarco veeder root"},
    {"gm", "general motors"},
    {"hikvision digital technology", "hikvision"},
    {"hill rom", "baxter"},
    {"hillrom", "baxter"},
    {"hirschmann automation and control", "belden"},
    {"hirschmann", "belden"},
    {"hirschmann", "hirschmann automation and control"},
    {"hitachi abb power grids", "hitachi energy"},
    {"hitachi energy", "abb"},
    {"hms industrial networks", "hms networks"},
    {"hospira", "icu medical"},
    {"i mx", "nxp semiconductors"},
    {"i mx", "nxp"},
    {"iconics", "mitsubishi electric"},
    {"indusoft", "aveva"},
    {"ininet solutions", "spidercontrol"},
    {"innominate security technologies", "phoenix contact"},
    {"innominate", "innominate security technologies"},
    {"innominate", "phoenix contact"},
    {"intellicom", "hms industrial networks"},
    {"intermec", "honeywell"},
    {"invensys", "aveva"},
    {"invensys", "schneider electric"},
    {"johnson controls international", "johnson controls"},
    {"kantech", "johnson controls"},
    {"kepware", "ptc"},
    {"kidde", "carrier"},
    {"lenels2", "carrier"},
    {"linear", "nice"},
    {"ls electric", "lsis"},
    {"ls industrial systems", "lsis"},
    {"lumberg automation", "belden"},
    {"magelis", "schneider electric"},
    {"matrikon", "honeywell"},
    {"mendix", "siemens"},
    {"mentor graphics", "siemens"},
    {"mge ups systems", "eaton"},
    {"mitsubishi", "mitsubishi electric"},
    {"modicon", "schneider electric"},
    {"moxa technologies", "moxa"},
    {"n tron", "red lion controls"},
    {"n tron", "red lion"},
    {"nortek security and control", "nice"},
    {"nortek", "nice"},
    {"notifier", "honeywell"},
    {"omron automation", "omron"},
    {"osisoft", "aveva"},
    {"pelco", "schneider electric"},
    {"philips respironics", "philips"},
    {"polarion", "siemens"},
    {"powerware", "eaton"},
    {"pro face", "schneider electric"},
    {"proface", "schneider electric"},
    {"progea", "emerson"},
    {"pyxis", "becton dickinson"},
    {"respironics", "philips"},
    {"rexroth", "bosch rexroth"},
    {"rockwell", "rockwell automation"},
    {"rosemount", "emerson"},
    {"ruggedcom", "siemens"},
    {"saia burgess controls", "honeywell"},
    {"sauter", "sauter controls"},
    {"scadapack", "schneider electric"},
    {"schneider electric", "aveva"},
    {"schneider", "schneider electric"},
    {"sel", "schweitzer engineering laboratories"},
    {"sixnet", "red lion controls"},
    {"sixnet", "red lion"},
    {"smiths medical", "icu medical"},
    {"software house", "johnson controls"},
    {"st jude medical", "abbott"},
    {"telemecanique", "schneider electric"},
    {"telvent", "schneider electric"},
    {"tofino", "belden"},
    {"trend control systems", "honeywell"},
    {"trend controls", "honeywell"},
    {"trend", "honeywell"},
    {"triconex", "schneider electric"},
    {"tridium", "honeywell"},
    {"trihedral", "delta electronics"},
    {"tyco security products", "johnson controls"},
    {"tyco", "johnson controls"},
    {"unify", "atos"},
    {"vertiv", "emerson"},
    {"wago kontakttechnik", "wago"},
    {"welch allyn", "baxter"},
    {"welch allyn", "hillrom"},
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

/*
 * "xylem aanderaa geoview", of Xylem's "AADI GeoView Webservice": what stands in the title between
 * the vendor and the product is a brand, which some have as the vendor.
 */
static struct slice brand_of_title(const struct making *m, struct slice title, struct slice product)
{
    static const char *const nothing[] = {
        "limited", "incorporated", "company", "corporation", "gmbh",    "third", "party",
        "with",    "using",        "several", "multiple",    "various", NULL};
    struct fleet_words words, own;
    size_t first = 0, end;
    fleet_words_split(title, &words);
    fleet_words_split(product, &own);
    for (size_t i = 0; i < m->count; i++)
        if (fleet_name_prefix(m->forms[i].text, title)) {
            struct fleet_words company;
            fleet_words_split(m->forms[i].text, &company);
            first = company.count > first ? company.count : first;
        }
    for (end = first; end < words.count; end++) {
        bool known = false;
        for (size_t i = 0; i < own.count; i++)
            known = known || slice_equal(words.at[end], own.at[i]);
        if (known)
            break;
        if (words.at[end].len < 4 || fleet_word_has_digit(words.at[end]) ||
            fleet_word_in(plain_words, words.at[end]) || fleet_word_in(nothing, words.at[end]) ||
            fleet_name_plain_word(words.at[end]))
            return slice_of(NULL, 0);
    }
    if (first == 0 || end == first || end == words.count || end > first + 2)
        return slice_of(NULL, 0);
    return slice_of(words.at[first].data, (size_t)(words.at[end - 1].data - words.at[first].data) +
                                              words.at[end - 1].len);
}

int fleet_vendor_make(struct arena *a, const struct fleet_name *name, struct fleet_vendor *out,
                      struct err *e)
{
    return fleet_vendor_of_title(a, name, slice_of(NULL, 0), slice_of(NULL, 0), out, e);
}

int fleet_vendor_of_title(struct arena *a, const struct fleet_name *name, struct slice title,
                          struct slice product, struct fleet_vendor *out, struct err *e)
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
    struct slice brand = brand_of_title(&m, title, product);
    if (brand.len)
        add(&m, brand, FLEET_RULE_BRAND);
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
