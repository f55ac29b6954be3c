/* SPDX-License-Identifier: Apache-2.0 */
/* The graph of products defined by others; walked without recursion, each reference once. */
#include "csaf/validate/path_graph.h"
#include "base/memory.h"

static bool is_reference(const struct csaf_use *use)
{
    return use->role == CSAF_USE_REFERENCE || use->role == CSAF_USE_RELATES_TO;
}

static bool is_defined_by_others(const struct csaf_definition *d)
{
    return d->in == CSAF_IN_RELATIONSHIP || d->in == CSAF_IN_PATH;
}

/* Both lists are in the order of the text, and an item's references stand together. */
static void fill(struct csaf_path_graph *g, const struct csaf_validation *v)
{
    size_t use = 0, filled = 0;

    for (size_t i = 0; i < v->product_count; i++) {
        const struct csaf_definition *d = &v->products[i];
        g->start[i] = (uint32_t)filled;
        if (!is_defined_by_others(d))
            continue;
        size_t from = json_offset(v->doc, d->holder);
        while (use < v->product_use_count &&
               (!is_reference(&v->product_uses[use]) ||
                json_offset(v->doc, v->product_uses[use].item) < from))
            use++;
        for (; use < v->product_use_count && v->product_uses[use].item == d->holder; use++) {
            const struct csaf_definition *to = v->product_uses[use].defined;
            if (to)
                g->to[filled++] = (uint32_t)to->index;
        }
    }
    g->start[v->product_count] = (uint32_t)filled;
}

struct walk {
    struct csaf_path_graph *g;
    struct csaf_validation *v;
    void (*circle)(struct csaf_validation *v, const uint32_t *products, size_t count);
    uint32_t *stack, *next; /* the products on the way, and the next reference of each */
    uint32_t *depth;        /* of each product: 0 not seen, 1 + its place on the stack, or done */
    bool *told;             /* a circle that comes back to this product was told */
    size_t height, ordered;
};

static const uint32_t done = UINT32_MAX; /* documents have fewer values */

static void enter(struct walk *w, uint32_t product)
{
    w->stack[w->height] = product;
    w->next[w->height] = w->g->start[product];
    w->depth[product] = (uint32_t)++w->height;
}

static void leave(struct walk *w)
{
    uint32_t product = w->stack[--w->height];

    w->depth[product] = done;
    w->g->order[w->ordered++] = product;
}

static void walk_from(struct walk *w, uint32_t product)
{
    enter(w, product);
    while (w->height > 0) {
        size_t top = w->height - 1;
        uint32_t at = w->stack[top];
        if (w->next[top] == w->g->start[at + 1]) {
            leave(w);
            continue;
        }
        uint32_t to = w->g->to[w->next[top]++];
        if (w->depth[to] == 0) {
            enter(w, to);
        } else if (w->depth[to] != done) {
            size_t first = w->depth[to] - 1;
            /* once for each product that a circle comes back to */
            if (w->circle && !w->told[to])
                w->circle(w->v, w->stack + first, w->height - first);
            w->told[to] = true;
        }
    }
}

bool csaf_path_graph_init(struct csaf_path_graph *g, struct csaf_validation *v,
                          void (*circle)(struct csaf_validation *v, const uint32_t *products,
                                         size_t count))
{
    size_t count = v->product_count;
    struct walk w = {.g = g, .v = v, .circle = circle};

    *g = (struct csaf_path_graph){.count = count};
    g->start = mem_new(count + 1, sizeof *g->start);
    g->to = mem_new(v->product_use_count + 1, sizeof *g->to);
    g->order = mem_new(count + 1, sizeof *g->order);
    w.stack = mem_new(count + 1, sizeof *w.stack);
    w.next = mem_new(count + 1, sizeof *w.next);
    w.depth = mem_new(count + 1, sizeof *w.depth);
    w.told = mem_new(count + 1, sizeof *w.told);
    bool ready = g->start && g->to && g->order && w.stack && w.next && w.depth && w.told;
    if (ready) {
        fill(g, v);
        for (uint32_t i = 0; i < count; i++)
            if (w.depth[i] == 0)
                walk_from(&w, i);
    } else {
        csaf_no_memory(v);
    }
    mem_free(w.stack);
    mem_free(w.next);
    mem_free(w.depth);
    mem_free(w.told);
    return ready;
}

void csaf_path_graph_fini(struct csaf_path_graph *g)
{
    mem_free(g->start);
    mem_free(g->to);
    mem_free(g->order);
}
