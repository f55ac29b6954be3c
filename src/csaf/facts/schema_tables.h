/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the JSON schemas of CSAF as tables, made by tools/make_csaf_schema. */
#ifndef CSAF_SCHEMA_TABLES_H
#define CSAF_SCHEMA_TABLES_H

#include "base/json_schema.h"

/* CSAF 2.0 with CVSS 2.0, 3.0 and 3.1; CSAF 2.1 with these, CVSS 4.0, SSVC and extension contents.
 */
extern const struct json_schema_set csaf_schema_2_0;
extern const struct json_schema_set csaf_schema_2_1;

/* CSAF 2.1: an item of x_extensions, and what is published about an extension. */
extern const struct json_schema_set csaf_schema_extension_content;
extern const struct json_schema_set csaf_schema_extension_metadata;

/* What CSAF refers to. All sets share their patterns: a checker of one takes the root of another.
 */
extern const struct json_schema_set csaf_schema_cvss_2_0;
extern const struct json_schema_set csaf_schema_cvss_3_0;
extern const struct json_schema_set csaf_schema_cvss_3_1;
extern const struct json_schema_set csaf_schema_cvss_4_0;
extern const struct json_schema_set csaf_schema_ssvc;

/* What schemas of extensions may refer to: a URI, with a JSON pointer behind '#'. Ends with NULL.
 */
struct csaf_schema_part {
    const char *uri;
    const struct json_schema *schema;
};
extern const struct csaf_schema_part csaf_schema_parts[];

#endif
