/* SPDX-License-Identifier: Apache-2.0 */
#include "match_world.h"
#include "base/file.h"
#include "base/memory.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

/* Under how many names each product of the real advisories goes. */
enum { VARIANTS = 40, HOST_PACKAGES = 30, PACKAGES = 3000, PACKAGE_VERSIONS = 8 };

struct leaf {
    struct slice vendor, product, version;
};

struct template
{
    struct buf text;
    struct json_doc *doc;
    size_t first_leaf, leaf_count;
};

struct world {
    struct template *templates;
    size_t count, room;
    struct leaf *leaves;
    size_t leaf_count, leaf_room;
};

static void die(const char *what)
{
    fprintf(stderr, "match_bench: %s\n", what);
    exit(3);
}

static void *more(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    *room = *room ? 2 * *room : 256;
    list = mem_resize(list, *room, size);
    if (!list)
        die("no memory");
    return list;
}

/* Numbers that depend on nothing but where one starts. */
static uint32_t draw(uint64_t *state, uint32_t below)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) >> 32) % below;
}

static void add_leaves(struct world *w, const struct json_value *branches, struct leaf above)
{
    json_each(b, branches)
    {
        struct leaf here = above;
        struct slice category = json_get_string(b, "category"), name = json_get_string(b, "name");
        if (slice_is(category, "vendor"))
            here.vendor = name;
        else if (slice_is(category, "product_name"))
            here.product = name;
        else if (slice_is(category, "product_version") ||
                 slice_is(category, "product_version_range"))
            here.version = name;
        if (json_get(b, "product") && here.product.len) {
            w->leaves = more(w->leaves, w->leaf_count, &w->leaf_room, sizeof *w->leaves);
            w->leaves[w->leaf_count++] = here;
        }
        add_leaves(w, json_get(b, "branches"), here);
    }
}

static struct world *reading; /* nftw has no argument for it */

static int take_file(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    struct err e = {0};
    struct csaf_document *document;
    size_t len = strlen(path);
    (void)status;
    (void)at;
    if (kind != FTW_F || len < 5 || strcmp(path + len - 5, ".json") != 0)
        return 0;
    reading->templates =
        more(reading->templates, reading->count, &reading->room, sizeof *reading->templates);
    struct template *t = &reading->templates[reading->count];
    *t = (struct template){.first_leaf = reading->leaf_count};
    buf_init(&t->text);
    if (file_read(path, 64 << 20, &t->text, &e) != 0 ||
        csaf_load(&document, buf_slice(&t->text), &e) != 0) {
        buf_fini(&t->text);
        return 0; /* a feed or an index beside them */
    }
    csaf_free(document);
    if (json_parse(&t->doc, buf_slice(&t->text), &json_limits_advisory, &e) != 0)
        die(e.text);
    add_leaves(reading, json_get(json_get(json_root(t->doc), "product_tree"), "branches"),
               (struct leaf){0});
    t->leaf_count = reading->leaf_count - t->first_leaf;
    reading->count++;
    return 0;
}

struct world *world_new(const char *folder)
{
    struct world *w = mem_new(1, sizeof *w);
    if (!w)
        die("no memory");
    reading = w;
    if (nftw(folder, take_file, 16, 0) != 0 || w->count == 0) {
        world_free(w);
        return NULL;
    }
    return w;
}

void world_free(struct world *w)
{
    for (size_t i = 0; i < w->count; i++) {
        json_doc_free(w->templates[i].doc);
        buf_fini(&w->templates[i].text);
    }
    mem_free(w->templates);
    mem_free(w->leaves);
    mem_free(w);
}

size_t world_templates(const struct world *w)
{
    return w->count;
}

/* Position and length of the last run of digits; false: none. */
static bool last_digits(struct slice s, size_t *at, size_t *len)
{
    size_t end = s.len;
    while (end > 0 && !(s.data[end - 1] >= '0' && s.data[end - 1] <= '9'))
        end--;
    size_t start = end;
    while (start > 0 && s.data[start - 1] >= '0' && s.data[start - 1] <= '9')
        start--;
    *at = start;
    *len = end - start;
    return *len > 0;
}

/* The last number of a name or version becomes another one, as long as it was. */
static void put_changed(struct buf *out, struct slice text, uint32_t by, const char *otherwise)
{
    size_t at, len;
    if (!last_digits(text, &at, &len) || len > 9) {
        buf_put_slice(out, text);
        if (otherwise && by)
            buf_printf(out, " %s%c%c", otherwise, 'A' + (int)(by % 26), 'A' + (int)(by / 26 % 26));
        return;
    }
    uint32_t limit = 1, value = 0;
    for (size_t i = 0; i < len; i++) {
        limit *= 10;
        value = value * 10 + (uint32_t)(text.data[at + i] - '0');
    }
    buf_put(out, text.data, at);
    buf_printf(out, "%0*u", (int)len, (value + by) % limit);
    buf_put(out, text.data + at + len, text.len - at - len);
}

static void put_name(struct buf *out, struct slice name, uint32_t variant)
{
    if (variant == 0)
        buf_put_slice(out, name);
    else
        put_changed(out, name, variant, "Model ");
}

struct copying {
    const struct json_doc *doc;
    struct json_writer *w;
    struct buf scratch;
    uint32_t variant;
    uint64_t state;
};

static void copy_changed(struct copying *c, const char *name, struct slice text, bool version)
{
    buf_reset(&c->scratch);
    if (version)
        put_changed(&c->scratch, text, draw(&c->state, 10), NULL);
    else
        put_name(&c->scratch, text, c->variant);
    json_member_slice(c->w, name, buf_slice(&c->scratch));
}

