/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inventories against real advisories of the public corpus; the right answers were found by reading
 * the advisories, words and all, not by running this program. An answer may be more careful than
 * the right one (unknown), but never "not affected" or "fixed" where that is not so.
 */
#include "base/file.h"
#include "fleet/match.h"

#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define CORPUS "../shared/data/cisa-csaf/csaf_files"

enum {
    A = FLEET_AFFECTED,
    U = FLEET_UNKNOWN,
    N = FLEET_NOT_AFFECTED,
    F = FLEET_FIXED,
    L = FLEET_NOT_LISTED
};

static const struct pair {
    const char *file, *cve; /* cve NULL: the worst of all */
    const char *vendor, *model, *firmware, *order, *family;
    int right;
    const char *kind;
} pairs[] = {
    {"OT/white/2018/icsa-18-151-01", NULL, "Delta Electronics", "DOPSoft", "4.00.04", "", "", A,
     "exact"},
    {"OT/white/2018/icsa-18-151-01", NULL, "Delta Electronics", "DOPSoft", "4.00.05", "", "", N,
     "too new"},
    {"OT/white/2018/icsa-18-151-01", NULL, "Delta Electronics", "DOPSoft", "", "", "", U,
     "no version"},
    {"OT/white/2018/icsa-18-151-01", NULL, "Delta Elecronics", "DOPSoft", "4.00.04", "", "", A,
     "misspelt vendor"},
    {"OT/white/2018/icsa-18-151-01", NULL, "Delta Electronics, Inc.", "DOP Soft", "V4.00.04", "",
     "", A, "spelling"},
    {"OT/white/2018/icsa-18-151-01", NULL, "Delta Electronics", "DIAScreen", "1.0", "", "", L,
     "other product"},
    {"OT/white/2018/icsa-18-254-02", NULL, "Fuji Electric Co., Ltd.", "V-Server Lite", "4.0.3.0",
     "", "", A, "legal form"},
    {"OT/white/2018/icsa-18-254-02", NULL, "Fuji Electric", "V-Server Lite", "4.0.4.0", "", "", N,
     "too new"},
    {"OT/white/2018/icsa-18-254-02", NULL, "Fuji Electric", "V-Server Pro", "4.0.3.0", "", "", L,
     "sibling"},
    {"OT/white/2018/icsa-18-317-05", NULL, "Siemens AG", "SIMATIC S7-1200 CPU 1214C", "V4.2.3", "",
     "", A, "family"},
    {"OT/white/2018/icsa-18-317-05", NULL, "Siemens AG", "SIMATIC S7-1200 CPU 1214C", "V4.3", "",
     "", N, "family, too new"},
    {"OT/white/2018/icsa-18-317-05", NULL, "Siemens", "SIMATIC S7-1500 CPU 1511-1 PN", "2.5", "",
     "", A, "family"},
    {"OT/white/2018/icsa-18-317-05", NULL, "Siemens", "SIMATIC S7-1500 CPU 1511-1 PN", "2.6", "",
     "", N, "family, too new"},
    {"OT/white/2018/icsa-18-317-05", NULL, "Siemens", "SIMATIC S7-300 CPU 315-2 DP", "2.5", "", "",
     L, "other family"},
    {"OT/white/2018/icsa-18-317-05", NULL, "Siemens", "SIMATIC S7-1200 CPU 1214C", "", "", "", U,
     "family, no version"},
    {"OT/white/2018/icsma-18-137-01", NULL, "Medtronic",
     "8840 N\xe2\x80\x99Vision Clinician Programmer", "", "", "", A, "typographic quote"},
    {"OT/white/2018/icsma-18-137-01", NULL, "Medtronic plc",
     "8870 N'Vision removable Application Card", "", "", "", A, "all versions"},
    {"OT/white/2018/icsma-18-137-01", NULL, "Medtronic", "8850 N'Vision Clinician Programmer", "",
     "", "", L, "sibling"},
    {"OT/white/2019/icsa-19-122-03", NULL, "Sierra Wireless", "RV50X", "4.11", "", "", A,
     "listed model"},
    {"OT/white/2019/icsa-19-122-03", NULL, "Sierra Wireless", "RV50X", "4.12", "", "", N,
     "listed model, too new"},
    {"OT/white/2019/icsa-19-122-03", NULL, "Sierra Wireless", "ES440", "4.4.8", "", "", A,
     "listed model"},
    {"OT/white/2019/icsa-19-122-03", NULL, "Sierra Wireless", "GX450", "4.9.3", "", "", A,
     "listed model"},
    {"OT/white/2019/icsa-19-122-03", NULL, "Sierra Wireless", "RV55", "4.9.3", "", "", L,
     "sibling"},
    {"OT/white/2019/icsa-19-274-02", NULL, "Yokogawa", "Exaquantum", "R3.02.00", "", "", A,
     "upper bound"},
    {"OT/white/2019/icsa-19-274-02", NULL, "Yokogawa", "Exaquantum", "R3.02.10", "", "", N,
     "too new"},
    {"OT/white/2019/icsa-19-274-02", NULL, "Yokogawa", "Exaquantum", "R1.09.00", "", "", N,
     "too old"},
    {"OT/white/2019/icsa-19-274-02", NULL, "Yokogawa", "Exaquantum/Batch", "R2.50.40", "", "", A,
     "upper bound"},
    {"OT/white/2019/icsa-19-274-02", NULL, "Yokogawa Electric Corporation", "Exasmoc", "R4.03", "",
     "", A, "longer vendor"},
    {"OT/white/2020/icsa-20-170-01", NULL, "Johnson Controls", "exacqVision Web Service",
     "20.06.3.0", "", "", A, "one of two vendors"},
    {"OT/white/2020/icsa-20-170-01", NULL, "Exacq Technologies", "exacqVision Web Service",
     "20.06.4.0", "", "", N, "too new"},
    {"OT/white/2020/icsa-20-170-01", NULL, "Exacq Technologies", "exacqVision Enterprise Manager",
     "20.06.4.0", "", "", A, "upper bound"},
    {"OT/white/2020/icsa-20-170-01", NULL, "Exacq Technologies", "exacqVision Server", "20.06.3.0",
     "", "", L, "sibling"},
    {"OT/white/2020/icsa-20-238-01", NULL, "Advantech", "iView", "5.7", "", "", A, "and prior"},
    {"OT/white/2020/icsa-20-238-01", NULL, "Advantech", "iView", "5.7.02", "", "", N, "too new"},
    {"OT/white/2021/icsa-21-082-01", NULL, "Weintek", "cMT-G02", "20210101", "", "", A,
     "listed model"},
    {"OT/white/2021/icsa-21-082-01", NULL, "Weintek", "cMT-FHD", "20210208", "", "", N,
     "first fixed"},
    {"OT/white/2021/icsa-21-082-01", NULL, "Weintek", "cMT3072", "20210217", "", "", A,
     "listed model"},
    {"OT/white/2021/icsa-21-159-02", "CVE-2021-32938", "Open Design Alliance", "Drawings SDK",
     "2022.3", "", "", A, "range"},
    {"OT/white/2021/icsa-21-159-02", "CVE-2021-32938", "Open Design Alliance", "Drawings SDK",
     "2022.4", "", "", N, "per vulnerability"},
    {"OT/white/2021/icsa-21-159-02", "CVE-2021-32946", "Open Design Alliance", "Drawings SDK",
     "2022.4", "", "", A, "per vulnerability"},
    {"OT/white/2021/icsa-21-222-09", NULL, "Siemens", "SIMATIC S7-1200 CPU 1215C", "V4.5.0", "", "",
     A, "single version"},
    {"OT/white/2021/icsa-21-222-09", NULL, "Siemens", "SIMATIC S7-1200 CPU 1215C", "V4.5.1", "", "",
     U, "unlisted version"},
    {"OT/white/2021/icsa-21-294-01", NULL, "ICONICS", "GENESIS64", "10.96", "", "", A,
     "one of two vendors"},
    {"OT/white/2021/icsa-21-294-01", NULL, "Mitsubishi Electric Corporation", "MC Works64", "4.04E",
     "", "", A, "letter"},
    {"OT/white/2021/icsa-21-294-01", NULL, "Mitsubishi Electric", "MC Works64", "4.04F", "", "", N,
     "letter, too new"},
    {"OT/white/2022/icsa-22-277-01", NULL, "Johnson Controls, Inc.", "Metasys ADX Server", "12.0",
     "", "", A, "single version"},
    {"OT/white/2022/icsa-22-277-01", NULL, "Johnson Controls", "Metasys ADX Server", "11.0", "", "",
     U, "unlisted version"},
    {"OT/white/2022/icsa-22-202-05", NULL, "AutomationDirect", "SIO-MB08ADS-2", "8.7.2.0", "", "",
     A, "vendor without space"},
    {"OT/white/2022/icsa-22-202-05", NULL, "AutomationDirect", "SIO-MB08ADS-2", "8.7.3.0", "", "",
     N, "too new"},
    {"OT/white/2022/icsa-22-202-05", NULL, "Automation Direct", "SIO-MB04ADS", "8.4.2.0", "", "", A,
     "space in the name"},
    {"OT/white/2023/icsa-23-236-06", NULL, "Rockwell Automation", "1734-AENTR Series C", "7.011",
     "", "", A, "listed model"},
    {"OT/white/2023/icsa-23-236-06", NULL, "Rockwell Automation", "1734-AENTR", "7.011", "", "", U,
     "series missing"},
    {"OT/white/2023/icsa-23-236-06", NULL, "Rockwell Automation", "1732E-16CFGM12QCR Series A",
     "3.012", "", "", N, "too new"},
    {"OT/white/2023/icsa-23-236-06", NULL, "Rockwell Automation", "1756-EN2T Series C", "5.028", "",
     "", L, "other product"},
    {"OT/white/2023/icsa-23-306-03", NULL, "Mitsubishi Electric", "MELSEC-F series FX3U-16MT/ES",
     "", "", "", A, "all versions"},
    {"OT/white/2023/icsa-23-306-03", NULL, "Mitsubishi Electric", "FX3U-16MT/ES", "", "", "", A,
     "model alone"},
    {"OT/white/2023/icsa-23-306-03", NULL, "Mitsubishi Electric", "FX3U-16MT/ES", "", "",
     "MELSEC-F series", A, "family apart"},
    {"OT/white/2023/icsa-23-306-03", NULL, "Mitsubishi Electric", "MELSEC-Q series Q03UDE", "", "",
     "", L, "other series"},
    {"OT/white/2023/icsa-23-348-09", NULL, "Siemens", "SIMATIC S7-1500 CPU 1511-1 PN", "V3.0.3",
     "6ES7511-1AL03-0AB0", "", A, "order number"},
    {"OT/white/2023/icsa-23-348-09", NULL, "Siemens", "SIMATIC S7-1500 CPU 1511-1 PN", "V3.1.0",
     "6ES7511-1AL03-0AB0", "", N, "order number, too new"},
    {"OT/white/2023/icsa-23-348-09", NULL, "Siemens", "CPU 1511-1 PN", "V2.9.4",
     "6ES7 511-1AK02-0AB0", "", A, "order number with a space"},
    {"OT/white/2023/icsa-23-348-09", NULL, "Siemens", "SIMATIC S7-1500 CPU 1511-1 PN", "V3.1.0",
     "6ES7511-1XX09-0AB0", "", L, "sibling by order number"},
    {"OT/white/2023/icsa-23-348-09", NULL, "Siemens", "CPU 1511-1 PN", "V2.9.4", "", "", A,
     "model alone"},
    {"OT/white/2023/icsa-23-348-09", NULL, "Siemens", "SIMATIC S7-1500 CPU 1599-9 PN", "V2.9.4", "",
     "", L, "sibling model"},
    {"OT/white/2023/icsa-23-348-09", NULL, "Siemens", "", "V3.0.3", "6ES7511-1AL03-0AB0", "", A,
     "order number alone"},
    {"OT/white/2024/icsa-24-074-07", NULL, "Siemens", "SIMATIC RF160B", "V2.1", "6GT2003-0FA00", "",
     A, "order number"},
    {"OT/white/2024/icsa-24-074-07", NULL, "Siemens", "SIMATIC RF160B", "V2.2", "", "", N,
     "too new"},
    {"OT/white/2024/icsa-24-074-07", NULL, "Siemens", "SIMATIC RF166C", "V2.1", "", "", L,
     "sibling"},
    {"OT/white/2024/icsa-24-142-01", NULL,
     "LCDS - Leao Consultoria e Desenvolvimento de Sistemas LTDA ME", "LAquis SCADA", "4.7.1.7", "",
     "", A, "accent"},
    {"OT/white/2024/icsa-24-142-01", NULL, "LCDS", "LAquis SCADA", "4.7.1.7", "", "", A,
     "short vendor"},
    {"OT/white/2024/icsa-24-142-01", NULL,
     "LCDS - Le\xc3\xa3o Consultoria e Desenvolvimento de Sistemas", "LAquis SCADA", "4.7.1.371",
     "", "", N, "too new"},
    {"OT/white/2024/icsa-24-193-13", NULL, "Siemens", "SIMATIC STEP 7", "V17 Update 6", "", "", A,
     "version line"},
    {"OT/white/2024/icsa-24-193-13", NULL, "Siemens", "SIMATIC STEP 7", "V17 Update 7", "", "", N,
     "version line, fixed"},
    {"OT/white/2024/icsa-24-193-13", NULL, "Siemens", "SIMATIC STEP 7 V18", "V18 Update 1", "", "",
     A, "line in both"},
    {"OT/white/2024/icsa-24-193-13", NULL, "Siemens", "SIMATIC STEP 7", "V19", "", "", L,
     "later line"},
    {"OT/white/2024/icsa-24-256-02", NULL, "Siemens", "SINUMERIK ONE", "V6.23", "", "", A, "range"},
    {"OT/white/2024/icsa-24-256-02", NULL, "Siemens", "SINUMERIK ONE", "V6.24", "", "", N,
     "first fixed"},
    {"OT/white/2024/icsa-24-256-02", NULL, "Siemens", "SINUMERIK 828D", "V5.23", "", "", A,
     "version line"},
    {"OT/white/2024/icsa-24-256-02", NULL, "Siemens", "SINUMERIK 828D", "V4.95", "", "", A,
     "older line"},
    {"OT/white/2024/icsa-24-284-20", NULL, "Rockwell Automation", "ControlLogix 5580", "V33.016",
     "", "", A, "several branches in one range"},
    {"OT/white/2024/icsa-24-284-20", NULL, "Rockwell Automation", "ControlLogix 5580", "V34.014",
     "", "", N, "several branches in one range"},
    {"OT/white/2017/icsa-17-010-01a", NULL, "OSIsoft, LLC", "PI Coresight", "2016 R2", "", "", A,
     "words against range"},
    {"OT/white/2017/icsa-17-010-01a", NULL, "OSIsoft", "PI Coresight", "2016", "", "", A, "range"},
    {"OT/white/2024/icsa-24-011-08", NULL, "Siemens", "CP-8031 MASTER MODULE", "CPCI85 V05.11", "",
     "", A, "prefixed version"},
    {"OT/white/2024/icsa-24-011-08", NULL, "Siemens", "CP-8031 MASTER MODULE", "CPCI85 V05.20", "",
     "", N, "prefixed version"},
    {"OT/white/2024/icsa-24-011-08", NULL, "Siemens", "CP-8031 MASTER MODULE", "V05.20", "", "", U,
     "prefix missing"},
    {"OT/white/2023/icsa-23-061-01", NULL, "Mitsubishi Electric", "FX5-ENET", "1.0", "", "", A,
     "all versions"},
    {"OT/white/2023/icsa-23-061-01", NULL, "Mitsubishi Electric", "FX5UJ-24MR/ES", "1.0", "",
     "MELSEC iQ-F", A, "all models of"},
    {"OT/white/2017/icsa-17-124-02", NULL, "Dahua Technology Co., Ltd.", "DH-IPC-HDW1235", "", "",
     "", A, "pattern in the version"},
    {"OT/white/2017/icsa-17-124-02", NULL, "Dahua Technology", "DHI-HCVR51A04HE-S3", "", "", "", A,
     "model in the version"},
    {"OT/white/2017/icsa-17-124-02", NULL, "Dahua Technology", "DH-IPC-HDBW9999", "", "", "", L,
     "sibling"},
    {"IT/white/2024/va-24-201-01", "CVE-2023-45195", "AdminerEvo", "AdminerEvo", "4.8.4", "", "", F,
     "fixed version"},
    {"IT/white/2024/va-24-201-01", "CVE-2023-45195", "AdminerEvo", "AdminerEvo", "4.8.3", "", "", A,
     "single version"},
    {"IT/white/2024/va-24-201-01", "CVE-2023-45197", "AdminerEvo", "AdminerEvo", "4.8.3", "", "", F,
     "per vulnerability"},
    {"IT/white/2024/va-24-201-01", "CVE-2023-45197", "Adminer", "Adminer", "4.8.1", "", "", A,
     "all versions"},
    {"OT/white/2021/icsa-21-119-04", NULL, "Amazon", "FreeRTOS", "10.4.1", "", "", A,
     "vendor in the product"},
    {"OT/white/2021/icsa-21-119-04", NULL, "ARM", "Mbed OS", "6.3.0", "", "", A,
     "vendor in the product"},
    {"OT/white/2021/icsa-21-119-04", NULL, "BlackBerry", "QNX SDP", "6.5.0 SP1", "", "", A,
     "vendor in the product"},
    {"OT/white/2021/icsa-21-119-04", NULL, "Red Hat", "newlib", "3.3.0", "", "", A,
     "vendor in the product"},
    {"OT/white/2021/icsa-21-119-04", NULL, "BlackBerry", "QNX SDP", "7.0", "", "", N,
     "vendor in the product, too new"},
    {"OT/white/2019/icsa-19-178-02", NULL, "ABB", "CP651", "UN30 1.76", "1SAP551100R0001", "", A,
     "order number in the version"},
    {"OT/white/2020/icsa-20-343-08", NULL, "Siemens", "SIMATIC ITC1500 V3.1", "", "", "", U,
     "\"No version\""},
    {"OT/white/2017/icsa-17-129-03", NULL, "Siemens", "SIMATIC WinCC", "7.4", "", "", A, "range"},
    {"OT/white/2017/icsa-17-129-03", NULL, "Siemens", "SIMATIC WinCC", "7.4 SP1", "", "", N,
     "first fixed"},
    {"OT/white/2017/icsa-17-129-03", NULL, "Siemens", "SIMATIC WinCC", "7.3 Update 11", "", "", N,
     "branches"},
    {"OT/white/2024/icsa-24-228-09", NULL, "Siemens", "NX", "V2406.2900", "", "", A, "range"},
    {"OT/white/2024/icsa-24-228-09", NULL, "Siemens", "NX", "V2406.3000", "", "", N, "first fixed"},
    {"OT/white/2021/icsa-21-208-03", NULL,
     "Geutebr\xc3\xbc"
     "ck GmbH",
     "EFD-2250", "1.12.0.27", "", "", A, "mojibake, pattern"},
    {"OT/white/2021/icsa-21-208-03", NULL, "Geutebrueck", "EFD-2250", "1.12.13.1", "", "", U,
     "between single versions"},
    {"OT/white/2018/icsa-18-079-01", NULL,
     "Geutebr\xc3\xbc"
     "ck",
     "G-Cam/EFD-2250", "1.12.0.4", "", "", A, "mojibake, firmware"},
    {"OT/white/2024/icsa-24-235-03", NULL, "MOBOTIX AG", "D24M", "MX-V4.1.4.11", "", "P3", A,
     "firmware on device"},
    {"OT/white/2024/icsa-24-235-03", NULL, "MOBOTIX AG", "D24M", "MX-V4.0.1.15", "", "P3", N,
     "known not affected"},
    {"OT/white/2024/icsa-24-235-03", NULL, "MOBOTIX AG", "D24M", "MX-V4.7.2.18", "", "P3", F,
     "fixed firmware"},
    {"OT/white/2024/icsa-24-235-03", NULL, "MOBOTIX AG", "D24M", "MX-V4.1.4.11", "", "", A,
     "firmware of the device"},
    {"OT/white/2024/icsa-24-235-03", NULL, "MOBOTIX AG", "D24M", "", "", "P3", U, "no firmware"},
    {"OT/white/2024/icsa-24-235-03", NULL, "MOBOTIX AG", "M99", "MX-V4.1.4.11", "", "P3", L,
     "sibling"},
    {"OT/white/2018/icsa-18-067-02", NULL, "Siemens", "EN100 Ethernet module IEC 61850 variant",
     "4.29", "", "", A, "words"},
    {"OT/white/2018/icsa-18-067-02", NULL, "Siemens", "EN100 Ethernet module IEC 61850 variant",
     "4.30", "", "", N, "words"},
    {"OT/white/2018/icsa-18-067-02", NULL, "Siemens", "EN100 Ethernet module", "4.29", "", "", U,
     "less specific"},
};

