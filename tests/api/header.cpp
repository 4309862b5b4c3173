// The public header is C++, and calls link without name mangling.
#include "perpetua/perpetua.h"

#include <cstring>

int main()
{
    pp_context_t *ctx = pp_context_new(nullptr);
    pp_play_t *play = nullptr;
    pp_status_t status = pp_play_parse(ctx, "bad.yml", "name: x\nfeatres: {}\n", 20, &play);
    bool good = status == PP_STATUS_PLAY && play == nullptr && pp_message_count(ctx) > 0 &&
                std::strstr(pp_messages_text(ctx), "features") != nullptr;
    pp_context_free(ctx);
    return good && pp_abi_version() == PP_ABI_VERSION ? 0 : 1;
}
