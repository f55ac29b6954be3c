/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin log verify: the tree recomputed, the signature, the history. */
#include "base/encoding.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/output.h"
#include "centre/config.h"
#include "centre/init.h"
#include "cli/api.h"
#include "cli/log.h"
#include "cli/log_tree.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "crypto/note.h"
#include "journal/read.h"
#include "net/client.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SYSTEM_ANCHORS "/etc/ssl/certs/ca-certificates.crt"

enum { WITNESSES_MAX = 16, VKEY_FILE_MAX = 4096, PEM_LIMIT = 1 << 20, TILE_MAX = 16 << 10 };

struct verifying {
    const struct cli_args *args;
    struct http_client *client; /* NULL: the database is read */
    struct note_key key;
    bool has_kept;
    struct buf kept_text;
    struct checkpoint kept;
    struct buf head_text;
    struct note note;
    struct checkpoint head;
    size_t witnesses;
    struct progress progress;
    /* from the database only */
    bool from_database;
    struct journal_verified acts;
};

/* ---- whom to believe ---- */

/* A vkey itself, or a file whose first line it is. */
static int read_key(const char *text, struct note_key *key, struct err *e)
{
    struct buf file;
    int result = -1;

    if (strchr(text, '+') && file_kind(text) == 0)
        return note_key_parse(key, slice_str(text), e);
    buf_init(&file);
    if (file_read(text, VKEY_FILE_MAX, &file, e) == 0) {
        const uint8_t *end = file.len ? memchr(file.data, '\n', file.len) : NULL;
        result =
            note_key_parse(key, slice_of(file.data, end ? (size_t)(end - file.data) : file.len), e);
        if (result != 0)
            err_context(e, "%s", text);
    }
    buf_fini(&file);
    return result;
}

static int load_key(struct verifying *v, struct err *e)
{
    const char *given = cli_value(v->args, "key");
    char path[PATH_MAX];

    if (!given && cli_value(v->args, "url")) {
        err_set(e, ERR_USAGE, "cli.operands", NULL, "with --url, --key is needed too");
        return err_hint(e, "the journal's verifier key: HOME/trust/journal.vkey of that centre, "
                           "or trust.json of any proof pack");
    }
    snprintf(path, sizeof(path), "%s/trust/journal.vkey", cli_home(v->args));
    return read_key(given ? given : path, &v->key, e);
}

static int load_kept(struct verifying *v, struct err *e)
{
    const char *path = cli_value(v->args, "checkpoint");
    struct note note;

    if (!path)
        return 0;
    if (file_read(path, NOTE_MAX, &v->kept_text, e) != 0 ||
        checkpoint_read(&note, &v->kept, buf_slice(&v->kept_text), &v->key, slice_str(NULL), e) !=
            0)
        return err_context(e, "--checkpoint");
    v->has_kept = true;
    return 0;
}

/* ---- where from ---- */

static int open_client(struct verifying *v, struct err *e)
{
    const char *url = cli_value(v->args, "url");
    const char *ca = cli_value(v->args, "ca");
    struct tls_identity *identity = NULL;
    struct buf address;
    struct buf anchors;
    int result = -1;

    buf_init(&address);
    buf_init(&anchors);
    if (url)
        buf_puts(&address, url);
    if (!url) {
        buf_puts(&address, "unix:");
        api_put_socket(v->args, &address);
    }
    if (url && strncmp(url, "https://", 8) == 0) {
        if (file_read(ca ? ca : SYSTEM_ANCHORS, PEM_LIMIT, &anchors, e) != 0)
            goto out;
        const struct tls_identity_config config = {.anchors_pem = buf_slice(&anchors)};
        if (tls_identity_new(&identity, &config, e) != 0)
            goto out;
    }
    const struct http_client_config config = {
        .url = buf_text(&address), .identity = identity, .user_agent = "tocsin/" TOCSIN_VERSION};
    if (buf_check(&address, e) == 0)
        result = http_client_new(&v->client, &config, e);
out:
    tls_identity_free(identity);
    buf_fini(&address);
    buf_fini(&anchors);
    return result;
}

static int get(struct verifying *v, const char *path, size_t limit, struct buf *out, struct err *e)
{
    struct http_response response;
    char target[128];
    int result = -1;

    snprintf(target, sizeof(target), "/log/%s", path);
    const struct http_request request = {
        .method = "GET", .target = target, .response_limit = limit};
    http_response_init(&response);
    if (http_client_request(v->client, &request, &response, e) == 0) {
        if (response.status == 200) {
            buf_put_slice(out, buf_slice(&response.body));
            result = buf_check(out, e);
        } else {
            result = http_client_problem(&response, e);
        }
    }
    if (result != 0)
        err_where(e, "%s", target);
    http_response_fini(&response);
    return result;
}

static int get_tile(void *context, const char *path, struct buf *out, struct err *e)
{
    return get(context, path, TILE_MAX, out, e);
}

static void show_progress(void *context, uint64_t done)
{
    progress_to(&((struct verifying *)context)->progress, done);
}

