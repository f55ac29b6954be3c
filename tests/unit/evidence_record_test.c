/* SPDX-License-Identifier: Apache-2.0 */
/* Hash trees of evidence records (RFC 4998 section 4), small and large, and failing memory. */
#include "base/clock.h"
#include "base/memory.h"
#include "evidence/record/hash_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
/* after the above */
#include <cmocka.h>

static const struct evidence_hash *sha(const char *name)
{
    return evidence_hash_by_name(slice_str(name));
}

static struct evidence_hash_list *objects_new(size_t count, const struct evidence_hash *hash)
{
    struct evidence_hash_list *objects = calloc(count, sizeof *objects);
    struct slice *values = calloc(count, sizeof *values);
    uint8_t *bytes = malloc(count * hash->len);
    struct err e = {0};
    assert_true(objects && values && bytes);
    for (size_t i = 0; i < count; i++) {
        struct slice number = slice_of(&i, sizeof i);
        assert_int_equal(evidence_hash_of(hash, &number, 1, bytes + i * hash->len, &e), 0);
        values[i] = slice_of(bytes + i * hash->len, hash->len);
        objects[i] = (struct evidence_hash_list){.values = &values[i], .count = 1};
    }
    return objects;
}

static void objects_free(struct evidence_hash_list *objects)
{
    union {
        const uint8_t *in;
        void *out;
    } bytes = {.in = objects[0].values[0].data};
    free(bytes.out);
    free(objects[0].values);
    free(objects);
}

/* Section 4.3: an object's value is in the first list, and the lists lead to the root. */
static void check_reduced(const struct evidence_hash_tree *tree, const struct evidence_hash *hash,
                          const struct evidence_hash_list *object, size_t index)
{
    struct evidence_hash_list *lists;
    uint8_t root[EVIDENCE_HASH_MOST];
    struct arena arena;
    struct err e = {0};
    size_t count;
    arena_init(&arena, 0);
    assert_int_equal(evidence_hash_tree_reduce(tree, index, &arena, &lists, &count, &e), 0);
    if (count == 0) {
        assert_true(slice_equal(object->values[0], evidence_hash_tree_root(tree)));
    } else {
        assert_true(evidence_list_count(&lists[0], object->values[0]) >= 1);
        assert_int_equal(evidence_lists_root(hash, lists, count, false, root, &e), 0);
        assert_true(slice_equal(slice_of(root, hash->len), evidence_hash_tree_root(tree)));
        assert_true(lists[0].count > 1); /* never the list that is read in two ways */
    }
    arena_fini(&arena);
}

static void every_object_of_every_size(void **state)
{
    struct err e = {0};
    (void)state;
    for (size_t count = 1; count <= 70; count++) {
        const struct evidence_hash *hash = sha(count % 3 == 0 ? "SHA-512" : "sha256");
        struct evidence_hash_list *objects = objects_new(count, hash);
        struct evidence_hash_tree *tree = evidence_hash_tree_new(hash, objects, count, &e);
        assert_non_null(tree);
        for (size_t i = 0; i < count; i++)
            check_reduced(tree, hash, &objects[i], i);
        evidence_hash_tree_free(tree);
        objects_free(objects);
    }
}

/* Section 4.2.1 step 3: documents of a group are sorted, and hashed together first. */
static void groups_among_single_objects(void **state)
{
    const struct evidence_hash *hash = sha("SHA-384");
    struct evidence_hash_list *objects = objects_new(9, hash), mixed[4];
    struct err e = {0};
    (void)state;
    for (size_t i = 0, from = 0; i < 4; from += i++ + 1) { /* 1, 2, 3 and 3 documents */
        mixed[i].count = i < 3 ? i + 1 : 3;
        mixed[i].values = objects[0].values + from;
    }
    struct evidence_hash_tree *tree = evidence_hash_tree_new(hash, mixed, 4, &e);
    assert_non_null(tree);
    for (size_t i = 0; i < 4; i++)
        check_reduced(tree, hash, &mixed[i], i);
    evidence_hash_tree_free(tree);
    assert_null(evidence_hash_tree_new(hash, mixed, 0, &e));
    assert_string_equal(e.code, "record.empty");
    objects_free(objects);
}

