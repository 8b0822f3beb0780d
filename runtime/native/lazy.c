/*
 * Objects whose members are made when they are first asked for. A start of a container uses a quarter of what vz:sys
 * offers; to make the rest as well took a tenth of the engine's time.
 */
#include "vz.h"

typedef struct {
    const LazyList *lists;
    const LazyMember *members;
    int list_count, member_count;
    /* of each entry and member, in this order: whether it is an ordinary property by now */
    bool made[];
} Lazy;

static JSClassID lazy_class;

static bool same(const char *left, const char *right)
{
    /* most names differ in the first letter; this is the loop that a start spends its time in */
    return left[0] == right[0] && !strcmp(left, right);
}

/* Makes the member called `name` an ordinary property. 1 if there is one, 0 if not, -1 with an exception. */
static int make(JSContext *ctx, JSValueConst object, Lazy *lazy, const char *name)
{
    bool *made = lazy->made;
    for (int i = 0; i < lazy->list_count; made += *lazy->lists[i].count, i++) {
        const JSCFunctionListEntry *entries = lazy->lists[i].entries;
        for (int k = 0; k < *lazy->lists[i].count; k++) {
            if (!same(entries[k].name, name)) continue;
            made[k] = true;
            JS_SetPropertyFunctionList(ctx, object, entries + k, 1);
            return 1;
        }
    }
    for (int i = 0; i < lazy->member_count; i++) {
        if (!same(lazy->members[i].name, name)) continue;
        JSValue value = lazy->members[i].make(ctx);
        if (JS_IsException(value)) return -1;
        made[i] = true;
        return JS_DefinePropertyValueStr(ctx, object, name, value, JS_PROP_C_W_E);
    }
    return 0;
}

/* The engine asks here only for what is no ordinary property of the object. */
static int get_own(JSContext *ctx, JSPropertyDescriptor *description, JSValueConst object, JSAtom atom)
{
    const char *name = JS_AtomToCString(ctx, atom);
    if (!name) return -1;
    int found = make(ctx, object, JS_GetOpaque(object, lazy_class), name);
    JS_FreeCString(ctx, name);
    return found == 1 ? JS_GetOwnProperty(ctx, description, object, atom) : found;
}

/* Names of what is no ordinary property yet; the engine adds the others. */
static int own_names(JSContext *ctx, JSPropertyEnum **names, uint32_t *count, JSValueConst object)
{
    Lazy *lazy = JS_GetOpaque(object, lazy_class);
    bool *made = lazy->made;
    int most = lazy->member_count;
    for (int i = 0; i < lazy->list_count; i++) most += *lazy->lists[i].count;
    JSPropertyEnum *list = js_mallocz(ctx, (most + 1) * sizeof *list);
    if (!list) return -1;
    *count = 0;
    for (int i = 0; i < lazy->list_count; made += *lazy->lists[i].count, i++)
        for (int k = 0; k < *lazy->lists[i].count; k++)
            if (!made[k]) list[(*count)++].atom = JS_NewAtom(ctx, lazy->lists[i].entries[k].name);
    for (int i = 0; i < lazy->member_count; i++)
        if (!made[i]) list[(*count)++].atom = JS_NewAtom(ctx, lazy->members[i].name);
    *names = list;
    return 0;
}

static void free_lazy(JSRuntime *rt, JSValue value)
{
    js_free_rt(rt, JS_GetOpaque(value, lazy_class));
}

static JSClassExoticMethods exotic = {.get_own_property = get_own, .get_own_property_names = own_names};
static const JSClassDef definition = {"Lazy", .finalizer = free_lazy, .exotic = &exotic};

JSValue vz_lazy_object(JSContext *ctx, const LazyList *lists, int list_count, const LazyMember *members, int member_count)
{
    int most = member_count;
    for (int i = 0; i < list_count; i++) most += *lists[i].count;
    if (lazy_class == 0) {
        JS_NewClassID(&lazy_class);
        if (JS_NewClass(JS_GetRuntime(ctx), lazy_class, &definition)) return JS_EXCEPTION;
    }
    Lazy *lazy = js_mallocz(ctx, sizeof *lazy + most);
    JSValue object = lazy ? JS_NewObjectProtoClass(ctx, JS_NULL, lazy_class) : JS_EXCEPTION;
    if (JS_IsException(object)) return object;
    *lazy = (Lazy){lists, members, list_count, member_count};
    JS_SetOpaque(object, lazy);
    return object;
}
