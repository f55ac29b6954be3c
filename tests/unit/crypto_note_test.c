/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes, checkpoints, cosignatures (C2SP): the specification's examples, and every damage.
 */
#include "base/encoding.h"
#include "base/memory.h"
#include "crypto/merkle.h"
#include "crypto/note.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define DASH "\xE2\x80\x94 "

/* The example of C2SP signed-note. */
static const char example_key[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char example_note[] = "This is an example message.\n\n" DASH "example.com/foo "
                                   "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsY"
                                   "jOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

static void the_example_verifies(void **state)
{
    struct note_key key;
    struct note note;
    struct err e = {0};
    struct buf again;

    (void)state;
    assert_int_equal(note_key_parse(&key, slice_str(example_key), &e), 0);
    assert_string_equal(key.name, "example.com/foo");
    assert_int_equal(key.id, 0x530d903a);
    assert_int_equal(note_parse(&note, slice_str(example_note), &e), 0);
    assert_true(slice_is(note.text, "This is an example message.\n"));
    assert_int_equal(note.count, 1);
    assert_int_equal(note_verify(&note, &key, NULL, &e), 1);
    buf_init(&again);
    note_key_put(&again, &key);
    assert_string_equal(buf_text(&again), example_key);
    buf_fini(&again);
}

/* The note of C2SP's introduction: text with an empty line in it, and a name that is a path. */
static void text_may_hold_empty_lines(void **state)
{
    static const char text[] =
        "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n"
        "ed \xC3\xA8 subito sera.\n\n" DASH "quasimodo.example/salvatore "
        "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwN"
        "tIc=\n";
    struct note note;
    struct err e = {0};

    (void)state;
    assert_int_equal(note_parse(&note, slice_str(text), &e), 0);
    assert_int_equal(note.text.data[note.text.len - 2], '.');
    assert_int_equal(note.signatures[0].id, 0x367ba04b);
}

static void changed_bytes_are_refused(void **state)
{
    struct note_key key;
    struct note note;
    struct err e = {0};
    char text[sizeof example_note];

    (void)state;
    assert_int_equal(note_key_parse(&key, slice_str(example_key), &e), 0);
    for (size_t i = 0; i + 1 < sizeof example_note; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            err_clear(&e);
            memcpy(text, example_note, sizeof text);
            text[i] = (char)(text[i] ^ (1 << bit));
            if (note_parse(&note, slice_of(text, sizeof text - 1), &e) == 0 &&
                note_verify(&note, &key, NULL, &e) == 1)
                fail_msg("byte %zu bit %u", i, bit);
        }
}

static void malformed_notes(void **state)
{
    static const char *const bad[] = {
        "",
        "\n",
        "\n\n",
        "text",
        "text\n",
        "text\n\n",
        "text\n\n" DASH "n AAAAAAA=",
        "text\n\n- n AAAAAAA=\n",
        "text\n\n" DASH "n\n",
        "text\n\n" DASH " AAAAAAA=\n",
        "text\n\n" DASH "n AAAA\n",
        "text\n\n" DASH "n AAAAAAA\n",
        "text\n\n" DASH "n+ AAAAAAA=\n",
        "text\n\n" DASH "n AAAAAAA=\nmore\n",
        "te\txt\n\n" DASH "n AAAAAAA=\n",
        "te\xFFxt\n\n" DASH "n AAAAAAA=\n",
        "text\r\n\n" DASH "n AAAAAAA=\n",
        "text\n\n" DASH "n\xC2\xA0m AAAAAAA=\n",
    };
    struct note note;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e = {0};
        if (note_parse(&note, slice_str(bad[i]), &e) == 0)
            fail_msg("case %zu", i);
        assert_string_equal(e.code, "note.syntax");
    }
    struct err e = {0};
    assert_int_equal(note_parse(&note, slice_str("text\n\n" DASH "n AAAAAAA=\n"), &e), 0);
}

static void limits(void **state)
{
    struct buf text;
    struct note note;
    struct err e = {0};

    (void)state;
    buf_init(&text);
    buf_puts(&text, "t\n\n");
    for (int i = 0; i < NOTE_SIGNATURES_MAX; i++)
        buf_puts(&text, DASH "n AAAAAAA=\n");
    assert_int_equal(note_parse(&note, buf_slice(&text), &e), 0);
    assert_int_equal(note.count, NOTE_SIGNATURES_MAX);
    buf_puts(&text, DASH "n AAAAAAA=\n");
    assert_int_equal(note_parse(&note, buf_slice(&text), &e), -1);
    assert_string_equal(e.code, "note.size");
    buf_reset(&text);
    for (int i = 0; i <= NOTE_MAX; i++)
        buf_putc(&text, 'a');
    err_clear(&e);
    assert_int_equal(note_parse(&note, buf_slice(&text), &e), -1);
    assert_string_equal(e.code, "note.size");
    buf_fini(&text);
}

