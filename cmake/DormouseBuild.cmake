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

# How much is optimised, and what differs for one kind of code.
set(DORMOUSE_OPTIMIZE -O2)
set(DORMOUSE_BOX_OPTIONS "")         # the host
set(DORMOUSE_COLD_BOX_OPTIONS -Os)   # boxes that no request passes through
set(DORMOUSE_FAST_PART_OPTIONS -O3)  # loops of plugins that are worth its vectors
if(DORMOUSE_SANITIZE)
  # Instrumented code is several times longer: at -O1 it compiles in half the time and finds the same.
  set(DORMOUSE_OPTIMIZE -O1)
  set(DORMOUSE_COLD_BOX_OPTIONS "")
  set(DORMOUSE_FAST_PART_OPTIONS "")
endif()
set(CMAKE_CXX_FLAGS_RELEASE "${DORMOUSE_OPTIMIZE} -g1")
set(CMAKE_C_FLAGS_RELEASE "${DORMOUSE_OPTIMIZE} -g1")

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
  # What one checkout compiled, another one need not compile again; and the cache knows precompiled headers by their bytes.
  set(launcher env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
      ${DORMOUSE_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

if(DORMOUSE_SANITIZE)
  add_compile_options(-fsanitize=${DORMOUSE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${DORMOUSE_SANITIZE})
endif()

add_compile_options(-Wall -Wextra -Werror -ffunction-sections -fdata-sections)
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)
add_link_options(-Wl,--gc-sections -Wl,--as-needed)

# ---- precompiled headers ----

# Off for clang and for profile-guided builds, so that these compile each source with its own includes alone.
set(DORMOUSE_PRECOMPILE OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT DORMOUSE_PGO)
  set(DORMOUSE_PRECOMPILE ON)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)  # for ccache
  # <string> ignores these by pragmas, which g++ 12 forgets in precompiled headers. Profile-guided builds have them.
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-Wno-array-bounds;-Wno-stringop-overflow;-Wno-stringop-overread>")
endif()

# dormouse_precompile(NAME [HEADER file] OPTIONS ...): the headers of cmake/precompiled.h, or of HEADER, parsed once with the
# flags OPTIONS. g++ refuses what was parsed with other flags than the source's, so there is one NAME for each set.
function(dormouse_precompile name)
  cmake_parse_arguments(ARG "" "HEADER" "OPTIONS" ${ARGN})
  if(NOT ARG_HEADER)
    set(ARG_HEADER ${CMAKE_SOURCE_DIR}/cmake/precompiled.h)
  endif()
  if(DORMOUSE_PRECOMPILE)
    add_library(dormouse_headers_${name} OBJECT ${CMAKE_SOURCE_DIR}/cmake/precompiled.cc)
    target_compile_options(dormouse_headers_${name} PRIVATE ${ARG_OPTIONS})
    target_precompile_headers(dormouse_headers_${name} PRIVATE ${ARG_HEADER})
  endif()
endfunction()

# dormouse_use_precompiled(TARGET NAME): TARGET is compiled with the flags of NAME.
function(dormouse_use_precompiled target name)
  if(DORMOUSE_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM dormouse_headers_${name})
  endif()
endfunction()

# ---- the boxes of the host ----

dormouse_precompile(box OPTIONS ${DORMOUSE_BOX_OPTIONS})
dormouse_precompile(cold_box OPTIONS ${DORMOUSE_COLD_BOX_OPTIONS})

# dormouse_box(NAME [COLD] SOURCES a.cc ... LINKS dormouse_base ...): one box of the host, seen as "NAME/header.h".
# COLD: no request passes through it, so it is compiled for size.
function(dormouse_box name)
  cmake_parse_arguments(ARG "COLD" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(dormouse_${name} STATIC ${ARG_SOURCES})
  target_include_directories(dormouse_${name} PUBLIC ${CMAKE_SOURCE_DIR}/host)
  target_link_libraries(dormouse_${name} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
  if(ARG_COLD)
    target_compile_options(dormouse_${name} PRIVATE ${DORMOUSE_PGO_COMPILE} ${DORMOUSE_COLD_BOX_OPTIONS})
    dormouse_use_precompiled(dormouse_${name} cold_box)
  else()
    target_compile_options(dormouse_${name} PRIVATE ${DORMOUSE_PGO_COMPILE} ${DORMOUSE_BOX_OPTIONS})
    dormouse_use_precompiled(dormouse_${name} box)
  endif()
  # PUBLIC: what counts needs the counters' library wherever it is linked.
  target_link_options(dormouse_${name} PUBLIC ${DORMOUSE_PGO_LINK})
endfunction()

# ---- the parts of plugins ----

# The flags of dormouse_add_plugin() that matter where symbols are made.
set(DORMOUSE_PART_OPTIONS -fvisibility=hidden -fvisibility-inlines-hidden $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
dormouse_precompile(part OPTIONS ${DORMOUSE_PART_OPTIONS})
dormouse_precompile(fast_part OPTIONS ${DORMOUSE_PART_OPTIONS} ${DORMOUSE_FAST_PART_OPTIONS})

# dormouse_plugin_part(NAME [FAST] [OPTIONS ...] SOURCES a.cc ...): code of a plugin, or of several, without the ABI, so that
# tests and measurements link it directly. FAST: its loops are worth the vectors of -O3. OPTIONS: further flags, with which
# no headers are precompiled.
function(dormouse_plugin_part name)
  cmake_parse_arguments(ARG "FAST" "" "OPTIONS;SOURCES" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  set(options ${DORMOUSE_PART_OPTIONS} ${ARG_OPTIONS})
  set(headers part)
  if(ARG_FAST)
    list(APPEND options ${DORMOUSE_FAST_PART_OPTIONS})
    set(headers fast_part)
  endif()
  target_compile_options(${name} PRIVATE ${options})
  if(NOT ARG_OPTIONS)
    dormouse_use_precompiled(${name} ${headers})
  endif()
endfunction()
