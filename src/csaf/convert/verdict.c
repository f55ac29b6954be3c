/* SPDX-License-Identifier: Apache-2.0 */
/* What the validator says of the result, told where in the original it comes from. */
#include "base/memory.h"
#include "csaf/convert/convert_internal.h"
#include "csaf/validate.h"

/* Findings told of the schema and of one test; the others are counted. */
enum { TOLD_MOST = 100 };

/* Tests whose subject a rule of the conversion had to resolve, and the rule. */
static const struct {
    const char *test, *rule;
} unresolved[] = {{"6.1.57", "stacked-branches"}, {"6.1.58", "version-and-range"}};

static const char *rule_of(const char *test)
{
    for (size_t i = 0; i < ARRAY_LEN(unresolved); i++)
        if (strcmp(unresolved[i].test, test) == 0)
            return unresolved[i].rule;
    return test;
}

/* A place of the result that is spoken of. */
struct spot {
    const struct node *node; /* NULL: the tree has none there */
};

struct verdict {
    struct converter *c;
    struct map spots; /* pointer into the result -> struct spot */
    struct map told;  /* pointer into the original -> anything: a fault of it was told before */
};

/* What is missing has no node: its home is spoken of then. */
static struct slice home_of(struct slice pointer)
{
    size_t len = pointer.len;
    while (len > 0 && pointer.data[len - 1] != '/')
        len--;
    return slice_of(pointer.data, len ? len - 1 : 0);
}

static void want(struct verdict *v, struct slice pointer)
{
    if (convert_failed(v->c) || map_get(&v->spots, pointer))
        return;
    struct spot *spot = arena_new(&v->c->arena, 1, sizeof *spot);
    if (!spot || map_set(&v->spots, pointer, spot) != 0)
        err_memory(v->c->e);
}

static void want_all(struct verdict *v, const struct csaf_findings *findings)
{
    for (size_t i = 0; i < findings->kept && i < TOLD_MOST; i++) {
        want(v, slice_str(findings->at[i].pointer));
        want(v, home_of(slice_str(findings->at[i].pointer)));
    }
}

/* As deep as the tree, which the reader bounds. pointer: of n. */
static void locate(struct verdict *v, const struct node *n, struct buf *pointer)
{
    size_t len = pointer->len, index = 0;
    struct spot *spot = map_get(&v->spots, buf_slice(pointer));
    if (spot)
        spot->node = n;
    node_each(child, n)
    {
        if (n->type == JSON_OBJECT)
            convert_pointer_token(pointer, node_name(child));
        else
            buf_printf(pointer, "/%zu", index++);
        if (pointer->failed)
            return;
        locate(v, child, pointer);
        pointer->len = len;
    }
}

static const struct node *node_at(const struct verdict *v, struct slice pointer)
{
    const struct spot *spot = map_get(&v->spots, pointer);
    if (spot && spot->node)
        return spot->node;
    spot = map_get(&v->spots, home_of(pointer));
    return spot && spot->node ? spot->node : v->c->root;
}

static void tell_one(struct verdict *v, const char *test, const struct csaf_finding *f)
{
    struct converter *c = v->c;
    const struct node *n = node_at(v, slice_str(f->pointer));
    const char *rule = rule_of(test);
    struct buf original;
    buf_init(&original);
    convert_pointer(n, &original);
    bool known = map_get(&v->told, buf_slice(&original)) != NULL;
    bool elsewhere = !slice_is(buf_slice(&original), f->pointer);
    bool failed = original.failed;
    buf_fini(&original);
    if (failed)
        err_memory(c->e);
    if (failed || known)
        return;
    convert_tell(c, CSAF_CONVERT_FAULT, rule, n, "%s%s%s%s%s%s%s", f->text,
                 rule == test ? "" : ", which could not be resolved", f->hint ? "; " : "",
                 f->hint ? f->hint : "", elsewhere ? " (in the result: " : "",
                 elsewhere ? f->pointer : "", elsewhere ? ")" : "");
}

static void tell_all(struct verdict *v, const char *test, const struct csaf_findings *findings)
{
    size_t told = 0;
    for (size_t i = 0; i < findings->kept && told < TOLD_MOST; i++)
        if (findings->at[i].severity == CSAF_ERROR) {
            tell_one(v, test, &findings->at[i]);
            told++;
        }
    if (told == TOLD_MOST && findings->count > told)
        convert_tell(v->c, CSAF_CONVERT_FAULT, test, v->c->root, "and %zu more of this kind",
                     findings->count - told);
}

static void remember_told(struct verdict *v)
{
    for (size_t i = 0; i < v->c->finding_count; i++) {
        const struct csaf_convert_finding *f = &v->c->findings[i];
        if (f->kind == CSAF_CONVERT_FAULT &&
            map_set(&v->told, slice_str(f->pointer), (void *)(uintptr_t)f->rule) != 0)
            err_memory(v->c->e);
    }
}

static void tell_result(struct verdict *v, const struct csaf_result *result)
{
    struct buf pointer;
    buf_init(&pointer);
    want_all(v, &result->schema);
    for (size_t t = 0; t < result->test_count; t++)
        want_all(v, &result->tests[t].findings);
    if (v->spots.count)
        locate(v, v->c->root, &pointer);
    if (pointer.failed)
        err_memory(v->c->e);
    buf_fini(&pointer);
    remember_told(v);
    tell_all(v, "schema", &result->schema);
    remember_told(v); /* what tests find at the same place follows from that */
    for (size_t t = 0; t < result->test_count && !convert_failed(v->c); t++)
        tell_all(v, result->tests[t].test->id, &result->tests[t].findings);
}

void convert_judge(struct converter *c)
{
    struct verdict v = {.c = c};
    struct csaf_result result;
    struct csaf_validator *validator =
        csaf_validator_new(&(struct csaf_validator_options){.now = c->options.now}, c->e);
    if (!validator)
        return;
    map_init(&v.spots);
    map_init(&v.told);
    if (csaf_validate(validator, buf_slice(&c->out), &result, c->e) == 0) {
        c->result.valid = result.valid;
        if (!result.version)
            convert_tell(c, CSAF_CONVERT_FAULT, "limit", c->root, "%s", result.unreadable.text);
        else if (!result.valid)
            tell_result(&v, &result);
        csaf_result_free(&result);
    }
    map_fini(&v.told);
    map_fini(&v.spots);
    csaf_validator_free(validator);
}
