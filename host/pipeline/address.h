// Where something that comes back to a loop belongs: one attempt of one node of one activation of one request.
#pragma once

#include <cstdint>

namespace dormouse {

struct Address {
  uint32_t slot = 0;
  uint32_t generation = 0;  // of the slot: each request has a new one
  uint16_t activation = 0;  // within the request
  uint16_t node = 0;        // of its graph; for a held lease: the component
  uint32_t attempt = 0;     // moves on whenever the node lets go of what it has running
};

}  // namespace dormouse
