/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/offline_match.h"
#include "base/encoding.h"
#include "base/output.h"
#include "csaf/document.h"
#include "fleet/alias_file.h"
#include "fleet/criteria.h"
#include "fleet/match.h"

void offline_put(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        bool control = byte < ' ' || byte == 0x7f;
        /* C1 controls in UTF-8: C2 80 to C2 9F */
        if (byte == 0xc2 && i + 1 < text.len && text.data[i + 1] < 0xa0) {
            control = true;
            i++;
        }
        buf_putc(out, control ? '?' : byte);
    }
}

void offline_print(FILE *out, struct slice text)
{
    struct buf safe;

    buf_init(&safe);
    offline_put(&safe, text);
    output_put(out, &safe);
    buf_fini(&safe);
}

/* What is printed for people, gathered by status: FLEET_NOT_LISTED (0) holds the unreadable. */
enum { RANKS = FLEET_NOT_AFFECTED + 1 };

static const char *people(enum fleet_status status)
{
    switch (status) {
    case FLEET_AFFECTED: return "AFFECTED";
    case FLEET_UNKNOWN: return "unknown";
    case FLEET_UNDER_INVESTIGATION: return "under investigation";
    case FLEET_FIXED: return "fixed";
    case FLEET_NOT_AFFECTED: return "not affected";
    case FLEET_NOT_LISTED: break;
    }
    return "not listed";
}

/* The order in which one status covers another (fleet/match.h, rule 4). */
static bool worse(enum fleet_status a, enum fleet_status b)
{
    return a != FLEET_NOT_LISTED && (b == FLEET_NOT_LISTED || a < b);
}

static void count(struct offline_found *found, enum fleet_status status)
{
    switch (status) {
    case FLEET_AFFECTED: found->affected++; break;
    case FLEET_UNKNOWN: found->unknown++; break;
    case FLEET_UNDER_INVESTIGATION: found->under_investigation++; break;
    case FLEET_FIXED: found->fixed++; break;
    case FLEET_NOT_AFFECTED: found->not_affected++; break;
    case FLEET_NOT_LISTED: found->not_listed++; break;
    }
}

static void print_remedies(struct buf *out, const struct fleet_statement *statement)
{
    for (size_t i = 0; i < statement->remedy_count; i++) {
        const struct fleet_remedy *remedy = statement->remedies[i];
        buf_printf(out, "    %s: ", csaf_remedy_name(remedy->category));
        offline_put(out, remedy->details);
        if (remedy->url.len) {
            buf_puts(out, " ");
            offline_put(out, remedy->url);
        }
        buf_puts(out, "\n");
    }
}

static void print_statement(struct buf *out, const struct fleet_statement *statement)
{
    buf_printf(out, "  %-19s ", people(statement->status));
    offline_put(out, statement->vulnerability);
    buf_printf(out, ", confidence %d\n", statement->confidence);
    for (size_t i = 0; i < statement->reason_count; i++) {
        buf_puts(out, "    because: ");
        offline_put(out, statement->reasons[i].text);
        buf_puts(out, "\n");
    }
    if (statement->status == FLEET_UNKNOWN && statement->decide.len) {
        buf_puts(out, "    would be decided by: ");
        offline_put(out, statement->decide);
        buf_puts(out, "\n");
    }
    if (statement->status == FLEET_AFFECTED)
        print_remedies(out, statement);
}

/* What the class's statements mean for this very device: serial numbers filter last. */
static enum fleet_status apply_serial(struct fleet_result *result, struct slice serial)
{
    enum fleet_status status = FLEET_NOT_LISTED;
    size_t kept = 0;

    for (size_t i = 0; i < result->count; i++) {
        struct fleet_statement *statement = &result->statements[i];
        enum fleet_status own = fleet_statement_for(statement, serial);
        if (own == FLEET_NOT_LISTED)
            continue;
        if (own != statement->status && own == FLEET_UNKNOWN)
            statement->decide = slice_str("nameplate.serial");
        statement->status = own;
        if (worse(own, status))
            status = own;
        result->statements[kept++] = *statement;
    }
    result->count = kept;
    result->status = status;
    return status;
}

static void print_result(struct buf *ranks, const struct csaf_document *document,
                         const struct fleet_result *result)
{
    struct buf *out = &ranks[result->status];

    if (result->status == FLEET_NOT_LISTED)
        return;
    buf_printf(out, "%-20s ", people(result->status));
    offline_put(out, document->id);
    buf_puts(out, ": ");
    offline_put(out, document->title);
    buf_puts(out, "\n");
    for (size_t i = 0; i < result->count; i++)
        print_statement(out, &result->statements[i]);
}

/* Both arrays and the lines, while they grow. */
struct output {
    struct json_writer results, report;
    struct buf ranks[RANKS];
};