static struct fleet_criteria *load(const char *file)
{
    char path[512];
    struct buf b;
    struct err e = {0};
    struct csaf_document *d;
    struct fleet_criteria *c;
    snprintf(path, sizeof path, "%s/%s.json", CORPUS, file);
    buf_init(&b);
    assert_int_equal(file_read(path, 64 << 20, &b, &e), 0);
    assert_int_equal(csaf_load(&d, buf_slice(&b), &e), 0);
    assert_int_equal(fleet_criteria_build(&c, d, &e), 0);
    csaf_free(d);
    buf_fini(&b);
    return c;
}

static enum fleet_status answer(const struct pair *p)
{
    struct err e = {0};
    struct fleet_criteria *c = load(p->file);
    struct fleet_inventory *i = fleet_inventory_new();
    struct fleet_class *class;
    struct fleet_result *r;
    assert_non_null(i);
    i->has_nameplate = true;
    i->nameplate = (struct fleet_nameplate){.vendor = slice_str(p->vendor),
                                            .model = slice_str(p->model),
                                            .firmware = slice_str(p->firmware),
                                            .order = slice_str(p->order),
                                            .family = slice_str(p->family)};
    assert_int_equal(fleet_class_build(&class, i, &e), 0);
    assert_int_equal(fleet_match(&r, c, class, NULL, &e), 0);
    enum fleet_status status = r->status;
    if (p->cve) {
        status = FLEET_NOT_LISTED;
        for (size_t k = 0; k < r->count; k++)
            if (slice_is(r->statements[k].vulnerability, p->cve))
                status = r->statements[k].status;
    }
    /* every statement says why, and what an unknown one waits for */
    for (size_t k = 0; k < r->count; k++) {
        assert_true(r->statements[k].reason_count >= 3);
        assert_true(r->statements[k].product_count > 0);
        assert_true(r->statements[k].status != FLEET_UNKNOWN || r->statements[k].decide.len);
    }
    fleet_result_free(r);
    fleet_class_free(class);
    fleet_inventory_free(i);
    fleet_criteria_free(c);
    return status;
}

