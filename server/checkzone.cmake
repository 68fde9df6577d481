# A zone's check before it goes to the servers: it needs the zone library alone.
add_executable(pharos-checkzone ${CMAKE_CURRENT_SOURCE_DIR}/checkzone.c)
target_link_libraries(pharos-checkzone PRIVATE zone)
set_target_properties(pharos-checkzone PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
install(TARGETS pharos-checkzone RUNTIME DESTINATION bin)
