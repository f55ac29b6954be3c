/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/name_short.h"
#include "base/buf.h"
#include "fleet/name_words.h"

/*
 * Only what is short for one thing in the name of a product. "se", "me", "rt" and the like stand in
 * makers' own names; where they do, both spellings are looked up.
 */
static const struct {
    const char *brief, *full;
} table[] = {
    {"adv", "advanced"},
    {"appl", "application"},
    {"auto", "automation"},
    {"clx", "controllogix"},
    {"cmpt", "compact"},
    {"comm", "communication"},
    {"config", "configuration"},
    {"contr", "controller"},
    {"conv", "converter"},
    {"ctrl", "controller"},
    {"dev", "developer"},
    {"ent", "enterprise"},
    {"eth", "ethernet"},
    {"ft", "factorytalk"},
    {"ftlinx", "factorytalk linx"},
    {"ftview", "factorytalk view"},
    {"gw", "gateway"},
    {"mgmt", "management"},
    {"mgr", "manager"},
    {"mlx", "micrologix"},
    {"mon", "monitor"},
    {"prof", "professional"},
    {"rt", "runtime"},
    {"srv", "server"},
    {"std", "standard"},
    {"svc", "service"},
    {"svr", "server"},
    {"sw", "software"},
    {"sys", "system"},
    {"wks", "workstation"},
    {"ws", "workstation"},
};

static const char *full(struct slice word)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (slice_is(word, table[i].brief))
            return table[i].full;
    return NULL;
}

int fleet_name_written_out(struct arena *a, struct slice form, struct slice *out, struct err *e)
{
    struct fleet_words words;
    bool changed = false;
    *out = slice_of(NULL, 0);
    fleet_words_split(form, &words);
    for (size_t i = 0; i < words.count; i++)
        changed = changed || full(words.at[i]);
    if (!changed || words.cut || words.count < 2)
        return 0;
    struct buf b;
    buf_init(&b);
    for (size_t i = 0; i < words.count; i++) {
        const char *word = full(words.at[i]);
        if (i)
            buf_putc(&b, ' ');
        if (word)
            buf_put(&b, word, strlen(word));
        else
            buf_put(&b, words.at[i].data, words.at[i].len);
    }
    struct slice text = buf_slice(&b);
    char *kept = b.failed ? NULL : arena_copy(a, text.data, text.len);
    if (kept)
        *out = slice_of(kept, text.len);
    buf_fini(&b);
    return kept ? 0 : err_memory(e);
}