static bool excludes(enum fleet_status status)
{
    return status == FLEET_NOT_AFFECTED || status == FLEET_FIXED;
}

struct score {
    size_t right, careful, alarms, missed, wrong;
};

static struct score judge(const char *kind, const struct pair *all, size_t count)
{
    struct score s = {0};
    for (size_t i = 0; i < count; i++) {
        const struct pair *p = &all[i];
        enum fleet_status got = answer(p), want = (enum fleet_status)p->right;
        const char *what;
        if (got == want) {
            s.right++;
            continue;
        }
        if (excludes(got) && !excludes(want)) {
            s.wrong++;
            what = "WRONGLY EXCLUDED";
        } else if (got == FLEET_UNKNOWN) {
            s.careful++;
            what = "more careful";
        } else if (got == FLEET_AFFECTED) {
            s.alarms++;
            what = "false alarm";
        } else {
            s.missed++;
            what = "missed";
        }
        print_message("%s: %s (%s %s %s): %s, right is %s [%s]\n", what, p->file + 14, p->vendor,
                      p->model, p->firmware, fleet_status_name(got), fleet_status_name(want),
                      p->kind);
    }
    print_message(
        "measured: %s: %zu: %zu right, %zu more careful, %zu false alarms, %zu missed, %zu wrongly "
        "excluded\n",
        kind, count, s.right, s.careful, s.alarms, s.missed, s.wrong);
    return s;
}

