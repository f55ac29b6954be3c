/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/passphrase.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static int first_line(struct buf *text, struct err *e)
{
    uint8_t *end = text->len ? memchr(text->data, '\n', text->len) : NULL;

    if (end)
        text->len = (size_t)(end - text->data);
    if (text->len > 0 && text->data[text->len - 1] == '\r')
        text->len--;
    if (text->len == 0)
        return err_set(e, ERR_USAGE, "cli.passphrase", NULL, "the passphrase is empty");
    return 0;
}

static int read_line(int tty, struct buf *out, struct err *e)
{
    char byte;

    for (;;) {
        ssize_t got = read(tty, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || byte == '\n')
            break;
        if (out->len >= PASSPHRASE_MAX)
            return err_set(e, ERR_USAGE, "cli.passphrase", NULL, "the passphrase is over %d bytes",
                           PASSPHRASE_MAX);
        buf_putc(out, byte);
    }
    return first_line(out, e);
}

static int ask(int tty, const char *prompt, struct buf *out, struct err *e)
{
    struct termios before;
    struct termios silent;
    sigset_t held;
    sigset_t old;

    if (tcgetattr(tty, &before) != 0)
        return err_errno(e, errno, "cli.terminal", "the terminal cannot be set");
    /* an interrupt in between would leave the terminal without its echo */
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGTSTP);
    sigprocmask(SIG_BLOCK, &held, &old);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    int result = -1;
    if (tcsetattr(tty, TCSAFLUSH, &silent) != 0 || file_write_all(tty, prompt, strlen(prompt)) != 0)
        err_errno(e, errno, "cli.terminal", "the terminal cannot be set");
    else
        result = read_line(tty, out, e);
    if (tcsetattr(tty, TCSAFLUSH, &before) != 0 || file_write_all(tty, "\n", 1) != 0)
        result = err_errno(e, errno, "cli.terminal", "the terminal cannot be set");
    sigprocmask(SIG_SETMASK, &old, NULL);
    return result;
}

static int ask_on_terminal(const char *prompt, bool again, struct buf *out, struct err *e)
{
    struct buf second;
    int result = -1;
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

    if (tty < 0) {
        err_errno(e, errno, "cli.terminal", "there is no terminal to ask on");
        return err_hint(e, "--passphrase-file FILE");
    }
    buf_init_secret(&second);
    if (ask(tty, prompt, out, e) == 0 && (!again || ask(tty, "Once more: ", &second, e) == 0))
        result = 0;
    if (result == 0 && again && !slice_equal(buf_slice(out), buf_slice(&second)))
        result = err_set(e, ERR_USAGE, "cli.passphrase", NULL, "the two are not the same");
    buf_fini_secret(&second);
    close(tty);
    return result;
}

int passphrase_read(const char *path, const char *prompt, bool again, struct buf *out,
                    struct err *e)
{
    if (path) {
        if (file_read(path, PASSPHRASE_MAX + 2, out, e) != 0)
            return err_context(e, "--passphrase-file");
        return first_line(out, e);
    }
    return ask_on_terminal(prompt, again, out, e);
}
