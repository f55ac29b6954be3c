/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/csaf.h"
#include "cli/match.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/say.h"
#include "cli/match_unmatched.h"
#include "csaf/document.h"
#include "fleet/index.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH = 32, ADVISORY_LIMIT = 150 << 20, INVENTORY_LIMIT = 64 << 20 };

struct asset {
    char *name;
    struct fleet_inventory *inventory; /* NULL: owned by a table */
    struct slice serial;
    struct fleet_class *class;
    struct fleet_prepared *prepared; /* with --all */
};

struct tally {
    size_t advisories, refused;
    size_t by_status[FLEET_NOT_AFFECTED + 1];
};

struct match_run {
    char **advisories;
    size_t advisory_count;
    char **inventories;
    size_t inventory_count;
    struct asset *assets;
    size_t asset_count, asset_room;
    struct fleet_csv **tables;
    size_t table_count;
    struct fleet_aliases *aliases;
    struct fleet_options options;
    struct fleet_index *index; /* of the assets' classes, by number of the asset; NULL with --all */
    struct fleet_components *pool; /* with --unmatched: what the inventories have */
    bool json, all, explain, unmatched;
    struct json_writer writer;
    struct buf out;
    struct json_writer missed_writer; /* with --unmatched and --json */
    struct buf missed;
    struct tally tally;
};

static void complain(const char *what, const struct err *e)
{
    char line[1200];
    err_line(e, line, sizeof line);
    fputs("tocsin: ", stderr);
    say_text(stderr, slice_str(what));
    fputs(": ", stderr);
    say_text(stderr, slice_str(line));
    fputc('\n', stderr);
    if (e->hint[0]) {
        fputs("  ", stderr);
        say_text(stderr, slice_str(e->hint));
        fputc('\n', stderr);
    }
}

static int failed(const struct err *e)
{
    return say_failed("match", e);
}

static int short_of_memory(void)
{
    struct err e = {0};

    err_memory(&e);
    return failed(&e);
}

static int usage(const char *problem)
{
    fprintf(stderr,
            "tocsin: match: %s\n"
            "usage: tocsin match --inventory FILE... --advisories PATH... [--json] [--all]\n"
            "                    [--explain] [--unmatched] [--alias vendor:NAME=NAME] "
            "[--min-confidence N]\n",
            problem);
    return 2;
}

