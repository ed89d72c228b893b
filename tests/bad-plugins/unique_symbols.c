/* A GNU-unique symbol: what g++ makes of statics in templates and inline functions (std::make_shared, std::regex), when
   no version script hides them. Written out in assembler, so every compiler gives the same file. */
#include "table.h"

__asm__(
    ".pushsection .data\n"
    ".globl _ZN3bad7countedE\n"
    ".type _ZN3bad7countedE, @gnu_unique_object\n"
    ".size _ZN3bad7countedE, 4\n"
    ".balign 4\n"
    "_ZN3bad7countedE: .long 0\n"
    ".popsection\n");
extern int counted __asm__("_ZN3bad7countedE");

static int32_t counting_run(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  ++counted;
  return good_run(self, call, in, out);
}

BAD_PLUGIN_TABLE("unique-symbols", good_open, good_close, counting_run)
