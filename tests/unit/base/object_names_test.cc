#include "base/object_names.h"

#include <catch2/catch.hpp>

namespace dormouse {

TEST_CASE("objects of errors are a noun and a name in quotes") {
  CHECK(component_object("nlu.intent") == "component 'nlu.intent'");
  CHECK(method_object("nlu.intent", "classify") == "component 'nlu.intent', method 'classify'");
  CHECK(pipeline_object("assistant") == "pipeline 'assistant'");
  CHECK(plugin_object("echo") == "plugin 'echo'");
  CHECK(named_object("cache", "answers") == "cache 'answers'");
}

TEST_CASE("a plugin file is named by its path without quotes") {
  CHECK(plugin_file_object("/opt/p/echo.so") == "plugin file /opt/p/echo.so");
}

}  // namespace dormouse
