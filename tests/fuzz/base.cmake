pharos_fuzz(config ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_config.c LINK base)
