/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin-prose as it is asked: by several threads, too much, and when memory fails. What a program
 * that lies does, tests/scenario/csaf_outside.py tries. */
#include "prose/client.h"
#include "base/memory.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct prose *fresh(unsigned processes)
{
    struct err e = {0};
    struct prose *p = prose_new(&(struct prose_options){.processes = processes}, &e);

    assert_non_null(p);
    return p;
}

static struct prose_answer ask(struct prose *p, enum prose_operation operation,
                               const char *language, const char *text)
{
    struct prose_answer answer;
    struct err e = {0};

    assert_int_equal(prose_ask(p, operation, slice_str(language), slice_str(text), &answer, &e), 0);
    return answer;
}

static void need_english(struct prose *p)
{
    if (ask(p, PROSE_SPELLS, "en-US", "").verdict != PROSE_RIGHT ||
        ask(p, PROSE_PARSES, "en-US", "").verdict != PROSE_RIGHT) {
        prose_free(p);
        print_message("skipped: no tocsin-prose, or no English\n");
        skip();
    }
}

static void words(void **state)
{
    (void)state;
    struct prose *p = fresh(1);

    need_english(p);
    assert_int_equal(ask(p, PROSE_WORD, "en-US", "security").verdict, PROSE_RIGHT);
    assert_int_equal(ask(p, PROSE_WORD, "en-US", "Security").verdict, PROSE_RIGHT);
    assert_int_equal(ask(p, PROSE_WORD, "en-US", "deserialization").verdict, PROSE_RIGHT);
    assert_int_equal(ask(p, PROSE_WORD, "en-US", "secruity").verdict, PROSE_WRONG);
    struct prose_answer nearest = ask(p, PROSE_NEAREST, "en-US", "secruity");
    assert_int_equal(nearest.verdict, PROSE_WRONG);
    assert_string_equal(nearest.text, "security");
    assert_int_equal(ask(p, PROSE_WORD, "en", "").verdict, PROSE_RIGHT);
    assert_int_equal(ask(p, PROSE_WORD, "en", "日本").verdict, PROSE_WRONG);
    prose_free(p);
}

static void languages(void **state)
{
    (void)state;
    static const char *const none[] = {"",
                                       "x-a",
                                       "../../etc",
                                       "en US",
                                       "en_US",
                                       "tlh-Latn",
                                       "a-very-long-tag-that-goes-on-and-on-and-on-and-on"};
    struct prose *p = fresh(1);

    need_english(p);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(ask(p, PROSE_SPELLS, none[i], "").verdict, PROSE_UNSUPPORTED);
        assert_int_equal(ask(p, PROSE_PARSES, none[i], "").verdict, PROSE_UNSUPPORTED);
    }
    assert_int_equal(ask(p, PROSE_SPELLS, "EN-gb", "").verdict, PROSE_RIGHT);
    assert_int_equal(ask(p, PROSE_PARSES, "de", "").verdict, PROSE_UNSUPPORTED);
    prose_free(p);
}

static void sentences(void **state)
{
    (void)state;
    struct prose *p = fresh(1);
    char text[PROSE_TEXT_MOST + 2];

    need_english(p);
    assert_int_equal(ask(p, PROSE_SENTENCE, "en", "The dog runs.").verdict, PROSE_RIGHT);
    assert_int_equal(ask(p, PROSE_SENTENCE, "en", "The dog a runs the.").verdict, PROSE_WRONG);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 5 == 4 ? ' ' : 'a';
    text[sizeof text - 1] = '\0'; /* too long to be asked */
    assert_int_equal(ask(p, PROSE_SENTENCE, "en", text).verdict, PROSE_UNDECIDED);
    assert_int_equal(ask(p, PROSE_SENTENCE, "en", "The dog runs.").verdict, PROSE_RIGHT);
    prose_free(p);
}

static void *ask_many(void *context)
{
    size_t *right = mem_new(1, sizeof *right);
    char word[20];

    for (int i = 0; right && i < 300; i++) {
        snprintf(word, sizeof word, "secruity%c", 'a' + i % 26);
        *right += ask(context, PROSE_WORD, "en", word).verdict == PROSE_WRONG;
        *right += ask(context, PROSE_WORD, "en", "security").verdict == PROSE_RIGHT;
    }
    return right;
}

static void threads(void **state)
{
    (void)state;
    enum { THREADS = 6 };
    struct prose *p = fresh(2);
    pthread_t ids[THREADS];

    need_english(p);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&ids[i], NULL, ask_many, p), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *right = NULL;
        assert_int_equal(pthread_join(ids[i], &right), 0);
        assert_non_null(right);
        assert_int_equal(*(size_t *)right, 600);
        mem_free(right);
    }
    prose_free(p);
}

static void no_program(void **state)
{
    (void)state;
    struct err e = {0};
    struct prose *p = prose_new(&(struct prose_options){.program = "/nonexistent/prose"}, &e);

    assert_non_null(p);
    for (int i = 0; i < 2; i++) {
        struct prose_answer answer = ask(p, PROSE_WORD, "en", "word");
        assert_int_equal(answer.verdict, PROSE_NO_CHECKER);
        assert_string_equal(answer.text, "tocsin-prose is not installed");
    }
    prose_free(p);
}

/* cat gives back what it is told, which is no answer. */
static void no_answer(void **state)
{
    (void)state;
    struct err e = {0};
    struct prose *p =
        prose_new(&(struct prose_options){.program = "/bin/cat", .timeout_ms = 500}, &e);

    assert_non_null(p);
    assert_int_equal(ask(p, PROSE_WORD, "en", "word").verdict, PROSE_UNDECIDED);
    assert_int_equal(ask(p, PROSE_WORD, "en", "other").verdict, PROSE_UNDECIDED);
    prose_free(p);
}

static void without_memory(void **state)
{
    (void)state;
    struct err e = {0};

    struct prose *p = fresh(1);
    need_english(p);
    prose_free(p);
    for (long k = 0; k < 100; k++) {
        struct prose_answer answer = {0};
        mem_fail_after(k);
        p = prose_new(&(struct prose_options){0}, &e);
        int rc =
            p ? prose_ask(p, PROSE_WORD, slice_str("en"), slice_str("secruity"), &answer, &e) : -1;
        bool failed = mem_has_failed();
        mem_fail_after(-1);
        if (rc < 0)
            assert_int_equal(e.kind, ERR_MEMORY);
        else
            assert_int_equal(answer.verdict, PROSE_WRONG);
        err_clear(&e);
        prose_free(p);
        if (!failed)
            return;
    }
    fail_msg("it always failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),          cmocka_unit_test(languages),  cmocka_unit_test(sentences),
        cmocka_unit_test(threads),        cmocka_unit_test(no_program), cmocka_unit_test(no_answer),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
