/* The fuzz target over its committed corpus, in every build. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

Test(rule_fuzz, P16_the_corpus_loads_or_is_refused)
{
    static const char dir[] = PP_SOURCE_DIR "/tests/fuzz/corpus/expr";
    static uint8_t bytes[1 << 16];
    DIR *d = opendir(dir);
    cr_assert(d);
    int files = 0;
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!f)
            continue;
        size_t n = fread(bytes, 1, sizeof bytes, f);
        fclose(f);
        LLVMFuzzerTestOneInput(bytes, n);
        files++;
    }
    closedir(d);
    cr_expect_geq(files, 30);
}
