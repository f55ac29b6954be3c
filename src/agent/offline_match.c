/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/offline_match.h"
#include "base/encoding.h"
#include "csaf/document.h"
#include "fleet/criteria.h"
#include "fleet/match.h"

void offline_print(FILE *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        bool control = byte < ' ' || byte == 0x7f;
        /* C1 controls in UTF-8: C2 80 to C2 9F */
        if (byte == 0xc2 && i + 1 < text.len && text.data[i + 1] < 0xa0) {
            control = true;
            i++;
        }
        fputc(control ? '?' : byte, out);
    }
}

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

static void print_remedies(FILE *out, const struct fleet_statement *statement)
{
    for (size_t i = 0; i < statement->remedy_count; i++) {
        const struct fleet_remedy *remedy = statement->remedies[i];
        fprintf(out, "    %s: ", csaf_remedy_name(remedy->category));
        offline_print(out, remedy->details);
        if (remedy->url.len) {
            fputs(" ", out);
            offline_print(out, remedy->url);
        }
        fputs("\n", out);
    }
}

static void print_statement(FILE *out, const struct fleet_statement *statement)
{
    fprintf(out, "  %-19s ", people(statement->status));
    offline_print(out, statement->vulnerability);
    fprintf(out, ", confidence %d\n", statement->confidence);
    for (size_t i = 0; i < statement->reason_count; i++) {
        fputs("    because: ", out);
        offline_print(out, statement->reasons[i].text);
        fputs("\n", out);
    }
    if (statement->status == FLEET_UNKNOWN && statement->decide.len) {
        fputs("    would be decided by: ", out);
        offline_print(out, statement->decide);
        fputs("\n", out);
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

static void write_results(struct json_writer *results, struct json_writer *report,
                          const uint8_t hash[32], const struct csaf_document *document,
                          const struct fleet_result *result)
{
    char text[HASH_TEXT];

    hash_text_format(hash, text);
    json_write_object(results);
    json_member_string(results, "document", text);
    json_write_name(results, "statements");
    fleet_result_write(results, result);
    json_write_object_end(results);

    json_write_object(report);
    json_member_string(report, "document", text);
    json_member_slice(report, "advisory", document->id);
    json_member_slice(report, "version", document->version);
    json_member_slice(report, "title", document->title);
    json_member_string(report, "status", fleet_status_name(result->status));
    json_write_name(report, "statements");
    fleet_result_write(report, result);
    json_write_object_end(report);
}

static void print_result(FILE *out, const struct csaf_document *document,
                         const struct fleet_result *result)
{
    if (!out || result->status == FLEET_NOT_LISTED)
        return;
    fprintf(out, "%-20s ", people(result->status));
    offline_print(out, document->id);
    fputs(": ", out);
    offline_print(out, document->title);
    fputs("\n", out);
    for (size_t i = 0; i < result->count; i++)
        print_statement(out, &result->statements[i]);
}

static int match_one(struct offline_matcher *m, struct slice text, const uint8_t hash[32],
                     struct json_writer *results, struct json_writer *report, struct err *e)
{
    struct csaf_document *document = NULL;
    struct fleet_criteria *criteria = NULL;
    struct fleet_result *result = NULL;
    int done = -1;

    if (csaf_load(&document, text, e) != 0)
        return -1;
    if (fleet_criteria_build(&criteria, document, e) == 0 &&
        fleet_match(&result, criteria, m->class, NULL, e) == 0) {
        count(m->found, apply_serial(result, m->serial));
        write_results(results, report, hash, document, result);
        print_result(m->out, document, result);
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
                          const uint8_t hash[32], struct json_writer *results,
                          struct json_writer *report, struct err *e)
{
    struct err why = {0};
    struct buf text;
    int result = 0;

    buf_init(&text);
    m->found->documents++;
    if (bundle_read(bundle, name, json_limits_advisory.bytes, &text, &why) != 1 ||
        match_one(m, buf_slice(&text), hash, results, report, &why) != 0) {
        char line[800];
        m->found->unreadable++;
        err_line(&why, line, sizeof(line));
        if (m->out) {
            fprintf(m->out, "unreadable           %s: ", name);
            offline_print(m->out, slice_str(line));
            fputs("\n", m->out);
        }
        if (why.kind == ERR_MEMORY)
            result = err_memory(e);
    }
    buf_fini(&text);
    return result;
}

int offline_match(struct offline_matcher *m, const struct bundle *bundle, struct err *e)
{
    struct json_writer results, report;

    json_write_init(&results, &m->results, 0);
    json_write_init(&report, &m->report, 0);
    json_write_array(&results);
    json_write_array(&report);
    for (size_t i = 0; i < bundle->count; i++) {
        uint8_t hash[32];
        if (is_advisory(bundle->files[i].name, hash) &&
            read_and_match(m, bundle, bundle->files[i].name, hash, &results, &report, e) != 0)
            return -1;
    }
    json_write_array_end(&results);
    json_write_array_end(&report);
    return buf_check(&m->results, e) == 0 ? buf_check(&m->report, e) : -1;
}
