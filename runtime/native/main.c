/*
 * The base binary: QuickJS without its parser, the module vz:sys, and an event loop. It runs the module "main.qbc" that
 * pkg packed into it; a base that holds no payload runs the bytecode file named by its first argument.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heap.h"
#include "loop.h"

/* The engine does not know its own version as a string; the build gives the release it was made from. */
#ifndef ENGINE_VERSION
#error "ENGINE_VERSION is not defined"
#endif

/* Bytes of heap after which cycles are looked for: more than a start needs, so that short programs never do. */
#define GC_THRESHOLD (2 * 1024 * 1024)

extern char **environ;

static int arg_count;
static char **args;

static uint8_t *read_file(const char *path, size_t *length)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1 || fstat(fd, &st) == -1) return NULL;
    uint8_t *bytes = malloc(st.st_size + 1);
    size_t done = 0;
    ssize_t n = 1;
    while (bytes && done < (size_t)st.st_size && n > 0) {
        RETRY(n, read(fd, bytes + done, st.st_size - done));
        if (n > 0) done += n;
    }
    close(fd);
    *length = done;
    return bytes;
}

/* --- vz:sys --- */

static JSValue string_list(JSContext *ctx, char **list, int count)
{
    JSValue array = JS_NewArray(ctx);
    for (int i = 0; i < count; i++)
        JS_SetPropertyUint32(ctx, array, i, vz_name(ctx, list[i], strlen(list[i])));
    return array;
}

static void free_malloced(JSRuntime *rt, void *opaque, void *bytes)
{
    free(bytes);
}

static JSValue asset(ARGS)
{
    size_t length;
    PATH_ARG(0, name);
    uint8_t *bytes = vz_payload_read(name, &length);
    js_free(ctx, name);
    return bytes ? vz_wrap_bytes(ctx, bytes, length, free_malloced) : JS_NULL;
}

typedef struct {
    JSContext *ctx;
    JSValue array;
    uint32_t count;
} NameList;

static void add_name(const char *name, void *opaque)
{
    NameList *list = opaque;
    JS_SetPropertyUint32(list->ctx, list->array, list->count++, JS_NewString(list->ctx, name));
}

/* In the order of the table: pkg sorts it. */
static JSValue assets(ARGS)
{
    NameList list = {ctx, JS_NewArray(ctx), 0};
    vz_payload_each(add_name, &list);
    return list.array;
}

static JSValue executable(ARGS)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    return n == -1 ? vz_throw(ctx, errno, "readlink", "/proc/self/exe", NULL) : vz_name(ctx, path, n);
}

static const JSCFunctionListEntry engine_functions[] = {
    JS_PROP_STRING_DEF("engine", "QuickJS " ENGINE_VERSION, 0),
    JS_CFUNC_DEF("asset", 1, asset),
    JS_CFUNC_DEF("assets", 0, assets),
    JS_CFUNC_DEF("executable", 0, executable),
};

static const struct {
    const JSCFunctionListEntry *entries;
    const int *count;
} function_lists[] = {
    {vz_text_functions, &vz_text_function_count},
    {vz_loop_functions, &vz_loop_function_count},
    {vz_timer_functions, &vz_timer_function_count},
    {vz_watch_functions, &vz_watch_function_count},
    {vz_signal_functions, &vz_signal_function_count},
    {vz_uncaught_functions, &vz_uncaught_function_count},
    {vz_fs_functions, &vz_fs_function_count},
    {vz_fd_functions, &vz_fd_function_count},
    {vz_tty_functions, &vz_tty_function_count},
    {vz_process_functions, &vz_process_function_count},
    {vz_spawn_functions, &vz_spawn_function_count},
    {vz_namespace_functions, &vz_namespace_function_count},
    {vz_bpf_functions, &vz_bpf_function_count},
};

static int init_sys(JSContext *ctx, JSModuleDef *module)
{
    int env_count = 0;
    while (environ[env_count]) env_count++;
    JS_SetModuleExportList(ctx, module, engine_functions, COUNT(engine_functions));
    for (int i = 0; i < COUNT(function_lists); i++)
        JS_SetModuleExportList(ctx, module, function_lists[i].entries, *function_lists[i].count);
    JS_SetModuleExport(ctx, module, "argv", string_list(ctx, args, arg_count));
    JS_SetModuleExport(ctx, module, "environ", string_list(ctx, environ, env_count));
    JS_SetModuleExport(ctx, module, "constants", vz_constants(ctx));
    JS_SetModuleExport(ctx, module, "signals", vz_signals(ctx));
    return vz_bytes_init(ctx, module);
}

