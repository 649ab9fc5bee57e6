# find_package(Scmigen) provides SCMIGEN_EXECUTABLE and scmigen_generate(); docs/howto/build-systems.md has
# the manual. `scmigen --cmake-dir` prints the folder of this file, for -DScmigen_DIR.

if(CMAKE_VERSION VERSION_LESS 3.20)
  set(Scmigen_FOUND FALSE)
  set(Scmigen_NOT_FOUND_MESSAGE "Scmigen needs CMake 3.20, where all generators read depfiles")
  return()
endif()
cmake_policy(VERSION 3.20)

# Installed by pip, the program is in bin beside lib/pythonX.Y/site-packages/scmigen/cmake.
find_program(SCMIGEN_EXECUTABLE scmigen HINTS "${CMAKE_CURRENT_LIST_DIR}/../../../../../bin")
if(NOT SCMIGEN_EXECUTABLE)
  set(Scmigen_FOUND FALSE)
  set(Scmigen_NOT_FOUND_MESSAGE "the program scmigen is not in PATH; set SCMIGEN_EXECUTABLE")
  return()
endif()

# _scmigen_paths(RESULT FOLDER [OPTION] PATH...): the paths as absolute ones, each after OPTION.
function(_scmigen_paths result folder option)
  set(found)
  foreach(path IN LISTS ARGN)
    get_filename_component(path "${path}" ABSOLUTE BASE_DIR "${folder}")
    list(APPEND found ${option} "${path}")
  endforeach()
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

# scmigen_generate(
#   TARGET name BOARD file [OVERLAYS file...] [AGENTS file...] [TREES agent=file...]
#   [INCLUDES folder...] [DEFINES macro[=value]...] [EMIT output...] [IDS file [LOCKED]]
#   [OUTPUT_DIR folder] [OUTPUTS variable] [OPTIONS option...] [DEPENDS file-or-target...] [ALL])
function(scmigen_generate)
  cmake_parse_arguments(
    PARSE_ARGV 0 arg "ALL;LOCKED" "TARGET;BOARD;IDS;OUTPUT_DIR;OUTPUTS"
    "OVERLAYS;AGENTS;TREES;INCLUDES;DEFINES;EMIT;OPTIONS;DEPENDS")
  if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "scmigen_generate: wrong or empty arguments: "
                        "${arg_UNPARSED_ARGUMENTS} ${arg_KEYWORDS_MISSING_VALUES}")
  elseif(NOT arg_TARGET OR NOT arg_BOARD)
    message(FATAL_ERROR "scmigen_generate: TARGET and BOARD are needed")
  endif()
  if(NOT arg_OUTPUT_DIR)
    set(arg_OUTPUT_DIR "${arg_TARGET}")
  endif()
  set(source "${CMAKE_CURRENT_SOURCE_DIR}")
  _scmigen_paths(output "${CMAKE_CURRENT_BINARY_DIR}" "" "${arg_OUTPUT_DIR}")
  _scmigen_paths(inputs "${source}" "" "${arg_BOARD}" ${arg_OVERLAYS})
  _scmigen_paths(agents "${source}" "" ${arg_AGENTS})
  set(command "${SCMIGEN_EXECUTABLE}" build ${inputs} -o "${output}")
  foreach(file IN LISTS agents)
    list(APPEND command -a "${file}")
  endforeach()
  _scmigen_paths(includes "${source}" -I ${arg_INCLUDES})
  list(APPEND command ${includes})
  foreach(macro IN LISTS arg_DEFINES)
    list(APPEND command -D "${macro}")
  endforeach()
  foreach(tree IN LISTS arg_TREES)
    string(REGEX MATCH "^([^=]*)=(.*)$" _ "${tree}")
    set(agent "${CMAKE_MATCH_1}")
    _scmigen_paths(file "${source}" "" "${CMAKE_MATCH_2}")
    list(APPEND command --tree "${agent}=${file}")
    list(APPEND inputs "${file}")
  endforeach()
  if(arg_EMIT)
    list(JOIN arg_EMIT "," emit)
    list(APPEND command --emit "${emit}")
  endif()
  if(arg_IDS)
    _scmigen_paths(ids "${source}" --ids "${arg_IDS}")
    list(APPEND command ${ids})
  endif()
  if(arg_LOCKED)
    list(APPEND command --locked)
  endif()
  list(APPEND command ${arg_OPTIONS})
  list(APPEND inputs ${agents})

  set(files)
  if(arg_OUTPUTS)
    execute_process(
      COMMAND ${command} --list-outputs WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}"
      OUTPUT_VARIABLE files ERROR_VARIABLE told RESULT_VARIABLE status
      OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT status EQUAL 0)
      message(FATAL_ERROR "scmigen_generate: ${arg_TARGET}:\n${told}")
    endif()
    string(REPLACE "\n" ";" files "${files}")
    set(${arg_OUTPUTS} "${files}" PARENT_SCOPE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${inputs})
  endif()

  set(stamp "${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}.stamp")
  set(depfile "${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}.d")
  add_custom_command(
    OUTPUT "${stamp}"
    BYPRODUCTS ${files}
    COMMAND ${command} --stamp "${stamp}" --depfile "${depfile}"
    DEPENDS ${inputs} ${arg_DEPENDS}
    DEPFILE "${depfile}"
    COMMENT "scmigen: ${arg_TARGET}"
    VERBATIM)
  set(all)
  if(arg_ALL)
    set(all ALL)
  endif()
  add_custom_target(${arg_TARGET} ${all} DEPENDS "${stamp}")
  set_target_properties(${arg_TARGET} PROPERTIES SCMIGEN_OUTPUT_DIR "${output}")
endfunction()
