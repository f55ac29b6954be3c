/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/report.h"
#include "base/file.h"
#include "base/memory.h"
#include "evidence/custody/holder.h"
#include "evidence/report/reporting.h"
#include "evidence/tool.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct reporting_bundle *add_bundle(struct reporting *r, const char *path,
                                           const char *exhibit, struct err *e)
{
    if (r->bundle_count == r->bundle_room) {
        size_t room = r->bundle_room ? 2 * r->bundle_room : 8;
        struct reporting_bundle *more = mem_resize(r->bundles, room, sizeof *more);
        if (!more) {
            err_memory(e);
            return NULL;
        }
        r->bundles = more;
        r->bundle_room = room;
    }
    struct reporting_bundle *b = &r->bundles[r->bundle_count];
    *b = (struct reporting_bundle){.exhibit = exhibit};
    if ((size_t)snprintf(b->path, sizeof b->path, "%s", path) >= sizeof b->path) {
        err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", path);
        return NULL;
    }
    size_t len = strlen(b->path);
    while (len > 1 && b->path[len - 1] == '/')
        b->path[--len] = 0;
    const char *name = strrchr(b->path, '/');
    snprintf(b->name, sizeof b->name, "%s", name ? name + 1 : b->path);
    r->bundle_count++;
    return b;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int visible_only(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Each entry of a folder in the order of its name; a folder that is not there is empty. */
static int each_entry(const char *folder,
                      int (*each)(struct reporting *r, const char *path, const char *name,
                                  void *context, struct err *e),
                      struct reporting *r, void *context, struct err *e)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, visible_only, by_name), result = 0;
    if (count < 0)
        return errno == ENOENT
                   ? 0
                   : err_errno(e, errno, "evidence.report", "%s cannot be read", folder);
    for (int i = 0; i < count; i++) {
        char path[4200];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (result == 0)
            result = each(r, path, entries[i]->d_name, context, e);
        free(entries[i]);
    }
    free(entries);
    return result;
}

static int take_bundle(struct reporting *r, const char *path, const char *name, void *context,
                       struct err *e)
{
    (void)name;
    return file_kind(path) == 2 && evidence_holder_kind(path) == EVIDENCE_HOLDER_BUNDLE &&
                   !add_bundle(r, path, context, e)
               ? -1
               : 0;
}

static int part_of_exhibit(struct reporting *r, const char *path, const char *name, struct err *e)
{
    struct reporting_file file;
    bool found, sound;
    paper_say(r->paper, PAPER_HEADING, "Exhibit %s", name);
    if (reporting_read(r, path, "exhibit.json", &file, e) != 0)
        return -1;
    if (file.root)
        reporting_facts(r, file.root, "", 0);
    else if (!file.broken)
        paper_say(r->paper, PAPER_BAD, "There is no description of this exhibit.");
    r->told->exhibits++;
    bool missing = !file.root && !file.broken;
    reporting_close(&file);
    paper_say(r->paper, PAPER_SUBHEADING, "Custody of the exhibit");
    if (reporting_custody(r, path, &found, &sound, e) != 0)
        return -1;
    size_t before = r->bundle_count;
    char *kept = arena_strdup(&r->arena, name);
    if (!kept)
        return err_memory(e);
    if (each_entry(path, take_bundle, r, kept, e) != 0)
        return -1;
    for (size_t i = before; i < r->bundle_count; i++) {
        struct reporting_bundle *b = &r->bundles[i];
        b->has[NEED_ITEM] = true;
        if (reporting_bundle(r, b, e) != 0)
            return -1;
        b->custody = b->custody || found; /* the exhibit's own log speaks of its bundles, too */
        b->custody_sound = b->custody_sound || (found && sound);
        b->has[NEED_CUSTODY] = b->custody && b->custody_sound;
    }
    bool is_exhibit = evidence_holder_kind(path) == EVIDENCE_HOLDER_EXHIBIT;
    if ((is_exhibit || before != r->bundle_count) && (missing || !found))
        reporting_broken(r, "An exhibit has a description and a custody log from its beginning: "
                            "what is not there was taken away.");
    if (before == r->bundle_count)
        paper_say(r->paper, PAPER_TEXT, "Nothing was acquired from it.");
    return 0;
}

static int each_exhibit(struct reporting *r, const char *path, const char *name, void *context,
                        struct err *e)
{
    (void)context;
    return file_kind(path) == 2 ? part_of_exhibit(r, path, name, e) : 0;
}

