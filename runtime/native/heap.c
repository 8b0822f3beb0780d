/*
 * The engine's heap. musl's malloc is built to be hard to attack and pays for it with a system call for every few pages and
 * a costly malloc_usable_size, which the engine calls for every block: a third of the time that `runch` takes to start.
 * Here blocks of up to 2 KB are cut from large pieces and kept in lists by size; larger ones are musl's. A piece is
 * never given back: the programs that run on slaves end, or become another one, in milliseconds.
 */
#include "heap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { STEP = 16, LARGEST_SMALL = 2048, CLASSES = LARGEST_SMALL / STEP, PIECE = 256 * 1024 };

/* In front of each block; as large as the alignment that the engine wants. */
typedef union {
    size_t size;
    double align;
} Header;

typedef struct Free {
    struct Free *next;
} Free;

/* The first piece costs no system call; its pages are the kernel's until they are written. */
static uint8_t first_piece[PIECE] __attribute__((aligned(16)));
static uint8_t *piece = first_piece, *piece_end = first_piece + PIECE;
static Free *free_lists[CLASSES];

static Header *header(const void *block)
{
    return (Header *)block - 1;
}

static void *cut(size_t size)
{
    size_t whole = size + sizeof(Header);
    if ((size_t)(piece_end - piece) < whole) {
        uint8_t *fresh = malloc(PIECE);
        if (!fresh) return NULL;
        piece = fresh;
        piece_end = fresh + PIECE;
    }
    Header *head = (Header *)piece;
    piece += whole;
    head->size = size;
    return head + 1;
}

static void *take(size_t size)
{
    if (size > LARGEST_SMALL) {
        Header *head = size > SIZE_MAX - sizeof(Header) ? NULL : malloc(size + sizeof(Header));
        if (!head) return NULL;
        head->size = size;
        return head + 1;
    }
    size_t class = size == 0 ? 0 : (size - 1) / STEP;
    Free *block = free_lists[class];
    if (!block) return cut((class + 1) * STEP);
    free_lists[class] = block->next;
    return block;
}

static void give(void *block)
{
    size_t size = header(block)->size;
    if (size > LARGEST_SMALL) {
        free(header(block));
        return;
    }
    Free *item = block;
    item->next = free_lists[size / STEP - 1];
    free_lists[size / STEP - 1] = item;
}

static size_t usable(const void *block)
{
    return block ? header(block)->size : 0;
}

static void *heap_malloc(JSMallocState *state, size_t size)
{
    if (state->malloc_size + size > state->malloc_limit) return NULL;
    void *block = take(size);
    if (!block) return NULL;
    state->malloc_count++;
    state->malloc_size += usable(block);
    return block;
}

static void heap_free(JSMallocState *state, void *block)
{
    if (!block) return;
    state->malloc_count--;
    state->malloc_size -= usable(block);
    give(block);
}

static void *heap_realloc(JSMallocState *state, void *block, size_t size)
{
    if (!block) return size ? heap_malloc(state, size) : NULL;
    if (size == 0) {
        heap_free(state, block);
        return NULL;
    }
    size_t before = usable(block);
    /* a large block stays large: only musl can move its pages without copying them */
    if (before > LARGEST_SMALL && size > LARGEST_SMALL) {
        if (state->malloc_size - before + size > state->malloc_limit || size > SIZE_MAX - sizeof(Header)) return NULL;
        Header *head = realloc(header(block), size + sizeof(Header));
        if (!head) return NULL;
        head->size = size;
        state->malloc_size += size - before;
        return head + 1;
    }
    if (size <= before && before <= LARGEST_SMALL) return block;
    void *moved = heap_malloc(state, size);
    if (!moved) return NULL;
    memcpy(moved, block, before < size ? before : size);
    heap_free(state, block);
    return moved;
}

const JSMallocFunctions vz_heap = {heap_malloc, heap_free, heap_realloc, usable};
