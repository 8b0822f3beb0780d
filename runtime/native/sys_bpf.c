/*
 * bpf(2), as far as cgroups of version 2 need it: a program that decides which devices may be used. The numbers are those of
 * <linux/bpf.h>, which musl does not bring.
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "vz.h"

#define BPF_PROG_LOAD 5
#define BPF_PROG_ATTACH 8
#define BPF_PROG_TYPE_CGROUP_DEVICE 15
#define BPF_CGROUP_DEVICE 6
#define BPF_F_ALLOW_MULTI 2

/* The part of union bpf_attr that each command reads; the kernel takes what is missing for zeros. */
typedef struct {
    uint32_t type, count;
    uint64_t instructions, license;
    uint32_t log_level, log_size;
    uint64_t log;
} LoadArguments;
typedef struct {
    uint32_t target, program, type, flags;
} AttachArguments;

static JSValue load_device_program(ARGS)
{
    uint8_t *bytes;
    size_t length;
    if (!vz_bytes(ctx, argv[0], &bytes, &length)) return JS_EXCEPTION;
    if (length == 0 || length % 8) return vz_throw(ctx, EINVAL, "bpf", NULL, NULL);
    LoadArguments load = {
        .type = BPF_PROG_TYPE_CGROUP_DEVICE,
        .count = length / 8,
        .instructions = (uintptr_t)bytes,
        /* calls no function of the kernel, so any will do */
        .license = (uintptr_t)"MIT",
    };
    long fd = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
    return fd == -1 ? vz_throw(ctx, errno, "bpf", NULL, NULL) : JS_NewInt32(ctx, fd);
}

static JSValue attach_device(ARGS)
{
    INT_ARG(0, program);
    INT_ARG(1, cgroup);
    AttachArguments attach = {cgroup, program, BPF_CGROUP_DEVICE, BPF_F_ALLOW_MULTI};
    return vz_check(ctx, syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach), "bpf", NULL);
}

const JSCFunctionListEntry vz_bpf_functions[] = {
    JS_CFUNC_DEF("bpfLoadDeviceProgram", 1, load_device_program),
    JS_CFUNC_DEF("bpfAttachDevice", 2, attach_device),
};
const int vz_bpf_function_count = COUNT(vz_bpf_functions);