static double seconds(void)
{
    return (double)clock_monotonic(&clock_system) / 1e6;
}

/* A hundred thousand objects, and ten thousand: ten times the work at most a bit over. */
static void large_trees_are_linear(void **state)
{
    const struct evidence_hash *hash = sha("SHA-256");
    double spent[2];
    struct err e = {0};
    struct rusage usage;
    (void)state;
    for (int large = 0; large < 2; large++) {
        size_t count = large ? 100000 : 10000;
        struct evidence_hash_list *objects = objects_new(count, hash);
        double begun = seconds();
        struct evidence_hash_tree *tree = evidence_hash_tree_new(hash, objects, count, &e);
        assert_non_null(tree);
        for (size_t i = 0; i < count; i++) {
            struct evidence_hash_list *lists;
            struct arena arena;
            size_t n;
            arena_init(&arena, 0);
            assert_int_equal(evidence_hash_tree_reduce(tree, i, &arena, &lists, &n, &e), 0);
            assert_true(n <= 17);
            arena_fini(&arena);
        }
        spent[large] = seconds() - begun;
        for (size_t i = 0; i < count; i += 997)
            check_reduced(tree, hash, &objects[i], i);
        evidence_hash_tree_free(tree);
        objects_free(objects);
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("measured: hash tree over 100,000 data objects, each reduced: %.2f s (10,000: %.2f s), "
           "%ld MiB at most\n",
           spent[1], spent[0], usage.ru_maxrss / 1024);
    assert_true(SANITIZED /* takes memory of its own */ || usage.ru_maxrss < 256 * 1024);
}

static void memory_runs_out(void **state)
{
    const struct evidence_hash *hash = sha("SHA-256");
    struct evidence_hash_list *objects = objects_new(20, hash);
    (void)state;
    for (long k = 0;; k++) {
        struct evidence_hash_list *lists;
        struct arena arena;
        struct err e = {0};
        size_t count;
        arena_init(&arena, 0);
        mem_fail_after(k);
        struct evidence_hash_tree *tree = evidence_hash_tree_new(hash, objects, 20, &e);
        int result = tree ? evidence_hash_tree_reduce(tree, 7, &arena, &lists, &count, &e) : -1;
        bool failed = mem_has_failed();
        mem_fail_after(-1);
        assert_true(result == 0 || (failed && e.kind == ERR_MEMORY));
        evidence_hash_tree_free(tree);
        arena_fini(&arena);
        if (!failed)
            break;
    }
    objects_free(objects);
}

/* 27037 row 48: which algorithms are made, which are called weak, and from when on */
static void algorithms(void **state)
{
    struct evidence_agility said = {.hash = sha("SHA-256"), .until = 42};
    (void)state;
    for (size_t i = 0; evidence_hash_at(i); i++) {
        const struct evidence_hash *hash = evidence_hash_at(i);
        assert_ptr_equal(evidence_hash_by_name(slice_str(hash->name)), hash);
        assert_ptr_equal(evidence_hash_by_oid(slice_of(hash->oid, hash->oid_len)), hash);
        assert_true(!hash->made || (hash->until == 0 && hash->strength >= 128));
    }
    assert_null(evidence_hash_by_name(slice_str("SHA-25")));
    assert_null(evidence_hash_by_oid(slice_str("")));
    assert_false(sha("SHA-1")->made);
    assert_int_equal(evidence_hash_until(sha("sha256"), &said, 1), 42);
    assert_int_equal(evidence_hash_until(sha("sha512"), &said, 1), 0);
    assert_int_equal(evidence_strength_until(112), evidence_hash_until(sha("SHA-224"), NULL, 0));
    assert_int_equal(evidence_strength_until(80), evidence_hash_until(sha("SHA-1"), NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_object_of_every_size),
        cmocka_unit_test(groups_among_single_objects),
        cmocka_unit_test(large_trees_are_linear),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(algorithms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
