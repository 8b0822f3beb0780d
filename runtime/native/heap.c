/*
 * The engine's heap. musl's malloc is built to be hard to attack and pays for it with a system call for every few pages and
 * a costly malloc_usable_size, which the engine calls for every block: a third of the time that `runch` takes to start.
 * Here blocks are cut one behind the other from large pieces, and freed ones are kept in lists by size; only blocks of
 * more than 128 KB are musl's. A piece is never given back: the programs that run on slaves end, or become another one, in
 * milliseconds. What costs them most is the kernel's microsecond for each page that is written for the first time, so
 * small blocks are cut from large ones that were freed before they are cut from fresh pages.
 */
#include "heap.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    STEP = 8,
    /* of blocks with their header: in between there are four classes to each power of two */
    LARGEST_SMALL = 2048,
    LARGEST_CUT = 128 * 1024,
    SMALL_CLASSES = LARGEST_SMALL / STEP + 1,
    LARGE_CLASSES = 6 * 4,
    PIECE = 512 * 1024,
};

/*
 * In front of each block: how many bytes the block has, which with this header fill whole steps. Blocks are aligned as
 * pointers are: the engine wants no more.
 */
typedef struct {
    _Alignas(void *) uint32_t size;
} Header;

typedef struct Free {
    struct Free *next;
} Free;

/* The smallest block with its header: a free one holds its place in a list. */
#define SMALLEST (sizeof(Header) + sizeof(Free))

typedef struct {
    uint8_t *at, *end;
} Range;

/* The first piece costs no system call; its pages are the kernel's until they are written. */
static uint8_t first_piece[PIECE] __attribute__((aligned(4096)));
static Range piece = {first_piece, first_piece + PIECE};
/* A large block that was freed and is now cut into small ones. */
static Range used;
static Free *small_lists[SMALL_CLASSES], *large_lists[LARGE_CLASSES];
/* A bit for each large list that has had a block since it was last found empty. */
static uint32_t large_known;

static Header *header(const void *block)
{
    return (Header *)block - 1;
}

static size_t left(const Range *range)
{
    return range->end - range->at;
}

static bool is_small(size_t size)
{
    return size <= LARGEST_SMALL - sizeof(Header);
}

static bool is_huge(size_t size)
{
    return size > LARGEST_CUT - sizeof(Header);
}

/* The class of small blocks for `size` bytes. */
static size_t small_class(size_t size)
{
    size_t whole = size + sizeof(Header);
    return ((whole < SMALLEST ? SMALLEST : whole) + STEP - 1) / STEP;
}

/* The class of large blocks for `size` bytes, which becomes what all blocks of that class have. */
static int large_class(size_t *size)
{
    size_t last = *size + sizeof(Header) - 1;
    int shift = 29 - __builtin_clz(last);
    *size = (((last >> shift) + 1) << shift) - sizeof(Header);
    return (shift - 9) * 4 + (last >> shift) % 4;
}

static void put(Free **list, void *block)
{
    Free *item = block;
    item->next = *list;
    *list = item;
}

static void give_large(void *block)
{
    size_t size = header(block)->size;
    if (is_huge(size)) {
        free(header(block));
        return;
    }
    int class = large_class(&size);
    put(&large_lists[class], block);
    large_known |= 1u << class;
}

static void give(void *block)
{
    size_t size = header(block)->size;
    if (is_small(size)) put(&small_lists[small_class(size)], block);
    else give_large(block);
}

static void *cut(Range *range, size_t size)
{
    Header *head = (Header *)range->at;
    range->at += size + sizeof(Header);
    head->size = size;
    return head + 1;
}

/* Makes a small free block of what a range has left. */
static void use_up(Range *range)
{
    if (left(range) > LARGEST_SMALL) range->end = range->at + LARGEST_SMALL;
    if (left(range) >= SMALLEST) give(cut(range, left(range) - sizeof(Header)));
}

/* Takes a freed large block to be cut into small ones: any of them is larger than those. */
static bool use_again(void)
{
    while (large_known) {
        int class = __builtin_ctz(large_known);
        Free *block = large_lists[class];
        if (!block) {
            large_known &= ~(1u << class);
            continue;
        }
        large_lists[class] = block->next;
        use_up(&used);
        used.at = (uint8_t *)header(block);
        used.end = used.at + sizeof(Header) + header(block)->size;
        return true;
    }
    return false;
}

static bool new_piece(void)
{
    uint8_t *fresh = malloc(PIECE);
    if (!fresh) return false;
    use_up(&used);
    used = piece;
    piece = (Range){fresh, fresh + PIECE};
    return true;
}

static void *take_large(size_t size)
{
    if (is_huge(size)) {
        Header *head = size > SIZE_MAX - sizeof(Header) ? NULL : malloc(size + sizeof(Header));
        if (!head) return NULL;
        head->size = size;
        return head + 1;
    }
    Free **list = &large_lists[large_class(&size)], *block = *list;
    if (block) {
        *list = block->next;
        return block;
    }
    return left(&piece) >= size + sizeof(Header) || new_piece() ? cut(&piece, size) : NULL;
}

static void *cut_small(size_t whole)
{
    size_t size = whole - sizeof(Header);
    if (left(&used) >= whole || use_again()) return cut(&used, size);
    return left(&piece) >= whole || new_piece() ? cut(&piece, size) : NULL;
}

static void *take_small(size_t size)
{
    size_t class = small_class(size);
    Free *block = small_lists[class];
    if (!block) return cut_small(class * STEP);
    small_lists[class] = block->next;
    return block;
}

static size_t usable(const void *block)
{
    return block ? header(block)->size : 0;
}

/* What every program writes: the engine's own memory, and that of what it reads first, most of which is pointers. */
#define SURE ((sizeof(void *) == 8 ? 72 : 56) * 4096)

/* Has the kernel give pages for writing, many at once, which is cheaper than one by one (Linux 5.14). */
static void populate(uint8_t *from, size_t length)
{
    /* MADV_POPULATE_WRITE; where it is not known nothing happens */
    madvise(from, length, 23);
}

void vz_heap_begin(void)
{
    populate(first_piece, SURE);
}

void vz_heap_forked(void)
{
    bool is_first = piece.end == first_piece + PIECE;
    populate(first_piece, ((is_first ? piece.at - first_piece : PIECE) + 4095) & ~4095);
}

static void *heap_malloc(JSMallocState *state, size_t size)
{
    if (state->malloc_size + size > state->malloc_limit) return NULL;
    void *block = is_small(size) ? take_small(size) : take_large(size);
    if (!block) return NULL;
    state->malloc_count++;
    state->malloc_size += header(block)->size;
    return block;
}

static void heap_free(JSMallocState *state, void *block)
{
    if (!block) return;
    state->malloc_count--;
    state->malloc_size -= header(block)->size;
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
    /* only musl can move the pages of a large block without copying them */
    if (is_huge(before) && is_huge(size)) {
        if (state->malloc_size - before + size > state->malloc_limit || size > SIZE_MAX - sizeof(Header)) return NULL;
        Header *head = realloc(header(block), size + sizeof(Header));
        if (!head) return NULL;
        head->size = size;
        state->malloc_size += size - before;
        return head + 1;
    }
    if (size <= before && (is_small(before) || size > before / 2)) return block;
    void *moved = heap_malloc(state, size);
    if (!moved) return NULL;
    memcpy(moved, block, before < size ? before : size);
    heap_free(state, block);
    return moved;
}

const JSMallocFunctions vz_heap = {heap_malloc, heap_free, heap_realloc, usable};
