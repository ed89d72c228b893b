# How this project compiles: the language, the warnings, the sanitizers, and the two ways to add code.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(DORMOUSE_SANITIZE "" CACHE STRING "address,undefined or thread: sanitizers for everything")
# Instrumented code is several times longer: at -O1 it compiles in half the time and finds the same.
if(DORMOUSE_SANITIZE)
  set(DORMOUSE_OPTIMIZE "-O1 -g1")
else()
  set(DORMOUSE_OPTIMIZE "-O2 -g1")
endif()
set(CMAKE_CXX_FLAGS_RELEASE "${DORMOUSE_OPTIMIZE}")
set(CMAKE_C_FLAGS_RELEASE "${DORMOUSE_OPTIMIZE}")

# Profile-guided builds of the host, made and trained by bench/pgo.sh. Plugins are left out: the counters of a library
# that is unmapped would go with it.
set(DORMOUSE_PGO "" CACHE STRING "train: the host counts what runs; use: the host is compiled by those counts")
set(DORMOUSE_PGO_PROFILE "${CMAKE_SOURCE_DIR}/build-pgo-train/profile" CACHE PATH "where the counts are")
set(DORMOUSE_PGO_COMPILE "")
set(DORMOUSE_PGO_LINK "")
if(DORMOUSE_PGO STREQUAL "train")
  # Counts of several threads are added atomically. Names are relative to the build folder, so that another one finds them.
  set(DORMOUSE_PGO_COMPILE -fprofile-generate=${DORMOUSE_PGO_PROFILE} -fprofile-prefix-path=${CMAKE_BINARY_DIR}
      -fprofile-update=atomic)
  set(DORMOUSE_PGO_LINK -fprofile-generate)
elseif(DORMOUSE_PGO STREQUAL "use")
  if(NOT IS_DIRECTORY "${DORMOUSE_PGO_PROFILE}")
    message(FATAL_ERROR "DORMOUSE_PGO=use: needed the counts of a training run; found no folder ${DORMOUSE_PGO_PROFILE}; "
                        "make them with: ./dev bench pgo")
  endif()
  set(DORMOUSE_PGO_COMPILE -fprofile-use=${DORMOUSE_PGO_PROFILE} -fprofile-prefix-path=${CMAKE_BINARY_DIR}
      -fprofile-correction -Wno-missing-profile)
elseif(NOT DORMOUSE_PGO STREQUAL "")
  message(FATAL_ERROR "DORMOUSE_PGO: needed train, use or nothing; found '${DORMOUSE_PGO}'")
endif()

find_program(DORMOUSE_CCACHE ccache)
# A compiler cache would have to know each file of counts.
if(DORMOUSE_CCACHE AND NOT DORMOUSE_PGO)
  set(CMAKE_C_COMPILER_LAUNCHER ${DORMOUSE_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${DORMOUSE_CCACHE})
endif()

if(DORMOUSE_SANITIZE)
  add_compile_options(-fsanitize=${DORMOUSE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${DORMOUSE_SANITIZE})
endif()

add_compile_options(-Wall -Wextra -Werror -ffunction-sections -fdata-sections)
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)
add_link_options(-Wl,--gc-sections -Wl,--as-needed)

# dormouse_box(NAME [COLD] SOURCES a.cc ... LINKS dormouse_base ...): one box of the host, seen as "NAME/header.h".
# COLD: no request passes through it, so it is compiled for size.
function(dormouse_box name)
  cmake_parse_arguments(ARG "COLD" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(dormouse_${name} STATIC ${ARG_SOURCES})
  target_include_directories(dormouse_${name} PUBLIC ${CMAKE_SOURCE_DIR}/host)
  target_link_libraries(dormouse_${name} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
  target_compile_options(dormouse_${name} PRIVATE ${DORMOUSE_PGO_COMPILE})
  if(ARG_COLD AND NOT DORMOUSE_SANITIZE)
    target_compile_options(dormouse_${name} PRIVATE -Os)
  endif()
  # PUBLIC: what counts needs the counters' library wherever it is linked.
  target_link_options(dormouse_${name} PUBLIC ${DORMOUSE_PGO_LINK})
endfunction()
