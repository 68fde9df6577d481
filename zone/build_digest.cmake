# build_digest.cmake -- a digest of the sources that decide how zones lie in memory
# cmake -DSOURCES="A;B" -DOUT=FILE -P build_digest.cmake
# Images of one build are used by another only where this is the same for both.
cmake_minimum_required(VERSION 3.25)
set(digests "")
foreach(source IN LISTS SOURCES)
  file(SHA256 ${source} digest)
  string(APPEND digests "${digest}")
endforeach()
string(SHA256 digest "${digests}")
string(REGEX REPLACE "(..)" "\\\\x\\1" octets "${digest}")
file(CONFIGURE OUTPUT ${OUT} CONTENT "/* Made by build_digest.cmake. */\n#define ZONE_BUILD \"@octets@\"\n"
     @ONLY)
