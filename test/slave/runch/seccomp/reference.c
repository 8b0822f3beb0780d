/*
 * What libseccomp makes of rules, for libseccomp.test.ts. Reads profiles as words from standard input:
 *   default ACTION, then: remove-arch TOKEN, add-arch TOKEN, optimize LEVEL, rule ACTION NAME COUNT (INDEX OP A B)*, end
 * and writes for each: the first error (0 for none), the length of its program in bytes, the program.
 * With the argument "resolve" it reads names and writes NAME I386 AMD64 X32 ARM64, numbers below 0 for none.
 */
#define _GNU_SOURCE
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int resolve(void)
{
    char name[100];
    while (scanf("%99s", name) == 1)
        printf("%s %d %d %d %d\n", name, seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, name),
               seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, name),
               seccomp_syscall_resolve_name_arch(SCMP_ARCH_X32, name),
               seccomp_syscall_resolve_name_arch(SCMP_ARCH_AARCH64, name));
    return 0;
}

static int add_rule(scmp_filter_ctx filter)
{
    struct scmp_arg_cmp args[6];
    char name[100];
    unsigned action, count, index;
    int op;
    unsigned long long a, b;
    if (scanf("%u %99s %u", &action, name, &count) != 3 || count > 6) exit(2);
    for (unsigned i = 0; i < count; i++) {
        if (scanf("%u %d %llu %llu", &index, &op, &a, &b) != 4) exit(2);
        args[i] = (struct scmp_arg_cmp){index, op, a, b};
    }
    int number = seccomp_syscall_resolve_name(name);
    return number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_array(filter, action, number, count, args);
}

static int write_program(scmp_filter_ctx filter, int error)
{
    int fd = memfd_create("filter", MFD_CLOEXEC);
    int result = seccomp_export_bpf(filter, fd);
    int header[2] = {error ? error : result, (int)lseek(fd, 0, SEEK_END)};
    void *bytes = malloc(header[1] + 1);
    if (pread(fd, bytes, header[1], 0) != header[1]) exit(2);
    fwrite(header, sizeof header, 1, stdout);
    fwrite(bytes, 1, header[1], stdout);
    free(bytes);
    close(fd);
    return 0;
}

int main(int argc, char **argv)
{
    scmp_filter_ctx filter = NULL;
    char word[20];
    unsigned number;
    int error = 0, result;
    if (argc > 1 && !strcmp(argv[1], "resolve")) return resolve();
    while (scanf("%19s", word) == 1) {
        result = 0;
        if (!strcmp(word, "rule")) result = add_rule(filter);
        else if (!strcmp(word, "end")) {
            write_program(filter, error);
            seccomp_release(filter);
        } else {
            if (scanf("%u", &number) != 1) exit(2);
            if (!strcmp(word, "default")) {
                error = 0;
                filter = seccomp_init(number);
            } else if (!strcmp(word, "add-arch")) result = seccomp_arch_add(filter, number);
            else if (!strcmp(word, "optimize")) result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, number);
            else if (!strcmp(word, "remove-arch")) result = seccomp_arch_remove(filter, number);
        }
        if (result < 0 && error == 0) error = result;
    }
    return 0;
}