static void malformed_keys(void **state)
{
    static const char *const bad[] = {
        "",
        "+",
        "++",
        "example.com/foo",
        "example.com/foo+530d903a",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/fob+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
        "example.com/foo+530d903a+AOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d90+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "exa mple+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    };
    struct note_key key;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e = {0};
        if (note_key_parse(&key, slice_str(bad[i]), &e) == 0)
            fail_msg("case %zu", i);
        assert_string_equal(e.code, "note.vkey");
    }
}

struct pair {
    struct key *private_key;
    struct note_key key;
};

static struct pair make_pair(const char *name, enum note_type type)
{
    struct pair pair;
    uint8_t public_key[ED25519_PUBLIC_LEN];
    struct err e = {0};

    pair.private_key = key_generate(KEY_ED25519, &e);
    assert_non_null(pair.private_key);
    assert_int_equal(key_to_ed25519(pair.private_key, public_key, &e), 0);
    assert_int_equal(note_key_init(&pair.key, slice_str(name), type, public_key, &e), 0);
    return pair;
}

static void make_checkpoint(const struct pair *log, uint64_t size, const uint8_t root[32],
                            struct buf *note)
{
    struct err e = {0};
    struct buf text;

    buf_init(&text);
    checkpoint_put(&text, slice_str(log->key.name), size, root);
    buf_put_slice(note, buf_slice(&text));
    buf_putc(note, '\n');
    assert_int_equal(note_sign(note, buf_slice(&text), &log->key, log->private_key, &e), 0);
    buf_fini(&text);
}

static void checkpoints_with_cosignatures(void **state)
{
    struct pair log = make_pair("log.example/a", NOTE_ED25519);
    struct pair w[3] = {make_pair("w1.example", NOTE_COSIGNATURE),
                        make_pair("w2.example", NOTE_COSIGNATURE),
                        make_pair("w3.example", NOTE_COSIGNATURE)};
    struct note_key keys[4] = {w[0].key, w[1].key, w[2].key, w[0].key};
    const uint8_t root[32] = {1, 2, 3};
    struct checkpoint checkpoint;
    struct note note;
    struct buf text;
    struct err e = {0};
    uint64_t time;

    (void)state;
    buf_init(&text);
    make_checkpoint(&log, 42, root, &text);
    assert_int_equal(
        checkpoint_read(&note, &checkpoint, buf_slice(&text), &log.key, slice_of(NULL, 0), &e), 0);
    assert_int_equal(checkpoint.size, 42);
    assert_memory_equal(checkpoint.root, root, 32);
    struct buf body;
    buf_init(&body);
    buf_put_slice(&body, note.text);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(cosignature_sign(&text, buf_slice(&body), 1700000000 + i, &w[i].key,
                                          w[i].private_key, &e),
                         0);
    assert_int_equal(note_parse(&note, buf_slice(&text), &e), 0);
    assert_int_equal(note.count, 3);
    assert_int_equal(note_verify(&note, &w[1].key, &time, &e), 1);
    assert_int_equal(time, 1700000001);
    assert_int_equal(note_verify(&note, &w[2].key, &time, &e), 0);
    /* one witness, named twice or under two names, counts once */
    assert_int_equal(checkpoint_cosigned(&note, keys, 4, &e), 2);
    struct note_key alias = w[0].key;
    assert_int_equal(note_key_init(&alias, slice_str("w1-again.example"), NOTE_COSIGNATURE,
                                   w[0].key.public_key, &e),
                     0);
    struct note_key both[2] = {w[0].key, alias};
    assert_int_equal(checkpoint_cosigned(&note, both, 2, &e), 1);
    /* a key of type 0x01 is no witness */
    assert_int_equal(checkpoint_cosigned(&note, &log.key, 1, &e), 0);
    /* a cosignature with another time, another text */
    struct buf other;
    buf_init(&other);
    make_checkpoint(&log, 43, root, &other);
    buf_put_slice(&other, note.signatures[1].line);
    struct note forged;
    assert_int_equal(note_parse(&forged, buf_slice(&other), &e), 0);
    assert_int_equal(checkpoint_cosigned(&forged, keys, 3, &e), -1);
    assert_string_equal(e.code, "note.signature");
    err_clear(&e);
    /* the private key of somebody else makes no line */
    assert_int_equal(cosignature_sign(&other, buf_slice(&body), 5, &w[0].key, w[1].private_key, &e),
                     -1);
    err_clear(&e);
    assert_int_equal(cosignature_sign(&other, buf_slice(&body), 0, &w[0].key, w[0].private_key, &e),
                     -1);
    err_clear(&e);
    /* another log's checkpoint; nobody's */
    struct pair stranger = make_pair("log.example/b", NOTE_ED25519);
    assert_int_equal(
        checkpoint_read(&note, &checkpoint, buf_slice(&text), &stranger.key, slice_of(NULL, 0), &e),
        -1);
    assert_string_equal(e.code, "checkpoint.origin");
    err_clear(&e);
    struct pair impostor = make_pair("log.example/a", NOTE_ED25519);
    assert_int_equal(
        checkpoint_read(&note, &checkpoint, buf_slice(&text), &impostor.key, slice_of(NULL, 0), &e),
        -1);
    assert_string_equal(e.code, "checkpoint.unsigned");
    key_free(log.private_key);
    key_free(stranger.private_key);
    key_free(impostor.private_key);
    for (size_t i = 0; i < 3; i++)
        key_free(w[i].private_key);
    buf_fini(&text);
    buf_fini(&body);
    buf_fini(&other);
}

