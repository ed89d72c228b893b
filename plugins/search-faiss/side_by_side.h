// Work on several threads (OpenMP's, of the calling thread; compiled without OpenMP, on that one alone).
#pragma once

#include <cstddef>
#include <functional>

namespace dormouse::search {

// Calls one(i) for 0..n-1, several at a time on up to `threads` threads, and when all are done rethrows the first thing
// thrown. Those on the calling thread have current_thread() == 0.
void side_by_side(size_t n, unsigned threads, const std::function<void(size_t)>& one);
unsigned current_thread();
// How many threads FAISS's own loops may use when the calling thread enters them.
void bound_library_threads(unsigned threads);

}  // namespace dormouse::search
