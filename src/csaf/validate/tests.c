/* SPDX-License-Identifier: Apache-2.0 */
/* The table of tests, and the presets that name sets of them (CSAF 2.1 section 6.4). */
#include "csaf/validate/tests.h"
#include "base/suggest.h"

#include <stdio.h>

#define V20 CSAF_2_0
#define V21 CSAF_2_1
#define BOTH (CSAF_2_0 | CSAF_2_1)
#define TEST_OF_MEANING(versions, group, id, number, title)                                        \
    {id, title, CSAF_TEST_##group, versions, csaf_test_##number},
#ifdef CSAF_TESTS_OF_MEANING_ONLY
#define TEST(versions, group, id, number, title)
#else
#define TEST TEST_OF_MEANING
#endif

const struct csaf_test csaf_tests[] = {
#include "csaf/validate/tests.def"
};
const size_t csaf_test_count = sizeof csaf_tests / sizeof csaf_tests[0];
_Static_assert(sizeof csaf_tests / sizeof csaf_tests[0] <= CSAF_TESTS_MOST, "a bit for each test");

const char *csaf_version_name(enum csaf_version version)
{
    return version == CSAF_2_0 ? "2.0" : "2.1";
}

const char *csaf_group_of_tests_name(enum csaf_group_of_tests group, enum csaf_version version)
{
    if (group == CSAF_TEST_MANDATORY)
        return "mandatory";
    if (group == CSAF_TEST_INFORMATIVE)
        return "informative";
    return version == CSAF_2_0 ? "optional" : "recommended";
}

const struct csaf_test *csaf_test_find(const char *id, enum csaf_version version)
{
    for (size_t i = 0; i < csaf_test_count; i++)
        if (strcmp(csaf_tests[i].id, id) == 0 && (csaf_tests[i].versions & version))
            return &csaf_tests[i];
    return NULL;
}

enum {
    MANDATORY = 1 << CSAF_TEST_MANDATORY,
    RECOMMENDED = 1 << CSAF_TEST_RECOMMENDED,
    INFORMATIVE = 1 << CSAF_TEST_INFORMATIVE
};

#define IDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct {
    const char *name;
    unsigned groups;
    const char *const *with;
    const char *const *without;
} presets[] = {
    /* the schema comes before each */
    {"schema", 0, NULL, NULL},
    {"mandatory", MANDATORY, NULL, NULL},
    {"recommended", RECOMMENDED, NULL, NULL},
    {"informative", INFORMATIVE, NULL, NULL},
    {"basic", MANDATORY, NULL, NULL},
    {"extended", MANDATORY | RECOMMENDED, NULL, NULL},
    {"full", MANDATORY | RECOMMENDED | INFORMATIVE, NULL, NULL},
    {"additional", 0, NULL, NULL}, /* this validator has no tests of its own */
    {"external-request-free", MANDATORY | RECOMMENDED | INFORMATIVE, NULL, IDS("6.3.6", "6.3.7")},
    {"consistent-revision-history", 0,
     IDS("6.1.14", "6.1.18", "6.1.19", "6.1.21", "6.1.22", "6.1.37", "6.2.4", "6.2.5", "6.2.6",
         "6.2.21", "6.2.33"),
     NULL},
    {"consistent-date-times", 0, IDS("6.1.37", "6.1.45", "6.1.49", "6.1.51", "6.1.52", "6.1.53"),
     NULL},
    {"ssvc", 0,
     IDS("6.1.46", "6.1.47", "6.1.48", "6.1.49", "6.2.3", "6.2.34", "6.2.35", "6.2.36", "6.2.37",
         "6.3.13", "6.3.14", "6.3.15"),
     NULL},
    {"extensions", 0,
     IDS("6.1.60.1", "6.1.60.2", "6.1.60.3", "6.2.39.5", "6.2.54.1", "6.2.54.2", "6.2.54.3",
         "6.2.54.4", "6.3.21.1", "6.3.21.2", "6.3.21.3", "6.3.21.4", "6.3.21.5", "6.3.21.6",
         "6.3.21.7", "6.3.21.8", "6.3.21.9"),
     NULL},
    {"extensions-exist", 0,
     IDS("6.3.21.3", "6.3.21.4", "6.3.21.5", "6.3.21.6", "6.3.21.7", "6.3.21.8", "6.3.21.9"), NULL},
};
enum { PRESETS = sizeof presets / sizeof presets[0] };

const char *csaf_preset_name(size_t index)
{
    return index < PRESETS ? presets[index].name : NULL;
}

static bool listed(const char *const *ids, const char *id)
{
    for (; ids && *ids; ids++)
        if (strcmp(*ids, id) == 0)
            return true;
    return false;
}

static void add(struct csaf_selection *s, size_t test)
{
    s->bits[test / 64] |= UINT64_C(1) << (test % 64);
}

static void suggest_preset(const char *name, struct err *e)
{
    struct suggestion near;
    char list[sizeof e->hint] = "";
    size_t len = 0;

    suggest_init(&near, slice_str(name));
    for (size_t i = 0; i < PRESETS; i++)
        suggest_offer(&near, slice_str(presets[i].name));
    err_set(e, ERR_USAGE, "csaf.preset", "CSAF 2.1 section 6.4", "there is no preset \"%s\"", name);
    if (strcmp(name, "optional") == 0) { /* 6.4: names of our own would begin with "x_" */
        err_hint(e, "what CSAF 2.0 calls optional tests is the preset \"recommended\"");
        return;
    }
    if (near.found.data)
        len = (size_t)snprintf(list, sizeof list, "is \"%.*s\" meant? ", SLICE_ARG(near.found));
    size_t from = len;
    for (size_t i = 0; i < PRESETS && len < sizeof list; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", len > from ? ", " : "",
                                presets[i].name);
    err_hint(e, "%s", list);
}

static int select_one(struct csaf_selection *s, const char *name, size_t len, struct err *e)
{
    for (size_t p = 0; p < PRESETS; p++) {
        if (strlen(presets[p].name) != len || memcmp(presets[p].name, name, len) != 0)
            continue;
        for (size_t t = 0; t < csaf_test_count; t++)
            if (((presets[p].groups >> csaf_tests[t].group & 1) ||
                 listed(presets[p].with, csaf_tests[t].id)) &&
                !listed(presets[p].without, csaf_tests[t].id))
                add(s, t);
        return 0;
    }
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)(len < 60 ? len : 60), name);
    suggest_preset(text, e);
    return -1;
}

int csaf_select_preset(struct csaf_selection *s, const char *name, struct err *e)
{
    for (;;) {
        size_t len = strcspn(name, "+");
        if (select_one(s, name, len, e) < 0)
            return -1;
        if (!name[len])
            return 0;
        name += len + 1;
    }
}

int csaf_select_test(struct csaf_selection *s, const char *id, struct err *e)
{
    size_t len = strlen(id);
    bool found = false;

    for (size_t t = 0; t < csaf_test_count; t++)
        if (strncmp(csaf_tests[t].id, id, len) == 0 &&
            (csaf_tests[t].id[len] == '\0' || csaf_tests[t].id[len] == '.')) {
            add(s, t);
            found = true;
        }
    if (found)
        return 0;
    err_set(e, ERR_USAGE, "csaf.test", "CSAF section 6", "there is no test \"%s\"", id);
    err_hint(e, "tests are named by their section, such as 6.1.1 or 6.2.39.1; 6.1 is all mandatory "
                "ones");
    return -1;
}
