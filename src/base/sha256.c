#include "base/sha256.h"

/* The block function of OpenSSL is called directly: its EVP layer would load providers and
 * configuration first, which costs more than a typical hash. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(pp_sha256), "pp_sha256 holds a SHA256_CTX");

static SHA256_CTX *ctx_of(pp_sha256 *h)
{
    return (SHA256_CTX *)(void *)h;
}

void pp_sha256_init(pp_sha256 *h)
{
    *h = (pp_sha256){{0}};
    SHA256_Init(ctx_of(h));
}

void pp_sha256_update(pp_sha256 *h, const void *bytes, size_t n)
{
    SHA256_Update(ctx_of(h), bytes, n);
}

void pp_sha256_final(pp_sha256 *h, uint8_t out[PP_SHA256_BYTES])
{
    SHA256_Final(out, ctx_of(h));
}

char *pp_hex(const uint8_t *bytes, size_t n, char *out)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digit[bytes[i] >> 4];
        out[2 * i + 1] = digit[bytes[i] & 15];
    }
    out[2 * n] = '\0';
    return out;
}

char *pp_sha256_hex(pp_sha256 *h, char out[PP_SHA256_HEX])
{
    uint8_t raw[PP_SHA256_BYTES];
    pp_sha256_final(h, raw);
    return pp_hex(raw, sizeof raw, out);
}

char *pp_sha256_text(const void *bytes, size_t n, char out[PP_SHA256_HEX])
{
    pp_sha256 h;
    pp_sha256_init(&h);
    pp_sha256_update(&h, bytes, n);
    return pp_sha256_hex(&h, out);
}
