# dormouse_add_plugin(): builds one plugin file the way unloading needs it. Works inside this project and out of tree:
#
#   include(path/to/plugin-api/cmake/DormousePlugin.cmake)
#   dormouse_add_plugin(my-plugin SOURCES plugin.cc MANIFEST manifest.json LINKS re2::re2)
#
# makes ${CMAKE_BINARY_DIR}/plugins/my-plugin.so. What each flag is for stands next to it; CONTRACT.md tells what happens
# to a plugin that was built without them.
include_guard(GLOBAL)

get_filename_component(DORMOUSE_PLUGIN_API_DIR "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
set(DORMOUSE_PLUGIN_CMAKE_DIR "${CMAKE_CURRENT_LIST_DIR}")

# Says at configure time what the host would say at the first scan.
function(dormouse_check_manifest file)
  if(NOT EXISTS "${file}")
    message(FATAL_ERROR "${file}: no such manifest; a plugin needs one (plugin-api/CONTRACT.md, \"The manifest\")")
  endif()
  file(READ "${file}" json)
  foreach(key id version abi types)
    string(JSON value ERROR_VARIABLE problem GET "${json}" ${key})
    if(problem)
      message(FATAL_ERROR "${file}: ${problem} (wanted: a JSON object with \"${key}\")")
    endif()
    if(value STREQUAL "" OR value STREQUAL "[]")
      message(FATAL_ERROR "${file}: \"${key}\" is empty")
    endif()
  endforeach()
  string(JSON id GET "${json}" id)
  if(NOT id MATCHES "^[a-z0-9][a-z0-9._-]*$")
    message(FATAL_ERROR "${file}: id \"${id}\"; needed lower-case letters, digits, '.', '_' and '-'")
  endif()
  string(JSON version GET "${json}" version)
  if(NOT version MATCHES "^[0-9]+\\.[0-9]+\\.[0-9]+([-+].*)?$")
    message(FATAL_ERROR "${file}: version \"${version}\"; needed MAJOR.MINOR.PATCH")
  endif()
  # A change of the manifest is checked again before anything is built.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
endfunction()

# A source file that carries the manifest, made anew whenever the manifest changes.
function(dormouse_manifest_source name manifest out)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  set(extension c)
  if(NOT C IN_LIST languages)
    set(extension cc)
  endif()
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${name}.manifest.${extension}")
  # Once for the assembler's string, once more for the C string around it.
  string(REPLACE "\\" "\\\\\\\\" manifest_in_asm "${manifest}")
  string(REPLACE "\"" "\\\\\\\"" manifest_in_asm "${manifest_in_asm}")
  configure_file("${DORMOUSE_PLUGIN_CMAKE_DIR}/manifest.c.in" "${source}" @ONLY)
  # No LTO: it would lose sight of a symbol that only assembler defines.
  set_source_files_properties("${source}" PROPERTIES OBJECT_DEPENDS "${manifest}" COMPILE_OPTIONS "-fno-lto")
  set(${out} "${source}" PARENT_SCOPE)
endfunction()

# Whether this folder's code is built with a sanitizer, whose runtime the host brings and the linker must not ask for.
function(dormouse_uses_sanitizer out)
  get_directory_property(options COMPILE_OPTIONS)
  set(${out} OFF PARENT_SCOPE)
  if("${options} ${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize=")
    set(${out} ON PARENT_SCOPE)
  endif()
endfunction()

# dormouse_add_plugin(NAME SOURCES a.cc ... MANIFEST manifest.json [LINKS library ...] [OUTPUT_DIRECTORY folder])
function(dormouse_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "MANIFEST;OUTPUT_DIRECTORY" "SOURCES;LINKS")
  if(ARG_UNPARSED_ARGUMENTS OR NOT ARG_SOURCES OR NOT ARG_MANIFEST)
    message(FATAL_ERROR "dormouse_add_plugin(${name}): needed SOURCES and MANIFEST, not understood: "
                        "'${ARG_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT ARG_OUTPUT_DIRECTORY)
    set(ARG_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins")
  endif()
  get_filename_component(manifest "${ARG_MANIFEST}" ABSOLUTE)
  dormouse_check_manifest("${manifest}")
  dormouse_manifest_source(${name} "${manifest}" manifest_source)
  dormouse_uses_sanitizer(sanitized)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)

  add_library(${name} MODULE ${ARG_SOURCES} "${manifest_source}")
  set_target_properties(${name} PROPERTIES
    PREFIX "" SUFFIX ".so" OUTPUT_NAME "${name}" LIBRARY_OUTPUT_DIRECTORY "${ARG_OUTPUT_DIRECTORY}"
    POSITION_INDEPENDENT_CODE ON
    # What is not exported cannot clash with the host or another plugin.
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${DORMOUSE_PLUGIN_CMAKE_DIR}/plugin.map")
  if(CXX IN_LIST languages)
    target_compile_features(${name} PRIVATE cxx_std_17)
  endif()
  if(C IN_LIST languages)
    target_compile_features(${name} PRIVATE c_std_11)
  endif()
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  target_include_directories(${name} PRIVATE "${DORMOUSE_PLUGIN_API_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_LINKS})
  target_link_options(${name} PRIVATE
    "-Wl,--version-script=${DORMOUSE_PLUGIN_CMAKE_DIR}/plugin.map"
    -Wl,--exclude-libs,ALL                # nor do static libraries export anything
    -Wl,-u,dormouse_manifest_bytes)       # keeps the manifest under --gc-sections
  if(NOT sanitized)
    target_link_options(${name} PRIVATE -Wl,-z,defs)  # a missing symbol is an error now, not at the first request
  endif()

  # The host refuses files and folders that others may write; a umask of 002 would make both so.
  file(MAKE_DIRECTORY "${ARG_OUTPUT_DIRECTORY}")
  add_custom_command(TARGET ${name} POST_BUILD VERBATIM
    COMMAND chmod 0755 "${ARG_OUTPUT_DIRECTORY}" "$<TARGET_FILE:${name}>")
endfunction()