static void labelled_pairs(void **state)
{
    (void)state;
    if (file_kind(CORPUS) != 2) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    struct score s = judge("older pairs", pairs, ARRAY_LEN(pairs));
    assert_int_equal(s.wrong, 0);
    assert_int_equal(s.missed, 0);
    assert_true(s.alarms <= 1);
    assert_true(s.careful <= 5);
}

/*
 * For 30 affected products drawn at random: what a device of that kind says of itself, in the words
 * of its own maker, seldom those of the advisory. Some are missed; none may be excluded.
 */
static const struct pair drawn[] = {
    {"OT/white/2019/icsa-19-106-03", NULL, "WAGO Kontakttechnik GmbH & Co. KG", "PFC100",
     "02.05.23(08)", "750-8100", "", A, "drawn"},
    {"OT/white/2019/icsa-19-106-03", NULL, "WAGO", "750-8100", "02.05.23(08)", "", "", A, "drawn"},
    {"OT/white/2019/icsa-19-106-03", NULL, "WAGO", "750-8100", "03.00.35(12)", "", "", N, "drawn"},
    {"OT/white/2022/icsa-22-104-09", NULL, "Siemens AG", "SCALANCE XR324-4M PoE", "V04.01.03",
     "6GK5 324-4QG00-1AR2", "", A, "drawn"},
    {"OT/white/2022/icsa-22-104-09", NULL, "SIEMENS", "SCALANCE XR324-4M POE", "4.1.3", "", "", A,
     "drawn"},
    {"OT/white/2023/icsa-23-306-03", NULL, "MITSUBISHI ELECTRIC", "FX3U-16MT/ES-A", "3.20", "", "",
     A, "drawn"},
    {"OT/white/2023/icsa-23-306-03", NULL, "Mitsubishi", "FX3G-24MR/ES", "", "", "", A, "drawn"},
    {"OT/white/2024/icsa-24-193-05", NULL, "Siemens", "RUGGEDCOM RS416PNCv2", "V5.9.0", "", "", A,
     "drawn"},
    {"OT/white/2024/icsa-24-193-05", NULL, "RuggedCom", "RS416PNCv2", "V5.9.0", "", "", A, "drawn"},
    {"OT/white/2018/icsa-18-310-02", NULL, "Allen-Bradley", "1756-EN2F/A", "5.028", "", "", A,
     "drawn"},
    {"OT/white/2018/icsa-18-310-02", NULL, "Rockwell Automation", "1756-EN2F Series A", "5.028", "",
     "", A, "drawn"},
    {"OT/white/2020/icsa-20-343-08", NULL, "Siemens AG", "SIMATIC ITC2200 PRO", "V3.1.1", "", "", U,
     "drawn"},
    {"OT/white/2024/icsa-24-116-01", NULL, "Hitachi Energy Ltd", "RTU560", "12.7.3", "",
     "RTU500 series", A, "drawn"},
    {"OT/white/2024/icsa-24-116-01", NULL, "ABB", "560CMR02", "12.7.3", "", "RTU500", A, "drawn"},
    {"OT/white/2023/icsa-23-313-01", NULL, "Johnson Controls", "Quantum HD Unity", "11.10", "", "",
     A, "drawn"},
    {"OT/white/2023/icsa-23-313-01", NULL, "Frick by Johnson Controls",
     "Quantum HD Unity Engine Room", "11.10", "", "", A, "drawn"},
    {"OT/white/2022/icsa-22-349-12", NULL, "Siemens", "SCALANCE X204RNA", "V3.2.7",
     "6GK5204-0BA00-2MB2", "SCALANCE X-200RNA", A, "drawn"},
    {"OT/white/2023/icsa-23-348-09", NULL, "Siemens AG", "CPU 1515F-2 PN", "V2.9.4",
     "6ES7 515-2FM00-0AB0", "", A, "drawn"},
    {"OT/white/2023/icsa-23-348-09", NULL, "Siemens AG", "CPU 1515F-2 PN", "V2.9.4", "",
     "SIMATIC S7-1500", A, "drawn"},
    {"OT/white/2023/icsa-23-306-03", NULL, "Mitsubishi Electric Corp.", "FX5UJ-60MT/DS", "1.042",
     "", "", A, "drawn"},
    {"OT/white/2024/icsa-24-193-05", NULL, "Siemens", "SCALANCE XR328-4C WG", "V4.4.1",
     "6GK5328-4SS00-3AR3", "", A, "drawn"},
    {"OT/white/2024/icsa-24-228-01", NULL, "SIEMENS", "SCALANCE MUM856-1", "V08.00.00",
     "6GK5856-2EA10-3BA1", "", A, "drawn"},
    {"OT/white/2024/icsa-24-228-01", NULL, "SIEMENS", "SCALANCE MUM856-1", "V08.01.00",
     "6GK5856-2EA10-3BA1", "", N, "drawn"},
    {"OT/white/2023/icsa-23-348-09", NULL, "Siemens", "SIPLUS S7-1500 CPU 1511-1 PN", "V2.8", "",
     "", A, "drawn"},
    {"OT/white/2021/icsa-21-119-04", NULL, "Texas Instruments", "MSP432E401Y", "", "", "", A,
     "drawn"},
    {"OT/white/2017/icsa-17-026-02a", NULL, "Hirschmann", "GECKO 4TX", "2.0.00", "",
     "GECKO Lite Managed switch", A, "drawn"},
    {"OT/white/2017/icsa-17-026-02a", NULL, "Hirschmann Automation and Control GmbH",
     "GECKO Lite Managed Switch", "02.0.00", "", "", A, "drawn"},
    {"OT/white/2024/icsa-24-074-01", NULL, "Siemens", "SENTRON PAC3120", "V3.2.4",
     "7KM3120-1BA01-1EA0", "", U, "drawn"},
    {"OT/white/2022/icsa-22-083-01", NULL, "Yokogawa Electric Corporation", "B/M9000 CS",
     "R5.05.01", "", "", A, "drawn"},
    {"OT/white/2018/icsa-18-282-04", NULL, "Siemens", "CPU 1214C DC/DC/DC", "V4.2.1",
     "6ES7214-1AG40-0XB0", "SIMATIC S7-1200", A, "drawn"},
    {"OT/white/2018/icsa-18-282-04", NULL, "Siemens", "S7-1200 CPU 1214C", "V4.2.3", "", "", N,
     "drawn"},
    {"OT/white/2017/icsa-17-124-02", NULL, "Dahua", "IPC-HDW1220S", "", "", "", A, "drawn"},
    {"OT/white/2017/icsa-17-124-02", NULL, "Dahua Technology", "DH-IPC-HDW1220S", "", "", "", A,
     "drawn"},
    {"OT/white/2024/icsa-24-193-05", NULL, "Siemens", "SCALANCE W788-1 RJ45", "V6.5",
     "6GK5 788-1FC00-0AA0", "", A, "drawn"},
    {"OT/white/2024/icsa-24-193-05", NULL, "Siemens", "W761-1 RJ45", "V6.5", "", "", A, "drawn"},
};

