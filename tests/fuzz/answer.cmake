pharos_fuzz(request fuzz_request.c LINK answer strict)
pharos_fuzz(respond fuzz_respond.c ../answer/check_message.c LINK answer strict)
pharos_fuzz(edns fuzz_edns.c LINK answer strict)
pharos_fuzz(tsig fuzz_tsig.c ../answer/sign.c LINK answer strict PkgConfig::CRYPTO)
