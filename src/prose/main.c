/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin-prose: answers questions about words and sentences on its pipes (frame.h). */
#include "base/compiler.h"
#include "prose/checkers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static void limit(int resource, rlim_t most)
{
    struct rlimit r = {most, most};
    setrlimit((__rlimit_resource_t)resource, &r);
}

/* What strangers wrote is read here by large libraries: they write no file and start nothing. */
static void confine(void)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NOFILE, 32);
    if (!SANITIZED)
        limit(RLIMIT_AS, (rlim_t)2 << 30);
}

static bool plain(const char *language)
{
    return *language &&
           strspn(language, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
               strlen(language);
}

static void answer_to(char operation, const char *language, const char *text,
                      struct prose_answer *answer)
{
    if (!plain(language)) {
        answer->verdict = PROSE_UNSUPPORTED;
        return;
    }
    switch ((enum prose_operation)operation) {
    case PROSE_SPELLS: prose_spells(language, answer); break;
    case PROSE_WORD:
    case PROSE_NEAREST: prose_word(language, text, operation == PROSE_NEAREST, answer); break;
    case PROSE_PARSES: prose_parses(language, answer); break;
    case PROSE_SENTENCE: prose_sentence(language, text, answer); break;
    }
}

/* "w en-US 8\n": false at the end, or when it is not that. */
static bool read_question(char *operation, char language[PROSE_LANGUAGE_MOST + 1], size_t *len)
{
    char line[80], end;

    return fgets(line, sizeof line, stdin) &&
           sscanf(line, "%c %40s %zu%c", operation, language, len, &end) == 4 && end == '\n' &&
           *len <= PROSE_TEXT_MOST;
}

int main(void)
{
    char operation, language[PROSE_LANGUAGE_MOST + 1], text[PROSE_TEXT_MOST + 1];
    size_t len;

    confine();
    while (read_question(&operation, language, &len)) {
        struct prose_answer answer = {.verdict = PROSE_UNDECIDED};
        if (fread(text, 1, len, stdin) != len)
            return 2;
        text[len] = '\0';
        answer_to(operation, language, text, &answer);
        printf("%c %zu\n%s", (int)answer.verdict, strlen(answer.text), answer.text);
        if (fflush(stdout) != 0)
            return 3;
    }
    return feof(stdin) ? 0 : 2;
}
