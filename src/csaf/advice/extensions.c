/* SPDX-License-Identifier: Apache-2.0 */
/* Informative: where a document has extensions, and how much they matter. */
#include "csaf/validate/extensions.h"

const char *const csaf_extension_paths[] = {
    "document.x_extensions",
    "product_tree.branches[]*.product.x_extensions",
    "product_tree.full_product_names[].x_extensions",
    "product_tree.product_paths[].full_product_name.x_extensions",
    "vulnerabilities[].metrics[].content.x_extensions",
    "vulnerabilities[].x_extensions",
    "x_extensions",
    NULL,
};

static void exists(struct csaf_validation *v, const struct json_value *extensions, void *context)
{
    (void)context;
    csaf_find(v, extensions, "there are extensions here (%zu); not every reader knows them",
              json_count(extensions));
}

/* Usage of Extension at Document Level */
void csaf_test_6_3_21_3(struct csaf_validation *v)
{
    csaf_visit(v, csaf_extension_paths[0], exists, NULL);
}

/* Usage of Extension in Product Tree Branch Path */
void csaf_test_6_3_21_4(struct csaf_validation *v)
{
    csaf_visit(v, csaf_extension_paths[1], exists, NULL);
}

/* Usage of Extension in Product Tree Full Product Names Path */
void csaf_test_6_3_21_5(struct csaf_validation *v)
{
    csaf_visit(v, csaf_extension_paths[2], exists, NULL);
}

/* Usage of Extension in Product Tree Product Paths Path */
void csaf_test_6_3_21_6(struct csaf_validation *v)
{
    csaf_visit(v, csaf_extension_paths[3], exists, NULL);
}

/* Usage of Extension in Vulnerabilities Metrics Path */
void csaf_test_6_3_21_7(struct csaf_validation *v)
{
    csaf_visit(v, csaf_extension_paths[4], exists, NULL);
}

/* Usage of Extension at Vulnerabilities Level */
void csaf_test_6_3_21_8(struct csaf_validation *v)
{
    csaf_visit(v, csaf_extension_paths[5], exists, NULL);
}

/* Usage of Extension at Root Level */
void csaf_test_6_3_21_9(struct csaf_validation *v)
{
    csaf_visit(v, csaf_extension_paths[6], exists, NULL);
}

static void essential(struct csaf_validation *v, const struct json_value *extensions, void *context)
{
    (void)context;
    if (!json_is(extensions, JSON_ARRAY))
        return;
    json_each(extension, extensions)
    {
        const struct json_value *category = json_get(extension, "category");
        if (slice_is(json_string(category), "essential"))
            csaf_find(v, category,
                      "the extension %s is essential: who does not know it misunderstands the "
                      "document",
                      csaf_quote(v, json_get_string(extension, "$schema")));
    }
}

/* Extension Category Essential */
void csaf_test_6_3_21_1(struct csaf_validation *v)
{
    csaf_visit_all(v, csaf_extension_paths, essential, NULL);
}
