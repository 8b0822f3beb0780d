/*
 * The event loop: ticks, promise jobs, timers, descriptors, signals and children, around poll(2). Whatever throws out of a
 * callback ends the process.
 */
#include "loop.h"

static LIST(JSValue) ticks;
static JSValue idle;

__attribute__((constructor)) static void start_empty(void)
{
    idle = JS_UNDEFINED;
}

void vz_drain(JSContext *ctx)
{
    JSContext *job;
    do {
        for (int i = 0; i < ticks.count; i++) {
            JSValue fn = ticks.items[i];
            JSValue result = JS_Call(ctx, fn, JS_UNDEFINED, 0, NULL);
            JS_FreeValue(ctx, fn);
            if (JS_IsException(result)) vz_fatal(ctx, "exception");
            JS_FreeValue(ctx, result);
        }
        ticks.count = 0;
        int more;
        while ((more = JS_ExecutePendingJob(JS_GetRuntime(ctx), &job)) > 0) continue;
        if (more < 0) vz_fatal(job, "exception");
    } while (ticks.count > 0);
    vz_check_rejections(ctx);
}

void vz_call(JSContext *ctx, JSValueConst fn, int argc, JSValueConst *argv)
{
    JSValue held = JS_DupValue(ctx, fn);
    JSValue result = JS_Call(ctx, held, JS_UNDEFINED, argc, argv);
    JS_FreeValue(ctx, held);
    if (JS_IsException(result)) vz_fatal(ctx, "exception");
    JS_FreeValue(ctx, result);
    vz_drain(ctx);
}

static bool alive(void)
{
    return vz_watch_count() > 0 || vz_children_alive() || ticks.count > 0 || vz_timers_alive();
}

static void wait_for_events(JSContext *ctx)
{
    int count = vz_watch_count();
    struct pollfd *fds = malloc((count + 1) * sizeof *fds);
    if (!fds) abort();
    vz_watch_fill(fds);
    fds[count] = (struct pollfd){vz_signal_fd(), POLLIN, 0};
    int ready = poll(fds, count + 1, vz_timers_wait());
    if (ready > 0 && fds[count].revents) vz_signals_run(ctx);
    if (ready > 0) vz_watch_run(ctx, fds, count);
    free(fds);
}

void vz_loop_run(JSContext *ctx)
{
    bool told = false;
    for (;;) {
        vz_drain(ctx);
        vz_timers_run(ctx);
        if (!alive()) {
            if (told || !JS_IsFunction(ctx, idle)) return;
            told = true;
            vz_call(ctx, idle, 0, NULL);
            if (!alive()) return;
            continue;
        }
        wait_for_events(ctx);
    }
}

void vz_loop_forget(JSContext *ctx)
{
    vz_timers_forget(ctx);
    vz_watch_forget();
    vz_signals_forget(ctx);
}

static JSValue next_tick(ARGS)
{
    if (!JS_IsFunction(ctx, argv[0])) return JS_ThrowTypeError(ctx, "nextTick: not a function");
    APPEND(ticks, JS_DupValue(ctx, argv[0]));
    return JS_UNDEFINED;
}

static JSValue on_idle(ARGS)
{
    JSValue before = idle;
    idle = JS_DupValue(ctx, argv[0]);
    return before;
}

const JSCFunctionListEntry vz_loop_functions[] = {
    JS_CFUNC_DEF("nextTick", 1, next_tick),
    JS_CFUNC_DEF("onIdle", 1, on_idle),
};
const int vz_loop_function_count = COUNT(vz_loop_functions);
