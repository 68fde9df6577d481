# The price of a packet: a bare echo with the server's sockets, and the generator that asks both.
add_executable(bench_echo echo.c)
target_link_libraries(bench_echo PRIVATE io base)
add_executable(bench_flood flood.c flood_questions.c flood_result.c)
target_link_libraries(bench_flood PRIVATE zone base)
if(PHAROS_XDP)
  add_executable(bench_xdp_echo xdp_echo.c)
  target_link_libraries(bench_xdp_echo PRIVATE io base strict)
endif()
