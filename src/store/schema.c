/* SPDX-License-Identifier: Apache-2.0 */
#include "store/schema.h"

#include "base/compiler.h"

const struct schema_version schema_versions[] = {
#define VERSION(version, name) {version, name},
#include "store/schema/versions.def"
#undef VERSION
};
const size_t schema_versions_count = ARRAY_LEN(schema_versions);
