/* The entry point libFuzzer calls; FUZZ_BODY is one of store/fuzz.h. */
#include "store/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return FUZZ_BODY(data, size);
}