static void write_results(struct output *o, const uint8_t hash[32],
                          const struct csaf_document *document, const struct fleet_result *result)
{
    char text[HASH_TEXT];

    hash_text_format(hash, text);
    json_write_object(&o->results);
    json_member_string(&o->results, "document", text);
    json_write_name(&o->results, "statements");
    fleet_result_write(&o->results, result);
    json_write_object_end(&o->results);

    json_write_object(&o->report);
    json_member_string(&o->report, "document", text);
    json_member_slice(&o->report, "advisory", document->id);
    json_member_slice(&o->report, "version", document->version);
    json_member_slice(&o->report, "title", document->title);
    json_member_string(&o->report, "status", fleet_status_name(result->status));
    json_write_name(&o->report, "statements");
    fleet_result_write(&o->report, result);
    json_write_object_end(&o->report);
}

static int match_one(struct offline_matcher *m, struct slice text, const uint8_t hash[32],
                     struct output *o, struct err *e)
{
    struct csaf_document *document = NULL;
    struct fleet_criteria *criteria = NULL;
    struct fleet_result *result = NULL;
    int done = -1;

    if (csaf_load(&document, text, e) != 0)
        return -1;
    if (fleet_criteria_build(&criteria, document, e) == 0 &&
        fleet_match(&result, criteria, m->class, &m->options, e) == 0) {
        count(m->found, apply_serial(result, m->serial));
        write_results(o, hash, document, result);
        print_result(o->ranks, document, result);
        done = 0;
    }
    fleet_result_free(result);
    fleet_criteria_free(criteria);
    csaf_free(document);
    return done;
}

static bool is_advisory(const char *name, uint8_t hash[32])
{
    static const char folder[] = "advisories/";
    size_t before = sizeof(folder) - 1;

    return strlen(name) == before + 64 + 5 && memcmp(name, folder, before) == 0 &&
           strcmp(name + before + 64, ".json") == 0 &&
           hex_parse(slice_of(name + before, 64), hash, 32) == 0;
}

static int read_and_match(struct offline_matcher *m, const struct bundle *bundle, const char *name,
                          const uint8_t hash[32], struct output *o, struct err *e)
{
    struct err why = {0};
    struct buf text;
    int result = 0;

    buf_init(&text);
    m->found->documents++;
    if (bundle_read(bundle, name, json_limits_advisory.bytes, &text, &why) != 1 ||
        match_one(m, buf_slice(&text), hash, o, &why) != 0) {
        char line[800];
        m->found->unreadable++;
        err_line(&why, line, sizeof(line));
        buf_printf(&o->ranks[FLEET_NOT_LISTED], "unreadable           %s: ", name);
        offline_put(&o->ranks[FLEET_NOT_LISTED], slice_str(line));
        buf_puts(&o->ranks[FLEET_NOT_LISTED], "\n");
        if (why.kind == ERR_MEMORY)
            result = err_memory(e);
    }
    buf_fini(&text);
    return result;
}

static int match_all(struct offline_matcher *m, const struct bundle *bundle, struct output *o,
                     struct err *e)
{
    json_write_array(&o->results);
    json_write_array(&o->report);
    for (size_t i = 0; i < bundle->count; i++) {
        uint8_t hash[32];
        if (is_advisory(bundle->files[i].name, hash) &&
            read_and_match(m, bundle, bundle->files[i].name, hash, o, e) != 0)
            return -1;
    }
    json_write_array_end(&o->results);
    json_write_array_end(&o->report);
    return buf_check(&m->results, e) == 0 ? buf_check(&m->report, e) : -1;
}

/* What the centre's operators have taught about names, so that both match alike. */
static int read_aliases(struct offline_matcher *m, const struct bundle *bundle,
                        struct fleet_aliases **aliases, struct err *e)
{
    struct buf text;

    m->options = fleet_options_default;
    buf_init(&text);
    int result = bundle_read(bundle, "aliases.json", FLEET_ALIAS_FILE_MAX, &text, e);
    if (result == 1)
        result = fleet_alias_file_read(buf_slice(&text), aliases, e);
    buf_fini(&text);
    m->options.aliases = *aliases;
    return result == 0 ? 0 : err_context(e, "aliases.json");
}

int offline_match(struct offline_matcher *m, const struct bundle *bundle, struct err *e)
{
    struct fleet_aliases *aliases = NULL;
    struct output o;
    int result;

    json_write_init(&o.results, &m->results, 0);
    json_write_init(&o.report, &m->report, 0);
    for (size_t i = 0; i < RANKS; i++)
        buf_init(&o.ranks[i]);
    result = read_aliases(m, bundle, &aliases, e);
    if (result == 0)
        result = match_all(m, bundle, &o, e);
    fleet_aliases_free(aliases);
    m->options.aliases = NULL;
    for (size_t i = 1; i <= RANKS && result == 0; i++)
        result = buf_check(&o.ranks[i % RANKS], e);
    for (size_t i = 1; i <= RANKS; i++) {
        if (result == 0 && m->out)
            output_put(m->out, &o.ranks[i % RANKS]);
        buf_fini(&o.ranks[i % RANKS]);
    }
    return result;
}
