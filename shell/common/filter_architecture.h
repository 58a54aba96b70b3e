/*
 * filter_architecture.h - FILTER_ARCHITECTURE: the kernel's name of the processor that this is
 * compiled for, where nsisolate-init has a filter of PID 1's system calls for it (init/filter.h);
 * undefined elsewhere.
 */
#ifndef NSISOLATE_FILTER_ARCHITECTURE_H
#define NSISOLATE_FILTER_ARCHITECTURE_H

#include <linux/audit.h>

#if defined(__x86_64__) && !defined(__ILP32__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_I386
#elif defined(__aarch64__) && !defined(__AARCH64EB__) && !defined(__ILP32__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__ARM_EABI__) && !defined(__ARMEB__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define FILTER_ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_S390X
#endif

#endif
