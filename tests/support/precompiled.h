// What is parsed once for all test sources: cmake/precompiled.h tells more.
#pragma once

#include <catch2/catch.hpp>
#include <fstream>
#include <random>
#include <sstream>

#include "../../cmake/precompiled.h"