static void drawn_pairs(void **state)
{
    (void)state;
    if (file_kind(CORPUS) != 2) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    struct score s = judge("nameplates", drawn, ARRAY_LEN(drawn));
    assert_int_equal(s.wrong, 0);
    assert_int_equal(s.alarms, 0);
    assert_true(s.missed <= 9);
}

/* A version that the range holds for sure: a closed bound or a listed one; else the empty one. */
static struct slice version_inside(const struct product_range *range)
{
    for (size_t i = 0; i < range->count; i++) {
        const struct product_interval *v = &range->intervals[i];
        const char *unused;
        if (v->high.len && !v->high_open &&
            product_range_contains(range, v->high, &unused) == PRODUCT_IN)
            return v->high;
        if (v->low.len && !v->low_open &&
            product_range_contains(range, v->low, &unused) == PRODUCT_IN)
            return v->low;
    }
    return slice_of(NULL, 0);
}

struct derived {
    size_t products, affected, unknown, doubtful, other;
};

/* Every affected product of a document as an inventory of its own words. */
static void find_themselves(const struct csaf_document *d, struct derived *sum)
{
    struct err e = {0};
    struct fleet_criteria *c;
    assert_int_equal(fleet_criteria_build(&c, d, &e), 0);
    for (size_t n = 0; n < c->criterion_count; n++) {
        const struct fleet_criterion *criterion = &c->criteria[n];
        const struct fleet_target *t = criterion->operands[0].target;
        bool affected = false;
        for (size_t k = 0; k < criterion->use_count; k++) {
            const struct fleet_use *use = &criterion->uses[k];
            affected =
                affected || c->vulnerabilities[use->vulnerability].claims[use->claim].status ==
                                CSAF_KNOWN_AFFECTED;
        }
        if (!affected || criterion->operand_count != 1)
            continue;
        struct fleet_inventory *i = fleet_inventory_new();
        struct fleet_class *class;
        struct fleet_result *r;
        assert_non_null(i);
        i->has_nameplate = true;
        i->nameplate.vendor = t->vendor.raw;
        i->nameplate.model = t->product.raw;
        i->nameplate.firmware = version_inside(&t->range);
        assert_int_equal(fleet_class_build(&class, i, &e), 0);
        assert_int_equal(fleet_match(&r, c, class, NULL, &e), 0);
        sum->products++;
        if (r->status == FLEET_AFFECTED) {
            sum->affected++;
        } else if (r->status == FLEET_UNKNOWN) {
            sum->unknown++;
            /* only where no version was to be had, or the words are not understood */
            bool open = i->nameplate.firmware.len == 0 || t->range.conditional ||
                        t->range.kind == PRODUCT_RANGE_OPAQUE || t->any_vendor;
            if (!open)
                print_message("%.*s: \"%.*s\" with %.*s is unknown: %.*s\n", SLICE_ARG(c->id),
                              SLICE_ARG(t->label), SLICE_ARG(i->nameplate.firmware),
                              SLICE_ARG(r->statements[0].decide));
            sum->doubtful += !open;
        } else {
            sum->other++;
            print_message("%.*s: \"%.*s\" does not find itself: %s\n", SLICE_ARG(c->id),
                          SLICE_ARG(t->label), fleet_status_name(r->status));
        }
        fleet_result_free(r);
        fleet_class_free(class);
        fleet_inventory_free(i);
    }
    fleet_criteria_free(c);
}

