# The price of a packet: a bare echo with the server's sockets, and the generator that asks both.
add_executable(bench_echo echo.c)
target_link_libraries(bench_echo PRIVATE io base)
add_executable(bench_flood flood.c flood_questions.c flood_result.c flood_tcp.c)
target_link_libraries(bench_flood PRIVATE zone base)
add_executable(bench_echo_tcp echo_tcp.c)
target_link_libraries(bench_echo_tcp PRIVATE io base strict)
if(PHAROS_XDP)
  add_executable(bench_xdp_echo xdp_echo.c)
  target_link_libraries(bench_xdp_echo PRIVATE io base strict)
endif()
# What bench/measuring compares pharosd with.
add_executable(bench_unmeasured unmeasured.c ${PROJECT_SOURCE_DIR}/server/main.c)
target_link_libraries(bench_unmeasured PRIVATE admin io answer maintain base zone strict PkgConfig::UV)
target_link_options(bench_unmeasured PRIVATE
                    LINKER:--wrap=service_count,--wrap=setsockopt,--wrap=clock_gettime)
