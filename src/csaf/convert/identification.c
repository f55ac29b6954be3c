/* SPDX-License-Identifier: Apache-2.0 */
/* product_identification_helper: what identifies a product. */
#include "csaf/convert/convert_internal.h"

static struct slice lower(struct converter *c, struct slice s)
{
    struct buf b;
    buf_init(&b);
    for (size_t i = 0; i < s.len; i++)
        buf_putc(&b, s.data[i] >= 'A' && s.data[i] <= 'Z' ? s.data[i] | 0x20 : s.data[i]);
    return convert_slice(c, &b);
}

static void cpe(struct converter *c, struct node *helper)
{
    struct node *n = node_get(helper, "cpe");
    if (!n || convert_cpe_is_valid(node_text(n)))
        return;
    convert_tell(c, CSAF_CONVERT_LOSS, "cpe-invalid", n, "an invalid CPE was removed");
    (void)node_take(helper, "cpe");
}

/* CSAF 2.1 section 3.1.4.3.2: names as `openssl dgst -list` writes them. */
static const char *const algorithms[] = {
    "blake2b512", "blake2s256", "md4",      "md5",       "md5-sha1",   "mdc2",       "ripemd",
    "ripemd160",  "rmd160",     "sha1",     "sha224",    "sha256",     "sha3-224",   "sha3-256",
    "sha3-384",   "sha3-512",   "sha384",   "sha512",    "sha512-224", "sha512-256", "shake128",
    "shake256",   "sm3",        "ssl3-md5", "ssl3-sha1", "whirlpool"};

/* Without case, dashes, underscores and slashes: "SHA-256" and "sha_256" are sha256. But sha3-256
 * and sha512-256 keep what tells them apart, since no two names here fold to the same. */
static size_t fold(struct slice s, char *out, size_t room)
{
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t byte = s.data[i];
        if (byte == '-' || byte == '_' || byte == '/' || byte == ' ')
            continue;
        if (len == room)
            return 0;
        out[len++] = (char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
    }
    return len;
}

static const char *algorithm_known(struct slice name)
{
    char folded[16], other[16];
    size_t len = fold(name, folded, sizeof folded);
    for (size_t i = 0; len && i < ARRAY_LEN(algorithms); i++)
        if (fold(slice_str(algorithms[i]), other, sizeof other) == len &&
            memcmp(folded, other, len) == 0)
            return algorithms[i];
    return NULL;
}

static void file_hash(struct converter *c, struct node *n)
{
    struct node *algorithm = node_get(n, "algorithm"), *value = node_get(n, "value");
    const char *known = algorithm_known(node_text(algorithm));
    if (known) {
        node_set_text(c, n, "algorithm", slice_str(known), algorithm);
    } else if (algorithm && !c->options.keep_hash_names) {
        convert_tell(c, CSAF_CONVERT_WARNING, "hash-unknown", algorithm,
                     "an unknown hash algorithm was converted to lower case");
        node_set_text(c, n, "algorithm", lower(c, node_text(algorithm)), algorithm);
    }
    if (value)
        node_set_text(c, n, "value", lower(c, node_text(value)), value);
}

static void sort_hash(struct node *file)
{
    /* in one order, so that equal objects are seen to be equal */
    node_append(file, node_take(file, "algorithm"));
    node_append(file, node_take(file, "value"));
}

static void hashes(struct converter *c, struct node *helper)
{
    struct node *all = node_get(helper, "hashes");
    node_each(entry, all)
    {
        struct node *files = node_get(entry, "file_hashes");
        node_each(file, files)
        {
            file_hash(c, file);
            sort_hash(file);
        }
        (void)node_unique(c, files, "hash-duplicate", "this hash");
    }
    (void)node_unique(c, all, "hash-duplicate", "this list of hashes");
}

/* --- numbers that were implicitly open-ended --- */

static bool escaped(struct slice s, size_t at)
{
    bool odd = false;
    while (at > 0 && s.data[at - 1] == '\\') {
        odd = !odd;
        at--;
    }
    return odd;
}

