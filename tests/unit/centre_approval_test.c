/* SPDX-License-Identifier: Apache-2.0 */
/* Consent of others, m of n, to a command by its hash: what counts, what does not, and only once.
 */
#include "centre/approval.h"
#include "base/encoding.h"
#include "centre/centre.h"
#include "centre/commands.h"
#include "centre/writer.h"
#include "journal/journal.h"
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
#define OTHER_ORG "org_00000000000000000000000001"

enum { ANNA, BERT, CORA, DORA, REGISTRAR, PEOPLE };

struct fixture {
    char folder[64];
    char url[96];
    struct db *db;
    struct journal *journal;
    struct writer *writer;
    struct centre centre;
    struct config config;
    struct clock clock;
    int64_t now;
    struct caller people[PEOPLE];
    char victims[4][ID_TEXT]; /* operators to be closed */
};

static int64_t tell_now(void *context)
{
    return ((struct fixture *)context)->now;
}

static void add_operator(struct fixture *f, const char *id, unsigned roles)
{
    struct err e = {0};

    assert_int_equal(db_run(f->db, &e, SQL_OPERATOR_INSERT, DB_TEXT(id), DB_TEXT(ORG), DB_NIL,
                            DB_INT(roles), DB_INT(0)),
                     1);
}

static void add_people(struct fixture *f)
{
    struct err e = {0};

    assert_int_equal(db_begin(f->db, &e), 0);
    assert_int_equal(db_run(f->db, &e, SQL_ORGANISATION_INSERT, DB_TEXT(ORG), DB_BOOL(false),
                            DB_INT(f->now), DB_INT(0)),
                     1);
    for (unsigned i = 0; i < PEOPLE; i++) {
        struct caller *c = &f->people[i];
        *c = (struct caller){.kind = CALLER_OPERATOR,
                             .roles = i == REGISTRAR ? ROLE_REGISTRAR : ROLE_ADMINISTRATOR};
        snprintf(c->id, sizeof(c->id), "opr_0000000000000000000000000%u", i);
        snprintf(c->organisation, sizeof(c->organisation), ORG);
        add_operator(f, c->id, c->roles);
    }
    for (unsigned i = 0; i < ARRAY_LEN(f->victims); i++) {
        snprintf(f->victims[i], ID_TEXT, "opr_0000000000000000000000001%u", i);
        add_operator(f, f->victims[i], ROLE_AUDITOR);
    }
    assert_int_equal(db_commit(f->db, &e), 0);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    const uint8_t raw[32] = {1};
    struct note_key key;
    struct err e = {0};

    assert_non_null(f);
    snprintf(f->folder, sizeof(f->folder), "/tmp/tocsin-approval-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->url, sizeof(f->url), "sqlite:%s/db", f->folder);
    f->now = clock_now(&clock_system);
    f->clock = (struct clock){.now = tell_now, .monotonic = tell_now, .context = f};
    f->config.approval_operator_close = 2;
    f->centre.config = &f->config;
    assert_int_equal(db_open(&f->db, f->url, DB_WRITE, &e), 0);
    assert_int_equal(db_migrate(f->db, 1, &e), 0);
    add_people(f);
    assert_int_equal(journal_open(&f->journal, f->db, &f->clock, &random_system, &e), 0);
    assert_int_equal(note_key_init(&key, slice_str("test/journal"), NOTE_ED25519, raw, &e), 0);
    assert_int_equal(db_begin(f->db, &e), 0);
    assert_int_equal(journal_begin(f->journal, f->db, &e), 0);
    assert_int_equal(journal_open_log(f->journal, f->db, &key, NULL, 0, &e), 0);
    assert_int_equal(journal_flush(f->journal, f->db, &e), 0);
    assert_int_equal(db_commit(f->db, &e), 0);
    journal_committed(f->journal);
    const struct writer_config config = {.centre = &f->centre,
                                         .database_url = f->url,
                                         .journal = f->journal,
                                         .clock = &f->clock,
                                         .random = &random_system,
                                         .organisation = ORG};
    assert_int_equal(writer_new(&f->writer, &config, &e), 0);
    assert_int_equal(writer_start(f->writer, &e), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    struct fixture *f = *state;
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
    free(f);
    return 0;
}

/* The code of the refusal; "" when it was carried out. */
static const char *run(struct fixture *f, unsigned who, const struct command_type *type,
                       const char *args, char approval[ID_TEXT])
{
    static char code[48];
    struct command command;
    struct err e = {0};

    command_init(&command, type, &f->people[who]);
    command.args = slice_str(args);
    int result = writer_run(f->writer, &command, &e);
    if (result == 0 && approval) {
        struct json_doc *doc = NULL;
        assert_int_equal(json_parse(&doc, buf_slice(&command.answer), NULL, &e), 0);
        struct slice id = json_get_string(json_root(doc), "approval");
        snprintf(approval, ID_TEXT, "%.*s", SLICE_ARG(id));
        json_doc_free(doc);
    }
    snprintf(code, sizeof(code), "%s", result == 0 ? "" : e.code);
    command_fini(&command);
    return code;
}

static const char *args_close(const struct fixture *f, unsigned victim)
{
    static char args[128];

    snprintf(args, sizeof(args), "{\"operator\":\"%s\"}", f->victims[victim]);
    return args;
}

static const char *close_it(struct fixture *f, unsigned who, unsigned victim)
{
    return run(f, who, &command_operator_close, args_close(f, victim), NULL);
}

static void ask(struct fixture *f, unsigned who, unsigned victim, const char *more,
                char approval[ID_TEXT])
{
    char args[256];

    snprintf(args, sizeof(args), "{\"type\":\"operator.close\",\"args\":%s%s}",
             args_close(f, victim), more);
    assert_string_equal(run(f, who, &command_approval_ask, args, approval), "");
}

static const char *say(struct fixture *f, unsigned who, const struct command_type *type,
                       const char *approval)
{
    char args[80];

    snprintf(args, sizeof(args), "{\"approval\":\"%s\"}", approval);
    return run(f, who, type, args, NULL);
}

static const char *give(struct fixture *f, unsigned who, const char *approval)
{
    return say(f, who, &command_approval_give, approval);
}

static bool is_closed(struct fixture *f, unsigned victim)
{
    struct err e = {0};
    struct db_query q;
    int found = db_find(&q, f->db, &e, SQL_OPERATOR_FIND, DB_TEXT(f->victims[victim]));
    bool closed = found == 1 && slice_is(db_slice(&q, 2), "closed");

    db_query_finish(&q);
    assert_int_equal(found, 1);
    return closed;
}

/* Two of n: not before both have consented, then once, and not for anything else */
static void two_of_n(void **state)
{
    struct fixture *f = *state;
    char approval[ID_TEXT];

    assert_string_equal(close_it(f, ANNA, 0), "centre.approval");
    ask(f, ANNA, 0, "", approval);
    assert_string_equal(close_it(f, ANNA, 0), "centre.approval");
    assert_string_equal(give(f, BERT, approval), "");
    assert_string_equal(close_it(f, ANNA, 0), "centre.approval");
    assert_string_equal(give(f, CORA, approval), "");
    assert_string_equal(close_it(f, ANNA, 1), "centre.approval"); /* other arguments */
    assert_string_equal(close_it(f, BERT, 0), "centre.approval"); /* who asked carries it out */
    assert_false(is_closed(f, 0));
    assert_string_equal(close_it(f, ANNA, 0), "");
    assert_true(is_closed(f, 0));
    assert_string_equal(close_it(f, ANNA, 0), "centre.approval"); /* used */
    assert_string_equal(give(f, DORA, approval), "centre.approval-over");
}

/* Consent that does not count */
static void who_may_not(void **state)
{
    struct fixture *f = *state;
    char approval[ID_TEXT];

    ask(f, ANNA, 0, "", approval);
    assert_string_equal(give(f, ANNA, approval), "centre.approval-own");
    assert_string_equal(give(f, BERT, approval), "");
    assert_string_equal(give(f, BERT, approval), "centre.approval-twice");
    assert_string_equal(give(f, REGISTRAR, approval), "centre.role");
    assert_string_equal(close_it(f, ANNA, 0), "centre.approval");
    struct caller cora = f->people[CORA];
    snprintf(f->people[CORA].organisation, ID_TEXT, OTHER_ORG);
    assert_string_equal(give(f, CORA, approval), "centre.not-found");
    f->people[CORA] = cora;
    assert_string_equal(give(f, CORA, "apr_00000000000000000000000000"), "centre.not-found");
    assert_string_equal(give(f, CORA, approval), "");
    assert_string_equal(close_it(f, ANNA, 0), "");
    /* somebody who may not ask for the command may not ask for consent to it either */
    char args[200];
    snprintf(args, sizeof(args), "{\"type\":\"operator.close\",\"args\":%s}", args_close(f, 1));
    assert_string_equal(run(f, REGISTRAR, &command_approval_ask, args, NULL), "centre.role");
}

/* An operator who was closed meanwhile has not consented */
static void closed_meanwhile(void **state)
{
    struct fixture *f = *state;
    char approval[ID_TEXT];
    struct err e = {0};

    ask(f, ANNA, 0, "", approval);
    assert_string_equal(give(f, BERT, approval), "");
    assert_string_equal(give(f, CORA, approval), "");
    assert_int_equal(db_begin(f->db, &e), 0);
    assert_int_equal(db_run(f->db, &e, SQL_OPERATOR_CLOSE, DB_TEXT(f->people[BERT].id)), 1);
    assert_int_equal(db_commit(f->db, &e), 0);
    assert_string_equal(close_it(f, ANNA, 0), "centre.approval");
    assert_string_equal(give(f, DORA, approval), "");
    assert_string_equal(close_it(f, ANNA, 0), "");
}

/* Not after its time, neither given nor used */
static void expired(void **state)
{
    struct fixture *f = *state;
    char early[ID_TEXT], late[ID_TEXT];

    ask(f, ANNA, 0, ",\"hours\":1", early);
    assert_string_equal(give(f, BERT, early), "");
    assert_string_equal(give(f, CORA, early), "");
    ask(f, ANNA, 1, ",\"hours\":1", late);
    f->now += INT64_C(3600) * 1000000 + 1;
    assert_string_equal(close_it(f, ANNA, 0), "centre.approval");
    assert_string_equal(give(f, BERT, late), "centre.approval-over");
    assert_false(is_closed(f, 0));
}

/* Whoever might consent may end it, and so may who asked; others not */
static void refused(void **state)
{
    struct fixture *f = *state;
    char approval[ID_TEXT];

    ask(f, ANNA, 0, "", approval);
    assert_string_equal(give(f, BERT, approval), "");
    assert_string_equal(give(f, CORA, approval), "");
    assert_string_equal(say(f, REGISTRAR, &command_approval_refuse, approval), "centre.role");
    assert_string_equal(say(f, DORA, &command_approval_refuse, approval), "");
    assert_string_equal(close_it(f, ANNA, 0), "centre.approval");
    assert_string_equal(say(f, DORA, &command_approval_refuse, approval), "centre.approval-over");
    ask(f, ANNA, 0, "", approval);
    assert_string_equal(say(f, ANNA, &command_approval_refuse, approval), "");
    assert_string_equal(give(f, BERT, approval), "centre.approval-over");
}

/* More is demanded than when it was asked for; and nobody can ask for less than is demanded */
static void demanded(void **state)
{
    struct fixture *f = *state;
    char approval[ID_TEXT];

    f->config.approval_operator_close = 1;
    ask(f, ANNA, 0, "", approval);
    assert_string_equal(give(f, BERT, approval), "");
    f->config.approval_operator_close = 2;
    assert_string_equal(close_it(f, ANNA, 0), "centre.approval");
    assert_string_equal(give(f, CORA, approval), "");
    assert_string_equal(close_it(f, ANNA, 0), "");
    ask(f, ANNA, 1, ",\"needed\":1", approval);
    assert_string_equal(give(f, BERT, approval), "");
    assert_string_equal(close_it(f, ANNA, 1), "centre.approval");
    f->config.approval_operator_close = 0;
    assert_string_equal(close_it(f, ANNA, 2), "");
    assert_int_equal(approvals_needed(&f->config, &command_operator_close), 0);
    assert_int_equal(approvals_needed(NULL, &command_advisory_publish), 0);
    f->config.approval_advisory_publish = 3;
    assert_int_equal(approvals_needed(&f->config, &command_advisory_publish), 3);
    assert_int_equal(approvals_needed(&f->config, &command_asset_remove), 0);
}

/* The hash is of the canonical arguments and the type: spelling does not count, all else does */
static void hashes(void **state)
{
    static const char *const spelt[] = {"{\"a\":1,\"b\":\"x\"}", "{ \"b\": \"\\u0078\", \"a\": 1 }",
                                        "{\"a\":2,\"b\":\"x\"}", "{\"a\":1,\"b\":\"x\",\"c\":0}"};
    uint8_t hash[ARRAY_LEN(spelt) + 1][32];
    struct err e = {0};
    struct buf content;

    (void)state;
    buf_init(&content);
    for (size_t i = 0; i < ARRAY_LEN(hash); i++) {
        struct json_doc *doc = NULL;
        const char *args = spelt[i < ARRAY_LEN(spelt) ? i : 0];
        assert_int_equal(json_parse(&doc, slice_str(args), NULL, &e), 0);
        buf_reset(&content);
        assert_int_equal(approval_content_hash(slice_str(i == ARRAY_LEN(spelt) ? "t.b" : "t.a"),
                                               json_root(doc), &content, hash[i], &e),
                         0);
        json_doc_free(doc);
    }
    assert_string_equal(buf_text(&content), "{\"args\":{\"a\":1,\"b\":\"x\"},\"type\":\"t.b\"}");
    buf_fini(&content);
    assert_memory_equal(hash[0], hash[1], 32);
    for (size_t i = 2; i < ARRAY_LEN(hash); i++)
        assert_memory_not_equal(hash[0], hash[i], 32);
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

/* Many at once, in one transaction even: one approval is one time */
static void at_once(void **state)
{
    enum { MANY = 50 };
    static const char add[] = "{\"name\":\"Emil\",\"roles\":\"auditor\"}";
    struct crowd crowd = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, MANY};
    struct command *commands = calloc(MANY, sizeof(*commands));
    struct fixture *f = *state;
    char approval[ID_TEXT], args[200];
    unsigned done = 0;

    assert_non_null(commands);
    f->config.approval_operator_add = 1;
    snprintf(args, sizeof(args), "{\"type\":\"operator.add\",\"args\":%s}", add);
    assert_string_equal(run(f, ANNA, &command_approval_ask, args, approval), "");
    assert_string_equal(give(f, BERT, approval), "");
    for (unsigned i = 0; i < MANY; i++) {
        command_init(&commands[i], &command_operator_add, &f->people[ANNA]);
        commands[i].args = slice_str(add);
        commands[i].done = one_ended;
        commands[i].context = &crowd;
    }
    for (unsigned i = 0; i < MANY; i++)
        writer_submit(f->writer, &commands[i]);
    pthread_mutex_lock(&crowd.lock);
    while (crowd.left > 0)
        pthread_cond_wait(&crowd.ended, &crowd.lock);
    pthread_mutex_unlock(&crowd.lock);
    for (unsigned i = 0; i < MANY; i++) {
        if (err_is_set(&commands[i].err))
            assert_string_equal(commands[i].err.code, "centre.approval");
        else
            done++;
        command_fini(&commands[i]);
    }
    assert_int_equal(done, 1);
    free(commands);
}

/* A command that fails leaves its approval as it was */
static void failed(void **state)
{
    struct fixture *f = *state;
    char approval[ID_TEXT];
    struct err e = {0};

    ask(f, ANNA, 0, "", approval);
    assert_string_equal(give(f, BERT, approval), "");
    assert_string_equal(give(f, CORA, approval), "");
    assert_int_equal(db_begin(f->db, &e), 0);
    assert_int_equal(db_run(f->db, &e, SQL_OPERATOR_CLOSE, DB_TEXT(f->victims[0])), 1);
    assert_int_equal(db_commit(f->db, &e), 0);
    assert_string_equal(close_it(f, ANNA, 0), "centre.operator-closed");
    assert_string_equal(close_it(f, ANNA, 0), "centre.operator-closed"); /* not "centre.approval" */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_of_n, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_may_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closed_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(expired, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(demanded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failed, set_up, tear_down),
        cmocka_unit_test(hashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
