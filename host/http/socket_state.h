// What the kernel knows about a connection's socket and no read tells. One system call each; no call blocks.
#pragma once

#include "base/clock.h"

namespace dormouse {

// Whether bytes wait to be read.
bool has_unread_bytes(int socket);

// Whether the other end has closed its side or reset the connection, also while bytes of it still wait to be read:
// these hide the end from every read.
bool is_peer_gone(int socket);

// How long ago the last bytes arrived: what a request has waited that is read now. To some milliseconds; zero when the
// kernel does not say.
Duration since_last_arrival(int socket);

}  // namespace dormouse
