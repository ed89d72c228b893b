// Boost.JSON is used header-only, to read training rows: its one translation unit in this plugin.
#include <boost/json/src.hpp>