/* ---- what must hold ---- */

static int check_witnesses(struct verifying *v, struct err *e)
{
    const char *text;

    for (size_t i = 0; (text = cli_value_at(v->args, "witness", i)); i++) {
        struct note_key key;
        if (i == WITNESSES_MAX)
            return err_set(e, ERR_USAGE, "cli.operands", NULL, "over %d witnesses", WITNESSES_MAX);
        if (read_key(text, &key, e) != 0)
            return -1;
        int found = note_verify(&v->note, &key, NULL, e);
        if (found == 0)
            return err_set(e, ERR_VERIFY, "log.not-witnessed", "C2SP tlog-cosignature",
                           "%s has not cosigned this head", key.name);
        if (found < 0)
            return -1;
        v->witnesses++;
    }
    return 0;
}

static int other_history(const struct verifying *v, struct err *e)
{
    err_set(e, ERR_VERIFY, "log.other-history", "RFC 9162 section 2.1.4",
            "the head of size %llu that you kept is no earlier state of this journal: its history "
            "was changed",
            (unsigned long long)v->kept.size);
    return err_hint(e, "keep both heads: together they are the proof");
}

static int check_roots(struct verifying *v, const uint8_t root[MERKLE_HASH],
                       const uint8_t kept_root[MERKLE_HASH], struct err *e)
{
    if (memcmp(root, v->head.root, MERKLE_HASH) != 0)
        return err_set(e, ERR_VERIFY, "log.root", "RFC 9162 section 2.1.1",
                       "the entries do not give the root that the checkpoint signs");
    if (v->has_kept && memcmp(kept_root, v->kept.root, MERKLE_HASH) != 0)
        return other_history(v, e);
    return 0;
}

static int verify_tiles(struct verifying *v, struct err *e)
{
    uint8_t root[MERKLE_HASH];
    uint8_t kept_root[MERKLE_HASH];

    if (checkpoint_read(&v->note, &v->head, buf_slice(&v->head_text), &v->key, slice_str(NULL),
                        e) != 0 ||
        check_witnesses(v, e) != 0)
        return -1;
    if (v->has_kept && v->kept.size > v->head.size)
        return other_history(v, e);
    const struct log_tree tree = {.fetch = get_tile,
                                  .progress = show_progress,
                                  .context = v,
                                  .size = v->head.size,
                                  .kept_size = v->has_kept ? v->kept.size : 0};
    progress_start(&v->progress, "entries", v->head.size);
    int result = log_tree_root(&tree, root, kept_root, e);
    progress_end(&v->progress);
    return result == 0 ? check_roots(v, root, kept_root, e) : -1;
}

/* A live database is never opened: only when there is nobody at all behind the socket. */
static bool nobody_listens(const struct verifying *v)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    bool nobody = false;
    struct buf path;

    buf_init(&path);
    api_put_socket(v->args, &path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && !path.failed && path.len < sizeof(address.sun_path)) {
        memcpy(address.sun_path, buf_text(&path), path.len);
        nobody = connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 &&
                 (errno == ENOENT || errno == ECONNREFUSED);
    }
    if (fd >= 0)
        close(fd);
    buf_fini(&path);
    return nobody;
}

/* ---- a centre that does not run: its database, with every act ---- */

static void database_progress(void *context, uint64_t done, uint64_t all)
{
    struct verifying *v = context;

    v->progress.all = all;
    progress_to(&v->progress, done);
}

static int verify_acts(struct verifying *v, struct db *db, struct err *e)
{
    uint8_t kept_root[MERKLE_HASH] = {0};
    struct journal_reader *reader;
    struct journal_head head;
    struct note_key key;
    uint64_t size = 0;
    int result = -1;

    if (journal_head(db, &head, e) != 0 || note_key_parse(&key, slice_str(head.vkey), e) != 0)
        return -1;
    if (key.id != v->key.id || memcmp(key.public_key, v->key.public_key, 32) != 0)
        return err_set(e, ERR_VERIFY, "log.key", NULL,
                       "the database's journal is signed by another key than the one given");
    progress_start(&v->progress, "acts", 0);
    int verified = journal_verify(db, database_progress, v, &v->acts, e);
    progress_end(&v->progress);
    if (verified != 0)
        return -1;
    reader = journal_reader_new(db, e);
    if (!reader)
        return -1;
    if (v->has_kept && v->kept.size > v->acts.size)
        result = other_history(v, e);
    else if (v->has_kept && journal_root_at(reader, v->kept.size, kept_root, e) != 0)
        result = -1;
    else if (v->has_kept && memcmp(kept_root, v->kept.root, MERKLE_HASH) != 0)
        result = other_history(v, e);
    else
        result = journal_checkpoint_latest(db, &v->head_text, &size, e) < 0 ? -1 : 0;
    journal_reader_free(reader);
    if (result == 0 && v->head_text.len > 0)
        result = checkpoint_read(&v->note, &v->head, buf_slice(&v->head_text), &v->key,
                                 slice_str(NULL), e) != 0 ||
                         check_witnesses(v, e) != 0
                     ? -1
                     : 0;
    return result;
}

