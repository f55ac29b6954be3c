/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/asset.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/list.h"
#include "cli/say.h"

enum { COMPONENTS_SHOWN = 20 };

static void field(const char *label, const struct json_value *value)
{
    struct buf text;

    buf_init(&text);
    list_put_value(&text, value);
    say_field(label, output_slice(stdout, &text));
    buf_fini(&text);
}

static void say_nameplate(const struct json_value *nameplate)
{
    if (json_count(nameplate) == 0)
        return;
    puts("\nNameplate");
    json_each(member, nameplate)
    {
        char label[32];
        snprintf(label, sizeof(label), "  %.*s", SLICE_ARG(json_name(member)));
        field(label, member);
    }
}

static void say_components(const struct json_value *components)
{
    size_t shown = 0;

    if (json_count(components) == 0)
        return;
    printf("\nComponents (%zu)\n", json_count(components));
    json_each(component, components)
    {
        if (shown++ == COMPONENTS_SHOWN) {
            printf("  … and %zu more (--json shows all)\n",
                   json_count(components) - COMPONENTS_SHOWN);
            break;
        }
        fputs("  ", stdout);
        say_text(stdout, json_get_string(component, "name"));
        fputc(' ', stdout);
        say_text(stdout, json_get_string(component, "version"));
        fputc('\n', stdout);
    }
}

/* "done, by operator: port closed (act 12)", and each vulnerability where they differ. */
static void say_remedied(const struct json_value *said)
{
    say_text(stdout, json_get_string(said, "state"));
    struct slice by = json_get_string(said, "by");
    if (!slice_is(by, "none")) {
        fputs(", by ", stdout);
        say_text(stdout, by);
    }
    struct slice why = json_get_string(said, "reason");
    if (why.len == 0)
        why = json_get_string(said, "outcome");
    if (why.len) {
        fputs(": ", stdout);
        say_text(stdout, why);
    }
    if (json_get(said, "act"))
        printf(" (act %.*s)", SLICE_ARG(json_number(json_get(said, "act"))));
    fputc('\n', stdout);
}

static void say_remediation(const struct json_value *remediation)
{
    const struct json_value *parts = json_get(remediation, "vulnerabilities");

    if (!remediation)
        return;
    fputs("      remediation: ", stdout);
    say_remedied(remediation);
    for (const struct json_value *part = json_count(parts) > 1 ? json_first(parts) : NULL; part;
         part = json_next(part)) {
        fputs("        ", stdout);
        say_text(stdout, json_get_string(part, "vulnerability"));
        fputs(": ", stdout);
        say_remedied(part);
    }
}

static void say_advisories(const struct json_value *advisories)
{
    puts("\nWhat advisories say of it");
    if (json_count(advisories) == 0)
        puts("  nothing");
    json_each(advisory, advisories)
    {
        struct slice status = json_get_string(advisory, "status");
        fputs("  ", stdout);
        say_styled(stdout, say_style_of(status), status);
        printf("%*s ", (int)(status.len < 20 ? 20 - status.len : 0), "");
        say_text(stdout, json_get_string(advisory, "id"));
        fputs(" version ", stdout);
        say_text(stdout, json_get_string(advisory, "version"));
        fputs(slice_is(json_get_string(advisory, "state"), "published") ? "" : " (not published)",
              stdout);
        fputc('\n', stdout);
        say_remediation(json_get(advisory, "remediation"));
    }
}

static void say_next(const struct json_value *asset)
{
    bool any = json_count(json_get(asset, "advisories")) > 0;
    bool owned = json_get_string(asset, "owner").len > 0;

    if (!any && owned)
        return;
    fputc('\n', stdout);
    if (any) {
        fputs("Why, of one of them:     tocsin why ", stdout);
        say_text(stdout, json_get_string(asset, "asset"));
        puts(" ADVISORY");
    }
    if (!owned) {
        fputs("Nobody is told for it:   tocsin asset owner ", stdout);
        say_text(stdout, json_get_string(asset, "asset"));
        puts(" CONTACT");
    }
}

void asset_say(const struct json_value *asset)
{
    static const struct {
        const char *name, *label;
    } fields[] = {{"asset", "Asset"},
                  {"label", "Label"},
                  {"organisation", "Organisation"},
                  {"owner", "Owner"},
                  {"state", "State"},
                  {"way", "Way"},
                  {"location", "Location"},
                  {"criticality", "Criticality"},
                  {"condition", "Condition"},
                  {"heard_at", "Heard"},
                  {"stale_since", "Stale since"},
                  {"open", "To be done"},
                  {"exercise", "Exercise"},
                  {"class", "Class"},
                  {"inventory_at", "Inventory of"},
                  {"acknowledged", "Acknowledged"},
                  {"acknowledged_at", "Acknowledged at"},
                  {"registered", "Registered"},
                  {"registered_act", "By act"},
                  {"removed_act", "Removed by act"}};
    const struct json_value *inventory = json_get(asset, "inventory");

    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        field(fields[i].label, json_get(asset, fields[i].name));
    if (!json_get(asset, "owner"))
        say_field("Owner", slice_str("not known"));
    say_nameplate(json_get(inventory, "nameplate"));
    say_components(json_get(inventory, "components"));
    say_advisories(json_get(asset, "advisories"));
    say_evidence(json_get(asset, "evidence"));
    say_next(asset);
}
