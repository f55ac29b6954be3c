/* SPDX-License-Identifier: Apache-2.0 */
/* Merkle trees (RFC 9162 section 2.1): known roots and proofs, and every pair of sizes up to 70. */
#include "base/encoding.h"
#include "base/memory.h"
#include "crypto/merkle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { LEAVES = 70 };

/* The eight inputs that the reference implementations of Certificate Transparency share. */
static const char *const inputs[8] = {"",
                                      "00",
                                      "10",
                                      "2021",
                                      "3031",
                                      "40414243",
                                      "5051525354555657",
                                      "606162636465666768696a6b6c6d6e6f"};

static const char *const roots[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

static void from_hex(const char *hex, uint8_t out[32])
{
    assert_int_equal(hex_parse(slice_str(hex), out, 32), 0);
}

static void input_leaf(size_t i, uint8_t out[32])
{
    uint8_t data[16];
    size_t len = strlen(inputs[i]) / 2;

    assert_int_equal(hex_parse(slice_str(inputs[i]), data, len), 0);
    assert_int_equal(merkle_leaf(slice_of(data, len), out), 0);
}

/* The definition of RFC 9162 section 2.1.1, word by word: another way than the code's. */
static void root_by_definition(uint8_t (*leaves)[32], size_t n, uint8_t out[32])
{
    uint8_t left[32], right[32];
    size_t k = 1;

    if (n == 0) {
        assert_int_equal(merkle_empty_root(out), 0);
        return;
    }
    if (n == 1) {
        memcpy(out, leaves[0], 32);
        return;
    }
    while (k * 2 < n)
        k *= 2;
    root_by_definition(leaves, k, left);
    root_by_definition(leaves + k, n - k, right);
    assert_int_equal(merkle_node(left, right, out), 0);
}

static void fill(uint8_t leaves[LEAVES][32])
{
    for (size_t i = 0; i < LEAVES; i++)
        assert_int_equal(merkle_leaf(slice_of(&i, sizeof i), leaves[i]), 0);
}

static void known_roots(void **state)
{
    struct merkle_frontier f = {.size = 0};
    uint8_t root[32], expected[32], leaf[32];

    (void)state;
    for (size_t n = 0;; n++) {
        from_hex(roots[n], expected);
        assert_int_equal(merkle_frontier_root(&f, root), 0);
        assert_memory_equal(root, expected, 32);
        if (n == 8)
            break;
        input_leaf(n, leaf);
        assert_int_equal(merkle_frontier_append(&f, leaf), 0);
    }
}

static void known_proofs(void **state)
{
    static const struct {
        size_t index, size, n;
        const char *hashes[3];
    } inclusion[] = {
        {0,
         8,
         3,
         {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
        {5,
         8,
         3,
         {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
        {1,
         5,
         3,
         {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
    };
    uint8_t leaves[8][32], proof[MERKLE_PROOF_MAX][32], expected[32];
    struct err e = {0};
    size_t n;

    (void)state;
    for (size_t i = 0; i < 8; i++)
        input_leaf(i, leaves[i]);
    for (size_t i = 0; i < ARRAY_LEN(inclusion); i++) {
        assert_int_equal(merkle_inclusion_proof((const uint8_t(*)[32])leaves, inclusion[i].size,
                                                inclusion[i].index, proof, &n, &e),
                         0);
        assert_int_equal(n, inclusion[i].n);
        for (size_t j = 0; j < n; j++) {
            from_hex(inclusion[i].hashes[j], expected);
            assert_memory_equal(proof[j], expected, 32);
        }
    }
    /* consistency of 6 with 8 */
    static const char *const consistency[3] = {
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"};
    assert_int_equal(merkle_consistency_proof((const uint8_t(*)[32])leaves, 6, 8, proof, &n, &e),
                     0);
    assert_int_equal(n, 3);
    for (size_t j = 0; j < n; j++) {
        from_hex(consistency[j], expected);
        assert_memory_equal(proof[j], expected, 32);
    }
}

/* Every leaf of every size: the proof holds, and holds for nothing else. */
static void inclusion_property(void **state)
{
    static uint8_t leaves[LEAVES][32];
    uint8_t proof[MERKLE_PROOF_MAX][32], root[32];
    size_t n;

    (void)state;
    fill(leaves);
    for (size_t size = 1; size <= LEAVES; size++) {
        struct err e = {0};
        struct merkle_table *table = merkle_table_new((const uint8_t(*)[32])leaves, size, &e);
        assert_non_null(table);
        struct merkle_source source = merkle_table_source(table);
        root_by_definition(leaves, size, root);
        for (size_t i = 0; i < size; i++) {
            err_clear(&e);
            assert_int_equal(merkle_source_inclusion(&source, i, size, proof, &n, &e), 0);
            const uint8_t(*p)[32] = (const uint8_t(*)[32])proof;
            assert_int_equal(merkle_verify_inclusion(i, size, root, leaves[i], p, n, &e), 0);
            /* another leaf, place, size, length, hash */
            assert_int_equal(
                merkle_verify_inclusion(i, size, root, leaves[(i + 1) % LEAVES], p, n, &e), -1);
            assert_string_equal(e.code, "merkle.inclusion");
            for (size_t j = 0; j <= size; j++) {
                err_clear(&e);
                if (j != i)
                    assert_int_equal(merkle_verify_inclusion(j, size, root, leaves[i], p, n, &e),
                                     -1);
            }
            err_clear(&e);
            assert_int_equal(merkle_verify_inclusion(i, size, root, leaves[i], p, n + 1, &e), -1);
            if (n > 0) {
                err_clear(&e);
                assert_int_equal(merkle_verify_inclusion(i, size, root, leaves[i], p, n - 1, &e),
                                 -1);
                proof[n / 2][7] ^= 1;
                err_clear(&e);
                assert_int_equal(merkle_verify_inclusion(i, size, root, leaves[i], p, n, &e), -1);
            }
        }
        err_clear(&e);
        assert_int_equal(merkle_source_inclusion(&source, size, size, proof, &n, &e), -1);
        assert_string_equal(e.code, "merkle.range");
        merkle_table_free(table);
    }
}

/* Every pair of sizes. */
static void consistency_property(void **state)
{
    static uint8_t leaves[LEAVES][32];
    static uint8_t tree_roots[LEAVES + 1][32];
    uint8_t proof[MERKLE_PROOF_MAX][32], other[32];
    size_t n;

    (void)state;
    fill(leaves);
    for (size_t size = 0; size <= LEAVES; size++)
        root_by_definition(leaves, size, tree_roots[size]);
    for (size_t new_size = 0; new_size <= LEAVES; new_size++)
        for (size_t old_size = 0; old_size <= new_size; old_size++) {
            struct err e = {0};
            assert_int_equal(merkle_consistency_proof((const uint8_t(*)[32])leaves, old_size,
                                                      new_size, proof, &n, &e),
                             0);
            const uint8_t(*p)[32] = (const uint8_t(*)[32])proof;
            const uint8_t *old_root = tree_roots[old_size], *new_root = tree_roots[new_size];
            assert_int_equal(
                merkle_verify_consistency(old_size, old_root, new_size, new_root, p, n, &e), 0);
            assert_int_equal(
                merkle_verify_consistency(old_size, old_root, new_size, new_root, p, n + 1, &e),
                -1);
            assert_string_equal(e.code, "merkle.consistency");
            /* A tree that is said to be so large that its proof had to be longer. */
            err_clear(&e);
            if (old_size > 0)
                assert_int_equal(merkle_verify_consistency(old_size, old_root, new_size * 4 + 4,
                                                           new_root, p, n, &e),
                                 -1);
            memcpy(other, old_root, 32);
            other[0] ^= 0x80;
            err_clear(&e);
            assert_int_equal(
                merkle_verify_consistency(old_size, other, new_size, new_root, p, n, &e), -1);
            memcpy(other, new_root, 32);
            other[31] ^= 1;
            err_clear(&e);
            /* The empty tree is an earlier state of every tree. */
            assert_int_equal(
                merkle_verify_consistency(old_size, old_root, new_size, other, p, n, &e),
                old_size == 0 && new_size > 0 ? 0 : -1);
            if (n > 0) {
                err_clear(&e);
                assert_int_equal(
                    merkle_verify_consistency(old_size, old_root, new_size, new_root, p, n - 1, &e),
                    -1);
                proof[n - 1][0] ^= 1;
                err_clear(&e);
                assert_int_equal(
                    merkle_verify_consistency(old_size, old_root, new_size, new_root, p, n, &e),
                    -1);
            }
            err_clear(&e);
            if (new_size > old_size) {
                assert_int_equal(
                    merkle_verify_consistency(new_size, new_root, old_size, old_root, p, n, &e),
                    -1);
                err_clear(&e);
                assert_int_equal(merkle_consistency_proof((const uint8_t(*)[32])leaves, new_size,
                                                          old_size, proof, &n, &e),
                                 -1);
                assert_string_equal(e.code, "merkle.range");
            }
        }
}

static void frontier_as_bytes(void **state)
{
    static uint8_t leaves[LEAVES][32];
    struct merkle_frontier f = {.size = 0}, g;
    uint8_t bytes[MERKLE_FRONTIER_MAX], a[32], b[32];

    (void)state;
    fill(leaves);
    for (size_t i = 0; i < LEAVES; i++) {
        struct err e = {0};
        size_t len = merkle_frontier_write(&f, bytes);
        memset(&g, 0xAA, sizeof g);
        assert_int_equal(merkle_frontier_read(&g, slice_of(bytes, len), &e), 0);
        assert_int_equal(merkle_frontier_append(&g, leaves[i]), 0);
        assert_int_equal(merkle_frontier_append(&f, leaves[i]), 0);
        assert_int_equal(merkle_frontier_root(&f, a), 0);
        assert_int_equal(merkle_frontier_root(&g, b), 0);
        assert_memory_equal(a, b, 32);
        root_by_definition(leaves, i + 1, b);
        assert_memory_equal(a, b, 32);
        assert_int_equal(merkle_frontier_read(&g, slice_of(bytes, len + 1), &e), -1);
        assert_string_equal(e.code, "merkle.frontier");
        err_clear(&e);
        assert_int_equal(merkle_frontier_read(&g, slice_of(bytes, 7), &e), -1);
    }
}

/* Memory that fails is said, and nothing leaks. */
static void torture(void **state)
{
    static uint8_t leaves[LEAVES][32];
    uint8_t proof[MERKLE_PROOF_MAX][32];
    size_t n;
    bool done = false;

    (void)state;
    fill(leaves);
    for (long k = 0; !done; k++) {
        struct err e = {0};
        assert_true(k < 100);
        mem_fail_after(k);
        done =
            merkle_consistency_proof((const uint8_t(*)[32])leaves, 3, LEAVES, proof, &n, &e) == 0;
        mem_fail_after(-1);
        if (!done)
            assert_int_equal(e.kind, ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_roots),        cmocka_unit_test(known_proofs),
        cmocka_unit_test(inclusion_property), cmocka_unit_test(consistency_property),
        cmocka_unit_test(frontier_as_bytes),  cmocka_unit_test(torture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
