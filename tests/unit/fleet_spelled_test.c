/* SPDX-License-Identifier: Apache-2.0 */
/* How owners write what an advisory spells out: what then is the same, and what is not. */
#include "fleet/name_version.h"
#include "fleet_fixture.h"

#define DEVICE(vendor, model, firmware)                                                            \
    "\"nameplate\":{\"vendor\":\"" vendor "\",\"model\":\"" model "\",\"firmware\":\"" firmware    \
    "\"}"
#define NAMED(model, firmware) DEVICE("Nordlicht Antriebe", model, firmware)
#define SOFTWARE(name, version)                                                                    \
    "\"components\":[{\"type\":\"application\",\"vendor\":\"Nordlicht Antriebe\",\"name\":\"" name \
    "\",\"version\":\"" version "\"}]"

struct pair {
    const char *product, *label,
        *range; /* label: the full name behind the product's; NULL: range */
    const char *inventory;
    enum fleet_status status;
    const char *rule;
};

static void judge(const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct pair *p = &pairs[i];
        struct buf tree;
        buf_init(&tree);
        buf_printf(&tree,
                   "\"branches\":[{" NL ",\"branches\":[{\"category\":\"product_name\",\"name\":"
                   "\"%s\",\"branches\":[{\"category\":\"product_version_range\",\"name\":\"%s\","
                   "\"product\":{\"name\":\"%s: %s\",\"product_id\":\"P1\"}}]}]}]",
                   p->product, p->range, p->product, p->label ? p->label : p->range);
        struct fleet_criteria *c = criteria_of(buf_text(&tree), AFFECTED("\"P1\""));
        struct expectation expected = {p->inventory, p->status, p->rule, NULL, 0, 0};
        expect(c, &expected, 1);
        fleet_criteria_free(c);
        buf_fini(&tree);
    }
}

static void short_words(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"Panel View Professional", NULL, "< 5", SOFTWARE("Panel View Prof", "4"), FLEET_AFFECTED,
         "name.acronym"},
        {"Panel View Professional", NULL, "< 5", SOFTWARE("Panel View Prof.", "5"),
         FLEET_NOT_AFFECTED, "name.acronym"},
        {"Gateway Station Runtime", NULL, "< 5", SOFTWARE("Gateway Station RT", "4"),
         FLEET_AFFECTED, NULL},
        {"WAVELINE Distant Entry Client", NULL, "< 5", SOFTWARE("WAVELINE DE Client", "4"),
         FLEET_AFFECTED, "name.acronym"},
        {"WAVELINE Distant Entry Client", NULL, "< 5", SOFTWARE("WAVELINE DE Client", "6"),
         FLEET_NOT_AFFECTED, "name.acronym"},
        {"WAVELINE Distant Entry Client", NULL, "< 5", SOFTWARE("WAVELINE DX Client", "4"),
         FLEET_NOT_LISTED, NULL},
        {"BrightView Cardiology", NULL, "< 5", SOFTWARE("BrightView Cardiology (BVC)", "4"),
         FLEET_AFFECTED, "name.note"},
        {"Moving License Manager", NULL, "< 5", SOFTWARE("MLM Moving License Manager", "5"),
         FLEET_NOT_AFFECTED, "name.note"},
        {"GFSS (Great Fleet Steering System)", NULL, "< 5", SOFTWARE("GFSS", "4"), FLEET_AFFECTED,
         NULL},
        {"GFSS (Great Fleet Steering System)", NULL, "< 5",
         SOFTWARE("Great Fleet Steering System", "5"), FLEET_NOT_AFFECTED, NULL},
    };
    judge(pairs, ARRAY_LEN(pairs));
}

