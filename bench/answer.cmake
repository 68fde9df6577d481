add_executable(bench_respond bench_respond.c answer_zone.c)
target_link_libraries(bench_respond PRIVATE answer strict)
