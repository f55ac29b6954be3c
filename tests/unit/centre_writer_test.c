/* SPDX-License-Identifier: Apache-2.0 */
/* The writer on a database of its own: keys, refusals, commands that fail alone; callers' roles. */
#include "centre/writer.h"
#include "base/encoding.h"
#include "centre/commands.h"
#include "journal/journal.h"
#include "journal/read.h"
#include "store/db.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define ORG "org_00000000000000000000000000"

struct fixture {
    char folder[64];
    char url[96];
    struct db *db;
    struct journal *journal;
    struct writer *writer;
    struct caller operator;
};

/* Writes a setting and an act; with "fail" it does both, and then fails. */
static int set_run(struct command_run *run, struct err *e)
{
    struct slice name;
    bool fail;

    if (args_string(run->args, "name", 40, true, &name, e) != 0 ||
        args_bool(run->args, "fail", false, &fail, e) != 0 ||
        db_run(run->change.db, e, SQL_SETTING_SET, DB_SLICE(name), DB_TEXT("1")) < 0)
        return -1;
    struct json_writer *data = change_act(&run->change, "test.set", NULL);
    json_member_slice(data, "name", name);
    if (change_act_end(&run->change, NULL, e) != 0)
        return -1;
    json_member_slice(run->answer, "name", name);
    return fail ? err_set(e, ERR_CONFLICT, "test.failed", NULL, "as was asked for") : 0;
}

static const struct command_type set_type = {
    .name = "test.set", .roles = ROLE_COORDINATOR, .run = set_run};

static void open_all(struct fixture *f)
{
    struct note_key key;
    struct err e = {0};
    const uint8_t raw[32] = {1};

    *f = (struct fixture){.folder = "/tmp/tocsin-writer-XXXXXX"};
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->url, sizeof(f->url), "sqlite:%s/db", f->folder);
    assert_int_equal(db_open(&f->db, f->url, DB_WRITE, &e), 0);
    assert_int_equal(db_migrate(f->db, 1, &e), 0);
    assert_int_equal(journal_open(&f->journal, f->db, &clock_system, &random_system, &e), 0);
    assert_int_equal(note_key_init(&key, slice_str("test/journal"), NOTE_ED25519, raw, &e), 0);
    assert_int_equal(db_begin(f->db, &e), 0);
    assert_int_equal(journal_begin(f->journal, f->db, &e), 0);
    assert_int_equal(journal_open_log(f->journal, f->db, &key, NULL, 0, &e), 0);
    assert_int_equal(journal_flush(f->journal, f->db, &e), 0);
    assert_int_equal(db_commit(f->db, &e), 0);
    journal_committed(f->journal);
    const struct writer_config config = {.database_url = f->url,
                                         .journal = f->journal,
                                         .clock = &clock_system,
                                         .random = &random_system,
                                         .organisation = ORG};
    assert_int_equal(writer_new(&f->writer, &config, &e), 0);
    assert_int_equal(writer_start(f->writer, &e), 0);
    f->operator=(struct caller){
        .kind = CALLER_OPERATOR, .roles = ROLE_COORDINATOR, .everywhere = true};
    snprintf(f->operator.id, sizeof(f->operator.id), "opr_00000000000000000000000000");
    snprintf(f->operator.organisation, sizeof(f->operator.organisation), ORG);
}

static void close_all(struct fixture *f)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[128];

    writer_stop(f->writer);
    writer_free(f->writer);
    journal_close(f->journal);
    db_close(f->db);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        snprintf(path, sizeof(path), "%s/db%s", f->folder, ends[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(f->folder), 0);
}

static int ask(struct fixture *f, struct command *command, const char *args, const char *key,
               struct err *e)
{
    err_clear(e);
    command_init(command, &set_type, &f->operator);
    command->args = slice_str(args);
    snprintf(command->key, sizeof(command->key), "%s", key);
    return writer_run(f->writer, command, e);
}

static bool is_set(struct fixture *f, const char *name)
{
    struct db_query q;
    struct err e = {0};
    int found = db_find(&q, f->db, &e, SQL_SETTING_FIND, DB_TEXT(name));

    db_query_finish(&q);
    assert_true(found >= 0);
    return found == 1;
}

static uint64_t acts(struct fixture *f)
{
    struct journal_head head;
    struct err e = {0};

    assert_int_equal(journal_head(f->db, &head, &e), 0);
    return head.size;
}

/* DESIGN 4: a repeated command is answered again, and not done again */
static void keys(void **state)
{
    struct command first, again, other;
    struct fixture f;
    struct err e = {0};

    (void)state;
    open_all(&f);
    assert_int_equal(ask(&f, &first, "{\"name\":\"a\"}", "key-1", &e), 0);
    assert_false(first.repeated);
    assert_int_equal(acts(&f), 2);
    assert_int_equal(ask(&f, &again, "{ \"name\" : \"a\" }", "key-1", &e), 0);
    assert_true(again.repeated);
    assert_int_equal(again.act, first.act);
    assert_true(slice_equal(buf_slice(&again.answer), buf_slice(&first.answer)));
    assert_int_equal(acts(&f), 2);
    assert_int_equal(ask(&f, &other, "{\"name\":\"b\"}", "key-1", &e), -1);
    assert_string_equal(e.code, "centre.key-reused");
    assert_false(is_set(&f, "b"));
    command_fini(&first);
    command_fini(&again);
    command_fini(&other);
    close_all(&f);
}

