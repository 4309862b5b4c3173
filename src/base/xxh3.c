#include "base/xxh3.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

pp_xxh128 pp_xxh3(const void *bytes, size_t n, uint64_t seed)
{
    XXH128_hash_t h = XXH3_128bits_withSeed(bytes, n, seed);
    return (pp_xxh128){h.high64, h.low64};
}

char *pp_xxh3_hex(pp_xxh128 h, char out[PP_XXH3_HEX])
{
    static const char digit[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        out[i] = digit[h.high >> (60 - 4 * i) & 15];
        out[16 + i] = digit[h.low >> (60 - 4 * i) & 15];
    }
    out[32] = '\0';
    return out;
}
