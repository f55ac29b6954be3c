/* SPDX-License-Identifier: Apache-2.0 */
/* paper_pdf: asks tocsin-paper. */
#include "base/program.h"
#include "paper/paper.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECE = 64 << 10, PDF_MOST = 256 << 20 };

/* It reads all before it writes. */
static int talk(int fd, struct slice question, struct buf *out)
{
    if (!program_send(fd, question))
        return -1;
    shutdown(fd, SHUT_WR);
    for (;;) {
        uint8_t piece[PIECE];
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -1 : 0;
        if (out->len > PDF_MOST)
            return -1;
        buf_put(out, piece, (size_t)got);
    }
}

int paper_pdf(const struct paper *p, struct buf *out, struct err *e)
{
    const char *program = getenv("TOCSIN_PAPER");
    struct buf question;
    size_t before = out->len;
    pid_t pid;
    int fd = -1, status = -1;
    buf_init(&question);
    paper_json(p, &question);
    if (buf_check(&question, e) != 0) {
        buf_fini(&question);
        return -1;
    }
    program = program && *program ? program : TOCSIN_PAPER;
    int problem = program_start(program, "tocsin-paper", &pid, &fd);
    if (problem) {
        buf_fini(&question);
        err_errno(e, problem, "paper.program", "%s, which writes PDF, cannot be started", program);
        e->kind = ERR_UNAVAILABLE;
        return err_hint(e, "install tocsin-paper, or print the HTML file");
    }
    int result = talk(fd, buf_slice(&question), out);
    close(fd);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    buf_fini(&question);
    if (result != 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0 || out->len - before < 8 ||
        memcmp(out->data + before, "%PDF-", 5) != 0)
        return err_set(e, ERR_UNAVAILABLE, "paper.failed", NULL, "%s could not write the PDF",
                       program);
    return buf_check(out, e);
}