static int add_asset(struct match_run *m, const char *name, struct slice suffix,
                     struct fleet_inventory *inventory, bool owned, struct err *e)
{
    if (m->asset_count == m->asset_room) {
        size_t room = m->asset_room ? 2 * m->asset_room : 16;
        void *grown = mem_resize(m->assets, room, sizeof *m->assets);
        if (!grown)
            return err_memory(e);
        m->assets = grown;
        m->asset_room = room;
    }
    struct asset *a = &m->assets[m->asset_count];
    *a = (struct asset){.serial = inventory->nameplate.serial};
    struct buf text;
    buf_init(&text);
    if (suffix.len)
        buf_put_slice(&text, suffix);
    else
        buf_puts(&text, name);
    a->name = text.failed ? NULL : mem_strdup(buf_text(&text));
    buf_fini(&text);
    if (!a->name)
        return err_memory(e);
    if (fleet_class_build(&a->class, inventory, e) != 0) {
        mem_free(a->name);
        return -1;
    }
    a->inventory = owned ? inventory : NULL;
    m->asset_count++;
    return 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

static int add_table(struct match_run *m, const char *path, struct slice text, struct err *e)
{
    void *grown = mem_resize(m->tables, m->table_count + 1, sizeof(struct fleet_csv *));
    if (!grown)
        return err_memory(e);
    m->tables = grown;
    struct fleet_csv *table;
    if (fleet_csv_read(&table, text, NULL, e) != 0)
        return -1;
    m->tables[m->table_count++] = table;
    for (size_t i = 0; i < table->count; i++) {
        struct fleet_csv_row *row = &table->rows[i];
        if (!row->inventory) {
            complain(path, row->err);
            m->tally.refused++;
        } else if (add_asset(m, path, row->asset, row->inventory, false, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int read_inventory(struct match_run *m, const char *path, struct err *e)
{
    struct buf text;
    struct fleet_inventory_limits limits = fleet_inventory_limits_default;
    struct fleet_inventory *inventory = NULL;
    limits.bytes = INVENTORY_LIMIT;
    buf_init(&text);
    int result = file_read(path, INVENTORY_LIMIT, &text, e);
    if (result == 0 && ends_with(path, ".csv"))
        result = add_table(m, path, buf_slice(&text), e);
    else if (result == 0 && fleet_inventory_read(&inventory, buf_slice(&text), &limits, e) == 0) {
        result = add_asset(m, path, slice_of(NULL, 0), inventory, true, e);
        if (result != 0)
            fleet_inventory_free(inventory);
    } else if (result == 0) {
        result = -1;
    }
    buf_fini(&text);
    return result;
}

/* label, then text of others, then the end of the line */
static void print_line(const char *label, struct slice text)
{
    fputs(label, stdout);
    say_text(stdout, text);
    fputc('\n', stdout);
}

static void print_head(enum fleet_status status, int confidence,
                       const struct fleet_criteria *criteria, struct slice vulnerability,
                       const char *asset)
{
    if (confidence)
        printf("%-19s %3d%%  ", fleet_status_name(status), confidence);
    else
        printf("%-19s       ", fleet_status_name(status));
    say_text(stdout, criteria->id);
    fputs("  ", stdout);
    if (vulnerability.len) {
        say_text(stdout, vulnerability);
        fputs("  ", stdout);
    }
    print_line("", slice_str(asset));
}

static void print_reason(const struct fleet_reason *r)
{
    printf("    %s: ", r->rule);
    say_text(stdout, r->text);
    if (r->place.pointer) {
        printf(" (line %zu, ", r->place.line);
        say_text(stdout, slice_str(r->place.pointer));
        printf("%s%s)", r->clause ? "; " : "", r->clause ? r->clause : "");
    }
    fputc('\n', stdout);
}

static void print_statement(const struct match_run *m, const struct asset *asset,
                            const struct fleet_criteria *criteria, const struct fleet_statement *s,
                            enum fleet_status status)
{
    print_head(status, s->confidence, criteria, s->vulnerability, asset->name);
    if (status == FLEET_UNKNOWN && s->status != FLEET_UNKNOWN)
        printf("    would be decided by: nameplate.serial\n");
    else if (s->decide.len)
        print_line("    would be decided by: ", s->decide);
    if (s->flag.len)
        print_line("    justification: ", s->flag);
    for (size_t i = 0; m->explain && i < s->reason_count; i++)
        print_reason(&s->reasons[i]);
    for (size_t i = 0; m->explain && i < s->remedy_count; i++) {
        printf("    %s: ", csaf_remedy_name(s->remedies[i]->category));
        print_line("", s->remedies[i]->details);
    }
}

static void write_json(struct match_run *m, const struct asset *asset,
                       const struct fleet_criteria *criteria, const struct fleet_result *r,
                       enum fleet_status worst)
{
    struct json_writer *w = &m->writer;
    char class_text[FLEET_CLASS_TEXT];
    fleet_class_format(asset->class->digest, class_text);
    json_write_object(w);
    json_write_name(w, "advisory");
    json_write_object(w);
    json_member_slice(w, "id", criteria->id);
    json_member_slice(w, "namespace", criteria->namespace);
    json_member_slice(w, "version", criteria->version);
    json_write_object_end(w);
    json_member_string(w, "asset", asset->name);
    json_member_string(w, "class", class_text);
    if (r->nearest.target && r->count == 0) {
        json_write_name(w, "nearest");
        json_write_object(w);
        json_member_int(w, "confidence", r->nearest.confidence);
        json_member_slice(w, "product", r->nearest.target->label);
        if (r->nearest.step)
            json_member_string(w, "step", r->nearest.step);
        json_member_slice(w, "text", r->nearest.text);
        json_write_object_end(w);
    }
    json_write_name(w, "statements");
    fleet_result_write(w, r);
    json_member_string(w, "status", fleet_status_name(worst));
    json_write_object_end(w);
}

/* the order of the enumeration is the order of urgency; NOT_LISTED comes last */
static bool worse(enum fleet_status a, enum fleet_status b)
{
    if (a == FLEET_NOT_LISTED || b == FLEET_NOT_LISTED)
        return b == FLEET_NOT_LISTED && a != FLEET_NOT_LISTED;
    return a < b;
}

static void report_asset(struct match_run *m, const struct asset *asset,
                         const struct fleet_criteria *criteria, const struct fleet_result *r)
{
    enum fleet_status worst = FLEET_NOT_LISTED;
    for (size_t i = 0; i < r->count; i++) {
        enum fleet_status status = fleet_statement_for(&r->statements[i], asset->serial);
        if (worse(status, worst))
            worst = status;
    }
    m->tally.by_status[worst]++;
    if (m->json) {
        if (r->count || m->all)
            write_json(m, asset, criteria, r, worst);
        return;
    }
    for (size_t i = 0; i < r->count; i++) {
        enum fleet_status status = fleet_statement_for(&r->statements[i], asset->serial);
        if (status != FLEET_NOT_LISTED || m->all)
            print_statement(m, asset, criteria, &r->statements[i], status);
    }
    if (r->count == 0 && m->all) {
        print_head(FLEET_NOT_LISTED, 0, criteria, slice_of(NULL, 0), asset->name);
        if (r->nearest.target && m->explain) {
            print_line("    nearest: ", r->nearest.target->label);
            printf("    at %d%%: ", r->nearest.confidence);
            print_line("", r->nearest.text);
        }
    }
}

/* With --all each asset is matched by itself: only so what came nearest is known. */
static int match_each(struct match_run *m, const struct fleet_criteria *criteria, struct err *e)
{
    for (size_t i = 0; i < m->asset_count; i++) {
        struct asset *asset = &m->assets[i];
        struct fleet_result *r;
        if (!asset->prepared && fleet_prepare(&asset->prepared, asset->class, e) != 0)
            return -1;
        if (fleet_match_prepared(&r, criteria, asset->prepared, &m->options, e) != 0)
            return -1;
        report_asset(m, asset, criteria, r);
        fleet_result_free(r);
    }
    return 0;
}

static int by_asset(const void *x, const void *y)
{
    const struct fleet_hit *a = x, *b = y;
    return (a->id > b->id) - (a->id < b->id);
}

/* All assets at once; those that the advisory does not concern are not looked at. */
static int match_all(struct match_run *m, const struct fleet_criteria *criteria, struct err *e)
{
    struct fleet_hits *h;
    if (fleet_index_match(m->index, &h, criteria, &m->options, e) != 0)
        return -1;
    int result = 0;
    if (h->count)
        qsort(h->hits, h->count, sizeof *h->hits, by_asset);
    for (size_t i = 0; result == 0 && i < h->count; i++) {
        const struct asset *asset = &m->assets[h->hits[i].id];
        struct fleet_result *r;
        result = fleet_hits_result_for(h, h->hits[i].answer, asset->class, &r, e);
        if (result == 0)
            report_asset(m, asset, criteria, r);
        fleet_result_free(r);
    }
    m->tally.by_status[FLEET_NOT_LISTED] += m->asset_count - h->count;
    fleet_hits_free(h);
    return result;
}

static const char *asset_name(void *context, size_t number)
{
    const struct match_run *m = context;
    return m->assets[number].name;
}

static int read_advisory(struct match_run *m, const char *path, struct err *e)
{
    struct buf text;
    struct csaf_document *document = NULL;
    struct fleet_criteria *criteria = NULL;
    buf_init(&text);
    int result = -1;
    if (file_read(path, ADVISORY_LIMIT, &text, e) != 0 ||
        csaf_load(&document, buf_slice(&text), e) != 0 ||
        fleet_criteria_build(&criteria, document, e) != 0)
        goto out;
    csaf_say_essential(path, json_root(document->json));
    csaf_free(document);
    document = NULL;
    m->tally.advisories++;
    result = m->index ? match_all(m, criteria, e) : match_each(m, criteria, e);
    if (result == 0 && m->pool)
        unmatched_report(m->pool, criteria, &m->options, asset_name, m,
                         m->json ? &m->missed_writer : NULL);
out:
    fleet_criteria_free(criteria);
    csaf_free(document);
    buf_fini(&text);
    return result;
}

/* One bad document never stops the others; only memory does. */
static int one_advisory(struct match_run *m, const char *path, bool named, struct err *e)
{
    struct err why = {0};
    if (read_advisory(m, path, &why) == 0)
        return 0;
    if (why.kind == ERR_MEMORY) {
        *e = why;
        return err_context(e, "%s", path);
    }
    if (!named && strcmp(why.code, "csaf.not-csaf") == 0)
        return 0; /* a feed or an index beside the advisories */
    complain(path, &why);
    m->tally.refused++;
    return 0;
}

static int by_file_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int walk(struct match_run *m, const char *path, unsigned depth, struct err *e)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, by_file_name), result = 0;
    if (count < 0)
        return err_errno(e, errno, "file.open", "cannot read the folder %s", path);
    for (int i = 0; i < count; i++) {
        struct buf below;
        buf_init(&below);
        if (result == 0 && entries[i]->d_name[0] != '.') {
            buf_printf(&below, "%s/%s", path, entries[i]->d_name);
            result = buf_check(&below, e);
            int kind = result == 0 ? file_kind(buf_text(&below)) : 0;
            if (kind == 2 && depth < DEPTH)
                result = walk(m, buf_text(&below), depth + 1, e);
            else if (kind == 1 && ends_with(buf_text(&below), ".json"))
                result = one_advisory(m, buf_text(&below), false, e);
        }
        buf_fini(&below);
        free(entries[i]);
    }
    free(entries);
    return result;
}

/* "vendor:NAME=NAME" */
static int add_alias(struct match_run *m, const char *text, struct err *e)
{
    enum fleet_name_kind kind = FLEET_NAME_VENDOR;
    const char *rest = NULL;
    if (strncmp(text, "vendor:", 7) == 0)
        rest = text + 7;
    else if (strncmp(text, "product:", 8) == 0) {
        rest = text + 8;
        kind = FLEET_NAME_PRODUCT;
    }
    const char *equals = rest ? strchr(rest, '=') : NULL;
    if (!equals)
        return err_set(e, ERR_USAGE, "fleet.alias", NULL,
                       "\"%s\" is not vendor:NAME=NAME or product:NAME=NAME", text);
    if (!m->aliases && !(m->aliases = fleet_aliases_new()))
        return err_memory(e);
    m->options.aliases = m->aliases;
    return fleet_aliases_add(m->aliases, kind, slice_of(rest, (size_t)(equals - rest)),
                             slice_str(equals + 1), slice_str("given on the command line"), e);
}

/* An option takes all words up to the next option, so that a shell's FILE* works. */
static int words(int argc, char **argv, char ***out, size_t *count)
{
    char **at = *out;
    for (int i = optind - 1; i < argc && strncmp(argv[i], "--", 2) != 0; i++) {
        char **grown = mem_resize(at, *count + 1, sizeof *grown);
        if (!grown)
            return -1;
        at = *out = grown;
        at[(*count)++] = argv[i];
        optind = i + 1;
    }
    return 0;
}

static int parse(struct match_run *m, int argc, char **argv)
{
    static const struct option options[] = {{"inventory", required_argument, NULL, 'i'},
                                            {"advisories", required_argument, NULL, 'a'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"all", no_argument, NULL, 'A'},
                                            {"explain", no_argument, NULL, 'e'},
                                            {"unmatched", no_argument, NULL, 'u'},
                                            {"alias", required_argument, NULL, 'l'},
                                            {"min-confidence", required_argument, NULL, 'm'},
                                            {NULL, 0, NULL, 0}};
    optind = 1;
    opterr = 0;
    int option;
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        struct err e = {0};
        char *end;
        long number;
        switch (option) {
        case 'i':
            if (words(argc, argv, &m->inventories, &m->inventory_count) != 0)
                return short_of_memory();
            break;
        case 'a':
            if (words(argc, argv, &m->advisories, &m->advisory_count) != 0)
                return short_of_memory();
            break;
        case 'j': m->json = true; break;
        case 'A': m->all = true; break;
        case 'e': m->explain = true; break;
        case 'u': m->unmatched = true; break;
        case 'l':
            if (add_alias(m, optarg, &e) != 0)
                return e.kind == ERR_MEMORY ? failed(&e) : usage(e.text);
            break;
        case 'm':
            number = strtol(optarg, &end, 10);
            if (*end || end == optarg || number < 1 || number > 100)
                return usage("--min-confidence takes a number from 1 to 100");
            m->options.min_confidence = (int)number;
            break;
        default: return usage("there is no such option, or its value is missing");
        }
    }
    if (optind < argc)
        return usage("only options are expected");
    if (m->inventory_count == 0)
        return usage("no --inventory was given");
    if (m->advisory_count == 0)
        return usage("no --advisories were given");
    return 0;
}

static int make_pool(struct match_run *m, struct err *e)
{
    m->pool = fleet_components_new();
    if (!m->pool)
        return err_memory(e);
    for (size_t i = 0; i < m->asset_count; i++)
        if (fleet_components_add(m->pool, m->assets[i].class, i, e) != 0)
            return -1;
    return 0;
}

static int make_index(struct match_run *m, struct err *e)
{
    m->index = fleet_index_new();
    if (!m->index)
        return err_memory(e);
    for (size_t i = 0; i < m->asset_count; i++)
        if (fleet_index_add(m->index, i, m->assets[i].class, e) != 0)
            return -1;
    return 0;
}

static int run(struct match_run *m)
{
    struct err e = {0};
    for (size_t i = 0; i < m->inventory_count; i++) {
        if (read_inventory(m, m->inventories[i], &e) != 0) {
            complain(m->inventories[i], &e);
            return err_exit_code(e.kind);
        }
    }
    if ((!m->all && make_index(m, &e) != 0) || (m->unmatched && make_pool(m, &e) != 0))
        return failed(&e);
    if (m->json) {
        json_write_init(&m->writer, &m->out, 2);
        json_write_object(&m->writer);
        json_write_name(&m->writer, "results");
        json_write_array(&m->writer);
        json_write_init(&m->missed_writer, &m->missed, 0);
        json_write_array(&m->missed_writer);
    }
    for (size_t i = 0; i < m->advisory_count; i++) {
        int kind = file_kind(m->advisories[i]);
        int result = kind == 2 ? walk(m, m->advisories[i], 0, &e)
                               : one_advisory(m, m->advisories[i], true, &e);
        if (result != 0)
            return failed(&e);
    }
    const struct tally *t = &m->tally;
    size_t open = t->by_status[FLEET_AFFECTED] + t->by_status[FLEET_UNKNOWN] +
                  t->by_status[FLEET_UNDER_INVESTIGATION];
    if (m->json) {
        json_write_array_end(&m->writer);
        json_member_int(&m->writer, "advisories", (int64_t)t->advisories);
        json_member_int(&m->writer, "assets", (int64_t)m->asset_count);
        json_member_int(&m->writer, "refused", (int64_t)t->refused);
        if (m->unmatched) {
            json_write_array_end(&m->missed_writer);
            if (buf_check(&m->missed, &e) != 0)
                return failed(&e);
            json_write_name(&m->writer, "unmatched");
            json_write_raw(&m->writer, buf_slice(&m->missed));
        }
        json_write_object_end(&m->writer);
        output_line(stdout, &m->out);
    } else {
        say_count(stdout, (int64_t)m->asset_count, "asset", "assets");
        fputs(", ", stdout);
        say_count(stdout, (int64_t)t->advisories, "advisory", "advisories");
        printf(": %zu affected, %zu unknown, %zu under investigation, %zu fixed, %zu not affected, "
               "%zu not listed; %zu inputs refused\n",
               t->by_status[FLEET_AFFECTED], t->by_status[FLEET_UNKNOWN],
               t->by_status[FLEET_UNDER_INVESTIGATION], t->by_status[FLEET_FIXED],
               t->by_status[FLEET_NOT_AFFECTED], t->by_status[FLEET_NOT_LISTED], t->refused);
    }
    if (output_end(stdout, &e) != 0)
        return failed(&e);
    return open || t->refused ? 1 : 0;
}

int cli_match(int argc, char **argv)
{
    struct match_run m = {.options = fleet_options_default};
    buf_init(&m.out);
    buf_init(&m.missed);
    int result = parse(&m, argc, argv);
    if (result == 0)
        result = run(&m);
    for (size_t i = 0; i < m.asset_count; i++) {
        mem_free(m.assets[i].name);
        fleet_inventory_free(m.assets[i].inventory);
        fleet_prepared_free(m.assets[i].prepared);
        fleet_class_free(m.assets[i].class);
    }
    for (size_t i = 0; i < m.table_count; i++)
        fleet_csv_free(m.tables[i]);
    fleet_index_free(m.index);
    fleet_components_free(m.pool);
    mem_free(m.assets);
    mem_free(m.tables);
    mem_free(m.advisories);
    mem_free(m.inventories);
    fleet_aliases_free(m.aliases);
    buf_fini(&m.missed);
    buf_fini(&m.out);
    return result;
}
