/* What differs between the architectures that this is built for. The build's share is scripts/build/architectures.tsv. */
#ifndef VZ_ARCH_H
#define VZ_ARCH_H

#include <sys/syscall.h>

/* process.arch, in Node's words */
#if defined __i386__
#define VZ_ARCH "ia32"
#elif defined __x86_64__
#define VZ_ARCH "x64"
#elif defined __aarch64__
#define VZ_ARCH "arm64"
#else
#error "not an architecture that vz is built for"
#endif

/* i386 has two of each, of which the older takes ids of 16 bits. */
#ifdef SYS_setgroups32
#define NR_SETGROUPS SYS_setgroups32
#define NR_SETRESGID SYS_setresgid32
#define NR_SETRESUID SYS_setresuid32
#else
#define NR_SETGROUPS SYS_setgroups
#define NR_SETRESGID SYS_setresgid
#define NR_SETRESUID SYS_setresuid
#endif

#endif
