/*
 * What `import defer` of a bundle gives (scripts/build/split.mjs): an object that stands for the namespace of a bundle, which is
 * read when one of its members is first asked for. At once, so that synchronous code can ask.
 */
#include "vz.h"

typedef struct Deferred {
    struct Deferred *next;
    /* undefined until the bundle is read; lasts as long as the process */
    JSValue bundle;
    char name[];
} Deferred;

static JSClassID deferred_class;
/* each is read once, however many ask for it */
static Deferred *known;

static int get_own(JSContext *ctx, JSPropertyDescriptor *description, JSValueConst object, JSAtom atom)
{
    Deferred *deferred = JS_GetOpaque(object, deferred_class);
    if (JS_IsUndefined(deferred->bundle)) {
        JSValue bundle = vz_read_bundle(ctx, deferred->name);
        if (JS_IsException(bundle)) return -1;
        deferred->bundle = bundle;
    }
    int found = JS_GetOwnProperty(ctx, NULL, deferred->bundle, atom);
    if (found != 1) return found;
    /* an ordinary property from here on: of what our bundles export, nothing changes */
    JSValue value = JS_GetProperty(ctx, deferred->bundle, atom);
    if (JS_IsException(value) || JS_DefinePropertyValue(ctx, object, atom, value, JS_PROP_ENUMERABLE) < 0) return -1;
    return description ? JS_GetOwnProperty(ctx, description, object, atom) : 1;
}

static JSClassExoticMethods exotic = {.get_own_property = get_own};
static const JSClassDef definition = {"Deferred", .exotic = &exotic};

static Deferred *find(const char *name)
{
    for (Deferred *one = known; one; one = one->next)
        if (!strcmp(one->name, name)) return one;
    Deferred *added = malloc(sizeof *added + strlen(name) + 1);
    if (!added) return NULL;
    added->next = known;
    added->bundle = JS_UNDEFINED;
    strcpy(added->name, name);
    return known = added;
}

JSValue vz_defer_bundle(ARGS)
{
    if (deferred_class == 0) {
        JS_NewClassID(&deferred_class);
        if (JS_NewClass(JS_GetRuntime(ctx), deferred_class, &definition)) return JS_EXCEPTION;
    }
    const char *name = JS_ToCString(ctx, argv[0]);
    Deferred *deferred = name ? find(name) : NULL;
    JS_FreeCString(ctx, name);
    if (!deferred) return name ? JS_ThrowOutOfMemory(ctx) : JS_EXCEPTION;
    JSValue object = JS_NewObjectProtoClass(ctx, JS_NULL, deferred_class);
    JS_SetOpaque(object, deferred);
    return object;
}