static void words_that_change_places(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"NORDIX CTRL 7 (HIA Portal)", NULL, "< 5", SOFTWARE("HIA Portal CTRL 7", "4"),
         FLEET_AFFECTED, "identity.suffix"},
        {"NORDIX CTRL 7 (HIA Portal)", NULL, "< 5", SOFTWARE("HIA Portal CTRL 7", "5"),
         FLEET_UNKNOWN, "identity.suffix"},
        {"3050 HeartLink Programmer", NULL, "< 5", NAMED("HeartLink 3050", "4"), FLEET_AFFECTED,
         NULL},
        /* a word that tells siblings is not left out */
        {"NORDIX CTRL 7 Server", NULL, "< 5", SOFTWARE("CTRL 7 NORDIX", "4"), FLEET_NOT_LISTED,
         NULL},
        {"Drive Simulator for Control Suite", NULL, "< 5",
         SOFTWARE("Control Suite Drive Simulator", "5"), FLEET_NOT_AFFECTED, "identity.name"},
        {"ScadaSea Server and Client", NULL, "< 5", SOFTWARE("ScadaSea Client", "4"),
         FLEET_AFFECTED, NULL},
        {"ScadaSea Server and Client", NULL, "< 5", SOFTWARE("ScadaSea Historian", "4"),
         FLEET_NOT_LISTED, NULL},
        {"Wind Farm", "Expert Versions 7.8 and prior", "<= 7.8",
         SOFTWARE("Wind Farm Expert", "7.8"), FLEET_AFFECTED, "name.note"},
        {"WIND VP (Including WIND VP Entry Class)", NULL, "<= 7.8",
         SOFTWARE("WIND VP Entry Class", "7.8"), FLEET_AFFECTED, "name.note"},
    };
    judge(pairs, ARRAY_LEN(pairs));
}

static void words_behind(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"SETTPAMV", NULL, "< 5", SOFTWARE("SETTPAMV Setting and Configuration Tool", "5"),
         FLEET_NOT_AFFECTED, "name.generic"},
        {"SETTPAMV", NULL, "< 5", SOFTWARE("SETTPAMV Network Configuration", "4"), FLEET_UNKNOWN,
         "identity.prefix"},
        /* what else stands behind it may be another product: that is asked, not said */
        {"FuelOMat", NULL, "< 5", SOFTWARE("FuelOMat Kiosk", "4"), FLEET_UNKNOWN,
         "identity.prefix"},
        {"FuelOMat", NULL, "< 5", SOFTWARE("FuelOMat XA", "4"), FLEET_NOT_LISTED, NULL},
        {"FuelOMat", NULL, "< 5", SOFTWARE("FuelOMat Lite", "4"), FLEET_NOT_LISTED, NULL},
        {"ThinDirector ThinHost", NULL, "< 5", SOFTWARE("ThinDirector", "4"), FLEET_UNKNOWN,
         "identity.less-specific"},
        {"Umrichter FU-4100", NULL, "< 5", NAMED("FU-4100 Frequenzumrichter", "4"), FLEET_AFFECTED,
         NULL},
        {"LineCell H3110-HSPA", NULL, "< 5", NAMED("LineCell H3110-HSPA-T", "5"),
         FLEET_NOT_AFFECTED, "name.variant"},
        {"5016-BENFT", NULL, "< 5", NAMED("5016-BENFT/B", "5"), FLEET_NOT_AFFECTED, "name.variant"},
        {"5016-BENFT Series C", NULL, "< 5", NAMED("5016-BENFT/B", "4"), FLEET_NOT_LISTED, NULL},
        {"CTRL Control RTE V3", NULL, "< 5", SOFTWARE("CTRL Control RTE V3 x64", "4"),
         FLEET_AFFECTED, "name.variant"},
        {"FC7A MICRO CPU Module", NULL, "< 5", NAMED("FC7A MICRO CPU", "4"), FLEET_AFFECTED, NULL},
    };
    judge(pairs, ARRAY_LEN(pairs));
}

