/* fuzz.h - the bodies of the fuzz targets, so that the tests run them over the committed corpus in
 * every build. They abort on a broken promise. */
#ifndef STORE_FUZZ_H
#define STORE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int pp_fuzz_csv(const uint8_t *data, size_t size);
int pp_fuzz_page(const uint8_t *data, size_t size);

#endif
