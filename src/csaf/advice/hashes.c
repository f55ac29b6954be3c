/* SPDX-License-Identifier: Apache-2.0 */
/* Recommended and informative: hashes of files. */
#include "csaf/facts/registry.h"
#include "csaf/validate/tests.h"

#include <strings.h>

/* Calls visit for each file_hashes of each product. */
static void each_file(struct csaf_validation *v,
                      void (*visit)(struct csaf_validation *v, const struct json_value *file_hashes,
                                    const void *context),
                      const void *context)
{
    for (size_t i = 0; i < v->product_count; i++)
        json_each(hash, json_get(json_get(v->products[i].value, "product_identification_helper"),
                                 "hashes")) if (json_is(json_get(hash, "file_hashes"), JSON_ARRAY))
            visit(v, json_get(hash, "file_hashes"), context);
}

static bool is(struct slice text, const char *name)
{
    return text.len == strlen(name) && strncasecmp((const char *)text.data, name, text.len) == 0;
}

static void only_one(struct csaf_validation *v, const struct json_value *file_hashes,
                     const void *context)
{
    const char *weak = context;
    size_t of_it = 0;

    json_each(hash, file_hashes) of_it += is(json_get_string(hash, "algorithm"), weak);
    if (of_it > 0 && of_it == json_count(file_hashes)) {
        csaf_find(v, file_hashes, "%s is the only hash of this file; collisions are known", weak);
        csaf_suggest(v, "add a stronger hash, such as sha256");
    }
}

/* Use of MD5 As the Only Hash Algorithm */
void csaf_test_6_2_8(struct csaf_validation *v)
{
    each_file(v, only_one, "md5");
}

/* Use of SHA-1 As the Only Hash Algorithm */
void csaf_test_6_2_9(struct csaf_validation *v)
{
    each_file(v, only_one, "sha1");
}

static void too_short(struct csaf_validation *v, const struct json_value *file_hashes,
                      const void *context)
{
    enum { LEAST = 64 };
    (void)context;
    json_each(hash, file_hashes)
    {
        const struct json_value *value = json_get(hash, "value");
        if (json_is(value, JSON_STRING) && json_string(value).len < LEAST)
            csaf_find(v, value, "the hash has %zu hexadecimal digits; fewer than %d are weak",
                      json_string(value).len, LEAST);
    }
}

/* Use of Short Hash */
void csaf_test_6_3_5(struct csaf_validation *v)
{
    each_file(v, too_short, NULL);
}

static void algorithm_known(struct csaf_validation *v, const struct json_value *file_hashes,
                            const void *context)
{
    (void)context;
    json_each(hash, file_hashes)
    {
        const struct json_value *algorithm = json_get(hash, "algorithm");
        if (json_is(algorithm, JSON_STRING) && !csaf_hash_is_mentioned(json_string(algorithm))) {
            csaf_find(v, algorithm,
                      "the hash algorithm %s is not among those that the standard "
                      "mentions; tools may not know it",
                      csaf_quote(v, json_string(algorithm)));
        }
    }
}

/* Unknown Hash Algorithm */
void csaf_test_6_2_52(struct csaf_validation *v)
{
    each_file(v, algorithm_known, NULL);
}