static void numbers_with_gaps(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        /* boxes, as a maker of controllers prints them: one character each */
        {"KJ2M-CPU \u25a1 \u25a1", NULL, "vers:all/*", NAMED("KJ2M-CPU33", "1"), FLEET_AFFECTED,
         "identity.model-pattern"},
        {"KJ2M-CPU \u25a1 \u25a1", NULL, "vers:all/*", NAMED("KJ2M-CPU331", "1"), FLEET_NOT_LISTED,
         NULL},
        {"KJ2H-CPU6 \u25a1 -EIP", NULL, "vers:all/*", NAMED("KJ2H-CPU64-EIP", "1"), FLEET_AFFECTED,
         NULL},
        {"KJ2H-CPU6 \u25a1 -EIP", NULL, "vers:all/*", NAMED("KJ2H-CPU64", "1"), FLEET_NOT_LISTED,
         NULL},
        {"iZ-R H08 (EN) CPU firmware", NULL, "<= 52", NAMED("H08ENCPU", "52"), FLEET_AFFECTED,
         NULL},
        {"iZ-R H08 (EN) CPU firmware", NULL, "<= 52", NAMED("iZ-R H08CPU", "53"),
         FLEET_NOT_AFFECTED, NULL},
        {"iZ-R H08 (EN) CPU firmware", NULL, "<= 52", NAMED("H08SFCPU", "1"), FLEET_NOT_LISTED,
         NULL},
        /* an order number with its parts apart */
        {"CENTRI Gauge (6GK8833-1BG01-0BA0)", NULL, "< 5",
         NAMED("CENTRI Gauge (6GK8833 1BG01 0BA0)", "5"), FLEET_NOT_AFFECTED, "identity.model"},
        {"CENTRI Gauge (6GK8833-1BG01-0BA0)", NULL, "< 5",
         NAMED("CENTRI Gauge (6GK8833 1BG01 0BA1)", "4"), FLEET_NOT_LISTED, NULL},
        {"Terrano M58 CPU (part numbers BNEP* and BNEH*)", NULL, "< 5",
         NAMED("Terrano M58 BNEH584040", "4"), FLEET_AFFECTED, "identity.model-pattern"},
        {"Terrano M58 CPU (part numbers BNEP* and BNEH*)", NULL, "< 5",
         NAMED("Terrano M34 BNXH584040", "4"), FLEET_NOT_LISTED, NULL},
        {"GX3S-xMy/z x=10,14,20,30, y=T,R, z=ES,ESS", NULL, "vers:all/*",
         NAMED("GX3S-14MT/ESS", "1"), FLEET_AFFECTED, "identity.model-pattern"},
        {"GX3S-xMy/z x=10,14,20,30, y=T,R, z=ES,ESS", NULL, "vers:all/*",
         NAMED("GX5S-14MT/ESS", "1"), FLEET_NOT_LISTED, NULL},
    };
    judge(pairs, ARRAY_LEN(pairs));
}

static void families_and_brands(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        /* only of this brand, and of families that say so, are whole hundreds lines */
        {"SCALANCE QC-600 family", NULL, "< 5", NAMED("SCALANCE QC646-2C", "5"), FLEET_NOT_AFFECTED,
         "identity.family"},
        {"SCALANCE Q-800", NULL, "< 5", NAMED("SCALANCE Q876-4", "4"), FLEET_AFFECTED,
         "identity.family"},
        {"PowerBend 700", NULL, "< 5", NAMED("PowerBend 755", "4"), FLEET_NOT_LISTED, NULL},
        {"MELSEC iQ-R RT77EN71", NULL, "< 5", NAMED("RT77EN71", "5"), FLEET_NOT_AFFECTED,
         "identity.suffix"},
        {"SIMATIC Cloud Bridge 9 CB716", NULL, "< 5", NAMED("Cloud Bridge 9 CB716", "5"),
         FLEET_NOT_AFFECTED, "identity.suffix"},
    };
    judge(pairs, ARRAY_LEN(pairs));
}

static void versions_in_names(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"Sea Chart", NULL, "< 2021", SOFTWARE("Sea Chart 2021", ""), FLEET_NOT_AFFECTED, NULL},
        {"Sea Chart", NULL, "< 2021", SOFTWARE("Sea Chart 2020", ""), FLEET_AFFECTED, NULL},
        /* of the line 2021, which the bound divides */
        {"Sea Chart", NULL, "< 2021 SP2", SOFTWARE("Sea Chart 2021", ""), FLEET_UNKNOWN, NULL},
        {"Sea Chart", NULL, "<= 2021.2", SOFTWARE("Sea Chart 2021", ""), FLEET_UNKNOWN, NULL},
        {"Sea Chart", NULL, "< V5.7", SOFTWARE("Sea Chart V5.6 SP2 HF1", ""), FLEET_AFFECTED, NULL},
        {"Sea Chart", NULL, "< V5.6 SP2", SOFTWARE("Sea Chart V5.6 SP2 HF1", ""),
         FLEET_NOT_AFFECTED, NULL},
        /* the version that the inventory has goes before */
        {"Sea Chart", NULL, "< 5", SOFTWARE("Sea Chart V4.1", "4.1.7"), FLEET_AFFECTED, NULL},
        {"Sea Chart PKS", NULL, "< R510.2 HF14", SOFTWARE("Sea Chart PKS R510.2", "HF13"),
         FLEET_AFFECTED, NULL},
        /* of a device V2 is of its name */
        {"CQ 1242-7 V2", NULL, "< V3.4", NAMED("CQ 1242-7 V2", ""), FLEET_UNKNOWN, NULL},
        {"SeaSoft 2", NULL, "<= 2.00.07", SOFTWARE("SeaSoft", "2.00.07"), FLEET_AFFECTED,
         "name.version-line"},
        {"SeaSoft 2", NULL, "<= 2.00.07", SOFTWARE("SeaSoft", "4.00.01"), FLEET_NOT_LISTED, NULL},
        {"SeaSoft 2", NULL, "<= 2.00.07", SOFTWARE("SeaSoft 4", "4.00.01"), FLEET_NOT_LISTED, NULL},
    };
    judge(pairs, ARRAY_LEN(pairs));
}

