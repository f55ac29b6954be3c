/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/match_unmatched.h"
#include "cli/say.h"

#include <stdio.h>

static void print(const struct fleet_criteria *criteria, const struct fleet_target *t,
                  const struct fleet_candidate *near, size_t count,
                  const char *(*name_of)(void *, size_t), void *context)
{
    fputs("unmatched                 ", stdout);
    say_text(stdout, criteria->id);
    fputs("  ", stdout);
    say_text(stdout, t->label);
    printf("  (line %zu, ", t->place.line);
    say_text(stdout, slice_str(t->place.pointer));
    fputs(")\n", stdout);
    for (size_t i = 0; i < count; i++) {
        fputs("    nearest: ", stdout);
        say_text(stdout, near[i].component);
        fputs(" in ", stdout);
        say_text(stdout, slice_str(name_of(context, near[i].owner)));
        fputs(": ", stdout);
        say_text(stdout, slice_str(near[i].why));
        fputc('\n', stdout);
    }
    if (count == 0)
        fputs("    nothing is near\n", stdout);
}

static void write(const struct fleet_criteria *criteria, const struct fleet_target *t,
                  const struct fleet_candidate *near, size_t count,
                  const char *(*name_of)(void *, size_t), void *context, struct json_writer *w)
{
    json_write_object(w);
    json_write_name(w, "advisory");
    json_write_object(w);
    json_member_slice(w, "id", criteria->id);
    json_member_slice(w, "namespace", criteria->namespace);
    json_member_slice(w, "version", criteria->version);
    json_write_object_end(w);
    json_write_name(w, "nearest");
    json_write_array(w);
    for (size_t i = 0; i < count; i++) {
        json_write_object(w);
        json_member_string(w, "asset", name_of(context, near[i].owner));
        json_member_slice(w, "component", near[i].component);
        json_member_string(w, "why", near[i].why);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_name(w, "unmatched");
    json_write_object(w);
    json_member_slice(w, "label", t->label);
    json_member_int(w, "line", (int64_t)t->place.line);
    json_member_string(w, "pointer", t->place.pointer);
    json_member_slice(w, "product", t->id);
    json_write_object_end(w);
    json_write_object_end(w);
}

void unmatched_report(const struct fleet_components *pool, const struct fleet_criteria *criteria,
                      const struct fleet_options *options, const char *(*name_of)(void *, size_t),
                      void *context, struct json_writer *json)
{
    size_t looks = 0, left = 0;
    for (size_t i = 0; i < criteria->target_count; i++) {
        const struct fleet_target *t = &criteria->targets[i];
        struct fleet_candidate near[FLEET_CANDIDATES];
        size_t count;
        /* one line for a product, not for each of its versions */
        if (t->criterion_count == 0 || (t->leader && t->leader != i + 1))
            continue;
        looks += fleet_components_count(pool);
        if (looks > UNMATCHED_LOOKS) {
            left++;
            continue;
        }
        if (fleet_components_has(pool, t, options, near, &count))
            continue;
        if (json)
            write(criteria, t, near, count, name_of, context, json);
        else
            print(criteria, t, near, count, name_of, context);
    }
    if (left && !json) {
        fputs("unmatched                 ", stdout);
        say_text(stdout, criteria->id);
        printf("  %zu more products were not looked for\n", left);
    }
}
