/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <stddef.h>
#include <string.h>

static const char *const texts[] = {
#define SQL(id, text) text,
#include "store/sql/all.def"
#undef SQL
};

static const char *const names[] = {
#define SQL(id, text) #id,
#include "store/sql/all.def"
#undef SQL
};

const char *sql_text(enum sql_id id)
{
    return texts[id];
}

const char *sql_name(enum sql_id id)
{
    return names[id];
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Where the next token begins: behind white space, comments and quoted text. */
static const char *skip_quiet(const char *at)
{
    for (;;) {
        if (*at == ' ' || *at == '\n' || *at == '\t') {
            at++;
        } else if (*at == '\'' || *at == '"') {
            const char *end = strchr(at + 1, *at);
            at = end ? end + 1 : at + strlen(at);
        } else if (at[0] == '-' && at[1] == '-') {
            at += strcspn(at, "\n");
        } else if (at[0] == '/' && at[1] == '*') {
            const char *end = strstr(at + 2, "*/");
            at = end ? end + 2 : at + strlen(at);
        } else {
            return at;
        }
    }
}

static const char *skip_token(const char *at)
{
    if (!is_word(*at))
        return at + 1;
    while (is_word(*at))
        at++;
    return at;
}

const char *sql_next_parameter(const char *at, unsigned *number)
{
    for (at = skip_quiet(at); *at; at = skip_quiet(skip_token(at))) {
        if (*at != '$' || at[1] < '1' || at[1] > '9')
            continue;
        *number = 0;
        for (const char *digit = at + 1; *digit >= '0' && *digit <= '9' && *number < 10000; digit++)
            *number = *number * 10 + (unsigned)(*digit - '0');
        return at;
    }
    return NULL;
}

unsigned sql_parameters(const char *text)
{
    unsigned highest = 0;
    unsigned number;

    for (const char *at = text; (at = sql_next_parameter(at, &number)); at++) {
        if (number > highest)
            highest = number;
    }
    return highest;
}

static bool token_is(const char *at, const char *word)
{
    size_t len = strlen(word);
    return strncmp(at, word, len) == 0 && !is_word(at[len]);
}

bool sql_changes(enum sql_id id)
{
    const char *at = skip_quiet(texts[id]);

    if (token_is(at, "SELECT"))
        return false;
    if (!token_is(at, "WITH"))
        return true;
    for (; *at; at = skip_quiet(skip_token(at))) {
        if (token_is(at, "INSERT") || token_is(at, "UPDATE") || token_is(at, "DELETE"))
            return true;
    }
    return false;
}
