/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fence.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "context.h"
#include "error.h"

static void stay_inside(int held, pid_t parent)
{
    run_leave_signals_to_parent();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(held, STDERR_FILENO) < 0) {
        _exit(SGBENCH_ERROR_INTERNAL);
    }
    close(held);
}

/* All that is in file @held. */
static char *read_all(int held)
{
    GString *text = g_string_new(NULL);
    char part[4096];
    ssize_t n;

    while ((n = pread(held, part, sizeof(part), text->len)) > 0) {
        g_string_append_len(text, part, n);
    }
    return g_string_free(text, FALSE);
}

static void wait_outside(pid_t child, int held, Fence *fence)
{
    siginfo_t info;
    int status;

    /* As long as it is not reaped its number is nobody else's. */
    while (waitid(P_PID, child, &info, WEXITED | WNOWAIT) < 0 &&
           errno == EINTR) {
    }
    run_pass_signals_to(0);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    fence->said = read_all(held);
    if (WIFSIGNALED(status)) {
        fence->signal = WTERMSIG(status);
    } else {
        fence->exit_code = WEXITSTATUS(status);
        fputs(fence->said, stderr);
        g_clear_pointer(&fence->said, g_free);
    }
}

FenceSide fence_enter(Fence *fence, GError **error)
{
    int held = memfd_create("stderr", MFD_CLOEXEC);
    pid_t parent = getpid(), child = -1;
    sigset_t all, before;
    int code;

    *fence = (Fence){};
    if (held >= 0) {
        /* None may come before it is known who has to hear of it. */
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, &before);
        child = fork();
        code = errno;
        if (child == 0) {
            stay_inside(held, parent);
        } else if (child > 0) {
            run_pass_signals_to(child);
        }
        sigprocmask(SIG_SETMASK, &before, NULL);
        errno = code;
    }
    if (child < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "can't start a process of its own for this: %s",
                    g_strerror(errno));
        if (held >= 0) {
            close(held);
        }
        return FENCE_FAILED;
    }
    if (child == 0) {
        return FENCE_INSIDE;
    }
    wait_outside(child, held, fence);
    close(held);
    return FENCE_OUTSIDE;
}

void fence_clear(Fence *fence)
{
    g_clear_pointer(&fence->said, g_free);
}
