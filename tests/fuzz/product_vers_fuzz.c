/* SPDX-License-Identifier: Apache-2.0 */
#include "product/native.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* One version in a range, both ways of asking: the order of the answer is no accident. */
static void ask(const struct product_vers *v, struct slice version)
{
    enum product_vers_in in = product_vers_contains(v, version);
    check(in <= PRODUCT_VERS_UNKNOWN);
    if (v->all)
        check(in == PRODUCT_VERS_IN);
    check(product_vers_overlap(v, v) != PRODUCT_VERS_OUT || v->none || v->count > 0);
}

/* What is written is canonical, or as wrong as it was; and writing it again changes nothing. */
static void rewrite(struct arena *a, const struct product_vers *v)
{
    struct err e = {0};
    struct product_vers again, simple;
    struct buf once, twice;
    buf_init(&once);
    buf_init(&twice);
    if (v->readable && product_vers_write(v, &once, &e) == 0 &&
        product_vers_read(a, buf_slice(&once), &again, &e) == 0) {
        check(v->canonical <= again.canonical);
        if (product_vers_write(&again, &twice, &e) == 0)
            check(slice_equal(buf_slice(&once), buf_slice(&twice)));
    }
    err_clear(&e);
    if (v->readable && product_vers_simplify(a, v, &simple, &e) == 0)
        for (size_t i = 0; i < simple.finding_count; i++)
            check(simple.findings[i].fault != PRODUCT_VERS_SEQUENCE &&
                  simple.findings[i].fault != PRODUCT_VERS_ORDER);
    buf_fini(&once);
    buf_fini(&twice);
}

static void orders(struct slice x, struct slice y)
{
    const struct product_scheme *scheme;
    for (size_t i = 0; (scheme = product_scheme_at(i)); i++) {
        struct product_version_key key[2];
        struct err e = {0};
        struct buf b[2];
        enum product_order there = product_version_compare(scheme, x, y);
        enum product_order back = product_version_compare(scheme, y, x);
        check(there == PRODUCT_NO_ORDER ? back == PRODUCT_NO_ORDER : (int)there == -(int)back);
        buf_init(&b[0]);
        buf_init(&b[1]);
        bool good = product_version_key(scheme, x, &b[0], &key[0], &e) == 0;
        check(good == scheme->valid(x) || e.kind == ERR_MEMORY);
        if (good && product_version_key(scheme, y, &b[1], &key[1], &e) == 0 && !key[0].doubtful &&
            !key[1].doubtful && there != PRODUCT_NO_ORDER) {
            int bytes = slice_compare(buf_slice(&b[0]), buf_slice(&b[1]));
            check((int)there == (bytes > 0) - (bytes < 0));
        }
        buf_fini(&b[0]);
        buf_fini(&b[1]);
    }
}

/* "vers:text\nversion\nversion": read, asked, rewritten; also as a native range of every type. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice part[3] = {{0}};
    size_t start = 0, count = 0;
    for (size_t i = 0; i <= size && count < 3; i++)
        if (i == size || data[i] == '\n') {
            part[count++] = slice_of(data + start, i - start);
            start = i + 1;
        }
    struct arena a;
    struct err e = {0};
    struct product_vers v;
    arena_init(&a, 1 << 24);
    if (product_vers_read(&a, part[0], &v, &e) == 0) {
        check(v.canonical ? v.readable : v.finding_count > 0);
        ask(&v, part[1]);
        rewrite(&a, &v);
    }
    if (product_vls_read(&a, part[0], &v, &e) == 0)
        ask(&v, part[1]);
    const struct product_scheme *scheme;
    for (size_t i = 0; (scheme = product_scheme_at(i)); i++) {
        err_clear(&e);
        if (product_native_read(&a, slice_str(scheme->name), part[0], &v, &e) == 0) {
            check(v.ordered);
            ask(&v, part[1]);
        }
    }
    orders(part[1], part[2]);
    arena_fini(&a);
    return 0;
}
