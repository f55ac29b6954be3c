/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent reads of its own folder and of the centre's small words: the first byte chooses
 * state, configuration, trust statement, identity, Retry-After.
 */
#include "agent/backoff.h"
#include "agent/config.h"
#include "agent/identity.h"
#include "agent/state.h"
#include "agent/trust.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_state(struct slice text)
{
    static const char asset[] = "ast_0123456789abcdefghjkmnpqrs";
    struct state s, again;
    struct buf one, two;
    struct err e = {0};

    buf_init(&one);
    buf_init(&two);
    if (state_parse(&s, text, asset, &e) == 0) {
        state_write(&s, &one);
        if (state_parse(&again, buf_slice(&one), asset, &e) != 0)
            abort();
        state_write(&again, &two);
        if (!slice_equal(buf_slice(&one), buf_slice(&two)))
            abort();
        for (uint64_t k = s.hooks_to + 1; k <= s.n && k < s.hooks_to + 300; k++)
            if (state_hook_done(&s, k) && state_hook_open(&s, k))
                abort();
        state_fini(&again);
    }
    state_fini(&s);
    buf_fini(&one);
    buf_fini(&two);
}

static void fuzz_config(struct slice text)
{
    struct agent_config c, again;
    struct buf out;
    struct err e = {0};

    agent_config_init(&c);
    if (agent_config_read(&c, text, &e) != 0)
        return;
    buf_init(&out);
    agent_config_write(&c, &out);
    agent_config_init(&again);
    if (agent_config_read(&again, buf_slice(&out), &e) != 0)
        abort();
    buf_fini(&out);
}

static void fuzz_trust(struct slice text)
{
    struct trust t;
    struct err e = {0};

    if (trust_parse(&t, text, &e) == 0) {
        if (t.anchors.count == 0 || !t.verifier || !t.origin[0])
            abort();
        trust_fini(&t);
    }
}

static void fuzz_identity(struct slice text)
{
    struct identity i;
    struct err e = {0};

    if (identity_parse(&i, text, &e) == 0) {
        if (!i.key || i.chain.count == 0 || !id_is(slice_str(i.asset), "ast"))
            abort();
        identity_fini(&i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = size ? slice_of(data + 1, size - 1) : slice_of(data, 0);

    switch (size ? data[0] : 's') {
    case 'c': fuzz_config(rest); break;
    case 't': fuzz_trust(rest); break;
    case 'i': fuzz_identity(rest); break;
    case 'r':
        if (backoff_retry_after(rest, INT64_C(784111777000000)) < -1)
            abort();
        break;
    default: fuzz_state(rest); break;
    }
    return 0;
}
