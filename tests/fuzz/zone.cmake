pharos_fuzz(scanner fuzz_scanner.c LINK zone)
pharos_fuzz(rdata fuzz_rdata.c LINK zone)
pharos_fuzz(image fuzz_image.c LINK zone)
