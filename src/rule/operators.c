#include "rule/operators.h"

#include <string.h>

const pp_operator pp_operators[PP_OP_COUNT] = {
#define X(id, word, kind, types, doc, example) {word, PP_OP_##kind, types, doc, example},
    PP_OPERATOR_TABLE(X)
#undef X
};

int pp_operator_find(const char *word)
{
    for (int i = 0; i < PP_OP_COUNT; i++)
        if (pp_operators[i].word[0] && !strcmp(pp_operators[i].word, word))
            return i;
    return -1;
}
