# The programs of this folder.
add_executable(pharosd main.c)
target_link_libraries(pharosd PRIVATE admin io answer maintain base zone strict PkgConfig::UV)
set_target_properties(pharosd PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
install(TARGETS pharosd RUNTIME DESTINATION sbin)

add_executable(pharosctl pharosctl.c admin/control_request.c sidecar/route_request.c)
target_link_libraries(pharosctl PRIVATE base zone strict)
set_target_properties(pharosctl PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
install(TARGETS pharosctl RUNTIME DESTINATION bin)
