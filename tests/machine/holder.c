/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that holds a text 4,095 times in its memory and reserves a great deal more than there
 * is: half a tebibyte without access, half a tebibyte with, of which a page is used every 64 GiB.
 * When all of it is there it prints its number and where these three are, and waits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HELD = 1 << 20, LINE = 256 };

int main(int count, char **words)
{
    const size_t most = (size_t)1 << 39, step = (size_t)1 << 36;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    char *none = mmap(NULL, most, PROT_NONE, flags, -1, 0);
    char *some = mmap(NULL, most, PROT_READ | PROT_WRITE, flags, -1, 0);
    char *held = malloc(HELD);
    if (count != 2 || none == MAP_FAILED || some == MAP_FAILED || !held)
        return 1;
    for (size_t at = 0; at < most; at += step)
        some[at] = 'x';
    memset(held, ' ', HELD);
    for (size_t i = 0; i + LINE < HELD; i += LINE) {
        char text[LINE];
        int len = snprintf(text, sizeof text, "held %zu %s", i, words[1]);
        memcpy(held + i, text, (size_t)len);
        held[i + LINE - 1] = '\n';
    }
    memset(words[1], 0, strlen(words[1])); /* held in that memory alone */
    printf("%d %p %p %p\n", (int)getpid(), (void *)none, (void *)some, (void *)held);
    fflush(stdout);
    for (;;)
        pause();
}
