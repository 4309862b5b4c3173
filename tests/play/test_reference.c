/* docs/play.md holds the tables of the loader. PERPETUA_WRITE_DOCS=1 writes them there. */
#include "play/reference.h"
#include "play_test.h"

#define DOC  PP_SOURCE_DIR "/docs/play.md"
#define MARK "<!-- the tables below are generated; see tests/play/test_reference.c -->\n"

static void make(void *ctx)
{
    pp_play_reference(ctx);
}

Test(reference, P2_docs_hold_the_tables_of_the_loader)
{
    static char text[1 << 17];
    pp_arena arena;
    pp_arena_init(&arena, NULL);
    pp_buf tables = {.arena = &arena};
    cr_assert(pp_try(&arena, make, &tables));
    FILE *f = fopen(DOC, "rb");
    cr_assert(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    char *mark = strstr(text, MARK);
    cr_assert(mark, "docs/play.md has lost its mark");
    mark += strlen(MARK);
    if (getenv("PERPETUA_WRITE_DOCS")) {
        f = fopen(DOC, "wb");
        fwrite(text, 1, (size_t)(mark - text), f);
        fwrite(tables.text, 1, tables.len, f);
        fclose(f);
    } else {
        cr_expect_str_eq(mark, tables.text, "set PERPETUA_WRITE_DOCS=1 and run this test again");
    }
    pp_arena_free(&arena);
}
