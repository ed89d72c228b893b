// The headers of the standard library that most sources include, parsed once for each set of flags instead of in each source.
// Only the compiler of a build with precompiled headers sees this file. Sources include what they use all the same: clang-tidy
// and the builds without precompiled headers (clang, profile-guided) refuse a source that does not.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
