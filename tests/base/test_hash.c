/* SHA-256 against FIPS 180-4 examples, XXH3-128 against the values of xxh128sum. */
#include "base/sha256.h"
#include "base/xxh3.h"

#include <criterion/criterion.h>
#include <string.h>

Test(sha256, A3_known_answers)
{
    char hex[PP_SHA256_HEX];
    cr_expect_str_eq(pp_sha256_text("", 0, hex),
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    cr_expect_str_eq(pp_sha256_text("abc", 3, hex),
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    pp_sha256 h;
    char block[1000];
    memset(block, 'a', sizeof block);
    pp_sha256_init(&h);
    for (int i = 0; i < 1000; i++)
        pp_sha256_update(&h, block, sizeof block);
    cr_expect_str_eq(pp_sha256_hex(&h, hex),
                     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

Test(sha256, A3_pieces_do_not_matter_and_a_copy_forks)
{
    uint8_t data[300];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    char whole[PP_SHA256_HEX], split[PP_SHA256_HEX], fork[PP_SHA256_HEX];
    pp_sha256_text(data, sizeof data, whole);
    for (size_t cut = 0; cut <= sizeof data; cut++) {
        pp_sha256 h, copy;
        pp_sha256_init(&h);
        pp_sha256_update(&h, data, cut);
        copy = h;
        pp_sha256_update(&h, data + cut, sizeof data - cut);
        cr_assert_str_eq(pp_sha256_hex(&h, split), whole, "cut %zu", cut);
        pp_sha256_update(&copy, data + cut, sizeof data - cut);
        cr_assert_str_eq(pp_sha256_hex(&copy, fork), whole, "cut %zu", cut);
    }
}

Test(xxh3, known_answers_and_one_bit_changes_it)
{
    char hex[PP_XXH3_HEX];
    cr_expect_str_eq(pp_xxh3_hex(pp_xxh3("", 0, 0), hex), "99aa06d3014798d86001c324468d497f");
    uint8_t data[1024] = {0};
    pp_xxh128 first = pp_xxh3(data, sizeof data, 0);
    for (size_t bit = 0; bit < sizeof data * 8; bit += 13) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_expect_not(pp_xxh3_equal(pp_xxh3(data, sizeof data, 0), first), "bit %zu", bit);
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    cr_expect(pp_xxh3_equal(pp_xxh3(data, sizeof data, 0), first));
    cr_expect_not(pp_xxh3_equal(pp_xxh3(data, sizeof data, 1), first));
}
