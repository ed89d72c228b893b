// Boost.JSON is used header-only: its one translation unit in the host.
#include <boost/json/src.hpp>
