/* order_block.h - the columns of an order block that a breaker reads. */
#ifndef PP_STRUCTURE_ORDER_BLOCK_H
#define PP_STRUCTURE_ORDER_BLOCK_H

#include "structure/boxes.h"

enum { PP_OB_MAX_ACTIVE = PP_N_BOX_OUTPUTS + 4 }; /* hidden: its parameter max_active */

#endif
