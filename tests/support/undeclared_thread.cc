// A thread that no_threads.cc refuses.
#include <thread>

int main() {
  std::thread([] {}).join();
}