static void add_sys(JSContext *ctx)
{
    JSModuleDef *module = JS_NewCModule(ctx, "vz:sys", init_sys);
    JS_AddModuleExportList(ctx, module, engine_functions, COUNT(engine_functions));
    for (int i = 0; i < COUNT(function_lists); i++)
        JS_AddModuleExportList(ctx, module, function_lists[i].entries, *function_lists[i].count);
    JS_AddModuleExport(ctx, module, "argv");
    JS_AddModuleExport(ctx, module, "environ");
    JS_AddModuleExport(ctx, module, "constants");
    JS_AddModuleExport(ctx, module, "signals");
    vz_bytes_export(ctx, module);
}

/* --- modules --- */

/* "vz:role/NAME" is the packed file role/NAME.qbc; there are no other modules to be found at run time. */
static JSModuleDef *load_module(JSContext *ctx, const char *name, void *opaque)
{
    char file[256];
    size_t length;
    uint8_t *bytes = NULL;
    if (!strncmp(name, "vz:", 3) && snprintf(file, sizeof file, "%s.qbc", name + 3) < (int)sizeof file)
        bytes = vz_payload_read(file, &length);
    if (!bytes) {
        JS_ThrowReferenceError(ctx, "no module '%s' in this executable", name);
        return NULL;
    }
    JSValue module = JS_ReadObject(ctx, bytes, length, JS_READ_OBJ_BYTECODE);
    free(bytes);
    if (JS_IsException(module)) return NULL;
    if (JS_ResolveModule(ctx, module) < 0) return NULL;
    JSModuleDef *definition = JS_VALUE_GET_PTR(module);
    /* the context's list of modules keeps it */
    JS_FreeValue(ctx, module);
    return definition;
}

static char *keep_name(JSContext *ctx, const char *base, const char *name, void *opaque)
{
    return js_strdup(ctx, name);
}

/* Everything but eval, the parser behind it, string normalization and proxies' rarely used kin. */
static JSContext *new_context(JSRuntime *rt)
{
    JSContext *ctx = JS_NewContextRaw(rt);
    if (!ctx) return NULL;
    JS_AddIntrinsicBaseObjects(ctx);
    JS_AddIntrinsicDate(ctx);
    JS_AddIntrinsicRegExpCompiler(ctx);
    JS_AddIntrinsicRegExp(ctx);
    JS_AddIntrinsicJSON(ctx);
    JS_AddIntrinsicProxy(ctx);
    JS_AddIntrinsicMapSet(ctx);
    JS_AddIntrinsicTypedArrays(ctx);
    JS_AddIntrinsicPromise(ctx);
    JS_AddIntrinsicWeakRef(ctx);
    return ctx;
}

static void run_main(JSContext *ctx, const uint8_t *bytecode, size_t length)
{
    JSValue module = JS_ReadObject(ctx, bytecode, length, JS_READ_OBJ_BYTECODE);
    if (JS_IsException(module) || JS_ResolveModule(ctx, module) < 0) vz_fatal(ctx, "exception");
    JSValue promise = JS_EvalFunction(ctx, module);
    if (JS_IsException(promise)) vz_fatal(ctx, "exception");
    vz_loop_run(ctx);
}

/* A missing 0, 1 or 2 would be taken by the next file opened, which then gets the program's output. */
static void fill_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF) open("/dev/null", O_RDWR);
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    arg_count = argc;
    args = argv;

    size_t length = 0;
    uint8_t *bytecode = NULL;
    if (vz_payload_open()) {
        bytecode = vz_payload_read("main.qbc", &length);
    } else if (argc > 1) {
        bytecode = read_file(argv[1], &length);
        arg_count--;
        args++;
    }
    JSRuntime *rt = JS_NewRuntime2(&vz_heap, NULL);
    JSContext *ctx = rt ? new_context(rt) : NULL;
    if (!bytecode || !ctx) {
        dprintf(2, "vz: %s\n", bytecode ? "not enough memory to start" : "this executable holds no program");
        return 71;
    }
    JS_SetGCThreshold(rt, GC_THRESHOLD);
    JS_SetModuleLoaderFunc(rt, keep_name, load_module, NULL);
    JS_SetHostPromiseRejectionTracker(rt, vz_track_rejection, NULL);
    add_sys(ctx);
    run_main(ctx, bytecode, length);
    _exit(0);
}
