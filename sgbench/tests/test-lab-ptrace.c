/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libsgbench-lab-ptrace.so, on a child that stops. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sgbench/lab-host.h"

typedef long (*Ptrace)(enum __ptrace_request request, ...);

#define KIND ((void *)NT_X86_XSTATE)
#define XMM0 160       /* in FXSAVE's layout: Intel SDM 1, 10.5.1 */
#define HEADER_END 576 /* of XSAVE's: 13.4.2 */

static pid_t start_child(void)
{
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    return pid;
}

/* All registers are the same but for those in the part that was written. */
static void test_part(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_BUILT, "sgbench", LAB_PTRACE, NULL);
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    Ptrace with = module ? (Ptrace)(guintptr)dlsym(module, "ptrace") : NULL;
    g_autofree guint8 *before = g_malloc0(65536);
    g_autofree guint8 *after = g_malloc0(65536);
    struct iovec all = {before, 65536}, again = {after, 65536};
    struct iovec part = {before, 0};
    pid_t pid = start_child();

    g_assert_nonnull(with);
    if (with(PTRACE_GETREGSET, pid, KIND, &all) < 0) {
        g_test_skip("the CPU has no XSAVE");
    } else {
        g_assert_cmpuint(all.iov_len, >, HEADER_END);
        part.iov_len = all.iov_len - 64;
        memset(before + XMM0, 0x5a, 16);
        before[512] |= 2; /* XSTATE_BV: the XMM registers are there */

        /* the fault that the module is there for */
        g_assert_cmpint(ptrace(PTRACE_SETREGSET, pid, KIND, &part), ==, -1);
        g_assert_cmpint(errno, ==, EFAULT);
        g_assert_cmpint(with(PTRACE_SETREGSET, pid, KIND, &part), ==, 0);
        g_assert_cmpint(with(PTRACE_GETREGSET, pid, KIND, &again), ==, 0);
        g_assert_cmpmem(before, all.iov_len, after, again.iov_len);

        /* and the whole, and another set */
        memset(before + XMM0, 0x3c, 16);
        g_assert_cmpint(with(PTRACE_SETREGSET, pid, KIND, &all), ==, 0);
        again.iov_len = 65536;
        g_assert_cmpint(with(PTRACE_GETREGSET, pid, KIND, &again), ==, 0);
        g_assert_cmpmem(before, all.iov_len, after, again.iov_len);
    }
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    dlclose(module);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lab-ptrace/part", test_part);
    return g_test_run();
}
