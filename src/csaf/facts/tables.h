/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of facts that tools/make_csaf_tables writes (tables_*.c). Only the file that gives
 * such a fact its meaning reads a table: cwe.c, language.c, license.c, ssvc.c, registry.c.
 * Names lie one behind the other, each with its NUL, so that a table needs no relocations.
 */
#ifndef CSAF_TABLES_H
#define CSAF_TABLES_H

#include "csaf/facts/registry.h"

#include <stddef.h>
#include <stdint.h>

/* cwe.c */
struct csaf_table_cwe_version {
    char name[8];
    uint32_t day; /* 20260430; 0: not known */
};
struct csaf_table_cwe {
    uint16_t number;
    uint8_t first, last; /* index of the version */
    uint8_t deprecated, usage;
    uint32_t name;
};
extern const struct csaf_table_cwe_version csaf_table_cwe_versions[];
extern const size_t csaf_table_cwe_version_count;
extern const char csaf_table_cwe_names[];
extern const struct csaf_table_cwe csaf_table_cwes[];
extern const size_t csaf_table_cwe_count;

/* language.c: letters are read as a number in base 26 */
struct csaf_table_pair {
    char name[12];
    char other[16];
};
extern const uint8_t csaf_table_language_two[85], csaf_table_language_three[2197];
extern const uint8_t csaf_table_region_two[85], csaf_table_region_number[125];
extern const uint32_t csaf_table_scripts[];
extern const size_t csaf_table_script_count;
extern const struct csaf_table_pair csaf_table_extlangs[]; /* other: its prefix */
extern const size_t csaf_table_extlang_count;
extern const char csaf_table_variants[][9];
extern const size_t csaf_table_variant_count;
extern const struct csaf_table_pair csaf_table_grandfathered[]; /* other: preferred tag */
extern const size_t csaf_table_grandfathered_count;
/* The name starts with its kind: L, S, R or V; other: preferred subtag or the end of the range. */
extern const struct csaf_table_pair csaf_table_deprecated_subtags[];
extern const size_t csaf_table_deprecated_subtag_count;
extern const struct csaf_table_pair csaf_table_private_subtags[];
extern const size_t csaf_table_private_subtag_count;

/* license.c */
enum { CSAF_TABLE_DEPRECATED = 1, CSAF_TABLE_EXCEPTION = 2 };
struct csaf_table_license {
    uint32_t name;
    uint32_t flags;
};
extern const char csaf_table_license_names[], csaf_table_exception_names[],
    csaf_table_scancode_names[];
extern const struct csaf_table_license csaf_table_licenses[], csaf_table_exceptions[],
    csaf_table_scancodes[];
extern const size_t csaf_table_license_count, csaf_table_exception_count, csaf_table_scancode_count;

/* ssvc.c */
struct csaf_table_ssvc_point {
    uint16_t namespace, key, name; /* places in the names */
    uint8_t version[3];
    uint8_t value_count;
    uint16_t value; /* index of the first */
    uint32_t day;   /* 20231114 */
};
struct csaf_table_ssvc_value {
    uint16_t key, name;
};
extern const char csaf_table_ssvc_namespaces[][8];
extern const size_t csaf_table_ssvc_namespace_count;
extern const char csaf_table_ssvc_names[];
extern const struct csaf_table_ssvc_point csaf_table_ssvc_points[];
extern const size_t csaf_table_ssvc_point_count;
extern const struct csaf_table_ssvc_value csaf_table_ssvc_values[];

/* registry.c */
struct csaf_table_translation {
    const char *language;
    const char *terms[5];
};
extern const struct csaf_id_system csaf_table_id_systems[];
extern const size_t csaf_table_id_system_count;
extern const struct csaf_table_translation csaf_table_translations[];
extern const size_t csaf_table_translation_count;

#endif
