/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_pattern.h"
#include "base/memory.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct json_patterns {
    const struct json_pattern *list;
    size_t count;
    pcre2_code **codes; /* NULL: not needed yet */
    pcre2_match_data *match;
    pcre2_match_context *context;
};

struct json_patterns *json_patterns_new(const struct json_pattern *list, size_t count,
                                        struct err *e)
{
    struct json_patterns *p = mem_new(1, sizeof *p);

    if (p) {
        p->list = list;
        p->count = count;
        p->codes = mem_new(count + 1, sizeof(pcre2_code *));
        p->match = pcre2_match_data_create(1, NULL);
        p->context = pcre2_match_context_create(NULL);
    }
    if (!p || !p->codes || !p->match || !p->context) {
        json_patterns_free(p);
        err_memory(e);
        return NULL;
    }
    return p;
}

void json_patterns_free(struct json_patterns *p)
{
    if (!p)
        return;
    for (size_t i = 0; p->codes && i < p->count; i++)
        pcre2_code_free(p->codes[i]);
    mem_free(p->codes);
    pcre2_match_data_free(p->match);
    pcre2_match_context_free(p->context);
    mem_free(p);
}

/* NULL: *error says why not. */
static pcre2_code *compile(const char *text, size_t len, int *error)
{
    pcre2_code *code = NULL;
    size_t offset;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);

    *error = PCRE2_ERROR_NOMEMORY;
    if (context) {
        pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
        code =
            pcre2_compile((PCRE2_SPTR)text, len,
                          PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX |
                              PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C,
                          error, &offset, context);
        pcre2_compile_context_free(context);
    }
    return code;
}

static int run(const pcre2_code *code, struct slice text, uint32_t steps, pcre2_match_data *match,
               pcre2_match_context *context)
{
    PCRE2_SPTR subject = text.data ? text.data : (PCRE2_SPTR) "";

    pcre2_set_match_limit(context, steps);
    /* what pcre2_match would come to, past its checks of arguments */
    int rc = pcre2_jit_match(code, subject, text.len, 0, 0, match, context);
    if (rc == PCRE2_ERROR_JIT_BADOPTION) /* not compiled to machine code */
        rc = pcre2_match(code, subject, text.len, 0, PCRE2_NO_UTF_CHECK, match, context);
    return rc;
}

enum json_matched json_patterns_match(struct json_patterns *p, size_t number, struct slice text,
                                      uint32_t steps)
{
    pcre2_code **code = &p->codes[number];
    int error;

    if (!*code) {
        /* A pattern that does not compile was refused where its schema was made. */
        *code = compile(p->list[number].text, p->list[number].len, &error);
        if (!*code)
            return JSON_MATCH_FAILED;
        (void)pcre2_jit_compile(*code, PCRE2_JIT_COMPLETE); /* or interpreted */
    }
    int rc = run(*code, text, steps, p->match, p->context);
    if (rc >= 0)
        return JSON_MATCHED;
    if (rc == PCRE2_ERROR_NOMATCH)
        return JSON_NOT_MATCHED;
    return rc == PCRE2_ERROR_NOMEMORY ? JSON_MATCH_FAILED : JSON_TOO_INVOLVED;
}

int json_pattern_matches(const char *pattern, struct slice text, bool *matches, struct err *e)
{
    int error, rc = PCRE2_ERROR_NOMEMORY;
    pcre2_code *code = compile(pattern, strlen(pattern), &error);
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);

    if (code && match && context) {
        rc = run(code, text, JSON_PATTERN_STEPS, match, context);
    } else if (!code && error != PCRE2_ERROR_HEAP_FAILED && error != PCRE2_ERROR_NOMEMORY) {
        rc = 0;
        err_set(e, ERR_INPUT, "json.pattern", "ECMA-262", "%s is no regular expression", pattern);
    }
    pcre2_code_free(code);
    pcre2_match_data_free(match);
    pcre2_match_context_free(context);
    *matches = rc >= 0;
    if (err_is_set(e))
        return -1;
    if (rc >= 0 || rc == PCRE2_ERROR_NOMATCH)
        return 0;
    if (rc == PCRE2_ERROR_NOMEMORY)
        return err_memory(e);
    return err_set(e, ERR_LIMIT, "json.pattern", NULL, "the text is too involved for its pattern");
}
