// The address of a result that comes back to a loop (of a call, load, flight or timer): one attempt of one node of one
// activation of one request. Numbers of activations are used again; attempts are not, so a late result never reaches a
// later attempt. Data; any thread.
#pragma once

#include <cstdint>

namespace dormouse {

struct Address {
  uint32_t slot = 0;
  uint32_t generation = 0;  // of the slot: each request has a new one
  uint16_t activation = 0;  // within the request
  uint16_t node = 0;        // of its graph; for a held lease: the row of the component
  uint32_t attempt = 0;     // unique in the request; changes whenever the node stops what it has running
};

}  // namespace dormouse
