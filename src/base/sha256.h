/* sha256.h - SHA-256 (FIPS 180-4) for every id that leaves the program: run, play, dataset, file.
 *
 *     pp_sha256 h;
 *     char hex[PP_SHA256_HEX];
 *     pp_sha256_init(&h);
 *     pp_sha256_update(&h, bytes, n);   // any number of times
 *     pp_sha256_hex(&h, hex);           // ends the hash; init before using h again
 *
 * No allocation, no failure; a pp_sha256 may be copied to fork a hash. */
#ifndef PP_SHA256_H
#define PP_SHA256_H

#include "base/base.h"

enum { PP_SHA256_BYTES = 32, PP_SHA256_HEX = 65 };

typedef struct pp_sha256 {
    uint64_t state[16];
} pp_sha256;

void pp_sha256_init(pp_sha256 *h);
void pp_sha256_update(pp_sha256 *h, const void *bytes, size_t n);
void pp_sha256_final(pp_sha256 *h, uint8_t out[PP_SHA256_BYTES]);

/* Ends the hash as 64 lower-case hex digits and a NUL. Returns out. */
char *pp_sha256_hex(pp_sha256 *h, char out[PP_SHA256_HEX]);
/* The same for one block of bytes. */
char *pp_sha256_text(const void *bytes, size_t n, char out[PP_SHA256_HEX]);

/* 2 * n lower-case hex digits and a NUL. Returns out. */
char *pp_hex(const uint8_t *bytes, size_t n, char *out);

#endif
