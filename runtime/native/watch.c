/* Descriptors that wait to be read or written. */
#include "loop.h"

typedef struct {
    int fd;
    JSValue read, write;
} Watcher;

static LIST(Watcher) watchers;

static Watcher *find_watcher(int fd)
{
    for (int i = 0; i < watchers.count; i++)
        if (watchers.items[i].fd == fd) return &watchers.items[i];
    return NULL;
}

/* True for "w", false for "r"; -1 with an exception. */
static int direction(JSContext *ctx, JSValueConst value)
{
    const char *text = JS_ToCString(ctx, value);
    if (!text) return -1;
    int result = !strcmp(text, "w") ? 1 : !strcmp(text, "r") ? 0 : -1;
    JS_FreeCString(ctx, text);
    if (result < 0) JS_ThrowTypeError(ctx, "watch: events is \"r\" or \"w\"");
    return result;
}

static JSValue watch(ARGS)
{
    INT_ARG(0, fd);
    int write = direction(ctx, argv[1]);
    if (write < 0) return JS_EXCEPTION;
    if (!JS_IsFunction(ctx, argv[2])) return JS_ThrowTypeError(ctx, "watch: not a function");
    Watcher *watcher = find_watcher(fd);
    if (!watcher) {
        Watcher fresh = {fd, JS_UNDEFINED, JS_UNDEFINED};
        APPEND(watchers, fresh);
        watcher = &watchers.items[watchers.count - 1];
    }
    JSValue *slot = write ? &watcher->write : &watcher->read;
    JS_FreeValue(ctx, *slot);
    *slot = JS_DupValue(ctx, argv[2]);
    return JS_UNDEFINED;
}

static JSValue unwatch(ARGS)
{
    INT_ARG(0, fd);
    int write = direction(ctx, argv[1]);
    if (write < 0) return JS_EXCEPTION;
    Watcher *watcher = find_watcher(fd);
    if (!watcher) return JS_UNDEFINED;
    JSValue *slot = write ? &watcher->write : &watcher->read, old = *slot;
    *slot = JS_UNDEFINED;
    if (JS_IsUndefined(watcher->read) && JS_IsUndefined(watcher->write)) {
        int i = watcher - watchers.items;
        REMOVE(watchers, i);
    }
    JS_FreeValue(ctx, old);
    return JS_UNDEFINED;
}

int vz_watch_count(void)
{
    return watchers.count;
}

void vz_watch_fill(struct pollfd *fds)
{
    for (int i = 0; i < watchers.count; i++) {
        Watcher *watcher = &watchers.items[i];
        fds[i].fd = watcher->fd;
        fds[i].events = (JS_IsUndefined(watcher->read) ? 0 : POLLIN) | (JS_IsUndefined(watcher->write) ? 0 : POLLOUT);
        fds[i].revents = 0;
    }
}

/* A callback may unwatch any of them, so each is looked up again. */
void vz_watch_run(JSContext *ctx, const struct pollfd *fds, int count)
{
    for (int i = 0; i < count; i++) {
        if (!fds[i].revents) continue;
        /* hang-up and error wake both sides: the next read or write tells which */
        short broken = fds[i].revents & (POLLHUP | POLLERR | POLLNVAL);
        Watcher *watcher = find_watcher(fds[i].fd);
        if (watcher && (fds[i].revents & POLLIN || broken) && !JS_IsUndefined(watcher->read))
            vz_call(ctx, watcher->read, 0, NULL);
        watcher = find_watcher(fds[i].fd);
        if (watcher && (fds[i].revents & POLLOUT || broken) && !JS_IsUndefined(watcher->write))
            vz_call(ctx, watcher->write, 0, NULL);
    }
}

void vz_watch_forget(void)
{
    watchers.count = 0;
}

const JSCFunctionListEntry vz_watch_functions[] = {
    JS_CFUNC_DEF("watch", 3, watch),
    JS_CFUNC_DEF("unwatch", 2, unwatch),
};
const int vz_watch_function_count = COUNT(vz_watch_functions);
