/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/validate/vectors.h"
#include "csaf/validate/validator.h"

/* A place a vector that hashes to it: whoever steers the hash only makes us read vectors again. */
static struct csaf_vector_place *place_of(struct csaf_vectors *known, struct slice text)
{
    uint64_t hash = text.len, word;

    for (size_t i = 0; i + 8 <= text.len; i += 8) {
        memcpy(&word, text.data + i, 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    return &known->places[hash % ARRAY_LEN(known->places)];
}

static void read_vector(struct slice text, struct csaf_vector *out)
{
    struct err e = {0};

    out->valid = csaf_cvss_parse(&out->cvss, text, &e) == 0 &&
                 csaf_cvss_score(&out->cvss, &out->scores) == 0;
}

const struct csaf_vector *csaf_vector_of(struct csaf_validation *v, const struct json_value *cvss)
{
    struct csaf_vectors *known = &v->validator->vectors;
    struct slice text = json_get_string(cvss, "vectorString");
    struct csaf_vector *vector = &known->too_long;

    if (!text.data)
        return NULL;
    if (text.len > sizeof known->places[0].text) {
        read_vector(text, vector);
    } else {
        struct csaf_vector_place *place = place_of(known, text);
        vector = &place->vector;
        if (!place->used || place->len != text.len ||
            memcmp(place->text, text.data, text.len) != 0) {
            memcpy(place->text, text.data, text.len);
            place->len = (uint8_t)text.len;
            place->used = true;
            read_vector(text, vector);
        }
    }
    return vector->valid ? vector : NULL;
}