/* Each product that an advisory calls affected, taken as an inventory, is found by that advisory.
 */
static void products_find_themselves(void **state)
{
    (void)state;
    struct derived sum = {0};
    if (file_kind(CORPUS) != 2) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    for (int year = 2017; year <= 2024; year++) {
        char folder[256];
        snprintf(folder, sizeof folder, "%s/OT/white/%d", CORPUS, year);
        DIR *dir = opendir(folder);
        struct dirent *entry;
        assert_non_null(dir);
        while ((entry = readdir(dir))) {
            char path[600];
            size_t len = strlen(entry->d_name);
            struct buf b;
            struct err e = {0};
            struct csaf_document *d;
            if (len < 5 || strcmp(entry->d_name + len - 5, ".json") != 0)
                continue;
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            buf_init(&b);
            assert_int_equal(file_read(path, 64 << 20, &b, &e), 0);
            assert_int_equal(csaf_load(&d, buf_slice(&b), &e), 0);
            find_themselves(d, &sum);
            csaf_free(d);
            buf_fini(&b);
        }
        closedir(dir);
    }
    print_message(
        "measured: %zu affected products as inventories: %zu affected, %zu unknown, %zu lost\n",
        sum.products, sum.affected, sum.unknown, sum.other);
    assert_int_equal(sum.other, 0);
    assert_int_equal(sum.doubtful, 0);
    assert_true(sum.products > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labelled_pairs),
        cmocka_unit_test(drawn_pairs),
        cmocka_unit_test(products_find_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
