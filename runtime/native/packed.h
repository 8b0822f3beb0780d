/*
 * A packed file in the payload: magic bytes, the length of the file as 4 bytes (little endian, as every number of the architectures
 * that vz is built for), and the file, as raw deflate (RFC 1951) or as a frame of zstd (RFC 8878), which finds again what was megabytes
 * ago. pack.c writes it at build time, payload.c reads it.
 */
#ifndef VZ_PACKED_H
#define VZ_PACKED_H

/* The first byte of bytecode is the format's version, and no text begins with 0. */
#define PACKED_DEFLATE "\0vzp"
#define PACKED_ZSTD "\0vzz"
#define PACKED_MAGIC 4
#define PACKED_HEADER 8
/* zlib's windowBits: raw deflate, 32 KB */
#define PACKED_WINDOW (-15)

#endif
