/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/criteria_lines.h"
#include "base/map.h"

/* "7.4" of "V7.4: All versions …"; empty when no version stands in front of a colon. */
static struct slice line_of(struct slice label)
{
    size_t from = label.len && (label.data[0] | 0x20) == 'v', at = from;
    while (at < label.len && ((label.data[at] >= '0' && label.data[at] <= '9') ||
                              (at > from && label.data[at] == '.')))
        at++;
    if (at == from || at == label.len || label.data[at] != ':')
        return slice_of(NULL, 0);
    return slice_of(label.data + from, at - from);
}

/* A range with nothing but an upper bound, which is of the line or behind it. */
static bool has_line(const struct fleet_target *t, struct slice *line)
{
    *line = line_of(t->label);
    return line->len && t->product.count && t->range.kind == PRODUCT_RANGE_BOUNDED &&
           t->range.count == 1 && !t->range.intervals[0].low.len &&
           product_version_compare(t->range.scheme, *line, t->range.intervals[0].high) ==
               PRODUCT_LESS;
}

static void put_product(const struct fleet_target *t, struct buf *key)
{
    if (t->vendor.count)
        buf_put_slice(key, t->vendor.forms[0].text);
    buf_putc(key, '\n');
    buf_put_slice(key, t->product.forms[0].text);
}

static int begin_with(struct arena *a, struct fleet_target *t, struct slice line)
{
    struct product_interval *interval = arena_new(a, 1, sizeof *interval);
    if (!interval)
        return -1;
    *interval = t->range.intervals[0];
    interval->low = line;
    interval->low_open = false;
    t->range.intervals = interval;
    return 0;
}

int fleet_target_lines(struct arena *a, struct fleet_target *targets, size_t count, struct err *e)
{
    struct map oldest; /* by product -> the target with the oldest line */
    struct buf key;
    struct slice line, known_line;
    int result = 0;

    map_init(&oldest);
    buf_init(&key);
    for (int pass = 0; pass < 2 && result == 0; pass++) {
        for (size_t i = 0; i < count && result == 0; i++) {
            if (!has_line(&targets[i], &line))
                continue;
            buf_reset(&key);
            put_product(&targets[i], &key);
            struct fleet_target *known = key.failed ? NULL : map_get(&oldest, buf_slice(&key));
            bool newer =
                known && has_line(known, &known_line) &&
                product_version_compare(targets[i].range.scheme, known_line, line) == PRODUCT_LESS;
            if (pass == 1) {
                result = newer ? begin_with(a, &targets[i], line) : 0;
            } else if (!newer) {
                char *kept = key.failed ? NULL : arena_copy(a, key.data, key.len);
                result = kept ? map_set(&oldest, slice_of(kept, key.len), &targets[i]) : -1;
            }
        }
    }
    map_fini(&oldest);
    buf_fini(&key);
    return result == 0 ? 0 : err_memory(e);
}
