/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_tree.h"
#include "base/memory.h"
#include "journal/proof.h"

enum { ENTRY = 34 }; /* 2 bytes of length, a commitment of 32 (docs/formats.md section 2.3) */

static const char clause[] = "C2SP tlog-tiles";

/* The hashes that the tiles of one level must hold. */
struct level {
    uint8_t (*hashes)[MERKLE_HASH];
    uint64_t count, room;
};

struct computing {
    const struct log_tree *tree;
    struct merkle_frontier frontier;
    uint8_t kept_root[MERKLE_HASH];
    struct buf tile;
    struct buf entries;
};

static int push(struct level *level, const uint8_t hash[MERKLE_HASH], struct err *e)
{
    if (level->count == level->room) {
        uint64_t room = level->room ? level->room * 2 : 256;
        void *grown = mem_resize(level->hashes, room, MERKLE_HASH);
        if (!grown)
            return err_memory(e);
        level->hashes = grown;
        level->room = room;
    }
    memcpy(level->hashes[level->count++], hash, MERKLE_HASH);
    return 0;
}

static int fetch(struct computing *c, const struct tile_path *path, size_t item, struct buf *out,
                 struct err *e)
{
    char text[TILE_PATH_TEXT];

    tile_path_format(path, text);
    buf_reset(out);
    if (c->tree->fetch(c->tree->context, text, out, e) != 0 || buf_check(out, e) != 0)
        return -1;
    if (out->len != path->width * item) {
        err_set(e, ERR_VERIFY, path->entries ? "log.entry" : "log.tile", clause,
                "it has %zu bytes where %zu are right", out->len, path->width * item);
        return err_where(e, "%s", text);
    }
    return 0;
}

static int differs(const struct tile_path *path, unsigned at, struct err *e)
{
    char text[TILE_PATH_TEXT];

    tile_path_format(path, text);
    err_set(e, ERR_VERIFY, path->entries ? "log.entry" : "log.tile", clause,
            path->entries ? "entry %u does not have the form of a commitment"
                          : "hash %u does not follow from the entries below it",
            at);
    return err_where(e, "%s", text);
}

static int remember_kept(struct computing *c, struct err *e)
{
    if (c->frontier.size == c->tree->kept_size &&
        merkle_frontier_root(&c->frontier, c->kept_root) != 0)
        return err_set(e, ERR_SYSTEM, "log.digest", NULL, "a digest cannot be computed");
    return 0;
}

/* One tile of leaves with its entries; a full one gives a hash to the level above. */
static int take_leaves(struct computing *c, uint64_t n, unsigned width, struct level *above,
                       struct err *e)
{
    struct tile_path leaves = {.n = n, .width = width};
    struct tile_path entries = {.entries = true, .n = n, .width = width};
    uint8_t root[MERKLE_HASH];
    uint8_t leaf[MERKLE_HASH];

    if (fetch(c, &leaves, MERKLE_HASH, &c->tile, e) != 0 ||
        fetch(c, &entries, ENTRY, &c->entries, e) != 0)
        return -1;
    for (unsigned i = 0; i < width; i++) {
        const uint8_t *entry = c->entries.data + (size_t)i * ENTRY;
        if (entry[0] != 0 || entry[1] != MERKLE_HASH)
            return differs(&entries, i, e);
        if (merkle_leaf(slice_of(entry + 2, MERKLE_HASH), leaf) != 0)
            return err_set(e, ERR_SYSTEM, "log.digest", NULL, "a digest cannot be computed");
        if (memcmp(leaf, c->tile.data + (size_t)i * MERKLE_HASH, MERKLE_HASH) != 0)
            return differs(&leaves, i, e);
        if (merkle_frontier_append(&c->frontier, leaf) != 0 || remember_kept(c, e) != 0)
            return err_is_set(e)
                       ? -1
                       : err_set(e, ERR_SYSTEM, "log.digest", NULL, "a digest cannot be computed");
    }
    if (width < TILE_WIDTH)
        return 0;
    if (merkle_tree_root((const uint8_t(*)[MERKLE_HASH])c->tile.data, TILE_WIDTH, root, e) != 0)
        return -1;
    return push(above, root, e);
}

static int take_level(struct computing *c, unsigned number, const struct level *level,
                      struct level *above, struct err *e)
{
    for (uint64_t at = 0; at < level->count; at += TILE_WIDTH) {
        uint64_t left = level->count - at;
        struct tile_path path = {.level = number,
                                 .n = at / TILE_WIDTH,
                                 .width = left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH};
        uint8_t root[MERKLE_HASH];
        if (fetch(c, &path, MERKLE_HASH, &c->tile, e) != 0)
            return -1;
        for (unsigned i = 0; i < path.width; i++)
            if (memcmp(c->tile.data + (size_t)i * MERKLE_HASH, level->hashes[at + i],
                       MERKLE_HASH) != 0)
                return differs(&path, i, e);
        if (path.width == TILE_WIDTH &&
            (merkle_tree_root((const uint8_t(*)[MERKLE_HASH])c->tile.data, TILE_WIDTH, root, e) !=
                 0 ||
             push(above, root, e) != 0))
            return -1;
    }
    return 0;
}

static int take_all(struct computing *c, struct err *e)
{
    const struct log_tree *tree = c->tree;
    struct level levels[2] = {{0}};
    int result = remember_kept(c, e);

    for (uint64_t at = 0; result == 0 && at < tree->size; at += TILE_WIDTH) {
        uint64_t left = tree->size - at;
        result = take_leaves(c, at / TILE_WIDTH, left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH,
                             &levels[1], e);
        if (tree->progress)
            tree->progress(tree->context, c->frontier.size);
    }
    for (unsigned number = 1; result == 0 && levels[number % 2].count > 0; number++) {
        struct level *above = &levels[(number + 1) % 2];
        above->count = 0;
        result = take_level(c, number, &levels[number % 2], above, e);
    }
    mem_free(levels[0].hashes);
    mem_free(levels[1].hashes);
    return result;
}

int log_tree_root(const struct log_tree *tree, uint8_t root[MERKLE_HASH],
                  uint8_t kept_root[MERKLE_HASH], struct err *e)
{
    struct computing *c = mem_new(1, sizeof(*c));
    int result = -1;

    if (!c)
        return err_memory(e);
    c->tree = tree;
    buf_init(&c->tile);
    buf_init(&c->entries);
    if (take_all(c, e) == 0) {
        memcpy(kept_root, c->kept_root, MERKLE_HASH);
        result = merkle_frontier_root(&c->frontier, root);
        if (result != 0)
            err_set(e, ERR_SYSTEM, "log.digest", NULL, "a digest cannot be computed");
    }
    buf_fini(&c->tile);
    buf_fini(&c->entries);
    mem_free(c);
    return result;
}
