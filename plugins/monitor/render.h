// A snapshot of the host's metrics as Prometheus text, through prometheus-cpp's structures and serializer.
// Pure; any thread. Knows the snapshot of dormouse/ext/observe.h, and nothing of components.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dormouse/value.hpp"

namespace dormouse::monitor {

inline constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

using Labels = std::vector<std::pair<std::string, std::string>>;

// `common` is put on every series that has no label of that name. Throws Failure when `snapshot` is no snapshot.
std::string render(View snapshot, const Labels& common);

// Whether Prometheus takes `name` as the name of a label: [a-zA-Z_][a-zA-Z0-9_]*, not beginning with two underscores.
bool is_label_name(std::string_view name);

}  // namespace dormouse::monitor
