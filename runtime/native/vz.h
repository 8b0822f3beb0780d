/*
 * Shared declarations of the base binary. Each sys_*.c gives one kind of system call to `vz:sys`: one call, one function,
 * no policy. What the functions promise is written in ../vz-sys.d.ts.
 */
#ifndef VZ_H
#define VZ_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "quickjs.h"

/* Runs a call again while a signal interrupts it. */
#define RETRY(result, call)                    \
    do {                                       \
        (result) = (call);                     \
    } while ((result) == -1 && errno == EINTR)

#define MAX_SAFE 9007199254740992.0

/* --- values.c, text.c: between JavaScript's values and C's --- */

/* A C string (js_free it) from a string or Uint8Array; NULL with an exception for other types or a NUL inside. */
char *vz_path(JSContext *ctx, JSValueConst value);
/* As vz_path, for an array; a NULL ends it. Free with vz_free_list. */
char **vz_path_list(JSContext *ctx, JSValueConst array);
void vz_free_list(JSContext *ctx, char **list);
/* A string in which bytes that are not UTF-8 stand as lone surrogates. */
JSValue vz_name(JSContext *ctx, const char *bytes, size_t length);
/* The bytes behind a Uint8Array; false with an exception for anything else. They live as long as the value does. */
bool vz_bytes(JSContext *ctx, JSValueConst value, uint8_t **bytes, size_t *length);
JSValue vz_new_bytes(JSContext *ctx, const void *bytes, size_t length);
/* A Uint8Array over `bytes`, which `release` frees. */
JSValue vz_wrap_bytes(JSContext *ctx, uint8_t *bytes, size_t length, JSFreeArrayBufferDataFunc *release);
/* A whole number within +-2^53; false with an exception. */
bool vz_int64(JSContext *ctx, JSValueConst value, int64_t *result);
bool vz_int(JSContext *ctx, JSValueConst value, int *result);
/* A number, or a BigInt where a number would not be exact. */
JSValue vz_exact(JSContext *ctx, uint64_t value);
/* An array of numbers; -1 with an exception. js_free what *items points to. */
int vz_int_list(JSContext *ctx, JSValueConst array, int **items);
/* A copy of the string's UTF-8 with a NUL behind it; js_free it. `escape`: surrogates that stand for bytes become these. */
uint8_t *vz_string_bytes(JSContext *ctx, JSValueConst value, bool escape, size_t *length);
/* A Uint8Array that takes over `bytes`, which came from js_malloc. */
JSValue vz_adopt_bytes(JSContext *ctx, uint8_t *bytes, size_t length);
extern const JSCFunctionListEntry vz_text_functions[];
extern const int vz_text_function_count;

/* --- lazy.c --- */

typedef struct {
    const JSCFunctionListEntry *entries;
    const int *count;
} LazyList;
/* A member that no list can hold. */
typedef struct {
    const char *name;
    JSValue (*make)(JSContext *ctx);
} LazyMember;
/* An object with these members, each of which is made when it is first asked for. The lists must stay. */
JSValue vz_lazy_object(JSContext *ctx, const LazyList *lists, int list_count, const LazyMember *members,
                       int member_count);

/* --- main.c --- */

/* The namespace of a bundle ("vz:NAME") that nothing has imported yet; it has run then. */
JSValue vz_read_bundle(JSContext *ctx, const char *name);

/* --- errors.c --- */

/* Throws errno as Node shapes it; path may be NULL. Gives JS_EXCEPTION. */
JSValue vz_throw(JSContext *ctx, int error, const char *syscall, const char *path, const char *dest);
const char *vz_error_code(int error);
/* undefined for a result that is not -1, else throws errno. */
JSValue vz_check(JSContext *ctx, long result, const char *syscall, const char *path);

/* --- payload.c: the files that pkg packed into this executable --- */

bool vz_payload_open(void);
/* The file's bytes as one block of the engine's heap, or NULL. */
uint8_t *vz_payload_read(JSContext *ctx, const char *name, size_t *length);
/* The executable's descriptor, -1 where nothing is packed into it. */
int vz_payload_fd(void);
/* Calls fn for each packed name. */
void vz_payload_each(void (*fn)(const char *name, void *opaque), void *opaque);

/* --- loop.c, uncaught.c --- */

/* Runs until nothing is left to wait for. */
void vz_loop_run(JSContext *ctx);
/* Empties the tick and job queues and reports what nobody caught. */
void vz_drain(JSContext *ctx);
/* Calls fn without arguments, then drains; an exception ends the process. */
void vz_call(JSContext *ctx, JSValueConst fn, int argc, JSValueConst *argv);
/* Reports the pending exception as uncaught; does not return. */
void vz_fatal(JSContext *ctx, const char *kind) __attribute__((noreturn));
void vz_track_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason, JS_BOOL handled, void *opaque);
/* In a forked child: forgets timers, watchers, children and signal handlers of the parent. */
void vz_loop_forget(JSContext *ctx);
extern const JSCFunctionListEntry vz_loop_functions[];
extern const int vz_loop_function_count;

/* --- waiter.c: a process that waits for another, without the engine --- */

/* Name that an executable is given to play it, instead of running a program. */
#define VZ_WAIT "vz-wait"
int vz_wait_main(int argc, char **argv);

/* --- sys_*.c, bytes.c, zstd.c --- */

extern const JSCFunctionListEntry vz_fs_functions[], vz_fd_functions[], vz_tty_functions[], vz_process_functions[],
    vz_spawn_functions[], vz_namespace_functions[], vz_container_functions[], vz_mounts_functions[],
    vz_sockets_functions[], vz_bpf_functions[], vz_attributes_functions[];
extern const int vz_fs_function_count, vz_fd_function_count, vz_tty_function_count, vz_process_function_count,
    vz_spawn_function_count, vz_namespace_function_count, vz_container_function_count, vz_mounts_function_count,
    vz_sockets_function_count, vz_bpf_function_count, vz_attributes_function_count;
typedef struct {
    JSClassID *id;
    JSClassDef definition;
    JSCFunctionMagic *constructor;
    int arity, magic;
    const JSCFunctionListEntry *methods;
    int method_count;
} Class;
/* Registers the class and gives its constructor. */
JSValue vz_new_class(JSContext *ctx, const Class *class);
/* The constructors of the classes of vz:sys; each is asked for once. */
JSValue vz_sha256(JSContext *ctx);
JSValue vz_deflate(JSContext *ctx);
JSValue vz_inflate(JSContext *ctx);
JSValue vz_zstd_compress(JSContext *ctx);
JSValue vz_zstd_decompress(JSContext *ctx);
JSValue vz_constants(JSContext *ctx);
JSValue vz_signals(JSContext *ctx);

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Arguments of the functions below; QuickJS pads missing ones with undefined up to the declared length. */
#define ARGS JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv
#define INT_ARG(n, name) \
    int name;            \
    if (!vz_int(ctx, argv[n], &name)) return JS_EXCEPTION
#define INT64_ARG(n, name) \
    int64_t name;          \
    if (!vz_int64(ctx, argv[n], &name)) return JS_EXCEPTION
#define PATH_ARG(n, name)                  \
    char *name = vz_path(ctx, argv[n]);    \
    if (!name) return JS_EXCEPTION

/* --- deferred.c --- */

/* sys.deferBundle: an object that stands for a bundle's namespace until something of it is asked for. */
JSValue vz_defer_bundle(ARGS);

#endif