static void copy_rest(struct copying *c, const struct json_value *v, const char *but)
{
    json_each(m, v)
    {
        if (slice_is(json_name(m), but))
            continue;
        json_write_name_slice(c->w, json_name(m));
        json_write_raw(c->w, json_text(c->doc, m));
    }
}

static void copy_branches(struct copying *c, const struct json_value *branches)
{
    json_write_array(c->w);
    json_each(b, branches)
    {
        struct slice category = json_get_string(b, "category");
        bool version =
            slice_is(category, "product_version") || slice_is(category, "product_version_range");
        bool product = slice_is(category, "product_name") || slice_is(category, "product_family");
        json_write_object(c->w);
        json_each(m, b)
        {
            if (slice_is(json_name(m), "branches")) {
                json_write_name(c->w, "branches");
                copy_branches(c, m);
            } else if (slice_is(json_name(m), "name") && (version || product)) {
                copy_changed(c, "name", json_string(m), version);
            } else {
                json_write_name_slice(c->w, json_name(m));
                json_write_raw(c->w, json_text(c->doc, m));
            }
        }
        json_write_object_end(c->w);
    }
    json_write_array_end(c->w);
}

void world_advisory(const struct world *world, uint32_t number, struct buf *out)
{
    struct json_writer w;
    const struct template *t = &world->templates[number % world->count];
    struct copying c = {.doc = t->doc,
                        .w = &w,
                        .variant = number / (uint32_t)world->count % VARIANTS,
                        .state = number};
    const struct json_value *root = json_root(t->doc);
    buf_init(&c.scratch);
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_each(m, root)
    {
        json_write_name_slice(&w, json_name(m));
        if (slice_is(json_name(m), "product_tree")) {
            json_write_object(&w);
            copy_rest(&c, m, "branches");
            json_write_name(&w, "branches");
            copy_branches(&c, json_get(m, "branches"));
            json_write_object_end(&w);
        } else if (slice_is(json_name(m), "document")) {
            const struct json_value *tracking = json_get(m, "tracking");
            char id[64];
            snprintf(id, sizeof id, "BENCH-%u", number);
            json_write_object(&w);
            copy_rest(&c, m, "tracking");
            json_write_name(&w, "tracking");
            json_write_object(&w);
            copy_rest(&c, tracking, "id");
            json_member_string(&w, "id", id);
            json_write_object_end(&w);
            json_write_object_end(&w);
        } else {
            json_write_raw(&w, json_text(t->doc, m));
        }
    }
    json_write_object_end(&w);
    buf_fini(&c.scratch);
}

/* A product that some advisory names, in a version near the one that it names. */
static void put_product(const struct world *w, uint64_t *state, struct slice *vendor,
                        struct buf *name, struct buf *version)
{
    const struct template *t = &w->templates[draw(state, (uint32_t)w->count)];
    while (t->leaf_count == 0)
        t = &w->templates[draw(state, (uint32_t)w->count)];
    const struct leaf *leaf = &w->leaves[t->first_leaf + draw(state, (uint32_t)t->leaf_count)];
    struct slice digits = leaf->version;
    *vendor = leaf->vendor;
    put_name(name, leaf->product, draw(state, VARIANTS));
    /* "< V4.3 SP1" of the advisory is "4.3 SP1" on the device */
    while (digits.len && !(digits.data[0] >= '0' && digits.data[0] <= '9'))
        digits = slice_of(digits.data + 1, digits.len - 1);
    if (digits.len > 24)
        digits.len = 24;
    if (digits.len)
        put_changed(version, digits, draw(state, 10), NULL);
    else
        buf_printf(version, "%u.%u", 1 + draw(state, 9), draw(state, 10));
}

static void put_packages(struct buf *b, uint64_t *state)
{
    for (uint32_t p = 0; p < HOST_PACKAGES; p++) {
        /* the first are on every host, the others on some */
        uint32_t package = p < 10 ? p : 10 + draw(state, PACKAGES - 10);
        buf_printf(b,
                   "Package: pkg%u\nStatus: install ok installed\nArchitecture: amd64\n"
                   "Version: %u.%u-1\n\n",
                   package, 1 + package % 4, draw(state, PACKAGE_VERSIONS));
    }
}

struct fleet_class *world_class(const struct world *w, uint32_t number, bool hosts)
{
    uint64_t state = number * 0x5851f42d4c957f2du + 1;
    struct fleet_inventory *i;
    struct fleet_class *c = NULL;
    struct err e = {0};
    struct buf name, version, packages;
    char hardware[32];
    buf_init(&name);
    buf_init(&version);
    buf_init(&packages);
    if (hosts && number % 2) {
        put_packages(&packages, &state);
        if (fleet_inventory_dpkg(&i, buf_slice(&packages), slice_str("debian"), NULL, &e) != 0)
            die(e.text);
    } else if (!(i = fleet_inventory_new())) {
        die("no memory");
    }
    put_product(w, &state, &i->nameplate.vendor, &name, &version);
    snprintf(hardware, sizeof hardware, "rev %u", draw(&state, 20));
    i->has_nameplate = true;
    i->nameplate.model = buf_slice(&name);
    i->nameplate.firmware = buf_slice(&version);
    i->nameplate.hardware = slice_str(hardware);
    if (fleet_class_build(&c, i, &e) != 0)
        die(e.text);
    fleet_inventory_free(i);
    buf_fini(&name);
    buf_fini(&version);
    buf_fini(&packages);
    return c;
}
