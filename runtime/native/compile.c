/*
 * vzqjsc IN.js OUT.qbc NAME [lines]: compiles an ES module to the bytecode that the base reads, under the relative name
 * NAME. With "lines" it holds what a stack trace says beside the functions' names: file, line and column. They, and the
 * names of local variables, which cannot be had or left out by themselves, are a third of all that a start reads.
 * A build tool; nothing of it is in the executable.
 */
#include <stdio.h>

#include "vz.h"

static int fail(const char *what, const char *name)
{
    fprintf(stderr, "vzqjsc: %s: %s\n", what, name);
    return 1;
}

/* Imports are resolved by the base; here every one of them is an empty module. */
static JSModuleDef *any_module(JSContext *ctx, const char *name, void *opaque)
{
    return JS_NewCModule(ctx, name, NULL);
}

static char *read_text(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    *length = ftell(file);
    rewind(file);
    char *text = malloc(*length + 1);
    if (text) text[fread(text, 1, *length, file)] = 0;
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    size_t length, size;
    bool lines = argc == 5 && !strcmp(argv[4], "lines");
    if (argc != 4 && !lines) return fail("usage", "vzqjsc IN.js OUT.qbc NAME [lines]");
    char *text = read_text(argv[1], &length);
    if (!text) return fail("cannot read", argv[1]);
    JSRuntime *rt = JS_NewRuntime();
    JSContext *ctx = JS_NewContext(rt);
    JS_SetModuleLoaderFunc(rt, NULL, any_module, NULL);
    JS_SetStripInfo(rt, lines ? JS_STRIP_SOURCE : JS_STRIP_DEBUG);
    JSValue module = JS_Eval(ctx, text, length, argv[3], JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(module)) {
        JSValue error = JS_GetException(ctx), stack = JS_GetPropertyStr(ctx, error, "stack");
        fprintf(stderr, "%s", JS_ToCString(ctx, stack));
        return fail(JS_ToCString(ctx, error), argv[1]);
    }
    uint8_t *bytecode = JS_WriteObject(ctx, &size, module, JS_WRITE_OBJ_BYTECODE);
    FILE *out = fopen(argv[2], "wb");
    if (!bytecode || !out || fwrite(bytecode, 1, size, out) != size || fclose(out))
        return fail("cannot write", argv[2]);
    return 0;
}
