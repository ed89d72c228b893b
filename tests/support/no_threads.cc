// Part of each test program that is declared to start no thread, because the thread sanitizer passes over these: the
// first thread ends the program with what to declare. Stands in for the system's function in code of libraries and
// plugins as well.
#include <pthread.h>

#include <cstdio>
#include <cstdlib>

extern "C" int pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*) {
  std::fputs(
      "tests: this program starts a thread and is not declared to; write THREADS into its dormouse_test(), so that the "
      "thread sanitizer runs it\n",
      stderr);
  std::_Exit(1);
}