static int part_of_case(struct reporting *r, const struct err *unread, struct err *e)
{
    char exhibits[4200];
    bool found, sound;
    const struct json_value *root = r->the_case.root;
    paper_say(r->paper, PAPER_HEADING, "The case");
    if (!root)
        reporting_broken(r, "case.json cannot be read, and nothing that it says is told here: %s",
                         err_is_set(unread) ? unread->text : "it is not there");
    reporting_facts(r, root, "", 0);
    r->case_authority =
        json_count(json_get(root, "authority")) || json_get_string(root, "authority").len;
    r->case_contact = json_get_string(root, "contact").len ||
                      json_count(json_get(root, "contact")) ||
                      reporting_text(r, root, "person_in_charge.contact").len;
    paper_say(r->paper, PAPER_SUBHEADING, "Log of the case");
    if (reporting_custody(r, r->options->path, &found, &sound, e) != 0)
        return -1;
    snprintf(exhibits, sizeof exhibits, "%s/exhibits", r->options->path);
    return each_entry(exhibits, each_exhibit, r, NULL, e);
}

static int head(struct reporting *r, int64_t now, struct err *e)
{
    uint8_t hash[SHA256_LEN];
    bool known;
    char time[TIME_TEXT], hex[2 * SHA256_LEN + 1] = "";
    time_format(now, time);
    if (evidence_tool_sha256(hash, &known, e) != 0)
        return -1;
    for (size_t i = 0; known && i < sizeof hash; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    paper_fact(r->paper, "Report made", reporting_time(r, slice_str(time)));
    paper_fact_say(r->paper, "By", "tocsin %s", TOCSIN_VERSION);
    paper_fact_code(r->paper, "SHA-256 of that program", slice_str(hex));
    paper_say(r->paper, PAPER_SMALL,
              "Everything below is taken from the records that lie with the evidence, or was "
              "computed from it while this report was made. All times are in Coordinated "
              "Universal Time. Hashes are SHA-256 (FIPS 180-4) in hexadecimal.");
    return 0;
}

static int run(struct reporting *r, struct err *e)
{
    const struct clock *clock = r->options->clock ? r->options->clock : &clock_system;
    const char *path = r->options->path;
    int64_t now = clock_now(clock);
    struct reporting_bundle *alone = NULL;
    enum evidence_holder_kind kind = evidence_holder_kind(path);
    struct err unread = {0};
    if (kind == EVIDENCE_HOLDER_NONE)
        return err_set(e, ERR_NOT_FOUND, "evidence.report", NULL,
                       "%s is neither a case nor an exhibit nor a bundle", path);
    if (kind == EVIDENCE_HOLDER_CASE &&
        reporting_parse(path, "case.json", &r->the_case, &unread) != 0 &&
        unread.kind == ERR_MEMORY) {
        *e = unread;
        return -1;
    }
    const char *name = strrchr(path, '/');
    paper_say(r->paper, PAPER_TITLE, "Report on digital evidence");
    struct slice title = json_get_string(r->the_case.root, "title");
    if (title.len)
        paper_add(r->paper, PAPER_SUBTITLE, title);
    else
        paper_say(r->paper, PAPER_SUBTITLE, "%s", name && name[1] ? name + 1 : path);
    if (head(r, now, e) != 0)
        return -1;
    int result = 0;
    if (kind == EVIDENCE_HOLDER_CASE) {
        result = part_of_case(r, &unread, e);
    } else if (kind == EVIDENCE_HOLDER_EXHIBIT) {
        result = part_of_exhibit(r, path, name && name[1] ? name + 1 : path, e);
    } else {
        alone = add_bundle(r, path, NULL, e);
        result = alone ? reporting_bundle(r, alone, e) : -1;
    }
    if (result != 0)
        return -1;
    r->told->bundles = r->bundle_count;
    reporting_proven(r);
    reporting_needs(r);
    reporting_certificate(r);
    return paper_check(r->paper, e);
}

int evidence_report(const struct evidence_report_options *options, struct paper *paper,
                    struct evidence_reported *reported, struct err *e)
{
    struct reporting r = {.options = options, .told = reported, .paper = paper};
    *reported = (struct evidence_reported){0};
    arena_init(&r.arena, 0);
    int result = run(&r, e);
    for (size_t i = 0; i < r.bundle_count; i++)
        reporting_close(&r.bundles[i].acquisition);
    mem_free(r.bundles);
    reporting_close(&r.the_case);
    arena_fini(&r.arena);
    return result;
}
