/* Timers: a list sorted by due time, first come first served among equals. */
#include <time.h>

#include "loop.h"

typedef struct Timer {
    struct Timer *next;
    int id;
    double due, every;
    bool referenced;
    JSValue fn;
} Timer;

static Timer *timers;
static int last_timer_id;

double vz_now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1e3 + at.tv_nsec / 1e6;
}

static void insert_timer(Timer *timer)
{
    Timer **at = &timers;
    while (*at && (*at)->due <= timer->due) at = &(*at)->next;
    timer->next = *at;
    *at = timer;
}

static Timer **find_timer(int id)
{
    for (Timer **at = &timers; *at; at = &(*at)->next)
        if ((*at)->id == id) return at;
    return NULL;
}

static JSValue set_timer(ARGS)
{
    double ms;
    if (!JS_IsFunction(ctx, argv[0])) return JS_ThrowTypeError(ctx, "setTimer: not a function");
    if (JS_ToFloat64(ctx, &ms, argv[1])) return JS_EXCEPTION;
    if (!(ms >= 0)) ms = 0;
    Timer *timer = calloc(1, sizeof *timer);
    if (!timer) return JS_ThrowOutOfMemory(ctx);
    timer->id = ++last_timer_id;
    timer->due = vz_now() + ms;
    timer->every = JS_ToBool(ctx, argv[2]) ? ms : -1;
    timer->referenced = true;
    timer->fn = JS_DupValue(ctx, argv[0]);
    insert_timer(timer);
    return JS_NewInt32(ctx, timer->id);
}

static void free_timer(JSContext *ctx, Timer *timer)
{
    JS_FreeValue(ctx, timer->fn);
    free(timer);
}

static JSValue clear_timer(ARGS)
{
    INT_ARG(0, id);
    Timer **at = find_timer(id);
    if (at) {
        Timer *timer = *at;
        *at = timer->next;
        free_timer(ctx, timer);
    }
    return JS_UNDEFINED;
}

static JSValue ref_timer(ARGS)
{
    INT_ARG(0, id);
    Timer **at = find_timer(id);
    if (at) (*at)->referenced = JS_ToBool(ctx, argv[1]);
    return JS_UNDEFINED;
}

/* Runs what was due when called; timers that those callbacks add wait for the next round. */
void vz_timers_run(JSContext *ctx)
{
    if (!timers) return;
    double limit = vz_now();
    int newest = last_timer_id;
    for (;;) {
        Timer **at = &timers;
        while (*at && (*at)->due <= limit && (*at)->id > newest) at = &(*at)->next;
        Timer *timer = *at;
        if (!timer || timer->due > limit) return;
        *at = timer->next;
        JSValue fn = JS_DupValue(ctx, timer->fn);
        if (timer->every >= 0) {
            timer->due = limit + (timer->every > 1 ? timer->every : 1);
            insert_timer(timer);
        } else {
            free_timer(ctx, timer);
        }
        vz_call(ctx, fn, 0, NULL);
        JS_FreeValue(ctx, fn);
    }
}

bool vz_timers_alive(void)
{
    for (Timer *timer = timers; timer; timer = timer->next)
        if (timer->referenced) return true;
    return false;
}

int vz_timers_wait(void)
{
    if (!timers) return -1;
    double ms = timers->due - vz_now();
    if (ms <= 0) return 0;
    /* round up: waking early would spin */
    return ms > 1e9 ? 1000000000 : (int)ms + 1;
}

void vz_timers_forget(JSContext *ctx)
{
    while (timers) {
        Timer *timer = timers;
        timers = timer->next;
        free_timer(ctx, timer);
    }
}

static JSValue js_now(ARGS)
{
    return JS_NewFloat64(ctx, vz_now());
}

const JSCFunctionListEntry vz_timer_functions[] = {
    JS_CFUNC_DEF("setTimer", 3, set_timer),
    JS_CFUNC_DEF("clearTimer", 1, clear_timer),
    JS_CFUNC_DEF("refTimer", 2, ref_timer),
    JS_CFUNC_DEF("now", 0, js_now),
};
const int vz_timer_function_count = COUNT(vz_timer_functions);