static void words_of_versions(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        /* the range has lost its sign, the full name has it */
        {"Sea Chart", "< 9.9", "9.9", SOFTWARE("Sea Chart", "9.8"), FLEET_AFFECTED, NULL},
        {"Sea Chart", "< 9.9", "9.9", SOFTWARE("Sea Chart", "9.9"), FLEET_UNKNOWN, NULL},
        {"Sea Chart", "< 9.9", "9.9", SOFTWARE("Sea Chart", "10.0"), FLEET_NOT_AFFECTED, NULL},
        {"Sea Chart", "<= 9.4 FP2 Hotfix 5", "9.4 | FP2  Hotfix 5",
         SOFTWARE("Sea Chart", "9.4 FP2 HF4"), FLEET_AFFECTED, NULL},
        /* said under another vulnerability than this one, CVE-2026-1000 */
        {"Sea Chart", "Versions 4.4 and later (only affected by CVE-2026-9999)",
         ">= 4.4 (only affected by CVE-2026-9999)", SOFTWARE("Sea Chart", "4.5"), FLEET_NOT_LISTED,
         NULL},
        {"Sea Chart", "Versions 4.4 and later (only affected by CVE-2026-1000)",
         ">= 4.4 (only affected by CVE-2026-1000)", SOFTWARE("Sea Chart", "4.5"), FLEET_AFFECTED,
         NULL},
        {"Sea Chart", "Web firmware v01.12.10", "Web firmware v01.12.10",
         NAMED("Sea Chart", "01.12.10"), FLEET_AFFECTED, NULL},
    };
    judge(pairs, ARRAY_LEN(pairs));
}

static void tails_of_names(void **state)
{
    (void)state;
    static const struct {
        const char *form;
        bool software;
        const char *front, *line, *text;
        bool rough;
    } cases[] = {
        {"sea chart v5.6 sp2 hf1", true, "sea chart", "5.6", "v5.6 sp2 hf1", false},
        {"sea chart 2020 r2", true, "sea chart", "2020", "2020 r2", false},
        {"sea chart 2021", true, "sea chart", "2021", "2021", true},
        {"sea chart 2021.3.1", true, "sea chart", "2021.3.1", "2021.3.1", false},
        {"sea chart r510.2", true, "sea chart", "510.2", "r510.2", true},
        {"sea chart v18 update 4", true, "sea chart", "18", "v18 update 4", false},
        {"sea chart 2021", false, NULL, NULL, NULL, false},
        {"cq 1242 7 v2", false, NULL, NULL, NULL, false},
        {"cq 1242 7", true, NULL, NULL, NULL, false},
        {"v5.6", true, NULL, NULL, NULL, false},
        {"sp2", true, NULL, NULL, NULL, false},
        {"sp 2 sp 3", true, NULL, NULL, NULL, false},
        {"", true, NULL, NULL, NULL, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fleet_named_version v;
        bool found = fleet_name_version(slice_str(cases[i].form), cases[i].software, &v);
        if (found != (cases[i].front != NULL))
            fail_msg("%s", cases[i].form);
        if (!found)
            continue;
        assert_true(slice_is(v.front, cases[i].front));
        assert_true(slice_is(v.line, cases[i].line));
        assert_true(slice_is(v.text, cases[i].text));
        assert_int_equal(v.rough, cases[i].rough);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_words),         cmocka_unit_test(words_that_change_places),
        cmocka_unit_test(words_behind),        cmocka_unit_test(numbers_with_gaps),
        cmocka_unit_test(families_and_brands), cmocka_unit_test(versions_in_names),
        cmocka_unit_test(words_of_versions),   cmocka_unit_test(tails_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
