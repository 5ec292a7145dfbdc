/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole of libsgbench-lab-ptrace.so, which the lab's kernel gets by
 * LD_PRELOAD, as it cannot start without on a CPU with AMX.
 *
 * User-mode Linux keeps a process's vector registers in 2696 bytes, which is
 * all up to AVX-512 and PKRU (HOST_FP_SIZE in Linux 6.1's
 * arch/x86/um/user-offsets.c). To read them as far as they fit is all right;
 * but to write a part of them is EFAULT (xstateregs_set() in
 * arch/x86/kernel/fpu/regset.c), on which it panics, and with AMX there are
 * 11008 bytes. So what it does not know is filled in from where it writes to.
 * Nothing in the lab uses AMX: a process has to ask for it first.
 */
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

#define MOST 65536 /* bytes of registers; as CPUs go there is a lot of room */

typedef long (*Ptrace)(enum __ptrace_request request, ...);

static Ptrace real;

/* Its kernel stacks are small, so this is not found out there. */
__attribute__((constructor)) static void find(void)
{
    real = (Ptrace)(uintptr_t)dlsym(RTLD_NEXT, "ptrace");
}

/* PTRACE_SETREGSET that takes the beginning of NT_X86_XSTATE too. It is the
 * kernel's one CPU that calls it, and no signal handler. */
static long set_registers(pid_t pid, void *kind, const struct iovec *part)
{
    static uint8_t registers[MOST] __attribute__((aligned(64)));
    struct iovec all = {registers, sizeof(registers)};

    if (real(PTRACE_GETREGSET, pid, kind, &all) < 0 ||
        all.iov_len <= part->iov_len) {
        return real(PTRACE_SETREGSET, pid, kind, part);
    }
    memcpy(registers, part->iov_base, part->iov_len);
    return real(PTRACE_SETREGSET, pid, kind, &all);
}

__attribute__((visibility("default"))) long
ptrace(enum __ptrace_request request, ...)
{
    va_list args;
    pid_t pid;
    void *addr, *data;

    va_start(args, request);
    pid = va_arg(args, pid_t);
    addr = va_arg(args, void *);
    data = va_arg(args, void *);
    va_end(args);
    if (request == PTRACE_SETREGSET && (uintptr_t)addr == NT_X86_XSTATE) {
        return set_registers(pid, addr, data);
    }
    return real(request, pid, addr, data);
}
