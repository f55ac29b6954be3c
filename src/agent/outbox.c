/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/outbox.h"
#include "agent/home.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int outcome_path(const char *home, const char *name, char path[PATH_MAX], struct err *e)
{
    char inside[OUTBOX_NAME + 32];

    snprintf(inside, sizeof(inside), "outcomes/%s", name);
    return home_path(home, inside, path, e);
}

static int sync_folder(const char *home, struct err *e)
{
    char path[PATH_MAX];
    int fd, result;

    if (home_path(home, "outcomes", path, e) != 0)
        return -1;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    result = fd >= 0 ? fsync(fd) : -1;
    if (result != 0)
        err_errno(e, errno, "agent.outbox", "cannot sync the folder %s", path);
    if (fd >= 0)
        close(fd);
    return result;
}

/* Whole and durable, under a name that nobody else has: others may put at the same time. 1: the
 * name is taken. */
static int put_under(const char *home, const char *name, struct slice envelope, struct err *e)
{
    char path[PATH_MAX], beside[PATH_MAX], unique[OUTBOX_NAME];
    int result = -1;

    snprintf(unique, sizeof(unique), "put.new-%d", (int)getpid());
    if (outcome_path(home, name, path, e) != 0 || outcome_path(home, unique, beside, e) != 0 ||
        file_write(beside, envelope, 0600, e) != 0)
        return -1;
    if (link(beside, path) == 0)
        result = sync_folder(home, e);
    else if (errno == EEXIST)
        result = 1;
    else
        err_errno(e, errno, "agent.outbox", "cannot write %s", path);
    unlink(beside);
    return result;
}

static const char answered[] = ".answered.json";

int outbox_put(const char *home, uint64_t n, struct slice envelope, struct err *e)
{
    for (unsigned serial = 0; serial < 1000; serial++) {
        char name[OUTBOX_NAME], other[OUTBOX_NAME], path[PATH_MAX];
        snprintf(name, sizeof(name), "%012llu-%03u.json", (unsigned long long)n, serial);
        snprintf(other, sizeof(other), "%012llu-%03u%s", (unsigned long long)n, serial, answered);
        if (outcome_path(home, other, path, e) != 0)
            return -1;
        if (file_kind(path) != 0)
            continue;
        int result = put_under(home, name, envelope, e);
        if (result <= 0)
            return result;
    }
    return err_set(e, ERR_LIMIT, "agent.outbox", NULL,
                   "1000 outcomes of notice %llu are waiting to be sent", (unsigned long long)n);
}

bool outbox_answered(const char *name)
{
    size_t len = strlen(name), tail = sizeof(answered) - 1;

    return len > tail && strcmp(name + len - tail, answered) == 0;
}

uint64_t outbox_number(const char *name)
{
    return strtoull(name, NULL, 10);
}

int outbox_mark_answered(const char *home, const char *name, struct err *e)
{
    char from[PATH_MAX], to[PATH_MAX], other[OUTBOX_NAME];

    snprintf(other, sizeof(other), "%.*s%s", (int)(strlen(name) - 5), name, answered);
    if (outcome_path(home, name, from, e) != 0 || outcome_path(home, other, to, e) != 0)
        return -1;
    if (rename(from, to) != 0)
        return err_errno(e, errno, "agent.outbox", "cannot rename %s", from);
    return 0;
}

int outbox_remove(const char *home, const char *name, struct err *e)
{
    char path[PATH_MAX];

    if (outcome_path(home, name, path, e) != 0)
        return -1;
    if (unlink(path) != 0 && errno != ENOENT)
        return err_errno(e, errno, "agent.outbox", "cannot remove %s", path);
    return 0;
}

int outbox_set_aside(const char *home, const char *name, struct err *e)
{
    char path[PATH_MAX], aside[PATH_MAX], inside[OUTBOX_NAME + 32];

    snprintf(inside, sizeof(inside), "evidence/outcome-%s", name);
    if (outcome_path(home, name, path, e) != 0 || home_path(home, inside, aside, e) != 0)
        return -1;
    if (rename(path, aside) != 0)
        return err_errno(e, errno, "agent.outbox", "cannot move %s", path);
    return 0;
}

struct walk {
    const char *home;
    int (*each)(void *context, const char *name, struct slice envelope, struct err *e);
    void *context;
};

static int read_one(void *context, uint64_t number, const char *name, struct err *e)
{
    const struct walk *walk = context;
    char path[PATH_MAX];
    struct buf envelope;
    int result = -1;

    (void)number;
    buf_init(&envelope);
    if (outcome_path(walk->home, name, path, e) == 0 &&
        file_read(path, OUTBOX_ENVELOPE_MAX, &envelope, e) == 0)
        result = walk->each(walk->context, name, buf_slice(&envelope), e);
    buf_fini(&envelope);
    return result;
}

int outbox_each(const char *home,
                int (*each)(void *context, const char *name, struct slice envelope, struct err *e),
                void *context, struct err *e)
{
    struct walk walk = {.home = home, .each = each, .context = context};

    return home_each(home, "outcomes", read_one, &walk, e);
}
