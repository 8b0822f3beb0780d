/*
 * The base binary: QuickJS without its parser, the module vz:sys, and an event loop. It runs the module "main.qbc" that
 * pkg packed into it; a base that holds no payload runs the bytecode file named by its first argument.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch.h"
#include "heap.h"
#include "loop.h"

/* The engine does not know its own version as a string; the build gives the release it was made from. */
#ifndef ENGINE_VERSION
#error "ENGINE_VERSION is not defined"
#endif

/* What this base is for: an operator's has the encoders as well, which are an eighth of it and which no slave needs. */
#ifdef VZ_OPERATOR
#define VZ_PART "operator"
#else
#define VZ_PART "slave"
#endif

/* Bytes of heap after which cycles are looked for: more than a start needs, so that short programs never do. */
#define GC_THRESHOLD (2 * 1024 * 1024)

extern char **environ;

static int arg_count;
static char **args;

static uint8_t *read_file(JSContext *ctx, const char *path, size_t *length)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1 || fstat(fd, &st) == -1) return NULL;
    uint8_t *bytes = js_malloc(ctx, st.st_size + 1);
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

/* --- modules --- */

/* "vz:a/b" is the packed file a.b.qbc (each directory would cost a slave some hundred bytes); there are no other modules to be found at run time. */
static JSModuleDef *load_module(JSContext *ctx, const char *name, void *opaque)
{
    char file[256 + sizeof ".qbc"];
    size_t length;
    uint8_t *bytes = NULL;
    if (!strncmp(name, "vz:", 3) && strlen(name) < 256) {
        stpcpy(stpcpy(file, name + 3), ".qbc");
        for (char *slash = file; (slash = strchr(slash, '/'));) *slash = '.';
        bytes = vz_payload_read(ctx, file, &length);
    }
    if (!bytes) {
        /* by the code under which Node tells of an import that is not there */
        JS_ThrowReferenceError(ctx, "no module '%s' in this executable", name);
        JSValue error = JS_GetException(ctx);
        JS_SetPropertyStr(ctx, error, "code", JS_NewString(ctx, "ERR_MODULE_NOT_FOUND"));
        JS_Throw(ctx, error);
        return NULL;
    }
    JSValue module = JS_ReadObject(ctx, bytes, length, JS_READ_OBJ_BYTECODE);
    js_free(ctx, bytes);
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

/* --- vz:sys --- */

static JSValue string_list(JSContext *ctx, char **list, int count)
{
    JSValue array = JS_NewArray(ctx);
    for (int i = 0; i < count; i++)
        JS_SetPropertyUint32(ctx, array, i, vz_name(ctx, list[i], strlen(list[i])));
    return array;
}

static JSValue asset(ARGS)
{
    size_t length;
    PATH_ARG(0, name);
    uint8_t *bytes = vz_payload_read(ctx, name, &length);
    js_free(ctx, name);
    return bytes ? vz_adopt_bytes(ctx, bytes, length) : JS_NULL;
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

static JSValue import_bundle(ARGS)
{
    const char *name = JS_ToCString(ctx, argv[0]);
    if (!name) return JS_EXCEPTION;
    JSValue promise = JS_LoadModule(ctx, "", name);
    JS_FreeCString(ctx, name);
    return promise;
}

JSValue vz_read_bundle(JSContext *ctx, const char *name)
{
    JSModuleDef *module = load_module(ctx, name, NULL);
    if (!module) return JS_EXCEPTION;
    /* none of our bundles waits at its top level: it has run when this returns */
    JSValue done = JS_EvalFunction(ctx, JS_DupValue(ctx, JS_MKPTR(JS_TAG_MODULE, module)));
    if (JS_IsException(done)) return done;
    bool failed = JS_PromiseState(ctx, done) == JS_PROMISE_REJECTED;
    JSValue result = failed ? JS_Throw(ctx, JS_PromiseResult(ctx, done)) : JS_GetModuleNamespace(ctx, module);
    JS_FreeValue(ctx, done);
    return result;
}

static JSValue read_bundle(ARGS)
{
    const char *name = JS_ToCString(ctx, argv[0]);
    JSValue bundle = name ? vz_read_bundle(ctx, name) : JS_EXCEPTION;
    JS_FreeCString(ctx, name);
    return bundle;
}

static const JSCFunctionListEntry engine_functions[] = {
    JS_PROP_STRING_DEF("engine", "QuickJS " ENGINE_VERSION, 0),
    JS_PROP_STRING_DEF("arch", VZ_ARCH, 0),
    JS_PROP_STRING_DEF("part", VZ_PART, 0),
    JS_CFUNC_DEF("asset", 1, asset),
    JS_CFUNC_DEF("assets", 0, assets),
    JS_CFUNC_DEF("executable", 0, executable),
    JS_CFUNC_DEF("importBundle", 1, import_bundle),
    JS_CFUNC_DEF("readBundle", 1, read_bundle),
    JS_CFUNC_DEF("deferBundle", 1, vz_defer_bundle),
};

static JSValue argument_list(JSContext *ctx)
{
    return string_list(ctx, args, arg_count);
}

static JSValue environment_list(JSContext *ctx)
{
    int count = 0;
    while (environ[count]) count++;
    return string_list(ctx, environ, count);
}

static const LazyMember members[] = {
    {"argv", argument_list}, {"environ", environment_list}, {"constants", vz_constants}, {"signals", vz_signals},
    {"Sha256", vz_sha256},   {"Inflate", vz_inflate},       {"ZstdDecompress", vz_zstd_decompress},
#ifdef VZ_OPERATOR
    {"Deflate", vz_deflate}, {"ZstdCompress", vz_zstd_compress},
#endif
};

static const int engine_function_count = COUNT(engine_functions);

static const LazyList function_lists[] = {
    {engine_functions, &engine_function_count},
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
    {vz_container_functions, &vz_container_function_count},
    {vz_mounts_functions, &vz_mounts_function_count},
    {vz_sockets_functions, &vz_sockets_function_count},
    {vz_attributes_functions, &vz_attributes_function_count},
};

/*
 * One export, an object: bundles say `import sys from "vz:sys"`. The namespace that `import *` asks for would have all
 * two hundred members made, sorted and bound at every start, of which a program uses some fifty.
 */
static int init_sys(JSContext *ctx, JSModuleDef *module)
{
    JSValue sys = vz_lazy_object(ctx, function_lists, COUNT(function_lists), members, COUNT(members));
    return JS_SetModuleExport(ctx, module, "default", sys);
}

static void add_sys(JSContext *ctx)
{
    JS_AddModuleExport(ctx, JS_NewCModule(ctx, "vz:sys", init_sys), "default");
}

/* --- start --- */

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

static void run_main(JSContext *ctx, uint8_t *bytecode, size_t length)
{
    JSValue module = JS_ReadObject(ctx, bytecode, length, JS_READ_OBJ_BYTECODE);
    js_free(ctx, bytecode);
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
    if (argc > 0 && !strcmp(argv[0], VZ_WAIT)) return vz_wait_main(argc, argv);
    fill_standard_descriptors();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    arg_count = argc;
    args = argv;

    vz_heap_begin();
    JSRuntime *rt = JS_NewRuntime2(&vz_heap, NULL);
    JSContext *ctx = rt ? new_context(rt) : NULL;
    size_t length = 0;
    uint8_t *bytecode = NULL;
    if (ctx && vz_payload_open()) {
        bytecode = vz_payload_read(ctx, "main.qbc", &length);
    } else if (ctx && argc > 1) {
        bytecode = read_file(ctx, argv[1], &length);
        arg_count--;
        args++;
    }
    if (!bytecode) {
        dprintf(2, "vz: %s\n", ctx ? "this executable holds no program" : "not enough memory to start");
        return 71;
    }
    JS_SetGCThreshold(rt, GC_THRESHOLD);
    JS_SetModuleLoaderFunc(rt, keep_name, load_module, NULL);
    JS_SetHostPromiseRejectionTracker(rt, vz_track_rejection, NULL);
    add_sys(ctx);
    run_main(ctx, bytecode, length);
    _exit(0);
}