static size_t count_stars(struct slice s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += s.data[i] == '*' && !escaped(s, i);
    return count;
}

struct numbers {
    const char *member;
    const char *what;
    const char *rule;
};

static struct slice number(struct converter *c, const struct node *n, const struct numbers *kind)
{
    struct slice old = n->text;
    struct buf b;
    buf_init(&b);
    for (size_t i = 0; i < old.len; i++) {
        uint8_t byte = old.data[i];
        if (byte == '\\' || (byte == '?' && c->options.escape_question) ||
            (byte == '*' && c->options.escape_star))
            buf_putc(&b, '\\');
        buf_putc(&b, byte);
    }
    bool open = old.len && old.data[old.len - 1] == '*' && !c->options.escape_star;
    if (!open && !c->options.whole_numbers) {
        buf_putc(&b, '*');
        convert_tell(c, CSAF_CONVERT_WARNING, kind->rule, n,
                     "a partial %s was detected and a star has been added", kind->what);
    }
    return convert_slice(c, &b);
}

static void numbers(struct converter *c, struct node *helper, const struct numbers *kind)
{
    struct node *all = node_get(helper, kind->member);
    struct node *n = node_is_container(all) ? all->in.first : NULL;
    if (!n)
        return;
    (void)node_unique(c, all, "duplicate", kind->what); /* as the original has them */
    n = all->in.first;
    all->in.first = all->in.last = NULL;
    while (n && !convert_failed(c)) {
        struct node *next = n->next;
        struct slice fresh = number(c, n, kind);
        if (count_stars(fresh) > 1)
            convert_tell(c, CSAF_CONVERT_LOSS, "multiple-stars", n,
                         "a %s with multiple stars was detected and removed", kind->what);
        else
            node_append(all, node_string(c, fresh, n));
        n = next;
    }
    (void)node_unique(c, all, "duplicate", kind->what); /* "A" and "A*" are the same now */
    if (node_empty(all))
        (void)node_take(helper, kind->member);
}

/* CSAF 2.1 wants the type in lower case, as a canonical purl has it. */
static void purl(struct converter *c, struct node *helper)
{
    struct node *n = node_take(helper, "purl");
    if (!n)
        return;
    struct slice old = node_text(n), fresh = old;
    const uint8_t *slash = old.len > 4 ? memchr(old.data + 4, '/', old.len - 4) : NULL;
    size_t type = slash ? (size_t)(slash - old.data) : 0;
    struct slice low = lower(c, slice_of(old.data, type));
    if (type && memcmp(low.data, old.data, type) != 0) {
        struct buf b;
        buf_init(&b);
        buf_put_slice(&b, low);
        buf_put(&b, old.data + type, old.len - type);
        fresh = convert_slice(c, &b);
        convert_tell(c, CSAF_CONVERT_WARNING, "purl-type", n,
                     "the type of a purl is lower case in CSAF 2.1: %.*s", SLICE_ARG(fresh));
    }
    struct node *purls = node_new(c, JSON_ARRAY, n);
    node_append(purls, node_string(c, fresh, n));
    node_set(helper, "purls", purls);
}

void convert_helper(struct converter *c, struct node *product)
{
    static const struct numbers kinds[] = {
        {"model_numbers", "model number", "partial-model-number"},
        {"serial_numbers", "serial number", "partial-serial-number"},
        {"skus", "stock keeping unit", "partial-sku"}};
    struct node *helper = node_get(product, "product_identification_helper");
    if (!helper)
        return;
    cpe(c, helper);
    hashes(c, helper);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        numbers(c, helper, &kinds[i]);
    purl(c, helper);
    (void)node_unique(c, node_get(helper, "sbom_urls"), "duplicate", "this URL");
    (void)node_unique(c, node_get(helper, "x_generic_uris"), "duplicate", "this URI");
    if (node_empty(helper))
        (void)node_take(product, "product_identification_helper");
}
