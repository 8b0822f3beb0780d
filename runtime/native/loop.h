/* What the parts of the event loop share; nothing of it is for others. */
#ifndef VZ_LOOP_H
#define VZ_LOOP_H

#include <poll.h>

#include "vz.h"

/* A growing array of one kind of item. */
#define LIST(type) \
    struct {       \
        type *items; \
        int count, room; \
    }
#define APPEND(list, item)                                                                       \
    do {                                                                                         \
        if ((list).count == (list).room) {                                                       \
            (list).room = (list).room ? (list).room * 2 : 8;                                     \
            (list).items = realloc((list).items, (list).room * sizeof *(list).items);            \
            if (!(list).items) abort();                                                          \
        }                                                                                        \
        (list).items[(list).count++] = (item);                                                   \
    } while (0)
#define REMOVE(list, i) \
    memmove(&(list).items[i], &(list).items[(i) + 1], (--(list).count - (i)) * sizeof *(list).items)

/* --- timers.c --- */

double vz_now(void);
void vz_timers_run(JSContext *ctx);
/* Whether one of them keeps the process alive. */
bool vz_timers_alive(void);
/* Milliseconds until the first is due, -1 if there is none. */
int vz_timers_wait(void);
void vz_timers_forget(JSContext *ctx);
extern const JSCFunctionListEntry vz_timer_functions[];
extern const int vz_timer_function_count;

/* --- watch.c --- */

int vz_watch_count(void);
/* Fills in vz_watch_count() entries. */
void vz_watch_fill(struct pollfd *fds);
/* Calls those whose descriptor is ready. */
void vz_watch_run(JSContext *ctx, const struct pollfd *fds, int count);
void vz_watch_forget(void);
extern const JSCFunctionListEntry vz_watch_functions[];
extern const int vz_watch_function_count;

/* --- signals.c --- */

/* Readable when a signal has come; -1 while nobody asked for any. */
int vz_signal_fd(void);
void vz_signals_run(JSContext *ctx);
bool vz_children_alive(void);
void vz_signals_forget(JSContext *ctx);
extern const JSCFunctionListEntry vz_signal_functions[];
extern const int vz_signal_function_count;

/* --- uncaught.c --- */

/* Ends the process if a promise was rejected and nobody has taken it up. */
void vz_check_rejections(JSContext *ctx);
extern const JSCFunctionListEntry vz_uncaught_functions[];
extern const int vz_uncaught_function_count;

#endif