/* DESIGN 4, 5: nothing of a command that fails happens, but its refusal is an act */
static void refusals(void **state)
{
    struct command command;
    struct fixture f;
    struct err e = {0};

    (void)state;
    open_all(&f);
    uint64_t before = acts(&f);
    assert_int_equal(ask(&f, &command, "{\"name\":\"lost\",\"fail\":true}", "", &e), -1);
    assert_string_equal(e.code, "test.failed");
    assert_false(is_set(&f, "lost"));
    assert_int_equal(acts(&f), before + 1);
    command_fini(&command);
    f.operator.roles = ROLE_AUDITOR;
    assert_int_equal(ask(&f, &command, "{\"name\":\"lost\"}", "", &e), -1);
    assert_int_equal(e.kind, ERR_DENIED);
    assert_false(is_set(&f, "lost"));
    assert_int_equal(acts(&f), before + 2);
    command_fini(&command);
    f.operator.roles = ROLE_COORDINATOR;
    assert_int_equal(ask(&f, &command, "{\"name\":", "", &e), -1);
    assert_int_equal(e.kind, ERR_INPUT);
    command_fini(&command);
    close_all(&f);
}

struct crowd {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    unsigned left;
};

static void one_ended(struct command *command)
{
    struct crowd *crowd = command->context;

    pthread_mutex_lock(&crowd->lock);
    crowd->left--;
    pthread_cond_signal(&crowd->ended);
    pthread_mutex_unlock(&crowd->lock);
}

/* DESIGN 4: one failing command of a batch fails alone */
static void alone(void **state)
{
    enum { MANY = 300 };
    struct crowd crowd = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, MANY};
    struct command *commands = calloc(MANY, sizeof(*commands));
    char(*args)[48] = calloc(MANY, sizeof(*args));
    struct writer_counters counters;
    struct fixture f;
    char name[8];

    (void)state;
    assert_true(commands && args);
    open_all(&f);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(args[i], sizeof(args[i]), "{\"name\":\"n%u\",\"fail\":%s}", i,
                 i % 7 == 0 ? "true" : "false");
        command_init(&commands[i], &set_type, &f.operator);
        commands[i].args = slice_str(args[i]);
        commands[i].done = one_ended;
        commands[i].context = &crowd;
    }
    for (unsigned i = 0; i < MANY; i++)
        writer_submit(f.writer, &commands[i]);
    pthread_mutex_lock(&crowd.lock);
    while (crowd.left > 0)
        pthread_cond_wait(&crowd.ended, &crowd.lock);
    pthread_mutex_unlock(&crowd.lock);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        assert_int_equal(err_is_set(&commands[i].err), i % 7 == 0);
        assert_int_equal(is_set(&f, name), i % 7 != 0);
        command_fini(&commands[i]);
    }
    writer_counters(f.writer, &counters);
    assert_int_equal(counters.commands, MANY);
    assert_int_equal(counters.refused, (MANY + 6) / 7);
    assert_true(counters.transactions < MANY); /* they went in together */
    close_all(&f);
    free(commands);
    free(args);
}

/* Roles: one of those asked for is enough; none is denied by name */
static void roles(void **state)
{
    struct caller caller = {.kind = CALLER_OPERATOR, .roles = ROLE_REGISTRAR | ROLE_AUDITOR};
    unsigned parsed = 0;
    struct err e = {0};
    char text[64];

    (void)state;
    assert_int_equal(caller_needs(&caller, ROLE_REGISTRAR | ROLE_ADMINISTRATOR, &e), 0);
    assert_int_equal(caller_needs(&caller, ROLE_COORDINATOR, &e), -1);
    assert_int_equal(e.kind, ERR_DENIED);
    roles_format(caller.roles, text);
    assert_string_equal(text, "registrar,auditor");
    err_clear(&e);
    assert_int_equal(roles_parse(slice_str(text), &parsed, &e), 0);
    assert_int_equal(parsed, caller.roles);
    assert_int_equal(roles_parse(slice_str("registrar,king"), &parsed, &e), -1);
    snprintf(caller.organisation, sizeof(caller.organisation), ORG);
    err_clear(&e);
    assert_int_equal(caller_acts_for(&caller, ORG, ORG, &e), 0);
    assert_int_equal(caller_acts_for(&caller, "org_11111111111111111111111111", ORG, &e), -1);
}

/* What approvals are given for: the command's own hash, whatever the spelling of its JSON */
static void hashes(void **state)
{
    static const char *const spelt[] = {"{\"a\":1,\"b\":\"x\"}", "{ \"b\": \"\\u0078\", \"a\": 1 }",
                                        "{\"a\":2,\"b\":\"x\"}"};
    uint8_t hash[ARRAY_LEN(spelt) + 2][32];
    struct err e = {0};
    struct buf text;

    (void)state;
    buf_init(&text);
    for (size_t i = 0; i < ARRAY_LEN(hash); i++) {
        struct json_doc *doc = NULL;
        const char *args = spelt[i < ARRAY_LEN(spelt) ? i : 0];
        assert_int_equal(json_parse(&doc, slice_str(args), NULL, &e), 0);
        buf_reset(&text);
        assert_int_equal(command_hash(i == 3 ? "opr_2" : "opr_1", i == 4 ? "t.other" : "t.set",
                                      json_root(doc), &text, hash[i], &e),
                         0);
        json_doc_free(doc);
    }
    buf_fini(&text);
    assert_memory_equal(hash[0], hash[1], 32);
    for (size_t i = 2; i < ARRAY_LEN(hash); i++)
        assert_memory_not_equal(hash[0], hash[i], 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),  cmocka_unit_test(refusals), cmocka_unit_test(alone),
        cmocka_unit_test(roles), cmocka_unit_test(hashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