static int verify_database(struct verifying *v, struct err *e)
{
    struct config *config = NULL;
    char path[PATH_MAX];
    struct db *db = NULL;
    char url[512];
    int result = -1;

    snprintf(path, sizeof(path), "%s/tocsin.conf", cli_home(v->args));
    v->from_database = true;
    if (config_load(&config, path, e) == 0 && centre_database_url(config, url, e) == 0 &&
        db_open(&db, url, DB_READ, e) == 0)
        result = verify_acts(v, db, e);
    db_close(db);
    config_free(config);
    return result;
}

/* ---- the answer ---- */

static void put_root(struct buf *b, const uint8_t root[MERKLE_HASH])
{
    buf_puts(b, "sha256:");
    hex_put(b, slice_of(root, MERKLE_HASH));
}

static void write_answer(const struct verifying *v)
{
    struct json_writer w;
    struct buf text;
    struct buf root;

    buf_init(&text);
    buf_init(&root);
    put_root(&root, v->from_database ? v->acts.root : v->head.root);
    json_write_init(&w, &text, 2);
    json_write_object(&w);
    json_member_bool(&w, "verified", true);
    json_member_string(&w, "origin", v->key.name);
    json_member_int(&w, "size", (int64_t)(v->from_database ? v->acts.size : v->head.size));
    json_member_slice(&w, "root", buf_slice(&root));
    json_member_int(&w, "signed", (int64_t)v->head.size);
    if (v->from_database) {
        json_member_int(&w, "forgotten", (int64_t)v->acts.forgotten);
        json_member_int(&w, "checkpoints", (int64_t)v->acts.checkpoints);
    }
    if (v->has_kept)
        json_member_int(&w, "continues", (int64_t)v->kept.size);
    json_member_int(&w, "witnesses", (int64_t)v->witnesses);
    json_write_object_end(&w);
    output_line(stdout, &text);
    buf_fini(&text);
    buf_fini(&root);
}

static void say_answer(const struct verifying *v)
{
    uint64_t size = v->from_database ? v->acts.size : v->head.size;
    struct buf root;

    buf_init(&root);
    put_root(&root, v->from_database ? v->acts.root : v->head.root);
    say_field("Journal", slice_str(v->key.name));
    say_field_number("Acts", (int64_t)size);
    say_field("Root", output_slice(stdout, &root));
    say_styled(stdout, SAY_GOOD, slice_str("verified"));
    if (v->from_database) {
        printf(": every act, every tile and %llu checkpoints of the database recomputed",
               (unsigned long long)v->acts.checkpoints);
        if (v->acts.forgotten)
            printf(" (%llu acts were deleted with their salts; their commitments stand)",
                   (unsigned long long)v->acts.forgotten);
    } else {
        fputs(": every entry and tile recomputed, under the journal's signature", stdout);
    }
    puts(".");
    if (v->has_kept)
        printf("It continues the head of size %llu that you kept.\n",
               (unsigned long long)v->kept.size);
    if (v->witnesses)
        printf("%zu %s cosigned this head.\n", v->witnesses,
               v->witnesses == 1 ? "witness has" : "witnesses have");
    if (!v->has_kept && !v->witnesses)
        puts("Without an earlier head (--checkpoint) or a witness (--witness) this does not show\n"
             "that its history was never another one. --keep FILE keeps this head for next time.");
    buf_fini(&root);
}

static int verify(struct verifying *v, struct err *e)
{
    int result;

    if (load_key(v, e) != 0 || load_kept(v, e) != 0 || open_client(v, e) != 0)
        return -1;
    result = get(v, "checkpoint", NOTE_MAX, &v->head_text, e);
    if (result != 0 && !cli_value(v->args, "url") && nobody_listens(v)) {
        err_clear(e);
        buf_reset(&v->head_text);
        result = verify_database(v, e);
    } else if (result == 0) {
        result = verify_tiles(v, e);
    }
    const char *keep = cli_value(v->args, "keep");
    if (result == 0 && keep && v->head_text.len > 0)
        result = file_write(keep, buf_slice(&v->head_text), 0644, e);
    return result;
}

int log_verify(const struct cli_args *args)
{
    struct verifying *v = mem_new(1, sizeof(*v));
    struct err e = {0};
    int result;

    if (!v) {
        err_memory(&e);
        return say_fail(args, &e);
    }
    v->args = args;
    buf_init(&v->kept_text);
    buf_init(&v->head_text);
    if (verify(v, &e) != 0) {
        result = say_fail(args, &e);
    } else {
        (cli_flag(args, "json") ? write_answer : say_answer)(v);
        result = say_end(args, 0);
    }
    http_client_free(v->client);
    buf_fini(&v->kept_text);
    buf_fini(&v->head_text);
    mem_free(v);
    return result;
}