static void malformed_checkpoints(void **state)
{
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    static const char *const bad[] = {
        "",
        "origin\n",
        "origin\n5\n",
        "origin\n5\n" ROOT,
        "\n5\n" ROOT "\n",
        "origin\n05\n" ROOT "\n",
        "origin\n-5\n" ROOT "\n",
        "origin\n+5\n" ROOT "\n",
        "origin\n5 \n" ROOT "\n",
        "origin\n0x5\n" ROOT "\n",
        "origin\n9223372036854775808\n" ROOT "\n",
        "origin\n99999999999999999999\n" ROOT "\n",
        "origin\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "origin\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2\n",
        "origin\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2_=\n",
        "origin\n5\n" ROOT "\n\n",
        "origin\n5\n" ROOT "\nextension",
        "origin\n0\n" ROOT "\n",
    };
    struct checkpoint checkpoint;
    struct err e = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&e);
        if (checkpoint_parse(&checkpoint, slice_str(bad[i]), &e) == 0)
            fail_msg("case %zu", i);
        assert_string_equal(e.code, "checkpoint.syntax");
    }
    err_clear(&e);
    assert_int_equal(
        checkpoint_parse(&checkpoint,
                         slice_str("origin\n9223372036854775807\n" ROOT "\nextension\n"), &e),
        0);
    assert_true(slice_is(checkpoint.extensions, "extension\n"));
    assert_int_equal(
        checkpoint_parse(&checkpoint,
                         slice_str("origin\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"),
                         &e),
        0);
}

/* The same hash, read by two ways. */
static void hashes_in_base64(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        uint8_t hash[32], back[32];
        struct buf text, slow;
        for (size_t i = 0; i < 32; i++)
            hash[i] = (uint8_t)(round * 131 + i * i * 17 + (round >> 3));
        buf_init(&text);
        buf_init(&slow);
        base64_put(&text, slice_of(hash, 32));
        assert_true(note_hash_parse(buf_slice(&text), back));
        assert_memory_equal(hash, back, 32);
        /* one changed character: both ways agree on whether it is a hash */
        text.data[round % 44] = (uint8_t)(round % 97 + 30);
        bool fast_says = note_hash_parse(buf_slice(&text), back);
        bool slow_says = base64_parse(buf_slice(&text), &slow) == 0 && slow.len == 32;
        assert_int_equal(fast_says, slow_says);
        if (fast_says)
            assert_memory_equal(back, slow.data, 32);
        buf_fini(&text);
        buf_fini(&slow);
    }
}

static void torture(void **state)
{
    struct pair log = make_pair("log.example/a", NOTE_ED25519);
    struct pair w = make_pair("w.example", NOTE_COSIGNATURE);
    const uint8_t root[32] = {9};
    bool done = false;

    (void)state;
    for (long k = 0; !done; k++) {
        struct err e = {0};
        struct buf text, note_text;
        struct note note;
        struct checkpoint checkpoint;
        assert_true(k < 300);
        buf_init(&text);
        buf_init(&note_text);
        mem_fail_after(k);
        checkpoint_put(&text, slice_str(log.key.name), 7, root);
        buf_put_slice(&note_text, buf_slice(&text));
        buf_putc(&note_text, '\n');
        done = buf_check(&text, &e) == 0 &&
               note_sign(&note_text, buf_slice(&text), &log.key, log.private_key, &e) == 0 &&
               cosignature_sign(&note_text, buf_slice(&text), 1, &w.key, w.private_key, &e) == 0 &&
               checkpoint_read(&note, &checkpoint, buf_slice(&note_text), &log.key,
                               slice_of(NULL, 0), &e) == 0 &&
               checkpoint_cosigned(&note, &w.key, 1, &e) == 1;
        mem_fail_after(-1);
        if (!done)
            assert_int_equal(e.kind, ERR_MEMORY);
        buf_fini(&text);
        buf_fini(&note_text);
    }
    key_free(log.private_key);
    key_free(w.private_key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_verifies),
        cmocka_unit_test(text_may_hold_empty_lines),
        cmocka_unit_test(changed_bytes_are_refused),
        cmocka_unit_test(malformed_notes),
        cmocka_unit_test(limits),
        cmocka_unit_test(malformed_keys),
        cmocka_unit_test(checkpoints_with_cosignatures),
        cmocka_unit_test(malformed_checkpoints),
        cmocka_unit_test(hashes_in_base64),
        cmocka_unit_test(torture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
