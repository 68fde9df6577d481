pharos_fuzz(xdp_frame fuzz_xdp_frame.c ../io/frames.c LINK io strict)
